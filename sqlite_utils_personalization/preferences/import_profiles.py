"""Many customers at once: a file of them stored all or not at all, and everything stored held against the schema."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.plain_text import is_readable
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import InvalidInput, InvalidPreference
from sqlite_utils_personalization.formula.declared import NO_CUSTOMER, noted_reason, stored_text
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext
from sqlite_utils_personalization.preferences.customer import active_condition
from sqlite_utils_personalization.preferences.validation import (
    MAX_LENGTH,
    as_json,
    parse_preference,
    preference_text,
    validate,
)
from sqlite_utils_personalization.transaction import transaction, write_transaction

# Declarations repeat: of a million customers, some ten thousand are distinct.
CACHED = 50_000
NAMED_LINES = 100
# Characters of a line beside its preferences.
_AROUND = 200
_HASH = re.compile("[0-9a-f]{64}")

_GIVEN = """
CREATE TEMP TABLE IF NOT EXISTS given_profile (
    user_token_hash TEXT PRIMARY KEY, preference_json TEXT, line INTEGER
) WITHOUT ROWID
"""
_CHANGE = """
UPDATE am_personalization_profile SET last_updated_at = max(created_at, :now), preference_json = (
    SELECT preference_json FROM given_profile g WHERE g.user_token_hash = am_personalization_profile.user_token_hash
) WHERE user_token_hash IN (
    SELECT g.user_token_hash FROM given_profile g CROSS JOIN am_personalization_profile p USING (user_token_hash)
    WHERE p.preference_json <> g.preference_json
)
"""
_ERASED = """
SELECT g.line FROM given_profile g CROSS JOIN am_personalization_profile p USING (user_token_hash)
WHERE NOT {active} ORDER BY 1
"""
_ADD = """
INSERT INTO am_personalization_profile(user_token_hash, preference_json, created_at, last_updated_at)
SELECT user_token_hash, preference_json, :now, :now FROM given_profile g
WHERE NOT EXISTS (SELECT 1 FROM am_personalization_profile p WHERE p.user_token_hash = g.user_token_hash)
ORDER BY line
"""


class Imported(NamedTuple):
    """How many customers were added, updated, and already so."""

    created: int
    updated: int
    unchanged: int


class Fault(NamedTuple):
    """What is wrong with one line of a file, from 1, or with one stored preference, by profile_id."""

    number: int
    sentence: str


class BadLines(InvalidInput):
    """Nothing was stored, because of these faults, of which the first NAMED_LINES are kept."""

    def __init__(self, faults: list[Fault], total: int) -> None:
        self.faults = faults
        super().__init__(
            ngettext("{n} bad line", "{n} bad lines", total),
            _("nothing was stored; mend or leave out"),
        )


Given = str | bytes | Mapping[str, Any]


def import_profiles(
    db: sqlite3.Connection, given: Iterable[Given], packs: Mapping[str, str]
) -> Imported:
    """Store many customers, each {"user_token_hash": HASH, "preferences": {...}} or a line of JSON: all, or none.

    BadLines names every one that is no such object, repeats a hash, or is no valid preference; or else every one whose
    hash is the random one of an erased customer. By its number from 1, in which empty lines count.
    """
    try:
        with transaction(db):
            db.execute(_GIVEN)
            db.execute("DELETE FROM temp.given_profile")
            total = _read(db, given, packs)
        with write_transaction(db):
            _refuse_erased(db)
            updated = db.execute(_CHANGE, {"now": utc_now()}).rowcount
            created = db.execute(_ADD, {"now": utc_now()}).rowcount
    finally:
        # SQLite drops no table as long as the caller reads anything on this connection.
        with suppress(db.OperationalError):
            db.execute("DROP TABLE temp.given_profile")
    return Imported(created, updated, total - created - updated)


def _refuse_erased(db: sqlite3.Connection) -> None:
    """BadLines of those whose hash stands for an erased customer, who would be declared for once more."""
    found = db.execute(_ERASED.format(active=active_condition(db, "p.profile_id"))).fetchall()
    if found:
        what = _("user_token_hash stands for an erased customer")
        raise BadLines([Fault(line, what) for (line,) in found[:NAMED_LINES]], len(found))


def check_profiles(db: sqlite3.Connection, packs: Mapping[str, str]) -> Iterator[Fault]:
    """Every stored preference that the schema refuses, by profile_id; read-only."""
    faults = _fault_of(packs)
    for profile_id, text, of in db.execute(
        "SELECT profile_id, preference_json, user_token_hash FROM am_personalization_profile"
        f" WHERE {active_condition(db)} ORDER BY 1"
    ):
        if not is_readable(of):
            yield Fault(profile_id, noted_reason(NO_CUSTOMER))
        if sentence := faults(text):
            yield Fault(profile_id, sentence)


def _read(db: sqlite3.Connection, given: Iterable[Given], packs: Mapping[str, str]) -> int:
    faults: list[Fault] = []
    total, bad = 0, 0
    stored = _stored_text(packs)
    for number, line in enumerate(given, 1):
        if isinstance(line, str | bytes) and not line.strip():
            continue
        total += 1
        try:
            row = (*_customer(line, stored), number)
            if not db.execute("INSERT OR IGNORE INTO given_profile VALUES (?, ?, ?)", row).rowcount:
                raise InvalidPreference(_("user_token_hash is that of an earlier line"))
        except InvalidPreference as error:
            bad += 1
            faults += [Fault(number, str(error))] if bad <= NAMED_LINES else []
    if bad:
        raise BadLines(faults, bad)
    return total


def _customer(line: Given, stored: Callable[[str], str]) -> tuple[str, str]:
    if isinstance(line, bytes):
        # What is not UTF-8 is one bad line, and not the end of all.
        line = line.decode("utf-8-sig", "surrogateescape")
    found = parse_preference(line, MAX_LENGTH + _AROUND) if isinstance(line, str) else line
    if not isinstance(found, Mapping) or found.keys() != {"user_token_hash", "preferences"}:
        raise InvalidPreference(_("not an object of user_token_hash and preferences"))
    given = found["user_token_hash"]
    if not isinstance(given, str) or not _HASH.fullmatch(given):
        raise InvalidPreference(_("{name} is not 64 lower-case hex digits", name="user_token_hash"))
    return given, stored(_text(found["preferences"]))


def _text(preferences: object) -> str:
    try:
        return json.dumps(as_json(preferences))
    except (TypeError, ValueError, RecursionError):
        raise InvalidPreference(_("preferences hold what is no JSON")) from None


def _stored_text(packs: Mapping[str, str]) -> Callable[[str], str]:
    @lru_cache(maxsize=CACHED)
    def stored(text: str) -> str:
        return preference_text(validate(parse_preference(text), packs))

    return stored


def _fault_of(packs: Mapping[str, str]) -> Callable[[object], str | None]:
    @lru_cache(maxsize=CACHED)
    def fault(text: object) -> str | None:
        try:
            validate(parse_preference(stored_text(text)), packs)
        except InvalidPreference as error:
            return noted_reason(str(error))
        return None

    return fault
