"""formula.sql, evaluated by SQLite, against examples worked out by hand and against the oracle."""

import sqlite3
from dataclasses import astuple, fields, replace
from importlib.resources import files

import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import MODEL, NEW_MODEL, Declared, Item, Place
from strategies import HORIZONS, LEVELS, PLACES, as_of_days, as_seen_by, items, models

from sqlite_utils_personalization.formula.formula import IS_ITEM, reads, replay_view, splice

AS_OF = "2026-07-22"

FROM = """
FROM (SELECT :as_of AS as_of, :industry AS industry_weight, :deadline AS deadline_weight,
    :risk AS risk_weight, :urgent_days AS urgent_days, :program AS program_cap,
    :industry_pack AS industry_pack_cap, :saved_search AS saved_search_cap,
    :amendment AS amendment_cap, :program_lead AS program_lead, :amendment_lead AS amendment_lead,
    :rolling_points AS rolling_points, :unknown_points AS unknown_points, :rank_band AS rank_band) r,
(SELECT :industries AS industries, :prefecture AS prefecture, :horizon_days AS horizon_days,
    :risk_tolerance AS risk_level) k,
item c
"""
ITEM_COLUMNS = [field.name for field in fields(Item)]
PLACE = "{eligible}, {industry_points}, {deadline_points}, {risk_points}, {score}"


@pytest.fixture(scope="module")
def db():
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE item ({', '.join(ITEM_COLUMNS)})")
    yield connection
    connection.close()


def evaluate(db, wanted, items, customer, model=MODEL, as_of=AS_OF):
    """Rows of the expressions wanted, in order of rank."""
    db.execute("DELETE FROM item")
    marks = ", ".join("?" * len(ITEM_COLUMNS))
    db.executemany(f"INSERT INTO item VALUES ({marks})", map(astuple, items))
    leads, dates = model.get("lead_days", {}), model.get("date_points", {})
    values = {
        **model["weights"],
        **model["caps"],
        "urgent_days": model["urgent_days"],
        # What a model does not name is NULL in the row of its run.
        "program_lead": leads.get("program"),
        "amendment_lead": leads.get("amendment"),
        "rolling_points": dates.get("rolling"),
        "unknown_points": dates.get("unknown"),
        "rank_band": model.get("rank_band"),
        "as_of": as_of,
    }
    declared = {**customer._asdict(), "industries": column(customer.industries)}
    sql = splice(f"SELECT {wanted} {FROM} ORDER BY {{rank_order}}")
    return db.execute(sql, {**values, **declared}).fetchall()


def column(industries):
    """How a cohort row writes declared industries; 'none' is a pack the model does not know."""
    return None if industries is None else "".join(sorted(industries)) or "none"


def customer(industries=None, prefecture=None, horizon=None, risk=None):
    return Declared(
        None if industries is None else frozenset(industries), prefecture, horizon, risk
    )


def program(**facts):
    return Item("program", "P1", **facts)


