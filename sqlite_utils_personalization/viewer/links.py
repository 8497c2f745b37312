"""Addresses of our pages, and the links to them that Datasette's own pages show."""

from typing import Any
from urllib.parse import urlencode

HOME = "/-/personalization"
LABEL = "Personalization audit (パーソナライズ監査)"


def home_url(datasette: Any, database: str, suffix: str = "") -> str:
    """The home page of a database; suffix is '.json' for its twin."""
    return _url(datasette, f"{HOME}{suffix}", database)


def replay_url(datasette: Any, database: str, rec_id: object, suffix: str = "") -> str:
    """The replay of one recommendation; suffix is '.json' for its twin."""
    return _url(datasette, f"{HOME}/replay/{rec_id}{suffix}", database)


def replay_form_url(datasette: Any) -> str:
    """Where a form sends database and rec_id to come to a replay."""
    url: str = datasette.urls.path(f"{HOME}/replay")
    return url


def question_url(datasette: Any, database: str, name: str, **form: object) -> str:
    """A question, its form filled in with what is given."""
    query = f"?{urlencode(form)}" if form else ""
    return f"{datasette.urls.query(database, name)}{query}"


def _url(datasette: Any, path: str, database: str) -> str:
    return f"{datasette.urls.path(path)}?{urlencode({'database': database})}"
