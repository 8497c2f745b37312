"""Why not: the reason an item is not on a list, and the nearest change that would have brought it in."""

import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import oracle
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nights import add_feedback, handed_over, items_seen, night_after, scored_night
from oracle import Item
from scored import OTHERS, P, connect, execute, history, in_memory, tamper
from sqlite_utils.cli import cli
from strategies import TITLES, as_of_days, items_of_a_night, models, old, valid_texts

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.audit.why_not import REASONS, ties, why_not
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.schema import migrate
from sqlite_utils_personalization.scoring import log

NEW = load_model().constants
OLD = old(NEW)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


@pytest.fixture
def db():
    with closing(in_memory()) as db:
        yield db


@cache
def short_lists():
    """The example scored for its night with two places on each list, as bytes."""
    return scored_with(top_k=2)


def scored_with(**options):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "jpcite.db"
        build(path)
        score(path, as_of=AS_OF, **options)
        return path.read_bytes()


@pytest.fixture
def short(tmp_path):
    path = tmp_path / "short.db"
    path.write_bytes(short_lists())
    with closing(connect(path)) as db:
        yield db


ANSWERS = (
    # customer, item, the reason, the sentence; of the night of 2026-04-01
    (1, "EX-110", "recommended", "recommended in place 2, log row 3"),
    (
        1,
        "EX-105",
        "not eligible",
        "offered in 大阪府, not in 東京都, which you declared; lists 医療、福祉 (P) (read from 介護施設 in its title),"
        " not 建設業 (D), which you declared",
    ),
    (
        1,
        "EXjg0000000000010A",
        "not eligible",
        "opens on 2026-04-20; lists 卸売業、小売業 (I), not 建設業 (D), which you declared",
    ),
    (2, "EXjg0000000000014A", "not eligible", "closed on 2025-10-31"),
    (
        2,
        "EX-108",
        "left out",
        "left out of that night's catalogue by the rule 'closed'",
    ),
    (
        2,
        "EXjg0000000000012A",
        "left out",
        "left out of that night's catalogue by the rule 'practice form'",
    ),
    (
        3,
        "5",
        "left out",
        "left out of that night's catalogue by the rule 'field not followed'",
    ),
    (8, "EX-104", "no points", "0 + 0 + 0 = 0, within the cap of 100 for programs: 0"),
    (1, "EX-999", "not in the catalogue", "not in that night's catalogue for this customer"),
)


@pytest.mark.parametrize(("profile_id", "item_id", "reason", "sentence"), ANSWERS)
def test_the_reason_is_the_one_that_is_stored(db, profile_id, item_id, reason, sentence):
    found = why_not(db, profile_id, item_id, 1)
    assert (found.reason, found.sentence) == (reason, sentence)
    assert found.reason in REASONS


LEFT_OUT_CHANGES = (
    # what is added to the example, from diff_id 6 on, where 3 is a subsidy_rate of EX-103 from 1/2 to 2/3
    (None, "EX-103", "subsidy_rate", "2/3", "3/4", "2026-03-31"),
    ("told with a newer change", "EX-103", "amount_max_yen", "1000000", "2000000", "2026-03-29"),
    ("first observation", "EX-104", "close_at", None, "2026-05-01", "2026-03-31"),
    ("superseded", "EX-106", "amount_max_yen", "1000000", "2000000", "2026-03-20"),
    ("changed back", "EX-106", "amount_max_yen", "2000000", "1000000", "2026-03-25"),
    ("reads the same", "EX-107", "close_at", "2026-06-15", "2026-06-15T17:00", "2026-03-31"),
    ("no longer stated", "EX-107", "subsidy_rate", "1/2", None, "2026-03-31"),
    ("field not followed", "EX-107", "url", "a", "b", "2026-03-31"),
)


