"""What can hang on a database of ours, or be done to its file: each is found and named by its place."""

import json
import re
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from scored import OTHERS, P, connect, history, in_memory, tamper_behind_the_guards
from sqlite_utils.utils import sqlite3

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify import grouped
from sqlite_utils_personalization.audit.verify.codes import CHECKS, CODES, KINDS, REMARKS
from sqlite_utils_personalization.audit.verify.contents import check_indexes
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.commands.verify import verify as command
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.seal import seal_events, seal_others, seal_run
from sqlite_utils_personalization.evidence.served import served_of_run
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.schema.state import packaged_objects, tables
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.transaction import transaction

# How these attacks write to the schema, or drop a column, takes a newer SQLite; what is found of them does not.
REWRITES = pytest.mark.skipif(
    sqlite3.sqlite_version_info < (3, 35), reason="needs SQLite 3.35 for the attack itself"
)

LOG = f"{P}recommendation_log"
EVERY_TABLE = sorted({*tables()} - {f"{P}profile"})


@pytest.fixture
def db():
    db = in_memory()
    yield db
    db.close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


def codes(db):
    return [group.code for group in grouped(verify(db))]


def only(db, code):
    return [finding for finding in verify(db) if finding.code == code]


def rewrite(db, name, change, *statements):
    """Change the text of an object in sqlite_master, run the statements under it, and keep what it reads then."""
    text = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    write_schema(db, name, change(text))
    for statement in statements:
        db.execute(statement)
    return text


def write_schema(db, name, text):
    db.execute("PRAGMA writable_schema = 1")
    db.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (text, name))
    db.execute("PRAGMA writable_schema = RESET")


def run(*arguments):
    return CliRunner().invoke(command, list(map(str, arguments)))


# 1: what is ours, and what hangs on it


@pytest.mark.parametrize("table", EVERY_TABLE)
@pytest.mark.sampled(6)
def test_a_strangers_trigger_on_any_table_of_ours_is_found_however_its_name_is_written(db, table):
    db.execute(f'CREATE TRIGGER zz AFTER INSERT ON "{table.upper()}" BEGIN SELECT 1; END')
    (finding,) = verify(db)
    assert (finding.code, finding.where) == ("stranger-trigger", {"table": table})
    assert finding.what == f"zz is a trigger on {table} that we did not make"


@pytest.mark.parametrize("table", EVERY_TABLE)
@pytest.mark.sampled(6)
def test_a_strangers_index_on_any_table_of_ours_but_the_profiles_is_found(db, table):
    (column,) = db.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()
    db.execute(f"CREATE INDEX ZZ ON [{table.upper()}]({column})")
    assert [(f.code, f.where) for f in verify(db)] == [("stranger-index", {"table": table})]


def test_other_programs_may_index_profiles_and_keep_their_own_books_on_them(db):
    db.execute(f"CREATE INDEX theirs ON {P}profile(created_at)")
    db.execute("CREATE TABLE theirs_log(profile_id)")
    db.execute(
        f"CREATE TRIGGER theirs_new AFTER INSERT ON {P}profile"
        " BEGIN INSERT INTO theirs_log VALUES (new.profile_id); END"
    )
    assert verify(db) == []


@pytest.mark.parametrize("on", (f"{P}profile", "programs"))
def test_a_trigger_elsewhere_that_writes_to_the_evidence_is_found(db, on):
    db.execute(
        f"CREATE TRIGGER zz AFTER UPDATE ON {on} BEGIN DELETE FROM {P.upper()}run_customer; END"
    )
    (finding,) = verify(db)
    assert (finding.code, finding.table) == ("stranger-trigger", f"{P}run_customer")


def test_a_trigger_whose_row_says_it_is_on_another_table_is_found_by_its_text(db):
    db.execute(f"CREATE TRIGGER zz AFTER INSERT ON {P}run_progress BEGIN SELECT 1; END")
    db.execute("PRAGMA writable_schema = 1")
    db.execute("UPDATE sqlite_master SET tbl_name = 'programs', type = 'view' WHERE name = 'zz'")
    assert ("stranger-trigger", f"{P}run_progress") in {(f.code, f.table) for f in verify(db)}


