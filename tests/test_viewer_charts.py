"""Charts: SVG that says in words what it draws, is well-formed whatever it is given, and is true to scale."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("datasette")

from sqlite_utils_personalization.viewer.pages.charts import (
    COLOURS,
    Column,
    Step,
    nice_ceiling,
    stacked_bars,
    waterfall,
)

SVG = "{http://www.w3.org/2000/svg}"
NIGHT = Column("07-22", {"program": 30, "amendment": 10})


def parsed(chart):
    return ElementTree.fromstring(str(chart))


def heights(chart, kind):
    return [
        float(rect.get("height"))
        for rect in parsed(chart).iter(f"{SVG}rect")
        if rect.get("fill") == COLOURS[kind]
    ]


def words(chart):
    return [text.text for text in parsed(chart).iter(f"{SVG}text")]


def test_a_chart_is_an_image_with_a_title_and_a_description():
    svg = parsed(stacked_bars("days", "Recommendations per day", "40 on 2026-07-22", [NIGHT]))

    assert (svg.get("role"), svg.get("aria-labelledby")) == ("img", "days-title days-desc")
    assert svg.find(f"{SVG}title").text == "Recommendations per day"
    assert svg.find(f"{SVG}desc").text == "40 on 2026-07-22"
    assert [svg.find(f"{SVG}title").get("id"), svg.find(f"{SVG}desc").get("id")] == [
        "days-title",
        "days-desc",
    ]


def test_bars_are_true_to_scale_and_nothing_is_drawn_for_none():
    chart = stacked_bars("days", "t", "d", [NIGHT])

    (program,), (amendment,) = heights(chart, "program"), heights(chart, "amendment")
    assert program == 3 * amendment
    assert heights(chart, "saved_search") == []


def test_the_last_of_many_labels_is_drawn_and_none_over_another():
    columns = [Column(f"07-{day:02}", {"program": day}) for day in range(1, 32)]
    labels = [word for word in words(stacked_bars("days", "t", "d", columns)) if "-" in word]

    assert labels[-1] == "07-31"
    assert 5 <= len(labels) <= 10


def test_an_empty_chart_is_drawn_too():
    assert heights(stacked_bars("days", "t", "d", []), "program") == []


def test_text_cannot_become_markup():
    hostile = '</title><script>alert("1")</script>&'
    svg = parsed(stacked_bars("days", hostile, hostile, [Column(hostile, {"program": 1})]))

    assert svg.find(f"{SVG}title").text == hostile
    assert list(svg.iter(f"{SVG}script")) == []


def test_a_waterfall_goes_from_part_to_part_and_down_at_the_cap():
    steps = [
        Step("industry", 0, 50),
        Step("risk", 50, 80),
        Step("cap at 75", 80, 75),
        Step("score", 0, 75, is_total=True),
    ]
    chart = waterfall("points", "t", "d", steps, 100)
    rects = list(parsed(chart).iter(f"{SVG}rect"))
    left = [float(rect.get("x")) for rect in rects]
    width = [float(rect.get("width")) for rect in rects]

    assert words(chart) == ["industry", "+50", "risk", "+30", "cap at 75", "-5", "score", "75"]
    assert left[1] == pytest.approx(left[0] + width[0], abs=0.2)
    assert left[2] + width[2] == pytest.approx(left[1] + width[1], abs=0.2)
    assert left[2] == pytest.approx(left[3] + width[3], abs=0.2)


@pytest.mark.parametrize(
    ("number", "ceiling"),
    [(0, 2), (2, 2), (3, 4), (9, 10), (81, 100), (206_492, 240_000), (2_065_336, 2_400_000)],
)
def test_an_axis_ends_at_a_round_number(number, ceiling):
    assert nice_ceiling(number) == ceiling


@given(st.integers(min_value=0, max_value=10**12))
def test_every_bar_fits_its_axis_and_fills_half_of_it(number):
    ceiling = nice_ceiling(number)

    assert ceiling >= number
    assert ceiling % 2 == 0
    assert number < 8 or ceiling <= 2 * number


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", COLOURS.values())
def test_every_colour_has_aa_contrast_on_white(colour):
    # Contrast ratio as WCAG 2 defines it.
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5
