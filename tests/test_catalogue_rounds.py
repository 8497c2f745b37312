"""jGrants' details keep area and dates of each round in `workflow`: one program, with the round open that night."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.catalogue.candidate import LeftOut
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.catalogue.rounds import round_of
from sqlite_utils_personalization.model.model import load_model

AS_OF = "2026-07-22"


def entry(name, opens, closes, area="東京都", **more):
    return {
        "id": f"w-{name}",
        "fiscal_year_round": name,
        "target_area_search": area,
        "acceptance_start_datetime": opens,
        "acceptance_end_datetime": closes,
    } | more


OVER = entry("第1回", "2025-10-01T15:00Z", "2026-03-21T15:00Z", "大分県")
OPEN = entry("第2回", "2026-07-01T00:00Z", "2026-08-31T08:00Z", "東京都 / 大阪府")
TO_COME = entry("第3回", "2026-10-01T00:00Z", "2026-11-30T08:00Z", "全国")


def decided(*entries, as_of=AS_OF, area=None):
    try:
        return tuple(round_of(json.dumps(entries), area, as_of))
    except LeftOut as rule:
        return str(rule)


ROUNDS = {
    "the one that is open": (
        [OVER, OPEN, TO_COME],
        ("第2回", "東京都,大阪府", "2026-07-01", "2026-08-31"),
    ),
    "in whatever order they stand": (
        [TO_COME, OPEN, OVER],
        ("第2回", "東京都,大阪府", "2026-07-01", "2026-08-31"),
    ),
    "all over": ([OVER], "no round open"),
    "all to come": ([TO_COME], "no round open"),
    "between two": ([OVER, TO_COME], "no round open"),
    "none": ([], "no round open"),
    "one that says nothing of when": ([entry("第1回", None, None)], "no round open"),
    "the last day": (
        [entry("第1回", "2026-07-01T00:00Z", "2026-07-22T15:00Z")],
        ("第1回", "東京都", "2026-07-01", "2026-07-22"),
    ),
    "the day after it": (
        [entry("第1回", "2026-07-01T00:00Z", "2026-07-21T15:00Z")],
        "no round open",
    ),
    "the first day, in Japan": (
        [entry("第1回", "2026-07-21T15:00Z", "2026-08-31T15:00Z")],
        ("第1回", "東京都", "2026-07-22", "2026-08-31"),
    ),
    "without an end": (
        [entry("通年", "2026-04-01T00:00Z", None)],
        ("通年", "東京都", "2026-04-01", None),
    ),
    "of two for one area, the one that closes last": (
        [entry("第1回", "2026-07-01", "2026-07-31"), entry("第2回", "2026-07-10", "2026-08-31")],
        ("第2回", "東京都", "2026-07-10", "2026-08-31"),
    ),
    "one for the whole country is for each prefecture too": (
        [
            entry("枠A", "2026-07-01", "2026-07-31"),
            entry("枠B", "2026-07-01", "2026-08-31", "全国"),
        ],
        ("枠B", "nationwide", "2026-07-01", "2026-08-31"),
    ),
    "of different areas, both, on the days on which both are open": (
        [
            entry("東日本", "2026-07-01", "2026-07-31", "東京都"),
            entry("西日本", "2026-07-15", "2026-08-31", "大阪府"),
        ],
        ("西日本、東日本", "東京都,大阪府", "2026-07-15", "2026-07-31"),
    ),
    "of different areas, of which one is over": (
        [
            entry("東日本", "2026-07-01", "2026-07-10"),
            entry("西日本", "2026-07-15", "2026-08-31", "大阪府"),
        ],
        ("西日本", "大阪府", "2026-07-15", "2026-08-31"),
    ),
    "abroad and at home": (
        [
            entry("海外", "2026-07-01", "2026-08-31", "海外"),
            entry("国内", "2026-07-01", "2026-08-31"),
        ],
        ("国内", "東京都", "2026-07-01", "2026-08-31"),
    ),
    "abroad alone": ([entry("海外", "2026-07-01", "2026-08-31", "海外")], "overseas only"),
    "a date nobody reads beside a round that is open": (
        [entry("第1回", "2026-07-01", "未定"), OPEN],
        ("第2回", "東京都,大阪府", "2026-07-01", "2026-08-31"),
    ),
    "a date nobody reads beside a round that is over": (
        [OVER, entry("第2回", "2026-07-01", "未定")],
        "date not readable",
    ),
    "ends swapped": ([entry("第1回", "2026-08-31", "2026-07-01")], "closes before it opens"),
    "dates as people write them": (
        [entry("第1回", "令和８年７月１日", "R8.8.31 17:00")],
        ("第1回", "東京都", "2026-07-01", "2026-08-31"),
    ),
    "areas as a list": (
        [entry("第1回", "2026-07-01", "2026-08-31", ["東京都", "大阪府"])],
        ("第1回", "東京都,大阪府", "2026-07-01", "2026-08-31"),
    ),
    "without a name, its id": (
        [entry("", "2026-07-01", "2026-08-31")],
        ("w-", "東京都", "2026-07-01", "2026-08-31"),
    ),
    "a name of any length": (
        [entry("<b>回</b>\x1b" * 99, "2026-07-01", "2026-08-31")],
        ("回" * 59 + "…", "東京都", "2026-07-01", "2026-08-31"),
    ),
}


@pytest.mark.parametrize(("entries", "expected"), ROUNDS.values(), ids=ROUNDS)
def test_a_program_is_open_as_the_round_that_is(entries, expected):
    assert decided(*entries) == expected


def test_a_round_that_names_no_area_is_for_the_programs_own():
    one = entry("第1回", "2026-07-01", "2026-08-31", None)
    assert decided(one, area="大阪府")[1] == "大阪府"
    assert decided(one)[1] == "nationwide"


@pytest.mark.parametrize(
    "value",
    ["{", "1", '"第1回"', "[1]", "[null]", '[[{"id": 1}]]', "[" * 100_000, b"[]", 7, "第1回"],
)
def test_what_holds_no_rounds_is_not_readable(value):
    with pytest.raises(LeftOut, match=r"^rounds not readable$"):
        round_of(value, None, AS_OF)


def test_one_round_need_not_be_in_a_list():
    assert round_of(json.dumps(OPEN), None, AS_OF) == round_of(json.dumps([OPEN]), None, AS_OF)


DAYS = st.integers(-40, 40).map(
    lambda days: (date.fromisoformat(AS_OF) + timedelta(days=days)).isoformat()
)
AREAS = st.sets(st.sampled_from(("東京都", "大阪府", "福岡県")), min_size=1)


@given(st.lists(st.tuples(DAYS, DAYS, AREAS), max_size=5), st.randoms())
def test_nobody_is_shown_a_round_that_is_not_open_for_them_and_the_order_does_not_matter(
    stated, chance
):
    entries = [
        entry(f"第{n}回", *sorted(days), " / ".join(sorted(area)))
        for n, (*days, area) in enumerate(stated)
    ]
    found = decided(*entries)
    open_now = [
        (set(area), min(days), max(days))
        for *days, area in stated
        if min(days) <= AS_OF <= max(days)
    ]
    shuffled = chance.sample(entries, len(entries))
    assert decided(*shuffled) == found
    if not open_now:
        assert found == "no round open"
        return
    _, areas, opens_on, closes_on = found
    assert set(areas.split(",")) == set().union(*(area for area, *_ in open_now))
    assert opens_on <= AS_OF <= closes_on
    for name in areas.split(","):
        # Its own last round is open for at least as long as what is shown.
        assert closes_on <= max(closes for area, _, closes in open_now if name in area)


def programs(*rows, as_of=AS_OF):
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE jgrants_programs (id, name, title, target_area_search, workflow)")
        db.executemany("INSERT INTO jgrants_programs VALUES (?, ?, ?, ?, ?)", rows)
        found = read_catalogue(db, as_of, load_model())
        return [one for one in found if one.recommendation_type == "program"]


def row(workflow, title="設備更新補助金", area=None):
    text = workflow if workflow is None else json.dumps(workflow, ensure_ascii=False)
    return ("a0W1", "S-00000001", title, area, text)


def test_which_round_is_open_is_evidence_and_the_next_night_may_have_another():
    rounds = [OVER, OPEN, TO_COME]
    (july,) = programs(row(rounds))
    assert (july.why, july.prefectures, july.closes_on) == (
        '{"round":"第2回"}',
        "東京都,大阪府",
        "2026-08-31",
    )
    (september,) = programs(row(rounds), as_of="2026-09-15")
    assert (september.left_out, september.why) == ("no round open", "{}")
    (october,) = programs(row(rounds), as_of="2026-10-01")
    assert (october.why, october.prefectures) == ('{"round":"第3回"}', "nationwide")


@pytest.mark.parametrize("workflow", [None, ""])
def test_a_row_without_rounds_is_read_from_its_own_columns(workflow):
    (found,) = programs(("a0W1", "S-00000001", "設備更新補助金", "大阪府", workflow))
    assert (found.prefectures, found.left_out, found.why) == ("大阪府", None, "{}")


def test_a_form_is_a_form_whatever_its_rounds():
    (found,) = programs(row([OPEN], "設備更新補助金 実績報告"))
    assert found.left_out == "procedure"


def test_every_prefecture_in_rounds_of_its_own_is_the_whole_country():
    (found,) = programs(row([OPEN | {"target_area_search": name} for name in PREFECTURES]))
    assert found.prefectures == "nationwide"
