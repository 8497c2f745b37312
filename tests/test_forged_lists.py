"""Somebody who makes lists come out otherwise: rows changed behind the guards, or a false night frozen and sealed."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from nights import (
    AS_OF,
    P,
    add_feedback,
    handed_over,
    night_after,
    programs_of,
    scored_night,
    token,
)
from oracle import Item
from scored import tamper_behind_the_guards

from sqlite_utils_personalization.audit.receipt import Proofs, receipt
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.billing.record import reverse_delivery
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence import seal
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.scoring import freeze, night
from sqlite_utils_personalization.transaction import transaction

MODEL = load_model().constants | {"depth": 4}
CONSTRUCTION = '{"industry_pack": "D"}'
FIVE = [Item("program", name, f"補助金 {name}", industries="D") for name in "abcde"]
NOON = f"{AS_OF}T03:00:00.000Z"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three customers after a night: to the first a was delivered and b taken back, the second dismissed b."""
    folder = tmp_path_factory.mktemp("forged")
    with closing(scored_night(folder, FIVE, [CONSTRUCTION] * 3, model=MODEL, top_k=2)) as db:
        _, taken_back = handed_over(db, 1, "a", "b")
        reverse_delivery(db, taken_back)
        add_feedback(db, 2, FIVE[1], "dismissed", utc_now())
    return folder


@pytest.fixture
def db(folder, tmp_path):
    """The same, before the second night."""
    for file in folder.iterdir():
        shutil.copy(file, tmp_path)
    with closing(sqlite3.connect(tmp_path / "night.db", isolation_level=None)) as db:
        yield db


@pytest.fixture(scope="module")
def second(folder, tmp_path_factory):
    """The second night, honest."""
    path = tmp_path_factory.mktemp("second") / "night.db"
    for file in folder.iterdir():
        shutil.copy(file, path.parent)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        night_after(db, 1, 2)
        assert verify(db) == []
        assert [programs_of(db, n, 2) for n in (1, 2, 3)] == [["b", "c"], ["a", "c"], ["a", "b"]]
    return path


@pytest.fixture
def copy(second, tmp_path):
    shutil.copy(second, tmp_path)
    with closing(sqlite3.connect(tmp_path / "night.db", isolation_level=None)) as db:
        yield db


def codes(db):
    return {finding.code for finding in verify(db)}


# Changed behind the guards, after the night was sealed.

