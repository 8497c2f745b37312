"""Charts as inline SVG text: no script, no request, the same bytes for the same numbers.

Every chart has a title and a description for a screen reader; the page that shows it shows the numbers as a table too.
Most are drawn twice, broad and narrow, because text in a picture that is scaled down is not read.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.svg import AXIS as _AXIS
from sqlite_utils_personalization.svg import INK as _INK
from sqlite_utils_personalization.svg import LINE as _LINE
from sqlite_utils_personalization.svg import MUTED as _MUTED
from sqlite_utils_personalization.svg import NARROW, Bar, Svg
from sqlite_utils_personalization.svg import RED as _RED
from sqlite_utils_personalization.svg import line as _line
from sqlite_utils_personalization.svg import path as _path
from sqlite_utils_personalization.svg import picture as _svg
from sqlite_utils_personalization.svg import rect as _rect
from sqlite_utils_personalization.svg import rects as _rects
from sqlite_utils_personalization.svg import text as _text
from sqlite_utils_personalization.viewer.formats import change, number

# Each reads at 4.5:1 or better on white, and they differ in lightness for print without colour.
_PALETTE = ("#16427a", "#b45309", "#7e22ce", "#0f7a6c", "#9d174d", "#3f6212")
COLOURS = {kind: _PALETTE[at % len(_PALETTE)] for at, kind in enumerate(TYPES)}
CHANNEL_COLOURS = {"rest": "#16427a", "mcp": "#0f7a6c", "digest": "#b45309"}
BANDS = 10


class Strip(NamedTuple):
    """A bar of a whole: its label, what of it is filled and what is not, and its colour."""

    label: str
    filled: int
    rest: int
    colour: str = _INK


class Box(NamedTuple):
    """The scores of one night: its label, and the values below which a tenth, a quarter, half ... of them lie."""

    label: str
    quantiles: tuple[float, float, float, float, float]


class Column(NamedTuple):
    """One bar of a stack: a label, a second one below, whether that is marked, and a number of at least 0 per part."""

    label: str
    below: str
    is_marked: bool
    parts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.parts.values())


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall, from start to end, what it is called and what is written behind it."""

    label: str
    start: int
    end: int
    text: str
    is_total: bool = False


def strips(name: str, title: str, description: str, rows: Sequence[Strip]) -> Svg:
    """A bar per row, all of one scale: the filled part, and the rest hatched."""
    most = max([1, *(row.filled + row.rest for row in rows)])
    left, width = 98, 250
    drawn = Svg(
        f'<defs><pattern id="{name}-h" width="5" height="5" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)">'
        '<rect width="5" height="5" fill="#eceff4"/><path d="M0 0V5" stroke="#8b94a7" stroke-width="1.6"/>'
        "</pattern></defs>"
    )
    for at, row in enumerate(rows):
        y = 4 + at * 30
        filled, rest = width * row.filled / most, width * row.rest / most
        drawn += _text(left - 8, y + 15, row.label, "end", bold=at == 0)
        drawn += _rect(left, y, filled, 20, row.colour)
        drawn += _rect(left + filled, y, rest, 20, f"url(#{name}-h)", _AXIS)
        drawn += _text(
            left + filled + rest + 8, y + 15, f"{number(row.filled)} / {number(row.rest)}"
        )
    return _svg(name, title, description, 440, 8 + 30 * len(rows), drawn, "m", 13)


def boxes(
    name: str, title: str, description: str, nights: Sequence[Box], colour: str, cap: int | None
) -> Svg:
    """A box per night on a scale of 0 to 100: quarters as the box, tenths as a line, the middle across."""

    def draw(name: str, width: int, css: str) -> Svg:
        def y(score: float) -> float:
            return 128 - 1.2 * score

        drawn = Svg("")
        for score in (0, 50, 100):
            drawn += _line(24, y(score), width - 4, y(score), _AXIS if score == 0 else _LINE)
            drawn += _text(19, y(score) + 4, str(score), "end", _MUTED)
        if cap is not None and cap < 100:
            drawn += _line(24, y(cap), width - 4, y(cap), _RED, dashed=True)
            drawn += _text(width - 4, y(cap) - 4, str(cap), "end", _RED)
        step = (width - 28) / max(1, len(nights))
        half = min(10.0, step * 0.35)
        every = max(1, math.ceil(36 / step))
        tenths: list[Bar] = []
        quarters: list[Bar] = []
        middles: list[Bar] = []
        labels = Svg("")
        for at, night in enumerate(nights):
            x = 24 + (at + 0.5) * step
            tenth, quarter, middle, three, nine = night.quantiles
            tenths.append((x - half * 0.3, y(nine), half * 0.6, y(tenth) - y(nine)))
            quarters.append((x - half, y(three), half * 2, max(1.0, y(quarter) - y(three))))
            middles.append((x - half, y(middle) - 1.2, half * 2, 2.4))
            # Counted from the last one, which is the one that is looked for.
            if (len(nights) - 1 - at) % every == 0:
                # Five figures are 30 wide.
                labels += _text(min(x, width - 16), 143, night.label, "middle")
        drawn += _rects(tenths, colour, opacity=0.75) + _rects(quarters, colour)
        drawn += _rects(middles, "#fff", _INK) + labels
        return _svg(name, title, description, width, 150, drawn, css, 11)

    return draw(name, 240, "s pa-broad") + draw(name + NARROW, 168, "pa-narrow")


