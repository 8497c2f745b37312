"""Check a receipt of personalization-receipt with nothing but Python 3.10 or newer.

    python verify_receipt.py receipt.json --head heads.txt

Exit status 0: intact, 1: broken, 2: could not be checked. Nothing is written and nothing is fetched.

This file imports nothing of the package: it states the formula and the hashed forms a second time, so that a
fault in one does not hide in the other. Without --head, what personalization-seal printed and was kept where nobody
could change it, whoever made the receipt could have made up all of it. It cannot tell whether a better
item or another customer was left out, nor whether what was passed over on a list had been handed over before: that
takes the whole night, and personalization-verify.
"""

import argparse
import json
import os
import re
import sys
from base64 import b64decode, b64encode, b85decode
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from hashlib import sha256, sha512
from itertools import pairwise
from typing import Any, NamedTuple, TextIO

FORMAT = "personalization-receipt/2"
INTACT, BROKEN, UNCHECKED = 0, 1, 2

# The name and version that each hashed form begins with, or has as its format.
CANDIDATE, LIST, CUSTOMER, SEAL = "candidate/1", "list/1", "customer/1", "personalization-seal/2"

TYPES = ("program", "industry_pack", "saved_search", "amendment")
LEVELS = ("low", "medium", "high")
LARGEST_FILE = 16_000_000


class Unreadable(ValueError):
    """What was given is no receipt, or no head."""


# The shape of a receipt: exactly these keys (with ..., at least these, and of those under it any), lists of any length,
# and at the end of each branch what may stand there: a range of integers, a pattern for a text, None, or one of several
# in a tuple.
_WHOLE = range(2**53 + 1)
_TEXT = re.compile(r"(?s:.*)")
_DIGEST = re.compile("[0-9a-f]{64}")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LEVEL = (None, re.compile("|".join(LEVELS)))
_WEIGHT, _CAP, _DAYS, _NOTICE = range(1001), range(101), range(1, 731), range(366)

# A model without one of the keys under ... is of before there was that rule. The rest the catalogue needs.
_MODEL = {
    "weights": {"industry": _WEIGHT, "deadline": _WEIGHT, "risk": _WEIGHT},
    "caps": dict.fromkeys(TYPES, _CAP),
    "urgent_days": _DAYS,
    ...: {
        "lead_days": {"program": _NOTICE, "amendment": _NOTICE},
        "date_points": {"rolling": _WEIGHT, "unknown": _WEIGHT},
        "rank_band": range(1, 1001),
        "depth": range(1, 1001),
        "repeat_days": _NOTICE,
    },
}
_DECLARED = {
    "industries": (None, re.compile("[A-T]+|none")),
    "prefecture": (None, _TEXT),
    "horizon_days": (None, _DAYS),
    "risk_level": _LEVEL,
}
_CANDIDATE = {
    "recommendation_type": re.compile("|".join(TYPES)),
    "item_id": _TEXT,
    "title": _TEXT,
    "industries": re.compile("[A-T]+|any|unknown"),
    "prefectures": _TEXT,
    "opens_on": (None, _DAY),
    "closes_on": (None, _DAY),
    "risk_level": _LEVEL,
    "why": _TEXT,
    "profile_id": (None, _WHOLE),
    "left_out": (None, _TEXT),
    "rolling": (None, range(2)),
    "family": (None, _TEXT),
    "family_name": (None, _TEXT),
}
# rec_id is None where the customer did not get the place.
_PLACE = {
    "rec_id": (None, _WHOLE),
    **dict.fromkeys(("industry_points", "deadline_points", "risk_points"), _WEIGHT),
    "score": range(1, 101),
    "candidate_sha256": _DIGEST,
    "candidate": _CANDIDATE,
}
_LIST = {"owner": (None, _WHOLE), "list_sha256": _DIGEST, "places": [_PLACE]}
_COUNTED = range(1, 2**53 + 1)
_SEAL = {
    "seal_id": _COUNTED,
    "origin": _TEXT,
    "run_id": _WHOLE,
    "first_rec_id": _WHOLE,
    "last_rec_id": _WHOLE,
    "log_end": _WHOLE,
    "leaves": _WHOLE,
    "root": _DIGEST,
    "manifest_json": _TEXT,
}
RECEIPT = {
    "format": re.compile(re.escape(FORMAT)),
    "profile_id": _WHOLE,
    "run_id": _WHOLE,
    "as_of": _DAY,
    "served_at": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z"),
    "declared": _DECLARED,
    "lists": [_LIST],
    "model": _MODEL,
    "proof": {"blind": _DIGEST, "leaf_index": _WHOLE, "tree_size": _WHOLE, "path": _TEXT},
    "seal": _SEAL,
    "seal_path": _TEXT,
    "head": _TEXT,
    "consistency": [{"tree_size": _COUNTED, "root": _DIGEST, "path": _TEXT}],
}
MANIFEST = {
    "run": {
        "run_id": _WHOLE,
        "as_of": _DAY,
        "served_at": _TEXT,
        "model_sha256": _DIGEST,
        "customers_sha256": _DIGEST,
        "candidates_sha256": _DIGEST,
        # Who got what of which list: it takes every customer, and the salt that no receipt shows.
        "served_sha256": _DIGEST,
        # Up to which delivery and feedback the night looked for what had been handed over.
        "delivery_end": (None, _WHOLE),
        "feedback_end": (None, _WHOLE),
        "top_k": _WHOLE,
        "profiles": _WHOLE,
        "rejected": _WHOLE,
        "counts_json": _TEXT,
        # What was left out, and which program it was.
        ...: {},
    },
    "rows": _WHOLE,
    "unserved_sha256": _DIGEST,
}
# And customers, items and scores; beside the types what the night was like.
COUNTS: dict[Any, Any] = {
    **{kind: {"rows": _WHOLE, ...: {}} for kind in TYPES},
    ...: {"measures": {...: {}}},
}


