"""Every column of every table of ours, changed in every way behind the guards' back: found, or known to be no evidence.

A plain run tries a sample; with --run-slow every change is tried.
"""

import json
import random
import re
import sqlite3
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import pytest
from receipt_fixtures import AMENDMENT, DISMISSED, MARKED
from scored import NIGHTS, OTHERS, P, connect, execute

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.codes import CODES
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.verification import keep, reached, verification
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.evidence.seal import head_of, seal_events, seal_others
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.identity import commitment
from sqlite_utils_personalization.preferences.rotation import rotate
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.schema.state import packaged_objects, tables
from sqlite_utils_personalization.scoring import log
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
    "one less, or as long": "CASE typeof({c}) WHEN 'integer' THEN {c} - 1 ELSE substr({c}, 2) || substr({c}, 1, 1) END",
    "swapped": None,
}
ROWS = ("deleted", "inserted", "doubled")


# There are none here.
DERIVED = ("reconciliation", "reconciled")
OTHER_HASH = (
    "other_hash",
    "other_hash.profile_id",
    "other_hash.key_hash",
    "other_hash.replaced_at",
)


RELATIONS = (
    "saved_search",
    "saved_search.profile_id",
    "saved_search.search_id",
    "saved_search.number",
    "billing_key",
    "billing_key.billing_key",
    "billing_key.delivery_id",
)


class Unnoticed(NamedTuple):
    """Why a change cannot be noticed in principle, and which: the kinds, and whether of the last row alone."""

    why: str
    kinds: tuple[str, ...] = (*KINDS, *ROWS)
    rows: tuple[str, ...] = ("first", "last")


# By table and column, or by table for rows that come and go. The last customer here came since the last night, the last
# run is under way, and the first salt is of a key that was replaced.
UNDETECTABLE = {
    "profile": Unnoticed(
        "a customer may come, and go as long as nothing refers to one", rows=("last",)
    ),
    "profile.profile_id": Unnoticed("of a customer to whom nothing refers yet", rows=("last",)),
    "profile.user_token_hash": Unnoticed(
        "of a customer who is not bound yet, or was erased: nothing says whose key it is",
        rows=("last",),
    ),
    "profile.preference_json": Unnoticed(
        "customers change it as they like; what a night read of it is in the evidence"
    ),
    "profile.created_at": Unnoticed("other programs write it, and nothing follows from it"),
    "profile.last_updated_at": Unnoticed("other programs write it, and nothing follows from it"),
    "log_mark": Unnoticed(
        "removed: it only excuses what is missing, and then excuses nothing", ("deleted",)
    ),
    "log_mark.last_rec_id": Unnoticed(
        "of an earlier row: it only counts until the log is given its next number",
        ("one less, or as long",),
    ),
    "log_mark.given_rec_id": Unnoticed(
        "below the first row of a night: numbers whose rows were deleted before 900 stand nowhere else",
        ("one more", "one less, or as long"),
    ),
    "identity_salt.salt": Unnoticed(
        "of a key that was replaced, or of a profile that is gone: nothing holds its hash any more",
        ("one less, or as long",),
        ("first",),
    ),
    **{
        name: Unnoticed(
            "notes of keys: what a night took them for is in the evidence, and the present key is bound"
        )
        for name in OTHER_HASH
    },
    **{
        name: Unnoticed(
            "relates rows of other programs to a customer, and nothing that is kept follows from it"
        )
        for name in RELATIONS
    },
    **{
        name: Unnoticed("derived from deliveries and bills, and replaced as a whole")
        for name in DERIVED
    },
    "run_progress.finished_at": Unnoticed(
        "when a run was finished is told by nothing else, so another time may stand there",
        ("swapped",),
    ),
    "run.package_version": Unnoticed(
        "of a run under way: nothing of the run follows from it", rows=("last",)
    ),
    "run.top_k": Unnoticed(
        "of a run under way: a greater one changes nothing where no list is full", rows=("last",)
    ),
}


