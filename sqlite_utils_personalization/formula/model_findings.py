"""What is wrong with a model, or odd: what the schema refuses, and rules that contradict or never matter."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from jsonschema.exceptions import ValidationError

from sqlite_utils_personalization.catalogue.plain_text import normal
from sqlite_utils_personalization.errors import short_repr
from sqlite_utils_personalization.formula.constants import range_of
from sqlite_utils_personalization.formula.sentences import component_name, kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.model import errors_in, parsed, path_text, whole_numbers

# The places of a list that are shown where score is not told otherwise.
_TOP_K = 10
_NAMED = 5


class ModelFault(NamedTuple):
    """One finding: where, a code, whether the model is refused for it, what is wrong or odd, and what to do.

    Of reason, invalid is what a night refuses too; the others are of what it would do: weight_above_cap, never_scored,
    contradiction, never_reached, no_effect, few_places.
    """

    path: str
    reason: str
    is_refused: bool
    sentence: str
    todo: str


def findings_of_text(text: bytes) -> Iterator[ModelFault]:
    """What is wrong or odd with a model as it stands in a file. Whatever the text is, nothing is raised."""
    if text.startswith(BOM_UTF8):
        yield _invalid(
            "$", _("it begins with a byte order mark"), _("save it as UTF-8 without one")
        )
        return
    try:
        constants = parsed(text.decode())
        errors = errors_in(constants)
    except UnicodeDecodeError:
        yield _invalid("$", _("it is not UTF-8"), _("save it as UTF-8"))
    except UnicodeEncodeError:
        yield _invalid("$", _("it holds half of a character"), _("write the whole one"))
    except RecursionError:
        yield _invalid("$", _("it is nested too deeply"), _start())
    except ValueError as error:
        yield _invalid("$", _("it is not JSON ({error})", error=_cut(str(error))), _start())
    else:
        found = sorted({_fault(error) for error in errors})
        yield from found
        if not found:
            assert isinstance(constants, dict)
            yield from findings_of(whole_numbers(constants))


def findings_of(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    """What of a valid model contradicts itself, or never matters."""
    for look in _LOOKS:
        yield from look(model)


def _invalid(path: str, sentence: str, todo: str) -> ModelFault:
    return ModelFault(path, "invalid", True, sentence, todo)


def _start() -> str:
    return _("start from what personalization-model show prints of the packaged model")


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"


def _list(names: list[str]) -> str:
    more = [f"… ({len(names)})"] if len(names) > _NAMED else []
    return pgettext("list", ", ").join([*map(_cut, names[:_NAMED]), *more])


def _fault(error: ValidationError) -> ModelFault:
    """What the schema refuses, in the language that is spoken."""
    path = path_text(error.absolute_path)
    given: Any = error.instance
    asked: Any = error.validator_value
    rule: Any = error.schema
    as_packaged = _("compare it with personalization-model show")
    if "propertyNames" in error.absolute_schema_path:
        return _invalid(path, _("{name} is no name", name=short_repr(given)), as_packaged)
    if error.validator == "required":
        names = _list([name for name in asked if name not in given])
        return _invalid(path, _("{names} is missing", names=names), as_packaged)
    if error.validator == "additionalProperties":
        names = _list([name for name in given if name not in rule["properties"]])
        return _invalid(path, _("{names} is no constant", names=names), as_packaged)
    if error.validator == "dependentRequired":
        together = [one for name, ones in asked.items() if name in given for one in ones]
        names = _list([one for one in together if one not in given])
        sentence = _("{names} is missing, without which another means nothing", names=names)
        return _invalid(path, sentence, as_packaged)
    if error.validator == "uniqueItems":
        return _invalid(path, _("a text is there twice"), _("take one out"))
    value = _("{value} cannot be", value=_value(given))
    return _invalid(path, value, _("give {range}", range=range_of(rule)))


def _value(given: object) -> str:
    if isinstance(given, dict | list):
        return _("an object") if isinstance(given, dict) else _("a list")
    # Python writes out no integer of thousands of digits.
    is_large = isinstance(given, int) and abs(given) > 10**20
    return _("a number of so many digits") if is_large else short_repr(given)


def _weights(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    caps = {kind: cap for kind, cap in model["caps"].items() if cap}
    for component, weight in model["weights"].items():
        lower = [kind for kind, cap in caps.items() if cap < weight]
        if lower:
            yield ModelFault(
                path_text(("weights", component)),
                "weight_above_cap",
                True,
                _(
                    "{weight} points for the {name} alone are more than the cap of {kinds}: no other points"
                    " would count",
                    weight=weight,
                    name=component_name(component),
                    kinds=_list([_capped(kind, caps[kind]) for kind in lower]),
                ),
                _("give at most {most}, or raise the cap", most=min(caps.values())),
            )
    if not any(model["weights"].values()):
        yield ModelFault(
            "$.weights",
            "never_scored",
            True,
            _(
                "every weight is 0: nobody is recommended anything, since a score of 0 is not logged"
            ),
            _("give one of them points"),
        )


def _capped(kind: str, cap: int) -> str:
    return _("{kinds} ({cap})", kinds=kinds(kind), cap=cap)


def _caps(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    weights, dates = model["weights"], model.get("date_points", {})
    deadline = max([weights["deadline"], *dates.values()])
    most = sum(weights.values()) - weights["deadline"] + deadline
    for kind, cap in model["caps"].items():
        path, name = path_text(("caps", kind)), kinds(kind)
        if not cap:
            yield ModelFault(
                path,
                "never_scored",
                False,
                _("{name} are recommended to nobody: a score of 0 is not logged", name=name),
                _("leave it if that is meant, else raise the cap"),
            )
        elif 0 < most < cap:
            yield ModelFault(
                path,
                "never_reached",
                False,
                _(
                    "all points together are {most}: {name} never reach {cap}",
                    most=most,
                    name=name,
                    cap=cap,
                ),
                _("lower the cap to {most}, or give more points", most=most),
            )


def _dates(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    weight = model["weights"]["deadline"]
    for name, points in model.get("date_points", {}).items():
        if points > weight:
            yield ModelFault(
                path_text(("date_points", name)),
                "contradiction",
                True,
                _(
                    "a program without a closing date gets {points} points for it, one that closes tomorrow at"
                    " most {weight}",
                    points=points,
                    weight=weight,
                ),
                _("give at most {most}, or raise the weight", most=weight),
            )


def _names(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    """Names and words that are one, or none, as titles are read."""
    for key in ("tiers", "keywords"):
        seen: dict[str, str] = {}
        for name, value in model[key].items():
            path, read = path_text((key, name)), normal(name)
            if read in seen and seen[read] != value:
                yield ModelFault(
                    path,
                    "contradiction",
                    True,
                    _(
                        "{name} is there twice as titles are read, with {one} and {other}",
                        name=read,
                        one=seen[read],
                        other=value,
                    ),
                    _("keep one of them"),
                )
            elif not read or (key == "tiers" and read != name):
                yield _without_effect(path)
            seen.setdefault(read, value)
    for at, word in enumerate(model.get("rolling_words", ())):
        if normal(word) != word:
            yield _without_effect(path_text(("rolling_words", at)))


def _without_effect(path: str) -> ModelFault:
    return ModelFault(
        path,
        "no_effect",
        False,
        _("no text of a catalogue is ever like this, once its width and spaces are made one"),
        _("write it in the usual width, without spaces around it"),
    )


def _packs(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    for name, letters in model["packs"].items():
        if len(letters) >= model["any_from"]:
            yield ModelFault(
                path_text(("packs", name)),
                "contradiction",
                True,
                _(
                    "{name} is of {n} industries, but from {any_from} on an item is for everybody: the pack"
                    " would be recommended"
                    " to every customer",
                    name=name,
                    n=len(letters),
                    any_from=model["any_from"],
                ),
                _("give it fewer, or raise any_from"),
            )


def _places(model: Mapping[str, Any]) -> Iterator[ModelFault]:
    depth, days = model.get("depth"), model.get("repeat_days")
    if depth is not None and days and depth <= _TOP_K:
        yield ModelFault(
            "$.depth",
            "few_places",
            False,
            _(
                "a list of {depth} places has no others for customers who are spared repeats",
                depth=depth,
            ),
            _("give more than the places that are shown, which are {n}", n=_TOP_K),
        )
    if days == 0:
        yield ModelFault(
            "$.repeat_days",
            "no_effect",
            False,
            _("0 days spare nobody a repeat"),
            _("leave it out together with depth, or give days"),
        )


_LOOKS: tuple[Callable[[Mapping[str, Any]], Iterator[ModelFault]], ...] = (
    _weights,
    _caps,
    _dates,
    _names,
    _packs,
    _places,
)
