"""Who a key is: whether the product that gave it out knows its hash."""

import sqlite3
from dataclasses import dataclass, field
from enum import Enum

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.preferences.key_hashing import KeyHashes, KeyHashing


class KeyStatus(Enum):
    """What the key source says of a key."""

    KNOWN = "known"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class KeySource:
    """Where the product keeps the hashes of the keys it gave out, and which hashes those are.

    revoked names a column that is NULL, 0 or empty as long as the key may be used.
    """

    table: str
    column: str
    revoked: str | None = None
    hashing: KeyHashing = field(default_factory=KeyHashing)


def key_status(db: sqlite3.Connection, source: KeySource, key: KeyHashes) -> KeyStatus:
    """What the key source says; a hash that is there twice is revoked if one of them is. Read-only."""
    (revoked,) = db.execute(_sql(source), (key.known_as,)).fetchone()
    if revoked is None:
        return KeyStatus.UNKNOWN
    return KeyStatus.REVOKED if revoked else KeyStatus.KNOWN


def check_source(db: sqlite3.Connection, source: KeySource) -> None:
    """PersonalizationError if the table or a column that the settings name is not there; read-only."""
    known = {row[1] for row in db.execute("SELECT * FROM pragma_table_xinfo(?)", (source.table,))}
    if not known:
        raise PersonalizationError(
            f"customer_keys: there is no table {source.table}",
            "name the one with the hashes of the keys",
        )
    # Names in SQLite have no case.
    folded = {name.casefold() for name in known}
    for name in filter(None, (source.column, source.revoked)):
        if name.casefold() not in folded:
            raise PersonalizationError(
                f"customer_keys: {source.table} has no column {name}", "name one that it has"
            )


def _sql(source: KeySource) -> str:
    # With its table before it, a column that is not there is an error, never a text.
    is_revoked = (
        f"coalesce(k.{_quoted(source.revoked)}, 0) NOT IN (0, '', '0')" if source.revoked else "0"
    )
    table, column = _quoted(source.table), _quoted(source.column)
    return f"SELECT max({is_revoked}) FROM main.{table} k WHERE k.{column} = ?"


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
