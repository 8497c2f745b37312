"""Small changes of SQL, one token or one condition at a time."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(
    r"(?P<skip>\s+|--[^\n]*)|(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?\b)"
    r"|(?P<word>[:\w\x00.]+|\{\{|\}\}|\{\w*\})|(?P<sign><>|<=|>=|\|\||[-+*/<>=(),;%])|(?P<other>.)",
    re.DOTALL,
)
INSTEAD = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "=": "<>",
    "<>": "=",
    "+": "-",
    "-": "+",
    "/": "*",
    "*": "+",
    "AND": "OR",
    "OR": "AND",
    "IS": "IS NOT",
    "NOT": "",
    "DESC": "",
    "DISTINCT": "",
    "LEFT": "",
    "MIN": "max",
    "MAX": "min",
}
# What a condition follows, and what it ends before, at its own depth.
BEGINS = {"WHERE": "1", "ON": "1", "WHEN": "1", "AND": "1", "OR": "0", "": "1"}
ENDS = {
    *("AND", "OR", "THEN", "ELSE", "END", "WHEN", "AS", ",", ";"),
    *("FROM", "WHERE", "LEFT", "CROSS", "JOIN", "ON", "GROUP", "ORDER", "LIMIT", "UNION"),
}
STATEMENTS = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP"}
SQL = re.compile(
    r"\b(SELECT|WHERE|AND|OR|NOT|CASE|WHEN|GLOB|LIKE|BETWEEN|EXISTS|coalesce|IS NULL)\b|[\w)] (=|<>|<=?|>=?) [\w:']"
)


class _Piece(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    depth: int


def sql_changes(text: str) -> Iterator[tuple[str, str, int]]:
    """What is changed, the text with the change, and where in it, for each change of SQL."""
    pieces = _pieces(text)

    def changed(first: int, last: int, new: str) -> tuple[str, str, int]:
        start, end = pieces[first].start, pieces[last].end
        what = f"{text[start:end]} -> {new or 'nothing'}"
        before, after = _around(pieces, first, -1), _around(pieces, last, 1)
        shown = f"{before}[{what}]{after}"
        shown = re.sub("\x00\\d+\x00", "{}", shown)
        return " ".join(shown.split()), f"{text[:start]}{new}{text[end:]}", start

    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else None
        if piece.kind == "number" and not _is_of_exists(pieces, at):
            yield changed(at, at, str(int(float(piece.text)) + 1))
        elif piece.kind == "text":
            yield changed(at, at, _other_text(piece.text))
        elif new := _instead(pieces, at):
            yield changed(at, at, *new)
        upper = piece.text.upper()
        if upper == "COALESCE":
            comma = _next(pieces, at + 2, piece.depth + 1, {","})
            close = _next(pieces, at + 2, piece.depth, {")"})
            kept = text[pieces[at + 1].start : pieces[comma].start] + ")"
            yield changed(at, close, kept)
        if upper in ("AND", "OR") and not _instead(pieces, at):
            continue
        starts = [0] if at == 0 and upper not in STATEMENTS else []
        starts += [at + 1] if upper in BEGINS and piece.kind == "word" else []
        for start in starts:
            end = _next(pieces, start, pieces[start].depth if start < len(pieces) else 0, ENDS)
            is_whole = start == 0 and (
                end >= len(pieces) or pieces[end].text.upper() not in ("AND", "OR")
            )
            if (
                start < end
                and not is_whole
                and not (end == start + 1 and pieces[start].kind == "number")
            ):
                yield changed(start, end - 1, BEGINS["" if start == 0 else upper])
        if upper == "BY" and before is not None and before.text.upper() == "ORDER":
            yield from (
                changed(end - 1, end - 1, f"{pieces[end - 1].text} DESC")
                for end in _terms(pieces, at + 1)
            )


def _pieces(text: str) -> list[_Piece]:
    pieces, depth = [], 0
    for found in TOKEN.finditer(text):
        kind, token = str(found.lastgroup), found[0]
        if kind == "skip":
            continue
        depth -= token == ")"
        pieces.append(_Piece(kind, token, *found.span(), depth))
        depth += token == "("
        if token.upper() in ("CASE", "END"):
            depth += 1 if token.upper() == "CASE" else -1
    return pieces


def _around(pieces: list[_Piece], at: int, step: int) -> str:
    there = pieces[max(0, at - 3) : at] if step < 0 else pieces[at + 1 : at + 4]
    return " ".join(piece.text for piece in there)


def _other_text(text: str) -> str:
    return "'+8 hours'" if text == "'+9 hours'" else f"{text[:-1]}~'"


def _instead(pieces: list[_Piece], at: int) -> tuple[str] | None:
    piece, upper = pieces[at], pieces[at].text.upper()
    before = pieces[at - 1].text.upper() if at else ""
    after = pieces[at + 1].text.upper() if at + 1 < len(pieces) else ""
    if upper not in INSTEAD or piece.kind not in ("word", "sign"):
        return None
    is_kept = {
        "*": before in ("(", "SELECT", ",") or before.endswith("."),
        "+": not before or before in ("(", "AND", "WHERE"),
        "=": at > 1 and pieces[at - 2].text.upper() == "SET",
        "AND": _is_range(pieces, at),
        "OR": before == "INSERT",
        "IS": after == "NOT",
        "NOT": after == "NULL" and before != "IS",
        "MIN": after != "(",
        "MAX": after != "(",
        "LEFT": after != "JOIN",
    }
    return None if is_kept.get(upper) else (INSTEAD[upper],)


def _is_of_exists(pieces: list[_Piece], at: int) -> bool:
    """Whether nothing follows from what is selected here."""
    return at > 2 and [one.text for one in pieces[at - 3 : at]] == ["EXISTS", "(", "SELECT"]


def _is_range(pieces: list[_Piece], at: int) -> bool:
    """Whether this AND belongs to a BETWEEN."""
    for piece in reversed(pieces[:at]):
        if piece.depth == pieces[at].depth and piece.text.upper() in ("BETWEEN", *BEGINS):
            return piece.text.upper() == "BETWEEN"
    return False


def _next(pieces: list[_Piece], start: int, depth: int, ends: set[str]) -> int:
    """Where the first of ends at depth, or what is above it, stands from start on."""
    ranges = 0
    for at in range(start, len(pieces)):
        piece, upper = pieces[at], pieces[at].text.upper()
        ranges += piece.depth == depth and upper == "BETWEEN"
        if upper == "AND" and piece.depth == depth and ranges:
            ranges -= 1
        elif piece.depth < depth or (piece.depth == depth and upper in ends):
            return at
    return len(pieces)


def _terms(pieces: list[_Piece], start: int) -> Iterator[int]:
    """Where each term of an ORDER BY ends, if it does not say its direction."""
    depth = pieces[start].depth
    while True:
        end = _next(pieces, start, depth, ENDS)
        if pieces[end - 1].text.upper() not in ("DESC", "ASC"):
            yield end
        if end >= len(pieces) or pieces[end].text != ",":
            return
        start = end + 1
