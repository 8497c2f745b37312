"""After an erasure nothing that is kept leads to a row of another program, and nothing is claimed that was not seen."""

import json
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from reconciled import USAGE
from rest_fixtures import PROFILE, api_database, ask, open_api
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.export import export
from sqlite_utils_personalization.audit.receipt import receipt
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile, reconciled_rows
from sqlite_utils_personalization.billing.reconcile.result import keep
from sqlite_utils_personalization.billing.record import record_delivery
from sqlite_utils_personalization.catalogue.saved_searches import numbered_searches
from sqlite_utils_personalization.customer_api.explain import explain
from sqlite_utils_personalization.customer_api.recommendations import recommendations
from sqlite_utils_personalization.customer_api.statement import statement
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.preferences import erasing
from sqlite_utils_personalization.preferences.erasing import erase_customer
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.feedback import feedback_of, give_feedback
from sqlite_utils_personalization.preferences.import_profiles import import_profiles
from sqlite_utils_personalization.preferences.profile import set_preferences
from sqlite_utils_personalization.preferences.rotation import rotate
from sqlite_utils_personalization.schema.state import tables
from sqlite_utils_personalization.scoring import night
from sqlite_utils_personalization.scoring.decide import decide

P = "am_personalization_"
NEXT = "2026-04-02"
ONE, TWO, THREE = (sha256(f"example-key-{n}".encode()).hexdigest() for n in (1, 2, 3))
SEARCH = "INSERT INTO saved_searches(id, api_key_hash, name, query_json, notify_email) VALUES (?, ?, '', '{}', '')"


