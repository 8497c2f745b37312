"""A threshold says what was measured and by how much it is too far, in exact numbers."""

import operator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization.audit.thresholds import Measured, parse, written
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.language import speaking

NAMES = ("lists_changed", "empty_lists", "concentration", "expected_yen")
OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}


def crossed(text, value):
    threshold = parse(text, NAMES)
    return threshold.crossed({threshold.name: value})


@pytest.mark.parametrize(
    ("text", "value", "sentence"),
    [
        (
            "lists_changed>5%",
            Measured(720, 10_000),
            "lists_changed>5% holds, by 2.2 %: lists_changed is 7.2 % (720 of 10000)",
        ),
        ("lists_changed>5%", Measured(500, 10_000), None),
        (
            "lists_changed >= 5%",
            Measured(500, 10_000),
            "lists_changed >= 5% holds: lists_changed is 5 % (500 of 10000)",
        ),
        ("empty_lists>0", 3, "empty_lists>0 holds, by 3: empty_lists is 3"),
        ("empty_lists>0", Measured(0, 10), None),
        ("empty_lists==0", 0, "empty_lists==0 holds: empty_lists is 0"),
        (
            "concentration>30%",
            Fraction(1, 3),
            "concentration>30% holds, by 3.333 %: concentration is 33.33 %",
        ),
        (
            "concentration>0.3",
            Decimal("0.35"),
            "concentration>0.3 holds, by 0.05: concentration is 0.35",
        ),
        (
            "expected_yen<-100.5",
            -101,
            "expected_yen<-100.5 holds, by 0.5: expected_yen is -101",
        ),
    ],
)
def test_the_sentence_says_which_threshold_and_by_how_much(text, value, sentence):
    assert crossed(text, value) == sentence


def test_a_tenth_is_a_tenth():
    # In floating point 0.1 + 0.2 is more than 0.3.
    assert crossed("concentration>0.3", Fraction(1, 10) + Fraction(2, 10)) is None
    assert crossed("lists_changed>33.333333333%", Measured(1, 3)) is not None
    assert crossed("lists_changed>=33.333333334%", Measured(1, 3)) is None


def test_of_nothing_there_is_no_part_and_what_was_not_measured_crosses_nothing():
    assert crossed("lists_changed>0%", Measured(0, 0)) is None
    assert crossed("lists_changed<=0%", Measured(0, 0)) is not None
    assert crossed("concentration<=100%", None) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "lists_changed",
            "lists_changed>",
            ">5%",
            "lists_changed>5%%",
            "lists_changed=5",
        ),
        *("lists_changed!=5", "lists_changed>5 percent", "lists_changed>1e9", "lists_changed>NaN"),
        *(
            "lists_changed>٥",
            "lists_changed>5％",
            "lists_changed>" + "9" * 19,
            "lists_changed>5\n6",
        ),
        *("lists_changed>=>5", "lists_changed>.5", "lists_changed>5.", "lists_changed > 5 > 4"),
        *(None, 5, b"lists_changed>5"),
    ],
)
def test_what_is_no_threshold_is_told_how_one_is_written(text):
    with pytest.raises(InvalidInput, match="lists_changed, empty_lists, concentration"):
        parse(text, NAMES)


@pytest.mark.parametrize("name", ["lists", "Lists_changed", "lists_changed;--", "一覧"])
def test_an_unknown_measure_is_told_which_there_are(name):
    with pytest.raises(InvalidInput, match="is not measured - give one of lists_changed, empty"):
        parse(f"{name}>5%", NAMES)


def test_a_percentage_of_no_whole_is_refused():
    with pytest.raises(InvalidInput, match="expected_yen is no part of anything"):
        parse("expected_yen>5%", NAMES, without_percent=("expected_yen",))


def test_it_is_said_in_japanese():
    with speaking("ja"):
        assert crossed("empty_lists>0", 3) == "empty_lists>0 に該当（差3）：empty_lists は3"


@given(
    st.sampled_from(sorted(OPERATORS)),
    st.integers(-(10**6), 10**6),
    st.integers(1, 10**6),
    st.decimals(-1000, 1000, places=3),
    st.booleans(),
)
def test_it_compares_as_fractions_do(sign, value, whole, limit, is_percent):
    text = f"lists_changed{sign}{limit}{'%' * is_percent}"
    share = Fraction(100 * value, whole) if is_percent else Fraction(value)
    is_crossed = OPERATORS[sign](share, Fraction(limit))
    assert (crossed(text, Measured(value, whole)) is not None) == is_crossed


@given(st.fractions())
def test_a_number_that_is_not_zero_is_not_written_as_zero(number):
    shown = Fraction(written(number))
    assert (shown == 0) == (number == 0)
    assert abs(shown - number) <= abs(number) / 1000
