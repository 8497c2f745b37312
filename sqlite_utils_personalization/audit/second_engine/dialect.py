"""The formula as DuckDB reads it: sqlglot parses the text as SQLite's, and each node is written here.

What is not listed is refused: on another engine it might say something else, and nobody would notice. sqlglot's own
translation differs from version to version, divides into reals, and takes max of two numbers for that of many rows.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.evaluation import CONSTANTS
from sqlite_utils_personalization.formula.formula import expressions
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import POINTS, Declared

# What a term is. SQLite's truth is a number, DuckDB's is not.
NUMBER, TEXT, TRUTH, NOTHING = "BIGINT", "VARCHAR", "BOOLEAN", "NULL"


def _types(record: type) -> dict[str, str]:
    hints = get_type_hints(record)
    return {
        name: NUMBER if int in (hint, *get_args(hint)) else TEXT for name, hint in hints.items()
    }


# What the formula may read, by its alias: all that DuckDB is given, besides numbers to tell rows by.
READ: Mapping[str, Mapping[str, str]] = {
    "r": {"as_of": TEXT, **dict.fromkeys(CONSTANTS, NUMBER)},
    "k": _types(Declared),
    "c": _types(Candidate),
}

# What may be computed before the rest.
COMPUTED = ("days_left", *POINTS, "points")


class Term(NamedTuple):
    """A part of an expression in DuckDB's SQL, complete in itself, and what it is: NUMBER, TEXT, TRUTH or NOTHING."""

    sql: str
    kind: str


class Refused(ValueError):
    """What of an expression has no translation that is known to be the same; in SQL."""


@cache
def transpiled(computed: tuple[str, ...] = ()) -> dict[str, str]:
    """Every named expression of the formula for DuckDB, over columns named r_as_of and so on; read-only.

    Those named in computed are taken for columns. One that orders is of terms for ORDER BY. PersonalizationError if the
    formula has what is not listed here.
    """
    found = {}
    for name, text in expressions(computed).items():
        try:
            found[name] = _order(text) if name.endswith("_order") else translate(text).sql
        except Refused as error:
            raise PersonalizationError(
                _(
                    "{name} of the formula has {part}, which nothing shows to be the same on DuckDB",
                    name=name,
                    part=error,
                ),
                _("verify without --second-engine, and report it"),
            ) from None
    return found


def translate(text: str) -> Term:
    """One expression of SQLite's for DuckDB; Refused."""
    return _term(_parsed(text))


def _order(text: str) -> str:
    terms = _parsed(f"SELECT 1 ORDER BY {text}").args["order"].expressions
    for one in terms:
        if type(one).__name__ != "Ordered" or not _given(one) <= {"this", "nulls_first"}:
            _refuse(one)
    # NULL comes first in SQLite.
    return ", ".join(f"{_term(one.this).sql} ASC NULLS FIRST" for one in terms)


def _parsed(text: str) -> Any:
    from sqlglot import parse_one
    from sqlglot.errors import SqlglotError

    try:
        return parse_one(text, read="sqlite")
    except SqlglotError:
        raise Refused(text) from None


def _term(node: Any) -> Term:
    reads, write = _WRITTEN.get(type(node).__name__, (frozenset(), _refuse))
    return write(node) if _given(node) <= reads else _refuse(node)


def _given(node: Any) -> set[str]:
    return {name for name, value in node.args.items() if value not in (None, False, [])}


def _refuse(node: Any) -> Term:
    raise Refused(node.sql("sqlite"))


def _number(node: Any) -> str:
    return _as_number(_term(node), node)


def _as_number(term: Term, node: Any) -> str:
    if term.kind == TRUTH:
        return f"CAST({term.sql} AS {NUMBER})"
    return term.sql if term.kind in (NUMBER, NOTHING) else _refuse(node).sql


def _truth(node: Any) -> str:
    term = _term(node)
    if term.kind in (TRUTH, NOTHING):
        return term.sql
    return f"({term.sql} <> 0)" if term.kind == NUMBER else _refuse(node).sql