def bands(name: str, title: str, description: str, counts: Sequence[int], colour: str) -> Svg:
    """A bar for each ten points of score."""

    def draw(name: str, width: int, css: str) -> Svg:
        top, step = nice_ceiling(max([1, *counts])), (width - 8) / BANDS
        drawn = _line(4, 16, width - 4, 16, _LINE) + _text(4, 12, number(top), colour=_MUTED)
        drawn += _line(4, 112, width - 4, 112, _AXIS)
        heights = [96 * count / top for count in counts]
        drawn += _rects(
            [(4 + at * step + 1.5, 112 - high, step - 3, high) for at, high in enumerate(heights)],
            colour,
        )
        for at, label in ((0, "1"), (5, "51"), (9, "100")):
            drawn += _text(4 + (at + 0.5) * step, 126, label, "middle", _MUTED)
        return _svg(name, title, description, width, 132, drawn, css, 11)

    return draw(name, 240, "s pa-broad") + draw(name + NARROW, 168, "pa-narrow")


def changes(name: str, title: str, description: str, counts: Sequence[int], colour: str) -> Svg:
    """What each ten points of score have more, filled, or fewer, outlined."""

    def draw(name: str, width: int, css: str) -> Svg:
        top, step = nice_ceiling(max([1, *map(abs, counts)])), (width - 8) / BANDS
        drawn = _line(4, 14, width - 4, 14, _LINE) + _line(4, 84, width - 4, 84, _LINE)
        drawn += _text(4, 10, change(top), colour=_MUTED) + _text(
            4, 97, change(-top), colour=_MUTED
        )
        for at, count in enumerate(counts):
            if count:
                height, x = max(1.0, 35 * abs(count) / top), 4 + at * step + 2
                filled = (colour, "#fff") if count > 0 else ("#fff", colour)
                drawn += _rect(x, 49 - height if count > 0 else 49, step - 4, height, *filled)
        drawn += _line(4, 49, width - 4, 49, _AXIS)
        return _svg(name, title, description, width, 104, drawn, css, 11)

    return draw(name, 240, "s pa-broad") + draw(name + NARROW, 168, "pa-narrow")


def trend(
    name: str,
    title: str,
    description: str,
    values: Sequence[float | None],
    band: tuple[float, float] | None,
    ends: tuple[str, str],
) -> Svg:
    """A line through a value per night, oldest first, over the band that is usual; ends name the first and last night.

    The last one is marked, in red outside of the band; a night without a value breaks the line.
    """
    width = 168
    known = [value for value in values if value is not None]
    every = [*known, *(band or ())]
    # What hardly moved looks so: a tenth of it fills the picture.
    spare = max(0.0, max(every) / 10 - (max(every) - min(every))) / 2
    low, high = min(every) - spare, max(every) + spare
    reach = (high - low) or 1

    def x(at: int) -> float:
        return 8 + (width - 16) * at / max(1, len(values) - 1)

    def y(value: float) -> float:
        return 62 - 52 * (value - low) / reach if high > low else 36

    drawn = _line(4, 70, width - 4, 70, _LINE)
    if band:
        top, height = y(band[1]), max(1.0, y(band[0]) - y(band[1]))
        drawn += _rect(4, top, width - 8, height, "#e6ebf5")
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x(at), y(value)))
    # A night between two without a value is a dot.
    lines = (
        [(at - 1, to), (at + 1, to)] if len(run) == 1 else run for run in runs for at, to in run[:1]
    )
    drawn += _path(lines, _PALETTE[0])
    last = values[-1]
    if last is not None:
        is_out = band and not band[0] <= last <= band[1]
        right, half = x(len(values) - 1), 3.5
        drawn += _rect(right - half, y(last) - half, 7, 7, _RED if is_out else _PALETTE[0])
    drawn += _text(4, 84, ends[0], colour=_MUTED)
    drawn += _text(width - 4, 84, ends[1], "end", _MUTED) if ends[0] != ends[1] else ""
    return _svg(name, title, description, width, 90, drawn, "s", 11)


