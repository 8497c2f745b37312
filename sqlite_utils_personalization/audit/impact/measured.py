"""What a threshold may be set for, each measure by its name."""

from fractions import Fraction

from sqlite_utils_personalization.audit.impact.figures import expected
from sqlite_utils_personalization.audit.impact.night import Compared
from sqlite_utils_personalization.audit.thresholds import Measured, Number
from sqlite_utils_personalization.billing.delivery import UNIT_PRICE_YEN
from sqlite_utils_personalization.scoring.measures import median

# Of customers, of rows before or after, and of what is measured after.
_OF_CUSTOMERS = ("lists_changed", "scores_changed", "emptied_lists", "filled_lists")
_AFTER_OF_CUSTOMERS = ("empty_lists", "full_lists", "near_duplicate_lists")
_OF_ROWS = {"items_in": "after", "items_out": "before", "moved": "before"}
_AFTER_OF = {"top_rows": "rows", "soon_rows": "dated_rows"}
# By how much what comes after is more than what was before.
_CHANGES = ("rows_change", "yen_change")
# A percentage of these means nothing.
PLAIN = ("median_days_left", "mean_score", "mean_score_change")
NAMES = (*_OF_CUSTOMERS, *_OF_ROWS, *_AFTER_OF_CUSTOMERS, *_AFTER_OF, *_CHANGES, *PLAIN)


def measured(total: Compared, delivered: Fraction) -> dict[str, Measured | Number | None]:
    """The value of each of NAMES; delivered is the share of rows that is expected to be delivered."""
    counts, before, after = total.counts, total.before, total.after
    sides = {"before": before.sums["rows"], "after": after.sums["rows"]}
    yen = {side: expected(rows, delivered) * UNIT_PRICE_YEN for side, rows in sides.items()}
    was, would = before.mean_score, after.mean_score
    return {
        **{name: Measured(counts[name], counts["customers"]) for name in _OF_CUSTOMERS},
        **{name: Measured(counts[name], sides[side]) for name, side in _OF_ROWS.items()},
        **{name: Measured(after.sums[name], counts["customers"]) for name in _AFTER_OF_CUSTOMERS},
        **{name: Measured(after.sums[name], after.sums[of]) for name, of in _AFTER_OF.items()},
        "rows_change": Measured(sides["after"] - sides["before"], sides["before"]),
        "yen_change": Measured(yen["after"] - yen["before"], yen["before"]),
        "median_days_left": median(after.days),
        "mean_score": would,
        "mean_score_change": None if was is None or would is None else would - was,
    }
