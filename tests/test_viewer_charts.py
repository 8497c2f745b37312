"""Charts: SVG that says in words what it draws, is well-formed whatever it is given, and is true to scale."""

import re
from itertools import pairwise
from statistics import quantiles as by_statistics
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("datasette")

from sqlite_utils_personalization.viewer.pages.charts import (
    CHANNEL_COLOURS,
    COLOURS,
    Box,
    Column,
    Step,
    Strip,
    banded,
    bands,
    boxes,
    changes,
    nice_ceiling,
    quantiles,
    stacked,
    strips,
    trend,
    waterfall,
)

SVG = "{http://www.w3.org/2000/svg}"
DAY = Column("22", "Wed", False, {"rest": 30, "digest": 10})
BLUE = "#16427a"


def drawings(chart):
    """Each drawing of it: most have a broad and a narrow one."""
    return list(ElementTree.fromstring(f"<charts>{chart}</charts>"))


def owed(columns, title="t", description="d"):
    return stacked("days", title, description, columns, CHANNEL_COLOURS, str)


# Of each kind one, of a title and a description.
KINDS = {
    "stacked": lambda title, text: owed([DAY], title, text),
    "strips": lambda title, text: strips("days", title, text, [Strip(title, 3, 1)]),
    "boxes": lambda title, text: boxes(
        "days", title, text, [Box(title, (1, 2, 3, 4, 5))], BLUE, 60
    ),
    "bands": lambda title, text: bands("days", title, text, [1] * 10, BLUE),
    "changes": lambda title, text: changes("days", title, text, [1, -1] * 5, BLUE),
    "trend": lambda title, text: trend("days", title, text, [1, None, 2], (1, 3), (title, "07-22")),
    "waterfall": lambda title, text: waterfall("days", title, text, [Step(title, 0, 5, "+5")]),
}


BAR = re.compile(r"M(\S+) ([^h]+)h([^v]+)v([^h]+)h([^z]+)z")


def bars(drawing):
    """Each bar of every path that is made of bars: its colour, left, top, width and height."""
    for path in drawing.iter(f"{SVG}path"):
        found = BAR.findall(path.get("d"))
        assert "".join("M{} {}h{}v{}h{}z".format(*bar) for bar in found) in ("", path.get("d"))
        for bar in found:
            x, y, width, height, back = map(float, bar)
            assert back == -width
            looks = {"fill": path.get("fill"), "stroke": path.get("stroke")}
            yield looks | {"x": x, "y": y, "width": width, "height": height}


def rects(drawing, colour):
    return [bar for bar in bars(drawing) if bar["fill"] == colour]


def sizes(drawing, colour, side="height"):
    return [bar[side] for bar in rects(drawing, colour)]


def points(drawing):
    """Of the line through the values each run of points, which no line leads over to the next."""
    (line,) = (one.get("d") for one in drawing.iter(f"{SVG}path") if one.get("fill") == "none")
    return [
        [tuple(map(float, point.split())) for point in run.split("L")]
        for run in line.removeprefix("M").split("M")
    ]


def words(drawing):
    return [text.text for text in drawing.iter(f"{SVG}text")]


