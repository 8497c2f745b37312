"""The questions an auditor can ask: one file of viewer/queries/ each, in the order of the file names.

NN_name.sql begins with `-- title:`, `-- description:` and, in the order of the form, one
`-- param: name type what it means` for each parameter, the name with a star where the question asks nothing without it,
the type, one of parameters.py, with =default where an empty one means that; in other languages all that is in their
catalogues. One with pages says `-- next: column`, which the next page begins after, or `-- ends: column` where size
does not count rows. A page that ends before it is full has a last row without a first column, which says after what
there is more. `-- main:` are the columns that a page shows first, `-- sums:` those to add up, and `-- counted: n` says
that counting n rows is cheap. `-- walks: night` says that it looks at every customer of one night, which takes long
where there are many. Then comes the query. {name} in it stands for what parts.sql says under that name, or
else for that expression of the formula. What stands between `-- each type, SEPARATOR` and `-- end` is there once for
each type of recommendation, as {type}.
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
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, speaking
from sqlite_utils_personalization.model.kinds import COMPONENTS, TYPES
from sqlite_utils_personalization.schema.migrations import migrations

_FILE = re.compile(r"\d\d_\w+\.sql")
_HEADER = re.compile(
    r"^-- (title|description|param|next|ends|counted|walks|main|sums): (.+)\n", re.MULTILINE
)
_PART = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_NAME = re.compile(r"\{(\w+)\}")
_EACH = re.compile(r"^-- each type(?:, (.+))?\n((?:.*\n)*?)-- end\n", re.MULTILINE)
# What a customer calls it who declares it.
_KEYS = {"horizon_days": "deadline_horizon_days", "risk_level": "risk_tolerance"}
_A_TYPE = f"{', '.join(TYPES[:-1])} or {TYPES[-1]}"


@dataclass(frozen=True)
class Parameter:
    """One field of a question's form; an empty value means default, and one that is required may not be empty.

    Without a default that is everything, or nothing in particular. template is what it means, with {a_type} in it.
    """

    name: str
    type: str
    template: str
    is_required: bool
    default: str

    @property
    def meaning(self) -> str:
        """What it means, in English, as the files of other programs have it."""
        return self.template.format(a_type=_A_TYPE)

    def said(self) -> str:
        """What it means, in the language that is spoken."""
        a_type = _("{some} or {last}", some=", ".join(TYPES[:-1]), last=TYPES[-1])
        return _(self.template, a_type=a_type)


@dataclass(frozen=True)
class Question:
    """One canned query, the same whatever the database is called.

    next_column is what the next page begins after, None without pages; ends_itself, whether size counts no rows.
    counted is how many rows at most are cheap to count, 0 if none, and counted_sql the query with one more on a page.
    walks_night says that it looks at every customer of the night that is asked for.
    """

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    next_column: str | None
    ends_itself: bool
    counted: int
    walks_night: bool
    main: tuple[str, ...]
    sums: tuple[str, ...]
    sql: str
    counted_sql: str

    @property
    def title_ja(self) -> str:
        """The title in Japanese, which Datasette's own pages show beside the English one."""
        with speaking("ja"):
            return message_of(self.title)


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
        headers[key].append(value)
    query = _EACH.sub(_arms, _HEADER.sub("", text))
    counted = int(next(iter(headers["counted"]), 0))
    return Question(
        name=file_name.removesuffix(".sql").split("_", 1)[1],
        title=headers["title"][0],
        description=headers["description"][0],
        parameters=tuple(map(_parameter, headers["param"])),
        next_column=next(iter(headers["next"] + headers["ends"]), None),
        ends_itself=bool(headers["ends"]),
        counted=counted,
        walks_night=bool(headers["walks"]),
        main=tuple(headers["main"][0].split()),
        sums=tuple(" ".join(headers["sums"]).split()),
        sql=_whole(query),
        counted_sql=_whole(query.replace("{size}", str(counted + 1))),
    )


def _whole(query: str) -> str:
    return splice(_NAME.sub(_part, query)).strip()


def _parameter(text: str) -> Parameter:
    name, kind, template = text.split(maxsplit=2)
    kind, _equals, default = kind.partition("=")
    return Parameter(name.rstrip("*"), kind, template, name.endswith("*"), default)


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
    _before, *found = _PART.split(
        files(__package__).joinpath("parts.sql").read_text(encoding="utf-8")
    )
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
