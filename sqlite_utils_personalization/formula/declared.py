"""A stored preference, read as the vector the formula sees.

`preference.schema.json` is the only statement of what a preference may hold. The scorer applies its rule for each
known key and ignores unknown keys; whoever writes a preference applies it whole.
"""

import json
from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, NoReturn

from jsonschema import Draft202012Validator

from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.errors import InvalidPreference

NO_INDUSTRY = "none"
# Where Python itself gives up differs from version to version, and a night must not.
MAX_DEPTH = 100


class Declared(NamedTuple):
    """One cohort: None where nothing was declared; NO_INDUSTRY for a pack the model does not know."""

    industries: str | None
    prefecture: str | None
    horizon_days: int | None
    risk_level: str | None


def read_preference(text: object, packs: Mapping[str, str]) -> Declared:
    """Return what a preference_json declares; packs are the model's, by name. Read-only.

    InvalidPreference if it is not a JSON object, or a known key has a wrong type or range.
    """
    known = _known_keys(text)
    for key, value in known.items():
        scalar = value if isinstance(value, str | int | float) else None
        if fault := _fault(key, type(value).__name__, scalar):
            raise InvalidPreference(fault)
    pack, horizon = known.get("industry_pack"), known.get("deadline_horizon_days")
    return Declared(
        industries=_industries(pack, packs),
        prefecture=known.get("prefecture"),
        horizon_days=None if horizon is None else int(horizon),
        risk_level=known.get("risk_tolerance"),
    )


def _known_keys(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        raise InvalidPreference("preference_json is not text")
    try:
        declared = _DECODER.decode(text)
    except ValueError:
        raise InvalidPreference("preference_json is not JSON") from None
    except RecursionError:
        raise InvalidPreference("preference_json is nested too deeply") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(declared) > MAX_DEPTH:
        raise InvalidPreference("preference_json is nested too deeply")
    if not isinstance(declared, dict):
        raise InvalidPreference("preference_json is not a JSON object")
    return {key: declared[key] for key in _rules() if key in declared}


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


# Numbers as floats: an integer of 5,000 digits under an unknown key is JSON too.
_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_not_json)


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level := [
        inner
        for outer in level
        if isinstance(outer, dict | list)
        for inner in (outer.values() if isinstance(outer, dict) else outer)
    ]:
        depth += 1
    return depth


def _industries(pack: str | None, packs: Mapping[str, str]) -> str | None:
    if pack is None:
        return None
    return pack if pack in DIVISIONS else packs.get(pack, NO_INDUSTRY)


@cache
def preference_schema() -> dict[str, Any]:
    """The packaged preference.schema.json."""
    text = files(__package__).joinpath("preference.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = preference_schema()["properties"]
    return rules


# Keyed by type too, since True == 1 == 1.0. Declared values repeat, so a million customers cost few validations.
@lru_cache(maxsize=4096)
def _fault(key: str, kind: str, value: Hashable) -> str | None:
    rule = _rules()[key]
    if kind in ("dict", "list", "NoneType") or not Draft202012Validator(rule).is_valid(value):
        return f"{key} is not {expected(rule)}"
    return None


def expected(rule: dict[str, Any]) -> str:
    """What the rule of a key allows, in words."""
    if rule["type"] == "integer":
        return f"an integer from {rule['minimum']} to {rule['maximum']}"
    if "enum" not in rule:
        return "a text that names one"
    options = rule["enum"]
    return (
        f"one of {', '.join(options)}"
        if len(options) < 10
        else f"one of the {len(options)} official names"
    )
