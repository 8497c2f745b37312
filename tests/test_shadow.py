"""A night decided under a second model too: its lists are those of a copy scored under it, and nothing more."""

import itertools
import json
import os
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest
from nights import AS_OF, P, add_feedback, handed_over, night_after, run_night, scored_night, token
from oracle import Item
from scored import tamper_behind_the_guards
from viewer_fixtures import close_served, serve

from sqlite_utils_personalization import (
    explain,
    export_customer,
    health,
    impact,
    new_since,
    receipt,
    recommendations,
    reconcile,
    record_delivery,
    replay,
    statement,
    why_not,
    write_digests,
)
from sqlite_utils_personalization.api import opened as opening
from sqlite_utils_personalization.audit.shadow_lists import find_shadow, list_pairs
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.errors import InvalidInput, NoSchema, NotFound
from sqlite_utils_personalization.evidence.seal import unsealed_events
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.viewer.queries.queries import questions

NOON = f"{AS_OF}T03:00:00.000Z"
NEW = load_model().constants
OTHER = NEW | {
    "weights": {"industry": 30, "deadline": 50, "risk": 20},
    "repeat_days": 3,
    "depth": 4,
    "rank_band": 1,
}
BUILDER, LOW = '{"industry_pack": "D"}', '{"industry_pack": "D", "risk_tolerance": "low"}'
SOON = '{"industry_pack": "D", "deadline_horizon_days": 60, "prefecture": "東京都"}'
TEXTS = [BUILDER, BUILDER, LOW, SOON, SOON, "[]", '{"prefecture": "沖縄県"}']
ITEMS = [
    *(Item("program", name, f"補助金 {name}", industries="D") for name in "abc"),
    Item("program", "d", "設備導入", industries="D", closes_on="2026-04-20", prefectures="東京都"),
    Item("program", "e", "販路開拓", closes_on="2026-05-20", risk_level="low"),
    Item("program", "f", "人材確保", risk_level="high"),
]
SEARCHES = """
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
INSERT INTO saved_searches SELECT profile_id, user_token_hash, '{"q": "建設"}'
FROM am_personalization_profile WHERE profile_id IN (1, 4);
"""
SHADOW_TABLES = [f"{P}shadow{name}" for name in ("", "_list", "_decision", "_served")]


@pytest.fixture(autouse=True)
def _closed():
    yield
    close_served()


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(OTHER), encoding="utf-8")
    return path


@pytest.fixture
def db(tmp_path):
    """A first night, and afterwards all that may spare a customer something, and owners of saved searches."""
    with closing(scored_night(tmp_path, ITEMS, TEXTS, model=NEW, top_k=2)) as db:
        db.executescript(SEARCHES)
        handed_over(db, 1, "a")
        handed_over(db, 4, "d", at=f"{AS_OF}T05:00:00.000Z")
        add_feedback(db, 2, ITEMS[1], "dismissed", NOON)
        add_feedback(db, 3, ITEMS[0], "applied", NOON)
        yield db


def night(db, days=1, **options):
    return night_after(db, days, 2, **options) if options else night_after(db, days, 2)


def shadowed(db, other, days=1, **options):
    as_of = f"2026-04-{1 + days:02}"
    return run_night(db, as_of=as_of, top_k=2, any_date=True, shadow=other, **options)


def path_of(db):
    return db.execute("PRAGMA database_list").fetchone()[2]


def twin(db, other, tmp_path, days=1):
    """What the same night of a copy gives under the other model: its lists, and who gets what of which."""
    folder = tmp_path / "twin"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "night.db", isolation_level=None)) as copy:
        db.backup(copy)
        shutil.copy(tmp_path / "catalogue.sql", folder)
        shutil.copy(other, folder / "model.json")
        run_id = run_night(copy, as_of=f"2026-04-{1 + days:02}", top_k=2)["run_id"]
        lists = copy.execute(f"SELECT list_sha256 FROM {P}list WHERE run_id = ?", (run_id,))
        served = copy.execute(
            f"SELECT l.profile_id, list_sha256, first_seq, n FROM {P}evidence e JOIN {P}list t USING (list_id)"
            f" JOIN {P}recommendation_log l ON l.rec_id = e.first_rec_id WHERE run_id = ? ORDER BY first_rec_id",
            (run_id,),
        )
        return sorted(lists), served.fetchall()


