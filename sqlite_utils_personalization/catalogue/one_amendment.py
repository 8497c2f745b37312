"""One amendment per program: which change stands for all that a reader cares about, and why the others do not."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from sqlite_utils_personalization.catalogue.change_titles import Told, reads_same, said

FIRST = "first observation"
SAME = "reads the same"
SUPERSEDED = "superseded"
CHANGED_BACK = "changed back"
NOT_STATED = "no longer stated"
TOLD = "told with a newer change"


class SeenChange(NamedTuple):
    """One row of am_amendment_diff; position says which in the order of the source.

    field, before and after are as plain gives them, moment is on a clock in Japan, None if it is no date. is_first
    says that nothing had been observed before.
    """

    position: int
    item_id: str
    program_id: str
    field: str
    before: str
    after: str
    moment: datetime | None
    is_first: bool

    @property
    def day(self) -> date:
        """On which it was seen in Japan; the first of all where that is not known."""
        return self.moment.date() if self.moment else date.min

    @property
    def alone(self) -> Told:
        """What it tells by itself."""
        return Told(self.field, self.before, self.after, self.day)

    def was_seen_by(self, as_of: str) -> bool:
        """Whether it was seen on that ISO day or before."""
        return self.moment is not None and self.day <= date.fromisoformat(as_of)


class _Standing(NamedTuple):
    change: SeenChange
    told: Told


def decide(
    changes: Iterable[SeenChange], days: int, fields: Sequence[str]
) -> tuple[dict[int, str], list[Told]]:
    """What one program's changes come to, in whatever order they are given.

    Returns the rule by which each is left out, by position, for all but one of them; and what that one tells, in the
    order of fields. Where all are left out there is nothing to tell. What stands looks back as many days as a change
    counts, from its own day on: it says the same every night until something else is seen.
    """
    rules: dict[int, str] = {}
    standing = []
    for _, chain in groupby(sorted(changes, key=_by_field), key=lambda change: change.field):
        found = _stand_for_field(list(chain), days, rules)
        if found:
            standing.append(found)
    if not standing:
        return rules, []
    newest = max((found.change for found in standing), key=_age)
    rules |= {found.change.position: TOLD for found in standing if found.change != newest}
    told = [found.told for found in standing if _within(days, found.change, newest)]
    return rules, sorted(told, key=lambda one: fields.index(one.field))


def _by_field(change: SeenChange) -> tuple[object, ...]:
    return change.field, *_age(change)


def _age(change: SeenChange) -> tuple[object, ...]:
    # An id is a number written out: of two, the longer is the higher.
    return change.moment or datetime.min, len(change.item_id), change.item_id, change.position


def _within(days: int, earlier: SeenChange, later: SeenChange) -> bool:
    return (later.day - earlier.day).days < days


def _stand_for_field(
    chain: Sequence[SeenChange], days: int, rules: dict[int, str]
) -> _Standing | None:
    real = []
    for change in chain:
        if change.is_first:
            rules[change.position] = FIRST
        elif reads_same(change.field, change.before, change.after):
            rules[change.position] = SAME
        else:
            real.append(change)
    if not real:
        return None
    *earlier, last = real
    rules |= {change.position: SUPERSEDED for change in earlier}
    before = next(change.before for change in real if _within(days, change, last))
    # Also what reads the same may say it better, and what was lost may be observed again.
    after = chain[-1].after
    if reads_same(last.field, before, after):
        rules[last.position] = CHANGED_BACK
    elif not said(last.field, after):
        rules[last.position] = NOT_STATED
    else:
        return _Standing(last, Told(last.field, before, after, last.day))
    return None
