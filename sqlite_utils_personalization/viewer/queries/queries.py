"""The questions an auditor can ask: one file of viewer/queries/ each, in the order of the file names.

NN_name.sql begins with `-- title:`, `-- title_ja:`, `-- description:` and, in the order of the form, one
`-- param: name type what it means` for each parameter, the name with a star where the question asks nothing without it;
a type is one of parameters.py. One with pages says `-- next: column`, which the next page begins after, or
`-- ends: column` where size does not count rows. A page that ends before it is full has a last row without a first
column, which says after what there is more. Then comes the query. {name} in it stands for what parts.sql says under
that name, or else for that expression of the formula. What stands between `-- each type, SEPARATOR` and `-- end` is
there once for each type of recommendation, as {type}.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain

import sqlite_utils

from sqlite_utils_personalization.audit.handed_over import DELIVERED, FEEDBACK_END, REFUSED
from sqlite_utils_personalization.database import sqlite3
from sqlite_utils_personalization.formula.formula import reads, splice
from sqlite_utils_personalization.model.kinds import COMPONENTS, TYPES
from sqlite_utils_personalization.schema.migrations import migrations

_FILE = re.compile(r"\d\d_\w+\.sql")
_HEADER = re.compile(r"^-- (title|title_ja|description|param|next|ends): (.+)\n", re.MULTILINE)
_PART = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_NAME = re.compile(r"\{(\w+)\}")
_EACH = re.compile(r"^-- each type(?:, (.+))?\n((?:.*\n)*?)-- end\n", re.MULTILINE)
# What a customer calls it who declares it.
_KEYS = {"horizon_days": "deadline_horizon_days", "risk_level": "risk_tolerance"}
_A_TYPE = f"{', '.join(TYPES[:-1])} or {TYPES[-1]}"


@dataclass(frozen=True)
class Parameter:
    """One field of a question's form; an empty value means not given, which one that is required may not be."""

    name: str
    type: str
    meaning: str
    is_required: bool


@dataclass(frozen=True)
class Question:
    """One canned query, the same whatever the database is called.

    next_column is what the next page begins after, None without pages; ends_itself, whether size counts no rows.
    """

    name: str
    title: str
    title_ja: str
    description: str
    parameters: tuple[Parameter, ...]
    next_column: str | None
    ends_itself: bool
    sql: str


@cache
def questions() -> tuple[Question, ...]:
    """Every question, in order; read-only."""
    folder = files(__package__)
    names = sorted(file.name for file in folder.iterdir() if _FILE.fullmatch(file.name))
    return tuple(
        _question(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names
    )


def _question(file_name: str, text: str) -> Question:
    headers = defaultdict(list)
    for key, value in _HEADER.findall(text):
        headers[key].append(value.replace("{a_type}", _A_TYPE))
    return Question(
        name=file_name.removesuffix(".sql").split("_", 1)[1],
        title=headers["title"][0],
        title_ja=headers["title_ja"][0],
        description=headers["description"][0],
        parameters=tuple(map(_parameter, headers["param"])),
        next_column=next(iter(headers["next"] + headers["ends"]), None),
        ends_itself=bool(headers["ends"]),
        sql=splice(_NAME.sub(_part, _EACH.sub(_arms, _HEADER.sub("", text)))).strip(),
    )


def _parameter(text: str) -> Parameter:
    name, kind, meaning = text.split(maxsplit=2)
    return Parameter(name.rstrip("*"), kind, meaning, name.endswith("*"))


def _arms(each: re.Match[str]) -> str:
    separator, arm = each[1] or "", each[2].rstrip()
    indent = " " * (len(arm) - len(arm.lstrip()))
    # A word stands on a line of its own, an operator before what it adds, a comma behind.
    between = f"\n{indent}{separator}\n" if separator.isupper() else f"{separator}\n"
    arms = [arm.replace("{type}", kind) for kind in TYPES]
    if separator == "+":
        between, arms[1:] = "\n", [f"{indent}    + {one.lstrip()}" for one in arms[1:]]
    return between.join(arms) + "\n"


def _part(name: re.Match[str]) -> str:
    return _parts().get(name[1], name[0])


@cache
def _parts() -> dict[str, str]:
    _, *found = _PART.split(files(__package__).joinpath("parts.sql").read_text(encoding="utf-8"))
    parts: dict[str, str] = {}
    for name, text in zip(found[::2], found[1::2], strict=True):
        # A part may name those before it.
        parts[name] = _NAME.sub(lambda part: parts.get(part[1], part[0]), text.strip())
    facts = chain.from_iterable(_facts(component, parts["closing"]) for component in COMPONENTS)
    rows = ", ".join(f"('{kind}')" for kind in TYPES)
    kept_away = {
        f"{name}_{side}": _of_change(sql, parts, side)
        for name, sql in (("delivered", DELIVERED), ("refused", REFUSED))
        for side in ("before", "after")
    }
    return parts | kept_away | {"component_facts": ",\n    ".join(facts), "type_rows": rows}


def _of_change(sql: str, parts: dict[str, str], side: str) -> str:
    """A statement of handed_over.py as a subquery on a change: of its customer, its item and one of the nights."""
    given = {
        "feedback": f"({FEEDBACK_END.strip()})",
        "run_id": f"(SELECT run_id FROM night WHERE side = '{side}')",
        "profile_id": parts["profile_id"],
        "candidate_id": f"candidate_{side}",
    }
    for name, text in given.items():
        sql = re.sub(rf":{name}\b", text, sql)
    # What stands in braces is JSON, and no name of a part.
    return f"({sql.strip()})".replace("{", "{{").replace("}", "}}")


def _facts(component: str, closing: str) -> Iterator[str]:
    """What a component reads, and its points, as columns beside those of the replay view."""
    read = reads(component)
    yield from (f"k.{column} AS declared_{_KEYS.get(column, column)}" for column in read.declared)
    for column in read.item:
        if column == "rolling":
            yield f"{closing} AS item_closing"
        elif column != "recommendation_type":
            yield f"c.{column} AS item_{column}"
    if read.days_left:
        yield "{days_left} AS days_left"
        yield "{lead_days} AS lead_days"
    yield f"v.{component}_points"


def questions_table() -> str:
    """A Markdown table of every question, in order; the fields are found by asking an empty database."""
    lines = ["| question | name | parameters | fields of each row |", "|---|---|---|---|"]
    with sqlite_utils.Database(memory=True) as db:
        migrations.apply(db)
        lines += [_line(question, fields(db.conn, question)) for question in questions()]
    return "".join(f"{line}\n" for line in lines)


def fields(conn: sqlite3.Connection, question: Question) -> list[str]:
    """The names of the columns of a question's answer; read-only."""
    form = {parameter.name: "" for parameter in question.parameters}
    return [column[0] for column in conn.execute(question.sql, form).description]


def _line(question: Question, names: list[str]) -> str:
    parameters = [
        f"`{parameter.name}`{' (needed)' * parameter.is_required}"
        for parameter in question.parameters
    ]
    fields = [f"`{name}`" for name in names]
    cells = (question.title, f"`{question.name}`", ", ".join(parameters), ", ".join(fields))
    return f"| {' | '.join(cells)} |"
