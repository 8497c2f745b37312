"""How far scores moved as a whole: the population stability index.

    PSI = sum over the bins of (p - q) * ln(p / q)

p is the share of a night's rows whose score is in the bin, q that of what it is compared with. The bins are the ten of
ten points, 1 to 10, 11 to 20 ... 91 to 100. So that an empty one has a share, half a row is added to each:
p = (n + 1/2) / (N + 10/2). The usual reading: below 0.1 nothing moved, above 0.25 something did.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache

BINS = 10
_PLACES = Decimal("0.0001")
# Logarithms in decimal are the same on every machine; those of the C library are not.
_CONTEXT = Context(prec=20, rounding=ROUND_HALF_EVEN)

Bins = tuple[int, ...]


def binned(scores: Mapping[int, int]) -> Bins:
    """Rows per bin, of rows per score of 1 to 100."""
    found = [0] * BINS
    for score, n in scores.items():
        found[(score - 1) // BINS] += n
    return tuple(found)


def pooled(bins: Sequence[Bins]) -> Bins:
    """Rows per bin of several nights."""
    return tuple(map(sum, zip(*bins, strict=True))) if bins else (0,) * BINS


@lru_cache(maxsize=1000)
def population_stability(now: Bins, then: Bins) -> Fraction | None:
    """The index of rows per bin against others, to four decimals; None if either has none."""
    if not sum(now) or not sum(then):
        return None
    total = Decimal(0)
    for (one, of), (other, others) in zip(_shares(now), _shares(then), strict=True):
        # one / of against other / others, each a fraction.
        ratio = _CONTEXT.divide(Decimal(one * others), Decimal(other * of))
        moved = _CONTEXT.divide(Decimal(one * others - other * of), Decimal(of * others))
        total = _CONTEXT.add(total, _CONTEXT.multiply(moved, _CONTEXT.ln(ratio)))
    return Fraction(_CONTEXT.quantize(total, _PLACES))


def _shares(counts: Bins) -> list[tuple[int, int]]:
    """Part and whole of each bin, both doubled."""
    total = sum(counts)
    return [(2 * n + 1, 2 * total + BINS) for n in counts]
