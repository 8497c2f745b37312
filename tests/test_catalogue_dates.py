"""Which Japanese calendar day a date or timestamp in a source means."""

from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.candidate import LeftOut
from sqlite_utils_personalization.catalogue.dates import (
    day_written,
    first_day,
    last_day,
    may_be_cut,
    moment_written,
    window,
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

# each with the day of its own calendar
FORMS = tuple(
    (text, date(2026, 9, 1), clock)
    for clock, texts in {
        None: (
            "2026/9/1",
            "2026/09/01",
            "2026年9月1日",
            "2026年 9月 1日",
            "２０２６年９月１日",
            "20260901",
            "２０２６０９０１",
            20260901,
            20260901.0,
            "2026-9-1",
            "2026.9.1",
            "2026−9−1",
            "2026‐09‐01",
            "令和8年9月1日",
            "令和８年９月１日",
            "令和 8年 9月 1日",
            "令和08年09月01日",
            "令和八年九月一日",
            "二〇二六年九月一日",
            "㋿8年9月1日",
            "令8.9.1",
            "R8.9.1",
            "r8.9.1",
            "Ｒ８．９．１",
            "R8/9/1",
            "R08-09-01",
            "R8年9月1日",
            "平成38年9月1日",
            "2026年9月1日(火)",
            "2026年9月1日（火曜日）",
            "R8.9.1(火・祝)",
            "令和8年(2026年)9月1日",
            "２０２６年（令和８年）９月１日",
            "\u30002026/9/1\n",
        ),
        timedelta(hours=17): (
            "2026/9/1 17:00",
            "2026年9月1日17時",
            "2026年9月1日(火) 17時00分",
            "２０２６年９月１日　１７：００",
            "令和8年9月1日午後5時",
            "令和八年九月一日十七時",
            "R8.9.1 17:00:00",
            "20260901 17:00",
            "202609011700",
            "20260901170000",
            "20260901T170000",
            "20260901T0800Z",
            "2026-9-1T17:00",
            "2026/09/01 08:00Z",
        ),
        timedelta(hours=17, minutes=30): ("2026年9月1日17時半", "2026年9月1日午後5時30分"),
        timedelta(hours=12): ("2026年9月1日正午", "2026/9/1 正午"),
    }.items()
    for text in texts
)

AMBIGUOUS = (
    *("26/9/1", "8.9.1", "9/1/2026", "1-9-2026", "9月1日", "2026年9月", "2026年度", "令和8年度末"),
    *("2026年9月上旬", "2026/9-1", "2026年9月1日〜10月1日", "2026-09-01/2026-10-01", "2026901"),
    *("2026年9月1日(月)", "2026年9月1日午後12時", "2026/9/117:00", "8年9月1日", "X8.9.1", 46266),
    *(
        "令和7年(2026年)9月1日",
        "2026年(猫年)9月1日",
        "2026年9月1日〜",
        "2026/9/1 5:00 PM",
        "Sep 1, 2026",
    ),
    *("2026年9月1日頃", "2026/9/1予定", 2026, "1767193200", "2026090117"),
)

NOT_DATES = (
    *AMBIGUOUS,
    "2026年2月30日",
    "令和0年9月1日",
    "R8.13.1",
    "令和8年9月31日",
    "20260931",
    "2026/9/1 25:00",
    "2026年9月1日17時60分",
    "9" * 10_000,
    "二" * 10_000 + "年",
    "2026年9月1日" + " " * 10_000 + "x",
    b"2026-09-01",
    True,
    "2026-02-29",
    "2026-13-01",
    "2026-00-10",
    "0000-01-01",
    "2026-07-31T25:00+09:00",
    "2026-07-31T24:01+09:00",
    "2026-07-31T12:60+09:00",
    "2026-07-31T12:00 JST",
    "2026-07-31〜2026-08-31",
    "随時",
    "",
    None,
    "9999-12-31T23:59-14:00",
    "0001-01-01T00:00+14:00",
)


@pytest.mark.parametrize(("text", "opens", "_"), MOMENTS)
def test_an_opening_is_the_day_in_japan(text, opens, _):
    assert first_day(text) == opens


@pytest.mark.parametrize(("text", "_", "closes"), MOMENTS)
def test_a_deadline_is_the_last_day_in_japan_before_it(text, _, closes):
    assert last_day(text) == closes


@pytest.mark.parametrize(("text", "day", "clock"), FORMS)
def test_a_day_is_read_in_every_form_and_width_in_which_people_write_it(text, day, clock):
    assert first_day(text) == last_day(text) == day_written(text) == day.isoformat()
    assert moment_written(text) == datetime.combine(day, time()) + (clock or timedelta(0))


@pytest.mark.parametrize(
    "text",
    [
        "2026年9月1日まで",
        "2026年9月1日(火)必着",
        "2026/9/1 17時まで",
        "令和8年9月1日午後5時まで（必着）",
        "R8.9.1締切",
        "2026年9月1日(当日消印有効)",
    ],
)
def test_what_says_that_it_ends_is_a_deadline_and_no_opening(text):
    assert (last_day(text), first_day(text), day_written(text)) == (
        "2026-09-01",
        None,
        "2026-09-01",
    )


@pytest.mark.parametrize("text", ["2026年9月1日から", "R8.9.1より", "2026/9/1 10:00から"])
def test_what_says_that_it_begins_is_an_opening_and_no_deadline(text):
    assert (first_day(text), last_day(text)) == ("2026-09-01", None)


@pytest.mark.parametrize(
    "text",
    ["2026年9月2日0時", "令和8年9月1日24時", "R8.9.2 0:00", "20260902000000", "2026/9/1 24:00"],
)
def test_midnight_in_any_form_ends_the_day_before(text):
    assert (last_day(text), first_day(text)) == ("2026-09-01", "2026-09-02")


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_what_may_be_one_day_or_another_is_left_out_as_ambiguous(text):
    with pytest.raises(LeftOut, match=r"^date ambiguous$"):
        window((), (text,))


@pytest.mark.parametrize(
    "text", ["2026-02-30", "未定", "随時", "R8.13.1", "予算がなくなるまで", "-"]
)
def test_what_is_no_day_at_all_is_left_out_as_not_readable(text):
    with pytest.raises(LeftOut, match=r"^date not readable$"):
        window((text,), ())


ERAS = (("令和", "R", date(2019, 5, 1), 2018), ("平成", "H", date(1989, 1, 8), 1988))
WIDE = {ord(narrow): chr(ord(narrow) + 0xFEE0) for narrow in "0123456789/.-RH:"}


@given(
    st.dates(date(1989, 1, 8), date(2100, 12, 31)),
    st.booleans(),
    st.sampled_from(
        ("{y}年{m}月{d}日", "{y}/{m}/{d}", "{y}-{m:02}-{d:02}", "{y}.{m}.{d}", "{y}{m:02}{d:02}")
    ),
)
def test_a_day_of_the_western_calendar_is_that_day(day, wide, form):
    text = form.format(y=day.year, m=day.month, d=day.day)
    assert first_day(text.translate(WIDE) if wide else text) == day.isoformat()


@given(
    st.sampled_from(ERAS),
    st.dates(date(1989, 1, 8), date(2100, 12, 31)),
    st.booleans(),
    st.sampled_from(("{long}{y}年{m}月{d}日", "{short}{y}.{m}.{d}", "{short}{y:02}/{m:02}/{d:02}")),
)
def test_a_day_of_an_era_is_that_many_years_after_its_first(era, day, wide, form):
    long, short, begins, before = era
    of_era = day.year - before
    assume(day >= begins and of_era < 100)
    text = form.format(long=long, short=short, y=of_era, m=day.month, d=day.day)
    if of_era == 1 and "年" in form:
        assert first_day(text.replace("1年", "元年", 1)) == day.isoformat()
    assert first_day(text.translate(WIDE) if wide else text) == day.isoformat()


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