def stored(db, shadow_id):
    """The same of a shadow, read in plain Python."""
    lists = {
        number: (cohort, owner, digest)
        for number, cohort, owner, digest in db.execute(
            f"SELECT shadow_list_id, cohort_id, profile_id, list_sha256 FROM {P}shadow_list WHERE shadow_id = ?",
            (shadow_id,),
        )
    }
    (run_id,) = db.execute(
        f"SELECT run_id FROM {P}shadow WHERE shadow_id = ?", (shadow_id,)
    ).fetchone()
    rows = db.execute(
        f"SELECT profile_id, shadow_list_id, first_seq, n FROM {P}shadow_served WHERE shadow_id = ? ORDER BY position",
        (shadow_id,),
    ).fetchall()
    cohorts = dict(
        db.execute(
            f"SELECT l.profile_id, t.cohort_id FROM {P}evidence e JOIN {P}list t USING (list_id)"
            f" JOIN {P}recommendation_log l ON l.rec_id = e.first_rec_id WHERE t.run_id = :run"
            f" UNION SELECT profile_id, cohort_id FROM {P}unserved WHERE run_id = :run",
            {"run": run_id},
        )
    )
    spared = {profile_id for profile_id, *_ in rows if profile_id}
    found = []
    for customer in sorted(cohorts):
        if customer in spared:
            mine = [row for row in rows if row[0] == customer and row[1]]
        else:
            of = [(lists[row[1]], row) for row in rows if not row[0]]
            mine = [row for (cohort, who, _), row in of if cohort == cohorts[customer] and not who]
            mine += [row for (_, who, _), row in of if who == customer]
        found += [(customer, lists[number][2], first, n) for _, number, first, n in mine]
    return sorted((digest,) for *_, digest in lists.values()), found


def test_its_lists_and_who_would_get_what_are_those_of_a_copy_scored_under_the_other_model(
    db, other, tmp_path
):
    expected = twin(db, other, tmp_path)
    found = shadowed(db, other)["shadow"]
    lists, served = stored(db, found["shadow_id"])
    assert (lists, served) == expected
    assert (found["lists"], found["rows"]) == (len(lists), sum(row[-1] for row in served))
    # Owners have lists of their own, and who was spared a repeat ranges of theirs.
    assert db.execute(f"SELECT count(profile_id) FROM {P}shadow_list").fetchone() > (0,)
    assert db.execute(f"SELECT count(profile_id) FROM {P}shadow_served").fetchone()[0] > 2
    assert verify(db) == []


@pytest.mark.parametrize("days", (1, 3, 4, 20))
def test_each_model_spares_repeats_for_its_own_days(db, other, tmp_path, days):
    expected = twin(db, other, tmp_path, days)
    found = shadowed(db, other, days)["shadow"]
    assert stored(db, found["shadow_id"]) == expected
    assert verify(db) == []


def tables(db, *but):
    """All that is in the file, but random salts and what says when."""
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = [name for name in names if name.startswith(P) and name not in but]
    found = {name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in kept}
    columns = "run_id, as_of, again, model_sha256, counts_json, left_out_json"
    return {**found, "run": db.execute(f"SELECT {columns} FROM {P}run ORDER BY 1").fetchall()}


def test_the_night_itself_is_as_without_a_shadow(db, other, tmp_path):
    with closing(sqlite3.connect(tmp_path / "plain.db", isolation_level=None)) as plain:
        db.backup(plain)
        run_night(plain, as_of="2026-04-02", top_k=2)
        shadowed(db, other)
        # Seals and rows of the log say when, and digests are salted.
        but = [
            f"{P}{name}"
            for name in ("run", "run_progress", "seal", "recommendation_log", "identity")
        ]
        but += [f"{P}identity_salt", *SHADOW_TABLES]
        assert tables(db, *but) == tables(plain, *but)
        rows = f"SELECT rec_id, profile_id, recommendation_type, score FROM {P}recommendation_log"
        assert db.execute(rows).fetchall() == plain.execute(rows).fetchall()


