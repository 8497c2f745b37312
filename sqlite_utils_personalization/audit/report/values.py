"""The measures of a night as numbers: shares and means are fractions, so that nothing depends on rounding."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from sqlite_utils_personalization.audit.report.drift import Bins, pooled, population_stability
from sqlite_utils_personalization.audit.report.measure_names import of_rule, of_type
from sqlite_utils_personalization.audit.report.past_nights import PastNight
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.scoring.measures import quantile
from sqlite_utils_personalization.scoring.repeats import REPEATED

# Of the measures a night keeps: the part, and of what.
_SHARES = {
    "coverage": ("shown_items", "open_items"),
    "concentration": ("top_rows", "rows"),
    "closing_soon": ("soon_rows", "dated_rows"),
    "near_duplicates": ("near_duplicate_lists", "lists"),
    "own_prefecture": ("own_area_rows", "area_rows"),
    "repeats": (REPEATED, "rows"),
}
_TENTHS = {"low_score": 1, "middle_score": 5, "high_score": 9}

# Of fewer rows the index is mostly chance.
LEAST_ROWS = 100


class Value(NamedTuple):
    """A number, None where it is not known; of a share also the part and the whole."""

    number: Fraction | None
    part: int | None = None
    whole: int | None = None


def values_of(night: PastNight, compared: Iterable[PastNight]) -> dict[str, Value]:
    """Every measure of a night by its name; compared are the nights that scores moved from."""
    kept = night.measures or {}
    scored = night.profiles - night.rejected
    found = {
        "candidates": _number(sum(night.candidates.values())),
        **{name: _share(kept.get(part), kept.get(of)) for name, (part, of) in _SHARES.items()},
        "median_days_left": _number(kept.get("median_days_left")),
        "nothing_fits": _share(kept.get("nothing_fits"), scored),
        "nothing_new": _share(kept.get("nothing_new"), scored),
        "rejected": _share(night.rejected, night.profiles),
    }
    others = [one.bins for one in compared]
    for kind in TYPES:
        base = pooled([bins[kind] for bins in others])
        found |= _of_scores(kind, (night.scores or {}).get(kind, {}), night.bins[kind], base)
    found["left_out"] = _number(sum(sum(of.values()) for of in night.left_out.values()))
    for kind, rules in night.left_out.items():
        found |= {of_rule(kind, rule): _number(n) for rule, n in sorted(rules.items())}
    return found


def _of_scores(kind: str, scores: Mapping[int, int], bins: Bins, base: Bins) -> dict[str, Value]:
    counted = Counter(scores)
    rows = counted.total()
    total = sum(score * n for score, n in counted.items())
    return {
        of_type("mean_score", kind): Value(Fraction(total, rows) if rows else None),
        **{
            of_type(name, kind): _number(quantile(counted, tenths, 10))
            for name, tenths in _TENTHS.items()
        },
        of_type("score_drift", kind): Value(_drift(bins, base)),
    }


def _drift(bins: Bins, base: Bins) -> Fraction | None:
    return population_stability(bins, base) if min(sum(bins), sum(base)) >= LEAST_ROWS else None


def _number(value: int | None) -> Value:
    return Value(None if value is None else Fraction(value))


def _share(part: int | None, whole: int | None) -> Value:
    if part is None or not whole or whole < 0:
        return Value(None, part, whole)
    return Value(Fraction(part, whole), part, whole)
