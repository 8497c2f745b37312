"""Small changes of SQL and of Python, each by a name that other changes of the file leave as it is."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from sql_changes import SQL, sql_changes

SPOKEN = {"N_", "_", "gettext", "pgettext", "PersonalizationError", "Finding", "ValueError"}


class Change(NamedTuple):
    """One change of a file; line is where, name is of it alone.

    make returns the changed text of SQL, or the changed module compiled; SyntaxError if it is none. within are the
    lines of the function it is in, None if it is in none: then the module must be imported anew. users are the files
    and lines of functions of which one must be called for the change to matter; none if that is not known.
    """

    name: str
    line: int
    make: Callable[[], str | CodeType]
    within: tuple[int, int] | None
    users: frozenset[tuple[str, int, int]] = frozenset()

    @property
    def is_of_class(self) -> bool:
        """Whether it is of what a class is made with."""
        return (
            self.within is None
            and self.name.split(":")[0].endswith(".py")
            and bool(self.name.split(":")[1])
        )


def changes(folder: Path, path: str) -> list[Change]:
    """Every change of the file at path in folder."""
    text = (folder / path).read_text(encoding="utf-8")
    is_python = path.endswith(".py")
    found = _python(text, folder / path) if is_python else _sql_file(text, folder / path)
    named, seen = [], Counter()
    for scope, what, *rest in found:
        name = f"{path}:{scope}: {what}"
        seen[name] += 1
        number = f" #{seen[name]}" if seen[name] > 1 else ""
        named.append(Change(name + number, *rest))
    return named


# Makes the change in the tree, and returns what takes it back.
_Step = Callable[[], Callable[[], None]]
_Lines = tuple[int, int]
_Users = frozenset[tuple[str, int, int]]
_Found = tuple[str, str, int, Callable[[], str | CodeType], _Lines | None, _Users]


def _sql_file(text: str, path: Path) -> Iterator[_Found]:
    users = frozenset(
        (str(module), *lines)
        for module in path.parent.glob("*.py")
        for lines, used in _functions(ast.parse(module.read_text(encoding="utf-8")))
        if path.name in used
    )
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
        yield scope, what, text.count("\n", 0, start) + 1, partial(str, changed), None, users


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
    users = _users_of_constants(tree)
    for scope, within, node, constant in _walk(tree):
        used = {within} if within else users.get(constant, set())
        for what, step in _steps(node):
            shown = f"{lines[node.lineno - 1].strip()} | {what}"
            make = partial(_compiled, tree, path, step)
            yield scope, shown, node.lineno, make, within, frozenset(
                (str(path), *one) for one in used
            )


def _functions(tree: ast.Module) -> Iterator[tuple[_Lines, set[str]]]:
    """The lines of each function, and the names and texts in it."""
    for top in tree.body:
        for node in top.body if isinstance(top, ast.ClassDef) else [top]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield _lines(node), _named(node)


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> _Lines:
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return first, node.end_lineno or first


def _named(tree: ast.AST) -> set[str]:
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return named | {text for text in texts if isinstance(text, str)}


def _users_of_constants(tree: ast.Module) -> dict[str, set[_Lines]]:
    """Which functions use each constant of the module, by its name, or another constant that is made with it."""
    assigned = {name: _named(node) - {name} for node in tree.body for name in _targets(node)}
    functions = [*_functions(tree)]
    found = {}
    for name in assigned:
        names = {name}
        while more := {one for one, used in assigned.items() if used & names} - names:
            names |= more
        found[name] = {lines for lines, used in functions if used & names}
    return found


def _targets(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [
        one.id
        for target in targets
        if target
        for one in ast.walk(target)
        if isinstance(one, ast.Name)
    ]


def _compiled(tree: ast.Module, path: Path, step: _Step) -> CodeType:
    back = step()
    try:
        return compile(tree, path, "exec")
    finally:
        back()


def _walk(tree: ast.Module) -> Iterator[tuple[str, _Lines | None, ast.AST, str]]:
    """Each node that may be changed: in which function, within which lines, or of which constant."""

    def visit(node: ast.AST, scope: str, within: _Lines | None, constant: str):
        if isinstance(node, ast.Call) and _name(node.func) in SPOKEN:
            return
        # They guard what cannot be otherwise.
        if isinstance(node, ast.keyword) and node.arg in ("strict", "frozen"):
            return
        is_def = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(node, ast.stmt | ast.expr) and hasattr(node, "lineno"):
            yield scope, within, node, constant
        if isinstance(node, ast.JoinedStr):
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params") or (is_def and name == "name"):
                continue
            inner, lines = scope, within
            if is_def and name == "body":
                inner = f"{scope}.{node.name}" if scope else node.name
                if not isinstance(node, ast.ClassDef) and within is None:
                    lines = _lines(node)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST) and not _is_docstring(one):
                    yield from visit(one, inner, lines, constant)

    for node in tree.body:
        if not _is_docstring(node):
            yield from visit(node, "", None, next(iter(_targets(node)), ""))


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
