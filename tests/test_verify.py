"""Tampering with a sealed database, with the guards dropped first: every class is found and named."""

import json
import sqlite3

import pytest
from click.testing import CliRunner
from receipt_fixtures import printed, seals_of

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.codes import CODES
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.commands.verify import verify as command
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint
from sqlite_utils_personalization.evidence.leaves import seal_leaf
from sqlite_utils_personalization.evidence.merkle import EMPTY_ROOT, leaf_hash, root
from sqlite_utils_personalization.evidence.seal import head, seal_others
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.schema.state import packaged_objects
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.transaction import transaction

NIGHTS = ("2026-04-01", "2026-04-02", "2026-04-03")
P = "am_personalization_"
OTHERS = f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type, score) VALUES (8, 'program', 7)"


@pytest.fixture(scope="session")
def history(tmp_path_factory):
    """Three sealed nights, with rows of another program between them and after them."""
    path = tmp_path_factory.mktemp("history") / "jpcite.db"
    build(path)
    for night in NIGHTS:
        db = connect(path)
        db.execute(OTHERS)
        db.execute(OTHERS)
        db.close()
        score(path, as_of=night)
    return path.read_bytes()


@pytest.fixture
def path(history, tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history)
    return path


@pytest.fixture
def db(path):
    """A copy in memory, where dropping guards costs nothing."""
    db = connect(":memory:")
    connect(path).backup(db)
    yield db
    db.close()


def connect(path):
    return sqlite3.connect(path, isolation_level=None)


def drop_guards(db):
    for name, text in packaged_objects().items():
        if text.startswith("CREATE TRIGGER"):
            db.execute(f"DROP TRIGGER {name}")


def restore_guards(db):
    for text in packaged_objects().values():
        if text.startswith("CREATE TRIGGER"):
            db.execute(text)


def tamper(db, *statements):
    drop_guards(db)
    for statement in statements:
        db.execute(statement)
    restore_guards(db)


def kinds(db, *kept):
    return {finding.kind for finding in verify(db, kept)}


def test_three_honest_nights_are_intact(db):
    assert verify(db) == []


def test_verification_changes_no_byte(path):
    before = path.read_bytes()
    verify(connect(path))
    assert path.read_bytes() == before


def heads(db):
    rows = db.execute(f"SELECT origin, seal_id, tree_root FROM {P}seal ORDER BY seal_id").fetchall()
    return [Checkpoint(origin, seal_id, bytes.fromhex(top)) for origin, seal_id, top in rows]


def test_the_kept_head_of_any_night_is_found_in_the_tree(db):
    assert len(heads(db)) == 7
    for kept in heads(db):
        assert verify(db, [kept]) == []


COLUMNS = tuple(
    (table, column)
    for table, columns in {
        "recommendation_log": "rec_id profile_id recommendation_type score served_at",
        "run": "run_id as_of again model_json model_sha256 package_version top_k served_at started_at"
        " salt customers_sha256 candidates_sha256 served_sha256 delivery_end feedback_end profiles rejected counts_json"
        " left_out_json",
        "cohort": "industries prefecture horizon_days risk_level",
        "candidate": "candidate_id candidate_sha256 recommendation_type item_id title industries prefectures"
        " opens_on closes_on risk_level why profile_id left_out rolling family family_name",
        "run_candidate": "run_id candidate_id",
        "list": "list_id run_id cohort_id profile_id list_sha256",
        "decision": "list_id seq candidate_id industry_points deadline_points risk_points score",
        "evidence": "first_rec_id n list_id first_seq",
        "unserved": "run_id profile_id cohort_id reason",
        "identity": "identity_id profile_id commitment bound_at",
        "seal": "seal_id origin run_id first_rec_id last_rec_id log_end leaves root manifest_json subtree tree_root",
    }.items()
    for column in columns.split()
)

