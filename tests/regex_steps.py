"""How many steps a pattern takes on a text: a backtracking matcher that counts, in place of a clock.

It walks what Python's own parser makes of a pattern, in the order in which Python's matcher tries, and knows none of
its shortcuts; so a pattern that is linear here is linear there.
"""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

parse: Any
if sys.version_info >= (3, 11):
    from re import _constants as sre
    from re import _parser as parse  # type: ignore[no-redef]
else:
    import sre_constants as sre
    import sre_parse as parse  # type: ignore[no-redef]

ENOUGH = 40_000


class TooMany(Exception):
    """More than enough steps."""


class Steps:
    """One pattern, and the steps of searching a text for it."""

    def __init__(self, pattern: re.Pattern[str], enough: int = ENOUGH) -> None:
        self.enough = enough
        self.tree = parse.parse(pattern.pattern, pattern.flags)
        self.flags = pattern.flags
        self.count = 0

    def search(self, text: str, is_anchored: bool = False, is_whole: bool = False) -> int:
        """The steps until the first match, or until there is none."""
        self.count, self.text, self.groups = 0, text, {}
        for start in range(1 if is_anchored else len(text) + 1):
            for end in self._sequence(list(self.tree), start):
                if not is_whole or end == len(text):
                    return self.count
        return self.count

    def _step(self) -> None:
        self.count += 1
        if self.count > self.enough:
            raise TooMany

    def _sequence(self, items: list[Any], at: int) -> Iterator[int]:
        if not items:
            yield at
            return
        for middle in self._one(items[0], at):
            yield from self._sequence(items[1:], middle)

    def _one(self, item: Any, at: int) -> Iterator[int]:
        self._step()
        op, given = item
        if is_character(op):
            if at < len(self.text) and matches(item, self.text[at], self.flags):
                yield at + 1
        elif op is sre.BRANCH:
            for branch in given[1]:
                yield from self._sequence(list(branch), at)
        elif op is sre.SUBPATTERN:
            for end in self._sequence(list(given[3]), at):
                before = self.groups.get(given[0])
                self.groups[given[0]] = self.text[at:end]
                yield end
                self.groups[given[0]] = before
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
            yield from self._repeat(op, *given, at)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            if self._looks(*given, at) is (op is sre.ASSERT):
                yield at
        elif op is sre.AT:
            if self._is_at(given, at):
                yield at
        elif op is sre.GROUPREF:
            if self.text.startswith(self.groups.get(given) or "", at):
                yield at + len(self.groups.get(given) or "")
        else:
            raise NotImplementedError(op)

    def _repeat(self, op: Any, least: int, most: int, body: Any, at: int) -> Iterator[int]:
        body = list(body)
        if len(body) == 1 and is_character(body[0][0]):
            ends = [at]
            while len(ends) <= most and ends[-1] < len(self.text):
                self._step()
                if not matches(body[0], self.text[ends[-1]], self.flags):
                    break
                ends.append(ends[-1] + 1)
            ends = ends[least:]
            if op is not sre.MIN_REPEAT:
                ends.reverse()
            for end in ends[:1] if op not in (sre.MAX_REPEAT, sre.MIN_REPEAT) else ends:
                self._step()
                yield end
            return
        if op is sre.MIN_REPEAT and not least:
            yield at
        if most:
            for middle in self._sequence(body, at):
                if middle > at or least:
                    more = most if most is sre.MAXREPEAT else most - 1
                    yield from self._repeat(op, max(0, least - 1), more, body, middle)
        if op is not sre.MIN_REPEAT and not least:
            yield at

    def _looks(self, direction: int, body: Any, at: int) -> bool:
        if direction < 0:
            at -= body.getwidth()[0]
        return at >= 0 and next(self._sequence(list(body), at), None) is not None

    def _is_at(self, where: Any, at: int) -> bool:
        text = self.text
        is_word = [
            0 <= i < len(text) and (text[i].isalnum() or text[i] == "_") for i in (at - 1, at)
        ]
        lines = self.flags & re.MULTILINE
        return {
            sre.AT_BEGINNING: at == 0 or bool(lines and text[at - 1] == "\n"),
            sre.AT_BEGINNING_STRING: at == 0,
            sre.AT_END: text[at:] in ("", "\n") or bool(lines and text[at] == "\n"),
            sre.AT_END_STRING: at == len(text),
            sre.AT_BOUNDARY: is_word[0] != is_word[1],
            sre.AT_NON_BOUNDARY: is_word[0] == is_word[1],
        }[where]