def told(drawn):
    """The texts by id that the pictures of one chart, broad and narrow, have for a screen reader."""
    texts = [text for svg in drawn for name in ("title", "desc") for text in svg.iter(SVG + name)]
    assert len({text.get("id") for text in texts}) == len(texts)
    return {text.get("id"): text.text for text in texts}


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_an_image_with_a_title_and_a_description(kind):
    drawn = drawings(KINDS[kind]("Owed per day", "40 on 2026-07-22"))
    texts = told(drawn)
    for svg in drawn:
        labels = [texts[name] for name in svg.get("aria-labelledby").split()]
        assert (svg.get("role"), labels) == ("img", ["Owed per day", "40 on 2026-07-22"])
    # What is as wide on a phone as on a desk is drawn once.
    assert kind in ("strips", "trend") or len(drawn) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_text_cannot_become_markup(kind):
    hostile = '</title><script>alert("1")</script>&'
    drawn = drawings(KINDS[kind](hostile, hostile))
    assert [*told(drawn).values()] == [hostile, hostile]
    for svg in drawn:
        assert list(svg.iter(f"{SVG}script")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_is_too_small_to_read_and_what_is_hidden_is_not_both(kind):
    drawn = drawings(KINDS[kind]("t", "d"))
    for svg in drawn:
        assert int(svg.get("font-size")) >= 11
    widths = {"pa-broad" in svg.get("class"): svg for svg in drawn}
    assert kind in ("strips", "trend") or set(widths) == {True, False}


def test_bars_are_true_to_scale_and_nothing_is_drawn_for_none():
    for drawing in drawings(owed([DAY])):
        (rest,), (digest,) = (
            sizes(drawing, CHANNEL_COLOURS[channel]) for channel in ("rest", "digest")
        )
        assert rest == pytest.approx(3 * digest, abs=0.2)
        assert sizes(drawing, CHANNEL_COLOURS["mcp"]) == []


def test_the_last_of_many_labels_is_drawn_and_none_over_another():
    columns = [Column(f"{day:02}", "Wed", day % 7 > 4, {"rest": day}) for day in range(1, 32)]
    for drawing in drawings(owed(columns)):
        at = [
            (float(text.get("x")), text.text)
            for text in drawing.iter(f"{SVG}text")
            if text.get("y") == "231.0"
        ]
        assert at[-1][1] == "31"
        assert len(at) >= 5
        assert all(two[0] - one[0] > 8 * len(two[1]) for one, two in pairwise(at))


def test_an_empty_chart_is_drawn_too():
    for drawing in drawings(owed([])):
        assert sizes(drawing, CHANNEL_COLOURS["rest"]) == []
    assert len(drawings(boxes("b", "t", "d", [], BLUE, None))) == 2
    assert len(drawings(bands("b", "t", "d", [0] * 10, BLUE))) == 2
    assert len(drawings(changes("b", "t", "d", [0] * 10, BLUE))) == 2
    assert len(drawings(strips("b", "t", "d", [Strip("x", 0, 0)]))) == 1
    assert len(drawings(waterfall("w", "t", "d", []))) == 2


def test_a_waterfall_goes_from_part_to_part_and_down_at_the_cap():
    steps = [
        Step("industry", 0, 50, "+50"),
        Step("risk", 50, 80, "+30"),
        Step("cap at 75", 80, 75, "-5"),
        Step("score", 0, 75, "75", is_total=True),
    ]
    for drawing in drawings(waterfall("points", "t", "d", steps)):
        drawn = list(bars(drawing))
        left = [float(rect.get("x")) for rect in drawn]
        width = [float(rect.get("width")) for rect in drawn]

        assert words(drawing) == [word for step in steps for word in (step.label, step.text)]
        assert left[1] == pytest.approx(left[0] + width[0], abs=0.2)
        assert left[2] + width[2] == pytest.approx(left[1] + width[1], abs=0.2)
        assert left[2] == pytest.approx(left[3] + width[3], abs=0.2)
        # Down is another colour than up, and so is the end.
        assert len({rect.get("fill") for rect in drawn}) == 3


def test_a_waterfall_below_zero_stays_within_its_picture():
    steps = [Step("missing", 0, -30, "-30"), Step("too many", -30, 10, "+40")]
    for drawing in drawings(waterfall("bridge", "t", "d", steps)):
        width = float(drawing.get("viewBox").split()[2])
        for rect in bars(drawing):
            assert float(rect.get("x")) >= 0
            assert float(rect.get("x")) + float(rect.get("width")) <= width


def test_strips_share_one_scale_and_hatch_the_rest():
    rows = [Strip("all", 30, 10), Strip("program", 10, 30, BLUE)]
    (drawing,) = drawings(strips("served", "t", "d", rows))
    (program,) = sizes(drawing, BLUE, "width")
    hatched = sizes(drawing, "url(#served-h)", "width")

    assert hatched == pytest.approx([program, 3 * program], abs=0.2)
    assert "30 / 10" in words(drawing)
    assert "10 / 30" in words(drawing)


def test_a_box_is_where_its_quarters_are_and_the_cap_is_drawn():
    night = Box("07-22", (10, 25, 50, 75, 90))
    for drawing in drawings(boxes("scores", "t", "d", [night], BLUE, 60)):
        tenths, quarters = rects(drawing, BLUE)
        (middle,) = rects(drawing, "#fff")
        heights = [float(one.get("height")) for one in (tenths, quarters)]
        top, low = float(quarters.get("y")), float(quarters.get("y")) + heights[1]

        assert heights[0] / heights[1] == pytest.approx(80 / 50, abs=0.02)
        centre = float(middle.get("y")) + float(middle.get("height")) / 2
        assert centre == pytest.approx((top + low) / 2, abs=0.2)
        assert [path.get("stroke-dasharray") for path in drawing.iter(f"{SVG}path")].count(
            "3 3"
        ) == 1
        assert "60" in words(drawing)
        assert "07-22" in words(drawing)


def test_what_is_more_is_filled_and_what_is_fewer_is_outlined():
    for drawing in drawings(changes("drift", "t", "d", [4, -2, *[0] * 8], BLUE)):
        (more,) = rects(drawing, BLUE)
        (fewer,) = (rect for rect in rects(drawing, "#fff") if rect.get("stroke") == BLUE)

        assert float(more.get("height")) == pytest.approx(2 * float(fewer.get("height")), abs=0.2)
        assert float(more.get("y")) + float(more.get("height")) == pytest.approx(
            float(fewer.get("y")), abs=0.2
        )


@given(st.lists(st.integers(1, 100), min_size=1, max_size=60))
def test_bands_and_quantiles_are_those_of_the_scores_written_out(scores):
    counted = {score: scores.count(score) for score in scores}
    assert banded(counted) == [
        sum(low < score <= low + 10 for score in scores) for low in range(0, 100, 10)
    ]
    found = quantiles(counted)
    for share, value in zip((0.1, 0.25, 0.5, 0.75, 0.9), found, strict=True):
        assert sum(score <= value for score in scores) >= share * len(scores)
        assert sum(score < value for score in scores) < share * len(scores)
    assert list(found) == sorted(found)


def test_quantiles_of_many_scores_are_those_of_statistics():
    scores = [score for score in range(1, 101) for _ in range(40)]
    cuts = by_statistics(scores, n=20, method="inclusive")
    near = [cuts[at] for at in (1, 4, 9, 14, 17)]
    assert quantiles(dict.fromkeys(range(1, 101), 40)) == pytest.approx(near, abs=1)
    assert quantiles({}) is None


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


@pytest.mark.parametrize("colour", sorted({*COLOURS.values(), *CHANNEL_COLOURS.values()}))
def test_every_colour_has_aa_contrast_on_white(colour):
    # Contrast ratio as WCAG 2 defines it.
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_a_trend_is_true_to_scale_and_red_outside_of_its_band():
    """From 10 to 20 the band, and 30 the last of three nights, the second of which is not known."""
    for drawing in drawings(trend("t", "t", "d", [10, None, 30], (10, 20), ("07-20", "07-22"))):
        (band,) = rects(drawing, "#e6ebf5")
        (last,) = rects(drawing, "#a61b12")
        first, end = points(drawing)
        low = float(band.get("y")) + float(band.get("height"))
        middle = float(last.get("y")) + float(last.get("height")) / 2
        assert low == pytest.approx(first[0][1], abs=0.6)
        assert float(band.get("height")) == pytest.approx((first[0][1] - middle) / 2, abs=0.6)
        assert end[-1][1] == pytest.approx(middle, abs=0.6)
        assert words(drawing) == ["07-20", "07-22"]


def test_what_hardly_moved_is_drawn_so():
    (drawing,) = drawings(trend("t", "t", "d", [1000, 1001], None, ("a", "b")))
    ((first, *_, last),) = points(drawing)
    assert 0 <= first[1] - last[1] < 3


@given(
    values=st.lists(st.none() | st.floats(0, 1e15), min_size=1, max_size=20).filter(
        lambda values: any(value is not None for value in values)
    ),
    band=st.none() | st.tuples(st.floats(0, 1e15), st.floats(0, 1e15)).map(sorted).map(tuple),
)
def test_a_trend_stays_in_its_picture(values, band):
    for drawing in drawings(trend("t", "t", "d", values, band, ("a", "b"))):
        width, height = map(float, drawing.get("viewBox").split()[2:])
        for rect in bars(drawing):
            x, y, wide, high = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
            assert x >= 0
            assert y >= 0
            assert x + wide <= width
            assert y + high <= height