def test_an_object_of_ours_under_another_spelling_of_its_name_is_not_missing(db):
    name = "am_personalization_seal_no_update"
    db.execute(f"DROP TRIGGER {name}")
    db.execute(packaged_objects()[name].replace(name, name.upper()))
    assert [(f.code, f.what) for f in verify(db)] == [
        ("object-changed", f"{name} is not the packaged one")
    ]


REBUILT = {
    "a collation": lambda sql: sql.replace(
        "recommendation_type TEXT", "recommendation_type TEXT COLLATE NOCASE"
    ),
    "a type": lambda sql: sql.replace("score INTEGER", "score BLOB"),
    "a dropped CHECK": lambda sql: sql.replace(" CHECK (score BETWEEN 0 AND 100)", ""),
    "a dropped NOT NULL": lambda sql: sql.replace(
        "profile_id INTEGER NOT NULL", "profile_id INTEGER"
    ),
    "another text in a condition": lambda sql: sql.replace("'program'", "'Program'"),
    "a dropped reference": lambda sql: re.sub(r" REFERENCES \w+\(\w+\)", "", sql),
}


@pytest.mark.parametrize("what", REBUILT)
def test_a_log_rebuilt_in_another_way_is_found(db, what):
    text = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (LOG,)).fetchone()[0]
    assert REBUILT[what](text) != text
    write_schema(db, LOG, REBUILT[what](text))
    assert ("object-changed", LOG) in {(f.code, f.table) for f in verify(db)}


BESIDE = {
    "nothing else": (),
    "a row that says something else": (
        f"UPDATE {LOG} SET served_at = served_at || 'x' WHERE rec_id = (SELECT max(first_rec_id) FROM {P}evidence)",
    ),
    "a run that is gone": (f"DELETE FROM {P}run",),
    "a range that is too long": (
        f"UPDATE {P}evidence SET n = n + 1 WHERE first_rec_id = (SELECT max(first_rec_id) FROM {P}evidence)",
    ),
    "a place that stands before the first": (
        "PRAGMA ignore_check_constraints = 1",
        f"UPDATE {P}decision SET seq = 0 WHERE seq = 1",
    ),
}


@pytest.mark.parametrize("beside", BESIDE)
def test_a_float_in_the_log_is_found_whatever_stands_beside_it(db, beside):
    (first,) = db.execute(f"SELECT min(first_rec_id) FROM {P}evidence WHERE n > 1").fetchone()
    as_float = f"UPDATE {LOG} SET score = score + 0.0 WHERE rec_id = {first + 1}"
    write_schema(db, LOG, REBUILT["a type"](packaged_objects()[LOG]).replace("IF NOT EXISTS ", ""))
    # An older SQLite reads a schema that was written so in a new connection only.
    with closing(connect(":memory:")) as copy:
        db.backup(copy)
        tamper_behind_the_guards(copy, as_float, *BESIDE[beside])
        row = copy.execute(f"SELECT typeof(score) FROM {LOG} WHERE rec_id = {first + 1}").fetchone()
        assert row == ("real",)
        assert [f.rec_id for f in only(copy, "log-row-changed")].count(first + 1) == 1


def test_rows_of_customers_with_huge_numbers_are_all_named(db):
    first, n = db.execute(f"SELECT first_rec_id, n FROM {P}evidence WHERE n > 2").fetchone()
    (last,) = db.execute(f"SELECT max(first_rec_id) FROM {P}evidence").fetchone()
    tamper_behind_the_guards(
        db,
        f"UPDATE {LOG} SET profile_id = {2**62} WHERE rec_id BETWEEN {first} AND {first + n - 1}",
        f"UPDATE {LOG} SET score = score - 1 WHERE rec_id = {last}",
    )
    assert ("log-row-changed", last) in {(f.code, f.rec_id) for f in verify(db)}
    assert "log" not in {
        f.what.split(" check")[0].split()[-1] for f in only(db, "check-unfinished")
    }


