"""Every column of every table of ours, changed in every way behind the guards' back: found, or known to be no evidence.

A plain run tries a sample; with --run-slow every change is tried.
"""

import json
import random
import re
import sqlite3
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from scored import OTHERS, P, connect, history

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.codes import CODES
from sqlite_utils_personalization.audit.verify.notes import notes
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence.seal import seal_events, seal_others
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.schema.state import packaged_objects, tables
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.scoring.night import Reporter
from sqlite_utils_personalization.transaction import transaction

SAMPLE = 6
LOG = f"{P}recommendation_log"

# What a column becomes; {c} is the column. Numbers and texts alike, whatever the column declares.
KINDS = {
    "NULL": "NULL",
    "another type": "CASE typeof({c}) WHEN 'integer' THEN 'x' || {c} ELSE 7 END",
    "a BLOB": "CAST({c} AS BLOB)",
    "empty": "''",
    "one more": "CASE typeof({c}) WHEN 'integer' THEN {c} + 1 WHEN 'null' THEN 1 ELSE {c} || 'x' END",
    "huge": "CASE typeof({c}) WHEN 'text' THEN {c} || hex(zeroblob(9000)) ELSE 4611686018427387904 END",
    "negative": "CASE typeof({c}) WHEN 'text' THEN '-' || {c} ELSE -1 - coalesce({c}, 0) END",
    "infinite": "9e999",
    "swapped": None,
}
ROWS = ("deleted", "inserted", "doubled")

# What cannot be noticed in principle, by table and column, each with its reason.
UNDETECTABLE = {
    "profile": "customers and other programs change it as they like; what a night read of it is in the evidence",
    "reconciliation": "derived from deliveries and bills, and replaced as a whole",
    "reconciled": "derived from deliveries and bills, and replaced as a whole",
    "run_progress.finished_at": "when a run was finished is told by nothing else, so another time may stand there",
}


# The same of a run under way, which is the last one here: its own finding says that nothing seals it yet.
UNDER_WAY = {
    "run.package_version": "nothing of the run follows from it",
    "run.top_k": "a greater one changes nothing where no list is full",
}


def is_undetectable(table, column, which):
    name = f"{table}.{column}"
    return table in UNDETECTABLE or name in UNDETECTABLE or (which == "last" and name in UNDER_WAY)


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    """Two sealed nights, other programs' rows, deliveries, an erasure, a rotation, and a night that is under way."""
    path = tmp_path_factory.mktemp("mutations") / "jpcite.db"
    path.write_bytes(history())
    db = connect(path)
    delivery = f"INSERT INTO {P}delivery VALUES (?, ?, ?, 'rest', '1', 'x', 'x', 200, 3, ?)"
    for number, back in ((1, None), (2, None), (3, 2)):
        db.execute(delivery, (number, f"{number:064x}", 4 if back else number + 2, back))
    for number in (1, 2):
        db.execute(
            f"INSERT INTO {P}rotation VALUES (?, ?, 'x', ?)", (number, number, f"{number:064x}")
        )
    seal_events(db)
    for profile_id in (6, 7):
        (key,) = db.execute(
            f"SELECT user_token_hash FROM {P}profile WHERE profile_id = {profile_id}"
        ).fetchone()
        erase(db, key)
    db.execute(OTHERS)
    with transaction(db, "IMMEDIATE"):
        seal_others(db)
    _interrupt(path)
    db.close()
    return path


def _interrupt(path):
    def stop(stage, done, total):
        if stage == "Logging" and done == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(log, "CHUNK_CUSTOMERS", 1)
        score(path, as_of="2026-04-09", reporter=Reporter(progress=stop))


def loose(sql):
    """The text of a table that lets anything in."""
    sql = re.sub(r"--[^\n]*", "", sql)
    sql = re.sub(r" AS \(json_extract\(.*?\)\) STORED", "", sql)
    return re.sub(r" (TEXT|INTEGER) NOT NULL", r" \1", sql)


