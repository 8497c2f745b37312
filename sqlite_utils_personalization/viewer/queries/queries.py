"""The questions an auditor can ask: one file of viewer/queries/ each, in the order of the file names.

NN_name.sql begins with `-- title:`, `-- title_ja:`, `-- description:` and, in the order of the form, one
`-- param: name type what it means` for each parameter; then comes the query. {name} in it stands for what parts.sql
says under that name, or else for that expression of the formula.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlite_utils

from sqlite_utils_personalization.database import sqlite3
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.schema.migrations import migrations

_FILE = re.compile(r"\d\d_\w+\.sql")
_HEADER = re.compile(r"^-- (title|title_ja|description|param): (.+)\n", re.MULTILINE)
_PART = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Parameter:
    """One field of a question's form; type is text or integer, and an empty value means not given."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Question:
    """One canned query, the same whatever the database is called."""

    name: str
    title: str
    title_ja: str
    description: str
    parameters: tuple[Parameter, ...]
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
        headers[key].append(value)
    return Question(
        name=file_name.removesuffix(".sql").split("_", 1)[1],
        title=headers["title"][0],
        title_ja=headers["title_ja"][0],
        description=headers["description"][0],
        parameters=tuple(Parameter(*param.split(maxsplit=2)) for param in headers["param"]),
        sql=splice(_NAME.sub(_part, _HEADER.sub("", text))).strip(),
    )


def _part(name: re.Match[str]) -> str:
    return _parts().get(name[1], name[0])


@cache
def _parts() -> dict[str, str]:
    _, *found = _PART.split(files(__package__).joinpath("parts.sql").read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(found[::2], found[1::2], strict=True)}


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
    parameters = [f"`{parameter.name}` {parameter.type}" for parameter in question.parameters]
    fields = [f"`{name}`" for name in names]
    cells = (question.title, f"`{question.name}`", ", ".join(parameters), ", ".join(fields))
    return f"| {' | '.join(cells)} |"
