"""The log and the evidence are append-only for DML from any connection, whatever its settings.

Every attack is first shown to work where the guards are gone, so that none is refused for another reason.
"""

import sqlite3
from contextlib import closing
from typing import NamedTuple

import pytest

from sqlite_utils_personalization.schema import migrate

H = "0123456789abcdef" * 4
OTHER = H[::-1]
LOG = "am_personalization_recommendation_log"


class Table(NamedTuple):
    """A row that is there, another that may be added, and the unique keys."""

    columns: str
    there: tuple
    other: tuple
    keys: tuple

    def row(self, key=()):
        """The other row, with the columns of key as in the one that is there."""
        names = self.columns.split()
        return {
            name: there if name in key else other
            for name, there, other in zip(names, self.there, self.other, strict=True)
        }


GUARDED = {
    LOG: Table(
        "rec_id profile_id recommendation_type score served_at",
        (1, 1, "program", 50, "x"),
        (2, 2, "amendment", 9, "y"),
        (("rec_id",),),
    ),
    "am_personalization_log_mark": Table(
        "mark_id last_rec_id given_rec_id", (1, 0, 1), (1, 1, 2), (("mark_id",),)
    ),
    "am_personalization_run": Table(
        "run_id as_of again model_json model_sha256 package_version top_k served_at started_at"
        " salt customers_sha256 candidates_sha256 served_sha256 delivery_end feedback_end profiles rejected counts_json"
        " left_out_json",
        (1, "2026-04-01", 0, "{}", H, "1", 10, "x", "x", H, H, H, H, None, 0, 2, 0, "{}", "{}"),
        (
            2,
            "2026-04-02",
            1,
            "[]",
            OTHER,
            "2",
            11,
            "y",
            "y",
            OTHER,
            OTHER,
            OTHER,
            OTHER,
            4,
            None,
            3,
            1,
            "[]",
            "[]",
        ),
        (("run_id",), ("as_of", "model_sha256", "top_k", "again")),
    ),
    "am_personalization_cohort": Table(
        "cohort_id industries prefecture horizon_days risk_level",
        (1, None, "東京都", None, "low"),
        (2, "A", None, 30, None),
        (("cohort_id",), ("industries", "prefecture", "horizon_days", "risk_level")),
    ),
    "am_personalization_candidate": Table(
        "candidate_id candidate_sha256 recommendation_type item_id title industries prefectures why rolling family"
        " family_name",
        (1, H, "program", "a", "A", "any", "nationwide", "{}", None, None, None),
        (2, OTHER, "amendment", "b", "B", "A", "東京都", "[]", 1, "東京都@|名", "名"),
        (("candidate_id",), ("candidate_sha256",)),
    ),
    "am_personalization_run_candidate": Table(
        "run_id candidate_id", (1, 1), (1, 2), (("run_id", "candidate_id"),)
    ),
    "am_personalization_list": Table(
        "list_id run_id cohort_id profile_id list_sha256",
        (1, 1, 1, None, H),
        (2, 1, 2, 2, OTHER),
        (("list_id",), ("run_id", "cohort_id", "profile_id")),
    ),
    "am_personalization_decision": Table(
        "list_id seq candidate_id industry_points deadline_points risk_points score",
        (1, 1, 1, 50, 0, 0, 50),
        (1, 2, 2, 0, 9, 0, 9),
        (("list_id", "seq"),),
    ),
    "am_personalization_evidence": Table(
        "first_rec_id n list_id first_seq", (1, 1, 1, 1), (2, 2, 2, 2), (("first_rec_id",),)
    ),
    "am_personalization_unserved": Table(
        "run_id profile_id cohort_id reason due_json",
        (1, 1, 1, None, None),
        (1, 2, None, "not JSON", "[]"),
        (("run_id", "profile_id"),),
    ),
    "am_personalization_seal": Table(
        "seal_id origin run_id first_rec_id last_rec_id log_end leaves root manifest_json subtree tree_root",
        (1, "log", 1, 1, 1, 1, 1, H, "{}", H, H),
        (2, "gol", 2, 2, 2, 2, 2, OTHER, "[]", OTHER, OTHER),
        (("seal_id",), ("run_id",)),
    ),
    "am_personalization_delivery": Table(
        "delivery_id delivery_key rec_id channel slot delivered_at recorded_at status unit_price_yen reversal_of"
        " charge_key",
        (1, H, 1, "rest", "2026-07-22", "x", "x", 200, 3, 1, H),
        (2, OTHER, 2, "mcp", "2026-07-23", "y", "y", 201, 4, 2, OTHER),
        (("delivery_id",), ("delivery_key",), ("reversal_of",), ("charge_key",)),
    ),
    "am_personalization_erasure": Table(
        "erasure_id profile_id erased_at legal_basis log_rows",
        (1, 1, "x", "objection", 5),
        (2, 2, "y", "consent_withdrawn", 6),
        (("erasure_id",), ("profile_id",)),
    ),
    "am_personalization_rotation": Table(
        "rotation_id profile_id rotated_at proof",
        (1, 1, "x", H),
        (2, 2, "y", OTHER),
        (("rotation_id",),),
    ),
    "am_personalization_feedback": Table(
        "feedback_id profile_id recommendation_type item_id feedback family opens_on closes_on given_at",
        (1, 1, "program", "a", "dismissed", None, None, "2026-07-22", "x"),
        (2, 2, "amendment", "b", "interested", "東京都@|名", "2026-07-22", None, "y"),
        (("feedback_id",),),
    ),
    "am_personalization_identity": Table(
        "identity_id profile_id commitment bound_at",
        (1, 1, H, "x"),
        (2, 2, OTHER, "y"),
        (("identity_id",),),
    ),
    "am_personalization_verification": Table(
        "verification_id verified_at package_version log_end covered_rows seal_id tree_root kept kept_seal_id seconds"
        " findings findings_json",
        (1, "x", "1", 5, 5, 1, H, "none", None, 0, 0, "{}"),
        (2, "y", "2", 6, 6, 2, OTHER, "agree", 1, 1, 1, "[]"),
        (("verification_id",),),
    ),
    "am_personalization_shadow": Table(
        "shadow_id run_id model_json model_sha256 top_k package_version started_at finished_at list_count row_count"
        " counts_json lists_sha256 served_sha256",
        (1, 1, "{}", H, 10, "1", "x", "x", 1, 5, "{}", H, H),
        (2, 2, "[]", OTHER, 11, "2", "y", "y", 2, 6, "[]", OTHER, OTHER),
        (("shadow_id",), ("run_id",)),
    ),
    "am_personalization_shadow_list": Table(
        "shadow_list_id shadow_id cohort_id profile_id list_sha256",
        (1, 1, 1, None, H),
        (2, 1, 2, 2, OTHER),
        (("shadow_list_id",), ("shadow_id", "cohort_id", "profile_id")),
    ),
    "am_personalization_shadow_decision": Table(
        "shadow_list_id seq candidate_id industry_points deadline_points risk_points score",
        (1, 1, 1, 50, 0, 0, 50),
        (1, 2, 2, 0, 9, 0, 9),
        (("shadow_list_id", "seq"),),
    ),
    "am_personalization_shadow_served": Table(
        "shadow_id position profile_id shadow_list_id first_seq n",
        (1, 1, None, 1, 1, 5),
        (1, 2, 2, 2, 2, 6),
        (("shadow_id", "position"),),
    ),
}
MUTABLE = {
    "am_personalization_profile",
    "am_personalization_run_progress",
    "am_personalization_run_customer",
    # destroyed by an erasure
    "am_personalization_identity_salt",
    "am_personalization_other_hash",
    "am_personalization_billing_key",
    "am_personalization_saved_search",
    # derived, and replaced as a whole
    "am_personalization_reconciliation",
    "am_personalization_reconciled",
}
# Unique keys over expressions, as ON CONFLICT has to call them.
EXPRESSIONS = {
    ("industries", "prefecture", "horizon_days", "risk_level"): "coalesce(industries, ''),"
    " coalesce(prefecture, ''), coalesce(horizon_days, 0), coalesce(risk_level, '')",
    ("run_id", "cohort_id", "profile_id"): "run_id, cohort_id, coalesce(profile_id, 0)",
    ("shadow_id", "cohort_id", "profile_id"): "shadow_id, cohort_id, coalesce(profile_id, 0)",
}
# One row at most.
SINGLE = "am_personalization_log_mark"
# A segment of events is sealed up to a number, so that none may be added below it.
ASCENDING = {
    "am_personalization_delivery": "delivery_id",
    "am_personalization_erasure": "erasure_id",
    "am_personalization_rotation": "rotation_id",
    "am_personalization_feedback": "feedback_id",
    "am_personalization_identity": "identity_id",
    "am_personalization_verification": "verification_id",
    "am_personalization_shadow": "shadow_id",
}
KEYS = [(table, key) for table in GUARDED for key in GUARDED[table].keys]
NUMBERED = [
    (table, key[0])
    for table, key in KEYS
    if len(key) == 1 and GUARDED[table].columns.startswith(key[0]) and table != SINGLE
]
# Evidence is numbered as the log is.
ROOM = [(table, number) for table, number in NUMBERED if number != "first_rec_id"]


