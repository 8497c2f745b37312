"""The verifications in a file of lines that verify --record wrote. Anything may stand in such a file: what is none is
counted, nothing is raised, and of a file of any size only the end is read.
"""

import json
import os
import re
import stat
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.verify.verification import Verification
from sqlite_utils_personalization.canonical import canonical_json, strict_json
from sqlite_utils_personalization.clock import parse_moment, right_now

# The newest lines of a file; a line with a thousand findings has less than 1 MB.
NEWEST_LINES = 200
_TAIL_BYTES = 4_000_000
# Two machines' clocks may differ by so much.
_SKEW = timedelta(hours=1)
_DIGEST = re.compile("[0-9a-f]{64}")
_MOST = 2**63 - 1
MISSING, NO_FILE, UNREADABLE = "missing", "no file", "unreadable"


class RecordFile(NamedTuple):
    """What stands in a file: its verifications, the newest line first, and how many of the lines looked at are none.

    fault is MISSING, NO_FILE (a folder or a device), UNREADABLE, or None; name is that of the file without its folder.
    """

    name: str
    found: tuple[Verification, ...] = ()
    broken: int = 0
    fault: str | None = None


def read_recorded(file: Path) -> RecordFile:
    """The verifications in the newest NEWEST_LINES of a file; read again only when the file has changed."""
    try:
        # Neither waits for a pipe nor reads a device.
        at = os.stat(file)
        if not stat.S_ISREG(at.st_mode):
            return RecordFile(file.name, fault=NO_FILE)
        return _read(file, at.st_ino, at.st_size, at.st_mtime_ns)
    except FileNotFoundError:
        return RecordFile(file.name, fault=MISSING)
    except (OSError, ValueError):
        return RecordFile(file.name, fault=UNREADABLE)


def is_of_the_future(found: Verification) -> bool:
    """Whether it says it was made later than now, by more than clocks differ."""
    return parse_moment(found.verified_at) > right_now() + _SKEW


def findings_of(found: object) -> dict[str, dict[str, Any]]:
    """findings_json as the pages can read it, whatever stands there: by code, a count, and sentences with where."""
    try:
        given = json.loads(found) if isinstance(found, str) else found
    except (ValueError, RecursionError):
        return {}
    groups = given.items() if isinstance(given, dict) else ()
    return {code: dict(_group(group)) for code, group in groups if isinstance(group, dict)}


def _group(group: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    count, first = group.get("count"), group.get("first")
    ones = [one for one in first if isinstance(one, dict)] if isinstance(first, list) else []
    yield "count", count if type(count) is int else len(ones)
    yield "first", [
        {"sentence": str(one.get("sentence") or ""), "where": _where(one.get("where"))}
        for one in ones
    ]


def _where(found: object) -> dict[str, Any]:
    named = found.items() if isinstance(found, dict) else ()
    # The key of a row may be of several columns.
    return {
        name: value
        for name, value in named
        if isinstance(value, int | str) or (name == "rowid" and isinstance(value, list))
    }


@lru_cache(maxsize=8)
def _read(file: Path, inode: int, size: int, changed_ns: int) -> RecordFile:
    with file.open("rb") as lines:
        lines.seek(max(0, size - _TAIL_BYTES))
        data = lines.read(_TAIL_BYTES)
    whole = data.split(b"\n")
    if size > _TAIL_BYTES:
        whole[0] = b"" if len(whole) > 1 else b"?"
    texts = [text for text in whole if text.strip()][-NEWEST_LINES:]
    found = [_verification(text) for text in reversed(texts)]
    known = tuple(one for one in found if one is not None)
    return RecordFile(file.name, known, len(found) - len(known))


def _verification(line: bytes) -> Verification | None:
    try:
        value = strict_json(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.keys() != set(Verification._fields):
        return None
    value["findings_json"] = canonical_json(value["findings_json"])
    found = Verification(**value)
    return found if _is_one(found) else None


def _is_one(found: Verification) -> bool:
    numbers = (found.log_end, found.covered_rows, found.seal_id, found.seconds, found.findings)
    root, kept = found.tree_root, found.kept_seal_id
    return (
        _is_moment(found.verified_at)
        and isinstance(found.package_version, str)
        and all(map(_is_number, numbers))
        and (root is None or (isinstance(root, str) and bool(_DIGEST.fullmatch(root))))
        and found.kept in ("none", "agree", "differ")
        and (kept is None or _is_number(kept))
        and found.findings_json.startswith("{")
    )


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST


def _is_moment(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_moment(value).tzinfo is not None
    except ValueError:
        return False
