"""What the product's answers carry besides: fields of the operator's, in every answer, digest and receipt alike.

One JSON object, in a file: {"_disclaimer": "...", "_billing_unit": 1, "source_url": true}.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.canonical import RepeatedKey, strict_json
from sqlite_utils_personalization.catalogue.details import details
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.formula.formula import evidence_link

SOURCE_URL = "source_url"
BILLING_UNIT = "_billing_unit"
DISCLAIMER = "_disclaimer"
_MOST_CHARACTERS = 16_384
_LIKE = 'write it like {"_disclaimer": "...", "_billing_unit": 1, "source_url": true}'
_ITEMS = f"""
SELECT l.rec_id, c.recommendation_type, c.item_id, c.why FROM am_personalization_recommendation_log l
{evidence_link()} WHERE l.rec_id IN (SELECT value FROM json_each(?))
"""

# recommendation_type, item_id, and the catalogue's why.
Item = tuple[str, str, str]


@dataclass(frozen=True)
class Envelope:
    """fields stand in every answer; with source_url each item has the address of its program, or null.

    A _billing_unit of true is the number of items that the answer was charged.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    source_url: bool = False

    def answer(self, data: Mapping[str, Any], charged: int | None = None) -> dict[str, Any]:
        """data with the fields; charged is how many items it is charged, if data does not say it as delivered_new."""
        fields = dict(self.fields)
        if fields.get(BILLING_UNIT) is True:
            fields[BILLING_UNIT] = data.get("delivered_new", 0) if charged is None else charged
        return {**data, **fields}

    def page(self, db: sqlite3.Connection, data: dict[str, Any]) -> dict[str, Any]:
        """A page of recommendations, its items with their addresses, but for a preview; read-only."""
        if not self.source_url or data["preview"]:
            return data
        return {**data, "recommendations": self._items(db, data["recommendations"])}

    def explanation(self, db: sqlite3.Connection, data: dict[str, Any]) -> dict[str, Any]:
        """An explanation, its item with its address; read-only."""
        if not self.source_url or not data["recommendation"]:
            return data
        (one,) = self._items(db, [data["recommendation"]])
        return {**data, "recommendation": one}

    def receipt(self, db: sqlite3.Connection, data: dict[str, Any]) -> dict[str, Any]:
        """A receipt, which verify_receipt.py checks as before; read-only."""
        if self.source_url:
            places = [place for one in data["lists"] for place in one["places"]]
            items = [place["candidate"] for place in places]
            asked = [(one["recommendation_type"], one["item_id"], one["why"]) for one in items]
            for place, url in zip(places, source_urls(db, asked), strict=True):
                place[SOURCE_URL] = url
        return self.answer(data)

    def _items(
        self, db: sqlite3.Connection, items: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        rec_ids = json.dumps([item["rec_id"] for item in items])
        known = {
            rec_id: (kind, item_id, why)
            for rec_id, kind, item_id, why in db.execute(_ITEMS, (rec_ids,))
        }
        urls = source_urls(db, [known[item["rec_id"]] for item in items])
        return [{**item, SOURCE_URL: url} for item, url in zip(items, urls, strict=True)]


def source_urls(db: sqlite3.Connection, items: Iterable[Item]) -> list[str | None]:
    """Where the catalogue of today says that each item, or the program that changed, is described; read-only."""
    programs = [_program_id(*item) for item in items]
    found = {}
    # A catalogue that cannot be read keeps nobody from what was recommended.
    with suppress(PersonalizationError):
        found = details(db, {one for one in programs if one})
    return [found[one].url if one in found else None for one in programs]


def _program_id(kind: str, item_id: str, why: str) -> str | None:
    if kind == "amendment":
        program = json.loads(why).get("program")
        return program if isinstance(program, str) else None
    return item_id if kind == "program" else None


def read_envelope(said: object) -> Envelope:
    """The envelope that an object, or its JSON text, describes; PersonalizationError if it is none."""
    if isinstance(said, str):
        said = _parsed(said)
    if not isinstance(said, dict):
        raise PersonalizationError("the envelope is not a JSON object", _LIKE)
    url = said.get(SOURCE_URL, False)
    if not isinstance(url, bool):
        raise PersonalizationError("the envelope's source_url is neither true nor false", _LIKE)
    fields = {name: value for name, value in said.items() if name != SOURCE_URL}
    # So that no field of an answer, now or later, is hidden by one.
    if not all(isinstance(name, str) and name.startswith("_") for name in fields):
        raise PersonalizationError("a field of the envelope does not begin with _", _LIKE)
    if len(json.dumps(fields)) > _MOST_CHARACTERS:
        raise PersonalizationError(
            f"the envelope has more than {_MOST_CHARACTERS} characters",
            "it is in every answer: shorten it",
        )
    return Envelope(fields, url)


def envelope_of(given: str | os.PathLike[str] | Mapping[str, Any] | None) -> Envelope:
    """The envelope of an object, or of the file at a path; that of None is empty. InvalidInput of any other object."""
    if isinstance(given, str | os.PathLike):
        if "\0" in os.fsdecode(given):
            raise InvalidInput("envelope is no path", "give one as text or as a Path")
        return load_envelope(Path(given))
    try:
        return read_envelope(dict(given or {}))
    except PersonalizationError as error:
        raise InvalidInput(error.what, error.todo) from None
    except (TypeError, ValueError):
        raise InvalidInput(
            "the envelope holds what JSON cannot", "give texts and numbers"
        ) from None


def load_envelope(path: Path | None) -> Envelope:
    """That of a file, or an empty one without; PersonalizationError names the file."""
    if path is None:
        return Envelope()
    try:
        return read_envelope(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise PersonalizationError(f"{path} is not UTF-8", "write it as UTF-8") from None
    except OSError as error:
        raise PersonalizationError(f"{path}: {error.strerror}", "give a readable file") from None
    except PersonalizationError as error:
        raise PersonalizationError(f"{path}: {error.what}", error.todo) from None


def _parsed(text: str) -> object:
    try:
        return strict_json(text)
    except RepeatedKey:
        raise PersonalizationError("the envelope says one key twice", "say it once") from None
    except (ValueError, RecursionError):
        raise PersonalizationError("the envelope is not JSON", _LIKE) from None
