"""metadata.yml for Datasette: the questions, and what every table and column of ours means."""

import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from sqlite_utils_personalization.errors import InvalidInput, short_repr
from sqlite_utils_personalization.viewer.queries.queries import Question, questions

_PLAIN_KEY = re.compile(
    r"(?!(?:n|no|null|off|on|y|yes|true|false)$)[a-z_][a-z0-9_]*", re.IGNORECASE
)


def metadata(database: str = "jpcite") -> dict[str, Any]:
    """What metadata.yml says for a database that Datasette serves under this name: the file's without folder and .db.

    Datasette takes it as JSON, too. InvalidInput if no database can have this name.
    """
    is_name = isinstance(database, str) and re.fullmatch(r"[^/]+(?<!\.db)", database)
    if not is_name or not database.isprintable():
        raise InvalidInput(
            f"{short_repr(database)} is not the name of a database",
            "pass the file name without folder and .db",
        )
    description = (
        "What was recommended to whom, why, and whether the formula gives the same score again."
    )
    # The first two pages of Datasette, from where the audit was only in the menu.
    first = {
        "description": description,
        "description_html": f"<p>{escape(description)}</p>{_home_link('', database)}",
    }
    return {
        "title": "Personalization audit (パーソナライズ監査)",
        **first,
        "databases": {
            database: {
                **first,
                "queries": {question.name: _query(database, question) for question in questions()},
                "tables": {name: _described(table) for name, table in tables().items()},
            }
        },
    }


def metadata_yaml(database: str) -> str:
    """The same as the text of metadata.yml."""
    return "".join(f"{line}\n" for line in _mapping(metadata(database)))


@cache
def tables() -> dict[str, dict[str, Any]]:
    """Title, description and columns of every table and view of ours, by name; read-only."""
    text = (
        files("sqlite_utils_personalization.schema")
        .joinpath("tables.json")
        .read_text(encoding="utf-8")
    )
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def _query(database: str, question: Question) -> dict[str, Any]:
    return {
        "title": f"{question.title} ({question.title_ja})",
        "description": question.description,
        "description_html": _description_html(database, question),
        # A long text that the answer would stand under; Datasette shows it where it is asked to.
        "hide_sql": True,
        "params": [parameter.name for parameter in question.parameters],
        "sql": question.sql,
    }


def _description_html(database: str, question: Question) -> str:
    fields = [
        f"<li><code>{parameter.name}</code> {escape(parameter.meaning)}</li>"
        for parameter in question.parameters
    ]
    return (
        f"<p>{escape(question.description)}</p><ul>{''.join(fields)}</ul>"
        f"{_home_link('../', database)}"
    )


def _home_link(root: str, database: str) -> str:
    home = f"{root}-/personalization?{urlencode({'database': database})}"
    return f'<p><a href="{home}">Personalization audit</a></p>'


def _described(table: dict[str, Any]) -> dict[str, Any]:
    title = f"{table['title']} ({table['title_ja']})"
    return {"title": title, **{key: table[key] for key in table if not key.startswith("title")}}


def _mapping(value: dict[str, Any]) -> list[str]:
    lines = []
    for key, item in value.items():
        name = key if _PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        if isinstance(item, dict):
            lines += [f"{name}:", *(f"  {line}" for line in _mapping(item))]
        elif isinstance(item, str) and "\n" in item:
            lines += [f"{name}: |-", *(f"  {line}".rstrip() for line in item.split("\n"))]
        else:
            # JSON is YAML, but for the line breaks it leaves raw, and metadata has none of those.
            lines.append(f"{name}: {json.dumps(item, ensure_ascii=False)}")
    return lines
