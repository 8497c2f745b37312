"""What a preference must be to be stored: the closed schema, a pack the model knows, and nothing personal.

Every fault is named by its path, as in `$.risk_tolerance`; a value is never repeated, since it may be personal.
"""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from operator import index
from typing import Any

from jsonschema import Draft202012Validator

from sqlite_utils_personalization.canonical import canonical_json, strict_json
from sqlite_utils_personalization.catalogue.areas import official_prefecture
from sqlite_utils_personalization.catalogue.candidate import ANY, NATIONWIDE, UNKNOWN
from sqlite_utils_personalization.catalogue.industries import DIVISIONS, certain
from sqlite_utils_personalization.catalogue.plain_text import normal
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.formula.declared import (
    MAX_DEPTH,
    expected,
    industries_of,
    meant_key,
    preference_schema,
)
from sqlite_utils_personalization.language import N_, message_of, pgettext
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import NO_INDUSTRY
from sqlite_utils_personalization.model.model import packs_of
from sqlite_utils_personalization.preferences.personal_data import personal_data

# Characters, as the table has it; of one text in it, and how many values, before anything else is looked at.
MAX_LENGTH, MAX_TEXT, MAX_VALUES = 16_384, 200, 200

_PACK = re.compile("[A-T]|pack_[a-z0-9_]{1,64}")
_ALLOWED = {"prefecture": N_("the name of a prefecture, such as 東京都, 東京 or Tokyo")}
# Python refuses to write out an integer of thousands of digits, which no schema allows anyway.
_LARGEST = 10**20
# What we say of items that are for everybody; whoever declares it means to declare nothing.
_OF_ITEMS = {"prefecture": {NATIONWIDE, "全国"}, "industry_pack": {ANY, UNKNOWN}}


def parse_preference(text: str, longest: int = MAX_LENGTH) -> object:
    """The JSON value in text. InvalidPreference if it is none, is too long, or says a key twice."""
    if len(text) > longest:
        raise InvalidPreference(
            _("{n} characters, where at most {most} are allowed", n=len(text), most=longest)
        )
    try:
        return strict_json(text)
    except (ValueError, RecursionError):
        raise InvalidPreference(_("not JSON, or a key is said twice")) from None


def validate(declared: object, packs: Mapping[str, str]) -> dict[str, Any]:
    """Return what may be stored: prefecture by its official name, whole numbers as integers. Read-only.

    Every door takes the same words: a prefecture as 東京都, 東京 or Tokyo; an industry as a letter A to T, the name of
    its division, or a pack of packs, the model's by name. InvalidPreference names every fault, by its path.
    """
    declared = as_json(declared)
    faults = (
        [*_too_long(declared)]
        or [*_personal(declared)]
        or [*_faults(_spelled(declared, packs), packs)]
    )
    if faults:
        together = pgettext("sentences", "; ").join(map(str, faults))
        raise faults[0] if len(faults) == 1 else InvalidPreference(together)
    assert isinstance(declared, dict)
    return {
        key: int(value) if isinstance(value, float) else value
        for key, value in _spelled(declared, packs).items()
    }


def check_given(declared: object, packs: Mapping[str, str]) -> None:
    """InvalidPreference if what is to be merged cannot be, whatever is stored: null takes back, and is no value."""
    is_object = isinstance(declared, Mapping)
    validate(without_nulls(declared) if is_object else declared, packs)  # type: ignore[arg-type]


