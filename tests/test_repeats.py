"""What was handed over, dismissed or applied for is not recommended again, and verification derives all of that."""

import json
import sqlite3
from contextlib import closing

import pytest
from nights import (
    AS_OF,
    P,
    add_feedback,
    explained,
    handed_over,
    night_after,
    programs_of,
    run_night,
    scored_night,
    write_model,
)
from oracle import Item
from scored import tamper_behind_the_guards
from strategies import TITLES

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.billing.record import reverse_delivery
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.scoring import log, night, serve
from sqlite_utils_personalization.scoring.progress import mend_progress

NEW = load_model().constants
CONSTRUCTION = '{"industry_pack": "D"}'
FIVE = [Item("program", name, f"補助金 {name}", industries="D") for name in "abcde"]
NOON = f"{AS_OF}T03:00:00.000Z"


@pytest.fixture
def start(tmp_path):
    """Opens a first night of items for some customers who declared the same."""
    opened = []

    def start(items=FIVE, customers=2, model=NEW, top_k=2, texts=None):
        texts = texts or [CONSTRUCTION] * customers
        opened.append(scored_night(tmp_path, items, texts, model=model, top_k=top_k))
        return opened[-1]

    yield start
    for db in opened:
        db.close()


def second(db, days=1, top_k=2, profile_id=1):
    """The programs of a customer on a night some days after the first, which is verified."""
    assert verify(db) == []
    summary = night_after(db, days, top_k)
    assert verify(db) == []
    return programs_of(db, profile_id, summary["run_id"])


def test_what_was_handed_over_is_skipped_and_the_list_filled_up_for_that_customer_alone(start):
    db = start()
    assert programs_of(db, 1, 1) == programs_of(db, 2, 1) == ["a", "b"]
    handed_over(db, 1, "a")
    assert second(db) == ["b", "c"]
    assert programs_of(db, 2, 2) == ["a", "b"]
    assert {found.verdict for found in replay(db, Selection())} == {"reproduced"}


def test_the_old_model_recommends_it_again(start):
    db = start(model={})
    handed_over(db, 1, "a")
    add_feedback(db, 1, FIVE[1], "dismissed", NOON)
    assert second(db) == ["a", "b"]


def test_what_lies_apart_on_the_shared_list_are_ranges_of_it(start):
    """The list is stored once however differently it is read."""
    db = start(customers=3)
    handed_over(db, 1, "b")
    handed_over(db, 2, "a", "b")
    assert second(db) == ["a", "c"]
    assert (programs_of(db, 2, 2), programs_of(db, 3, 2)) == (["c", "d"], ["a", "b"])
    lists = db.execute(f"SELECT list_id FROM {P}list WHERE run_id = 2").fetchall()
    assert len(lists) == 1
    ranges = db.execute(
        f"SELECT l.profile_id, e.first_seq, e.n FROM {P}evidence e JOIN {P}recommendation_log l"
        f" ON l.rec_id = e.first_rec_id WHERE e.list_id = ? ORDER BY e.first_rec_id",
        lists[0],
    ).fetchall()
    # Programs are places 1 to 5, then come a pack and what stands for the other types.
    assert ranges == [(1, 1, 1), (1, 3, 1), (1, 6, 3), (2, 3, 2), (2, 6, 3), (3, 1, 2), (3, 6, 3)]


def test_who_is_spared_nothing_shares_a_list_no_longer_than_it_has_to_be(start):
    db = start(
        texts=[CONSTRUCTION, CONSTRUCTION, '{"industry_pack": "D", "risk_tolerance": "low"}']
    )
    handed_over(db, 1, "a")
    second(db)
    lengths = db.execute(
        f"SELECT k.risk_level, count(*) FROM {P}decision d JOIN {P}list t USING (list_id)"
        f" JOIN {P}cohort k USING (cohort_id) JOIN {P}candidate c USING (candidate_id)"
        " WHERE run_id = 2 AND c.recommendation_type = 'program' GROUP BY 1"
    ).fetchall()
    assert dict(lengths) == {None: 5, "low": 2}