def test_an_amendment_that_is_left_out_names_the_rule(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    insert = (
        "INSERT INTO am_amendment_diff(entity_id, field_name, prev_value, new_value, detected_at)"
    )
    with closing(connect(path)) as db:
        rows = [row[1:] for row in LEFT_OUT_CHANGES]
        db.executemany(f"{insert} VALUES (?, ?, ?, ?, ?)", rows)
    score(path, as_of=AS_OF)
    expected = {"3": "superseded"}
    expected |= {str(number): row[0] for number, row in enumerate(LEFT_OUT_CHANGES, 6)}
    with closing(connect(path)) as db:
        found = {item: why_not(db, 3, item, 1, "amendment") for item in expected}
    assert {item: one.left_out for item, one in found.items()} == expected
    for item, rule in expected.items():
        sentence = f"left out of that night's catalogue by the rule '{rule}'"
        assert found[item].sentence == sentence or rule is None
    assert (found["6"].reason, found["6"].title) == (
        "recommended",
        "若手就農者の機械導入支援 ― 上限額を引き上げ 200万円(変更前 100万円)、補助率を変更 3/4(変更前 1/2)",
    )


BELOW = (
    "20 points, place 4 among that night's programs; the list ends with place 2 at 20 too, and it is nationwide,"
    " while items of the declared prefecture come first among points that count as equal"
)


def test_an_item_below_the_cut_is_told_how_far(short):
    found = why_not(short, 1, "EX-104")
    assert (found.reason, found.rank, found.cut, found.margin) == ("below the cut", 4, 20, 0)
    assert found.sentence == BELOW


def test_an_answer_is_told_with_everything_it_was_found_from(short):
    told = why_not(short, 1, "EX-104").to_dict()
    assert told == {
        "run_id": 1,
        "as_of": "2026-04-01",
        "top_k": 2,
        "profile_id": 1,
        "recommendation_type": "program",
        "item_id": "EX-104",
        "title": "中小企業の賃上げ応援金",
        "reason": "below the cut",
        "sentence": BELOW,
        "rule": None,
        "rec_id": None,
        "rank": 4,
        "cut": 20,
        "margin": 0,
        "model": {
            "industry_weight": 50,
            "deadline_weight": 30,
            "risk_weight": 20,
            "urgent_days": 90,
            "cap": 100,
            "lead_days": 14,
            "rolling_points": 15,
            "unknown_points": 0,
            "rank_band": 50,
        },
        "declared": {
            "industries": "D",
            "prefecture": "東京都",
            "deadline_horizon_days": 60,
            "risk_tolerance": "low",
        },
        "item": {
            "item_id": "EX-104",
            "title": "中小企業の賃上げ応援金",
            "industries": "unknown",
            "prefectures": "nationwide",
            "opens_on": None,
            "closes_on": None,
            "risk_level": "low",
            "family": "nationwide@|中小企業賃上げ応援金",
            "family_name": "中小企業賃上げ応援金",
            "why": {"tier": "A"},
            "days_left": None,
            "closing": "unknown",
        },
        "components": [
            {
                "name": "industry",
                "points": 0,
                "decided": None,
                "sentence": "its industries are not known: 0",
            },
            {
                "name": "deadline",
                "points": 0,
                "decided": None,
                "sentence": "its closing date is not known: 0",
            },
            {
                "name": "risk",
                "points": 20,
                "decided": None,
                "sentence": "risk level low (tier A), as you declared: 20",
            },
        ],
        "total": {
            "points": 20,
            "score": 20,
            "sentence": "0 + 0 + 20 = 20, within the cap of 100 for programs: 20",
        },
        "nearest": {
            "key": "prefecture",
            "value": "北海道",
            "until": None,
            "sentence": "declaring prefecture 北海道",
            "rank": 2,
            "points": 20,
            "score": 20,
        },
        "handed_over": None,
    }


def test_equal_points_are_told_apart_by_the_next_term_of_the_ranking(tmp_path):
    """Rank: uncapped sum, then fewer industries, then the earlier closing date, then item_id."""
    items = [
        Item("program", "b", industries="D", closes_on="2124-01-01"),
        Item("program", "c", industries="D", closes_on="2124-01-01"),
        Item("program", "a", industries="D", closes_on="2124-01-02"),
        Item("program", "0", industries="D"),
        Item("program", "1", industries="DE"),
    ]
    with closing(scored_night(tmp_path, items, ['{"industry_pack": "D"}'], top_k=1)) as db:
        told = {item.item_id: why_not(db, 1, item.item_id).sentence for item in items[1:]}
    assert told == {
        item_id: f"50 points, place {place} among that night's programs;"
        f" the list ends with place 1 at 50 too, and {tie}"
        for item_id, place, tie in (
            ("c", 2, "its id comes later"),
            ("a", 3, "it closes later"),
            ("0", 4, "it has no closing date"),
            ("1", 5, "its industries are more, or not known"),
        )
    }


def test_within_a_band_the_new_terms_of_the_ranking_tell_equals_apart(tmp_path):
    """Rank by the new model: bands of 10 points, the declared prefecture, items for everyone, then as before."""
    items = [
        Item("program", "b", industries="any", prefectures="東京都", risk_level="low"),
        Item("program", "c", industries="D", prefectures="東京都", risk_level="low"),
        Item("program", "a", industries="any", risk_level="low"),
        Item("program", "0", industries="unknown", prefectures="東京都", risk_level="high"),
        Item("program", "1", industries="any", prefectures="東京都", risk_level="medium"),
    ]
    preference = json.dumps({"prefecture": "東京都", "risk_tolerance": "low"})
    with closing(
        scored_night(tmp_path, items, [preference], model=NEW | {"rank_band": 10}, top_k=1)
    ) as db:
        told = {item.item_id: why_not(db, 1, item.item_id) for item in items[1:]}
    near = "it is nationwide, while items of the declared prefecture come first among points that count as equal"
    end = "the list ends with place 1 at 20"
    assert {item_id: found.sentence for item_id, found in told.items()} == {
        "c": "20 points, place 2 among that night's programs;"
        f" {end} too, and it is for certain industries, while none was declared",
        "a": f"20 points, place 3 among that night's programs; {end} too, and {near}",
        "1": f"10 points, place 4 among that night's programs; {end}, 10 more",
        "0": "0 + 0 + 0 = 0, within the cap of 100 for programs: 0",
    }


def test_a_few_points_more_do_not_outweigh_the_declared_prefecture(tmp_path):
    items = [
        Item("program", "near", industries="D", prefectures="東京都", closes_on="2026-05-26"),
        Item("program", "far", industries="D", closes_on="2026-05-17"),
        Item("program", "farther", industries="D", closes_on="2026-05-09"),
    ]
    # In 55, 46 and 38 days, of 60: 3, 9 and 14 points.
    text = json.dumps({"industry_pack": "D", "prefecture": "東京都", "deadline_horizon_days": 60})
    with closing(
        scored_night(tmp_path, items, [text], model=NEW | {"rank_band": 10}, top_k=1)
    ) as db:
        assert why_not(db, 1, "farther").reason == "recommended"
    with closing(
        scored_night(tmp_path, items[:2], [text], model=NEW | {"rank_band": 10}, top_k=1)
    ) as db:
        found = why_not(db, 1, "far")
    assert (found.reason, found.rank, found.cut, found.margin) == ("below the cut", 2, 53, 0)
    assert found.sentence == (
        "59 points, place 2 among that night's programs; the list ends with place 1 at 53, and it is nationwide,"
        " while items of the declared prefecture come first among points that count as equal"
    )


def test_there_is_a_tie_for_every_term_of_the_ranking():
    rows = {
        "r": "50 AS industry_weight, 30 AS deadline_weight, 20 AS risk_weight, 90 AS urgent_days, 14 AS program_lead,"
        " 7 AS amendment_lead, 15 AS rolling_points, 0 AS unknown_points, 10 AS rank_band, '2026-07-22' AS as_of",
        "k": "'D' AS industries, NULL AS prefecture, NULL AS horizon_days, NULL AS risk_level",
        "c": "'program' AS recommendation_type, 'D' AS industries, 'nationwide' AS prefectures, NULL AS closes_on,"
        " NULL AS rolling, NULL AS risk_level, '1' AS item_id",
    }
    tables = ", ".join(f"(SELECT {columns}) {name}" for name, columns in rows.items())
    with closing(sqlite3.connect(":memory:")) as db:
        row = db.execute(splice(f"SELECT {{rank_order}} FROM {tables}"))
        assert len(row.fetchone()) == len(ties())


ROUNDS = [
    Item("program", "first", TITLES[0], industries="DE"),
    Item("program", "second", TITLES[1], industries="D"),
    Item("program", "elsewhere", TITLES[2], industries="DEF", prefectures="大阪府"),
    Item("program", "other", "補助金", industries="D"),
]


@pytest.mark.parametrize("top_k", (1, 2, 10))
def test_a_round_of_a_programme_that_has_a_place_names_the_one_that_stands_for_it(tmp_path, top_k):
    declared = [
        '{"industry_pack": "D"}',
        '{"industry_pack": "D", "prefecture": "大阪府"}',
        '{"industry_pack": "E"}',
    ]
    with closing(scored_night(tmp_path, ROUNDS, declared, model=NEW, top_k=top_k)) as db:
        mine = why_not(db, 1, "first", 1)
        there = why_not(db, 1, "elsewhere", 1)
        in_osaka = [why_not(db, 2, name, 1).reason for name in ("elsewhere", "second", "first")]
        for_e = why_not(db, 3, "first", 1)
    # other and second are alike but for their ids.
    assert (mine.reason, mine.rank) == ("same programme", 2)
    assert mine.sentence == f"same programme as {TITLES[1]} (second), place 2"
    assert there.sentence == mine.sentence
    # In the declared prefecture it is a family of its own.
    assert in_osaka == [
        "recommended",
        "recommended" if top_k > 2 else "below the cut",
        "same programme",
    ]
    assert for_e.reason == "recommended"
    assert (mine.nearest.key, mine.nearest.value, mine.nearest.place) == ("industry_pack", "E", 1)


def test_the_old_model_lists_every_round(tmp_path):
    with closing(scored_night(tmp_path, ROUNDS, ['{"industry_pack": "D"}'])) as db:
        assert {why_not(db, 1, item.item_id).reason for item in ROUNDS} == {"recommended"}


def test_what_closes_before_the_notice_is_spent_says_so(tmp_path):
    items = [Item("program", "a", industries="D", closes_on="2026-04-06")]
    texts = ['{"industry_pack": "D", "deadline_horizon_days": 60}', '{"deadline_horizon_days": 60}']
    with closing(scored_night(tmp_path, items, texts, model=NEW)) as db:
        found = why_not(db, 1, "a")
        # A horizon of 10 or 11 days halves the notice to 5.
        other = why_not(db, 2, "a").nearest
    assert (found.reason, found.rank) == ("not eligible", None)
    assert found.sentence == "closes in 5 days; 14 days' notice are kept"
    assert (other.key, other.value, other.until) == ("deadline_horizon_days", 11, 6)
    assert other.sentence == "a horizon of 6 to 11 days"
    with closing(scored_night(tmp_path, items, texts)) as db:
        assert why_not(db, 1, "a").reason == "recommended"


SPARE = [Item("program", name, industries="D") for name in "abcde"]
CONSTRUCTION = ['{"industry_pack": "D"}'] * 2


def next_night(db, top_k=2):
    """Why each item of the night after the first is or is not on the list of customer 1."""
    night_after(db, 1, top_k=top_k)
    return {
        item.item_id: why_not(db, 1, item.item_id, 2, item.recommendation_type)
        for item in items_seen(db, 2)
        if item.item_id != "*" and not item.item_id.startswith("pack_")
    }


def test_what_was_handed_over_before_was_passed_over_and_what_took_its_place_says_where(tmp_path):
    with closing(scored_night(tmp_path, SPARE, CONSTRUCTION, model=NEW, top_k=2)) as db:
        handed_over(db, 1, "a")
        add_feedback(db, 1, SPARE[2], "dismissed", f"{AS_OF}T04:00:00.000Z")
        found = next_night(db)
        rows = db.execute(
            "SELECT v.item_id, v.rec_id FROM v_personalization_replay v JOIN am_personalization_recommendation_log l"
            " USING (rec_id) WHERE run_id = 2 AND profile_id = 1 AND l.recommendation_type = 'program' ORDER BY rec_id"
        ).fetchall()
        others = why_not(db, 2, "c", 2)
    assert [item_id for item_id, _ in rows] == ["b", "d"]
    assert {item_id: one.reason for item_id, one in found.items()} == {
        "a": "handed over before",
        "b": "recommended",
        "c": "handed over before",
        "d": "recommended",
        "e": "below the cut",
    }
    assert found["a"].sentence == (
        "place 1 with 50 points; delivered on 2026-04-01 as row 1; nothing new since"
    )
    assert found["c"].sentence == (
        "place 3 with 50 points; dismissed on 2026-04-01; nothing new since"
    )
    assert found["a"].to_dict()["handed_over"] == {
        "how": "delivered",
        "on": "2026-04-01",
        "rec_id": 1,
        "item_id": "a",
        "title": "x",
    }
    assert found["b"].before is found["d"].before is found["e"].before is None
    assert [found[item_id].rec_id for item_id, _ in rows] == [rec_id for _, rec_id in rows]
    assert found["d"].sentence == f"recommended in place 4, log row {rows[1][1]}"
    assert found["e"].sentence == (
        "50 points, place 5 among that night's programs; the list ends with place 4 at 50 too, and its id comes later"
    )
    # Of another customer of the same vector the list is the shorter one.
    assert others.sentence == (
        "50 points, place 3 among that night's programs; the list ends with place 2 at 50 too, and its id comes later"
    )


def test_a_list_that_could_not_be_filled_ends_where_nobody_looked_further(tmp_path):
    shallow = NEW | {"depth": 3}
    with closing(scored_night(tmp_path, SPARE, CONSTRUCTION, model=shallow, top_k=2)) as db:
        handed_over(db, 1, "a", "b")
        found = next_night(db)
    assert {item_id: one.reason for item_id, one in found.items()} == {
        "a": "handed over before",
        "b": "handed over before",
        "c": "recommended",
        "d": "below the cut",
        "e": "below the cut",
    }
    assert "the list ends with place 3 at 50 too" in found["d"].sentence


def test_whoever_had_all_of_a_type_before_is_recommended_none_of_it(tmp_path):
    items = SPARE[:2]
    with closing(scored_night(tmp_path, items, CONSTRUCTION, model=NEW, top_k=2)) as db:
        sql = f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 1 ORDER BY 1"
        given = {"channel": "rest", "slot": AS_OF, "delivered_at": f"{AS_OF}T03:00:00.000Z"}
        record_deliveries(db, [rec_id for (rec_id,) in db.execute(sql).fetchall()], **given)
        found = next_night(db)
        wildcard = why_not(db, 1, "*", 2, "amendment")
        pack = why_not(db, 1, "pack_construction", 2)
    assert {item_id: one.reason for item_id, one in found.items()} == {
        "a": "handed over before",
        "b": "handed over before",
    }
    assert pack.reason == "handed over before"
    # What stands for a type that nothing lists is there every night.
    assert wildcard.reason == "recommended"


def test_changes_of_a_followed_program_come_first_and_what_gave_way_says_so(tmp_path):
    path = tmp_path / "night.db"
    migrate(path)
    db = connect(path)
    db.executescript(
        "CREATE TABLE programs (unified_id TEXT, primary_name TEXT, jsic_major TEXT);"
        " INSERT INTO programs VALUES ('A', '機械導入', 'D'), ('B', '販路開拓', 'D'), ('C', '人材育成', 'D');"
        " CREATE TABLE am_amendment_diff (diff_id INTEGER PRIMARY KEY, entity_id, field_name, prev_value, new_value,"
        " detected_at);"
        " INSERT INTO am_amendment_diff"
        f" SELECT value, char(64 + value), 'amount_max_yen', 1000000, 2000000, '{AS_OF}' FROM json_each('[1, 2, 3]');"
        f"INSERT INTO {P}profile(user_token_hash, preference_json) VALUES ('{'a' * 64}', '{CONSTRUCTION[0]}')"
    )
    with closing(db):
        program = Item("program", "C", industries="D")
        add_feedback(db, 1, program, "interested", f"{AS_OF}T04:00:00.000Z")
        score(path, as_of=AS_OF, top_k=2)
        found = {item_id: why_not(db, 1, item_id, 1, "amendment") for item_id in "123"}
        kept = why_not(db, 1, "C", 1, "program").reason
        assert verify(db) == []
    assert [one.reason for one in found.values()] == ["recommended", "below the cut", "recommended"]
    assert found["2"].margin == 0
    assert found["2"].sentence == (
        "50 points, place 2 among that night's amendments; the list ends with place 1 at 50 too, and its id comes later"
    )
    assert found["3"].sentence.startswith("recommended in place 3, log row ")
    # Being interested keeps nothing away.
    assert kept == "below the cut"


def test_the_search_of_another_customer_is_as_if_it_were_not_there(db):
    mine = why_not(db, 2, "1", 1, "saved_search")
    others = why_not(db, 1, "1", 1, "saved_search")
    nobodys = why_not(db, 1, "99", 1, "saved_search")
    assert mine.reason == "recommended"
    assert replace(others, item_id="99") == nobodys
    assert others.title is others.found is others.nearest is None


def test_a_search_competes_with_those_of_its_owner_alone(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    for owner, number in ((2, 10), (2, 11), (3, 0)):
        execute(
            path,
            "INSERT INTO saved_searches(id, api_key_hash, name, query_json, notify_email)"
            f""" SELECT {number}, user_token_hash, 'x', '{{"q": ""}}', 'x'"""
            f" FROM {P}profile WHERE profile_id = {owner}",
        )
    score(path, as_of=AS_OF, top_k=2)
    with closing(connect(path)) as db:
        ranks = {
            number: why_not(db, 2, str(number), 1, "saved_search").rank for number in (1, 10, 11)
        }
        assert why_not(db, 3, "0", 1, "saved_search").rank == 2
    assert ranks == {1: 1, 10: 2, 11: 3}


def test_an_id_of_several_types_asks_for_the_type_if_the_customer_may_see_both(db, refuses):
    with refuses(
        "item 1 of run 1 is of type 'saved_search' and 'amendment' - say which with --type"
    ):
        why_not(db, 2, "1", 1)
    assert why_not(db, 2, "1", 1, "amendment").recommendation_type == "amendment"
    assert why_not(db, 1, "1", 1).recommendation_type == "amendment"


TABLE_OF_PROGRAMS = """
CREATE TABLE programs (unified_id, primary_name);
INSERT INTO programs VALUES ('a', 'first');
"""


def test_of_rows_that_share_an_id_the_one_in_the_catalogue_counts(tmp_path):
    """A table lists it first; two rows of one SELECT are an error."""
    items = [Item("program", "a", title="second")]
    with closing(scored_night(tmp_path, items, ["{}"], tables=TABLE_OF_PROGRAMS)) as db:
        left_out = db.execute(f"SELECT title FROM {P}candidate WHERE left_out IS NOT NULL")
        assert left_out.fetchall() == [("second",)]
        assert why_not(db, 1, "a").title == "first"


def test_a_rejected_preference_is_the_reason_for_everything(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    execute(path, f"UPDATE {P}profile SET preference_json = '[]' WHERE profile_id = 2")
    score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        found = why_not(db, 2, "EX-101")
    assert (found.reason, found.sentence) == (
        "not scored",
        "nothing was recommended that night: preference_json is not a JSON object",
    )
    assert found.title is None


def test_whoever_came_later_was_not_a_customer_of_that_night(db):
    db.execute(f"INSERT INTO {P}profile(user_token_hash) VALUES ('{'a' * 64}')")
    found = why_not(db, 9, "EX-101")
    assert (found.reason, found.sentence) == (
        "not a customer",
        "not among the customers of that night",
    )


def test_the_vector_and_the_item_are_those_of_the_night(db):
    before = why_not(db, 1, "EX-105", 1).to_dict()
    db.execute(f"UPDATE {P}profile SET preference_json = '{{}}'")
    db.execute("DROP TABLE programs")
    assert why_not(db, 1, "EX-105", 1).to_dict() == before


def test_an_erased_customer_still_has_an_answer(db):
    before = why_not(db, 1, "EX-105", 1).to_dict()
    db.execute(
        f"UPDATE {P}profile SET user_token_hash = '{'e' * 64}', preference_json = '{{}}' WHERE profile_id = 1"
    )
    assert why_not(db, 1, "EX-105", 1).to_dict() == before


def test_the_latest_run_is_meant_unless_another_is_named(db, refuses):
    assert why_not(db, 1, "EX-105").run_id == 2
    with refuses("there is no run 3 - the last is run 2"):
        why_not(db, 1, "EX-105", 3)


def test_while_the_run_is_under_way_the_frozen_list_answers(tmp_path, monkeypatch):
    path = tmp_path / "jpcite.db"
    build(path)
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(path, as_of=AS_OF, progress=stop)
    with closing(connect(path)) as db:
        found = why_not(db, 7, "EX-102")
        assert why_not(db, 1, "EX-110").rec_id == 2
    assert (found.reason, found.rec_id) == ("recommended", None)
    assert found.sentence == "recommended in place 1, which the run has yet to log"


def test_a_place_that_was_taken_away_is_not_explained_away(db):
    tamper(db, f"DELETE FROM {P}decision WHERE list_id = 1 AND seq = 1")
    found = why_not(db, 1, "EXjg0000000000001A", 1)
    assert (found.reason, found.sentence) == (
        "evidence differs",
        "the formula gives it place 1 with 98 points, and no list has it - run personalization-verify",
    )


def test_a_vector_that_is_gone_is_said_so(db, refuses):
    tamper(db, f"DELETE FROM {P}cohort WHERE cohort_id = 1")
    with refuses("what the customer declared, cohort 1, is missing - run personalization-verify"):
        why_not(db, 1, "EX-105", 1)


NEAREST = (
    # declared, items, what the first item needs, and where it then stands
    (
        {"deadline_horizon_days": 40},
        [Item("program", "a", closes_on="2026-05-11")],
        ("deadline_horizon_days", 42, 730, "a horizon of at least 42 days", 1, 1),
    ),
    (
        {"deadline_horizon_days": 100},
        [Item("program", "a")],
        ("deadline_horizon_days", 90, 1, "a horizon of at most 90 days", 1, 30),
    ),
    (
        {},
        [Item("program", "a"), Item("program", "b", closes_on="2026-04-20")],
        ("deadline_horizon_days", 1, 90, "a horizon of 1 to 90 days", 1, 30),
    ),
    (
        # Rounded down, a day later earns as much at 32 days, and less at 31 and 33: the shorter is nearer.
        {"deadline_horizon_days": 32, "industry_pack": "D"},
        [
            Item("program", "a", industries="any", closes_on="2026-04-16"),
            Item("program", "b", industries="D", closes_on="2026-04-17"),
        ],
        ("deadline_horizon_days", 31, 16, "a horizon of 16 to 31 days", 1, 65),
    ),
    (
        {"risk_tolerance": "high"},
        [Item("program", "a")],
        ("deadline_horizon_days", 1, 90, "a horizon of 1 to 90 days", 1, 30),
    ),
    (
        {"risk_tolerance": "high", "deadline_horizon_days": 60},
        [
            Item("program", "a", risk_level="low"),
            Item("program", "b", risk_level="high"),
        ],
        ("risk_tolerance", "low", None, "a risk tolerance of low", 1, 50),
    ),
    (
        {"prefecture": "大阪府", "deadline_horizon_days": 60},
        [Item("program", "a", prefectures="東京都")],
        ("prefecture", "東京都", None, "declaring prefecture 東京都", 1, 30),
    ),
    (
        {"industry_pack": "E", "deadline_horizon_days": 60},
        [Item("program", "a", industries="D")],
        ("industry_pack", "D", None, "declaring industry 建設業 (D)", 1, 80),
    ),
    (
        {"industry_pack": "E", "prefecture": "大阪府", "deadline_horizon_days": 60},
        [Item("program", "a", industries="D", prefectures="東京都")],
        None,
    ),
    ({"deadline_horizon_days": 60}, [Item("program", "a", closes_on="2026-03-31")], None),
    (
        # The other closes that day, so it is better at any horizon; without one, fewer industries decide.
        {"industry_pack": "D", "deadline_horizon_days": 60},
        [
            Item("program", "a", industries="D", closes_on="2124-03-31"),
            Item("program", "b", industries="any", closes_on=AS_OF),
        ],
        ("deadline_horizon_days", None, None, "not declaring a horizon", 1, 50),
    ),
)


@pytest.mark.parametrize(("preference", "items", "expected"), NEAREST)
def test_the_nearest_change_reads_like_this(tmp_path, preference, items, expected):
    with closing(scored_night(tmp_path, items, [json.dumps(preference)], top_k=1)) as db:
        nearest = why_not(db, 1, "a").nearest
    if expected is None:
        assert nearest is None
        return
    told = nearest.key, nearest.value, nearest.until, nearest.sentence, nearest.place
    assert (*told, nearest.points) == expected


# The definition of nearest once more, and every change tried one by one.

KEYS = {
    "deadline_horizon_days": "horizon_days",
    "risk_tolerance": "risk_tolerance",
    "prefecture": "prefecture",
    "industry_pack": "industries",
}


def every_change(customer):
    mine = customer.horizon_days
    days = range(1, 731)
    yield from (
        ("deadline_horizon_days", day)
        for day in (sorted(days, key=lambda day: (abs(day - mine), day)) if mine else days)
    )
    yield "deadline_horizon_days", None
    yield from (("risk_tolerance", level) for level in (*oracle.RISKS, None))
    yield from (("prefecture", name) for name in (*oracle.PREFECTURES, None))
    yield from (("industry_pack", letter) for letter in (*oracle.JSIC_LETTERS, None))


def changed(customer, key, value):
    if key == "industry_pack" and value is not None:
        value = frozenset(value)
    return customer._replace(**{KEYS[key]: value})


def lists_after_every_change(items, customer, model, as_of, top_k, profile_id):
    """Each change that is one, in order of nearness, and the ids on each list after it."""
    found = []
    for key, value in every_change(customer):
        other = changed(customer, key, value)
        if other != customer:
            eligible = [
                item for item in items if oracle.eligible(item, other, model, as_of, profile_id)
            ]
            lists = oracle.best(eligible, other, model, as_of, top_k)
            ids = {kind: [place.item_id for place in lists[kind]] for kind in lists}
            found.append((key, value, ids))
    return found


def nearest_of(after, customer, item):
    """Key, value, the far end of the stretch of horizons that do, and the place."""
    enough = [
        (key, value, 1 + ids[item.recommendation_type].index(item.item_id))
        for key, value, ids in after
        if item.item_id in ids[item.recommendation_type]
    ]
    if not enough:
        return None
    key, value, place = enough[0]
    until = None
    if key == "deadline_horizon_days" and value is not None:
        horizons = {day for other, day, _ in enough if other == key}
        step = -1 if customer.horizon_days and value < customer.horizon_days else 1
        until = value
        while until + step in horizons:
            until += step
    return key, value, until, place


def check_against_the_oracle(db, preferences, model, as_of, top_k):
    """Every item of a night for every customer: reason, rank and nearest change."""
    items = items_seen(db, 1)
    for profile_id, text in preferences.items():
        customer = oracle.declared(text, model)
        after = lists_after_every_change(items, customer, model, as_of, top_k, profile_id)
        for item in items:
            if item.left_out is None and item.profile_id in (None, profile_id):
                found = why_not(db, profile_id, item.item_id, 1, item.recommendation_type)
                expected = ranking_of(items, item, customer, model, as_of, top_k, profile_id)
                assert (found.reason, found.rank, found.cut) == expected
                check_nearest(found, nearest_of(after, customer, item))


def ranking_of(items, item, customer, model, as_of, top_k, profile_id):
    rivals = [
        other
        for other in items
        if other.recommendation_type == item.recommendation_type
        and oracle.eligible(other, customer, model, as_of, profile_id)
    ]
    ranked = oracle.ranking(rivals, customer, model, as_of)[item.recommendation_type]
    cut = sum(ranked[top_k - 1][1][1:4]) if len(ranked) >= top_k else None
    if item not in rivals:
        return "not eligible", None, cut
    if oracle.place(item, customer, model, as_of).score == 0:
        return "no points", None, cut
    family = oracle.kin(item, customer)
    (rank,) = [
        rank
        for rank, (other, _) in enumerate(ranked, 1)
        if other == item or (family is not None and oracle.kin(other, customer) == family)
    ]
    if ranked[rank - 1][0] != item:
        return "same programme", rank, cut
    return ("recommended" if rank <= top_k else "below the cut"), rank, cut


def check_nearest(found, expected):
    if found.reason == "recommended":
        assert found.nearest is None
        return
    nearest = found.nearest
    assert expected == (nearest and (nearest.key, nearest.value, nearest.until, nearest.place))


def test_the_example_is_answered_as_the_oracle_would_try_it_out(short):
    model = json.loads(short.execute(f"SELECT model_json FROM {P}run").fetchone()[0])
    preferences = dict(
        short.execute(
            f"SELECT profile_id, preference_json FROM {P}profile WHERE profile_id IN (2, 4)"
        )
    )
    check_against_the_oracle(short, preferences, model, AS_OF, 2)


GENERATED = {
    "items": items_of_a_night(("program", "amendment"), (None,)),
    "text": valid_texts(),
    "model": models(oracle.MODEL),
    "as_of": as_of_days(),
    "top_k": st.integers(1, 3),
}


def check_generated_night(folder, items, text, model, as_of, top_k):
    # A SELECT may list an id once, and days in order only.
    items = {
        (item.recommendation_type, item.item_id): item
        for item in items
        if None in (item.opens_on, item.closes_on) or item.opens_on <= item.closes_on
    }.values()
    with closing(scored_night(folder, items, [text], model=model, as_of=as_of, top_k=top_k)) as db:
        check_against_the_oracle(db, {1: text}, model, as_of, top_k)


@settings(max_examples=4, deadline=None)
@given(night=st.fixed_dictionaries(GENERATED))
def test_a_generated_night_is_answered_as_the_oracle_would_try_it_out(tmp_path_factory, night):
    check_generated_night(tmp_path_factory.mktemp("night"), **night)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(night=st.fixed_dictionaries(GENERATED))
def test_many_generated_nights_are_answered_as_the_oracle_would_try_them_out(
    tmp_path_factory, night
):
    check_generated_night(tmp_path_factory.mktemp("night"), **night)


COLUMNS = (
    *(("cohort", name) for name in ("industries", "prefecture", "horizon_days", "risk_level")),
    *(("candidate", name) for name in ("recommendation_type", "industries", "prefectures")),
    *(("candidate", name) for name in ("opens_on", "closes_on", "risk_level", "why", "title")),
    *(("list", name) for name in ("run_id", "cohort_id", "profile_id")),
    *(("decision", name) for name in ("seq", "candidate_id", "score")),
    *(("evidence", name) for name in ("n", "list_id", "first_seq")),
    *(("run", name) for name in ("as_of", "top_k", "model_json")),
)
VALUES = (None, 0, 1, 7, -1, "D", "any", "low", "program", "2026-04-02", "{}", "", b"\xff")


@settings(max_examples=40, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(COLUMNS), st.sampled_from(VALUES)), min_size=1, max_size=2
    ),
    profile_id=st.integers(1, 8),
    item_id=st.sampled_from(("EX-104", "EX-105", "EX-110", "EXjg0000000000001A")),
)
@example(changes=[(("decision", "seq"), "D")], profile_id=6, item_id="EX-105")
@example(changes=[(("run", "as_of"), -1)], profile_id=8, item_id="EX-104")
def test_whatever_is_tampered_with_there_is_an_answer_or_a_sentence(changes, profile_id, item_id):
    with closing(in_memory()) as db:
        db.execute("PRAGMA ignore_check_constraints = on")
        tamper(db)
        for (table, column), value in changes:
            # The generated columns of a run refuse a model that is not JSON.
            with suppress(sqlite3.Error):
                db.execute(f"UPDATE OR IGNORE {P}{table} SET {column} = ?", (value,))
        with suppress(PersonalizationError):
            assert json.dumps(why_not(db, profile_id, item_id, 1).to_dict())


def test_rows_of_datasette_are_answered_from_too(short):
    expected = why_not(short, 1, "EX-104").to_dict()
    short.row_factory = sqlite3.Row
    assert why_not(short, 1, "EX-104").to_dict() == expected


KEY = "example-key-1"


def run(*arguments, key=KEY):
    return CliRunner().invoke(
        cli, ["personalization-why-not", *map(str, arguments)], input=f"{key}\n"
    )


def test_the_command_answers_people(path):
    result = run(path, "--item", "EX-105", "--run", 1)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "program  EX-105  介護施設の見守り機器導入支援\n"
        "    answer    not eligible: offered in 大阪府, not in 東京都, which you declared;"
        " lists 医療、福祉 (P) (read from 介護施設 in its title), not 建設業 (D), which you declared\n"
        "    night     2026-04-01, run 1\n"
        "    customer  profile 1\n"
        "    declared  industry 建設業 (D), prefecture 東京都, horizon 60 days, risk tolerance low\n"
        "    item      EX-105, no opening date, closes 2026-04-30, 大阪府, 医療、福祉 (P), risk level medium\n"
        "    would do  no single change of what was declared\n"
    )


