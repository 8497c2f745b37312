"""Which Japanese calendar day a date or timestamp in a source means."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.dates import (
    day_written,
    first_day,
    last_day,
    may_be_cut,
    moment_written,
)

JAPAN = timezone(timedelta(hours=9))

# text, the day it opens if it is an opening, the last day if it is a deadline
MOMENTS = (
    ("2026-07-31", "2026-07-31", "2026-07-31"),
    ("2026-07-31T17:00+09:00", "2026-07-31", "2026-07-31"),
    ("2026-07-31T23:59+09:00", "2026-07-31", "2026-07-31"),
    # midnight is exclusive: nothing can be handed in on the day it names
    ("2026-08-01T00:00+09:00", "2026-08-01", "2026-07-31"),
    ("2026-08-01 00:00:00", "2026-08-01", "2026-07-31"),
    ("2026-07-31T24:00+09:00", "2026-08-01", "2026-07-31"),
    ("2026-07-31T15:00:00.000Z", "2026-08-01", "2026-07-31"),
    ("2026-01-01T00:00+09:00", "2026-01-01", "2025-12-31"),
    ("2026-08-01T00:01+09:00", "2026-08-01", "2026-08-01"),
    # other offsets are the same moments
    ("2026-07-31T08:00:00.000Z", "2026-07-31", "2026-07-31"),
    ("2026-07-31T14:59:59Z", "2026-07-31", "2026-07-31"),
    ("2026-07-31T23:00-05:00", "2026-08-01", "2026-08-01"),
    ("2026-07-31T20:30+0530", "2026-08-01", "2026-07-31"),
    # without an offset it is Japanese time
    ("2026-07-31T17:00", "2026-07-31", "2026-07-31"),
    ("２０２６-０７-３１", "2026-07-31", "2026-07-31"),
    ("2124-03-31", "2124-03-31", "2124-03-31"),
    ("2024-02-29", "2024-02-29", "2024-02-29"),
)

NOT_DATES = (
    "2026-02-29",
    "2026-13-01",
    "2026-00-10",
    "0000-01-01",
    "2026-07-31T25:00+09:00",
    "2026-07-31T24:01+09:00",
    "2026-07-31T12:60+09:00",
    "2026-07-31T12:00 JST",
    "20260731",
    "2026-7-31",
    "令和8年7月31日",
    "2026-07-31〜2026-08-31",
    "随時",
    "",
    None,
    20260731,
    "9999-12-31T23:59-14:00",
    "0001-01-01T00:00+14:00",
)


@pytest.mark.parametrize(("text", "opens", "_"), MOMENTS)
def test_an_opening_is_the_day_in_japan(text, opens, _):
    assert first_day(text) == opens


@pytest.mark.parametrize(("text", "_", "closes"), MOMENTS)
def test_a_deadline_is_the_last_day_in_japan_before_it(text, _, closes):
    assert last_day(text) == closes


@pytest.mark.parametrize("text", NOT_DATES)
def test_what_is_no_date_is_none(text):
    assert (first_day(text), last_day(text), day_written(text)) == (None, None, None)


def test_a_date_cut_from_a_utc_timestamp_of_midnight_is_already_the_last_day():
    deadline = "2026-08-01T00:00+09:00"
    cut_from_utc = "2026-07-31T15:00:00Z"[:10]
    assert last_day(cut_from_utc) == last_day(deadline) == "2026-07-31"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-07-22 14:59:59", "2026-07-22"),
        ("2026-07-22 15:00:00", "2026-07-23"),
        ("2026-07-22T15:00:00.123Z", "2026-07-23"),
        ("2026-07-22T22:29:51+09:00", "2026-07-22"),
        ("2026-07-22", "2026-07-22"),
    ],
)
def test_a_timestamp_that_sqlite_wrote_is_utc_unless_it_says_otherwise(text, day):
    assert day_written(text) == day


@given(
    st.one_of(st.text(), st.from_regex(r"\A\d{4}-\d\d-\d\d([T ]\d\d:\d\d(Z|[+-]\d\d:\d\d)?)?\Z"))
)
def test_any_text_is_a_valid_day_or_none(text):
    for read in (first_day, last_day, day_written):
        day = read(text)
        assert day is None or date.fromisoformat(day).isoformat() == day


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(JAPAN)),
    st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_the_same_moment_is_the_same_day_in_every_offset(moment, zone):
    moment = moment.replace(microsecond=0)
    elsewhere = moment.astimezone(zone).isoformat()
    assert first_day(elsewhere) == moment.date().isoformat()
    assert last_day(elsewhere) == (moment - timedelta(seconds=1)).date().isoformat()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-20 15:00:00", datetime(2026, 7, 21)),
        ("2026-07-20T15:00:00.750Z", datetime(2026, 7, 21)),
        ("2026-07-20T07:05:24+09:00", datetime(2026, 7, 20, 7, 5, 24)),
        ("2026-07-20", datetime(2026, 7, 20)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_moment_of_what_sqlite_wrote_is_on_a_clock_in_japan(text, moment):
    assert moment_written(text) == moment


CUT = (
    ("2026-07-05", "2026-07-06T08:30+09:00", True),  # 5 July, 23:30 UTC
    ("2026-07-06", "2026-07-06T08:30+09:00", False),  # its own day in Japan: nothing was cut
    ("2026-07-05", "2026-07-06T09:00+09:00", False),
    ("2026-07-31", "2026-08-01T00:00+09:00", True),
    ("2026-07-31", "2026-07-31T15:00:00Z", True),
    # of two plain dates nobody knows
    ("2026-07-31", "2026-08-01", True),
    ("2026-07-31", "2026-07-31", False),
    ("2026-07-31", "2026-08-02", False),
    # two timestamps say what they mean
    ("2026-07-05T08:30+09:00", "2026-07-06T08:30+09:00", False),
    ("2026-07-31", "soon", False),
    (None, None, False),
    ("0001-01-01", "0001-01-01T08:00+09:00", False),
)


@pytest.mark.parametrize(("one", "other", "expected"), CUT)
def test_a_day_may_have_been_cut_from_its_utc_timestamp(one, other, expected):
    assert may_be_cut(one, other) is may_be_cut(other, one) is expected