def test_without_a_shadow_nothing_is_written_of_one(db):
    found = night(db)
    assert "shadow" not in found
    assert [db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in SHADOW_TABLES] == [
        (0,)
    ] * 4


def test_a_dry_run_writes_nothing_and_says_what_the_shadow_would_be(db, other, tmp_path):
    before = (tmp_path / "night.db").read_bytes()
    planned = shadowed(db, other, dry_run=True)["shadow"]
    assert (tmp_path / "night.db").read_bytes() == before
    found = shadowed(db, other)["shadow"]
    assert planned == {**found, "shadow_id": None}


def test_a_shadow_of_the_nights_own_model_is_refused(db, tmp_path, refuses):
    with refuses("the model of the shadow is the one of the night - give --shadow another model"):
        shadowed(db, tmp_path / "model.json")


def test_a_file_from_before_902_gets_it_and_is_told(db, other):
    for name in reversed(SHADOW_TABLES):
        db.execute(f"DROP TABLE {name}")
    assert verify(db) == []
    told = []
    assert shadowed(db, other, dry_run=True)["shadow"]["lists"] > 0
    with pytest.raises(NoSchema, match="which adds 902"):
        find_shadow(db)
    found = shadowed(db, other, say=told.append)
    assert "applied 902_personalization_shadow, which was missing: shadows are kept in it" in told
    assert (found["shadow"]["shadow_id"], verify(db)) == (1, [])


def test_a_night_that_was_scored_keeps_the_shadow_it_has_or_none(db, other, tmp_path):
    night(db)
    found = shadowed(db, other)
    warning = "run 2 was begun without this shadow, and is left as it is (--again scores the night once more)"
    assert (found["outcome"], found["shadow"], found["warnings"]) == (
        "already scored",
        None,
        [warning],
    )
    first = shadowed(db, other, again=True)
    assert (first["run_id"], first["shadow"]["shadow_id"], warning in first["warnings"]) == (
        3,
        1,
        False,
    )
    second = shadowed(db, other, again=True)
    assert (second["run_id"], second["shadow"]["shadow_id"]) == (4, 2)
    third = tmp_path / "third.json"
    third.write_text(json.dumps(OTHER | {"urgent_days": 7}), encoding="utf-8")
    asked = shadowed(db, third)
    assert (asked["shadow"], asked["warnings"]) == (second["shadow"], [warning.replace("2", "4")])
    assert verify(db) == []


def test_an_interrupted_night_finishes_with_the_shadow_it_began_with(db, other, tmp_path):
    def stop(stage, done, total):
        if stage == "Logging":
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        shadowed(db, other, progress=stop)
    assert [one.code for one in verify(db)] == ["run-open"]
    before = stored(db, 1)
    third = tmp_path / "third.json"
    third.write_text(json.dumps(OTHER | {"urgent_days": 7}), encoding="utf-8")
    found = shadowed(db, third)
    assert (found["outcome"], found["shadow"]["shadow_id"]) == ("resumed", 1)
    assert found["shadow"]["model_sha256"] == load_model(other).sha256
    assert (stored(db, 1), verify(db)) == (before, [])


def test_what_a_shadow_does_not_ask_of_its_model_is_said(db, tmp_path):
    path = tmp_path / "packs.json"
    path.write_text(json.dumps(OTHER | {"amendment_days": 5, "packs": {}}), encoding="utf-8")
    assert shadowed(db, path)["warnings"][1:] == [
        "the shadow is decided out of what the night read, by its own model: amendment_days, packs of the other"
        " are not asked"
    ]