def insert(conn, table, row, verb="INSERT", tail=""):
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    conn.execute(f"{verb} INTO {table} ({names}) VALUES ({marks}) {tail}", [*row.values()])


def rows(conn, table):
    return conn.execute(f"SELECT * FROM {table}").fetchall()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    path = tmp_path_factory.mktemp("guards") / "jpcite.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        for profile_id, user_token_hash in ((1, H), (2, OTHER)):
            profile = {"profile_id": profile_id, "user_token_hash": user_token_hash}
            insert(conn, "am_personalization_profile", profile)
        for table, (columns, there, _, _) in GUARDED.items():
            insert(conn, table, dict(zip(columns.split(), there, strict=True)))
        conn.commit()
        yield conn


@pytest.fixture(params=("off", "on"), ids=("recursive_triggers=off", "recursive_triggers=on"))
def conn(filled, request):
    """A bare connection, as any program opens one."""
    with closing(sqlite3.connect(":memory:")) as conn:
        filled.backup(conn)
        conn.execute(f"PRAGMA recursive_triggers = {request.param}")
        yield conn


@pytest.fixture
def unguarded(filled):
    with closing(sqlite3.connect(":memory:")) as conn:
        filled.backup(conn)
        for (name,) in conn.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        yield conn


def replace(conn, table, key):
    insert(conn, table, GUARDED[table].row(key), "REPLACE")