def is_character(op: Any) -> bool:
    """Whether it takes exactly one character."""
    return op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    sre.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    sre.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    sre.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}


def matches(item: Any, character: str, flags: int) -> bool:
    """Whether one character is what the item takes."""
    op, given = item
    forms = (
        {character, character.lower(), character.upper()} if flags & re.IGNORECASE else character
    )
    codes = {ord(form) for form in forms if len(form) == 1}
    if op is sre.ANY:
        return character != "\n" or bool(flags & re.DOTALL)
    if op is sre.LITERAL:
        return given in codes
    if op is sre.NOT_LITERAL:
        return given not in codes
    is_negated = bool(given) and given[0][0] is sre.NEGATE
    return is_negated != any(_is_in(part, character, codes) for part in given[is_negated:])


def _is_in(part: Any, character: str, codes: set[int]) -> bool:
    op, given = part
    if op is sre.LITERAL:
        return given in codes
    if op is sre.RANGE:
        return any(given[0] <= code <= given[1] for code in codes)
    return _CATEGORIES[given](character)


_LIKELY = " \n0a-/(.,:[<+_|=\"'#*@~　あ年月市ア第金県Ⅰ;>)]\tZ!\x00"


def sample(items: Any, flags: int = 0, choice: int = 0) -> str:
    """A text that the items match, as far as one can tell without looking around."""
    return "".join(_sample(item, flags, choice) for item in items)


def _sample(item: Any, flags: int, choice: int) -> str:
    op, given = item
    if op is sre.LITERAL:
        return chr(given)
    if is_character(op):
        found = [c for c in _LIKELY if matches(item, c, flags)]
        if op is sre.IN and not found:
            part = given[0]
            return chr(part[1] if part[0] is sre.LITERAL else part[1][0])
        return found[choice % len(found)] if found else "x"
    if op is sre.BRANCH:
        return sample(given[1][choice % len(given[1])], flags, choice)
    if op is sre.SUBPATTERN:
        return sample(given[3], flags, choice)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
        return sample(given[2], flags, choice) * max(1, given[0])
    return ""


def is_bounded(items: Any) -> bool:
    """Whether nothing in the pattern repeats without bound: then an attempt at one place has a bound of its own."""
    for op, given in items:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
            inner = [given[2]]
            if given[1] is sre.MAXREPEAT:
                return False
        else:
            inner = _inside(op, given)
        if not all(map(is_bounded, inner)):
            return False
    return True


def _inside(op: Any, given: Any) -> list[Any]:
    if op is sre.BRANCH:
        return list(given[1])
    if op is sre.SUBPATTERN:
        return [given[3]]
    return [given[1]] if op in (sre.ASSERT, sre.ASSERT_NOT) else []


def attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """What comes before, what is repeated, and what comes after, so that a match is tried long and in vain."""
    tree, flags = parse.parse(pattern.pattern, pattern.flags), pattern.flags
    found = dict.fromkeys(
        (before, pump, after)
        for choice in range(3)
        for before, pump in _pumps(list(tree), flags, choice, "")
        for before in ("", before)
        for after in ("", "\x00", "!")
        if pump
    )
    found |= dict.fromkeys(("", pump, after) for pump in _LIKELY for after in ("", "\x00"))
    yield from found


def _pumps(items: list[Any], flags: int, choice: int, before: str) -> Iterator[tuple[str, str]]:
    for item in items:
        op, given = item
        inner = _inside(op, given)
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)):
            inner = [given[2]]
            if given[1] is sre.MAXREPEAT:
                body = sample(given[2], flags, choice)
                yield before, body
                yield before, before + body
        for part in inner:
            yield from _pumps(list(part), flags, choice, before)
        before += _sample(item, flags, choice)
    yield "", before
