"""Are the tables, indexes, views and guards the packaged ones, and does nothing else hang on them?

Names are compared as SQLite compares them. An object is told by its text, because that is what SQLite goes by.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.verify import Finding
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.schema.state import (
    EVENTS,
    EVIDENCE,
    RECENT,
    SHADOW,
    objects,
    packaged_objects,
    tables,
)

# Storage is a contract with other programs, whose own text of it may be laid out differently.
_SHARED = (
    "am_personalization_profile",
    "am_personalization_recommendation_log",
    "idx_am_personalization_profile_token",
    "idx_am_pers_rec_profile_served",
    "idx_am_pers_rec_type_score",
)
PROFILES, LOG = _SHARED[:2]
# What begins a clause of a column, or of a table.
_CLAUSES = {
    ("word", word)
    for word in [
        "check",
        "collate",
        "constraint",
        "default",
        "foreign",
        "not",
        "primary",
        "references",
        "unique",
    ]
}
# Other programs index profiles, and keep their own books on them.
_OPEN_TO_ALL = PROFILES

_TOKEN = re.compile(
    r"""[ \t\n\f\r]+ | --[^\n]* | /\*.*?(?:\*/|\Z)
    | '(?P<text>(?:[^']|'')*)' | "(?P<double>(?:[^"]|"")*)" | `(?P<tick>(?:[^`]|``)*)` | \[(?P<bracket>[^\]]*)\]
    | (?P<word>[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*) | (?P<other>[0-9][0-9A-Za-z_.]*|.)""",
    re.DOTALL | re.VERBOSE,
)


# A word, a text or a sign; or "nest" and the tokens in brackets.
Token = tuple[str, Any]


class Object(NamedTuple):
    """A row of sqlite_master: what it makes by its text, its folded name, the folded names it is on, and its text."""

    kind: str
    name: str
    stored_name: str
    on: frozenset[str]
    sql: str


def fold(name: str) -> str:
    """The name as SQLite compares it: of letters, ASCII ones alone are the same in either case."""
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def tokens(sql: str) -> list[tuple[str, str]]:
    """The SQL without white space and comments: words folded and unquoted, texts and the rest as they are."""
    found = []
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup
        if kind == "text":
            found.append(("text", match["text"].replace("''", "'")))
        elif kind in ("double", "tick"):
            quote = '"' if kind == "double" else "`"
            found.append(("word", fold(match[kind].replace(quote * 2, quote))))
        elif kind == "other":
            found.append(("other", match["other"]))
        elif kind:
            found.append(("word", fold(match[kind])))
    return found


def check_schema(db: sqlite3.Connection) -> Iterator[Finding]:
    """Compare what sqlite_master says with the packaged text; read-only."""
    found = _objects(db)
    stored: dict[str, list[Object]] = {}
    for one in found:
        stored.setdefault(one.name, []).append(one)
    expected = packaged_objects()
    for migration in (EVENTS, SHADOW):
        if stored.keys().isdisjoint(objects(migration)):
            # Not applied, which is no fault: what a seal covers of it is missed by the check of seals.
            expected = {key: sql for key, sql in expected.items() if key not in objects(migration)}
    for name, text in expected.items():
        if name not in stored:
            yield Finding("object-missing", f"{name} is missing", table=_table(name))
        elif name != RECENT and any(not _is_packaged(name, one.sql, text) for one in stored[name]):
            yield Finding("object-changed", f"{name} is not the packaged one", table=_table(name))
    yield from _strangers(found)


def require_any_evidence(db: sqlite3.Connection, path: str | Path) -> None:
    """PersonalizationError if the file has no object of 900, so that there is nothing to verify; read-only."""
    if not any(one.name in objects(EVIDENCE) for one in _objects(db)):
        require_evidence(db, path)


def _table(name: str) -> str | None:
    return name if name in tables() else None


def _is_packaged(name: str, sql: str, text: str) -> bool:
    return sql == text or (name in _SHARED and _meaning(sql) == _packaged_meaning(name))


@cache
def _packaged_meaning(name: str) -> object:
    return _meaning(packaged_objects()[name])


def _meaning(sql: str) -> object:
    """What is compared of an object that another program may have made: of a table, each clause wherever it stands.

    CHECK, UNIQUE and REFERENCES mean the same with their column as at the end of the table.
    """
    head, *tail = _parts(_nested(iter(tokens(sql))), lambda token: token[0] == "nest")
    if ("word", "table") not in head or len(tail) != 1:
        return tokens(sql)
    (_, body), *options = tail[0]
    columns, constraints = [], set()
    comma = ("other", ",")
    for part in _parts((comma, *body), comma.__eq__)[1:]:
        name, *clauses = _parts(part[1:], _CLAUSES.__contains__)
        clauses = [clause for clause in clauses if clause[0] != ("word", "constraint")]
        if not name:
            constraints.add(tuple(chain.from_iterable(clauses)))
            continue
        of_table = {clause: _at_end(clause, name[0]) for clause in clauses}
        constraints |= {end for end in of_table.values() if end}
        columns.append((name, frozenset(clause for clause in clauses if not of_table[clause])))
    return head, tuple(columns), frozenset(constraints), options


def _at_end(clause: tuple[Token, ...], column: Token) -> tuple[Token, ...]:
    """How a clause of this column reads at the end of the table; empty if it can only stand with the column."""
    match clause[0][1]:
        case "check":
            return clause
        case "unique" if len(clause) == 1:
            return (*clause, ("nest", (column,)))
        case "references":
            return (("word", "foreign"), ("word", "key"), ("nest", (column,)), *clause)
    return ()


def _nested(stream: Iterator[Token]) -> tuple[Token, ...]:
    """The tokens, with what is in brackets as one token."""
    found: list[Token] = []
    for token in stream:
        if token == ("other", ")"):
            break
        found.append(("nest", _nested(stream)) if token == ("other", "(") else token)
    return tuple(found)


def _parts(found: Iterable[Token], begins: Callable[[Token], bool]) -> list[tuple[Token, ...]]:
    """The tokens cut before each that begins another part; the first part may be empty."""
    parts: list[list[Token]] = [[]]
    for token in found:
        if begins(token):
            parts.append([])
        parts[-1].append(token)
    return [tuple(part) for part in parts]


def _objects(db: sqlite3.Connection) -> list[Object]:
    found = []
    for name, on, sql in db.execute(
        "SELECT name, tbl_name, sql FROM main.sqlite_master WHERE sql IS NOT NULL"
    ):
        folded = fold(str(name))
        if packaged_objects().get(folded) == sql:
            # Most of them; spares them the tokens.
            made, named_on = "packaged", frozenset[str]()
        else:
            made, named_on = _head(str(sql))
        found.append(Object(made, folded, str(name), named_on | {fold(str(on))}, str(sql)))
    return found


def _head(sql: str) -> tuple[str, frozenset[str]]:
    """What a CREATE makes, and every name that follows an ON before its body begins."""
    found = tokens(sql)
    words = [text if kind == "word" else None for kind, text in found]
    made = next(
        (word or "" for word in words[:4] if word in ("table", "index", "trigger", "view")), ""
    )
    end = words.index("begin") if "begin" in words else len(words)
    named = {text for (_, text), before in zip(found[1:end], words, strict=False) if before == "on"}
    # main.name: SQLite stores none with a schema, but a text put there by hand may have one.
    for at, word in enumerate(words[: max(0, end - 3)]):
        if word == "on" and found[at + 2][1] == ".":
            named.add(found[at + 3][1])
    return made, frozenset(fold(name) for name in named)


def _strangers(found: list[Object]) -> Iterator[Finding]:
    ours, packaged = set(tables()), packaged_objects()
    evidence = ours - {PROFILES, LOG}
    for one in found:
        if one.kind not in ("trigger", "index") or one.name in packaged:
            continue
        for table in sorted(one.on & ours - {_OPEN_TO_ALL}):
            what = f"{one.stored_name} is {_AN[one.kind]} on {table} that we did not make"
            yield Finding(f"stranger-{one.kind}", what, table=table)
        if one.kind == "trigger" and not one.on & ours - {_OPEN_TO_ALL}:
            named = {text for kind, text in tokens(one.sql) if kind != "other"}
            for written in sorted(named & evidence)[:1]:
                what = (
                    f"{one.stored_name} is a trigger that names {written}, and that we did not make"
                )
                yield Finding("stranger-trigger", what, table=written)


_AN = {"trigger": "a trigger", "index": "an index"}