def test_pairs_of_lists_count_every_customer_that_could_be_scored_once(db, other):
    found = shadowed(db, other)
    pairs = [*list_pairs(db, found["shadow"]["shadow_id"])]
    assert sum(pair.customers for pair in pairs) == found["profiles"] - found["rejected"]
    rows = Counter()
    for pair in pairs:
        rows["champion"] += pair.customers * sum(part.n for part in pair.champion)
        rows["shadow"] += pair.customers * sum(part.n for part in pair.shadow)
    assert rows == {"champion": found["logged"], "shadow": found["shadow"]["rows"]}
    assert len({(pair.champion, pair.shadow) for pair in pairs}) == len(pairs)
    assert find_shadow(db)[:2] == (1, found["run_id"])
    with pytest.raises(NotFound, match="there is no shadow 9"):
        find_shadow(db, 9)


def test_who_was_erased_stays_in_it_by_a_number_that_leads_nowhere(db, other):
    shadowed(db, other)
    before = stored(db, 1)
    for number in (1, 4):
        (key,) = db.execute(
            f"SELECT user_token_hash FROM {P}profile WHERE profile_id = ?", (number,)
        ).fetchone()
        erase(db, key)
    assert (stored(db, 1), verify(db)) == (before, [])
    shadowed(db, other, 2)
    owners = f"SELECT count(*) FROM {P}shadow_list WHERE shadow_id = 2 AND profile_id IS NOT NULL"
    assert (db.execute(owners).fetchone(), verify(db)) == ((0,), [])


