"""Deliveries as lines of JSON: one fact a line, under the names that record_delivery() has for its parts."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlite_utils_personalization.billing.delivery import Fact, fact
from sqlite_utils_personalization.canonical import RepeatedKey, strict_json
from sqlite_utils_personalization.errors import PersonalizationError


def read_facts(
    lines: Iterable[bytes],
    common: dict[str, Any],
    refuse: Callable[[int, PersonalizationError], None],
) -> Iterator[tuple[int, Fact]]:
    """Yield the number of each line, from 1, and its fact; common is what a line does not say. Blank lines are none.

    A line that holds no fact is passed to refuse with its number, and left out.
    """
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        try:
            found = _fact(line, common)
        except PersonalizationError as error:
            refuse(number, error)
        else:
            yield number, found


def _fact(line: bytes, common: dict[str, Any]) -> Fact:
    try:
        said = strict_json(line.decode())
    except UnicodeDecodeError:
        raise PersonalizationError("is not UTF-8", "write the file as UTF-8") from None
    except RepeatedKey:
        raise PersonalizationError("says one key twice", "say it once") from None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise PersonalizationError(
            "is not a JSON object",
            'write it like {"rec_id": 17, "channel": "digest", "slot": "2026-07-22"}',
        )
    for name in said:
        if name not in Fact._fields:
            raise PersonalizationError(
                "has a key of another name", f"use {', '.join(Fact._fields)}"
            )
    complete = {**common, **said}
    for name in ("rec_id", "channel", "slot"):
        if name not in complete:
            raise PersonalizationError(f"has no {name}", "add it to the line, or as an option")
    return fact(complete.pop("rec_id"), **complete)