@pytest.mark.parametrize(
    ("depth", "expected"), ((30, ["c", "d"]), (4, ["c", "d"]), (3, ["c"]), (2, []), (1, []))
)
@pytest.mark.sampled(2)
def test_the_list_is_filled_up_to_the_depth_of_the_model(start, depth, expected):
    db = start(model=NEW | {"depth": depth})
    handed_over(db, 1, "a", "b")
    assert second(db) == expected
    assert programs_of(db, 2, 2) == ["a", "b"]


DAYS = (
    # handed over at, nights after 2026-04-01, spared
    ("2026-04-01T03:00:00.000Z", 1, True),
    ("2026-04-01T03:00:00.000Z", 29, True),
    ("2026-04-01T14:59:59.999Z", 30, False),  # still 1 April in Japan
    ("2026-04-01T15:00:00.000Z", 30, True),
    ("2026-04-01T15:00:00.000Z", 31, False),
    ("2026-03-02T15:00:00.000Z", 1, False),  # 3 March; 30 days end on 2 April
    ("2026-03-03T15:00:00.000Z", 1, True),
    ("2026-06-01T00:00:00.000Z", 1, True),  # after that night
)


@pytest.mark.parametrize(("at", "nights", "is_spared"), DAYS)
@pytest.mark.sampled(4)
def test_thirty_days_in_japan_end_with_the_night(start, at, nights, is_spared):
    db = start()
    handed_over(db, 1, "a", at=at)
    assert second(db, nights) == (["b", "c"] if is_spared else ["a", "b"])


@pytest.mark.parametrize(
    ("status", "is_spared"), ((200, True), (299, True), (304, False), (500, False))
)
def test_only_what_arrived_was_handed_over(start, status, is_spared):
    db = start()
    handed_over(db, 1, "a", status=status)
    assert ("a" in second(db)) is not is_spared


def test_what_was_taken_back_was_not_handed_over(start):
    db = start()
    first, _ = handed_over(db, 1, "a", "b")
    reverse_delivery(db, first)
    assert second(db) == ["a", "c"]


@pytest.mark.parametrize(
    ("words", "expected"),
    (
        (["dismissed"], ["b", "c"]),
        (["applied"], ["b", "c"]),
        (["interested"], ["a", "b"]),
        (["dismissed", "withdrawn"], ["a", "b"]),
        (["withdrawn", "dismissed"], ["b", "c"]),
        (["dismissed", "interested"], ["a", "b"]),
    ),
)
@pytest.mark.parametrize("days", (1, 300))
@pytest.mark.sampled(4)
def test_the_last_word_keeps_an_item_away_however_long_ago(start, words, expected, days):
    db = start()
    for word in words:
        add_feedback(db, 1, FIVE[0], word, NOON)
    assert second(db, days) == expected
    assert programs_of(db, 2, 2) == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "is_back"),
    (
        ("closes_on = '2027-03-31'", True),
        ("opens_on = '2026-03-15'", True),
        ("opens_on = '2026-03-15', closes_on = '2027-03-31'", True),
        ("title = '補助金 a a', risk_level = 'low', prefectures = '東京都'", False),
    ),
)
@pytest.mark.parametrize("how", ("handed over", "dismissed"))
@pytest.mark.sampled(4)
def test_other_days_make_an_item_new_and_nothing_else_does(start, change, is_back, how):
    db = start()
    if how == "dismissed":
        add_feedback(db, 1, FIVE[0], "dismissed", NOON)
    else:
        handed_over(db, 1, "a")
    db.execute(f"UPDATE house_list SET {change} WHERE item_id = 'a'")
    assert ("a" in second(db)) is is_back


@pytest.mark.parametrize(
    ("opens_on", "is_back"),
    ((None, False), ("2026-03-20", False), ("2026-04-01", False), ("2026-04-02", True)),
)
def test_a_round_that_opened_since_is_new(start, opens_on, is_back):
    first = Item("program", "a", TITLES[0], industries="D")
    db = start([first, FIVE[1]])
    handed_over(db, 1, "a")
    db.execute("DELETE FROM house_list WHERE item_id = 'a'")
    db.execute(
        "INSERT INTO house_list(recommendation_type, item_id, title, industries, opens_on)"
        " VALUES ('program', 'again', ?, 'D', ?)",
        (TITLES[1], opens_on),
    )
    assert second(db, 5) == (["again", "b"] if is_back else ["b"])
    assert programs_of(db, 2, 2) == ["again", "b"]


