"""JSON: the one canonical form of everything this package hashes, and what is read strictly."""

import json
from collections import Counter
from hashlib import sha256
from typing import Any, NoReturn

# Made once: json.dumps makes one per call, which takes longer than most of what it then encodes.
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr, allow_nan=False
)


def canonical_json(value: object) -> str:
    """Sorted keys, no spaces, characters as themselves: changing it changes every hash.

    What JSON has no form for, as a BLOB that someone put where text belongs, goes in by its repr. ValueError on NaN and
    infinities.
    """
    return _ENCODER.encode(value)


class RepeatedKey(ValueError):
    """An object of JSON that gives a key twice; names holds those that are, in order."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(f"{', '.join(names)} is given twice")


def strict_json(text: str) -> object:
    """The JSON value in text. RepeatedKey if an object gives a key twice; ValueError on what is none, NaN too."""
    return _DECODER.decode(text)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise RepeatedKey(sorted(key for key, count in counts.items() if count > 1))
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)


def sha256_hex(text: str) -> str:
    """sha256 of the UTF-8 text, as 64 lower-case hex digits."""
    return sha256(text.encode()).hexdigest()
