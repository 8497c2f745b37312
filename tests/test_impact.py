"""What a change would have done to past nights is what scoring them anew does, list by list and number by number."""

import json
import shutil
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import date
from statistics import median_low

import oracle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import (
    handed_over,
    night_after,
    scored_night,
    token,
    write_model,
)
from scored import connect
from strategies import models, valid_texts
from test_histories import ACTIONS, PREFERENCES, START, History
from test_night_against_oracle import HOUSE_LISTS

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.audit.impact.affected import Affected
from sqlite_utils_personalization.audit.impact.again import Alteration, PastNight
from sqlite_utils_personalization.audit.impact.night import compare
from sqlite_utils_personalization.model.model import Model, load_model
from sqlite_utils_personalization.scoring import log

P = "am_personalization_"
RUNS = f"""
SELECT run_id, as_of, model_sha256, model_json, top_k, package_version FROM {P}run
WHERE run_id IN (SELECT run_id FROM {P}seal) ORDER BY 1
"""
# What customers got, and what they would get by the tables that a plan leaves: type, id, points and score in order.
LOGGED = f"""
SELECT l.profile_id, c.recommendation_type, c.item_id, d.industry_points, d.deadline_points, d.risk_points, d.score
FROM {P}recommendation_log l
JOIN {P}evidence e ON l.rec_id BETWEEN e.first_rec_id AND e.first_rec_id + e.n - 1
JOIN {P}list t USING (list_id)
JOIN {P}decision d ON d.list_id = t.list_id AND d.seq = l.rec_id - first_rec_id + first_seq
JOIN {P}candidate c USING (candidate_id) WHERE t.run_id = ? ORDER BY l.rec_id
"""
PLANNED = """
SELECT m.profile_id, c.recommendation_type, c.item_id, d.industry_points, d.deadline_points, d.risk_points, d.score
FROM plan_map m JOIN plan_decision d ON d.list_no = m.list_no AND d.seq BETWEEN m.first_seq AND m.first_seq + m.n - 1
JOIN plan_candidate c USING (candidate_no) ORDER BY m.position, d.seq
"""
SIDES = ("before", "after")
LESS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def lists(rows):
    found = defaultdict(list)
    for profile_id, *place in rows:
        found[profile_id].append(tuple(place))
    return dict(found)


def nights(db):
    return [PastNight(*row) for row in db.execute(RUNS)]


def without_placeholders(places):
    """By type, in order: what stands for a type that nothing lists is no item."""
    found = defaultdict(list)
    for kind, item_id, *points in places:
        if item_id != "*":
            found[kind].append((item_id, *points))
    return found


def differences(customers, before, after):
    """The counts of an impact, one customer after another."""
    found = Counter()
    for number in customers:
        was, would = (without_placeholders(one.get(number, ())) for one in (before, after))
        items = [
            {kind: [item for item, *_ in places] for kind, places in one.items()}
            for one in (was, would)
        ]
        found["customers"] += 1
        found["lists_changed"] += items[0] != items[1]
        found["scores_changed"] += items[0] == items[1] and was != would
        found["emptied_lists"] += bool(was) and not would
        found["filled_lists"] += bool(would) and not was
        for kind in oracle.TYPES:
            old, new = (one.get(kind, []) for one in items)
            found["items_in"] += len({*new} - {*old})
            found["items_out"] += len({*old} - {*new})
            found["moved"] += sum(old.index(item) != new.index(item) for item in {*old} & {*new})
    return found


def sums(customers, found, top_k, facts, as_of):
    """What one side comes to: facts are closing date and title by type and id."""
    shown, days, scores, result = Counter(), [], Counter(), Counter()
    for number in customers:
        by_type = without_placeholders(found.get(number, ()))
        result["empty_lists"] += not by_type
        result["full_lists"] += any(len(places) >= top_k for places in by_type.values())
        for kind, places in by_type.items():
            for item, *_, points in places:
                shown[kind, item] += 1
                scores[kind, points] += 1
                closes_on = facts[kind, item]
                if closes_on:
                    days.append((date.fromisoformat(closes_on) - date.fromisoformat(as_of)).days)
    result["rows"] = shown.total()
    result["shown_items"] = len(shown)
    result["top_rows"] = sum(n for _, n in shown.most_common(10))
    result["dated_rows"] = len(days)
    result["soon_rows"] = sum(left <= 14 for left in days)
    return result, scores, median_low(days) if days else None


# the same changes nothing


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    path = tmp_path_factory.mktemp("start") / "start.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(START)
    return path