def insert_or_replace(conn, table, key):
    insert(conn, table, GUARDED[table].row(key), "INSERT OR REPLACE")


def replace_from_select(conn, table, key):
    row = GUARDED[table].row(key)
    conn.execute(
        f"REPLACE INTO {table} ({', '.join(row)}) SELECT {', '.join('?' * len(row))}",
        [*row.values()],
    )


def replace_with_text(conn, table, key):
    # SQLite turns '1' into 1 only on its way into the column.
    row = GUARDED[table].row(key)
    text = {name: str(value) if isinstance(value, int) else value for name, value in row.items()}
    insert(conn, table, text, "REPLACE")


def upsert(conn, table, key):
    other = GUARDED[table].row()
    assigned = ", ".join(f"{name} = ?" for name in other)
    row = GUARDED[table].row(key)
    conn.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
        f" ON CONFLICT ({EXPRESSIONS.get(key, ', '.join(key))}) DO UPDATE SET {assigned}",
        [*row.values(), *other.values()],
    )


REPLACEMENTS = (replace, insert_or_replace, replace_from_select, replace_with_text, upsert)


def update(conn, table, verb="UPDATE"):
    row = GUARDED[table].row()
    conn.execute(f"{verb} {table} SET {', '.join(f'{name} = ?' for name in row)}", [*row.values()])


def update_or_replace(conn, table):
    update(conn, table, "UPDATE OR REPLACE")


def delete(conn, table):
    conn.execute(f"DELETE FROM {table}")


def delete_where(conn, table):
    # Unlike a DELETE without WHERE, this one never takes SQLite's short cut.
    conn.execute(f"DELETE FROM {table} WHERE {GUARDED[table].keys[0][0]} > 0")


CHANGES = (update, update_or_replace, delete, delete_where)


def test_every_table_of_ours_is_guarded_or_known_to_be_mutable(filled):
    found = filled.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'am_*'"
    )
    assert {name for (name,) in found} == GUARDED.keys() | MUTABLE