def test_a_search_that_was_handed_over_is_skipped_on_its_owners_list(start):
    db = start(customers=1)
    db.execute(
        "CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT)"
    )
    db.execute(f'UPDATE {P}profile SET preference_json = \'{{"risk_tolerance": "low"}}\'')
    db.execute(
        'INSERT INTO saved_searches SELECT value, user_token_hash, \'{"q": ""}\''
        f" FROM {P}profile, json_each('[1, 2, 3]')"
    )
    night_after(db, 1, 2)
    handed_over(db, 1, "1-1")
    night_after(db, 2, 2)
    assert verify(db) == []
    searches = [
        item.item_id
        for run_id, item, _ in explained(db).values()
        if (run_id, item.recommendation_type) == (3, "saved_search")
    ]
    assert searches == ["1-2", "1-3"]


def test_who_had_everything_before_gets_nothing_and_the_run_says_why(start):
    db = start(FIVE[:2], customers=2)
    # With a table of their own, nothing stands for these types.
    db.executescript(
        "CREATE TABLE saved_searches (id, api_key_hash, query_json);"
        " CREATE TABLE am_amendment_diff (diff_id, entity_id, field_name, detected_at)"
    )
    handed_over(db, 1, "a", "b", "pack_construction")
    assert second(db) == []
    unserved = db.execute(
        f"SELECT profile_id, cohort_id IS NULL, reason FROM {P}unserved WHERE run_id = 2"
    ).fetchall()
    assert unserved == [(1, 0, "all of it was handed over before")]
    counts = json.loads(
        db.execute(f"SELECT counts_json FROM {P}run WHERE run_id = 2").fetchone()[0]
    )
    assert [counts["program"][name] for name in ("scored", "zero", "rows")] == [1, 1, 2]


def test_without_the_tables_of_901_nothing_is_skipped(start):
    db = start()
    handed_over(db, 1, "a")
    names = [
        name
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (?, ?)",
            (f"{P}delivery", f"{P}feedback"),
        )
    ]
    for name in names:
        db.execute(f"DROP TABLE {name}")
    summary = night_after(db, 1, 2)
    assert programs_of(db, 1, summary["run_id"]) == ["a", "b"]
    ends = db.execute(f"SELECT delivery_end, feedback_end FROM {P}run ORDER BY run_id").fetchall()
    assert ends == [(0, 0), (None, None)]


# What happens later changes nothing of an earlier night: a run looks at what there was when it was frozen.


def test_what_is_handed_over_said_or_taken_back_later_changes_no_earlier_night(start):
    db = start()
    (delivery,) = handed_over(db, 1, "a")
    add_feedback(db, 2, FIVE[1], "dismissed", NOON)
    assert second(db) == ["b", "c"]
    assert programs_of(db, 2, 2) == ["a", "c"]
    reverse_delivery(db, delivery)
    add_feedback(db, 2, FIVE[1], "withdrawn", NOON)
    add_feedback(db, 2, FIVE[0], "dismissed", NOON)
    handed_over(db, 1, "b", "c", at="2026-04-02T03:00:00.000Z")
    assert verify(db) == []
    assert second(db, 2) == ["a", "d"]
    assert programs_of(db, 2, 3) == ["b", "c"]


def test_a_night_of_the_new_model_looks_at_what_the_old_one_handed_over_and_the_other_way_round(
    start, tmp_path
):
    db = start([*ROUND, *FIVE[1:]], model={})
    # The old model knows no families: two rounds have two places.
    assert programs_of(db, 1, 1) == ["a", "again"]
    handed_over(db, 1, "a")
    write_model(tmp_path, NEW)
    # Now a stands for both, and it was handed over.
    assert second(db) == ["b", "c"]
    handed_over(db, 1, "b", at="2026-04-02T03:00:00.000Z")
    assert second(db, 2) == ["c", "d"]
    write_model(tmp_path, {})
    assert second(db, 3) == ["a", "again"]
    write_model(tmp_path, NEW)
    assert second(db, 40) == ["a", "b"]
    assert {found.verdict for found in replay(db, Selection())} == {"reproduced"}


