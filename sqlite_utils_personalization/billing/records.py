"""Records out of a file: CSV with a header, a JSON array, a list object of Stripe's API, or one JSON object a line."""

import csv
import io
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.errors import PersonalizationError

Record = dict[str, Any]


def read_records(path: Path, needed: Collection[str]) -> list[Record]:
    """Return every record, names in lower case with _ for spaces, empty values left out, repeated ids once.

    A CSV file without a line says that there is nothing, if its header has one of the needed names.
    PersonalizationError if the file is not UTF-8, empty, cut off, or not such a file: it is read whole or not at all.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PersonalizationError(f"{path} is not UTF-8 - export it as UTF-8") from None
    except OSError as error:
        raise PersonalizationError(f"{path} cannot be read ({error.strerror}) - check it") from None
    if not text.strip():
        raise PersonalizationError(f"{path} is empty - export it again")
    is_json = text.lstrip()[0] in "[{"
    records = _json(text, path) if is_json else _csv(text, path, needed)
    return _once([_clean(record) for record in records], path)


def _json(text: str, path: Path) -> list[Record]:
    try:
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise PersonalizationError(f"{path} is not JSON - export it again") from None
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        if found.get("has_more"):
            raise PersonalizationError(f"{path} says has_more - export every page of it")
        found = found["data"]
    records = found if isinstance(found, list) else [found]
    if not all(isinstance(record, dict) for record in records):
        raise PersonalizationError(f"{path} holds more than objects - give an array of records")
    return records


def _csv(text: str, path: Path, needed: Collection[str]) -> list[Record]:
    try:
        header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise PersonalizationError(f"{path} is not CSV ({error}) - export it again") from None
    names = [_name(name) for name in header]
    if len({*names}) < len(names):
        raise PersonalizationError(f"{path} has two columns of one name - leave one of them out")
    if not {*names} & {*needed}:
        raise PersonalizationError(
            f"{path} has no column {' or '.join(needed)} - export those, with a header"
        )
    for number, cells in enumerate(lines, 2):
        if cells and len(cells) != len(names):
            raise PersonalizationError(
                f"{path}: row {number} has {len(cells)} cells, the header {len(names)} - export it again"
            )
    return [dict(zip(names, cells, strict=True)) for cells in lines if cells]


def _clean(record: Record) -> Record:
    payload = record.get("payload")
    if isinstance(payload, dict):
        record = {**record, **{f"payload.{name}": value for name, value in payload.items()}}
    named = {_name(name): value for name, value in record.items()}
    return {name: value for name, value in named.items() if value is not None and value != ""}


def _name(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _once(records: list[Record], path: Path) -> list[Record]:
    """Pages of an export overlap; two contents under one id are a fault."""
    by_id: dict[str, Record] = {}
    kept = []
    for number, record in enumerate(records, 1):
        before = by_id.setdefault(str(record["id"]), record) if "id" in record else record
        if before is record:
            kept.append(record)
        elif before != record:
            raise PersonalizationError(
                f"record {number} of {path} has the id of another, and other content - export it again"
            )
    return kept
