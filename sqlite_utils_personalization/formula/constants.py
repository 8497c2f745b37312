"""The constants of a model in words: what each means, in which unit, and what it may be."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlite_utils_personalization.formula.sentences import component_name, kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, pgettext
from sqlite_utils_personalization.model.kinds import COMPONENTS, TYPES
from sqlite_utils_personalization.model.model import model_schema, path_text


class Constant(NamedTuple):
    """One constant: where it stands in the model, and what model.schema.json says of it."""

    parts: tuple[str, ...]
    value: Any
    rule: Mapping[str, Any]

    @property
    def path(self) -> str:
        return path_text(self.parts)

    @property
    def rule_path(self) -> str:
        """Where it stands, with * for a name that is the model's own or one of many."""
        return rule_path(self.parts)

    @property
    def name(self) -> str:
        """What a sentence calls it among those of its rule."""
        return spoken(self.parts)

    @property
    def meaning(self) -> str:
        return message_of(self.rule["description"]).format(name=self.name)

    @property
    def unit(self) -> str | None:
        """What the number counts; None of what is no number."""
        return message_of(self.rule["unit"]) if "unit" in self.rule else None

    @property
    def range(self) -> str:
        return range_of(self.rule)


def constants_of(model: Mapping[str, Any]) -> Iterator[Constant]:
    """Every constant of a valid model, in its order; a list is one."""
    yield from _within((), model, model_schema())


def _within(
    parts: tuple[str, ...], value: Mapping[str, Any], rule: Mapping[str, Any]
) -> Iterator[Constant]:
    for key, one in value.items():
        inner = _resolved(rule.get("properties", {}).get(key) or rule["additionalProperties"])
        # What a rule says of all that it holds, it says of each.
        inner = {name: rule[name] for name in ("description",) if name in rule} | inner
        if isinstance(one, Mapping):
            yield from _within((*parts, key), one, inner)
        else:
            yield Constant((*parts, key), one, inner)


def _resolved(rule: Mapping[str, Any]) -> dict[str, Any]:
    named = rule.get("$ref", "").rpartition("/")[2]
    return {**(model_schema()["$defs"][named] if named else {}), **rule}


def rule_path(parts: tuple[str, ...]) -> str:
    """Where a constant stands, with * for a name that is the model's own or one of many."""
    first, *rest = parts
    is_many = first in ("weights", "caps", "lead_days", "tiers", "packs", "keywords")
    return ".".join([first, "*"] if is_many and rest else parts)


def spoken(parts: tuple[str, ...]) -> str:
    """What a sentence calls the constant among those of its rule: a component, a type, or the name it has."""
    first, last = parts[0], parts[-1]
    if first == "weights" and last in COMPONENTS:
        return component_name(last)
    return kinds(last) if first in ("caps", "lead_days") and last in TYPES else last


def range_of(rule: Mapping[str, Any]) -> str:
    """What a value may be by its rule in JSON Schema."""
    if "const" in rule:
        return json.dumps(rule["const"])
    if "enum" in rule:
        return pgettext("list", ", ").join(map(str, rule["enum"]))
    kind = rule.get("type")
    if kind == "integer":
        return _(
            "a whole number from {least} to {most}", least=rule["minimum"], most=rule["maximum"]
        )
    if kind == "array":
        length = rule["items"]["maxLength"]
        if "maxItems" in rule:
            return _(
                "{least} to {most} different texts of at most {length} characters",
                least=rule["minItems"],
                most=rule["maxItems"],
                length=length,
            )
        return _("different texts of at most {length} characters", length=length)
    if kind == "object":
        return _("an object")
    if "maxLength" in rule:
        return _("a text of at most {length} characters", length=rule["maxLength"])
    return _("letters A to T of the Japan Standard Industrial Classification, in order")