@pytest.mark.parametrize("table", GUARDED)
def test_every_unique_key_is_attacked(filled, table):
    primary = filled.execute("SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,))
    declared = {", ".join(name for (name,) in primary)}
    for name, sql in filled.execute(
        "SELECT i.name, m.sql FROM pragma_index_list(?) i JOIN sqlite_master m USING (name) WHERE i.[unique]",
        (table,),
    ).fetchall():
        columns = filled.execute("SELECT name FROM pragma_index_info(?)", (name,)).fetchall()
        text = sql and " ".join(sql.partition(f"{table}(")[2].removesuffix(")").split())
        declared.add(text or ", ".join(name for (name,) in columns))
    assert declared == {EXPRESSIONS.get(key, ", ".join(key)) for key in GUARDED[table].keys}


@pytest.mark.parametrize("attack", REPLACEMENTS)
@pytest.mark.parametrize(("table", "key"), KEYS)
@pytest.mark.sampled(3, by="table")
def test_without_the_guards_an_insert_would_replace_a_row(unguarded, table, key, attack):
    attack(unguarded, table, key)
    names = GUARDED[table].columns.replace(" ", ", ")
    expected = GUARDED[table].row() if attack is upsert else GUARDED[table].row(key)
    assert unguarded.execute(f"SELECT {names} FROM {table}").fetchall() == [(*expected.values(),)]


@pytest.mark.parametrize("attack", REPLACEMENTS)
@pytest.mark.parametrize(("table", "key"), KEYS)
@pytest.mark.sampled(3, by="table")
def test_no_insert_replaces_a_row(conn, table, key, attack):
    before = rows(conn, table)
    with pytest.raises(sqlite3.IntegrityError, match=f"^{table} is append-only$"):
        attack(conn, table, key)
    assert rows(conn, table) == before


@pytest.mark.parametrize("attack", CHANGES)
@pytest.mark.parametrize("table", GUARDED)
def test_without_the_guards_a_row_could_be_changed(unguarded, table, attack):
    before = rows(unguarded, table)
    attack(unguarded, table)
    assert rows(unguarded, table) != before


@pytest.mark.parametrize("attack", CHANGES)
@pytest.mark.parametrize("table", GUARDED)
def test_no_row_is_updated_or_deleted(conn, table, attack):
    before = rows(conn, table)
    with pytest.raises(sqlite3.IntegrityError, match=f"^{table} is append-only$"):
        attack(conn, table)
    assert rows(conn, table) == before


@pytest.mark.parametrize("table", sorted(GUARDED.keys() - {SINGLE}))
def test_another_row_is_appended(conn, table):
    before = rows(conn, table)
    insert(conn, table, GUARDED[table].row())
    assert rows(conn, table)[:-1] == before
    assert len(rows(conn, table)) == 2


@pytest.mark.parametrize(("table", "number"), NUMBERED)
def test_an_automatic_number_is_the_next_one(conn, table, number):
    insert(conn, table, {**GUARDED[table].row(), number: None})
    assert conn.execute(f"SELECT {number} FROM {table}").fetchall() == [(1,), (2,)]


@pytest.mark.parametrize("refused", [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1])
@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR FAIL", "INSERT OR REPLACE"])
@pytest.mark.parametrize(("table", "number"), NUMBERED)
@pytest.mark.sampled(2, by="table")
def test_a_number_that_would_block_every_later_one_is_refused(conn, table, number, verb, refused):
    message = (
        r"rec_id must be between 1 and 2\^53$" if table == LOG else "CHECK constraint failed: "
    )
    before = rows(conn, table)
    with pytest.raises(sqlite3.IntegrityError, match=f"^{message}"):
        insert(conn, table, {**GUARDED[table].row(), number: refused}, verb)
    assert rows(conn, table) == before


def test_a_number_beyond_the_log_is_not_ignored_either(conn):
    with pytest.raises(sqlite3.IntegrityError, match=r"^rec_id must be between 1 and 2\^53$"):
        insert(conn, LOG, {**GUARDED[LOG].row(), "rec_id": -1}, "INSERT OR IGNORE")


HALF = 2**52


@pytest.mark.parametrize("refused", [HALF + 1, 2**53 - 1, 2**53])
@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"])
@pytest.mark.parametrize(("table", "number"), ROOM)
@pytest.mark.sampled(1, by="table")
def test_a_number_that_leaves_no_room_for_the_nights_to_come_is_refused(
    conn, table, number, verb, refused
):
    before = rows(conn, table)
    with pytest.raises(sqlite3.IntegrityError, match=r"at most 2\^52, or follow the one before$"):
        insert(conn, table, {**GUARDED[table].row(), number: refused}, verb)
    assert rows(conn, table) == before


@pytest.mark.parametrize(("table", "number"), ROOM)
def test_after_the_highest_number_that_may_be_named_the_automatic_ones_go_on(conn, table, number):
    insert(conn, table, {**GUARDED[table].row(), number: HALF})
    other = {**GUARDED[table].row(), number: None}
    # Whatever else has to be unique.
    for each in ("candidate_sha256", "delivery_key", "charge_key"):
        if each in other:
            other[each] = "f" * 64
    for each in ("again", "cohort_id", "profile_id", "reversal_of", "horizon_days", "run_id"):
        if each in other and each != number:
            other[each] = 7
    insert(conn, table, other)
    assert conn.execute(f"SELECT max({number}) FROM {table}").fetchone() == (HALF + 1,)


@pytest.mark.parametrize("refused", [0, -5, 2**53 + 1])
@pytest.mark.parametrize(("table", "number"), NUMBERED)
@pytest.mark.sampled(1, by="table")
def test_a_number_out_of_range_is_never_taken(conn, table, number, refused):
    with pytest.raises(sqlite3.IntegrityError):
        insert(conn, table, {**GUARDED[table].row(), number: refused})


@pytest.mark.parametrize(("table", "number"), ASCENDING.items())
def test_no_event_is_numbered_below_one_that_may_be_sealed(conn, table, number):
    other = GUARDED[table].row()
    insert(conn, table, {**other, number: 9})
    third = {
        **other,
        number: 5,
        "profile_id": 7,
        "run_id": 7,
        "delivery_key": "f" * 64,
        "reversal_of": None,
        "charge_key": None,
    }
    with pytest.raises(sqlite3.IntegrityError, match=f"^{number} must be above all before"):
        insert(conn, table, {name: value for name, value in third.items() if name in other})


@pytest.mark.parametrize("refused", [2, 3, "3", 4])
@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"])
def test_no_log_row_is_put_into_what_is_sealed(conn, verb, refused):
    seal = {**GUARDED["am_personalization_seal"].row(), "log_end": 4}
    insert(conn, "am_personalization_seal", seal)
    before = rows(conn, LOG)
    with pytest.raises(sqlite3.IntegrityError, match=r"^rec_id is in the part of the log that is"):
        insert(conn, LOG, {**GUARDED[LOG].row(), "rec_id": refused}, verb)
    assert rows(conn, LOG) == before
    insert(conn, LOG, {**GUARDED[LOG].row(), "rec_id": 5})
    insert(conn, LOG, {**GUARDED[LOG].row(), "rec_id": None})
    assert [row[0] for row in rows(conn, LOG)] == [1, 5, 6]


def test_finding_the_last_seal_reads_no_other(conn):
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT log_end FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1"
    ).fetchall()
    # Backwards, one row; older SQLites say TABLE.
    (step,) = (step[-1].replace("SCAN TABLE", "SCAN") for step in plan)
    assert step == "SCAN am_personalization_seal"