def test_an_added_column_of_the_log_or_the_profiles_is_found(db):
    for name in (LOG, f"{P}profile"):
        db.execute(f"ALTER TABLE {name} ADD COLUMN note")
    assert [(f.code, f.table) for f in verify(db)] == [
        ("object-changed", f"{P}profile"),
        ("object-changed", LOG),
    ]


def test_other_programs_may_lay_out_287_in_their_own_way(db):
    def laid_out(sql):
        sql = re.sub(r"\s+", "\n", re.sub(r"--[^\n]*", "", sql))
        sql = sql.replace("INTEGER", "integer").replace(
            "NOT\nNULL", "not /* never */ null -- nothing\n"
        )
        return sql.replace("profile_id\n", '"Profile_ID"\n').replace("score\n", "[score]\n")

    for name in (LOG, f"{P}profile"):
        write_schema(db, name, laid_out(packaged_objects()[name]))
    assert verify(db) == []


def test_the_older_view_of_287_is_said_and_is_no_fault(db):
    db.execute("DROP VIEW v_personalization_recent_recs")
    db.execute(
        f"CREATE VIEW v_personalization_recent_recs AS SELECT * FROM {LOG} ORDER BY profile_id"
    )
    assert verify(db) == []
    assert [note.code for note in remarks(db) if note.code == "view-not-packaged"]


# 2: what indexes hold


@REWRITES
def test_an_index_made_again_with_a_where_whose_text_was_put_back_is_found(db):
    name = "idx_am_pers_rec_profile_served"
    db.execute(f"DROP INDEX {name}")
    db.execute(packaged_objects()[name] + " WHERE profile_id <> 3")
    write_schema(db, name, packaged_objects()[name])
    found = only(db, "index-wrong")
    assert {finding.table for finding in found} == {LOG}
    assert any(finding.rowid for finding in found)
    assert len(found) <= 101


@REWRITES
def test_a_sqlite_that_checks_whole_files_only_names_what_is_wrong_of_ours_alone(db):
    name = "idx_am_pers_rec_profile_served"
    db.execute("CREATE TABLE theirs(a)")
    db.execute("INSERT INTO theirs VALUES (1), (2)")
    db.execute("CREATE INDEX theirs_a ON theirs(a) WHERE a > 1")
    write_schema(db, "theirs_a", "CREATE INDEX theirs_a ON theirs(a)")
    assert list(check_indexes(db, (3, 31, 0))) == []
    db.execute(f"DROP INDEX {name}")
    db.execute(packaged_objects()[name] + " WHERE profile_id <> 3")
    write_schema(db, name, packaged_objects()[name])
    found = list(check_indexes(db, (3, 31, 0)))
    assert {finding.code for finding in found} == {"index-wrong"}
    assert all(name in finding.what for finding in found)


@REWRITES
def test_two_indexes_whose_pages_were_swapped_are_found(db):
    one, other = "idx_am_pers_rec_profile_served", "idx_am_pers_rec_type_score"
    pages = dict(db.execute("SELECT name, rootpage FROM sqlite_master"))
    db.execute("PRAGMA writable_schema = 1")
    for name, page in ((one, pages[other]), (other, pages[one])):
        db.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (page, name))
    db.execute("PRAGMA writable_schema = RESET")
    assert "index-wrong" in codes(db)


@REWRITES
def test_the_index_that_keeps_a_customers_hash_is_checked_too(db):
    name = "idx_am_personalization_profile_token"
    db.execute(f"DROP INDEX {name}")
    db.execute(packaged_objects()[name] + " WHERE profile_id <> 3")
    write_schema(db, name, packaged_objects()[name])
    assert {finding.table for finding in only(db, "index-wrong")} == {f"{P}profile"}