@pytest.fixture
def path(fresh_path):
    """The example, whose second customer was delivered and charged everything, as the product bills."""
    build(fresh_path)
    with closing(sqlite3.connect(fresh_path)) as db, db:
        # No number of a search is one that also counts something else.
        db.execute("UPDATE saved_searches SET id = id + 7000")
    score(fresh_path, as_of=AS_OF)
    with closing(sqlite3.connect(fresh_path, isolation_level=None)) as db:
        db.execute(USAGE)
        mine = db.execute(f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 2")
        for (rec_id,) in mine.fetchall():
            given = {"channel": "rest", "slot": AS_OF, "delivered_at": f"{AS_OF}T03:00:00Z"}
            charge(db, record_delivery(db, rec_id, **given).billing_key, TWO)
    return fresh_path


@pytest.fixture
def db(path):
    db = sqlite3.connect(path, isolation_level=None)
    yield db
    db.close()


def charge(db, key, customer):
    db.execute(
        "INSERT INTO usage_events(key_hash, endpoint, ts, status, metered, billing_idempotency_key)"
        f" VALUES (?, 'v1/personalization', '{AS_OF}T03:00:01Z', 200, 1, ?)",
        (customer, key),
    )


def values(db, sql):
    return {str(value) for row in db.execute(sql) for value in row if value is not None}


def of_others(db, customer):
    """What names the rows that other programs have of the customer."""
    found = values(
        db, f"SELECT id, api_key_hash FROM saved_searches WHERE api_key_hash = '{customer}'"
    )
    return found | values(
        db, f"SELECT billing_idempotency_key FROM usage_events WHERE key_hash = '{customer}'"
    )


def of_ours(db, profile_id):
    """Every value of every row of ours that leads to the profile, from table to table."""
    numbers = {"profile_id": {profile_id}}
    for name, sql in {
        "rec_id": "SELECT rec_id FROM {P}recommendation_log WHERE profile_id = {n}",
        "delivery_id": "SELECT delivery_id FROM {P}delivery JOIN {P}recommendation_log USING (rec_id)"
        " WHERE profile_id = {n}",
    }.items():
        found = db.execute(sql.format(P=P, n=profile_id))
        numbers[name] = {number for (number,) in found}
    found = set()
    for table in tables():
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        for name in columns & numbers.keys():
            marks = ", ".join(map(str, numbers[name] or {-1}))
            found |= values(db, f"SELECT * FROM {table} WHERE {name} IN ({marks})")
    return found


def test_nothing_of_ours_that_leads_to_the_profile_is_in_a_row_of_another_program(db):
    # Before, the customer is one.
    assert of_others(db, TWO) <= of_ours(db, 2) | {TWO}
    erase(db, TWO)
    assert len(of_others(db, TWO)) > 3
    assert of_others(db, TWO) & of_ours(db, 2) == set()
    assert verify(db) == []


def test_what_relates_charges_and_searches_is_destroyed_of_this_customer_alone(db):
    (three,) = db.execute(f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 3")
    key = record_delivery(db, three[0], channel="digest", slot=AS_OF).billing_key
    erase(db, TWO)
    related = f"SELECT billing_key FROM {P}billing_key WHERE delivery_id IS NOT NULL"
    assert db.execute(related).fetchall() == [(key,)]
    assert (numbered_searches(db, 2), numbered_searches(db, 3)) == ({}, {"3-1": "7002"})


def test_a_month_adds_up_whoever_was_erased_and_a_forged_charge_is_still_one(db):
    before = reconcile(db, "2026-04").total
    erase(db, TWO)
    after = reconcile(db, "2026-04")
    assert (after.total[1:], after.exit_status) == (before[1:], 0)
    assert after.totals["erased"].rows == 2 * before.rows == after.total.rows
    charge(db, "f" * 64, TWO)
    forged = reconcile(db, "2026-04")
    assert (forged.totals["orphan"].rows, forged.exit_status) == (1, 1)


def test_the_moment_of_a_charge_that_was_kept_leads_nowhere_either(db):
    keys = "SELECT billing_idempotency_key FROM usage_events LIMIT 1"
    charge(db, db.execute(keys).fetchone()[0], TWO)
    keep(db, reconcile(db, "2026-04"), reconciled_rows(db))
    kept = f"SELECT rec_id, metered_at FROM {P}reconciled WHERE class = 'duplicate'"
    ((rec_id, moment),) = db.execute(kept).fetchall()
    assert moment.startswith(f"{AS_OF}T03:00:01")
    erase(db, TWO)
    assert db.execute(kept).fetchall() == [(rec_id, None)]


def test_what_is_recorded_after_an_erasure_has_no_key_that_leads_to_it(db):
    (rec_id,) = db.execute(f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 1")
    erase(db, ONE)
    assert record_delivery(db, *rec_id, channel="digest", slot=AS_OF).billing_key is None


def test_what_was_left_is_found_by_verification(db):
    erase(db, TWO)
    db.execute(f"INSERT INTO {P}saved_search VALUES (2, '7001', 1)")
    (delivery_id,) = db.execute(f"SELECT min(delivery_id) FROM {P}delivery").fetchone()
    db.execute(f"INSERT INTO {P}billing_key VALUES (?, ?)", ("a" * 64, delivery_id))
    assert [(one.code, one.table, one.rowid) for one in verify(db)] == [
        ("salt-left", f"{P}saved_search", 2),
        ("salt-left", f"{P}billing_key", 2),
    ]


# Numbers of saved searches


def numbers(db, run_id):
    sql = f"""
        SELECT item_id, profile_id FROM {P}candidate JOIN {P}run_candidate USING (candidate_id)
        WHERE run_id = {run_id} AND recommendation_type = 'saved_search' ORDER BY candidate_id
    """
    return db.execute(sql).fetchall()


def test_a_search_keeps_its_number_and_none_is_given_again(path, db):
    for search in ((100, TWO), (9000, TWO), (8000, ONE)):
        db.execute(SEARCH, search)
    score(path, as_of=NEXT)
    assert numbered_searches(db, 2) == {"2-1": "7001", "2-2": "100", "2-3": "9000"}
    db.execute("DELETE FROM saved_searches WHERE id = 9000")
    db.execute(SEARCH, (50, TWO))
    score(path, as_of="2026-04-03")
    assert {*numbers(db, 3)} == {("1-1", 1), ("2-1", 2), ("2-2", 2), ("2-4", 2), ("3-1", 3)}


def test_the_order_of_what_is_kept_is_not_that_of_the_other_programs_table(path, db):
    for search in ((1, THREE), (2, ONE), (3, THREE), (4, TWO), (5, "f" * 64)):
        db.execute(SEARCH, search)
    score(path, as_of=NEXT)
    new = [("1-1", 1), ("2-2", 2), ("3-2", 3), ("3-3", 3), ("nobody-1", None)]
    assert [one for one in numbers(db, 2) if one[0] not in ("2-1", "3-1")] == new


def test_a_dry_run_numbers_as_the_night_will_and_keeps_no_number(path, db):
    db.execute(SEARCH, (50, ONE))
    before = numbered_searches(db, 1)
    planned = score(path, as_of=NEXT, dry_run=True)["by_type"]
    assert numbered_searches(db, 1) == before == {}
    assert score(path, as_of=NEXT)["by_type"] == planned
    assert numbered_searches(db, 1) == {"1-1": "50"}


def test_the_customer_says_something_of_a_search_by_its_own_id_and_is_shown_that(db):
    said = give_feedback(db, TWO, "saved_search", "7001", "interested").said
    assert said == give_feedback(db, TWO, "saved_search", "2-1", "interested").said
    page = recommendations(db, TWO, recommendation_type="saved_search", night=AS_OF, channel="rest")
    assert [(item.item_id, item.saved_search) for item in page.recommendations] == [("2-1", "7001")]
    assert [*dict(export(db, TWO))["saved_searches"]] == [{"item_id": "2-1", "search_id": "7001"}]


def test_numbers_that_another_night_gave_meanwhile_are_never_given_twice(
    path, db, monkeypatch, refuses
):
    db.execute(SEARCH, (50, ONE))

    def overtaken(*arguments):
        db.execute(f"INSERT INTO {P}saved_search VALUES (1, '60', 1)")
        return decide(*arguments)

    monkeypatch.setattr(night, "decide", overtaken)
    with refuses("saved searches were numbered by another night meanwhile - run it once more"):
        score(path, as_of=NEXT)
    monkeypatch.undo()
    score(path, as_of=NEXT)
    assert numbered_searches(db, 1) == {"1-1": "60", "1-2": "50"}


def test_a_search_under_the_hash_that_stands_for_an_erased_customer_is_nobodys(path, db):
    erase(db, TWO)
    db.execute(SEARCH, (50, random_hash(db)))
    score(path, as_of=NEXT)
    assert [profile_id for _, profile_id in numbers(db, 2)] == [3, None, None]


# The hash in place of an erased customer's


def random_hash(db):
    return db.execute(f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 2").fetchone()[0]


OPENS = {
    "recommendations": lambda db, one: recommendations(db, one),
    "explanation": lambda db, one: explain(db, one, 1),
    "statement": lambda db, one: statement(db, one),
    "export": lambda db, one: list(export(db, one)),
    "replay": lambda db, one: list(replay(db, Selection(customer=one))),
    "receipt": lambda db, one: receipt(db, one, 1),
    "feedback": lambda db, one: feedback_of(db, one),
    "said": lambda db, one: give_feedback(db, one, "program", "EX-101", "applied"),
    "set": lambda db, one: set_preferences(db, one, {}, {}),
    "rotate": lambda db, one: rotate(db, one, b"another-key"),
    "import": lambda db, one: import_profiles(
        db,
        [json.dumps({"user_token_hash": one, "preferences": {"risk_tolerance": "low"}})],
        {},
    ),
}


@pytest.mark.parametrize("door", OPENS)
def test_the_random_hash_opens_nothing(db, door):
    erase(db, TWO)
    before = [*db.iterdump()]
    with pytest.raises(PersonalizationError):
        OPENS[door](db, random_hash(db))
    assert [*db.iterdump()] == before


# What is claimed


def test_a_hash_in_a_column_that_does_not_say_so_is_found_by_its_bytes_and_its_table_named(
    path, db
):
    db.execute("CREATE TABLE notes (note)")
    db.execute("INSERT INTO notes VALUES (?)", (f"called by {ONE} today".encode(),))
    found = erase_customer(db, path, ONE)
    assert (found.old_bytes_overwritten, found.left, found.tables) == (False, ("",), ("notes",))
    assert found.todo == "see to the rows of notes, then run personalization-profile erase --vacuum"
    db.execute("DELETE FROM notes")
    again = erase_customer(db, path, ONE, rewrite=True)
    assert (again.erasure, again.old_bytes_overwritten, again.todo) == (None, True, None)


@pytest.mark.parametrize("form", (ONE.upper(), bytes.fromhex(ONE)))
def test_a_hash_that_another_program_writes_otherwise_is_one_too(path, db, form):
    db.execute("CREATE TABLE keys (id INTEGER PRIMARY KEY, key_hash)")
    db.execute("INSERT INTO keys VALUES (7, ?)", (form,))
    found = erase_customer(db, path, ONE)
    assert (found.old_bytes_overwritten, found.tables) == (False, ("keys",))
    assert [(one.column, one.rowids) for one in found.held_by_others] == [("key_hash", [7])]


def test_a_hash_in_the_middle_of_a_long_text_is_found_wherever_its_page_ends(path, db):
    db.execute("CREATE TABLE notes (note)")
    (page,) = db.execute("PRAGMA page_size").fetchone()
    for before in range(page - 120, page + 40, 7):
        db.execute("DELETE FROM notes")
        db.execute("INSERT INTO notes VALUES (?)", ("x" * before + ONE + "x" * 2 * page,))
        assert erase_customer(db, path, ONE).tables == ("notes",)


def test_the_hash_that_stands_for_an_erased_customer_is_refused_as_any(path, db, refuses):
    erase(db, TWO)
    with refuses("this hash stands for an erased customer - nothing can be done under it"):
        erase_customer(db, path, random_hash(db))


def test_samples_of_the_planners_are_forgotten_and_named(path, db):
    db.execute("PRAGMA writable_schema = on")
    db.execute("CREATE TABLE sqlite_stat4(tbl, idx, neq, nlt, ndlt, sample)")
    db.execute("PRAGMA writable_schema = off")
    samples = [("others", f"\x02\x8d{ONE}".encode()), (f"{P}profile", TWO.encode())]
    db.executemany("INSERT INTO sqlite_stat4(tbl, sample) VALUES (?, ?)", samples)
    found = erase_customer(db, path, ONE)
    assert (found.old_bytes_overwritten, found.erasure.statistics) == (True, ["others"])
    assert db.execute("SELECT tbl FROM sqlite_stat4").fetchall() == [(f"{P}profile",)]


def test_a_journal_that_another_connection_kept_is_removed(path, db):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = persist")
        erase(other, ONE)
        assert ONE.encode() in path.with_name(f"{path.name}-journal").read_bytes()
        assert erase_customer(db, path, ONE).old_bytes_overwritten
    assert not path.with_name(f"{path.name}-journal").exists()


def test_a_row_under_a_delivery_key_still_leads_to_the_profile_and_is_named(path, db, runner):
    (key,) = db.execute(f"SELECT max(delivery_key) FROM {P}delivery").fetchone()
    charge(db, key, "0" * 64)
    (rowid,) = db.execute("SELECT max(id) FROM usage_events").fetchone()
    arguments = ["personalization-profile", "erase", str(path), "--user-hash", TWO]
    result = runner.invoke(cli, arguments)
    assert (
        f"another program holds the delivery_key: usage_events.billing_idempotency_key, 1 row (rowid {rowid})"
        in result.stderr.splitlines()
    )


@pytest.mark.parametrize("step", ("checkpoint", "traces"))
def test_an_erasure_that_failed_after_its_commit_is_done_when_it_is_said_again(
    path, runner, monkeypatch, step
):
    def fail(*arguments):
        raise (
            OSError(5, "Input/output error")
            if step == "traces"
            else sqlite3.OperationalError("disk I/O error")
        )

    with closing(sqlite3.connect(path)) as reader, monkeypatch.context() as broken:
        reader.execute("PRAGMA journal_mode = wal")
        broken.setattr(erasing, step, fail)
        arguments = ["personalization-profile", "erase", str(path), "--user-hash", ONE]
        first = runner.invoke(cli, arguments)
        assert first.exit_code == 1
        assert json.loads(first.stdout)["profile_id"] == 1
    again, then = (runner.invoke(cli, arguments) for _ in range(2))
    assert (again.exit_code, then.exit_code) == (0, 0)
    assert (
        again.stderr
        == then.stderr
        == (
            "no customer has this hash: it was never registered, or is erased already\n"
            "no byte of the hash is left in the file or beside it\n"
        )
    )


# By HTTP


@pytest.fixture
def served(tmp_path):
    return api_database(tmp_path / "jpcite.db")


@pytest.mark.asyncio
async def test_a_door_says_true_only_if_no_byte_is_left(served):
    with closing(sqlite3.connect(served)) as db, db:
        db.execute("DELETE FROM customer_keys")
        db.execute("CREATE TABLE keys(key_hash TEXT)")
        db.execute("INSERT INTO keys SELECT user_token_hash FROM am_personalization_profile")
        # As a build without secure deletion leaves it: the bytes stay in a part that is not used.
        db.execute("PRAGMA secure_delete = off")
        db.execute("DROP TABLE keys")
    with closing(sqlite3.connect(served)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    settings = {"customer_keys": {"table": "given", "column": "key_hash"}}
    with closing(sqlite3.connect(served)) as db, db:
        db.execute("PRAGMA secure_delete = on")
        db.execute(
            "CREATE VIEW given AS SELECT user_token_hash AS key_hash FROM am_personalization_profile"
        )
    datasette = await open_api(served, settings=settings)
    told = (await ask(datasette, "DELETE", PROFILE, "example-key-1")).json()
    assert (told["old_bytes_overwritten"], told["old_bytes_in"]) == (False, ["database"])
    assert (told["held_in_tables"], told["held_by_others"]) == ([], [])
    assert told["todo"] == "run personalization-profile erase --vacuum, when nobody else writes"


@pytest.mark.asyncio
async def test_a_door_claims_nothing_of_a_file_that_is_too_large_to_look_through(
    served, monkeypatch
):
    monkeypatch.setattr("sqlite_utils_personalization.viewer.rest.profile.AT_A_DOOR", 10_000)
    datasette = await open_api(served)
    told = (await ask(datasette, "DELETE", PROFILE, "example-key-1")).json()
    assert (told["old_bytes_overwritten"], told["old_bytes_in"]) == (None, [])
    assert told["held_by_others"] == [
        {
            "table": "customer_keys",
            "column": "key_hash",
            "rows": 1,
            "rowids": told["held_by_others"][0]["rowids"],
            "holds": "hash",
        }
    ]
    assert told["todo"] == "run personalization-profile erase, which looks through the whole file"