# The formula


def eligible(
    model: Mapping[str, Any], as_of: str, declared: Mapping[str, Any], item: Mapping[str, Any]
) -> bool:
    """Whether the item may be offered to who declared this: open on as_of, in time, in the area, in the industry."""
    if (item["opens_on"] or as_of) > as_of or (item["closes_on"] or as_of) < as_of:
        return False
    if item["closes_on"] and _days_left(as_of, item) < _notice(model, declared, item):
        return False
    areas = item["prefectures"].split(",")
    if declared["prefecture"] is not None and not {declared["prefecture"], "nationwide"} & {*areas}:
        return False
    is_open_to_all = declared["industries"] is None or item["industries"] == "unknown"
    return is_open_to_all or _fits_industry(declared, item)


def points(
    model: Mapping[str, Any], as_of: str, declared: Mapping[str, Any], item: Mapping[str, Any]
) -> tuple[int, int, int]:
    """The points for industry, deadline and risk of an eligible item."""
    weights = model["weights"]
    return (
        weights["industry"] if _fits_industry(declared, item) else 0,
        _deadline_points(model, as_of, declared, item),
        _risk_points(weights["risk"], declared["risk_level"], item["risk_level"]),
    )


def score(model: Mapping[str, Any], item: Mapping[str, Any], given: tuple[int, ...]) -> int:
    """The points together, up to the cap of the item's type."""
    cap: int = model["caps"][item["recommendation_type"]]
    return min(cap, sum(given))