# 3: what is stored beside a model


@REWRITES
@pytest.mark.parametrize(
    "column", ("industry_weight", "deadline_weight", "urgent_days", "program_cap")
)
@pytest.mark.parametrize("value", ("0", "'x'", "NULL", "x'00'"))
@pytest.mark.sampled(4)
def test_a_stored_generated_column_of_a_run_is_held_against_its_model(db, column, value):
    name = f"{P}run"
    plain = re.compile(r" AS \(json_extract\(.*?\)\) STORED")
    for guard in guards(db):
        db.execute(f"DROP TRIGGER {guard}")
    text = rewrite(
        db,
        name,
        lambda sql: plain.sub("", sql),
        f"UPDATE {name} SET {column} = {value} WHERE run_id = 2",
    )
    write_schema(db, name, text)
    tamper_behind_the_guards(db)
    (finding,) = only(db, "model-column-changed")
    assert finding.run_id == 2
    assert finding.what == f"{column} of run 2 is not what its model says"


# 4: every row is in a seal, or named


@pytest.mark.parametrize("number", (0, -5, 2**53 + 1))
def test_a_number_that_no_seal_reaches_is_found(db, number):
    db.execute("PRAGMA ignore_check_constraints = 1")
    tamper_behind_the_guards(
        db,
        f"INSERT INTO {LOG}(rec_id, profile_id, recommendation_type) VALUES ({number}, 1, 'program')",
        f"INSERT INTO {P}delivery VALUES ({number}, '{'a' * 64}', 3, 'rest', 'x', 'x', 'x', 200, 3, NULL, NULL)",
        f"INSERT INTO {P}erasure VALUES ({number}, 1, 'x', 'objection', 3)",
        f"INSERT INTO {P}rotation VALUES ({number}, 1, 'x', '{'a' * 64}')",
    )
    found = only(db, "id-out-of-range")
    assert {(finding.table, finding.rowid) for finding in found} == {
        (f"{P}{name}", number) for name in ("recommendation_log", "delivery", "erasure", "rotation")
    }


def test_rows_that_nothing_explains_are_counted_with_the_first_and_the_last(db):
    end = db.execute(f"SELECT max(rec_id) FROM {LOG}").fetchone()[0]
    for _ in range(3):
        db.execute(OTHERS)
    assert verify(db) == []
    found = {note.code: note[2:] for note in remarks(db)}
    assert found["rows-unexplained"] == (3, end + 1, end + 3)
    assert found["rows-after-last-seal"] == (3, end + 1, end + 3)


def test_deliveries_after_the_last_seal_are_counted(db):
    insert = f"INSERT INTO {P}delivery VALUES (?, ?, 3, 'rest', '1', 'x', 'x', 200, 3, NULL, NULL)"
    db.execute(insert, (1, "1" * 64))
    seal_events(db)
    assert "events-after-last-seal" not in {note.code for note in remarks(db)}
    db.execute(insert, (2, "2" * 64))
    (note,) = [note for note in remarks(db) if note.code == "events-after-last-seal"]
    assert note[2:] == (1, 2, 2)


def test_strict_exits_1_on_rows_that_no_seal_covers(path):
    assert run(path, "--strict").exit_code == 0
    connect(path).execute(OTHERS)
    plain, strict = run(path), run(path, "--strict")
    assert (plain.exit_code, strict.exit_code) == (0, 1)
    assert "1 row of the log" in plain.stderr
    assert strict.stderr.endswith(
        "intact as far as seals reach, but there are rows that none covers: run personalization-seal\n"
    )
    assert {
        note["code"] for note in json.loads(run(path, "--json").stdout)["notes"]
    } <= REMARKS.keys()


# 5: it always finishes