ROUND = [
    Item("program", "a", TITLES[0], industries="D"),
    Item("program", "again", TITLES[1], industries="D"),
]


# A night with repeats that is interrupted.


def interrupted(db, monkeypatch, after):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_night(db, as_of="2026-04-02", top_k=2, progress=stop)


@pytest.mark.parametrize("after", range(1, 8))
@pytest.mark.sampled(2)
def test_an_interrupted_night_goes_on_within_a_customer_whatever_is_handed_over_meanwhile(
    start, monkeypatch, after
):
    db = start(customers=3)
    handed_over(db, 1, "b")
    handed_over(db, 2, "a")
    add_feedback(db, 2, FIVE[2], "applied", NOON)
    interrupted(db, monkeypatch, after)
    # What the first night gave, not what is open.
    assert [finding.code for finding in verify(db)] == ["run-open"]
    add_feedback(db, 1, FIVE[2], "dismissed", NOON)
    add_feedback(db, 3, FIVE[0], "dismissed", NOON)
    summary = run_night(db, as_of="2026-04-02", top_k=2)
    assert summary["outcome"] == "resumed"
    assert [programs_of(db, n, 2) for n in (1, 2, 3)] == [["a", "c"], ["b", "d"], ["a", "b"]]
    assert verify(db) == []
    assert second(db, 2) == ["a", "d"]


@pytest.mark.parametrize("after", range(1, 8))
@pytest.mark.parametrize("profile_id", (1, 2, 3))
@pytest.mark.sampled(1, by="profile_id")
def test_a_customer_who_is_erased_while_some_of_the_parts_are_logged_is_nobodys_fault(
    start, monkeypatch, after, profile_id
):
    db = start(customers=3)
    handed_over(db, 1, "b")
    handed_over(db, 2, "a")
    interrupted(db, monkeypatch, after)
    (key,) = db.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id = ?", (profile_id,)
    ).fetchone()
    assert erase(db, key)
    run_night(db, as_of="2026-04-02", top_k=2)
    assert verify(db) == []
    left = [programs_of(db, n, 2) for n in (1, 2, 3) if n != profile_id]
    whole = {1: ["a", "c"], 2: ["b", "c"], 3: ["a", "b"]}
    assert left == [whole[n] for n in (1, 2, 3) if n != profile_id]


