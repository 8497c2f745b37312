"""What a month comes to: its rows, its totals, and how it stands."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlite_utils_personalization.billing.reconcile.charges import Sources, SumCheck
from sqlite_utils_personalization.billing.reconcile.classes import EXPLAINED
from sqlite_utils_personalization.billing.record import atomic
from sqlite_utils_personalization.clock import Month, utc_now
from sqlite_utils_personalization.database import require_table

AGREE, UNEXPLAINED, UNVERIFIABLE = 0, 1, 2


class Total(NamedTuple):
    """What the rows of a class come to: yen without tax, integers; None if no source says anything of single rows."""

    rows: int = 0
    owed_yen: int = 0
    metered_yen: int | None = 0
    invoiced_yen: int | None = 0

    def plus(self, other: "Total") -> "Total":
        metered, invoiced = (
            None if mine is None or theirs is None else mine + theirs
            for mine, theirs in zip(self[2:], other[2:], strict=True)
        )
        return Total(self.rows + other.rows, self.owed_yen + other.owed_yen, metered, invoiced)


class ReconciledRow(NamedTuple):
    """One delivery, or a charge that no delivery has; times in UTC.

    delivered_at and metered_at are event times; decided_at, recorded_at and metered_recorded_at are when it was
    written down. A quantity is the sum of its source's events at any time, 0 without any and None without the source;
    owed_yen and metered_yen are what of them is of the month, so that months add up.
    """

    kind: str
    because: str
    delivery_key: str | None
    delivery_id: int | None
    rec_id: int | None
    channel: str | None
    slot: str | None
    status: int | None
    decided_at: str | None
    delivered_at: str | None
    recorded_at: str | None
    reversed_at: str | None
    metered_at: str | None
    metered_recorded_at: str | None
    usage_quantity: int | None
    stripe_quantity: int | None
    owed_yen: int
    metered_yen: int | None
    invoiced_yen: int | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON, a CSV and the like; keys are only ever added."""
        return dict(zip(COLUMNS, self, strict=True))


# kind is no word that SQL or a person knows it by; because is one of the sentences of classes.RULES.
COLUMNS = ("class", "reason", *ReconciledRow._fields[2:])


@dataclass(frozen=True)
class Reconciliation:
    """What a month comes to. The rows are in temporary tables of the connection, until the next one."""

    month: Month
    sources: Sources
    decided: int
    totals: dict[str, Total]
    sums: list[SumCheck]

    @property
    def total(self) -> Total:
        """The sum of the classes."""
        total = Total()
        for one in self.totals.values():
            total = total.plus(one)
        return total

    @property
    def exit_status(self) -> int:
        """2 if anything could not be verified, 1 if anything is unexplained, else 0."""
        found = {kind for kind, total in self.totals.items() if total.rows}
        found |= {one.kind for one in self.sums}
        if self.sources.faults or "unverifiable" in found:
            return UNVERIFIABLE
        return AGREE if found <= {*EXPLAINED} else UNEXPLAINED

    def to_dict(self) -> dict[str, Any]:
        """All but the rows, for JSON."""
        return {
            "month": self.month.name,
            "start": self.month.start,
            "end": self.month.end,
            "exit_status": self.exit_status,
            "sources": self.sources.states,
            "faults": self.sources.faults,
            "left_aside": self.sources.left_aside,
            "left_aside_exports": self.sources.left_aside_exports,
            "test_mode": self.sources.test_mode,
            "decided": self.decided,
            "totals": {kind: total._asdict() for kind, total in self.totals.items()},
            "total": self.total._asdict(),
            "sums": [one.to_dict() for one in self.sums],
        }


# Most rows, and nobody asks about them.
NOT_KEPT = "matched"
_ROW = ("month", "seq", "class", *ReconciledRow._fields[1:])


def keep(db: sqlite3.Connection, found: Reconciliation, rows: Iterable[ReconciledRow]) -> None:
    """Replace what db holds of the month by found and its rows, in their order, in one transaction.

    PersonalizationError where the tables for it are not there.
    """
    require_table(db, "am_personalization_reconciled")
    month = found.month.name
    with atomic(db):
        for table in ("reconciliation", "reconciled"):
            db.execute(f"DELETE FROM am_personalization_{table} WHERE month = ?", (month,))
        db.executemany(
            f"INSERT INTO am_personalization_reconciled({', '.join(_ROW)})"
            f" VALUES ({', '.join('?' * len(_ROW))})",
            (
                (month, seq, *row)
                for seq, row in enumerate((row for row in rows if row.kind != NOT_KEPT), 1)
            ),
        )
        db.executemany(
            "INSERT INTO am_personalization_reconciliation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _classes(found, utc_now()),
        )


def _classes(found: Reconciliation, now: str) -> Iterator[tuple[object, ...]]:
    sources, before = json.dumps(found.sources.states), 0
    for position, (kind, total) in enumerate(found.totals.items(), 1):
        kept = total.rows if kind != NOT_KEPT else 0
        range_ = (before + 1, before + kept) if kept else (None, None)
        yield (found.month.name, position, kind, *total, *range_, sources, now)
        before += kept
