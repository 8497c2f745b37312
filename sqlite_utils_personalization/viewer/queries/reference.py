"""The questions as a table for the README: what each is called, what it takes, and the fields of its answer."""

import sqlite_utils

from sqlite_utils_personalization.database import sqlite3
from sqlite_utils_personalization.schema.migrations import migrations
from sqlite_utils_personalization.viewer.queries.queries import Question, questions


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
