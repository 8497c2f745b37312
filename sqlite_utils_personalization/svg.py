"""Pictures as SVG text, piece by piece: no script, no request, the same bytes for the same numbers."""

from collections.abc import Iterable, Sequence
from html import escape

NARROW = "-n"
# x, y, width and height.
Bar = tuple[float, float, float, float]
INK, MUTED, LINE, AXIS, RED = "#15203b", "#4f5970", "#d8dde7", "#8b94a7", "#a61b12"


class Svg(str):
    """SVG that a template takes as it is; every text of others in it is escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return self

    def __add__(self, other: str) -> "Svg":
        return Svg(str.__add__(self, other if isinstance(other, Svg) else escape(other)))


def picture(
    name: str,
    title: str,
    description: str,
    width: int,
    height: int,
    body: Svg,
    css: str,
    size: int,
) -> Svg:
    """The whole of it, with a title and a description for a screen reader; name is unique on its page.

    The same picture drawn narrow has the name with NARROW behind, and is told by the words of the broad one.
    """
    words = Svg("")
    if not name.endswith(NARROW):
        words = Svg(
            f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
        )
    name = name.removesuffix(NARROW)
    return Svg(
        f'<svg class="pa-chart {css}" role="img" aria-labelledby="{name}-t {name}-d" viewBox="0 0 {width} {height}"'
        f' font-size="{size}" xmlns="http://www.w3.org/2000/svg">{words}{body}</svg>'
    )


def rect(
    x: float, y: float, width: float, height: float, colour: str, line: str = "", opacity: float = 1
) -> Svg:
    """A bar, with a line around it if that has a colour."""
    return rects([(x, y, width, height)], colour, line, opacity)


def rects(bars: Iterable[Bar], colour: str, line: str = "", opacity: float = 1) -> Svg:
    """The same of many bars of one look, in a third of the bytes."""
    more = f' stroke="{line}" stroke-width=".8"' if line else ""
    if opacity < 1:
        more += f' opacity="{opacity}"'
    drawn = "".join(
        f"M{_short(x)} {_short(y)}h{_short(width)}v{_short(height)}h{_short(-width)}z"
        for x, y, width, height in bars
    )
    return Svg(f'<path d="{drawn}" fill="{colour}"{more}/>') if drawn else Svg("")


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> Svg:
    """A straight line."""
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    return Svg(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"{dash}/>')


def path(runs: Iterable[Sequence[tuple[float, float]]], colour: str) -> Svg:
    """Lines through the points of each run, and none between two runs."""
    drawn = "".join("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in run) for run in runs)
    return Svg(f'<path d="{drawn}" fill="none" stroke="{colour}"/>')


def text(
    x: float, y: float, said: str, anchor: str = "start", colour: str = INK, *, bold: bool = False
) -> Svg:
    """Words, that begin, end or have their middle at x."""
    weight = ' font-weight="650"' if bold else ""
    return Svg(
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{escape(said)}</text>'
    )