def test_the_command_shows_the_points_and_the_change_that_would_do(tmp_path):
    path = tmp_path / "short.db"
    path.write_bytes(short_lists())
    assert run(path, "--item", "EX-104").stdout.splitlines()[-5:] == [
        "    industry    0  its industries are not known: 0",
        "    deadline    0  its closing date is not known: 0",
        "    risk       20  risk level low (tier A), as you declared: 20",
        "    score      20  0 + 0 + 20 = 20, within the cap of 100 for programs: 20",
        "    would do  declaring prefecture 北海道: place 2 with 20 points",
    ]


def test_a_hash_is_as_good_as_the_key_and_json_says_it_all(path):
    with closing(connect(path)) as db:
        expected = why_not(db, 1, "EX-105", 1).to_dict()
    token = sha256(KEY.encode()).hexdigest()
    by_hash = run(path, "--item", "EX-105", "--run", 1, "--user-hash", token, "--json", key="")
    assert json.loads(by_hash.stdout) == expected
    assert json.loads(run(path, "--item", "EX-105", "--run", 1, "--json").stdout) == expected


def test_the_type_can_be_named(path):
    result = run(path, "--item", "1", "--type", "saved_search", "--json")
    assert json.loads(result.stdout)["reason"] == "not in the catalogue"
    assert run(path, "--item", "1", "--type", "other").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "key", "exit_code", "sentence"),
    (
        (
            ["--item", "EX-105", "--run", 9],
            KEY,
            3,
            "Error: there is no run 9 - the last is run 2\n",
        ),
        (
            ["--item", "EX-105"],
            "not-the-key",
            3,
            "Error: no customer has this hash - check the key; the hash of an erased customer is gone\n",
        ),
        (["--item", "EX-105"], "", 2, "no API key"),
        ([], KEY, 2, "Missing option '--item'"),
        (["--item", "EX-105", "--user-hash", "my secret key"], "", 2, "64 lower-case hex digits"),
    ),
)
def test_the_command_says_in_one_sentence_what_is_wrong(path, arguments, key, exit_code, sentence):
    result = run(path, *arguments, key=key)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert sentence in result.stderr
    assert key == "" or key not in result.stderr
    assert "my secret key" not in result.stderr


