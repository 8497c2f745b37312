"""The one canonical form of everything this package hashes."""

import json
from hashlib import sha256

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


def sha256_hex(text: str) -> str:
    """sha256 of the UTF-8 text, as 64 lower-case hex digits."""
    return sha256(text.encode()).hexdigest()
