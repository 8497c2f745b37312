"""DuckDB decides every list again: what is stored honestly it decides the same, and a fault of either side it names."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import oracle
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import (
    AS_OF,
    add_feedback,
    handed_over,
    night_after,
    run_night,
    scored_night,
    write_model,
)
from oracle import Item
from scored import NIGHTS, P, connect, example, execute, tamper, tamper_behind_the_guards
from strategies import TITLES, as_of_days, items_of_a_night, models, valid_texts

from sqlite_utils_personalization import score, verify
from sqlite_utils_personalization.audit.second_engine import decided, dialect
from sqlite_utils_personalization.audit.second_engine.compare import check_engine
from sqlite_utils_personalization.audit.verify.verify import verify as first_engine
from sqlite_utils_personalization.commands.verify import verify as command
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.scoring import decide

WHY = "pip install 'sqlite-utils-personalization[duckdb]'"
pytest.importorskip("duckdb", reason=WHY)
pytest.importorskip("sqlglot", reason=WHY)


BUILD = Path(__file__).parents[2] / "shared" / "catalogue" / "build_jpcite_db.py"
OPTION = ("--second-engine", "duckdb", "-s")
# Two rounds of one programme, the same in another prefecture, others that tie, and an amendment.
ITEMS = [
    Item("program", "a", TITLES[0], industries="D", closes_on="2026-08-31"),
    Item("program", "b", TITLES[1], industries="DE", closes_on="2026-12-31"),
    Item("program", "c", TITLES[2], industries="D", prefectures="東京都"),
    Item("program", "d", "補助金", industries="D", closes_on="2026-04-20"),
    Item("program", "e", "別の補助金", industries="any"),
    Item("program", "E", "さらに別の補助金", industries="any"),
    Item("program", "f", TITLES[3], risk_level="high"),
    Item("amendment", "g", "変更", industries="D"),
]
TEXTS = [
    '{"industry_pack": "D", "deadline_horizon_days": 365, "risk_tolerance": "low"}',
    '{"industry_pack": "D", "prefecture": "東京都", "deadline_horizon_days": 61}',
    '{"industry_pack": "E", "prefecture": "大阪府", "risk_tolerance": "medium"}',
    '{"industry_pack": "D", "deadline_horizon_days": 365, "risk_tolerance": "low"}',
    '{"deadline_horizon_days": 1}',
    "{}",
]
SEARCHES = """
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
INSERT INTO saved_searches(api_key_hash, query_json)
SELECT user_token_hash, '{"q": "建設"}' FROM am_personalization_profile WHERE profile_id IN (1, 2);
INSERT INTO saved_searches(api_key_hash, query_json)
SELECT user_token_hash, '{"q": "製造"}' FROM am_personalization_profile WHERE profile_id = 1;
"""
NEW = load_model().constants
OTHER = NEW | {"rank_band": 7, "depth": 4, "weights": {"industry": 15, "deadline": 45, "risk": 5}}


def found(db):
    return list(check_engine(db))


def run(path, *options):
    return CliRunner().invoke(command, [str(path), *OPTION, *options])


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A night of before the later rules, one by them that spares some customers something, and a shadow of it."""
    folder = tmp_path_factory.mktemp("history")
    other = folder / "other.json"
    other.write_text(json.dumps(OTHER), encoding="utf-8")
    with closing(scored_night(folder, ITEMS, TEXTS, top_k=2)) as db:
        db.executescript(SEARCHES)
        write_model(folder, NEW)
        night_after(db, 1, 2)
        handed_over(db, 1, "a")
        handed_over(db, 2, "c")
        add_feedback(db, 3, ITEMS[1], "dismissed", f"{AS_OF}T03:00:00.000Z")
        run_night(db, as_of="2026-04-03", top_k=2, any_date=True, shadow=other)
        yield db


@pytest.fixture
def db(history):
    """A copy without guards, where any change may be made."""
    with closing(connect(":memory:")) as db:
        history.backup(db)
        tamper(db)
        for setting in ("ignore_check_constraints = 1", "foreign_keys = 0"):
            db.execute(f"PRAGMA {setting}")
        yield db


