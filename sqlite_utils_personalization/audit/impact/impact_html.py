"""An impact as one page: to read, to print, to attach to a pull request. No script, nothing from elsewhere."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from operator import itemgetter
from string import Template

from sqlite_utils_personalization.audit.impact import told
from sqlite_utils_personalization.audit.impact.figures import QUANTILES, ImpactType
from sqlite_utils_personalization.audit.impact.result import ImpactNight, ImpactResult
from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import language, ngettext
from sqlite_utils_personalization.svg import AXIS, INK, LINE, MUTED, Svg, line, picture, rect, text

# They differ in lightness, for print without colour.
_CHANGED, _RESCORED, _SAME = "#16427a", "#e0a458", "#eceff4"
_WON, _LOST, _MOVED = "#0f7a6c", "#b45309", "#c3cad8"
_BEFORE, _AFTER = "#8b94a7", "#16427a"
_WIDTH, _ROW = 460, 26


def impact_html(found: ImpactResult) -> str:
    """The page, in the language that is spoken; of what is in found, and nothing else."""
    title = _("What would change")
    return Template(_packaged()).substitute(
        language=language(),
        policy=escape(_policy()),
        title=escape(title),
        about=escape(_about(found)),
        crossed="\n".join(_p(sentence, "crossed") for sentence in found["crossed"]),
        sentences="\n".join(f"<li>{escape(one)}</li>" for one in told.sentences(found)),
        all_heading=escape(_("All nights together")),
        measures=_measures(found),
        nights_heading=escape(_("Night by night")),
        nights=_nights(found["nights"]),
        scores_heading=escape(_("Scores by type")),
        scores=_scores(found),
        cohorts_heading=escape(_("Whom it concerns most")),
        cohorts=_cohorts(found),
        items_heading=escape(_("What it concerns most")),
        items=_items(found),
        notes="\n".join(_p(note, "small") for note in found["notes"]),
    )


def _about(found: ImpactResult) -> str:
    values = {"version": found["package_version"], "digest": (found["model_sha256"] or "")[:12]}
    if found["model_sha256"]:
        return _("decided again under model {digest}, by version {version}", **values)
    return _("decided again under each night's own model, by version {version}", **values)


@cache
def _packaged() -> str:
    return files(__package__).joinpath("impact.html").read_text(encoding="utf-8")


def _policy() -> str:
    _before, _tag, styled = _packaged().partition("<style>")
    style, _tag, _after = styled.partition("</style>")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _p(said: str, css: str) -> str:
    return f'<p class="{css}">{escape(said)}</p>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table whose first columns are texts, so many, and the others numbers."""
    css = [""] * texts + [' class="n"'] * (len(heads) - texts)
    head = "".join(
        f'<th scope="col"{one}>{escape(name)}</th>' for name, one in zip(heads, css, strict=True)
    )
    body = []
    for name, *cells in rows:
        shown = "".join(
            f"<td{one}>{escape(cell)}</td>" for cell, one in zip(cells, css[1:], strict=True)
        )
        body.append(f'<tr><th scope="row">{escape(name)}</th>{shown}</tr>')
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f'<tbody>{"".join(body)}</tbody></table></div>'
    )


def _beside(chart: str, key: Sequence[tuple[str, str]], table: str, css: str = "beside") -> str:
    named = "".join(
        f'<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="{colour}"'
        f' stroke="{AXIS}"/></svg>{escape(name)}</li>'
        for name, colour in key
    )
    return f'<div class="{css}"><div>{chart}<ul class="key">{named}</ul></div>{table}</div>'


def _measures(found: ImpactResult) -> str:
    heads = (_("measure"), _("before"), _("after"), _("change"))
    return _table(heads, told.lines(found))


def _nights(nights: Sequence[ImpactNight]) -> str:
    oldest_first = nights[::-1]
    key = ((_("other lists"), _CHANGED), (_("other points"), _RESCORED), (_("as it was"), _SAME))
    bars = [
        (
            night["as_of"],
            (
                (night["lists_changed"], _CHANGED),
                (night["scores_changed"], _RESCORED),
                (
                    night["profiles"] - night["lists_changed"] - night["scores_changed"],
                    _SAME,
                ),
            ),
            told.share(night["lists_changed"], night["profiles"]),
        )
        for night in oldest_first
    ]
    chart = _bars("nights", _("Lists of each night that change"), bars)
    heads = (
        *(_("night"), _("customers"), _("other lists"), _("other points")),
        *(_("won"), _("lost"), _("moved")),
    )
    keys = ("profiles", "lists_changed", "scores_changed", "items_in", "items_out", "moved")
    rows: list[tuple[str, ...]] = [
        (night["as_of"], *map(told.number, itemgetter(*keys)(night))) for night in oldest_first
    ]
    return _beside(chart, key, _table(heads, rows))


