"""What an impact comes to, in words and lines: the same for a terminal and for a page."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from sqlite_utils_personalization.audit.impact.explained import ImpactExample, declared_text
from sqlite_utils_personalization.audit.impact.result import ImpactResult
from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext
from sqlite_utils_personalization.model.kinds import Declared

NONE = "-"


# An ImpactSide, whose keys are gone through.
_Side: TypeAlias = Mapping[str, Any]


class Line(NamedTuple):
    """One measure as it is shown: its name, before, after, and the difference."""

    name: str
    before: str
    after: str
    change: str


def sentences(found: ImpactResult) -> Iterator[str]:
    """What changes, in a few sentences."""
    total, nights = found["total"], found["nights"]
    yield ngettext(
        "{n} night, {first} to {last}: {customers} lists, one of each customer and night",
        "{n} nights, {first} to {last}: {customers} lists, one of each customer and night",
        len(nights),
        first=nights[-1]["as_of"],
        last=nights[0]["as_of"],
        customers=number(total["profiles"]),
    )
    same = total["profiles"] - total["lists_changed"] - total["scores_changed"]
    yield _(
        "{changed} lists ({percent}) have other items or another order, {scores} other points only,"
        " {same} stay as they are",
        changed=number(total["lists_changed"]),
        percent=share(total["lists_changed"], total["profiles"]),
        scores=number(total["scores_changed"]),
        same=number(same),
    )
    yield _(
        "{items_in} places are won, {items_out} lost, {moved} move",
        items_in=number(total["items_in"]),
        items_out=number(total["items_out"]),
        moved=number(total["moved"]),
    )
    yield _(
        "{emptied} lists become empty, {filled} are no longer empty",
        emptied=number(total["emptied_lists"]),
        filled=number(total["filled_lists"]),
    )


def lines(found: ImpactResult) -> Iterator[Line]:
    """Every measure of all nights together."""
    before: _Side = found["total"]["before"]
    after: _Side = found["total"]["after"]
    counted = {
        "rows": _("recommendations"),
        "empty_lists": _("empty lists"),
        "full_lists": _("full lists"),
        "near_duplicate_lists": _("lists with near-duplicates"),
    }
    for key, name in counted.items():
        yield _counted(name, before[key], after[key])
    shares = {
        "top_rows": (_("share of the ten most shown"), "rows"),
        "soon_rows": (_("closing within 14 days"), "dated_rows"),
    }
    for key, (name, of) in shares.items():
        yield _shared(name, before, after, key, of)
    yield _plain(_("median of days left"), before["median_days_left"], after["median_days_left"])
    yield _plain(_("mean score"), before["mean_score"], after["mean_score"])
    for was, would in zip(before["types"], after["types"], strict=True):
        if was["rows"] or would["rows"]:
            kind = kinds(was["recommendation_type"])
            yield _counted(_("{kinds}: recommendations", kinds=kind), was["rows"], would["rows"])
            name = _("{kinds}: mean score", kinds=kind)
            yield _plain(name, was["mean_score"], would["mean_score"])
    for key, name in (
        ("expected_deliveries", _("expected deliveries")),
        ("expected_yen", _("expected yen")),
    ):
        yield _counted(name, before[key], after[key])


def number(value: int | float | None) -> str:
    """41,448; what is not known as a dash."""
    if value is None:
        return NONE
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def share(part: int, whole: int) -> str:
    """In per cent, to one decimal."""
    # In whole tenths, so that half a tenth is rounded alike everywhere.
    tenths = (2000 * part + whole) // (2 * whole) if whole else 0
    written = f"{tenths // 10}.{tenths % 10}"
    return _("{number} %", number=written)


def _signed(change: int | float) -> str:
    text = f"{change:+,.2f}" if isinstance(change, float) else f"{change:+,}"
    return text if text.strip("+-0.") else "0"


def _counted(name: str, before: int, after: int) -> Line:
    return Line(name, number(before), number(after), _signed(after - before))


def _plain(name: str, before: float | None, after: float | None) -> Line:
    change = NONE if before is None or after is None else _signed(after - before)
    return Line(name, number(before), number(after), change)


def _shared(name: str, before: _Side, after: _Side, key: str, of: str) -> Line:
    parts = [(side[key], side[of]) for side in (before, after)]
    tenths = [(2000 * part + whole) // (2 * whole) if whole else 0 for part, whole in parts]
    change = tenths[1] - tenths[0]
    sign = "-" if change < 0 else "+"
    text = f"{sign}{abs(change) // 10}.{abs(change) % 10}"
    return Line(name, share(*parts[0]), share(*parts[1]), text)


def example_of_item(found: ImpactExample) -> str:
    """What becomes of the item on one list, in one sentence: of which night and of whom."""
    return _(
        "{day}, {declared}: {what}",
        day=found["as_of"],
        declared=declared_text(Declared.from_dict(found["declared"])),
        what=found["sentence"],
    )


def example_of_cohort(found: ImpactExample) -> str:
    """What becomes of one item on the list, in one sentence: of which night and which item."""
    return _(
        "{day}: {title} {what}", day=found["as_of"], title=found["title"], what=found["sentence"]
    )