WORKED = (
    # why; who; what; industry, deadline and risk points, score
    (
        "closes in 17 days: 30 * 43 / 60 = 21.5, floored",
        customer(horizon=60),
        program(closes_on="2026-08-08"),
        (0, 21, 0, 21),
    ),
    ("closes today: all of it", customer(horizon=60), program(closes_on=AS_OF), (0, 30, 0, 30)),
    (
        "closes in 60 days, at the horizon",
        customer(horizon=60),
        program(closes_on="2026-09-20"),
        (0, 0, 0, 0),
    ),
    (
        "closes in 97 years, not below zero",
        customer(horizon=730),
        program(closes_on="2124-03-31"),
        (0, 0, 0, 0),
    ),
    (
        "closes in 224 days, over the turn of the year: 30 * 141 / 365 = 11.6",
        customer(horizon=365),
        program(closes_on="2027-03-03"),
        (0, 11, 0, 11),
    ),
    ("rolling, 90 days is urgent", customer(horizon=90), program(), (0, 30, 0, 30)),
    ("rolling, 91 days is not", customer(horizon=91), program(), (0, 0, 0, 0)),
    ("no horizon, no deadline points", customer(), program(closes_on=AS_OF), (0, 0, 0, 0)),
    ("lists the industry", customer("D"), program(industries="CDE"), (50, 0, 0, 50)),
    ("open to any", customer("D"), program(industries="any"), (50, 0, 0, 50)),
    ("industry unknown: eligible, no points", customer("D"), program(), (0, 0, 0, 0)),
    ("a pack of two, one of them listed", customer("DG"), program(industries="GH"), (50, 0, 0, 50)),
    ("an unknown pack matches any", customer(""), program(industries="any"), (50, 0, 0, 50)),
    ("nothing declared", customer(), program(industries="any"), (0, 0, 0, 0)),
    ("the same risk", customer(risk="high"), program(risk_level="high"), (0, 0, 20, 20)),
    ("one step away", customer(risk="high"), program(risk_level="medium"), (0, 0, 10, 10)),
    ("two steps away", customer(risk="low"), program(risk_level="high"), (0, 0, 0, 0)),
    ("risk not known, tolerance medium", customer(risk="medium"), program(), (0, 0, 20, 20)),
    ("risk not known, tolerance high", customer(risk="high"), program(), (0, 0, 0, 0)),
    (
        "50 + 21 + 10",
        customer("D", "東京都", 60, "low"),
        program(
            industries="D", prefectures="東京都,大阪府", closes_on="2026-08-08", risk_level="medium"
        ),
        (50, 21, 10, 81),
    ),
    (
        "100 points, and an amendment's cap is 90",
        customer("D", None, 90, "low"),
        Item("amendment", "A1", industries="any"),
        (50, 30, 20, 90),
    ),
    (
        "100 points, and a pack's cap is 75",
        customer("D", None, 90, "low"),
        Item("industry_pack", "pack_construction", industries="D"),
        (50, 30, 20, 75),
    ),
    (
        "50 points, below a saved search's cap of 60",
        customer("D", None, 90, "low"),
        Item("saved_search", "1"),
        (0, 30, 20, 50),
    ),
    (
        "100 points, and a saved search's cap is 60",
        customer("D", None, 90, "low"),
        Item("saved_search", "1", industries="D"),
        (50, 30, 20, 60),
    ),
)


NEWLY_WORKED = (
    # the same, by the new model
    (
        "closes in 17 days, of which 14 are notice: 30 * 43 / 46 = 28.04, floored",
        customer(horizon=60),
        program(closes_on="2026-08-08"),
        (0, 28, 0, 28),
    ),
    (
        "closes in 14 days, the last that keep the notice",
        customer(horizon=60),
        program(closes_on="2026-08-05"),
        (0, 30, 0, 30),
    ),
    (
        "closes in 8 days, and of a horizon of 14 days 7 are kept: 30 * 6 / 7 = 25.7",
        customer(horizon=14),
        program(closes_on="2026-07-30"),
        (0, 25, 0, 25),
    ),
    (
        "closes that day, and of a horizon of 1 day none is kept",
        customer(horizon=1),
        program(closes_on=AS_OF),
        (0, 30, 0, 30),
    ),
    (
        "an amendment is kept 7 days: 30 * 43 / 53 = 24.3",
        customer(horizon=60),
        Item("amendment", "A1", closes_on="2026-08-08"),
        (0, 24, 0, 24),
    ),
    (
        "an industry pack is kept none: 30 * 43 / 60 = 21.5",
        customer(horizon=60),
        Item("industry_pack", "pack_construction", closes_on="2026-08-08"),
        (0, 21, 0, 21),
    ),
    (
        "takes applications at any time",
        customer(horizon=730),
        program(rolling=1),
        (0, 15, 0, 15),
    ),
    ("nobody knows until when", customer(horizon=30), program(rolling=0), (0, 0, 0, 0)),
    ("at any time, no horizon", customer(), program(rolling=1), (0, 0, 0, 0)),
    ("it was not asked: the old rule", customer(horizon=90), program(), (0, 30, 0, 30)),
    (
        "50 + 28 + 10",
        customer("D", "東京都", 60, "low"),
        program(industries="D", closes_on="2026-08-08", risk_level="medium"),
        (50, 28, 10, 88),
    ),
)