def is_undetectable(table, column, kind, which):
    found = UNDETECTABLE.get(f"{table}.{column}" if column else table)
    # What is added comes last.
    which = "last" if kind in ("inserted", "doubled") else which
    return found is not None and kind in found.kinds and which in found.rows


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    """Two sealed nights, rows of another program, some from before 900, deliveries and feedback that the second night
    spares repeats of, rotations, erasures, a night that is under way, and a customer who came since.
    """
    path = tmp_path_factory.mktemp("mutations") / "jpcite.db"
    build(path)
    _marked(path)
    db = connect(path)
    db.execute(AMENDMENT)
    other = path.with_name("other.json")
    weights = {"industry": 30, "deadline": 50, "risk": 20}
    other.write_text(json.dumps(load_model().constants | {"weights": weights}), encoding="utf-8")
    for night in NIGHTS:
        execute(path, OTHERS)
        score(path, as_of=night, shadow=other)
        if night == NIGHTS[0]:
            _hand_over(db)
    (torn,) = db.execute(
        f"SELECT count(*) FROM {P}evidence e JOIN {P}list USING (list_id) WHERE run_id = 2 AND first_seq > 1"
    ).fetchone()
    assert torn > 2
    for number in (1, 2):
        rotate(db, f"example-key-{number}".encode(), f"another-{number}".encode())
    for _ in range(2):
        keep(db, verification(reached(db), [], [], monotonic()))
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
    db.execute(f"INSERT INTO {P}profile(user_token_hash) VALUES (?)", ("e" * 64,))
    db.close()
    return path


def _hand_over(db):
    """What came of the first night: deliveries, one of them taken back, and what customer 3 said."""
    delivery = f"INSERT INTO {P}delivery VALUES (?, ?, ?, 'rest', '1', ?, ?, 200, 3, ?, NULL)"
    at = f"{NIGHTS[0]}T03:00:00.000Z"
    programs = db.execute(
        f"SELECT rec_id FROM {LOG} WHERE profile_id = 3 AND recommendation_type = 'program' ORDER BY 1"
    ).fetchall()
    for number, (rec_id,), back in (
        (1, (1,), None),
        (2, (2,), None),
        (3, (2,), 2),
        (4, programs[1], None),
    ):
        db.execute(delivery, (number, f"{number:064x}", rec_id, at, at, back))
        db.execute(
            f"INSERT INTO {P}billing_key(billing_key, delivery_id) VALUES (?, ?)",
            (f"{number:064d}", number),
        )
    for said in DISMISSED, MARKED:
        db.execute(said)


def _marked(path):
    """Apply 900 and 901 anew, to a log that had rows before, and lost some of them."""
    db = connect(path)
    for name in ("901_personalization_events", "900_personalization_evidence"):
        script = files("sqlite_utils_personalization.schema").joinpath(f"{name}_rollback.sql")
        db.executescript(script.read_text(encoding="utf-8"))
    for _ in range(5):
        db.execute(OTHERS)
    db.execute(f"DELETE FROM {LOG} WHERE rec_id > 3")
    db.close()
    migrate(path)


def _interrupt(path):
    def stop(stage, done, total):
        if stage == "Logging" and done == 3:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(log, "CHUNK_CUSTOMERS", 1)
        score(path, as_of="2026-04-09", progress=stop)


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
    found = db.execute(f"SELECT origin, seal_id, tree_root FROM {P}seal").fetchall()
    db.close()
    return [head_of(*seal) for seal in found]


@pytest.fixture(scope="session")
def before(path):
    db = connect(path)
    assert [finding.code for finding in verify(db)] == ["run-open"]
    found = {*map(str, verify(db)), *map(str, remarks(db))}
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
    unique = {"candidate_sha256", "delivery_key", "user_token_hash"} | (
        {"profile_id"} if "erasure" in name else set()
    )
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
                if set(map(str, (*findings, *remarks(db)))) <= before:
                    found.append((column, kind, which, bool(kept)))
        db.close()
    return found, tried


OURS = [name.removeprefix(P) for name in tables()]