def _text(node: Any) -> str:
    term = _term(node)
    return term.sql if term.kind == TEXT else _refuse(node).sql


def _alike(nodes: Iterable[Any]) -> tuple[list[str], str]:
    """The nodes as terms of one kind, which is returned: nothing is converted but truths to numbers."""
    nodes = list(nodes)
    terms = [_term(node) for node in nodes]
    kinds = {term.kind for term in terms} - {NOTHING}
    if kinds <= {TRUTH} or kinds <= {TEXT}:
        return [term.sql for term in terms], kinds.pop() if kinds else NOTHING
    return [_as_number(term, node) for term, node in zip(terms, nodes, strict=True)], NUMBER


def _column(node: Any) -> Term:
    if not node.table and node.name in COMPUTED:
        return Term(node.name, NUMBER)
    kind = READ.get(node.table, {}).get(node.name)
    return Term(f"{node.table}_{node.name}", kind) if kind else _refuse(node)


def _literal(node: Any) -> Term:
    if node.is_string:
        return Term("'{}'".format(node.this.replace("'", "''")), TEXT)
    return Term(node.this, NUMBER) if node.this.isdecimal() else _refuse(node)


def _arithmetic(sign: str) -> Callable[[Any], Term]:
    return lambda node: Term(f"({_number(node.this)} {sign} {_number(node.expression)})", NUMBER)


def _divided(node: Any) -> Term:
    # Both cut off towards zero. By zero SQLite has NULL, DuckDB 2 an error.
    by = _number(node.expression)
    by = by if by.strip("0").isdecimal() else f"nullif({by}, 0)"
    return Term(f"({_number(node.this)} // {by})", NUMBER)


def _compared(sign: str) -> Callable[[Any], Term]:
    def write(node: Any) -> Term:
        (one, other), _kind = _alike([node.this, node.expression])
        return Term(f"({one} {sign} {other})", TRUTH)

    return write


def _joined(word: str) -> Callable[[Any], Term]:
    return lambda node: Term(f"({_truth(node.this)} {word} {_truth(node.expression)})", TRUTH)


def _is_null(node: Any) -> Term:
    if type(node.expression).__name__ != "Null":
        return _refuse(node)
    return Term(f"({_term(node.this).sql} IS NULL)", TRUTH)


def _is_among(node: Any) -> Term:
    (one, *others), _kind = _alike([node.this, *node.expressions])
    return Term(f"({one} IN ({', '.join(others)}))", TRUTH)


def _case(node: Any) -> Term:
    arms, subject, last = node.args["ifs"], node.args.get("this"), node.args.get("default")
    if subject is None:
        conditions = [_truth(arm.this) for arm in arms]
    else:
        (of, *values), _kind = _alike([subject, *(arm.this for arm in arms)])
        conditions = [f"({of} = {value})" for value in values]
    lasts = [] if last is None else [last]
    results, kind = _alike([*(arm.args["true"] for arm in arms), *lasts])
    results += [] if lasts else ["NULL"]
    said = (
        f"WHEN {condition} THEN {result}"
        for condition, result in zip(conditions, results, strict=False)
    )
    return Term(f"(CASE {' '.join(said)} ELSE {results[-1]} END)", kind)


def _coalesce(node: Any) -> Term:
    terms, kind = _alike([node.this, *node.expressions])
    return Term(f"coalesce({', '.join(terms)})", kind)


def _extreme(function: str) -> Callable[[Any], Term]:
    def write(node: Any) -> Term:
        if not node.expressions:
            return _refuse(node)
        numbers = [_number(one) for one in (node.this, *node.expressions)]
        # DuckDB passes over NULL, SQLite does not.
        unknown = " OR ".join(f"{one} IS NULL" for one in numbers if not one.isdecimal())
        found = f"{function}({', '.join(numbers)})"
        return Term(f"(CASE WHEN {unknown or 'FALSE'} THEN NULL ELSE {found} END)", NUMBER)

    return write