@pytest.fixture
def path(tmp_path):
    return example(tmp_path / "jpcite.db", *NIGHTS)


def test_the_history_has_lists_of_every_kind(db):
    """Of models with and without the later rules, deeper than what is shown, of owners, of a shadow."""
    (models_,) = db.execute(f"SELECT count(DISTINCT rank_band IS NULL) FROM {P}run").fetchone()
    (deep,) = db.execute(f"""
        SELECT count(*) FROM (SELECT 1 FROM {P}decision JOIN {P}candidate USING (candidate_id)
        GROUP BY list_id, recommendation_type HAVING count(*) > 2)
    """).fetchone()
    (owned,) = db.execute(f"SELECT count(*) FROM {P}list WHERE profile_id IS NOT NULL").fetchone()
    (beside,) = db.execute(f"SELECT count(*) FROM {P}shadow_list").fetchone()
    assert models_ == 2
    assert min(deep, owned, beside) > 0


def test_honest_lists_are_decided_the_same_on_duckdb(db):
    assert found(db) == []


CHANGES = {
    "candidate_id": "candidate_id + 1",
    "industry_points": "industry_points + 1",
    "deadline_points": "deadline_points + 1",
    "risk_points": "risk_points - 1",
    "score": "score + 1",
    "industry_points = industry_points - 1, deadline_points": "deadline_points + 1",
}
TABLES = {"list_id": f"{P}decision", "shadow_list_id": f"{P}shadow_decision"}


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_place_is_named_and_no_other(db, key, column):
    table = TABLES[key]
    last = db.execute(f"SELECT {key}, max(seq) FROM {table} GROUP BY 1").fetchall()
    for number, seq in last[::4]:
        db.execute("BEGIN")
        db.execute(
            f"UPDATE {table} SET {column} = {CHANGES[column]} WHERE {key} = ? AND seq = ?",
            (number, seq),
        )
        assert [(f.code, f.table, f.rowid) for f in found(db)] == [
            ("engines-differ", table, [number, seq])
        ]
        db.execute("ROLLBACK")


def test_a_finding_says_what_is_stored_and_what_duckdb_decides(db):
    list_id, seq = db.execute(
        f"SELECT list_id, seq FROM {P}decision JOIN {P}list USING (list_id)"
        " WHERE run_id = 3 AND profile_id IS NULL AND industry_points = 50 LIMIT 1"
    ).fetchone()
    item, *points = db.execute(
        "SELECT item_id, industry_points, deadline_points, risk_points, score"
        f" FROM {P}decision JOIN {P}candidate USING (candidate_id) WHERE list_id = ? AND seq = ?",
        (list_id, seq),
    ).fetchone()
    db.execute(
        f"UPDATE {P}decision SET industry_points = 49 WHERE list_id = {list_id} AND seq = {seq}"
    )
    (finding,) = found(db)
    _, deadline, risk, total = points
    rest = f"{deadline} + {risk} points and the score {total}"
    assert finding.what == (
        f"place {seq} of list {list_id} of run 3 is {item} with 49 + {rest}, and by DuckDB {item} with 50 + {rest}"
    )
    assert (finding.run_id, finding.kind) == (3, "decision")
    assert finding.todo.startswith("see whether decision-wrong or shadow-wrong names the same")


def test_places_that_were_added_removed_or_swapped_are_found(db):
    list_id, n = db.execute(
        f"SELECT list_id, count(*) FROM {P}decision GROUP BY 1 HAVING count(*) > 2"
    ).fetchone()
    one = f"list_id = {list_id} AND seq"
    copied = f"candidate_id, industry_points, deadline_points, risk_points, score FROM {P}decision"
    for statements, places in (
        ([f"INSERT INTO {P}decision SELECT {list_id}, {n + 1}, {copied} WHERE {one} = 1"], [n + 1]),
        ([f"DELETE FROM {P}decision WHERE {one} = {n}"], [n]),
        ([f"DELETE FROM {P}decision WHERE list_id = {list_id}"], [*range(1, n + 1)]),
        ([f"UPDATE {P}decision SET seq = 'x' WHERE {one} = 1"], [1, "x"]),
        (
            [
                f"UPDATE {P}decision SET seq = {new} WHERE {one} = {old}"
                for old, new in ((1, 99), (2, 1), (99, 2))
            ],
            [1, 2],
        ),
    ):
        db.execute("BEGIN")
        for statement in statements:
            db.execute(statement)
        assert [f.rowid for f in found(db)] == [[list_id, seq] for seq in places]
        db.execute("ROLLBACK")