def stacked(
    name: str,
    title: str,
    description: str,
    columns: Sequence[Column],
    colours: Mapping[str, str],
    unit: Callable[[int], str],
) -> Svg:
    """A bar per column, its parts one on the other in the order of colours."""

    def draw(name: str, width: int, css: str) -> Svg:
        top = nice_ceiling(max([1, *(column.total for column in columns)]))
        left, low, high = 58, 216, 14
        drawn = Svg("")
        for value in (0, top // 2, top):
            y = low - (low - high) * value / top
            drawn += _line(left, y, width - 2, y, _AXIS if value == 0 else _LINE)
            drawn += _text(left - 6, y + 4, unit(value), "end", _MUTED)
        step = (width - 2 - left) / max(1, len(columns))
        widest = max([1, *(len(column.label) for column in columns)]) * 8 + 4
        every = max(1, math.ceil(widest / step))
        for at, column in enumerate(columns):
            x, y = left + (at + 0.14) * step, float(low)
            for part, colour in colours.items():
                height = (low - high) * column.parts.get(part, 0) / top
                y -= height
                if height:
                    drawn += _rect(x, y, step * 0.72, height, colour, "#fff")
            if (len(columns) - 1 - at) % every == 0:
                middle = left + (at + 0.5) * step
                drawn += _text(middle, 231, column.label, "middle")
                drawn += _text(
                    middle, 245, column.below, "middle", _RED if column.is_marked else _MUTED
                )
        return _svg(name, title, description, width, 250, drawn, css, 12)

    return draw(name, 640, "pa-broad") + draw(name + NARROW, 358, "pa-narrow")


def waterfall(
    name: str,
    title: str,
    description: str,
    steps: Sequence[Step],
    *,
    up: str = _PALETTE[0],
    down: str = _RED,
) -> Svg:
    """A bar per step, one under the other, each beginning where the one before ends; up and down are their colours."""

    def draw(name: str, width: int, css: str) -> Svg:
        low = min([0, *(min(step.start, step.end) for step in steps)])
        high = max([1, *(max(step.start, step.end) for step in steps)])
        left, right, row = 190, width - 70, 30

        def x(value: int) -> float:
            return left + (right - left) * (value - low) / (high - low)

        drawn = _line(x(0), 0, x(0), 4 + row * len(steps), _AXIS)
        for at, step in enumerate(steps):
            y = 4 + at * row
            first, last = sorted((step.start, step.end))
            colour = _INK if step.is_total else (down if step.end < step.start else up)
            drawn += _text(left - 12, y + 15, step.label, "end", bold=step.is_total)
            drawn += _rect(x(first), y, max(1.5, x(last) - x(first)), 20, colour)
            drawn += _text(width - 2, y + 15, step.text, "end", bold=step.is_total)
            if at + 1 < len(steps):
                drawn += _line(x(step.end), y + 20, x(step.end), y + row, _AXIS)
        return _svg(name, title, description, width, 4 + row * len(steps), drawn, css, 13)

    return draw(name, 560, "m pa-broad") + draw(name + NARROW, 358, "pa-narrow")


def quantiles(scores: Mapping[int, int]) -> tuple[float, float, float, float, float] | None:
    """Below which score a tenth, a quarter, half, three quarters, nine tenths lie; of rows per score, None of none."""
    total = sum(scores.values())
    if not total:
        return None
    found = []
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        seen = 0
        for score in sorted(scores):
            seen += scores[score]
            if seen >= share * total:
                found.append(float(score))
                break
    return found[0], found[1], found[2], found[3], found[4]


def banded(scores: Mapping[int, int]) -> list[int]:
    """Rows per ten points, 1 to 10 first."""
    counts = [0] * BANDS
    for score, rows in scores.items():
        if 1 <= score <= BANDS * 10:
            counts[(score - 1) // 10] += rows
    return counts


def nice_ceiling(value: int) -> int:
    """The least even number that value does not exceed, with at most two digits that are not 0 and easy to halve."""
    for small in (2, 4, 6, 8):
        if value <= small:
            return small
    power = 1
    while value > 80 * power:
        power *= 10
    return next(
        top * power for top in (10, 12, 16, 20, 24, 30, 40, 50, 60, 80) if value <= top * power
    )