MINE = (
    f"SELECT first_rec_id FROM {P}evidence e JOIN {P}list t USING (list_id)"
    f" JOIN {P}recommendation_log l ON l.rec_id = e.first_rec_id WHERE run_id = 2 AND l.profile_id = {{}}"
)
LAST_LIST = f"(SELECT max(list_id) FROM {P}list)"
CANDIDATE = f"(SELECT candidate_id FROM {P}candidate WHERE item_id = 'd' ORDER BY 1 DESC LIMIT 1)"
CHANGES = {
    "a delivery counts no more": f"UPDATE {P}run SET delivery_end = 0 WHERE run_id = 2",
    "more deliveries count": f"UPDATE {P}run SET delivery_end = 99 WHERE run_id = 2",
    "no table was looked at": f"UPDATE {P}run SET feedback_end = NULL WHERE run_id = 2",
    "a range begins a place later": f"UPDATE {P}evidence SET first_seq = first_seq + 1"
    f" WHERE first_rec_id IN ({MINE.format(3)})",
    "a range is longer, over the next": f"UPDATE {P}evidence SET n = n + 1 WHERE first_rec_id = (SELECT min("
    f"first_rec_id) FROM ({MINE.format(2)}))",
    "a range of another's rows": f"UPDATE {P}evidence SET list_id = 1 WHERE first_rec_id IN ({MINE.format(1)})",
    "a correction is gone": f"DELETE FROM {P}delivery WHERE reversal_of IS NOT NULL",
    "a correction is of another delivery": f"UPDATE {P}delivery SET reversal_of = 1, rec_id ="
    f" (SELECT rec_id FROM {P}delivery WHERE delivery_id = 1) WHERE reversal_of IS NOT NULL",
    "a delivery failed": f"UPDATE {P}delivery SET status = 500 WHERE delivery_id = 1",
    "another day of a delivery": f"UPDATE {P}delivery SET delivered_at = '2026-01-01T00:00:00.000Z'"
    " WHERE delivery_id = 1",
    "feedback is taken back": f"UPDATE {P}feedback SET feedback = 'withdrawn'",
    "feedback of another customer": f"UPDATE {P}feedback SET profile_id = 3",
    "feedback is gone": f"DELETE FROM {P}feedback",
    "the depth of the model": f"UPDATE {P}run SET model_json = json_set(model_json, '$.depth', 5)",
    "the days of the model": f"UPDATE {P}run SET model_json = json_set(model_json, '$.repeat_days', 1)",
    "a place below the depth": f"INSERT INTO {P}decision SELECT {LAST_LIST}, 99, candidate_id, 50, 0, 0, 50"
    f" FROM {P}candidate WHERE item_id = 'e' ORDER BY candidate_id DESC LIMIT 1",
    "due to who is not gone": f"INSERT INTO {P}unserved SELECT 2, 3, cohort_id, 'all of it was handed over before',"
    f" NULL FROM {P}list WHERE list_id = {LAST_LIST}",
    "an item gets a family": f"UPDATE {P}candidate SET family = 'x', family_name = 'x' WHERE item_id IN ('d', 'e')",
    "an item is rolling": f"UPDATE {P}candidate SET rolling = 1 WHERE item_id = 'e'",
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.sampled(6)
def test_a_change_of_what_decides_who_is_spared_what_is_found(copy, name):
    before = copy.total_changes
    tamper_behind_the_guards(copy, CHANGES[name])
    assert copy.total_changes > before
    assert codes(copy)


# Frozen so and sealed by the package's own code.


def insider(monkeypatch, name, *statements, **ends):
    """Does these on the night's temporary tables after a step, or says so far was looked for what was handed over."""
    honest = getattr(night, name)

    def step(db, *given):
        found = honest(db, *given)
        for statement in statements:
            db.execute(statement)
        return {**found, **ends} if ends else found

    monkeypatch.setattr(night, name, step)


@pytest.mark.parametrize("column", ("delivery_end", "feedback_end"))
@pytest.mark.parametrize("end", (0, None))
def test_a_night_that_looks_less_far_than_one_before_is_found(db, monkeypatch, column, end):
    night_after(db, 1, 2)
    insider(monkeypatch, "seen_until", **{column: end})
    monkeypatch.setattr(night, "_require_newest", lambda db: None)
    night_after(db, 2, 2)
    assert [one.code for one in verify(db)] == ["run-changed"]


def test_a_night_that_looks_past_what_was_sealed_before_it_is_found_whatever_is_added_then(
    db, monkeypatch
):
    """What was never delivered is skipped; a delivery that covers it is written afterwards, and sealed."""
    insider(monkeypatch, "seen_until", delivery_end=4)
    night_after(db, 1, 2)
    assert [one.code for one in verify(db)] == ["run-changed"]
    handed_over(db, 3, "a", at=NOON)
    monkeypatch.undo()
    night_after(db, 2, 2)
    assert "run-changed" in codes(db)


def test_deliveries_that_a_night_did_not_look_at_though_they_were_there_are_said(db, monkeypatch):
    """Between two nights clocks alone tell, which may be set back: it is no finding."""
    insider(monkeypatch, "seen_until", delivery_end=0, feedback_end=0)
    night_after(db, 1, 2)
    assert programs_of(db, 1, 2) == ["a", "b"]
    assert verify(db) == []
    found = [(one.code, one.rows) for one in remarks(db) if one.code != "charged-without-key"]
    assert found == [
        ("looked-less-far", 3),
        ("looked-less-far", 1),
    ]


REVERSED = (
    "CREATE TEMP TABLE other AS SELECT * FROM plan_map",
    "UPDATE plan_map SET (list_no, first_seq, n) = (SELECT list_no, first_seq, n FROM other o"
    " WHERE o.position = (SELECT max(position) + min(position) FROM other WHERE profile_id = {0}) - plan_map.position)"
    " WHERE profile_id = {0}",
)


@pytest.mark.parametrize("profile_id", (1, 3))
def test_parts_of_a_list_in_another_order_are_found(db, monkeypatch, profile_id):
    insider(monkeypatch, "serve", *(one.format(profile_id) for one in REVERSED))
    night_after(db, 1, 2)
    assert codes(db) == {"served-otherwise"}
    with pytest.raises(PersonalizationError, match=r"not in its order|not where they belong"):
        receipt(db, token(profile_id - 1), 2)


MINE_FIRST = "UPDATE plan_map SET {} WHERE position = (SELECT min(position) FROM plan_map WHERE profile_id = 3)"


@pytest.mark.parametrize(
    ("change", "fault"),
    (("n = n + 1", "over 2 of program"), ("first_seq = 3", None), ("n = 1", None)),
)
def test_more_fewer_or_other_places_than_are_due_are_found(db, monkeypatch, change, fault):
    """Of places that were passed over a receipt does not know whether they were handed over."""
    insider(monkeypatch, "serve", MINE_FIRST.format(change))
    night_after(db, 1, 2)
    assert {"customer-skipped", "served-otherwise"} <= codes(db)
    if fault:
        with pytest.raises(PersonalizationError, match=fault):
            receipt(db, token(2), 2)


def test_a_part_of_another_customers_own_list_is_found(tmp_path, monkeypatch):
    with closing(scored_night(tmp_path, FIVE, [CONSTRUCTION] * 2, model=MODEL, top_k=2)) as db:
        db.execute("CREATE TABLE saved_searches (id, api_key_hash, query_json)")
        db.execute("INSERT INTO saved_searches VALUES ('s', ?, '{\"q\": \"\"}')", (token(0),))
        db.execute(f'UPDATE {P}profile SET preference_json = \'{{"risk_tolerance": "low"}}\'')
        mine = "SELECT list_no FROM plan_list WHERE profile_id = 1"
        insider(
            monkeypatch, "serve", f"UPDATE plan_map SET profile_id = 2 WHERE list_no IN ({mine})"
        )
        # In the order of profile_id, or else the leaves are not.
        night_after(db, 1, 2)
        assert {"customer-skipped", "served-otherwise", "list-of-another"} <= codes(db)
        with pytest.raises(PersonalizationError, match="not intact"):
            receipt(db, token(1), 2)


SAID = {
    "nothing fits": "UPDATE plan_unserved SET reason = NULL",
    "another": "UPDATE plan_unserved SET reason = 'because'",
    "who got something": "INSERT INTO plan_unserved SELECT profile_id, cohort_id, '{NOTHING_NEW}' FROM plan_customer"
    " JOIN plan_cohort USING (cohort_no) WHERE profile_id = 2",
    "what did not fit": "UPDATE plan_unserved SET reason = '{NOTHING_NEW}'",
}


@pytest.mark.parametrize("name", SAID)
def test_a_wrong_reason_why_a_customer_got_nothing_is_found(tmp_path, monkeypatch, name):
    texts = [CONSTRUCTION] * 2 if name != "what did not fit" else [CONSTRUCTION, "{}"]
    with closing(scored_night(tmp_path, FIVE[:1], texts, model=MODEL, top_k=2)) as db:
        # With a table of their own, nothing stands for these types.
        db.executescript(
            "CREATE TABLE saved_searches (id, api_key_hash, query_json);"
            " CREATE TABLE am_amendment_diff (diff_id, entity_id, field_name, detected_at)"
        )
        handed_over(db, 1, "a", "pack_construction")
        said = SAID[name].format(NOTHING_NEW=freeze.NOTHING_NEW)
        monkeypatch.setattr(freeze, "digest_lists", _after(freeze.digest_lists, said))
        night_after(db, 1, 2)
        assert codes(db) == {"reason-wrong"}


def _after(honest, statement):
    def step(db):
        honest(db)
        db.execute(statement)

    return step


def test_a_night_that_another_overtook_is_not_frozen(db, monkeypatch):
    """Planned before a delivery, and frozen after a night that saw it, it would look less far than that."""
    honest, prepare = night.seen_until, night.prepare

    def overtaken(given):
        with monkeypatch.context() as patched:
            patched.setattr(night, "prepare", prepare)
            patched.setattr(night, "seen_until", honest)
            night_after(db, 1, 2)
        prepare(given)

    monkeypatch.setattr(night, "prepare", overtaken)
    monkeypatch.setattr(night, "seen_until", lambda given: honest(given) | {"delivery_end": 1})
    with pytest.raises(PersonalizationError, match="another night was frozen meanwhile"):
        night_after(db, 2, 2)
    monkeypatch.undo()
    night_after(db, 2, 2)
    assert verify(db) == []
    assert db.execute(f"SELECT count(*) FROM {P}run").fetchone() == (3,)


UNDER_THE_SEAL = {
    "a delivery counts no more": "the row of run 2 is not the one that was sealed",
    "a range begins a place later": "the rows of run 2 are not those that were sealed",
    "a range is longer, over the next": "the rows of run 2 are not those that were sealed",
    "a range of another's rows": "the rows of run 2 are not those that were sealed",
    "the depth of the model": "the model of run 2 is not the one its digest was taken of",
    "a place below the depth": "the rows of run 2 are not those that were sealed",
}


@pytest.mark.parametrize("name", UNDER_THE_SEAL)
def test_no_row_of_a_night_is_proved_under_its_seal_once_a_part_of_a_list_was_changed(copy, name):
    tamper_behind_the_guards(copy, CHANGES[name])
    proofs = Proofs(copy)
    faults = [proofs.of(found).faults for found in replay(copy, Selection(run_id=2))]
    assert faults
    assert all(UNDER_THE_SEAL[name] in of_row for of_row in faults)


@pytest.mark.parametrize(
    "name", ("a range begins a place later", "the depth of the model", "a place below the depth")
)
def test_there_is_no_receipt_of_a_part_of_a_list_that_was_changed(copy, name):
    assert receipt(copy, token(2), 2)
    tamper_behind_the_guards(copy, CHANGES[name])
    with pytest.raises(PersonalizationError, match="is not intact"):
        receipt(copy, token(2), 2)


def test_an_item_put_into_a_family_with_its_digest_taken_again_is_found(copy):
    """As though d had stood for e; no list has e, but the night saw it."""
    fields = ", ".join(Candidate._fields)
    number, *values = copy.execute(
        f"SELECT candidate_id, {fields} FROM {P}candidate WHERE item_id = 'e' ORDER BY 1 DESC"
    ).fetchone()
    forged = Candidate(*values)._replace(family="x", family_name="x")
    tamper_behind_the_guards(
        copy,
        f"UPDATE {P}candidate SET family = 'x', family_name = 'x', candidate_sha256 = '{forged.sha256}'"
        f" WHERE candidate_id = {number}",
    )
    assert "run-changed" in codes(copy)


def test_events_that_another_process_sealed_in_part_meanwhile_are_sealed_before_the_night_too(db):
    """What a night looked at lies under a seal before its own, or else it would look too far."""
    table = f"{P}delivery"
    (all_of_it,) = seal.unsealed_events(db, [table])
    some = seal.Segment(table, 0, 2, seal.tree_of(seal.event_leaves(db, table, 0, 2)))
    with transaction(db):
        seal._seal(db, some)
        seal._seal(db, all_of_it)
        seal._seal(db, all_of_it)
    assert seal.sealed_up_to(db, table) == 3
    assert db.execute(
        f"SELECT count(*) FROM {P}seal WHERE manifest_json LIKE '%{table}%'"
    ).fetchone() == (2,)
    assert verify(db) == []