# What a column is changed to; the rest is changed by one or by a character.
VALUES = {
    "recommendation_type": "'amendment'",
    "served_at": "'2020-01-01T00:00:00.000Z'",
    "as_of": "'2026-01-01'",
    "model_json": "replace(model_json, '\"any_from\":17', '\"any_from\":18')",
    "opens_on": "'2026-03-03'",
    "closes_on": "'2026-12-31'",
    "risk_level": "CASE WHEN risk_level = 'low' THEN 'high' ELSE 'low' END",
    "industries": "'BC'",
    "prefectures": "'北海道'",
    "prefecture": "'北海道'",
    "left_out": "'a rule of mine'",
    "rolling": "1 - coalesce(rolling, 0)",
    "family": "'another programme'",
    "family_name": "'another programme'",
    "counts_json": "'{}'",
    "left_out_json": "'{}'",
    "why": '\'{"keyword":"x"}\'',
    "manifest_json": "'{}'",
    "reason": "'because'",
    "rejected": "1",
    # the highest is that of the customer who declared nothing, and has no list
    "cohort_id": "CASE WHEN cohort_id = 8 THEN 1 ELSE 8 END",
    "horizon_days": "17",
    "salt": "lower(hex(zeroblob(32)))",
}
DIGESTS = ("sha256", "root", "subtree", "commitment")


def change(column):
    if column in VALUES:
        return VALUES[column]
    if column.endswith(DIGESTS):
        return (
            f"substr({column}, 2) || CASE WHEN substr({column}, 1, 1) = 'f' THEN '0' ELSE 'f' END"
        )
    if column in ("item_id", "title", "package_version", "started_at", "origin"):
        return f"{column} || 'x'"
    if column == "score":
        return "score - 1"
    return f"coalesce({column}, 0) + 1000"


@pytest.mark.parametrize(("table", "column"), COLUMNS)
@pytest.mark.sampled(1, by="table")
def test_a_change_of_any_column_is_found(db, table, column):
    order = {"cohort": "cohort_id", "run": "run_id", "seal": "seal_id"}.get(table, "1")
    keys = [row[1] for row in db.execute(f"PRAGMA table_info({P}{table})") if row[5]]
    where = " AND ".join(f"{key} = ?" for key in keys)
    used = {
        "cohort": "WHERE cohort_id IN (SELECT cohort_id FROM am_personalization_list)",
        "candidate": "WHERE candidate_id IN (SELECT candidate_id FROM am_personalization_run_candidate)",
    }.get(table, "")
    row = db.execute(f"SELECT {', '.join(keys)} FROM {P}{table} {used} ORDER BY {order}").fetchone()
    drop_guards(db)
    db.execute(
        f"UPDATE {P}{table} SET {column} = {change(column)} WHERE {where} AND {column} IS NOT {change(column)}",
        row,
    )
    assert db.execute("SELECT changes()").fetchone() == (1,)
    restore_guards(db)
    assert kinds(db)