def _scores(found: ImpactResult) -> str:
    sides = (found["total"]["before"], found["total"]["after"])
    pairs = [
        pair
        for pair in zip(sides[0]["types"], sides[1]["types"], strict=True)
        if pair[0]["rows"] or pair[1]["rows"]
    ]
    heads = (
        *(_("type"), _("side"), _("rows"), _("mean")),
        *(_("{number} %", number=5 * part) for part in QUANTILES),
    )
    rows: list[tuple[str, ...]] = [
        (
            kinds(one["recommendation_type"]),
            name,
            told.number(one["rows"]),
            told.number(one["mean_score"]),
            *(map(str, one["score_quantiles"]) if one["rows"] else [told.NONE] * len(QUANTILES)),
        )
        for pair in pairs
        for one, name in zip(pair, (_("before"), _("after")), strict=True)
    ]
    key = ((_("before"), _BEFORE), (_("after"), _AFTER))
    return _beside(_boxes(pairs), key, _table(heads, rows, 2))


def _cohorts(found: ImpactResult) -> str:
    rows = [
        (
            one["sentence"],
            told.example_of_cohort(one["example"]),
            *(told.number(one[key]) for key in ("profiles", "items_in", "items_out", "moved")),
        )
        for one in found["affected_cohorts"]
    ]
    heads = (
        *(_("declared"), _("for example"), _("customers × nights")),
        *(_("won"), _("lost"), _("moved")),
    )
    return _table(heads, rows, 2)


def _items(found: ImpactResult) -> str:
    bars = [
        (
            _short(one["title"]),
            ((one["items_in"], _WON), (one["items_out"], _LOST), (one["moved"], _MOVED)),
            "",
        )
        for one in found["affected_items"]
    ]
    rows = [
        (
            one["title"],
            kinds(one["recommendation_type"]),
            told.example_of_item(one["example"]),
            *(told.number(one[key]) for key in ("items_in", "items_out", "moved")),
        )
        for one in found["affected_items"]
    ]
    heads = (
        *(_("item"), _("type"), _("for example")),
        *(_("won"), _("lost"), _("moved")),
    )
    key = ((_("won"), _WON), (_("lost"), _LOST), (_("moved"), _MOVED))
    chart = _bars("items", _("Places of the items that it concerns most"), bars, 150)
    return _beside(chart, key, _table(heads, rows, 3), "over")


def _short(title: str) -> str:
    return title if len(title) <= 12 else f"{title[:11]}…"


def _bars(
    name: str,
    title: str,
    rows: Sequence[tuple[str, Sequence[tuple[int, str]], str]],
    left: int = 90,
) -> Svg:
    """A bar per row, its parts one behind the other, all of one scale; what is written behind it last."""
    most = max([1, *(sum(n for n, _colour in parts) for _name, parts, _said in rows)])
    width = _WIDTH - left - 56
    drawn = line(left, 0, left, 4 + _ROW * len(rows), AXIS)
    for at, (label, parts, said) in enumerate(rows):
        x, y = float(left), 4 + at * _ROW
        drawn += text(left - 8, y + 14, label, "end")
        for n, colour in parts:
            if n:
                drawn += rect(x, y, width * n / most, 18, colour, AXIS)
            x += width * n / most
        drawn += text(x + 6, y + 14, said)
    described = ngettext(
        "{n} bar; the table has the numbers", "{n} bars; the table has the numbers", len(rows)
    )
    return picture(name, title, described, _WIDTH, 8 + _ROW * len(rows), drawn, "", 12)


def _boxes(pairs: Sequence[tuple[ImpactType, ImpactType]]) -> Svg:
    """Of each type two boxes on a scale of 0 to 100: tenths as a line, quarters as the box, the middle across."""
    left, width = 110, _WIDTH - 128

    def x(score: float) -> float:
        return left + width * score / 100

    height = 18 + 52 * len(pairs)
    drawn = Svg("")
    for score in (0, 25, 50, 75, 100):
        drawn += line(x(score), 0, x(score), height - 16, LINE)
        drawn += text(x(score), height - 3, str(score), "middle", MUTED)
    for at, pair in enumerate(pairs):
        top = 4 + 52 * at
        drawn += text(left - 8, top + 24, kinds(pair[0]["recommendation_type"]), "end")
        for side, (one, colour) in enumerate(zip(pair, (_BEFORE, _AFTER), strict=True)):
            if not one["score_quantiles"]:
                continue
            y = top + side * 21
            tenth, quarter, middle, three, nine = map(x, one["score_quantiles"])
            drawn += rect(tenth, y + 6, max(1.0, nine - tenth), 6, colour, opacity=0.5)
            drawn += rect(quarter, y, max(1.5, three - quarter), 18, colour)
            drawn += rect(middle - 1.5, y - 1, 3, 20, "#fff", INK)
    described = _(
        "tenths as a line, quarters as a box, the middle across; the table has the numbers"
    )
    return picture(
        "scores", _("Scores by type, before and after"), described, _WIDTH, height, drawn, "", 12
    )