LOOSE = (
    f"UPDATE {P}run SET model_json = NULL WHERE run_id = 1",
    f"UPDATE {P}run SET model_json = x'00ff' WHERE run_id = 1",
    f"UPDATE {P}run SET model_json = '[' WHERE run_id = 1",
    f"UPDATE {P}run SET as_of = '2026-99-99' WHERE run_id = 1",
    f"UPDATE {P}run SET top_k = 0 WHERE run_id = 1",
    f"UPDATE {P}run SET again = -1 WHERE run_id = 1",
    f"UPDATE {P}run SET counts_json = '{{' WHERE run_id = 1",
    f"UPDATE {P}run SET profiles = 9e999 WHERE run_id = 1",
    f"UPDATE {P}run SET salt = NULL WHERE run_id = 1",
    f"UPDATE {P}seal SET manifest_json = '{{' WHERE run_id = 1",
    f"UPDATE {P}seal SET manifest_json = '{'[' * 5000}' WHERE run_id = 1",
    f"UPDATE {P}seal SET manifest_json = '{'[' * 5000}' WHERE seal_id = 1",
    f"UPDATE {P}seal SET log_end = NULL WHERE run_id = 1",
    f"UPDATE {P}run_progress SET cursor = 'x' WHERE run_id = 1",
    f"UPDATE {P}evidence SET n = 9e999 WHERE first_rec_id = (SELECT min(first_rec_id) FROM {P}evidence)",
)


def guards(db):
    sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return [name for (name,) in db.execute(sql)]


def loosen(db):
    """Every table without its conditions: what a hand that writes bytes may put anywhere."""
    db.execute("PRAGMA ignore_check_constraints = 1")
    for name in tables():
        text = packaged_objects()[name]
        text = re.sub(r" (TEXT|INTEGER) NOT NULL", r" \1", text)
        write_schema(db, name, re.sub(r" AS \(json_extract\(.*?\)\) STORED", "", text))


def tighten(db):
    for name in tables():
        write_schema(db, name, packaged_objects()[name])


@REWRITES
@pytest.mark.parametrize("statement", LOOSE)
@pytest.mark.sampled(5)
def test_whatever_a_value_became_verify_ends_and_names_its_place_and_the_rest(db, statement):
    loosen(db)
    other = f"UPDATE {LOG} SET score = score - 1 WHERE rec_id = (SELECT max(rec_id) - 1 FROM {LOG})"
    for guard in guards(db):
        db.execute(f"DROP TRIGGER {guard}")
    for change in (other, statement):
        assert db.execute(change).rowcount == 1
    tighten(db)
    tamper_behind_the_guards(db)
    found = verify(db)
    table = statement.split()[1]
    assert [f.rec_id for f in found if f.code == "log-row-changed"]
    assert any(f.table == table or f.run_id == 1 for f in found if f.code != "log-row-changed")


@pytest.mark.parametrize("table", tables())
@pytest.mark.sampled(8)
def test_a_dropped_table_is_named_and_the_rest_is_checked(db, table):
    db.execute("PRAGMA foreign_keys = 0")
    db.execute(f"DROP TABLE {table}")
    found = verify(db)
    assert ("object-missing", table) in {(f.code, f.table) for f in found}
    db.execute(f"CREATE TABLE {table}(x)")
    assert ("object-changed", table) in {(f.code, f.table) for f in verify(db)}


@pytest.mark.parametrize("table", tables())
@pytest.mark.sampled(4)
def test_the_command_says_a_dropped_table_is_a_finding_and_exits_1(path, table):
    db = connect(path)
    db.execute(f"DROP TABLE {table}")
    db.close()
    result = run(path)
    assert (result.exit_code, f"{table} is missing" in result.stdout) == (1, True)


@REWRITES
def test_a_dropped_column_is_named(db):
    db.execute("DROP VIEW v_personalization_replay")
    for guard in guards(db):
        db.execute(f"DROP TRIGGER {guard}")
    db.execute(f"ALTER TABLE {P}run DROP COLUMN left_out_json")
    assert ("object-changed", f"{P}run") in {(f.code, f.table) for f in verify(db)}