def write_schema(db, texts):
    db.execute("PRAGMA writable_schema = 1")
    db.executemany("UPDATE sqlite_master SET sql = ? WHERE name = ?", texts)
    db.execute("PRAGMA writable_schema = RESET")


@pytest.fixture(scope="session")
def loosened(path):
    """The history without guards and conditions."""
    source, db = connect(path), connect(":memory:")
    source.backup(db)
    source.close()
    for name, sql in packaged_objects().items():
        if sql.startswith("CREATE TRIGGER"):
            db.execute(f"DROP TRIGGER {name}")
    write_schema(db, [(loose(packaged_objects()[name]), name) for name in tables()])
    yield db
    db.close()


@pytest.fixture(scope="session")
def heads(path):
    db = connect(path)
    found = db.execute(f"SELECT seal_id, head FROM {P}seal").fetchall()
    db.close()
    return [{"seal_id": seal_id, "head": head} for seal_id, head in found]


@pytest.fixture(scope="session")
def before(path):
    db = connect(path)
    assert [finding.code for finding in verify(db)] == ["run-open"]
    found = {*map(str, verify(db)), *map(str, notes(db))}
    db.close()
    return found


@cache
def columns(table):
    db = sqlite3.connect(":memory:")
    db.execute(packaged_objects()[P + table])
    found = [row[1] for row in db.execute(f"PRAGMA table_xinfo({P}{table})")]
    keys = [row[1] for row in db.execute(f"PRAGMA table_xinfo({P}{table})") if row[5]]
    db.close()
    return found, keys


def cases(table):
    names, _ = columns(table)
    changes = [(name, kind) for name in names for kind in KINDS]
    return [
        (*change, which)
        for change in (*changes, *((None, kind) for kind in ROWS))
        for which in ("first", "last")
    ]


def mutate(db, table, column, kind, which):
    """Whether the change could be made: SQLite keeps keys unique, and a rowid a number."""
    name, (names, keys) = P + table, columns(table)
    order = ", ".join(keys)
    rows = db.execute(f"SELECT {order} FROM {name} ORDER BY {order}").fetchall()
    if not rows:
        return False
    row = rows[0 if which == "first" else -1]
    where = " AND ".join(f"{key} = ?" for key in keys)
    before = db.total_changes
    try:
        if kind == "deleted":
            db.execute(f"DELETE FROM {name} WHERE {where}", row)
        elif kind in ("inserted", "doubled"):
            _insert(db, name, names, keys, where, row, kind)
        elif kind == "swapped":
            return _swap(db, name, column, keys, where, row)
        else:
            value = KINDS[kind].format(c=column)
            same = f"{column} IS {value} AND typeof({column}) = typeof({value})"
            db.execute(f"UPDATE {name} SET {column} = {value} WHERE {where} AND NOT ({same})", row)
    except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError):
        return False
    return db.total_changes > before


def _insert(db, name, names, keys, where, row, kind):
    # A copy under the next key; what must be unique of the rest differs in a character, unless it is doubled.
    unique = {"candidate_sha256", "delivery_key"} | ({"profile_id"} if "erasure" in name else set())
    values = []
    for column in names:
        if column == keys[-1]:
            values.append(f"(SELECT max({column}) + 1 FROM {name})")
        elif column in unique:
            values.append(
                f"{column} + 900" if column == "profile_id" else f"'f' || substr({column}, 2)"
            )
        elif column in ("reversal_of", "run_id") and ("delivery" in name or name.endswith("seal")):
            values.append("NULL")
        elif column == "again" and kind == "inserted":
            values.append("again + 7")
        else:
            values.append(column)
    copied = ", ".join(values)
    db.execute(
        f"INSERT INTO {name}({', '.join(names)}) SELECT {copied} FROM {name} WHERE {where}", row
    )