def test_a_list_that_is_gone_doubled_or_of_nobody_is_found(db):
    db.execute("DROP INDEX idx_am_personalization_list_key")
    list_id, cohort_id = db.execute(
        f"SELECT list_id, cohort_id FROM {P}list WHERE run_id = 3 AND profile_id IS NULL LIMIT 1"
    ).fetchone()
    (n,) = db.execute(f"SELECT count(*) FROM {P}decision WHERE list_id = {list_id}").fetchone()
    others = f"run_id, cohort_id, profile_id, list_sha256 FROM {P}list WHERE list_id = {list_id}"
    db.execute("BEGIN")
    db.execute(f"INSERT INTO {P}list SELECT 999, {others}")
    missing = [[999, seq] for seq in range(1, n + 1)]
    assert [f.rowid for f in found(db)] == missing
    db.execute(
        f"INSERT INTO {P}decision SELECT 999, seq, candidate_id, industry_points, deadline_points, risk_points,"
        f" score FROM {P}decision WHERE list_id = {list_id}"
    )
    assert found(db) == []  # a copy of an honest list says the same
    db.execute(f"INSERT INTO {P}cohort VALUES (999, 'Q', '香川県', 700, 'high')")
    db.execute(f"UPDATE {P}list SET cohort_id = 999 WHERE list_id = 999")
    assert [f.rowid for f in found(db)] == missing
    db.execute("ROLLBACK")
    db.execute(
        f"UPDATE {P}list SET run_id = 1, profile_id = 77 WHERE list_id = {list_id}",
    )
    said = [f.what for f in found(db) if f.rowid is None]
    assert said == [f"run 3 has no list of cohort {cohort_id}, and DuckDB decides {n} places"]


def test_changed_inputs_change_what_duckdb_decides(db):
    for statement in (
        f"UPDATE {P}candidate SET industries = 'Q'",
        f"UPDATE {P}candidate SET closes_on = '2026-04-30' WHERE item_id = 'b'",
        f"UPDATE {P}cohort SET horizon_days = horizon_days + 30",
        f"UPDATE {P}run SET model_json = replace(model_json, '\"industry\":50', '\"industry\":49')",
    ):
        db.execute("BEGIN")
        db.execute(statement)
        assert {f.code for f in found(db)} == {"engines-differ"}
        db.execute("ROLLBACK")


def test_what_the_night_and_verification_get_wrong_together_duckdb_does_not(tmp_path, monkeypatch):
    """Both sort by the same code; a fault in it, verification cannot notice."""
    right = decide._best
    monkeypatch.setattr(decide, "_best", lambda *given: right(*given)[::-1])
    with closing(scored_night(tmp_path, ITEMS, TEXTS, model=NEW, top_k=2)) as db:
        assert first_engine(db) == []
        assert {f.code for f in found(db)} == {"engines-differ"}


HOSTILE = (
    f"UPDATE {P}decision SET industry_points = 9e999 WHERE list_id = 1 AND seq = 1",
    f"UPDATE {P}decision SET score = CAST(x'ff' AS TEXT) WHERE list_id = 1 AND seq = 1",
    f"UPDATE {P}decision SET candidate_id = x'00' WHERE list_id = 1 AND seq = 1",
    f"UPDATE {P}run SET top_k = 1.5 WHERE run_id = 2",
    f"UPDATE {P}run SET as_of = '2026-04-02 05:00' WHERE run_id = 2",
    f"UPDATE {P}run SET model_json = '{{}}' WHERE run_id = 2",
    f"UPDATE {P}cohort SET horizon_days = 'x' WHERE cohort_id = 1",
    f"UPDATE {P}cohort SET horizon_days = {2**62} WHERE horizon_days IS NOT NULL",
    f"UPDATE {P}cohort SET industries = '^D' WHERE industries IS NOT NULL",
    f"UPDATE {P}cohort SET industries = x'41' WHERE industries IS NOT NULL",
    f"UPDATE {P}candidate SET closes_on = 'x' WHERE closes_on IS NOT NULL",
    f"UPDATE {P}candidate SET rolling = 2.5",
    f"UPDATE {P}candidate SET item_id = CAST(x'ff' AS TEXT)",
    f"UPDATE {P}shadow SET model_json = x'00'",
    f"DROP TABLE {P}run_candidate",
    f"DROP TABLE {P}shadow_decision",
)


