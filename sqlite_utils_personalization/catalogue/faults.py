"""What is wrong with a user's SELECT, told at once; a value that may be personal is not repeated."""

import re
from collections import Counter

from sqlite_utils_personalization.catalogue.plain_text import normal
from sqlite_utils_personalization.errors import InvalidInput, short_repr

# Of one kind, so that a column that is wrong in every row hides no other.
NAMED = 3
# What a value holds that may be somebody's address or number.
_PERSONAL = re.compile(r"@|(?:\d\D{0,4}){9}")
_LONGEST = 200


class Faults:
    """Faults by kind: the first NAMED of each, and how many."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._named: dict[str, list[tuple[str, str, str]]] = {}
        self._numbers: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def add(self, kind: str, where: str, what: str, todo: str) -> None:
        """One more of a kind: in which row, what, and what to do instead. where is empty for a column."""
        self._numbers[kind] += 1
        named = self._named.setdefault(kind, [])
        if len(named) < NAMED:
            named.append((where, what, todo))

    def tell(self) -> None:
        """InvalidInput if there is a fault: the one there is, or a line for each that is named."""
        if not self:
            return
        total = sum(self._numbers.values())
        if total == 1:
            ((where, what, todo),) = next(iter(self._named.values()))
            raise InvalidInput(f"{self._of}{' ' * bool(where)}{where}: {what}", todo)
        lines = [line for kind in self._named for line in self._lines(kind)]
        raise InvalidInput("\n".join([f"{self._of}: {total:,} faults", *lines]))

    def _lines(self, kind: str) -> list[str]:
        lines, said = [], ""
        for where, what, todo in self._named[kind]:
            told = f" - {todo}" * (todo != said)
            lines.append(f"  {where}{': ' * bool(where)}{what}{told}")
            said = todo
        more = self._numbers[kind] - len(lines)
        return [*lines, f"  and {more:,} more like it"] if more else lines


def shown(value: object) -> str:
    """The value as a sentence repeats it, of at most 40 characters; not what it is where that may be personal."""
    if isinstance(value, bytes):
        return "(a BLOB)"
    text = str(value)
    if len(text) > _LONGEST or _PERSONAL.search(normal(text)):
        return f"({len(text):,} characters, not shown)"
    return short_repr(value)