@pytest.mark.parametrize(
    ("who", "what", "expected"), [pytest.param(*case, id=why) for why, *case in NEWLY_WORKED]
)
def test_the_new_model_gives_the_points_a_person_works_out(db, who, what, expected):
    assert evaluate(db, PLACE, [what], who, NEW_MODEL) == [(1, *expected)]


@pytest.mark.parametrize(
    ("who", "what", "expected"), [pytest.param(*case, id=why) for why, *case in WORKED]
)
def test_an_eligible_item_gets_the_points_a_person_works_out(db, who, what, expected):
    assert evaluate(db, PLACE, [what], who) == [(1, *expected)]


NOT_ELIGIBLE = (
    ("opens tomorrow", customer(), program(opens_on="2026-07-23")),
    ("closed yesterday", customer(), program(closes_on="2026-07-21")),
    ("another prefecture", customer(prefecture="大阪府"), program(prefectures="東京都")),
    ("京都 is inside 東京都", customer(prefecture="京都府"), program(prefectures="東京都,大阪府")),
    ("another industry", customer("D"), program(industries="ABCEFGHIJKLMNOPQRST")),
    ("an unknown pack, an item of some industry", customer(""), program(industries="D")),
)


@pytest.mark.parametrize(
    ("who", "what"), [pytest.param(*case, id=why) for why, *case in NOT_ELIGIBLE]
)
def test_an_item_that_does_not_fit_is_not_eligible(db, who, what):
    assert evaluate(db, "{eligible}", [what], who) == [(0,)]


TOO_LATE = (
    ("13 of 14 days", customer(), program(closes_on="2026-08-04")),
    ("that day", customer(horizon=730), program(closes_on=AS_OF)),
    ("13 of the 14 days in a horizon of 28", customer(horizon=28), program(closes_on="2026-08-04")),
    ("none of the day in a horizon of 2", customer(horizon=2), program(closes_on=AS_OF)),
    ("6 of 7 days", customer(), Item("amendment", "A1", closes_on="2026-07-28")),
)


@pytest.mark.parametrize(("who", "what"), [pytest.param(*case, id=why) for why, *case in TOO_LATE])
def test_what_leaves_less_than_the_notice_is_eligible_by_the_old_model_alone(db, who, what):
    assert evaluate(db, "{eligible}, {is_open}, {in_time}", [what], who, NEW_MODEL) == [(0, 1, 0)]
    assert evaluate(db, "{eligible}, {is_open}, {in_time}", [what], who) == [(1, 1, 1)]


CUSTOMERS = st.builds(
    Declared,
    industries=st.none() | st.sets(st.sampled_from("ADEGT"), max_size=3).map(frozenset),
    prefecture=st.none() | st.sampled_from(PLACES),
    horizon_days=st.none() | HORIZONS,
    risk_tolerance=st.none() | LEVELS,
)


@settings(max_examples=400)
@given(item=items(), who=CUSTOMERS, model=models(MODEL), as_of=as_of_days())
def test_the_formula_is_the_oracle(db, item, who, model, as_of):
    item = as_seen_by(model, item)
    [(is_eligible, *points)] = evaluate(db, PLACE, [item], who, model, as_of)
    # Whose it is and whether it was left out are no part of the formula.
    anyone = replace(item, profile_id=None, left_out=None)
    assert is_eligible == oracle.eligible(anyone, who, model, as_of)
    if is_eligible:
        assert [type(value) for value in points] == [int] * 4
        assert Place(item.item_id, *points) == oracle.place(item, who, model, as_of)


@settings(max_examples=200)
@given(
    items=st.lists(items(("program",)), max_size=8, unique_by=lambda item: item.item_id),
    who=CUSTOMERS,
    model=models(MODEL),
)
def test_the_rank_is_the_oracles(db, items, who, model):
    items = [as_seen_by(model, item) for item in items]
    running = [item for item in items if oracle.is_open(item, AS_OF)]
    places = {item.item_id: oracle.place(item, who, model, AS_OF) for item in running}
    best_first = sorted(
        running, key=lambda item: oracle.order(item, places[item.item_id], who, model)
    )
    expected = [(item.item_id, oracle.kin(item, who)) for item in best_first]
    assert evaluate(db, "c.item_id, {kin}", running, who, model) == expected