def _glob(node: Any) -> Term:
    """Whether a text has one of some letters; of what is none in brackets the two engines think differently."""
    parts = _joints(node.expression)
    if len(parts) != 3 or (parts[0].sql(), parts[2].sql()) != ("'*['", "']*'"):
        return _refuse(node)
    letters, text = _text(parts[1]), _text(node.this)
    # A text that is no truth is an error.
    said = f"CAST('no letters: ' || {letters} AS {TRUTH})"
    return Term(
        f"(CASE WHEN regexp_matches({letters}, '[^A-Za-z]') THEN {said}"
        f" ELSE {text} GLOB ('*[' || {letters} || ']*') END)",
        TRUTH,
    )


def _joints(node: Any) -> list[Any]:
    is_joint = type(node).__name__ == "DPipe"
    return [*_joints(node.this), node.expression] if is_joint else [node]


def _position(node: Any) -> Term:
    return Term(f"instr({_text(node.this)}, {_text(node.args['substr'])})", NUMBER)


def _seconds(node: Any) -> Term:
    """Of a day since 1970. DuckDB counts days, without a clock; what is no day it would take for one."""
    given = type(node.this).__name__ == "TsOrDsToTimestamp" and _given(node.this) == {"this"}
    of = node.this.this if given else node.this
    if node.args["format"].sql() != "'%s'" or type(of).__name__ != "Column":
        return _refuse(node)
    day = _text(of)
    # Of what it cannot cast it says so.
    whole = f"CASE WHEN regexp_full_match({day}, '\\d{{4}}-\\d\\d-\\d\\d') THEN '' ELSE 'no day: ' END || {day}"
    return Term(f"((CAST({whole} AS DATE) - DATE '1970-01-01') * 86400)", NUMBER)


_BINARY = frozenset({"this", "expression"})
_SEVERAL = frozenset({"this", "expressions"})
# By the name of sqlglot's node: what it may be given, and how it is written.
_WRITTEN: Mapping[str, tuple[frozenset[str], Callable[[Any], Term]]] = {
    "Column": (frozenset({"this", "table"}), _column),
    "Literal": (frozenset({"this", "is_string"}), _literal),
    "Null": (frozenset(), lambda node: Term("NULL", NOTHING)),
    "Paren": (frozenset({"this"}), lambda node: _term(node.this)),
    "Neg": (frozenset({"this"}), lambda node: Term(f"(-{_number(node.this)})", NUMBER)),
    "Add": (_BINARY, _arithmetic("+")),
    "Sub": (_BINARY, _arithmetic("-")),
    "Mul": (_BINARY, _arithmetic("*")),
    "Div": (_BINARY | {"typed", "safe"}, _divided),
    "EQ": (_BINARY, _compared("=")),
    "NEQ": (_BINARY, _compared("<>")),
    "LT": (_BINARY, _compared("<")),
    "LTE": (_BINARY, _compared("<=")),
    "GT": (_BINARY, _compared(">")),
    "GTE": (_BINARY, _compared(">=")),
    "And": (_BINARY, _joined("AND")),
    "Or": (_BINARY, _joined("OR")),
    "Not": (frozenset({"this"}), lambda node: Term(f"(NOT {_truth(node.this)})", TRUTH)),
    "Is": (_BINARY, _is_null),
    "In": (_SEVERAL, _is_among),
    "Case": (frozenset({"this", "ifs", "default"}), _case),
    "Coalesce": (_SEVERAL, _coalesce),
    "Greatest": (_SEVERAL, _extreme("greatest")),
    "Least": (_SEVERAL, _extreme("least")),
    # What sqlglot before 30 calls them; of one alone they are of many rows.
    "Max": (_SEVERAL, _extreme("greatest")),
    "Min": (_SEVERAL, _extreme("least")),
    "Glob": (_BINARY, _glob),
    "Length": (frozenset({"this"}), lambda node: Term(f"length({_text(node.this)})", NUMBER)),
    "StrPosition": (frozenset({"this", "substr"}), _position),
    "TimeToStr": (frozenset({"this", "format"}), _seconds),
}
