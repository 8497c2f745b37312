"""Near-duplicates on a list, judged by titles alone: nothing here knows what the product takes for one family.

A title is read after NFKC, without fiscal years, rounds, other numbers, and whatever is no letter, brackets too; what
stands in the brackets stays. Two are near if of all pairs of neighbouring letters in either, ALIKE are in both.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import combinations

ALIKE = 0.6

_NUMBER = r"(?:\d+|[一二三四五六七八九十]+|元)"
_VARIES = re.compile(
    rf"(?:令和|平成){_NUMBER}?年?度?|(?<![A-Za-z])R\d+年?度?|20\d\d年?度?|第?{_NUMBER}(?:回|次|期|弾)|\d+|[\W_]"
)


@lru_cache(1 << 12)
def has_near(titles: tuple[str, ...]) -> bool:
    """Whether any two of the titles are near; lists of the same titles are many."""
    return any(are_near(*pair) for pair in combinations(titles, 2))


@lru_cache(1 << 16)
def are_near(one: str, other: str) -> bool:
    mine, theirs = _pairs(one), _pairs(other)
    return len(mine & theirs) >= ALIKE * max(1, len(mine | theirs))


@lru_cache(1 << 12)
def _pairs(title: str) -> frozenset[str]:
    without_spaces = re.sub(r"\s", "", unicodedata.normalize("NFKC", title))
    letters = _VARIES.sub("", without_spaces)
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))
