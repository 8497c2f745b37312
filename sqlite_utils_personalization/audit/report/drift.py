"""How far scores moved as a whole: the population stability index.

    PSI = sum over the bins of (p - q) * ln(p / q)

p is the share of a night's rows whose score is in the bin, q that of what it is compared with. The bins are the ten of
ten points, 1 to 10, 11 to 20 ... 91 to 100. So that an empty one has a share, half a row is added to each:
p = (n + 1/2) / (N + 10/2). The usual reading: below 0.1 nothing moved, above 0.25 something did.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

BINS = 10
_PLACES = Decimal("0.0001")
# Logarithms in decimal are the same on every machine; those of the C library are not.
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)


def population_stability(now: Mapping[int, int], then: Mapping[int, int]) -> Fraction | None:
    """The index of rows per score against others, to four decimals; None if either has none."""
    p, q = _counts(now), _counts(then)
    if not sum(p) or not sum(q):
        return None
    shares = zip(_shares(p), _shares(q), strict=True)
    total = Decimal(0)
    for one, other in shares:
        ratio = _CONTEXT.ln(_CONTEXT.divide(*_terms(one / other)))
        moved = _CONTEXT.divide(*_terms(one - other))
        total = _CONTEXT.add(total, _CONTEXT.multiply(moved, ratio))
    return Fraction(_CONTEXT.quantize(total, _PLACES))


def _terms(number: Fraction) -> tuple[Decimal, Decimal]:
    return Decimal(number.numerator), Decimal(number.denominator)


def _counts(scores: Mapping[int, int]) -> list[int]:
    found = [0] * BINS
    for score, n in scores.items():
        found[(score - 1) // 10] += n
    return found


def _shares(counts: list[int]) -> list[Fraction]:
    total = sum(counts)
    return [Fraction(2 * n + 1, 2 * total + BINS) for n in counts]