@pytest.mark.parametrize("statement", HOSTILE)
def test_a_value_that_nothing_lets_in_is_a_finding_and_no_crash(db, statement):
    db.execute(statement)
    codes = {f.code for f in found(db)}
    assert codes
    assert codes <= {"engines-differ", "check-unfinished"}


def test_a_run_that_cannot_be_decided_does_not_keep_the_others_from_it(db):
    db.execute(f"UPDATE {P}run SET top_k = 1.5 WHERE run_id = 2")
    list_id = db.execute(f"SELECT max(list_id) FROM {P}list WHERE run_id = 3").fetchone()[0]
    db.execute(f"UPDATE {P}decision SET risk_points = 9 WHERE list_id = {list_id} AND seq = 1")
    stopped, named = found(db)
    assert (stopped.code, stopped.run_id) == ("check-unfinished", 2)
    assert stopped.what.startswith("the second engine check of run 2 did not reach its end: ")
    assert "top_k is 1.5" in stopped.what
    assert named.rowid == [list_id, 1]


@pytest.mark.parametrize("pairs", (1, 13))
def test_how_much_duckdb_decides_at_once_changes_nothing(db, monkeypatch, pairs):
    db.execute(f"UPDATE {P}decision SET score = 1 WHERE seq = 2")
    whole = found(db)
    monkeypatch.setattr(decided, "_PAIRS", pairs)
    assert found(db) == whole != []


MANY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=20, **MANY)
@given(
    items=items_of_a_night(("program", "industry_pack", "amendment"), (None,)),
    texts=st.lists(valid_texts(), min_size=1, max_size=5),
    model=models(oracle.MODEL),
    as_of=as_of_days(),
    top_k=st.sampled_from((1, 2, 10)),
)
def test_any_night_is_decided_the_same(tmp_path_factory, items, texts, model, as_of, top_k):
    folder = tmp_path_factory.mktemp("night")
    listed = {}
    for item in items:
        if not (item.opens_on and item.closes_on and item.opens_on > item.closes_on):
            listed.setdefault((item.recommendation_type, item.item_id), item)
    night = {"model": model, "as_of": as_of, "top_k": top_k}
    with closing(scored_night(folder, listed.values(), texts, **night)) as db:
        db.executescript(SEARCHES)
        night_after(db, 1, top_k)
        assert found(db) == []


# The command and the function


def test_the_command_says_how_many_lists_were_decided_again(path):
    result = run(path)
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    with closing(connect(path)) as db:
        (n,) = db.execute(f"SELECT count(*) FROM {P}list").fetchone()
    assert lines[0].startswith(f"note: {n} lists were decided again by DuckDB ")
    assert lines[-1].startswith("intact, ")
    answer = json.loads(run(path, "--json").stdout)
    assert answer["checks"][-1] == {
        "check": "engine",
        "sentence": "DuckDB decides the same lists as are stored",
        "finished": True,
        "of": {"runs": 2},
        "findings": 0,
    }
    assert [(note["code"], note["count"]) for note in answer["notes"]] == [("second-engine", n)]


def test_the_command_ends_with_1_where_duckdb_decides_otherwise(path):
    db = connect(path)
    tamper_behind_the_guards(
        db, f"UPDATE {P}decision SET risk_points = risk_points + 1 WHERE list_id = 1"
    )
    db.close()
    result = run(path)
    assert result.exit_code == 1
    assert "\nengines-differ: place 1 of list 1 of run 1 is " in result.stdout


def test_a_reader_of_japanese_is_told_in_japanese(path):
    result = run(path, "--lang", "ja")
    assert "DuckDB" in result.stderr
    assert "lists" not in result.stderr