@pytest.mark.parametrize("table", sorted({table for table, _ in COLUMNS}))
@pytest.mark.parametrize("which", ("first", "middle", "last"))
@pytest.mark.sampled(1, by="table")
def test_a_deleted_row_is_found(db, table, which):
    keys = [row[1] for row in db.execute(f"PRAGMA table_info({P}{table})") if row[5]]
    rows = db.execute(
        f"SELECT {', '.join(keys)} FROM {P}{table} ORDER BY {', '.join(keys)}"
    ).fetchall()
    row = {"first": rows[0], "middle": rows[len(rows) // 2], "last": rows[-1]}[which]
    drop_guards(db)
    db.execute(f"DELETE FROM {P}{table} WHERE {' AND '.join(f'{key} = ?' for key in keys)}", row)
    restore_guards(db)
    assert kinds(db)


NAMED = (
    # statements, the kinds of finding that name the fault
    (["UPDATE am_personalization_recommendation_log SET score = 99 WHERE rec_id = 10"], {"log"}),
    (["UPDATE am_personalization_recommendation_log SET score = 99 WHERE rec_id = 1"], {"seal"}),
    (["DELETE FROM am_personalization_recommendation_log WHERE rec_id = 10"], {"log"}),
    (
        ["DELETE FROM am_personalization_evidence WHERE first_rec_id = 3"],
        {"seal", "completeness"},
    ),
    (
        ["UPDATE am_personalization_decision SET score = score - 1 WHERE list_id = 1 AND seq = 1"],
        {"log", "decision", "seal"},
    ),
    (
        # Consistent with itself: log and decision agree, and only the formula and the seal do not.
        [
            "UPDATE am_personalization_decision SET score = 1 WHERE list_id = 1 AND seq = 1",
            "UPDATE am_personalization_recommendation_log SET score = 1 WHERE rec_id ="
            " (SELECT first_rec_id FROM am_personalization_evidence WHERE list_id = 1)",
        ],
        {"decision", "seal"},
    ),
    (["UPDATE am_personalization_candidate SET title = 'x' WHERE candidate_id = 1"], {"candidate"}),
    (
        [
            "UPDATE am_personalization_run SET model_json = replace(model_json, '90', '91') WHERE run_id = 1"
        ],
        {"model", "decision"},
    ),
    (["DELETE FROM am_personalization_unserved WHERE run_id = 2"], {"completeness"}),
    (["DELETE FROM am_personalization_seal WHERE seal_id = 6"], {"seal"}),
    (["DELETE FROM am_personalization_seal WHERE seal_id = 2"], {"seal", "tree"}),
)


@pytest.mark.parametrize(("statements", "expected"), NAMED)
def test_the_finding_names_the_kind_of_fault(db, statements, expected):
    tamper(db, *statements)
    assert expected <= kinds(db)


def test_a_changed_log_row_is_named_by_its_rec_id_and_run(db):
    tamper(db, "UPDATE am_personalization_recommendation_log SET score = 99 WHERE rec_id = 10")
    (finding,) = verify(db)
    assert (finding.code, finding.what) == (
        "log-row-changed",
        "log row 10 has another score than its evidence",
    )
    assert finding.where == {
        "run_id": 1,
        "rec_id": 10,
        "table": f"{P}recommendation_log",
        "rowid": 10,
    }


def test_every_fault_is_listed_not_only_the_first(db):
    tamper(
        db,
        "UPDATE am_personalization_recommendation_log SET score = score - 1 WHERE rec_id IN (5, 9, 60)",
    )
    assert [finding.rec_id for finding in verify(db)] == [5, 9, 60]


def test_an_inserted_row_in_the_sealed_part_is_found(db):
    drop_guards(db)
    db.execute("DELETE FROM am_personalization_recommendation_log WHERE rec_id = 1")
    db.execute(
        "INSERT INTO am_personalization_recommendation_log(rec_id, profile_id, recommendation_type)"
        " VALUES (1, 3, 'program')"
    )
    restore_guards(db)
    assert "seal" in kinds(db)


def test_two_swapped_rows_are_found(db):
    tamper(
        db,
        "UPDATE am_personalization_recommendation_log SET rec_id = 9000 WHERE rec_id = 3",
        "UPDATE am_personalization_recommendation_log SET rec_id = 3 WHERE rec_id = 4",
        "UPDATE am_personalization_recommendation_log SET rec_id = 4 WHERE rec_id = 9000",
    )
    assert {(f.kind, f.rec_id) for f in verify(db)} >= {("log", 3), ("log", 4)}


def test_a_renumbered_log_is_found(db):
    tamper(
        db,
        "UPDATE am_personalization_recommendation_log SET rec_id = rec_id + 100000",
        "UPDATE am_personalization_recommendation_log SET rec_id = rec_id - 99999",
    )
    assert "log" in kinds(db)


def cut_run(db, run_id):
    """Remove every trace of a run, its seal included."""
    lists = f"(SELECT list_id FROM {P}list WHERE run_id = {run_id})"
    drop_guards(db)
    db.execute(
        f"DELETE FROM {P}recommendation_log WHERE rec_id IN (SELECT e.first_rec_id + d.seq - 1"
        f" FROM {P}evidence e JOIN {P}decision d USING (list_id) WHERE list_id IN {lists})"
    )
    for table in ("evidence", "decision"):
        db.execute(f"DELETE FROM {P}{table} WHERE list_id IN {lists}")
    for table in ("list", "unserved", "run_candidate", "seal", "run_progress", "run"):
        db.execute(f"DELETE FROM {P}{table} WHERE run_id = {run_id}")
    restore_guards(db)


@pytest.mark.parametrize("run_id", (1, 2))
def test_a_run_cut_out_is_found(db, run_id):
    cut_run(db, run_id)
    assert "tree" in kinds(db)


def test_the_last_run_cut_off_is_found_by_the_end_of_the_log(db):
    cut_run(db, 3)
    assert "log" in kinds(db)


def test_the_last_run_cut_off_without_a_trace_is_found_by_the_kept_head_alone(db):
    kept = head(db)
    cut_run(db, 3)
    drop_guards(db)
    db.execute(
        f"DELETE FROM {P}recommendation_log WHERE rec_id > (SELECT max(log_end) FROM {P}seal)"
    )
    db.execute(f"UPDATE sqlite_sequence SET seq = (SELECT max(rec_id) FROM {P}recommendation_log)")
    restore_guards(db)
    # Two seals were left of the cut run's night: that of the other rows before it, and the run's own.
    assert kinds(db) <= {"log", "seal"}
    assert "head" in kinds(db, kept)


def seal_again(db):
    """Digest and seal everything but whose key is whose again, as someone would who knows how."""
    from sqlite_utils_personalization.evidence.leaves import digest_of
    from sqlite_utils_personalization.evidence.seal import seal_run
    from sqlite_utils_personalization.evidence.served import served_of_run

    drop_guards(db)
    db.execute(f"DELETE FROM {P}seal WHERE seal_id > 1")
    for list_id, run_id in db.execute(f"SELECT list_id, run_id FROM {P}list").fetchall():
        digest = digest_of(db, run_id, list_id)
        db.execute(f"UPDATE {P}list SET list_sha256 = ? WHERE list_id = ?", (digest, list_id))
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run").fetchall():
        served = served_of_run(db, run_id, 1, 2**53)
        db.execute(f"UPDATE {P}run SET served_sha256 = ? WHERE run_id = ?", (served, run_id))
    restore_guards(db)
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run ORDER BY 1").fetchall():
        seal_run(db, run_id)


def test_a_file_rewritten_consistently_shows_only_against_the_kept_head(db):
    first, *others = heads(db)
    tamper(db, "UPDATE am_personalization_recommendation_log SET score = 9 WHERE rec_id = 1")
    seal_again(db)
    assert verify(db, [first]) == []
    for kept in others:
        assert [finding.kind for finding in verify(db, [kept])] == ["head"]


def test_a_better_item_left_out_is_found_even_if_everything_is_sealed_again(db):
    """The last place of a list is dropped from the decision, the evidence and the log alike."""
    list_id, seq, rec_id = db.execute(
        f"SELECT list_id, n, first_rec_id + n - 1 FROM {P}evidence WHERE n > 3 ORDER BY 1"
    ).fetchone()
    tamper(
        db,
        f"DELETE FROM {P}decision WHERE list_id = {list_id} AND seq = {seq}",
        f"UPDATE {P}evidence SET n = n - 1 WHERE list_id = {list_id}",
        f"DELETE FROM {P}recommendation_log WHERE rec_id = {rec_id}",
    )
    seal_again(db)
    assert {("decision", 1)} <= {(finding.kind, finding.run_id) for finding in verify(db)}


def test_a_customer_skipped_is_found_even_if_everything_is_sealed_again(db):
    first, n = db.execute(f"SELECT first_rec_id, n FROM {P}evidence ORDER BY 1").fetchone()
    tamper(
        db,
        f"DELETE FROM {P}evidence WHERE first_rec_id = {first}",
        f"DELETE FROM {P}recommendation_log WHERE rec_id BETWEEN {first} AND {first + n - 1}",
    )
    seal_again(db)
    assert "completeness" in kinds(db)


@pytest.mark.parametrize(
    "name",
    sorted(name for name, text in packaged_objects().items() if text.startswith("CREATE TRIGGER")),
)
@pytest.mark.sampled(16)
def test_a_dropped_guard_is_found(db, name):
    db.execute(f"DROP TRIGGER {name}")
    assert [(finding.code, finding.what) for finding in verify(db)] == [
        ("object-missing", f"{name} is missing")
    ]


def test_a_guard_that_does_nothing_is_found(db):
    name = "am_personalization_evidence_no_delete"
    db.execute(f"DROP TRIGGER {name}")
    db.execute(
        f"CREATE TRIGGER {name} BEFORE DELETE ON am_personalization_evidence BEGIN SELECT 1; END"
    )
    assert [finding.what for finding in verify(db)] == [f"{name} is not the packaged one"]


def test_a_view_that_hides_something_is_found(db):
    db.execute("DROP VIEW v_personalization_replay")
    db.execute("CREATE VIEW v_personalization_replay AS SELECT 1")
    assert [finding.what for finding in verify(db)] == [
        "v_personalization_replay is not the packaged one"
    ]


def test_a_strangers_trigger_on_the_log_is_found(db):
    db.execute(
        "CREATE TRIGGER quiet BEFORE INSERT ON am_personalization_recommendation_log BEGIN SELECT raise(IGNORE); END"
    )
    assert [finding.what for finding in verify(db)] == [
        "quiet is a trigger on am_personalization_recommendation_log that we did not make"
    ]


def test_erasure_leaves_every_verdict_and_seal_as_it_was(db):
    """design.md, Privacy: the hash becomes a random one and the preference '{}'."""
    verdicts = "SELECT rec_id, recomputed_score, verdict FROM v_personalization_replay ORDER BY 1"
    before = db.execute(verdicts).fetchall()
    (user_token_hash,) = db.execute(
        "SELECT user_token_hash FROM am_personalization_profile WHERE profile_id = 3"
    ).fetchone()
    assert erase(db, user_token_hash)
    assert db.execute(verdicts).fetchall() == before
    assert verify(db) == []


def test_rows_other_programs_wrote_since_the_last_seal_are_no_fault(db):
    db.execute(OTHERS)
    assert verify(db) == []
    with transaction(db, "IMMEDIATE"):
        seal_others(db)
    assert verify(db) == []
    tamper(
        db,
        "UPDATE am_personalization_recommendation_log SET score = 8 WHERE rec_id = (SELECT max(rec_id)"
        " FROM am_personalization_recommendation_log)",
    )
    assert kinds(db) == {"seal"}


def test_a_run_under_way_is_named_as_open_and_its_decisions_are_checked(path, monkeypatch):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(path, as_of="2026-04-04", progress=stop)
    db = connect(path)
    assert [finding.code for finding in verify(db)] == ["run-open"]
    tamper(
        db,
        "UPDATE am_personalization_decision SET score = 1 WHERE list_id = "
        "(SELECT max(list_id) FROM am_personalization_list) AND seq = 1",
    )
    assert kinds(db) == {"decision", "progress"}


def test_a_head_is_the_root_over_everything_the_seals_say(path, db):
    leaves = []
    for seal, kept in zip(seals_of(path).values(), heads(db), strict=True):
        leaves.append(leaf_hash(seal_leaf(seal)))
        assert (kept.size, kept.root) == (len(leaves), root(leaves))


def run(*arguments):
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_the_command_says_intact_and_what_it_cannot_notice(path):
    result = run(path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        "intact, as far as the file alone can tell: a file rewritten consistently as a whole, or cut at its end"
        " together with its seals, shows only against a head kept outside (--head)\n"
    )


def test_the_command_confirms_a_kept_head(path, tmp_path):
    kept = tmp_path / "heads.txt"
    kept.write_text(printed(head(connect(path))))
    result = run(path, "--head", kept)
    assert (result.exit_code, result.stderr) == (
        0,
        "intact, up to and including what was kept outside\n",
    )


def test_the_command_lists_findings_and_exits_1(path):
    tamper(
        connect(path),
        "UPDATE am_personalization_recommendation_log SET score = 99 WHERE rec_id = 10",
    )
    result = run(path)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "log-row-changed: run 1: log row 10 has another score than its evidence\n"
        f"    {CODES['log-row-changed'].todo}\n",
        "1 finding: the evidence is not intact\n",
    )
    (group,) = json.loads(run(path, "--json").stdout)["findings"]
    code = CODES["log-row-changed"]
    assert group == {
        "code": "log-row-changed",
        "kind": "log",
        "meaning": code.meaning,
        "todo": code.todo,
        "count": 1,
        "first": [
            {
                "sentence": "log row 10 has another score than its evidence",
                "where": {
                    "run_id": 1,
                    "rec_id": 10,
                    "table": f"{P}recommendation_log",
                    "rowid": 10,
                },
            }
        ],
    }


def test_the_command_confirms_every_line_that_was_kept(path, tmp_path):
    kept = tmp_path / "heads.txt"
    found = heads(connect(path))
    kept.write_text(printed(*found))
    assert run(path, "--head", kept).exit_code == 0
    kept.write_text(printed(*found, found[0]._replace(root=b"\xff" * 32)))
    result = run(path, "--head", kept)
    assert (result.exit_code, result.stdout) == (
        1,
        "head-not-found: the kept head of 1 seals is not that of this log\n"
        f"    {CODES['head-not-found'].todo}\n",
    )


OTHER_HEADS = (
    # a kept head made of the newest, and what is wrong with it
    (
        lambda head: head._replace(size=8),
        "a head of 8 seals was kept, and there is no seal 8",
    ),
    (
        lambda head: head._replace(size=6),
        "the kept head of 6 seals is not that of this log",
    ),
    (
        lambda head: head._replace(origin="another/log"),
        "a head was kept of another log: another/log",
    ),
)


@pytest.mark.parametrize(("change", "fault"), OTHER_HEADS)
def test_a_kept_head_that_is_none_of_this_log_is_found(path, tmp_path, change, fault):
    kept = tmp_path / "heads.txt"
    kept.write_text(printed(change(head(connect(path)))))
    result = run(path, "--head", kept)
    assert (result.exit_code, result.stdout) == (
        1,
        f"head-not-found: {fault}\n    {CODES['head-not-found'].todo}\n",
    )


EMPTY = printed(Checkpoint("example.com/log", 0, EMPTY_ROOT))
NO_HEADS = (
    ("", " holds no head"),
    ("\n\n", " holds no head"),
    (EMPTY, " holds a head that covers nothing"),
    ("not a database", ": head 1 of the file: a note ends with a newline"),
    (EMPTY.replace("0", "9") + "x\n", ": head 2 of the file: a note has an empty line before its"),
    ('{"seal_id": 1, "head": "x"}\n\n', ": head 1 of the file: a head has three lines or more"),
    (
        EMPTY.replace("0", "9") + "\u2014 example.com/log AAAA\n",
        ": head 1 of the file: a line after the note's last empty line is not a signature",
    ),
)


@pytest.mark.parametrize(("content", "fault"), NO_HEADS, ids=range(len(NO_HEADS)))
def test_a_head_that_is_none_means_could_not_check(path, tmp_path, content, fault):
    kept = tmp_path / "heads.txt"
    kept.write_text(content, encoding="utf-8")
    result = run(path, "--head", kept)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {kept}{fault}")
    assert result.stderr.endswith(" - give what personalization-seal printed\n")


def test_a_file_that_cannot_be_checked_exits_2(tmp_path):
    other = tmp_path / "other.db"
    connect(other).execute("CREATE TABLE t(a)")
    assert (
        run(other).exit_code
        == run(tmp_path / "missing.db").exit_code
        == run(tmp_path).exit_code
        == 2
    )