def test_a_snapshot_has_it(db, other, tmp_path):
    shadowed(db, other)
    snapshot(path_of(db), tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert (stored(copy, 1), verify(copy)) == (stored(db, 1), [])
        for name in SHADOW_TABLES:
            rows = f"SELECT * FROM {name} ORDER BY 1, 2"
            assert copy.execute(rows).fetchall() == db.execute(rows).fetchall()


FIRST, SECOND = (f"place {seq} of list 1 of shadow 1 should be" for seq in (1, 2))
NOT_FOLLOWING = "shadow 1 does not follow from run 2"
WHOSE = "of who would have got what in shadow 1"
NOT_THERE = "was not there when run 1 was sealed"
OTHER_DIGEST = "list 1 of shadow 1 is not the one its digest was taken of"
TAMPERED = {
    f"UPDATE {P}shadow_decision SET candidate_id = (SELECT candidate_id FROM {P}shadow_decision WHERE shadow_list_id"
    " = 1 AND seq = 2) WHERE shadow_list_id = 1 AND seq = 1": FIRST,
    **{
        f"UPDATE {P}shadow_decision SET {name} = {name} + 1 WHERE shadow_list_id = 1 AND seq = 2": SECOND
        for name in ("industry_points", "deadline_points", "risk_points", "score")
    },
    f"DELETE FROM {P}shadow_decision WHERE shadow_list_id = 1 AND seq = 1": FIRST,
    f"INSERT INTO {P}shadow_decision VALUES (1, 99, 1, 0, 0, 1, 1)": f"place 99 of list 1 of {NOT_FOLLOWING}",
    f"DELETE FROM {P}shadow_list WHERE shadow_list_id = 1": "is missing in shadow 1",
    f"UPDATE {P}shadow_list SET list_sha256 = '{'0' * 64}' WHERE shadow_list_id = 1": OTHER_DIGEST,
    f"UPDATE {P}shadow_list SET profile_id = 5 WHERE profile_id = 4": "is missing in shadow 1",
    f"INSERT INTO {P}shadow_list VALUES (99, 1, 1, 7, '{'0' * 64}')": f"list 99 of {NOT_FOLLOWING}",
    f"UPDATE {P}shadow_served SET n = n + 1 WHERE position = 1": f"row 1 {WHOSE}",
    f"UPDATE {P}shadow_served SET profile_id = 6 WHERE profile_id = 1": WHOSE,
    f"DELETE FROM {P}shadow_served WHERE position = 2": f"row 2 {WHOSE}",
    f"INSERT INTO {P}shadow_served VALUES (1, 99, 7, 1, 1, 1)": f"row 99 {WHOSE}",
    f"UPDATE {P}shadow SET model_json = '{{}}'": "the model of shadow 1 has changed",
    f"UPDATE {P}shadow SET model_sha256 = '{'0' * 64}'": "the model of shadow 1 has changed",
    **{
        f"UPDATE {P}shadow SET {name} = {name} + 1": f"{name} of shadow 1 does not follow from run 2"
        for name in ("top_k", "list_count", "row_count")
    },
    f"UPDATE {P}shadow SET counts_json = '{{}}'": "counts_json of shadow 1 does not follow from run 2",
    **{
        f"UPDATE {P}shadow SET {name} = '{'0' * 64}'": f"{name} of shadow 1 does not follow from run 2"
        for name in ("lists_sha256", "served_sha256")
    },
    f"UPDATE {P}shadow SET package_version = '9'": f"rows 1 to 1 of {P}shadow are not those that seal",
    f"UPDATE {P}shadow SET started_at = '9'": f"rows 1 to 1 of {P}shadow are not those that seal",
    f"DELETE FROM {P}shadow": f"rows 1 to 1 of {P}shadow are not those that seal",
    f"UPDATE {P}shadow SET run_id = 1": f"shadow 1 {NOT_THERE}",
    f"INSERT INTO {P}shadow SELECT 2, 1, model_json, model_sha256, top_k, package_version, started_at, finished_at,"
    f" list_count, row_count, counts_json, lists_sha256, served_sha256 FROM {P}shadow": f"shadow 2 {NOT_THERE}",
    f"DROP TABLE {P}shadow_served": f"{P}shadow_served is missing",
}


@pytest.mark.parametrize("statement", TAMPERED)
@pytest.mark.sampled(4)
def test_whoever_changes_a_shadow_is_found(db, other, statement):
    shadowed(db, other)
    tamper_behind_the_guards(db, statement) if "DROP" not in statement else db.execute(statement)
    assert any(TAMPERED[statement] in one.what for one in verify(db)), verify(db)


def test_every_shadow_is_sealed_before_its_night(db, other):
    shadowed(db, other)
    seals = [
        (run_id, json.loads(text).get("table"))
        for run_id, text in db.execute(
            f"SELECT run_id, manifest_json FROM {P}seal ORDER BY seal_id"
        )
    ]
    assert seals.index((None, f"{P}shadow")) < seals.index((2, None))
    assert unsealed_events(db) == []


DELIVERED = f"SELECT min(rec_id) FROM {P}delivery"
DOORS = {
    "recommendations": lambda db, key: recommendations(db, key),
    "explain": lambda db, key: explain(db, key, *db.execute(DELIVERED).fetchone()),
    "statement": lambda db, key: statement(db, key, AS_OF[:7]),
    "digest": lambda db, key: [*write_digests(db, Path(path_of(db)).with_name("digests"))],
    "delivery": lambda db, key: record_delivery(db, 1, channel="digest", slot="issue-1"),
    "replay": lambda db, key: [*replay(db)],
    "why-not": lambda db, key: why_not(db, key, "f"),
    "receipt": lambda db, key: receipt(db, key, 2),
    "export": lambda db, key: [*export_customer(db, key)],
    "charges": lambda db, key: reconcile(db, AS_OF[:7]),
    "health": lambda db, key: health(db),
    "questions": lambda db, key: [
        db.execute(f"EXPLAIN {one.sql}", parameters(one))
        for one in questions()
        if one.name != "shadows"
    ],
    "new since": lambda db, key: [*new_since(db, AS_OF, night="2026-04-02")],
}


def parameters(question):
    return dict.fromkeys(re.findall(r":(\w+)", question.sql), 1)


@pytest.mark.parametrize("door", DOORS)
def test_no_door_looks_at_a_shadow(db, other, door):
    """Each would be refused the tables of shadows, did it but name them."""
    shadowed(db, other)
    asked = []

    def refuse(action, table, *_):
        is_shadow = action == sqlite3.SQLITE_READ and table in SHADOW_TABLES
        asked.append(table)
        return sqlite3.SQLITE_DENY if is_shadow else sqlite3.SQLITE_OK

    db.set_authorizer(refuse)
    DOORS[door](db, token(0))
    assert f"{P}profile" in asked or f"{P}run" in asked
    assert not set(asked) & set(SHADOW_TABLES)


def dying(open_writable, statements):
    """open_writable, but the process dies at that statement of the connection, counted from 1."""

    def opened(*given, **options):
        found = open_writable(*given, **options)
        count = itertools.count(1)
        found.conn.set_trace_callback(lambda sql: next(count) == statements and os._exit(9))
        return found

    return opened


def killed(db, other, statements):
    """A process of its own scores the night, and dies at one of its statements; returns whether it did."""
    process = os.fork()
    if process == 0:
        try:
            opening.open_writable = dying(opening.open_writable, statements)
            shadowed(db, other)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("step", (7, 61))
@pytest.mark.slow
def test_killed_at_any_statement_both_are_there_or_neither_and_the_same_command_finishes(
    db, other, tmp_path, step
):
    night_file = tmp_path / "night.db"
    db.close()
    before = night_file.read_bytes()
    expected, seen = None, set()
    for statements in itertools.count(step, step):
        night_file.write_bytes(before)
        with closing(sqlite3.connect(night_file, isolation_level=None)) as db:
            died = killed(db, other, statements)
            counts = [
                db.execute(f"SELECT count(*) FROM {P}{name}").fetchone()[0]
                for name in ("run", "shadow", "seal WHERE run_id IS NOT NULL")
            ]
            runs, shadows, seals = counts
            assert shadows == runs - 1
            assert [one.code for one in verify(db)] == ["run-open"] * (runs - seals)
            found = shadowed(db, other)
            assert (found["shadow"]["shadow_id"], verify(db)) == (1, [])
            expected = expected or stored(db, 1)
            assert stored(db, 1) == expected
        seen.add((shadows, seals))
        if not died:
            break
    assert seen == {(0, 1), (1, 1), (1, 2)}


@pytest.mark.asyncio
async def test_pages_show_a_shadow_apart(db, other, tmp_path):
    found = shadowed(db, other)["shadow"]
    datasette = await serve(tmp_path / "night.db")
    home = "/-/personalization"
    plain = (await datasette.client.get(f"{home}/night/1.json")).json()
    beside = (await datasette.client.get(f"{home}/night/2.json")).json()
    assert (plain["shadow"], beside["shadow"]) == (None, found)
    page = (await datasette.client.get(f"{home}/night/2")).text
    assert "Nothing of it was logged, handed over or billed." in page
    assert found["model_sha256"] in page
    assert "Decided under another model" not in (await datasette.client.get(f"{home}/night/1")).text
    (row,) = (await datasette.client.get(f"{home}/q/shadows.json")).json()["rows"]
    assert (row["shadow_id"], row["run_id"], row["rows"]) == (1, 2, found["rows"])
    per_type = json.loads(db.execute(f"SELECT counts_json FROM {P}shadow").fetchone()[0])
    assert {kind: row[kind] for kind in per_type} == {k: one["rows"] for k, one in per_type.items()}


def test_an_impact_reads_what_the_shadow_stored_and_it_is_what_the_model_would_have_done(db, other):
    shadowed(db, other, 4)
    decided = impact(db, model=other, nights=1)
    read = impact(db, shadow="latest")
    assert {k: v for k, v in read.items() if k != "notes"} == {
        k: v for k, v in decided.items() if k != "notes"
    }
    assert read == impact(db, shadow=1)
    assert read["total"]["lists_changed"] > 0
    with pytest.raises(NotFound, match="there is no shadow 7"):
        impact(db, shadow=7)
    with pytest.raises(InvalidInput, match="a shadow is one night under one model"):
        impact(db, shadow=1, nights=2)
