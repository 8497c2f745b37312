"""A stored preference, read as the vector the formula sees.

`preference.schema.json` is the only statement of what a preference may hold. The scorer applies its rule for each
known key and ignores unknown keys; whoever writes a preference applies it whole.
"""

import json
import re
from collections.abc import Hashable, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from sqlite_utils_personalization.catalogue.areas import official_prefecture
from sqlite_utils_personalization.catalogue.industries import certain
from sqlite_utils_personalization.database import LOST
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.language import LANGUAGES, N_, message_of, speaking
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import NO_INDUSTRY, Declared

# Keys of a preference that have another name than their column of Declared.
COLUMNS = {
    "industry_pack": "industries",
    "deadline_horizon_days": "horizon_days",
    "risk_tolerance": "risk_level",
}
# And the key of each column.
KEYS = {name: name for name in Declared._fields} | {name: key for key, name in COLUMNS.items()}
# Where Python itself gives up differs from version to version, and a night must not.
MAX_DEPTH = 100
# How a key is declared in vain.
NOT_KNOWN, MISSPELT = N_("not known"), N_("misspelt")
# Of a row that no key leads to.
NO_CUSTOMER = N_("user_token_hash is not text")


def read_preference(text: object, packs: Mapping[str, str]) -> Declared:
    """Return what a preference_json declares; packs are the model's, by name. Read-only.

    InvalidPreference if it is not a JSON object, or a known key has a wrong type or range.
    """
    known = _known_keys(text)
    name = known.get("prefecture")
    if isinstance(name, str):
        known["prefecture"] = official_prefecture(name) or name
    for key, value in known.items():
        scalar = value if isinstance(value, str | int | float) else None
        if fault := _fault(key, type(value).__name__, scalar):
            raise InvalidPreference(fault)
    given: dict[str, Any] = {COLUMNS.get(key, key): value for key, value in known.items()}
    if "industries" in given:
        given["industries"] = industries_of(given["industries"], packs)
    # Numbers were decoded as floats.
    whole = {key: int(value) for key, value in given.items() if isinstance(value, float)}
    return Declared(**{**dict.fromkeys(Declared._fields), **given, **whole})


def _known_keys(text: object) -> dict[str, Any]:
    text = stored_text(text)
    try:
        declared = _DECODER.decode(text)
    except ValueError:
        raise InvalidPreference(N_("preference_json is not JSON")) from None
    except RecursionError:
        raise InvalidPreference(N_("preference_json is nested too deeply")) from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(declared) > MAX_DEPTH:
        raise InvalidPreference(N_("preference_json is nested too deeply"))
    if not isinstance(declared, dict):
        raise InvalidPreference(N_("preference_json is not a JSON object"))
    return {key: declared[key] for key in _rules() if key in declared}


def stored_text(value: object) -> str:
    """A preference_json as it was read. InvalidPreference if it is a BLOB, or no text in UTF-8."""
    if not isinstance(value, str) or value == LOST:
        raise InvalidPreference(N_("preference_json is not text"))
    return value


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


def industries_of(pack: str, packs: Mapping[str, str]) -> str:
    """The letters that an industry_pack stands for, NO_INDUSTRY if that is not certain; packs are the model's."""
    return packs.get(pack) or certain(pack) or NO_INDUSTRY


def not_understood(text: object, packs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What a valid preference declares in vain: the key that is meant, and NOT_KNOWN or MISSPELT. Read-only."""
    declared = _DECODER.decode(stored_text(text))
    vain = [(known, MISSPELT) for key in declared if (known := meant_key(key))]
    pack = declared.get("industry_pack")
    if pack is not None and industries_of(pack, packs) == NO_INDUSTRY:
        vain.append(("industry_pack", NOT_KNOWN))
    return tuple(sorted({*vain}))


@lru_cache(maxsize=4096)
def meant_key(key: str) -> str | None:
    """The known key that an unknown one looks like, or None."""
    if key in _rules():
        return None
    near = get_close_matches(re.sub(r"[\W_]+", "_", key.casefold()), _rules(), 1)
    return near[0] if near else None


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
        return _as_noted(key)
    return None


def _as_noted(key: str) -> str:
    # In the same words whoever scores the night.
    with speaking(LANGUAGES[0]):
        return _not_allowed(key)


def _not_allowed(key: str) -> str:
    return _("{path} is not {allowed}", path=key, allowed=expected(_rules()[key]))


def noted_reason(reason: str) -> str:
    """Why a night recommended a customer nothing, as it noted it, in the language that is spoken."""
    for key in _rules():
        if reason == _as_noted(key):
            return _not_allowed(key)
    return message_of(reason) if reason else ""


def expected(rule: dict[str, Any]) -> str:
    """What the rule of a key allows, in words."""
    if rule["type"] == "integer":
        least, most = rule["minimum"], rule["maximum"]
        return _("an integer from {least} to {most}", least=least, most=most)
    if "enum" not in rule:
        return _("a text that names one")
    options = rule["enum"]
    if len(options) < 10:
        return _("one of {names}", names=", ".join(options))
    return _("one of the {n} official names", n=len(options))