def without_nulls(declared: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of it where null says no more than leaving it out does."""
    return {key: value for key, value in declared.items() if value is not None}


def as_json(declared: object) -> object:
    """What Python callers have in place of JSON's objects and integers, such as those of numpy, as JSON has them."""
    if not isinstance(declared, Mapping):
        return declared
    if not all(isinstance(key, str) for key in declared):
        raise InvalidPreference(_("{path} has a key that is no text", path="$"))
    return {key: _as_integer(value) for key, value in declared.items()}


def _as_integer(value: object) -> object:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return value
    try:
        # Where it is refused, it would be written out.
        return max(-_LARGEST, min(index(value), _LARGEST))
    except TypeError:
        # An array of several numbers, say, whose text might be anybody's.
        return None


def preference_text(declared: Mapping[str, Any]) -> str:
    """The one form in which a valid preference is stored."""
    return canonical_json(declared)


def known_keys(text: object) -> str:
    """A stored preference as it may leave the file: as it is, or with nothing but what the schema knows of it.

    Other programs write preferences too. What is not JSON, or no object, is {}.
    """
    try:
        declared = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        declared = {}
    if not isinstance(declared, dict):
        declared = {}
    kept = {key: value for key, value in declared.items() if _may_leave(key, value)}
    return str(text) if _says_only(text, kept) else preference_text(kept)


def _may_leave(key: str, value: object) -> bool:
    if key not in _rules() or not _validator().is_valid({key: value}):
        return False
    # To the schema a pack is any text.
    is_name = key != "industry_pack" or bool(_PACK.fullmatch(str(value)))
    return is_name and not personal_data(_text(value))


def _says_only(text: object, kept: object) -> bool:
    try:
        return isinstance(text, str) and strict_json(text) == kept and not personal_data(text)
    except (ValueError, RecursionError):
        return False


def _too_long(declared: object) -> Iterator[InvalidPreference]:
    """What a preference has no use for, told by lengths alone: nobody pays for what is then refused."""
    level: list[tuple[str, object]] = [("$", declared)]
    if isinstance(declared, str) and len(declared) > MAX_TEXT:
        yield _no_object()
    left = MAX_VALUES
    for _depth in range(MAX_DEPTH):
        left -= sum(len(value) for _path, value in level if isinstance(value, list | dict))
        if left < 0:
            yield InvalidPreference(
                _("{path} has more than {most} values", path="$", most=MAX_VALUES)
            )
            return
        level = [inner for path, value in level for inner in _inside(path, value)]
        for path, value in level:
            if isinstance(value, str) and len(value) > MAX_TEXT:
                yield InvalidPreference(
                    _("{path} has more than {most} characters", path=path, most=MAX_TEXT)
                )
            if isinstance(value, int) and abs(value) > _LARGEST:
                yield InvalidPreference(
                    _("{path} is beyond any number that is declared", path=path)
                )
        if not level:
            return
    yield InvalidPreference(_("{path} is nested too deeply", path="$"))


def _personal(declared: object) -> Iterator[InvalidPreference]:
    level: list[tuple[str, object]] = [("$", declared)]
    while level:
        for path, value in level:
            if kind := personal_data(_text(value)):
                what = message_of(kind)
                yield InvalidPreference(
                    _("{path} looks like {what}, which is not kept here", path=path, what=what)
                )
        level = [inner for path, value in level for inner in _inside(path, value)]


def _text(value: object) -> str:
    is_short = not isinstance(value, int) or abs(value) < _LARGEST
    return str(value) if is_short and not isinstance(value, dict | list) else ""


def _inside(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        yield from ((f"{path}[{number}]", item) for number, item in enumerate(value))
    if isinstance(value, dict):
        for key, item in value.items():
            # An unknown key is not repeated either, and may be personal itself.
            where = f"{path}.{key}" if key in _rules() else f"{path}.(unknown)"
            yield from ((where, key), (where, item))


def _spelled(declared: Any, packs: Mapping[str, str]) -> Any:
    if not isinstance(declared, dict):
        return declared
    spelled, name, pack = {}, declared.get("prefecture"), declared.get("industry_pack")
    if isinstance(name, str):
        spelled["prefecture"] = official_prefecture(name) or name
    # Several divisions have no shorter name than the one that was given.
    if isinstance(pack, str) and pack not in packs and len(certain(pack)) == 1:
        spelled["industry_pack"] = certain(pack)
    return {**declared, **spelled}


def _faults(declared: Any, packs: Mapping[str, str]) -> Iterator[InvalidPreference]:
    errors = _validator().iter_errors(declared)
    where = {str(error.absolute_path[0]) for error in errors if error.absolute_path}
    if isinstance(declared, dict):
        yield from (_unknown(key) for key in declared if key not in _rules())
    else:
        yield _no_object()
    # A pack is a text to the schema; which ones there are, the model says.
    if "industry_pack" in where or not _is_known(declared, packs):
        names = ", ".join(sorted(packs))
        allowed = _("one of the letters A to T or a pack of the model: {names}", names=names)
        yield _not_allowed("industry_pack", declared["industry_pack"], allowed)
    for key in sorted(where - {"industry_pack"}):
        allowed = message_of(_ALLOWED[key]) if key in _ALLOWED else expected(_rules()[key])
        yield _not_allowed(key, declared[key], allowed)


def _not_allowed(key: str, value: object, allowed: str) -> InvalidPreference:
    path = f"$.{key}"
    if isinstance(value, str) and normal(value).casefold() in _OF_ITEMS.get(key, ()):
        return InvalidPreference(
            _("{path} names no single one", path=path), _("leave it out, so that none is declared")
        )
    return InvalidPreference(_("{path} is not {allowed}", path=path, allowed=allowed))


def _unknown(key: str) -> InvalidPreference:
    near = meant_key(key)
    known = _("known are {names}", names=", ".join(_rules()))
    meant = _("did you mean {key}?", key=near) if near else known
    return InvalidPreference(_("{path} has an unknown key", path="$"), meant)


def _no_object() -> InvalidPreference:
    return InvalidPreference(_("{path} is not a JSON object", path="$"))


def _is_known(declared: Any, packs: Mapping[str, str]) -> bool:
    pack = declared.get("industry_pack") if isinstance(declared, dict) else None
    return not isinstance(pack, str) or industries_of(pack, packs) != NO_INDUSTRY


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = preference_schema()["properties"]
    return rules


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(preference_schema())


def published_schema() -> dict[str, Any]:
    """preference.schema.json, which leaves packs to the model, with those of the packaged model; read-only."""
    schema = deepcopy(preference_schema())
    schema["properties"]["industry_pack"]["enum"] = [*DIVISIONS, *packs_of()]
    return schema
