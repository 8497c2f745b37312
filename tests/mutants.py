"""Small changes of SQL and of Python, each by a name that other changes of the file leave as it is."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType
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
SPOKEN = {"N_", "_", "gettext", "pgettext", "PersonalizationError", "Finding", "ValueError"}


class Change(NamedTuple):
    """One change of a file; line is where, name is of it alone.

    make returns the changed text of SQL, or the changed module compiled; SyntaxError if it is none. within are the
    lines of the function it is in, None if it is in none: then the module must be imported anew.
    """

    name: str
    line: int
    make: Callable[[], str | CodeType]
    within: tuple[int, int] | None

    @property
    def is_of_class(self) -> bool:
        """Whether it is of what a class is made with."""
        return (
            self.within is None
            and self.name.split(":")[0].endswith(".py")
            and bool(self.name.split(":")[1])
        )


class _Piece(NamedTuple):
    kind: str
    text: str
    start: int
    end: int
    depth: int


def changes(folder: Path, path: str) -> list[Change]:
    """Every change of the file at path in folder."""
    text = (folder / path).read_text(encoding="utf-8")
    found = _python(text, folder / path) if path.endswith(".py") else _sql_file(text)
    named, seen = [], Counter()
    for scope, what, *rest in found:
        name = f"{path}:{scope}: {what}"
        seen[name] += 1
        number = f" #{seen[name]}" if seen[name] > 1 else ""
        named.append(Change(name + number, *rest))
    return named


# Makes the change in the tree, and returns what takes it back.
_Step = Callable[[], Callable[[], None]]
_Found = tuple[str, str, int, Callable[[], str | CodeType], tuple[int, int] | None]


def _sql_file(text: str) -> Iterator[_Found]:
    headings = [(found.start(), found[1]) for found in re.finditer(r"^-- name: (\w+)", text, re.M)]
    headings += [
        (m.start(), m[1]) for m in re.finditer(r"^(?:WITH )?(\w+)(?:\([^)]*\))? AS \($", text, re.M)
    ]
    headings += [
        (m.start(), m[1])
        for m in re.finditer(r"^CREATE (?:TRIGGER|TABLE|VIEW)[^(]*?(\w+)$", text, re.M)
    ]
    for what, changed, start in sql_changes(text):
        scope = max((one for one in headings if one[0] <= start), default=(0, ""))[1]
        yield scope, what, text.count("\n", 0, start) + 1, partial(str, changed), None


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


_COMPARED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_RECKONED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def _python(text: str, path: Path) -> Iterator[_Found]:
    tree, lines = ast.parse(text), text.splitlines()
    for scope, within, node in _walk(tree):
        for what, step in _steps(node):
            shown = f"{lines[node.lineno - 1].strip()} | {what}"
            yield scope, shown, node.lineno, partial(_compiled, tree, path, step), within


def _compiled(tree: ast.Module, path: Path, step: _Step) -> CodeType:
    back = step()
    try:
        return compile(tree, path, "exec")
    finally:
        back()


def _walk(tree: ast.Module) -> Iterator[tuple[str, tuple[int, int] | None, ast.AST]]:
    """Each node that may be changed: in which function, and within which lines."""

    def visit(node: ast.AST, scope: str, within: tuple[int, int] | None):
        if isinstance(node, ast.Call) and _name(node.func) in SPOKEN:
            return
        # It guards what cannot be otherwise.
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return
        is_def = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(node, ast.stmt | ast.expr) and hasattr(node, "lineno"):
            yield scope, within, node
        if isinstance(node, ast.JoinedStr):
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params") or (is_def and name == "name"):
                continue
            in_body = is_def and name == "body"
            inner, lines = scope, within
            if in_body:
                inner = f"{scope}.{node.name}" if scope else node.name
                if not isinstance(node, ast.ClassDef) and within is None:
                    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                    lines = (first, node.end_lineno)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST) and not _is_docstring(one):
                    yield from visit(one, inner, lines)

    yield from visit(tree, "", None)


def _name(node: ast.AST) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _steps(node: ast.AST) -> Iterator[tuple[str, _Step]]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            if new := _COMPARED.get(type(op)):
                yield _operator(op, new()), partial(_put_at, node.ops, at, new())
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _RECKONED:
        new = _RECKONED[type(node.op)]()
        yield _operator(node.op, new), partial(_put, node, "op", new)
    elif isinstance(node, ast.BoolOp):
        new = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _operator(node.op, new), partial(_put, node, "op", new)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        twice = ast.copy_location(ast.UnaryOp(ast.Not(), node.operand), node)
        yield "without not", partial(_put, node, "operand", twice)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "without -", partial(_put, node, "op", ast.UAdd())
    elif isinstance(node, ast.If) and isinstance(node.body[-1], _LEAVES) and not node.orelse:
        yield "never", partial(_put, node, "test", ast.copy_location(ast.Constant(False), node))
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.JoinedStr):
        yield from _template(node)


def _operator(op: ast.AST, new: ast.AST) -> str:
    return f"{type(op).__name__} -> {type(new).__name__}"


def _constants(node: ast.Constant) -> Iterator[tuple[str, _Step]]:
    value = node.value
    if isinstance(value, bool):
        others = [not value]
    elif isinstance(value, int):
        others = [value + 1, value - 1]
    elif isinstance(value, bytes):
        others = [value + b"\x01"]
    elif isinstance(value, str) and SQL.search(value):
        for what, changed, _ in sql_changes(value):
            yield what, partial(_put, node, "value", changed)
        return
    else:
        return
    for other in others:
        yield f"{value!r} -> {other!r}", partial(_put, node, "value", other)


def _template(node: ast.JoinedStr) -> Iterator[tuple[str, _Step]]:
    """Changes of SQL with values in braces, which stand for themselves."""
    parts = node.values
    text = "".join(
        part.value if isinstance(part, ast.Constant) else f"\x00{at}\x00"
        for at, part in enumerate(parts)
    )
    if not SQL.search(text):
        return
    for what, changed, _ in sql_changes(text):
        pieces = changed.split("\x00")
        values = [
            parts[int(piece)] if at % 2 else ast.copy_location(ast.Constant(piece), node)
            for at, piece in enumerate(pieces)
        ]
        yield what, partial(_put, node, "values", values)


def _put(node: ast.AST, name: str, new: object) -> Callable[[], None]:
    old = getattr(node, name)
    setattr(node, name, new)
    return partial(setattr, node, name, old)


def _put_at(items: list, at: int, new: object) -> Callable[[], None]:
    old = items[at]
    items[at] = new
    return partial(items.__setitem__, at, old)