REFERENCES = {
    ("am_personalization_billing_key", "delivery_id"),
    ("am_personalization_identity_salt", "identity_id"),
    (LOG, "profile_id"),
    ("am_personalization_candidate", "profile_id"),
    ("am_personalization_run_candidate", "run_id"),
    ("am_personalization_run_candidate", "candidate_id"),
    ("am_personalization_list", "run_id"),
    ("am_personalization_list", "cohort_id"),
    ("am_personalization_list", "profile_id"),
    ("am_personalization_decision", "list_id"),
    ("am_personalization_decision", "candidate_id"),
    ("am_personalization_evidence", "list_id"),
    ("am_personalization_unserved", "run_id"),
    ("am_personalization_unserved", "cohort_id"),
    ("am_personalization_seal", "run_id"),
    ("am_personalization_run_progress", "run_id"),
    ("am_personalization_run_customer", "run_id"),
    ("am_personalization_run_customer", "list_id"),
    ("am_personalization_delivery", "reversal_of"),
    ("am_personalization_shadow", "run_id"),
    ("am_personalization_shadow_list", "shadow_id"),
    ("am_personalization_shadow_list", "cohort_id"),
    ("am_personalization_shadow_list", "profile_id"),
    ("am_personalization_shadow_decision", "shadow_list_id"),
    ("am_personalization_shadow_decision", "candidate_id"),
    ("am_personalization_shadow_served", "shadow_id"),
    ("am_personalization_shadow_served", "shadow_list_id"),
}


def references(conn):
    sql = """SELECT m.name, f."from", f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f"""
    return conn.execute(sql).fetchall()


def test_the_evidence_refers_to_itself_and_to_profiles_but_never_to_the_log(filled):
    assert {(table, column) for table, column, _ in references(filled)} == REFERENCES
    assert LOG not in {parent for _, _, parent in references(filled)}


@pytest.mark.parametrize(
    ("table", "column"), sorted(reference for reference in REFERENCES if reference[0] in GUARDED)
)
def test_a_reference_that_leads_nowhere_is_refused_where_foreign_keys_are_on(conn, table, column):
    # Only its parents: a parent that comes after its child would make up for the reference that is missing.
    for parent in {
        parent for child, _, parent in references(conn) if child == table != parent
    } & GUARDED.keys():
        insert(conn, parent, GUARDED[parent].row())
    conn.commit()
    conn.execute("PRAGMA foreign_keys = on")
    with pytest.raises(sqlite3.IntegrityError, match=r"^FOREIGN KEY constraint failed$"):
        insert(conn, table, {**GUARDED[table].row(), column: 99})
