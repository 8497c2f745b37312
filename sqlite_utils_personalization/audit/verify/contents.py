"""Does every table and index hold what it can hold: types, conditions, entries, numbers and digests?"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify import Finding, guarded
from sqlite_utils_personalization.audit.verify.schema import LOG, PROFILES
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.database import has_table, sqlite3
from sqlite_utils_personalization.evidence.leaves import EVENT_COLUMNS
from sqlite_utils_personalization.model.kinds import listed
from sqlite_utils_personalization.schema.state import packaged_objects, tables

# Before, PRAGMA integrity_check knows the whole file only.
ONE_TABLE = (3, 33)
LARGEST_ID = 2**53
# Of one table; whoever changed more than that is found by the first.
MOST_MESSAGES = 100
# Derived, replaced as a whole, and sealed by nobody.
_DERIVED = ("am_personalization_reconciliation", "am_personalization_reconciled")
_INDEXED = re.compile(r"row (\d+) missing from index (\w+)")
_ABOUT_INDEX = ("missing from index", "# of entries in index", "non-unique entry in index")
_REFUSED = ("NULL value in ", "CHECK constraint failed in ", "TEXT value in ", "NUMERIC value in ")
# The longest table after the log. What is on a list is decided again, and compared.
DECISIONS = "am_personalization_decision"
_INTEGERS = (DECISIONS, "am_personalization_shadow_decision")
_RUN = "am_personalization_run"
_FIELDS = listed(Candidate._fields)


class Declaration(NamedTuple):
    """A column of a packaged table: its type, and whether it may be NULL."""

    name: str
    type: str
    nullable: bool
    is_key: bool
    # SQL of a stored generated one
    expression: str | None


@cache
def columns(table: str) -> tuple[Declaration, ...]:
    """What the packaged migrations say of a table of ours."""
    made = sqlite3.connect(":memory:")
    made.execute(packaged_objects()[table])
    found = made.execute(f"PRAGMA table_xinfo({table})").fetchall()
    made.close()
    generated = dict(re.findall(r"(\w+) INTEGER AS \((.+?)\) STORED", packaged_objects()[table]))
    return tuple(
        Declaration(name, kind, not (notnull or key), bool(key), generated.get(name))
        for _, name, kind, notnull, _, key, _ in found
    )


def check_indexes(
    db: sqlite3.Connection, version: tuple[int, ...] = sqlite3.sqlite_version_info
) -> Iterator[Finding]:
    """Ask SQLite whether each table of ours and its indexes agree, and hold what they may; read-only."""
    if version >= ONE_TABLE:
        for table in tables():
            if has_table(db, table):
                yield from guarded("index", _integrity(db, table), None, table)
        return
    for (message,) in db.execute(f"PRAGMA main.integrity_check({MOST_MESSAGES})"):
        if any(name in message for name in packaged_objects()) or "autoindex_am_pers" in message:
            yield from _message(message, None)


def _integrity(db: sqlite3.Connection, table: str) -> Iterator[Finding]:
    for (text,) in db.execute(f"PRAGMA main.integrity_check({table})").fetchall():
        # One that walks the pages of a table may be of several lines.
        for message in str(text).splitlines():
            if message != "ok" and not message.startswith("***"):
                yield from _message(message, table)


def _message(message: str, table: str | None) -> Iterator[Finding]:
    code = "file-damaged"
    if any(part in message for part in _ABOUT_INDEX):
        code = "index-wrong"
    elif message.startswith(_REFUSED):
        code = "value-refused"
    found = _INDEXED.search(message)
    yield Finding(
        code,
        f"{table or 'a table of ours'}: {message}",
        table=table,
        rowid=int(found[1]) if found else None,
    )


def check_values(db: sqlite3.Connection) -> Iterator[Finding]:
    """Every value of ours has a type that its column declares, and every number of a row is one a seal reaches."""
    for table in tables():
        if table not in (*_DERIVED, PROFILES) and has_table(db, table):
            yield from guarded("value", _values(db, table), None, table)


def _values(db: sqlite3.Connection, table: str) -> Iterator[Finding]:
    key = columns(table)[0].name
    if table in (LOG, *EVENT_COLUMNS):
        # Two questions, because of one with OR SQLite walks the whole table.
        for (rowid,) in db.execute(
            f"SELECT * FROM (SELECT {key} FROM {table} WHERE {key} < 1 LIMIT {MOST_MESSAGES}) UNION ALL"
            f" SELECT * FROM (SELECT {key} FROM {table} WHERE {key} > {LARGEST_ID} LIMIT {MOST_MESSAGES})"
        ).fetchall():
            what = f"{table} has a row numbered {rowid}, which no seal reaches"
            rec_id = rowid if table == LOG else None
            yield Finding("id-out-of-range", what, None, rec_id, table, rowid)
    if table == LOG:
        # What other programs wrote is theirs; the rest is held against its evidence.
        return
    if table in _INTEGERS and _are_integers(db, table):
        return
    wrong = {column.name: _is_wrong(column) for column in columns(table)}
    name = " ".join(f"WHEN {test} THEN '{column}'" for column, test in wrong.items())
    names = [column.name for column in columns(table)]
    keys = [column.name for column in columns(table) if column.is_key]
    run = "run_id" if "run_id" in names else "NULL"
    for column, run_id, *row in db.execute(
        f"SELECT CASE {name} END, {run}, {', '.join(keys)} FROM {table} WHERE {' OR '.join(wrong.values())}"
        f" LIMIT {MOST_MESSAGES}"
    ):
        where = ", ".join(f"{at} {_short(value)}" for at, value in zip(keys, row, strict=True))
        what = f"{table}, {where}: {column} is not of the type that its column declares"
        rowid = row[0] if len(row) == 1 else row
        yield Finding(
            "value-refused",
            what,
            run_id if isinstance(run_id, int) else None,
            None,
            table,
            rowid,
        )


def _are_integers(db: sqlite3.Connection, table: str) -> bool:
    """Whether no number of the table is a float, told by one sum; text and the like equal no number anyhow."""
    added = " + ".join(column.name for column in columns(table))
    found = db.execute(f"SELECT typeof(sum({added})) FROM {table}").fetchone()[0]
    return found in ("integer", "null")


def _is_wrong(column: Declaration) -> str:
    allowed = {"INTEGER": "integer", "TEXT": "text"}[column.type]
    if column.nullable:
        return f"typeof({column.name}) NOT IN ('{allowed}', 'null')"
    return f"typeof({column.name}) <> '{allowed}'"


def _short(value: object) -> str:
    return repr(value)[:40]


def check_contents(db: sqlite3.Connection) -> Iterator[Finding]:
    """Take every digest of content again, and what is stored beside a model; read-only."""
    yield from guarded("candidate", _candidates(db))
    yield from guarded("model", _models(db))


def _candidates(db: sqlite3.Connection) -> Iterator[Finding]:
    table = "am_personalization_candidate"
    for number, digest, *fields in db.execute(
        f"SELECT candidate_id, candidate_sha256, {_FIELDS} FROM {table}"
    ):
        if Candidate(*fields).sha256 != digest:
            yield Finding(
                "candidate-changed", f"candidate {number} has changed", None, None, table, number
            )


def _models(db: sqlite3.Connection) -> Iterator[Finding]:
    for run_id, model, digest in db.execute(
        f"SELECT run_id, model_json, model_sha256 FROM {_RUN} ORDER BY 1"
    ).fetchall():
        if not isinstance(model, str) or sha256_hex(model) != digest:
            what = f"the model of run {run_id} has changed"
            yield Finding("model-changed", what, run_id, None, _RUN, run_id)
        yield from guarded("model", _beside(db, run_id), run_id, _RUN)


def _beside(db: sqlite3.Connection, run_id: int) -> Iterator[Finding]:
    """The stored generated columns, each against what it is generated from."""
    stored = {one.name: one.expression for one in columns(_RUN) if one.expression}
    parts = (
        f"+{name} IS NOT ({sql}) OR typeof({name}) <> typeof({sql})" for name, sql in stored.items()
    )
    # A model that is none is found by its digest.
    row = db.execute(
        f"SELECT {', '.join(parts)} FROM {_RUN} WHERE run_id = ? AND json_valid(model_json)",
        (run_id,),
    ).fetchone()
    if wrong := [name for name, differs in zip(stored, row or (), strict=False) if differs]:
        what = f"{', '.join(wrong)} of run {run_id} is not what its model says"
        yield Finding("model-column-changed", what, run_id, None, _RUN, run_id)