def test_901_rolled_back_after_deliveries_were_sealed_is_found_once_a_seal(db):
    for number in (1, 2):
        db.execute(
            f"INSERT INTO {P}delivery VALUES ({number}, '{number:064}', 3, 'rest', '1', 'x', 'x', 200, 3, NULL, NULL)"
        )
        seal_events(db)
    for name in (
        *(
            "delivery",
            "erasure",
            "rotation",
            "feedback",
            "verification",
            "other_hash",
            "identity_salt",
            "identity",
        ),
        *("reconciliation", "reconciled", "billing_key", "saved_search"),
    ):
        db.execute(f"DROP TABLE {P}{name}")
    assert [(f.code, f.table) for f in verify(db)] == [
        ("sealed-events-changed", f"{P}identity"),
        *[("sealed-events-changed", f"{P}delivery")] * 2,
    ]


def test_a_deleted_run_is_one_finding_that_names_it(db):
    tamper_behind_the_guards(db, f"DELETE FROM {P}run WHERE run_id = 1")
    found = verify(db)
    assert [(f.code, f.run_id) for f in found] == [("run-missing", 1)]
    assert found[0].what.startswith("run 1 is missing, and rows refer to it: ")


def test_seals_of_others_before_the_first_night_refer_to_no_run(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    db = connect(path)
    db.execute(OTHERS)
    with transaction(db, "IMMEDIATE"):
        seal_others(db)
    assert verify(db) == []
    db.close()


def test_a_file_that_is_no_database_of_ours_exits_2_and_a_damaged_one_of_ours_does_not(
    path, tmp_path
):
    empty = tmp_path / "empty.db"
    connect(empty).execute("CREATE TABLE t(a)")
    assert run(empty).exit_code == 2
    db = connect(path)
    for table in ("profile", "run", "seal"):
        db.execute(f"DROP TABLE {P}{table}")
    db.close()
    assert run(path).exit_code == 1


# 6: how findings are said


def test_findings_are_grouped_and_the_first_stands_for_all(path):
    db = connect(path)
    tamper_behind_the_guards(db, f"UPDATE {LOG} SET score = 99 WHERE score < 99")
    n = len(only(db, "log-row-changed"))
    assert n > 20
    db.close()
    result = run(path)
    assert f"(first of {n})\n    {CODES['log-row-changed'].todo}\n" in result.stdout
    assert len(result.stdout.splitlines()) <= 2 * len(CODES)
    groups = json.loads(run(path, "--json").stdout)["findings"]
    (group,) = [group for group in groups if group["code"] == "log-row-changed"]
    assert (group["count"], len(group["first"])) == (n, 10)


def test_every_code_has_a_kind_a_meaning_and_something_to_do():
    for code, about in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert about.kind in KINDS
        assert about.meaning
        assert about.todo
    assert {about.kind for about in CODES.values()} == KINDS.keys()


def test_the_docs_list_every_code_and_what_it_means():
    page = Path(__file__).parent.parent / "docs" / "verify.md"
    if not page.exists():
        pytest.skip("docs/ is in the repository")
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    checks = [(check, f"`{of}`", sentence) for check, (of, sentence) in CHECKS.items()]
    assert rows == [*((code, about.meaning, about.todo) for code, about in CODES.items()), *checks]
    notes_of = re.findall(
        r"^\| `([a-z-]+)` \| ([^|]*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: meaning for name, meaning in notes_of if name in REMARKS} == REMARKS


# 7: how far runs are


@pytest.fixture
def interrupted(path, monkeypatch):
    """A night that stopped after three places of its map."""
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done == 3:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        score(path, as_of="2026-04-09", progress=stop)
    db = connect(path)
    yield db
    db.close()


def stays_open(db, path, why="did not give everyone the lists it was frozen with"):
    """Whoever did not get what was frozen keeps the night from being sealed, however often it is tried."""
    for _ in range(2):
        with pytest.raises(PersonalizationError, match=f"run 3 {why}.*, so it is not sealed"):
            score(path, as_of="2026-04-09")
    assert "run-open" in codes(db)


def seal_all_the_same(db):
    """Freeze what was served instead, and seal it, as someone would who knows how."""
    served = served_of_run(db, 3, 1, 2**53)
    tamper_behind_the_guards(db, f"UPDATE {P}run SET served_sha256 = '{served}' WHERE run_id = 3")
    seal_run(db, 3)
    assert "run-open" not in codes(db)
    assert not any("frozen with" in finding.what for finding in verify(db))


def test_a_night_that_nobody_finished_is_found_until_it_is(interrupted, path):
    (finding,) = verify(interrupted)
    assert (finding.code, finding.run_id) == ("run-open", 3)
    assert finding.what.startswith("run 3 of 2026-04-09 is not finished: open since 20")
    assert "personalization-score" in finding.todo
    score(path, as_of="2026-04-09")
    assert verify(interrupted) == []


PROGRESS = (
    "DELETE FROM {p}run_progress WHERE run_id = {run}",
    "UPDATE {p}run_progress SET status = CASE status WHEN 'running' THEN 'finished' ELSE 'running' END"
    " WHERE run_id = {run}",
    "UPDATE {p}run_progress SET cursor = cursor + 1 WHERE run_id = {run}",
    "UPDATE {p}run_progress SET cursor = 0 WHERE run_id = {run}",
    "UPDATE {p}run_progress SET logged = logged - 1 WHERE run_id = {run}",
    "UPDATE {p}run_progress SET first_rec_id = first_rec_id + 1 WHERE run_id = {run}",
    "UPDATE {p}run_progress SET first_rec_id = NULL WHERE run_id = {run}",
    "UPDATE {p}run_progress SET finished_at = CASE WHEN finished_at IS NULL THEN '2026-04-01T00:00:00.000Z' END"
    " WHERE run_id = {run}",
)


@pytest.mark.parametrize("run_id", (1, 3))
@pytest.mark.parametrize("statement", PROGRESS)
@pytest.mark.sampled(6)
def test_progress_that_does_not_agree_with_evidence_and_seal_is_found(
    interrupted, statement, run_id
):
    interrupted.execute(statement.format(p=P, run=run_id))
    found = [f for f in verify(interrupted) if f.code in ("progress-wrong", "seal-missing")]
    assert {f.run_id for f in found} == {run_id}


# 8: who got what


def waiting(db):
    return db.execute(
        f"SELECT position, profile_id, list_id FROM {P}run_customer ORDER BY 1"
    ).fetchall()


def gives(db, position, list_id):
    """Put all of another list into this place of the map."""
    count = f"SELECT count(*) FROM {P}decision WHERE list_id = {list_id}"
    db.execute(
        f"UPDATE {P}run_customer SET list_id = {list_id}, first_seq = 1, n = ({count}) WHERE position = {position}"
    )


def test_a_customer_doubled_while_a_night_is_interrupted_is_found_whatever_is_done_then(
    interrupted, path
):
    *_, last = waiting(interrupted)
    interrupted.execute(
        f"INSERT INTO {P}run_customer SELECT run_id, position + 1, profile_id, list_id, first_seq, n"
        f" FROM {P}run_customer WHERE position = {last[0]}"
    )
    assert {"list-served-twice", "served-otherwise"} <= {*codes(interrupted)}
    stays_open(interrupted, path)
    assert {"list-served-twice", "served-otherwise"} <= {*codes(interrupted)}
    seal_all_the_same(interrupted)
    (finding,) = only(interrupted, "list-served-twice")
    assert finding.what == f"profile {last[1]} has list {last[2]} 2 times in run 3"


def test_a_list_of_another_vector_is_found_whatever_is_done_then(interrupted, path):
    rows = waiting(interrupted)
    position, _, mine = rows[-1]
    other = next(list_id for _, _, list_id in rows if list_id != mine)
    gives(interrupted, position, other)
    assert {"run-changed", "served-otherwise"} <= {*codes(interrupted)}
    stays_open(interrupted, path)
    assert {"run-changed", "served-otherwise"} <= {*codes(interrupted)}
    seal_all_the_same(interrupted)
    assert "run-changed" in codes(interrupted)


def test_a_list_moved_to_the_end_is_found_by_the_order_of_the_leaves(interrupted, path):
    position, *_ = waiting(interrupted)[0]
    *_, (last, _, _) = waiting(interrupted)
    interrupted.execute(
        f"UPDATE {P}run_customer SET position = {last + 1} WHERE position = {position}"
    )
    assert {"leaves-out-of-order", "served-otherwise"} <= {*codes(interrupted)}
    stays_open(interrupted, path)
    assert "served-otherwise" in codes(interrupted)
    seal_all_the_same(interrupted)
    (finding,) = only(interrupted, "leaves-out-of-order")
    assert finding.run_id == 3


def test_two_lists_of_a_customer_that_changed_places_are_found_though_nobody_lacks_any(
    interrupted, path
):
    (one, mine, first), (other, same, second), *_ = waiting(interrupted)
    assert mine == same
    for position, list_id in ((one, second), (other, first)):
        gives(interrupted, position, list_id)
    stays_open(interrupted, path)
    assert {*codes(interrupted)} == {"run-open", "served-otherwise"}
    # By the digest of what was frozen, and by the order in which it was due.
    what = [finding.what for finding in verify(interrupted) if finding.code == "served-otherwise"]
    assert any("was frozen with" in one for one in what)
    assert any("in another order" in one for one in what)


def test_a_living_customer_recorded_as_deleted_is_found_whatever_is_done_then(interrupted, path):
    position, profile_id, list_id = waiting(interrupted)[-1]
    interrupted.execute(f"DELETE FROM {P}run_customer WHERE position = {position}")
    interrupted.execute(
        f"INSERT INTO {P}unserved SELECT 3, {profile_id}, cohort_id, 'profile deleted while the run was under way',"
        f" NULL FROM {P}list WHERE list_id = {list_id}"
    )
    assert "customer-not-gone" in codes(interrupted)
    stays_open(interrupted, path, f"notes profile {profile_id} as deleted, who is there")
    assert "customer-not-gone" in codes(interrupted)
    seal_all_the_same(interrupted)
    (finding,) = only(interrupted, "customer-not-gone")
    assert finding.what.startswith(f"profile {profile_id} is recorded as deleted during run 3")


@pytest.mark.parametrize(
    ("statement", "code"),
    (
        (f"UPDATE {P}run SET served_sha256 = '{'0' * 64}' WHERE run_id = 3", "served-otherwise"),
        (
            f"UPDATE {P}list SET list_sha256 = '{'0' * 64}' WHERE list_id ="
            f" (SELECT max(list_id) FROM {P}run_customer)",
            "list-changed",
        ),
    ),
)
def test_what_a_night_froze_is_held_against_its_rows_before_it_is_sealed(
    interrupted, path, statement, code
):
    tamper_behind_the_guards(interrupted, statement)
    assert code in codes(interrupted)
    stays_open(interrupted, path)
    assert code in codes(interrupted)


@pytest.mark.parametrize("way", ("erased", "deleted"))
def test_a_customer_who_was_really_gone_is_nobodys_fault_even_if_another_is_erased_later(
    interrupted, path, way
):
    _, profile_id, _ = waiting(interrupted)[-1]
    (key,) = interrupted.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id = {profile_id}"
    ).fetchone()
    if way == "erased":
        erase(interrupted, key)
    else:
        interrupted.execute(f"DELETE FROM {P}profile WHERE profile_id = {profile_id}")
    score(path, as_of="2026-04-09")
    (other,) = interrupted.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id <> {profile_id} LIMIT 1"
    ).fetchone()
    erase(interrupted, other)
    # A deleted profile leaves its earlier rows without one.
    expected = [] if way == "erased" else ["row-missing"]
    assert codes(interrupted) == expected