def test_how_far_a_night_is_agrees_whoever_was_erased_before_a_part_of_a_list_was_logged(
    start, monkeypatch
):
    db = start(customers=3)
    handed_over(db, 3, "b")
    interrupted(db, monkeypatch, 2)
    (key,) = db.execute(f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 3").fetchone()
    erase(db, key)
    run_night(db, as_of="2026-04-02", top_k=2)
    assert verify(db) == []
    assert not mend_progress(db, 2)


# Someone who runs the night and freezes what does not follow.


def codes(db):
    return {finding.code for finding in verify(db)}


def falsely(monkeypatch, *statements):
    """The night does these on its temporary tables before it works out who is spared what."""
    honest = night.spare

    def spare(db):
        honest(db)
        for statement in statements:
            db.execute(statement)
        db.execute("DELETE FROM plan_spared")
        db.execute(serve._SPARED)

    monkeypatch.setattr(night, "spare", spare)


SKIP_A = (
    "INSERT INTO plan_handed VALUES (1, 'program', 'a', 'a', NULL, NULL, '2026-04-01')",
    "UPDATE plan_cohort SET depth = 30",
)


def test_an_insider_who_freezes_a_false_skip_is_found(start, monkeypatch):
    db = start()
    with monkeypatch.context() as patched:
        falsely(patched, *SKIP_A)
        night_after(db, 1, 2)
    # It is sealed, and consistent with itself.
    assert programs_of(db, 1, 2) == ["b", "c"]
    assert {"customer-skipped", "served-otherwise"} <= codes(db)
    found = [one.what for one in verify(db) if one.code == "served-otherwise"]
    assert any("were not due to profile 1 in run 2" in what for what in found)
    assert not any("profile 2" in what for what in found)


def test_an_insider_who_recommends_again_what_was_handed_over_is_found(start, monkeypatch):
    db = start()
    handed_over(db, 1, "a")
    with monkeypatch.context() as patched:
        falsely(patched, "DELETE FROM plan_handed", "UPDATE plan_cohort SET customers = 2")
        night_after(db, 1, 2)
    assert programs_of(db, 1, 2) == ["a", "b"]
    assert {"customer-skipped", "served-otherwise"} <= codes(db)


def test_an_insider_who_leaves_out_everything_of_a_customer_as_handed_over_is_found(
    start, monkeypatch
):
    db = start(FIVE[:1], customers=2)
    db.executescript(
        "CREATE TABLE saved_searches (id, api_key_hash, query_json);"
        " CREATE TABLE am_amendment_diff (diff_id, entity_id, field_name, detected_at)"
    )
    pack = SKIP_A[0].replace("program", "industry_pack").replace("'a'", "'pack_construction'")
    with monkeypatch.context() as patched:
        falsely(patched, *SKIP_A, pack)
        night_after(db, 1, 2)
    assert programs_of(db, 1, 2) == []
    assert db.execute(
        f"SELECT profile_id, reason FROM {P}unserved WHERE run_id = 2"
    ).fetchall() == [(1, "all of it was handed over before")]
    assert "customer-skipped" in codes(db)


def test_a_delivery_that_is_forged_afterwards_does_not_cover_a_false_skip(start, monkeypatch):
    """The run says up to which delivery it looked; what is added behind the seal of the deliveries is found."""
    db = start()
    handed_over(db, 2, "b")
    with monkeypatch.context() as patched:
        falsely(patched, *SKIP_A)
        night_after(db, 1, 2)
    (rec_id,) = db.execute(
        f"SELECT min(rec_id) FROM {P}recommendation_log WHERE profile_id = 1"
    ).fetchone()
    forged = (
        f"UPDATE {P}delivery SET rec_id = {rec_id}",
        f"INSERT INTO {P}delivery"
        f" VALUES (2, '{'a' * 64}', {rec_id}, 'rest', 'x', '{NOON}', '{NOON}', 200, 3, NULL, NULL)",
    )
    for statement in forged:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
            db.backup(copy)
            tamper_behind_the_guards(copy, statement)
            assert codes(copy) & {"customer-skipped", "sealed-events-changed"}


def test_a_customers_part_that_is_moved_along_the_list_is_found(start):
    """Evidence and log agree with each other, and with the list: only who was due what tells."""
    db = start()
    handed_over(db, 1, "a")
    second(db)
    (first,) = db.execute(
        f"SELECT e.first_rec_id FROM {P}evidence e JOIN {P}list t USING (list_id)"
        f" JOIN {P}recommendation_log l ON l.rec_id = e.first_rec_id WHERE run_id = 2 AND l.profile_id = 1"
        " ORDER BY 1"
    ).fetchone()
    tamper_behind_the_guards(
        db, f"UPDATE {P}evidence SET first_seq = first_seq + 1 WHERE first_rec_id = {first}"
    )
    assert programs_of(db, 1, 2) == ["c", "d"]
    assert {"customer-skipped", "served-otherwise", "sealed-rows-changed"} <= codes(db)


@pytest.mark.parametrize("column", ("delivery_end", "feedback_end"))
def test_how_far_a_run_looked_is_sealed(start, column):
    db = start()
    handed_over(db, 1, "a")
    add_feedback(db, 1, FIVE[1], "dismissed", NOON)
    assert second(db) == ["c", "d"]
    tamper_behind_the_guards(db, f"UPDATE {P}run SET {column} = 0 WHERE run_id = 2")
    assert {"customer-skipped", "served-otherwise", "sealed-run-changed"} <= codes(db)