def rank(
    model: Mapping[str, Any],
    declared: Mapping[str, Any],
    item: Mapping[str, Any],
    given: tuple[int, ...],
) -> tuple[Any, ...]:
    """The sort key that puts the best first: points, fewer industries, closing sooner (never last), item_id.

    With a rank_band, so many points count as equal, and items of the declared prefecture come first among them; who
    declared no industry gets items for certain industries after the others, however many those are.
    """
    total, band, closes_on = sum(given), model.get("rank_band"), item["closes_on"]
    breadth = {"any": 20, "unknown": 21}.get(item["industries"], len(item["industries"]))
    is_far = is_narrow = False
    if band is not None:
        is_far = declared["prefecture"] is not None and item["prefectures"] == "nationwide"
        if declared["industries"] is None:
            breadth, is_narrow = 0, item["industries"] not in ("any", "unknown")
    tie = (breadth, closes_on is None, closes_on or "", item["item_id"].encode())
    return (-(total // (band or 1)), is_far, is_narrow, -total, *tie)


def kin(declared: Mapping[str, Any], item: Mapping[str, Any]) -> str | None:
    """What one item of a type on a list has alone: rounds of one programme share it, in the area or anywhere."""
    family: str | None = item["family_name" if declared["prefecture"] is None else "family"]
    return family


def _fits_industry(declared: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    mine, listed = declared["industries"], item["industries"]
    if mine is None or listed == "unknown":
        return False
    return listed == "any" or any(letter in mine for letter in listed)


def _days_left(as_of: str, item: Mapping[str, Any]) -> int:
    return (date.fromisoformat(item["closes_on"]) - date.fromisoformat(as_of)).days


def _notice(model: Mapping[str, Any], declared: Mapping[str, Any], item: Mapping[str, Any]) -> int:
    days: int = model.get("lead_days", {}).get(item["recommendation_type"], 0)
    horizon: int | None = declared["horizon_days"]
    return days if horizon is None else min(days, horizon // 2)


def _deadline_points(
    model: Mapping[str, Any], as_of: str, declared: Mapping[str, Any], item: Mapping[str, Any]
) -> int:
    weight: int = model["weights"]["deadline"]
    horizon: int | None = declared["horizon_days"]
    if horizon is None:
        return 0
    if item["closes_on"] is not None:
        notice = _notice(model, declared, item)
        left = max(0, horizon - max(_days_left(as_of, item), notice))
        return weight * left // (horizon - notice)
    if item["rolling"] is not None:
        _require("date_points" in model, "an item is said to be rolling or not, and neither counts")
        points: int = model["date_points"]["rolling" if item["rolling"] else "unknown"]
        return points
    return weight if horizon <= model["urgent_days"] else 0


def _risk_points(weight: int, mine: str | None, theirs: str | None) -> int:
    if mine is None:
        return 0
    if theirs is None:
        return 0 if mine == "high" else weight
    distance = abs(LEVELS.index(mine) - LEVELS.index(theirs))
    return (weight, weight // 2, 0)[distance]


# The hashed forms


def canonical(value: object) -> bytes:
    """The one text of a value that is hashed: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def digest(value: object) -> str:
    """sha256 of the canonical text, 64 hex digits."""
    return sha256(canonical(value)).hexdigest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaf: bytes, index: int, size: int, path: list[bytes]) -> str:
    """Root of the tree of size leaves in which path leads up from this leaf at index (RFC 9162, 2.1.3.2).

    ValueError if there is no such leaf, or the path is longer or shorter than the one there can be.
    """
    if index >= size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    node, last, siblings = sha256(b"\x00" + leaf).digest(), size - 1, iter(path)
    while last:
        if index % 2 or index < last:
            sibling = next(siblings, None)
            if sibling is None:
                raise ValueError("the path ends before the root")
            node = _node(sibling, node) if index % 2 else _node(node, sibling)
        index, last = index // 2, last // 2
    if next(siblings, None) is not None:
        raise ValueError("the path goes on beyond the root")
    return node.hex()


def _hashes(path: str) -> list[bytes]:
    if len(path) % 40:
        raise ValueError(f"{len(path)} characters are no path: it has 40 for each hash")
    joined = b85decode(path)
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


# Ed25519


_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

# X, Y, Z and T stand for the point x = X / Z, y = Y / Z, with x * y = T / Z.
_Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def ed25519_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this is a signature of the message by the key (RFC 8032, 5.1.7, without the cofactor).

    One message has one signature of a key's nonce: numbers and points in any other form than the canonical one
    are refused, and so is a key of low order, whose signatures would fit more than one message.
    """
    if (len(public_key), len(signature)) != (32, 64):
        return False
    nonce, number = signature[:32], int.from_bytes(signature[32:], "little")
    key, committed = _point(public_key), _point(nonce)
    if key is None or committed is None or number >= _ORDER or _is_neutral(_sum_of([(8, key)])):
        return False
    challenge = int.from_bytes(sha512(nonce + public_key + message).digest(), "little") % _ORDER
    x, y, z, t = key
    found = _sum_of([(number, _BASE), (challenge, (-x % _P, y, z, -t % _P))])
    return _is_same(found, committed)


def _point(encoded: bytes) -> _Point | None:
    """The point of 32 bytes, None if they are none or not its canonical form (RFC 8032, 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    is_odd, y = number >> 255, number & 2**255 - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if x * x % _P != square or (is_odd and not x):
        return None
    x = x if x % 2 == is_odd else _P - x
    return x, y, 1, x * y % _P


def _sum_of(terms: list[tuple[int, _Point]]) -> _Point:
    """The sum of points, each taken a number of times; what is added to what depends on public values only."""
    sums = [_NEUTRAL]
    for _, point in terms:
        sums += [_add(each, point) for each in sums]
    total = _NEUTRAL
    for bit in reversed(range(max(times.bit_length() for times, _ in terms))):
        total = _add(total, total)
        chosen = sum((times >> bit & 1) << place for place, (times, _) in enumerate(terms))
        if chosen:
            total = _add(total, sums[chosen])
    return total


def _add(one: _Point, other: _Point) -> _Point:
    """RFC 8032, 5.1.4: complete, so that it doubles too."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * _D * t1 * t2 % _P, 2 * z1 * z2
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_same(one: _Point, other: _Point) -> bool:
    x1, y1, z1, _ = one
    x2, y2, z2, _ = other
    return (x1 * z2 - x2 * z1) % _P == 0 == (y1 * z2 - y2 * z1) % _P


def _is_neutral(point: _Point) -> bool:
    return _is_same(point, _NEUTRAL)


def _base() -> _Point:
    base = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert base is not None
    return base


_BASE = _base()


# Heads as signed notes: c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature


SIGNATURE, COSIGNATURE = 1, 4
MOST_SIGNATURES = 100
_DASH = "\u2014 "
# A key's name: neither a plus sign nor anything that Unicode takes for a space.
_NAME = re.compile(r"[^\s+]+")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+(.+)")
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_KEPT = re.compile(f"((?:(?!{_DASH})[^\n]+\n)+\n(?:{_DASH}[^\n]*\n)*)\n*")


class VerifierKey(NamedTuple):
    """A public Ed25519 key, and whose it is; kind is SIGNATURE or COSIGNATURE, key_id 4 bytes."""

    name: str
    key_id: bytes
    kind: int
    public: bytes


class Checkpoint(NamedTuple):
    """The head of a log: the root, 32 bytes, of the Merkle tree over its first size leaves."""

    origin: str
    size: int
    root: bytes


def verifier_key(vkey: str) -> VerifierKey:
    """The key of a line name+id+key, as c2sp.org/signed-note has it; Unreadable if it is none of Ed25519."""
    matched = _VKEY.fullmatch(vkey)
    if not matched:
        raise Unreadable("a public key is written name+id+key, the id 8 hex digits")
    name, key_id, encoded = matched[1], bytes.fromhex(matched[2]), _base64(matched[3])
    if len(encoded) != 33 or encoded[0] not in (SIGNATURE, COSIGNATURE):
        raise Unreadable("the public key is not of Ed25519")
    if sha256(name.encode() + b"\n" + encoded).digest()[:4] != key_id:
        raise Unreadable("the id in the public key is not that of its name and key")
    return VerifierKey(name, key_id, encoded[0], encoded[1:])


def notes(text: str) -> list[str]:
    """The notes in a file of heads that were kept one after the other, each as it was written.

    A note is lines, an empty line, and a line for each signature; one that nobody signed ends with its empty line.
    Unreadable if there is anything else.
    """
    found: list[str] = []
    at = len(text) - len(text.lstrip("\n"))
    while at < len(text):
        matched = _KEPT.match(text, at)
        if not matched:
            raise Unreadable(f"head {len(found) + 1} in it is no note, or is cut off")
        found.append(matched[1])
        at = matched.end()
    return found


def note_parts(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a note, and of each signature the key's name, its id and what it signed with.

    Unreadable if it is not as c2sp.org/signed-note says, but for a note that nobody signed.
    """
    text, gap, lines = note.rpartition("\n\n")
    if _CONTROL.search(note) or not gap or (lines and not lines.endswith("\n")):
        raise Unreadable("it is not a note: lines, an empty line, and a line for each signature")
    signatures = [_signature(line) for line in lines.split("\n")[:-1]]
    if len(signatures) > MOST_SIGNATURES:
        raise Unreadable(f"the note has more than {MOST_SIGNATURES} signatures")
    return text + "\n", signatures


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _base64(encoded)
    if not (line.startswith(_DASH) and _NAME.fullmatch(name) and len(signature) > 4):
        raise Unreadable("a line under the note is not a signature")
    return name, signature[:4], signature[4:]


def note_signers(note: str, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int | None]:
    """Which of these keys signed the note, and when they say so, in seconds since 1970: only cosignatures do.

    What other keys signed tells nothing and is left out. ValueError if a signature by one of these is wrong.
    """
    text, signatures = note_parts(note)
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[VerifierKey, int | None] = {}
    for name, key_id, signature in signatures:
        key = known.get((name, key_id))
        if key is not None:
            signed_at = _signed_at(key, text, signature)
            before = found.get(key)
            found[key] = (
                signed_at if signed_at is None or before is None else min(before, signed_at)
            )
    return found


def _signed_at(key: VerifierKey, text: str, signature: bytes) -> int | None:
    signed_at = None
    if key.kind == COSIGNATURE:
        signed_at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        text = f"cosignature/v1\ntime {signed_at}\n{text}"
    is_signed = ed25519_verify(key.public, text.encode(), signature)
    _require(is_signed and (signed_at or 0) < 2**63, f"the signature of {key.name} is wrong")
    return signed_at


def checkpoint(text: str) -> Checkpoint:
    """The head in the text of a note; Unreadable if it is not as c2sp.org/tlog-checkpoint says."""
    *lines, end = text.split("\n")
    if end or len(lines) < 3 or not all(lines) or not _NUMBER.fullmatch(lines[1]):
        raise Unreadable(
            "it is not a head: an origin, the size of the tree and its root, a line each"
        )
    origin, size, hashed = lines[0], int(lines[1]), _base64(lines[2])
    if size >= 2**63 or len(hashed) != 32 or (size == 0 and hashed != sha256().digest()):
        raise Unreadable("the root in the head is none, or not one of a tree of its size")
    return Checkpoint(origin, size, hashed)


def check_consistent(first: Checkpoint, second: Checkpoint, path: list[bytes]) -> None:
    """ValueError unless path proves the tree of first to be the start of that of second (RFC 9162, 2.1.4.2)."""
    _require(first.origin == second.origin, "the two heads are of different logs")
    _require(first.size <= second.size, "the second head is of a smaller tree")
    _require({*map(len, path)} <= {32}, "a hash in the path is not 32 bytes long")
    if first.size in (0, second.size):
        is_same = first.size == 0 or first.root == second.root
        _require(is_same and not path, "two heads of one size differ, or came with a path")
        return
    # A first tree that is complete is a node of the second: its root begins the path.
    nodes = path if first.size & (first.size - 1) else [first.root, *path]
    place, last = first.size - 1, second.size - 1
    while place % 2:
        place, last = place // 2, last // 2
    siblings = iter(nodes)
    old = new = next(siblings, b"")
    for sibling in siblings:
        _require(last > 0, "the path goes on beyond the root")
        if place % 2 or place == last:
            old, new = _node(sibling, old), _node(sibling, new)
            while place and not place % 2:
                place, last = place // 2, last // 2
        else:
            new = _node(new, sibling)
        place, last = place // 2, last // 2
    is_start = last == 0 and (old, new) == (first.root, second.root)
    _require(is_start, "the path does not prove one tree to be the start of the other")


def _base64(text: str) -> bytes:
    """The bytes of this base64, in the one form that it can be written in."""
    try:
        found = b64decode(text, validate=True)
    except ValueError:
        found = b""
    if not found or b64encode(found).decode() != text:
        raise Unreadable("what should be base64 is not")
    return found


# The checks: each returns what it confirmed, or raises ValueError with what is broken


def _places(receipt: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every place of every list, by what it is called."""
    return {
        f"place {seq} of list {number}"
        + ("" if place["rec_id"] is None else f", row {place['rec_id']}"): place
        for number, listed in enumerate(receipt["lists"], 1)
        for seq, place in enumerate(listed["places"], 1)
    }


def _ranges(listed: Mapping[str, Any]) -> list[list[Any]]:
    """What the customer got of a list, in the order of the log: first row, how many, digest, first place, from 1.

    A range ends where the next row is not of the next place.
    """
    found: list[list[Any]] = []
    places = enumerate(listed["places"], 1)
    for rec_id, seq in sorted(
        (place["rec_id"], seq) for seq, place in places if place["rec_id"] is not None
    ):
        if found and seq == found[-1][3] + found[-1][1]:
            found[-1][1] += 1
        else:
            found.append([rec_id, 1, listed["list_sha256"], seq])
    return found


def _kind(place: Mapping[str, Any]) -> str:
    kind: str = place["candidate"]["recommendation_type"]
    return kind


def _of_type(places: Iterable[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [place for place in places if _kind(place) == kind]


def _got(places: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [place for place in places if place["rec_id"] is not None]


def _given(place: Mapping[str, Any]) -> tuple[int, int, int]:
    return place["industry_points"], place["deadline_points"], place["risk_points"]


def _require(condition: bool, fault: str) -> None:
    if not condition:
        raise ValueError(fault)


def _check_night(receipt: Mapping[str, Any]) -> str:
    run = manifest(receipt)["run"]
    for name in ("run_id", "as_of", "served_at"):
        _require(receipt[name] == run[name], f"the sealed run has another {name}")
    _require(receipt["seal"]["run_id"] == run["run_id"], "the seal is that of another run")
    return f"run {run['run_id']} of {run['as_of']} (a day in Japan), served at {run['served_at']}"


def _check_model(receipt: Mapping[str, Any]) -> str:
    sealed = manifest(receipt)["run"]["model_sha256"]
    _require(digest(receipt["model"]) == sealed, "the constants are not those of the sealed run")
    return "the constants of the formula are those of the sealed run"


def _check_items(receipt: Mapping[str, Any]) -> str:
    places = _places(receipt)
    for where, place in places.items():
        is_same = digest({"format": CANDIDATE, **place["candidate"]}) == place["candidate_sha256"]
        _require(is_same, f"{where}: the item is not what its digest was taken of")
    return f"{len(places)} items are what their digests were taken of"


def _check_scores(receipt: Mapping[str, Any]) -> str:
    model, as_of, declared = receipt["model"], receipt["as_of"], receipt["declared"]
    places = _places(receipt)
    for where, place in places.items():
        item = place["candidate"]
        is_candidate = item["left_out"] is None and eligible(model, as_of, declared, item)
        _require(is_candidate, f"{where}: the item was not eligible")
        given = points(model, as_of, declared, item)
        _require(given == _given(place), f"{where}: the formula gives the points {given}")
        found = score(model, item, given)
        _require(found == place["score"], f"{where}: the formula gives the score {found}")
    return f"{len(places)} scores follow from what was declared, the items and the constants"


def _check_ranking(receipt: Mapping[str, Any]) -> str:
    model, declared = receipt["model"], receipt["declared"]
    top_k = manifest(receipt)["run"]["top_k"]
    depth = max(top_k, model.get("depth", 0))
    for listed in receipt["lists"]:
        items = [(place["candidate"], _given(place)) for place in listed["places"]]
        order = [
            (TYPES.index(item["recommendation_type"]), *rank(model, declared, item, given))
            for item, given in items
        ]
        _require(order == sorted(order), "a list is not in the order of rank")
        for kind in TYPES:
            mine = _of_type(listed["places"], kind)
            _require(len(mine) <= depth, f"a list has more than {depth} of {kind}")
            _require(len(_got(mine)) <= top_k, f"of a list the customer got over {top_k} of {kind}")
            families = [kin(declared, place["candidate"]) for place in mine]
            known = [family for family in families if family is not None]
            _require(len({*known}) == len(known), f"a list has two of one family of {kind}")
    return (
        f"every list is in the order of rank, with one place a family and at most {depth} a type,"
        f" of which the customer got at most {top_k}"
    )


def _check_lists(receipt: Mapping[str, Any]) -> str:
    declared = [receipt["declared"][name] for name in _DECLARED]
    whose = [listed["owner"] for listed in receipt["lists"]]
    _require(len({*whose}) == len(whose), "a list stands twice")
    for listed in receipt["lists"]:
        owner = listed["owner"]
        _require(owner in (None, receipt["profile_id"]), "a list is that of another customer")
        owners = {place["candidate"]["profile_id"] for place in listed["places"]}
        _require(owners == {owner}, "a list has an item of another customer, or no places")
        places = [*map(_hashed, listed["places"])]
        is_same = digest([LIST, declared, owner, places]) == listed["list_sha256"]
        _require(is_same, "a list is not what its digest was taken of")
    return "the lists are what their digests were taken of"


def _hashed(place: Mapping[str, Any]) -> list[Any]:
    return [_kind(place), place["candidate_sha256"], *_given(place), place["score"]]


def _check_rows(receipt: Mapping[str, Any]) -> str:
    first, last = receipt["seal"]["first_rec_id"], receipt["seal"]["last_rec_id"]
    ranges = [_ranges(listed) for listed in receipt["lists"]]
    _require(bool(ranges) and all(ranges), "there is no row, or none of a list")
    before = first - 1
    for listed, found in zip(receipt["lists"], ranges, strict=True):
        for start, n, _, seq in found:
            ids = [place["rec_id"] for place in listed["places"][seq - 1 : seq - 1 + n]]
            is_range = ids == list(range(start, start + n))
            is_sealed = before < start and start + n - 1 <= last
            _require(is_range and is_sealed, "the rows are not where they belong in the log")
            before = start + n - 1
        _check_order(receipt["model"], listed["places"], found)
    mine, ahead = ranges[0][0][0], receipt["proof"]["leaf_index"]
    behind = receipt["seal"]["leaves"] - 1 - ahead
    # Leaves follow each other as their rows do, and each has one: the first and the last are at the ends.
    for gap, leaves in ((mine - first, ahead), (last - before, behind)):
        _require(gap >= leaves if leaves else gap == 0, "the rows are not where their leaf belongs")
    passed = sum(_passed_over(receipt, listed) for listed in receipt["lists"])
    which = "1 place was" if passed == 1 else f"{passed} places were"
    why = f"; why {which} passed over takes the whole night" if passed else ""
    return f"every row stands in the part of the log that the seal covers, {first} to {last}{why}"


def _check_order(
    model: Mapping[str, Any], places: list[Mapping[str, Any]], ranges: list[list[Any]]
) -> None:
    """Without repeat_days everyone gets all of a list, as it is; or else amendments of what was marked come first."""
    is_sparing = "repeat_days" in model
    _require(is_sparing or len(_got(places)) == len(places), "a list was not handed over whole")
    turns = [
        {_kind(places[seq + n - 2]), _kind(places[after - 1])}
        for (_, n, _, seq), (*_, after) in pairwise(ranges)
        if after < seq
    ]
    is_ordered = not turns or (is_sparing and turns == [{"amendment"}])
    _require(is_ordered, "the rows of a list are not in its order")


def _passed_over(receipt: Mapping[str, Any], listed: Mapping[str, Any]) -> int:
    """How many places of a list stand before the last that the customer got, or before an end that was not reached."""
    top_k, found = manifest(receipt)["run"]["top_k"], 0
    for kind in TYPES:
        got = [place["rec_id"] is not None for place in _of_type(listed["places"], kind)]
        while got and not got[-1] and sum(got) == top_k:
            got.pop()
        found += got.count(False)
    return found


def _check_counts(receipt: Mapping[str, Any]) -> str:
    found, seal, rows = manifest(receipt), receipt["seal"], _got(_places(receipt).values())
    run, logged, leaves = found["run"], found["rows"], seal["leaves"]
    counted: Any = parse(run["counts_json"])
    fit(counted, COUNTS, "what the night counted")
    for kind in TYPES:
        mine = len(_of_type(rows, kind))
        _require(mine <= counted[kind]["rows"], f"the night counted fewer rows of {kind}")
    # Of a customer who was deleted meanwhile the night counted rows and logged none.
    decided = sum(counted[kind]["rows"] for kind in TYPES)
    is_counted = logged <= decided and leaves <= run["profiles"] - run["rejected"]
    _require(is_counted, "the seal covers more rows or customers than the night counted")
    length = seal["last_rec_id"] - seal["first_rec_id"] + 1
    _require(logged <= length, f"the seal covers {logged} rows in {length} places of the log")
    others = logged - len(rows)
    # Every other customer has a row at least.
    is_whole = others >= leaves - 1 if leaves > 1 else others == 0
    _require(is_whole, f"{logged} sealed rows are not those of {leaves} customers")
    return f"the seal covers {logged} rows of {leaves} customers, of {decided} that were decided"


def _check_proof(receipt: Mapping[str, Any]) -> str:
    profile_id, seal, proof = receipt["profile_id"], receipt["seal"], receipt["proof"]
    ranges = [one for listed in receipt["lists"] for one in _ranges(listed)]
    index, size = proof["leaf_index"], proof["tree_size"]
    _require(size == seal["leaves"], f"the sealed tree has {seal['leaves']} leaves, not {size}")
    found = root(
        canonical([CUSTOMER, profile_id, proof["blind"], ranges]),
        index,
        size,
        _hashes(proof["path"]),
    )
    _require(found == seal["root"], "the path does not lead from these rows to the sealed root")
    return f"customer {profile_id} is leaf {index} of {size} under the sealed root"


def _check_seal(receipt: Mapping[str, Any]) -> str:
    seal, head = receipt["seal"], _head(receipt)
    _require(seal["origin"] == head.origin, "the seal is that of another log than the head")
    leaf = canonical({"format": SEAL, **seal})
    found = root(leaf, seal["seal_id"] - 1, head.size, _hashes(receipt["seal_path"]))
    _require(found == head.root.hex(), "the path does not lead from the seal to the head")
    return f"the seal is number {seal['seal_id']} of {head.size} under the head"


def _check_head(receipt: Mapping[str, Any]) -> str:
    head = _head(receipt)
    earlier = [_earlier(head.origin, each) for each in receipt["consistency"]]
    sizes = [each.size for each in earlier]
    _require(sizes == sorted({*sizes}), "the earlier heads are not in the order of their sizes")
    for first, each in zip(earlier, receipt["consistency"], strict=True):
        _require(first.size < head.size, f"a head of {first.size} seals is not an earlier one")
        check_consistent(first, head, _hashes(each["path"]))
    since = f"; it continues those of {', '.join(map(str, sizes))}" if sizes else ""
    return f"the head is that of {head.size} seals: {b64encode(head.root).decode()}{since}"


def _head(receipt: Mapping[str, Any]) -> Checkpoint:
    found = checkpoint(receipt["head"])
    # One form only, so that nothing stands in it which is not compared.
    _require(receipt["head"] == _text_of(found), "the head has more than its three lines")
    return found


def _text_of(head: Checkpoint) -> str:
    return f"{head.origin}\n{head.size}\n{b64encode(head.root).decode()}\n"


def _earlier(origin: str, found: Mapping[str, Any]) -> Checkpoint:
    return Checkpoint(origin, found["tree_size"], bytes.fromhex(found["root"]))


CHECKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "night": _check_night,
    "model": _check_model,
    "items": _check_items,
    "scores": _check_scores,
    "ranking": _check_ranking,
    "lists": _check_lists,
    "rows": _check_rows,
    "counts": _check_counts,
    "proof": _check_proof,
    "seal": _check_seal,
    "head": _check_head,
}


def check(receipt: object) -> dict[str, tuple[bool, str]]:
    """For each of CHECKS whether it passed, and what it confirmed or what is broken; read-only.

    Unreadable if it is not a receipt.
    """
    receipt = _without_envelope(receipt)
    fit(receipt, RECEIPT, "the receipt")
    assert isinstance(receipt, dict)
    manifest(receipt)
    found = {}
    for name, confirm in CHECKS.items():
        try:
            found[name] = True, confirm(receipt)
        except ValueError as fault:
            found[name] = False, str(fault)
    return found


def _without_envelope(receipt: object) -> object:
    """Without what nothing proves: fields of the issuer's that begin with _, and where each item is described."""
    if not isinstance(receipt, dict):
        return receipt
    found = {name: value for name, value in receipt.items() if not name.startswith("_")}
    if isinstance(found.get("lists"), list):
        found["lists"] = [_without_addresses(one) for one in found["lists"]]
    return found


def _without_addresses(one: object) -> object:
    if not isinstance(one, dict) or not isinstance(one.get("places"), list):
        return one
    places = [
        (
            {name: value for name, value in place.items() if name != "source_url"}
            if isinstance(place, dict)
            else place
        )
        for place in one["places"]
    ]
    return {**one, "places": places}


def manifest(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """What the seal says of the run besides its rows; Unreadable if it says something else."""
    found = parse(receipt["seal"]["manifest_json"])
    fit(found, MANIFEST, "the manifest in the seal")
    assert isinstance(found, dict)
    return found


def compare(
    receipt: Mapping[str, Any], kept: list[tuple[Checkpoint, str]], keys: Iterable[VerifierKey] = ()
) -> str:
    """Hold the head of the receipt against heads that were kept outside, each with its note.

    ValueError if they contradict each other or, given keys, one is signed by none of them; Unreadable if none of
    them is both of the size of a head in the receipt and of a tree that the seal is in.
    """
    head, keys = _head(receipt), list(keys)
    known = [*(_earlier(head.origin, each) for each in receipt["consistency"]), head]
    roots = {each.size: each.root for each in known}
    seal_id, confirmed, signed = receipt["seal"]["seal_id"], 0, ""
    for each, note in kept:
        which = f"the head kept of {each.size} seals"
        names = [key.name for key in note_signers(note, keys)]
        _require(bool(names or not keys), f"{which} is signed by no key that was given")
        _require(each.origin == head.origin, f"{which} is that of another log")
        _require(roots.get(each.size, each.root) == each.root, f"{which} is another one")
        if each.size in roots and each.size >= max(seal_id, confirmed):
            confirmed, signed = each.size, f", signed by {', '.join(names)}" if names else ""
    if not confirmed:
        raise Unreadable(
            f"the receipt reaches from seal {seal_id} to the head of {head.size} seals, and holds those of"
            f" {', '.join(map(str, roots))} - take one of these, or ask for a receipt that was made with your --head"
        )
    return f"the head kept of {confirmed} seals is the same{signed}"


# Reading


def parse(text: str) -> object:
    """JSON without fractions and without a key given twice; Unreadable if it is none."""
    try:
        value = json.loads(
            text, object_pairs_hook=_without_repeats, parse_float=_refuse, parse_constant=_refuse
        )
        # Whatever follows takes it for granted that there is a canonical text.
        canonical(value)
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("it is not JSON, or not as a receipt is written") from None
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse(text: str) -> None:
    raise ValueError(text)


def fit(value: object, shape: Any, where: str) -> None:
    """Unreadable, with the place, unless value has this shape."""
    if isinstance(shape, dict):
        _fit_keys(value, shape, where)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise Unreadable(f"{where} is not a list")
        for number, part in enumerate(value, 1):
            fit(part, shape[0], f"{where}, number {number}")
    elif not any(_is(value, choice) for choice in (shape if isinstance(shape, tuple) else [shape])):
        raise Unreadable(f"{where} is not what can stand there")


def _fit_keys(value: object, shape: dict[Any, Any], where: str) -> None:
    names = [name for name in shape if name is not ...]
    if not isinstance(value, dict) or not set(names) <= value.keys():
        raise Unreadable(f"{where} has not all of {', '.join(names)}")
    if ... not in shape and len(value) > len(names):
        raise Unreadable(f"{where} has more than {', '.join(names)}")
    for name, part in {**shape.get(..., {}), **shape}.items():
        if name in value:
            fit(value[name], part, f"{where}, {name}")


def _is(value: object, choice: range | re.Pattern[str] | None) -> bool:
    if isinstance(choice, re.Pattern):
        return isinstance(value, str) and choice.fullmatch(value) is not None
    if isinstance(choice, range):
        # True is an integer to Python, but not to anyone who reads the receipt.
        return type(value) is int and value in choice
    return value is None


def kept_heads(text: str) -> list[tuple[Checkpoint, str]]:
    """The heads that personalization-seal printed, one after the other in a file, each with its note.

    Unreadable if there is none, or anything else, or one that covers nothing.
    """
    found = [(checkpoint(note_parts(note)[0]), note) for note in notes(text)]
    if not found or any(head.size == 0 for head, _ in found):
        raise Unreadable("there is no head in it, or one that covers nothing")
    return found


def public_keys(text: str) -> list[VerifierKey]:
    """The log's public keys, a line each; Unreadable if there is none, or anything else."""
    keys = [verifier_key(line) for line in text.split()]
    if not keys or any(key.kind != SIGNATURE for key in keys):
        raise Unreadable("there is no public key of a log in it")
    return keys


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise Unreadable(f"it is larger than {LARGEST_FILE} bytes")
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        raise Unreadable("it is not text") from None
    except OSError as error:
        raise Unreadable(f"it cannot be read ({error.strerror})") from None


# The program


def main(arguments: list[str] | None = None) -> int:
    """Print one line per check and a verdict; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check a receipt of personalization-receipt.")
    parser.add_argument("receipt", help="the file that personalization-receipt wrote")
    parser.add_argument(
        "--head", help="what personalization-seal printed and was kept outside; many lines will do"
    )
    parser.add_argument(
        "--public-key",
        help="what personalization-seal --public-key printed: each head must be signed by it",
    )
    options = parser.parse_args(arguments)
    if options.public_key and not options.head:
        parser.error("--public-key is of heads: give them with --head")
    try:
        receipt = parse(_read(options.receipt))
        found = check(receipt)
    except Unreadable as fault:
        return _unchecked(f"{options.receipt} is not a receipt: {fault}")
    doubt, is_unsigned = None, False
    if options.head:
        doubt, is_unsigned = _compare(receipt, options.head, options.public_key, found)
    for name, (is_intact, sentence) in found.items():
        _say(f"{name:8} {'intact' if is_intact else 'BROKEN'}: {sentence}")
    broken = [name for name, (is_intact, _) in found.items() if not is_intact]
    if doubt and not broken:
        return _unchecked(doubt)
    _say(_verdict(broken, options.head, is_unsigned))
    return BROKEN if broken else INTACT


def _compare(
    receipt: Any, file: str, key_file: str | None, found: dict[str, tuple[bool, str]]
) -> tuple[str | None, bool]:
    """Why nothing can be said, if so, and whether there are signatures that were not checked."""
    try:
        keys = public_keys(_read(key_file)) if key_file else []
    except Unreadable as fault:
        return f"{key_file} cannot be used: {fault}", False
    try:
        kept = kept_heads(_read(file))
        found["kept"] = True, compare(receipt, kept, keys)
    except Unreadable as fault:
        return f"{file} tells nothing of this receipt: {fault}", False
    except ValueError as fault:
        found["kept"] = False, str(fault)
        return None, False
    return None, not keys and any(note_parts(note)[1] for _, note in kept)


def _verdict(broken: list[str], head_file: str | None, is_unsigned: bool) -> str:
    if broken:
        return f"BROKEN: {', '.join(broken)}"
    if head_file:
        unsigned = "; who signed it was not checked (--public-key)" if is_unsigned else ""
        return f"intact, and under a head that was kept outside{unsigned}"
    return (
        "intact, as far as the receipt alone can tell: it could be made up as a whole, which shows only against a"
        " head that was kept outside (--head)"
    )


def _unchecked(sentence: str) -> int:
    _say(f"Error: {sentence}", sys.stderr)
    return UNCHECKED


def _say(sentence: str, file: TextIO | None = None) -> None:
    # Printable ASCII: whatever a stranger's file holds, it neither fails on a terminal nor steers it.
    shown = (c if c.isprintable() or c > "\x7f" else f"\\x{ord(c):02x}" for c in sentence)
    print("".join(shown).encode("ascii", "backslashreplace").decode(), file=file)


def _run() -> int:
    """The exit status; where the lines cannot be written it is not that of a broken receipt."""
    try:
        status = main()
        sys.stdout.flush()
        return status
    except OSError as error:
        # Python would try once more to write what is left, at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return UNCHECKED
        return _unchecked(f"the output cannot be written ({error.strerror})")


if __name__ == "__main__":
    sys.exit(_run())