def _swap(db, name, column, keys, where, row):
    order = ", ".join(keys)
    (mine,) = db.execute(f"SELECT {column} FROM {name} WHERE {where}", row).fetchone()
    other = db.execute(
        f"SELECT {column}, {order} FROM {name} WHERE {column} IS NOT ? ORDER BY {order} LIMIT 1",
        (mine,),
    ).fetchone()
    if other is None or column in keys:
        return False
    # By way of a third value, where it must be unique.
    for value, key in (("between", row), (mine, other[1:]), (other[0], row)):
        db.execute(f"UPDATE {name} SET {column} = ? WHERE {where}", (value, *key))
    return True


def missed(table, some, loosened, heads, before):
    """Those of the cases of which verification says nothing new, with or without kept heads; and how many it tried."""
    found, tried = [], 0
    for column, kind, which in some:
        db = connect(":memory:")
        loosened.backup(db)
        if mutate(db, table, column, kind, which):
            tried += 1
            write_schema(db, [(packaged_objects()[name], name) for name in tables()])
            for sql in packaged_objects().values():
                if sql.startswith("CREATE TRIGGER"):
                    db.execute(sql)
            for kept in ((), heads):
                findings = verify(db, kept)
                assert {finding.code for finding in findings} <= CODES.keys()
                assert {finding.table for finding in findings} <= {None, *tables()}
                json.dumps([finding.where for finding in findings], allow_nan=False)
                # What was added after the last seal is counted, and no more can be said.
                if set(map(str, (*findings, *notes(db)))) <= before:
                    found.append((column, kind, which, bool(kept)))
        db.close()
    return found, tried


OURS = [name.removeprefix(P) for name in tables()]


@pytest.mark.parametrize("table", OURS)
def test_a_sample_of_all_changes_is_found_or_known_to_be_no_evidence(
    table, loosened, heads, before
):
    some = random.Random(table).sample(cases(table), SAMPLE)
    found, _ = missed(table, some, loosened, heads, before)
    assert [one for one in found if not is_undetectable(table, one[0], one[2])] == []


@pytest.mark.slow
@pytest.mark.parametrize("table", OURS)
def test_every_change_is_found_or_known_to_be_no_evidence(table, loosened, heads, before):
    found, tried = missed(table, cases(table), loosened, heads, before)
    assert tried or table in UNDETECTABLE
    assert [one for one in found if not is_undetectable(table, one[0], one[2])] == []


def test_every_reason_for_what_cannot_be_noticed_names_a_table_or_a_column_of_ours():
    for name in (*UNDETECTABLE, *UNDER_WAY):
        table, _, column = name.partition(".")
        assert table in OURS
        assert not column or column in columns(table)[0]


def test_the_docs_say_what_cannot_be_noticed_and_why():
    page = Path(__file__).parent.parent / "docs" / "verify.md"
    if not page.exists():
        pytest.skip("docs/ is in the repository")
    text = page.read_text(encoding="utf-8")
    found = dict(re.findall(r"^\| `am_personalization_([a-z_.]+)` \| (.*) \|$", text, re.MULTILINE))
    under_way = {name: f"of a run under way: {why}" for name, why in UNDER_WAY.items()}
    assert found == {**UNDETECTABLE, **under_way}


def test_another_time_at_which_a_run_was_finished_cannot_be_noticed(loosened, heads, before):
    table, column = "run_progress", "finished_at"
    db = connect(":memory:")
    loosened.backup(db)
    db.execute(f"UPDATE {P}{table} SET {column} = '2020-01-01T00:00:00.000Z' WHERE run_id = 1")
    write_schema(db, [(packaged_objects()[name], name) for name in tables()])
    for sql in packaged_objects().values():
        if sql.startswith("CREATE TRIGGER"):
            db.execute(sql)
    assert set(map(str, (*verify(db, heads), *notes(db)))) == before
    db.close()