@pytest.mark.parametrize("table", OURS)
@pytest.mark.sampled(6)
def test_a_sample_of_all_changes_is_found_or_known_to_be_no_evidence(
    table, loosened, heads, before
):
    some = random.Random(table).sample(cases(table), SAMPLE)
    found, _ = missed(table, some, loosened, heads, before)
    assert [one for one in found if not is_undetectable(table, *one[:3])] == []


@pytest.mark.slow
@pytest.mark.parametrize("table", OURS)
def test_every_change_is_found_or_known_to_be_no_evidence(table, loosened, heads, before):
    found, tried = missed(table, cases(table), loosened, heads, before)
    assert tried or table in DERIVED
    assert [one for one in found if not is_undetectable(table, *one[:3])] == []


def test_every_reason_for_what_cannot_be_noticed_names_a_table_or_a_column_of_ours():
    for name in UNDETECTABLE:
        table, _, column = name.partition(".")
        assert table in OURS
        assert not column or column in columns(table)[0]


def test_the_docs_say_what_cannot_be_noticed_and_why():
    page = Path(__file__).parent.parent / "docs" / "verify.md"
    if not page.exists():
        pytest.skip("docs/ is in the repository")
    text = page.read_text(encoding="utf-8")
    found = dict(re.findall(r"^\| `am_personalization_([a-z_.]+)` \| (.*) \|$", text, re.MULTILINE))
    assert found == {name: unnoticed.why for name, unnoticed in UNDETECTABLE.items()}
    assert ("in ten ways" in text, len(KINDS)) == (True, 10)


def new_findings(path, heads, before, *statements):
    """What a change that no guard forbids adds to the findings."""
    source, db = connect(path), connect(":memory:")
    source.backup(db)
    source.close()
    for statement in statements:
        db.execute(statement)
    found = [finding for finding in verify(db, heads) if str(finding) not in before]
    db.close()
    return [(finding.code, finding.table, finding.rowid) for finding in found]


def test_another_time_at_which_a_run_was_finished_cannot_be_noticed(path, heads, before):
    change = f"UPDATE {P}run_progress SET finished_at = '2020-01-01T00:00:00.000Z' WHERE run_id = 1"
    assert new_findings(path, heads, before, change) == []


@pytest.mark.parametrize("number", range(1, 10))
def test_another_key_is_noticed_of_every_customer_but_who_was_erased_or_is_not_bound_yet(
    path, heads, before, number
):
    change = f"UPDATE {P}profile SET user_token_hash = '{'d' * 64}' WHERE profile_id = {number}"
    expected = [("identity-changed", f"{P}profile", number)] if number not in (6, 7, 9) else []
    assert new_findings(path, heads, before, change) == expected


def test_a_key_that_was_bound_anew_without_a_rotation_is_noticed(path, heads, before):
    salt, key = "c" * 64, "d" * 64
    found = new_findings(
        path,
        heads,
        before,
        f"UPDATE {P}profile SET user_token_hash = '{key}' WHERE profile_id = 3",
        f"INSERT INTO {P}identity VALUES (99, 3, '{commitment(salt, 3, key)}', '2026-04-09T00:00:00.000Z')",
        f"INSERT INTO {P}identity_salt VALUES (99, '{salt}')",
    )
    assert found == [("identity-changed", f"{P}profile", 3)]


def test_a_salt_of_an_erased_customer_is_noticed(path, heads, before):
    change = f"INSERT INTO {P}identity_salt VALUES (6, '{'c' * 64}')"
    expected = [("salt-left", f"{P}identity_salt", 6)]
    assert new_findings(path, heads, before, change) == expected


def test_a_salt_that_was_destroyed_without_erasing_is_noticed(path, heads, before):
    for number, expected in (
        (1, ("row-missing", f"{P}identity_salt", 1)),
        (3, ("identity-changed", f"{P}profile", 3)),
    ):
        change = f"DELETE FROM {P}identity_salt WHERE identity_id = {number}"
        assert new_findings(path, heads, before, change) == [expected]