def test_the_last_tie_is_broken_by_item_id_as_bytes(db):
    names = ["𠮷", "Ａ", "a", "B", "b", "9", "10"]
    found = evaluate(db, "c.item_id", [Item("program", name) for name in names], customer())
    assert [name for (name,) in found] == ["10", "9", "B", "a", "b", "Ａ", "𠮷"]


@pytest.mark.parametrize("industries", ["any", "unknown", "D", "ADE", oracle.JSIC_LETTERS])
def test_breadth_counts_industries(db, industries):
    expected = {"any": 20, "unknown": 21, "D": 1, "ADE": 3, oracle.JSIC_LETTERS: 20}[industries]
    item = program(industries=industries)
    for who, model in ((customer(), MODEL), (customer("D"), MODEL), (customer("D"), NEW_MODEL)):
        assert evaluate(db, "{breadth}", [item], who, model) == [(expected,)]
    # Who declared none is shown first what is for everyone, and no further.
    assert evaluate(db, "{breadth}", [item], customer(), NEW_MODEL) == [(0,)]


ORDERED = (
    # who, items of equal points from the first to the last, by the new model
    (
        customer("D", "東京都"),
        (
            program(industries="D", prefectures="東京都"),
            program(industries="any", prefectures="東京都,大阪府"),
            program(industries="D"),
        ),
    ),
    (
        customer(None, "東京都", None, "low"),
        (
            program(industries="unknown", prefectures="東京都"),
            program(industries="D", prefectures="東京都"),
            program(industries="any"),
            program(industries="D"),
        ),
    ),
    (
        customer(None, None, None, "low"),
        (
            program(industries="unknown", closes_on="2026-10-01"),
            program(industries="any", closes_on="2026-10-02", prefectures="東京都"),
            program(industries="DE", closes_on="2026-09-01"),
            program(industries="D", closes_on="2026-09-02"),
            program(industries="D"),
        ),
    ),
)


@pytest.mark.parametrize(("who", "best_first"), ORDERED)
def test_the_new_model_ranks_equal_points_like_this(db, who, best_first):
    named = [replace(item, item_id=str(9 - at)) for at, item in enumerate(best_first)]
    found = evaluate(db, "c.item_id", named, who, NEW_MODEL)
    assert [item_id for (item_id,) in found] == [item.item_id for item in named]


def test_the_replay_view_of_900_is_the_one_the_formula_generates():
    schema = files("sqlite_utils_personalization.schema")
    text = schema.joinpath("900_personalization_evidence.sql").read_text(encoding="utf-8")
    _, *views = text.split("CREATE VIEW v_personalization_replay")
    found = ["CREATE VIEW v_personalization_replay" + view[: view.index(";")] for view in views]
    assert found == [replay_view()]


def test_a_component_depends_on_what_its_expression_names():
    assert reads("industry") == (("industries",), ("industries",), False)
    assert reads("risk") == (("risk_level",), ("risk_level",), False)
    declared, item, is_by_days = reads("deadline")
    assert (declared, is_by_days) == (("horizon_days",), True)
    assert {*item} == {"closes_on", "recommendation_type", "rolling"}


@pytest.mark.parametrize(("prefecture", "kin"), ((None, "設備更新"), ("東京都", "設備更新@東京都")))
def test_families_go_by_their_name_alone_where_no_prefecture_is_declared(db, prefecture, kin):
    item = program(family="設備更新@東京都", family_name="設備更新")
    assert evaluate(db, "{kin}", [item], customer(prefecture=prefecture)) == [(kin,)]


@pytest.mark.parametrize(
    ("why", "candidate_id", "expected"),
    (
        ("{}", 1, 1),
        ('{"keyword":"wildcard"}', 1, 1),
        ('{"wildcard":true}', 1, 0),
        ("{}", None, 0),
        (None, None, 0),
    ),
)
def test_what_stands_for_a_whole_type_is_no_item(db, why, candidate_id, expected):
    found = db.execute(
        f"SELECT {IS_ITEM} FROM (SELECT ? AS why, ? AS candidate_id) c", (why, candidate_id)
    )
    assert found.fetchall() == [(expected,)]
