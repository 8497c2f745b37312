"""Charts as inline SVG text: no script, no request, the same bytes for the same numbers.

Every chart has a title and a description for a screen reader; the page that shows it shows the numbers as a table too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from sqlite_utils_personalization.model.kinds import TYPES

# Each reads at 4.5:1 or better on white, and they differ in lightness for print without colour.
_PALETTE = ("#16427a", "#b45309", "#7e22ce", "#0f7a6c", "#9d174d", "#3f6212")
COLOURS = {kind: _PALETTE[at % len(_PALETTE)] for at, kind in enumerate(TYPES)}
_INK, _LINE, _LESS = "#111a35", "#c3c9d6", "#b42318"
_WIDTH, _HEIGHT = 400, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 392, 14, 182


@dataclass(frozen=True)
class Column:
    """One bar: the label under it, and a number of at least 0 per type, stacked in the order of TYPES."""

    label: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall, from start to end, and what it is called."""

    label: str
    start: int
    end: int
    is_total: bool = False

    @property
    def value(self) -> str:
        return str(self.end) if self.is_total else f"{self.end - self.start:+d}"


def stacked_bars(name: str, title: str, description: str, columns: Sequence[Column]) -> Markup:
    """A bar per column. name is unique on the page; as many labels are drawn as fit."""
    top = nice_ceiling(max((column.total for column in columns), default=0))
    step = (_RIGHT - _LEFT) / max(1, len(columns))
    widest = max((len(column.label) for column in columns), default=1) * 7 + 5
    every = max(1, math.ceil(widest / step))
    bars = Markup("").join(
        _bar(column, _LEFT + at * step, step, top) for at, column in enumerate(columns)
    )
    # Counted from the last one, which is the one that is looked for.
    labels = Markup("").join(
        _text(_LEFT + (at + 0.5) * step, _BOTTOM + 18, column.label, "middle")
        for at, column in enumerate(columns)
        if (len(columns) - 1 - at) % every == 0
    )
    return _svg(name, title, description, _HEIGHT, _scale(top) + bars + labels)


def waterfall(
    name: str, title: str, description: str, steps: Sequence[Step], ceiling: int
) -> Markup:
    """A bar per step, one under the other, on a scale from 0 to ceiling or to the largest end, if that is more."""
    reach = max([ceiling, *(max(step.start, step.end) for step in steps)])
    left, right, row = 120, 348, 34

    def x(value: int) -> float:
        return left + (right - left) * value / max(1, reach)

    drawn = Markup("")
    for at, step in enumerate(steps):
        y = 6 + at * row
        low, high = sorted((step.start, step.end))
        colour = _INK if step.is_total else (_LESS if step.end < step.start else COLOURS[TYPES[0]])
        drawn += _text(left - 10, y + 18, step.label, "end")
        drawn += _rect(x(low), y, max(1.5, x(high) - x(low)), row - 10, colour)
        drawn += _text(x(high) + 6, y + 18, step.value, "start", bold=step.is_total)
        if at + 1 < len(steps):
            drawn += _line(x(step.end), y + row - 10, x(step.end), y + row)
    return _svg(name, title, description, 10 + len(steps) * row, drawn)


def nice_ceiling(number: int) -> int:
    """The least even number that number does not exceed, with at most two digits that are not 0 and easy to halve."""
    for small in (2, 4, 6, 8):
        if number <= small:
            return small
    power = 1
    while number > 80 * power:
        power *= 10
    return next(
        top * power for top in (10, 12, 16, 20, 24, 30, 40, 50, 60, 80) if number <= top * power
    )


def _scale(top: int) -> Markup:
    drawn = Markup("")
    for value in (0, top // 2, top):
        y = _BOTTOM - (_BOTTOM - _TOP) * value / top
        drawn += _line(_LEFT, y, _RIGHT, y) + _text(_LEFT - 6, y + 4, f"{value:,}", "end")
    return drawn


def _bar(column: Column, left: float, step: float, top: int) -> Markup:
    drawn, y = Markup(""), float(_BOTTOM)
    for kind in TYPES:
        height = (_BOTTOM - _TOP) * column.counts.get(kind, 0) / top
        y -= height
        if height:
            drawn += _rect(left + step * 0.12, y, step * 0.76, height, COLOURS[kind])
    return drawn


def _svg(name: str, title: str, description: str, height: int, body: Markup) -> Markup:
    return Markup(
        '<svg class="personalization-chart" role="img" aria-labelledby="{0}-title {0}-desc"'
        ' viewBox="0 0 {1} {2}" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{0}-title">{3}</title><desc id="{0}-desc">{4}</desc>{5}</svg>'
    ).format(name, _WIDTH, height, title, description, body)


def _rect(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" stroke="#fff"/>'
    ).format(x, y, width, height, colour)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<path d="M{:.1f} {:.1f}L{:.1f} {:.1f}" stroke="{}"/>').format(
        x1, y1, x2, y2, _LINE
    )


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> Markup:
    weight = Markup(' font-weight="bold"') if bold else ""
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}"{}>{}</text>').format(
        x, y, anchor, _INK, weight, escape(text)
    )