def test_without_the_option_nothing_of_it_is_loaded_or_said(path):
    code = (
        "import sys; from sqlite_utils_personalization import verify; found = verify(sys.argv[1]);"
        "assert not [n for n in sys.modules if n.startswith(('duckdb', 'sqlglot')) or 'second_engine' in n];"
        "assert 'engine' not in [one['check'] for one in found['checks']] and not found['notes']"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_progress_reaches_its_end_once(path):
    seen = []
    verify(path, second_engine="duckdb", progress=lambda _, done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] == max(done for done, _ in seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("missing", ("duckdb", "sqlglot"))
def test_without_the_libraries_it_says_what_to_install_and_notes_nothing(
    path, monkeypatch, missing, tmp_path
):
    find = decided.find_spec
    monkeypatch.setattr(decided, "find_spec", lambda name: None if name == missing else find(name))
    noted = tmp_path / "noted.jsonl"
    result = run(path, "--keep", "--record", str(noted))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: a second engine needs the libraries duckdb and sqlglot" f" - run: {WHY}\n"
    )
    assert not noted.exists()
    with closing(connect(path)) as db:
        assert db.execute(f"SELECT count(*) FROM {P}verification").fetchone() == (0,)


def test_a_formula_with_what_is_not_listed_is_refused_in_one_sentence(path, monkeypatch):
    monkeypatch.setattr(dialect, "expressions", lambda computed=(): {"score": "c.rolling % 2"})
    dialect.transpiled.cache_clear()
    try:
        result = run(path)
    finally:
        dialect.transpiled.cache_clear()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: score of the formula has c.rolling % 2, which nothing shows to be the same on DuckDB"
        " - verify without --second-engine, and report it\n"
    )


def test_too_little_memory_is_no_finding(path, monkeypatch):
    monkeypatch.setitem(decided._SETTINGS, "memory_limit", "1MB")
    result = run(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: DuckDB has too little memory to decide these lists"
        " - verify where more is free, or without --second-engine\n"
    )


INTERRUPTED = """
import os, signal, threading, time
from sqlite_utils_personalization.audit.second_engine.decided import SecondEngine
signal.signal(signal.SIGINT, signal.default_int_handler)
with SecondEngine() as engine:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        engine._lists("SELECT 1, 0, count(*) FROM range(100000) a, range(3000) b WHERE a.range * b.range % 7 = 3", [])
        time.sleep(9)
    except KeyboardInterrupt:
        print("interrupted", end="")
"""


def test_an_interruption_of_duckdb_is_one_of_the_program():
    found = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("interrupted", "")


def test_another_engine_is_refused(path, tmp_path):
    with pytest.raises(InvalidInput, match="second_engine is 'spark' - give one of duckdb"):
        verify(path, second_engine="spark")
    assert CliRunner().invoke(command, [str(path), "--second-engine", "spark"]).exit_code == 2
    nothing = tmp_path / "nothing.db"
    nothing.write_bytes(b"no database" * 100)
    result = run(nothing)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_nothing_is_written_beside_the_file(path, tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    before = path.read_bytes()
    assert run(path).exit_code == 0
    assert list(folder.iterdir()) == []
    assert path.read_bytes() == before


@pytest.mark.skipif(not BUILD.exists(), reason="needs the real catalogue in ../shared")
def test_a_night_of_the_real_catalogue_is_decided_the_same(tmp_path):
    path = tmp_path / "jpcite.db"
    subprocess.run([sys.executable, str(BUILD), "catalogue", str(path)], check=True)
    migrate(path)
    customers = [sys.executable, str(BUILD), "customers", str(path), "--count", "200"]
    subprocess.run(customers, check=True)
    score(path, as_of="2026-07-22")
    with closing(connect(path)) as db:
        assert found(db) == []
        tamper(db)
        rows = (
            f"SELECT list_id, seq FROM {P}decision ORDER BY list_id % 7, list_id LIMIT 1 OFFSET 50"
        )
        list_id, seq = db.execute(rows).fetchone()
        execute(path, f"UPDATE {P}decision SET score = 1 WHERE list_id = {list_id} AND seq = {seq}")
        assert [f.rowid for f in found(db)] == [[list_id, seq]]