@settings(max_examples=12, **LESS)
@given(st.lists(ACTIONS.filter(lambda action: action[0] != "killed"), min_size=4, max_size=12))
def test_every_night_of_a_random_history_is_decided_as_it_was(start, tmp_path_factory, actions):
    path = tmp_path_factory.mktemp("history") / "jpcite.db"
    shutil.copy(start, path)
    history = History(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "CHUNK_CUSTOMERS", 1)
        history.customer(PREFERENCES[3])
        history.customer(PREFERENCES[6])
        for action, value in [*actions, ("night", 1)]:
            history.happen(action, value)
    with closing(connect(path)) as db:
        for night in nights(db):
            before = lists(db.execute(LOGGED, (night.run_id,)))
            affected = Affected()
            found = compare(db, night, Alteration(), affected)
            assert lists(db.execute(PLANNED)) == before
            assert (affected.cohorts, affected.items) == ({}, {})
            changes = {name for name, n in found.counts.items() if n} - {"customers", "delivered"}
            assert changes == set()
            assert found.before == found.after
            assert found.counts["customers"] >= len(before)
            same = Alteration(Model(json.loads(night.model_json)), night.top_k)
            assert compare(db, night, same, Affected()) == found
    shutil.rmtree(path.parent)


# another model is a night scored anew


SEARCHES = """
CREATE TABLE saved_searches (id INTEGER PRIMARY KEY, api_key_hash TEXT, query_json TEXT);
INSERT INTO saved_searches(api_key_hash, query_json)
VALUES ('{0}', '{{"q": "農業"}}'), ('{0}', '{{"q": "", "prefecture": "東京都"}}'), ('{1}', '{{"q": ""}}');
"""
DECIDING = ("weights", "lead_days", "rank_band", "depth", "repeat_days", "caps", "urgent_days")


@st.composite
def changed_models(draw):
    """A model, and another one that reads the catalogue alike."""
    one, other = draw(models(load_model().constants)), draw(models(load_model().constants))
    new = {name: value for name, value in one.items() if name not in DECIDING}
    new |= {name: other[name] for name in DECIDING if name in other}
    if "date_points" in one and "date_points" in other:
        new["date_points"] = other["date_points"]
    return one, new


@settings(max_examples=30, **LESS)
@given(
    changed_models(),
    HOUSE_LISTS,
    st.lists(valid_texts(), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 30)), max_size=6),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_another_model_does_what_scoring_a_copy_under_it_does(
    tmp_path_factory, both, items, texts, delivered, top_k, other_top_k
):
    folder = tmp_path_factory.mktemp("models")
    one, other = both
    texts = [*texts, texts[0]]
    searches = SEARCHES.format(token(0), token(len(texts) - 1))
    with closing(scored_night(folder, items, texts, model=one, top_k=top_k, tables=searches)) as db:
        hand_over(db, delivered)
        db.execute("VACUUM INTO ?", (str(folder / "copy.db"),))
        run_id = night_after(db, 1, top_k)["run_id"]
        *_, night = nights(db)
        before = lists(db.execute(LOGGED, (run_id,)))
        write_model(folder, other)
        change = Alteration(load_model(folder / "model.json"), other_top_k)
        found = compare(db, night, change, Affected())
        after = lists(db.execute(PLANNED))
        facts = {
            (kind, item): closes
            for kind, item, closes in db.execute(
                f"SELECT recommendation_type, item_id, closes_on FROM {P}run_candidate"
                f" JOIN {P}candidate USING (candidate_id)"
                " WHERE run_id = ? AND left_out IS NULL",
                (run_id,),
            )
        }
    with closing(connect(folder / "copy.db")) as copy:
        again = score(
            folder / "copy.db",
            as_of=night.as_of,
            top_k=other_top_k,
            any_date=True,
            catalogue=folder / "catalogue.sql",
            model=folder / "model.json",
        )
        assert after == lists(copy.execute(LOGGED, (again["run_id"],)))
    customers = range(1, len(texts) + 1)
    counts = differences(customers, before, after)
    assert found.counts - Counter(delivered=found.counts["delivered"]) == +counts
    for side, shown, most in ((found.before, before, top_k), (found.after, after, other_top_k)):
        result, scores, middle = sums(customers, shown, most, facts, night.as_of)
        assert {name: side.sums[name] for name in result} == dict(result)
        assert +side.scores == +scores
        figures = side.to_dict(0)
        assert figures["median_days_left"] == middle
        total = sum(points * n for (_, points), n in scores.items())
        mean = total / scores.total() if scores else None
        assert figures["mean_score"] == (mean if mean is None else pytest.approx(mean, abs=0.006))
    shutil.rmtree(folder)


def hand_over(db, delivered):
    for profile_id, at in delivered:
        shown = lists(db.execute(LOGGED, (1,))).get(profile_id, [])
        shown = [item for kind, item, *_ in shown if item != "*"]
        if shown:
            handed_over(db, profile_id, shown[at % len(shown)])