def test_a_file_in_use_is_read_as_it_is_and_no_byte_of_it_changes(path):
    server = connect(path)
    server.execute("PRAGMA journal_mode = wal")
    server.execute(OTHERS)
    server.execute("BEGIN IMMEDIATE")
    wal = path.with_name("jpcite.db-wal")
    before = path.read_bytes(), wal.read_bytes()
    assert wal.stat().st_size > 0
    assert run(path, "--item", "EX-105").exit_code == 0
    assert (path.read_bytes(), wal.read_bytes()) == before
    server.execute("COMMIT")
    server.close()


def test_a_round_of_what_was_delivered_names_the_one_that_stands_for_it_and_when_it_was(tmp_path):
    with closing(scored_night(tmp_path, ROUNDS, CONSTRUCTION, model=NEW)) as db:
        handed_over(db, 1, "second")
        (rec_id,) = db.execute(f"SELECT rec_id FROM {P}delivery").fetchone()
        night_after(db, 1)
        stood, behind, other = (why_not(db, 1, name, 2) for name in ("second", "first", "other"))
        others = why_not(db, 2, "first", 2)
    waits = f"delivered on {AS_OF} as row {rec_id}; nothing new since"
    assert stood.sentence == f"place 2 with 50 points; {waits}"
    assert behind.sentence == (f"same programme as {TITLES[1]} (second), place 2; that was {waits}")
    # It was delivered as the round that it is, so no declaration brings in another of them.
    assert (behind.reason, behind.nearest, behind.before) == (
        "same programme",
        None,
        stood.before,
    )
    assert (other.reason, others.before) == ("recommended", None)
    assert others.sentence == f"same programme as {TITLES[1]} (second), place 2"


def test_whoever_had_everything_before_is_told_of_each_item_why(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    score(path, as_of=AS_OF)
    with closing(connect(path)) as db:
        sql = f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 5"
        ((rec_id,),) = db.execute(sql).fetchall()
        given = {"channel": "rest", "slot": AS_OF, "delivered_at": f"{AS_OF}T03:00:00.000Z"}
        record_deliveries(db, [rec_id], **given)
    score(path, as_of="2026-04-02")
    with closing(connect(path)) as db:
        assert db.execute(sql).fetchall() == [(rec_id,)]
        found = {item_id: why_not(db, 5, item_id, 2) for item_id in ("EX-102", "EX-105", "EX-104")}
    assert {item_id: one.reason for item_id, one in found.items()} == {
        "EX-102": "handed over before",
        "EX-105": "not eligible",
        "EX-104": "no points",
    }
    assert found["EX-102"].sentence == (
        f"place 1 with 15 points; delivered on {AS_OF} as row {rec_id}; nothing new since"
    )
