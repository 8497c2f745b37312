"""Addresses of our pages, and the links to them that Datasette's own pages show."""

from typing import Any
from urllib.parse import urlencode
from weakref import WeakSet

from datasette import hookimpl

from sqlite_utils_personalization.viewer.access import can_view

HOME = "/-/personalization"
LABEL = "Personalization audit (パーソナライズ監査)"

# Asking a file for its schema once per cell would be slow, and a schema that is there stays there.
_with_our_schema: WeakSet[Any] = WeakSet()


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


@hookimpl
def menu_links(datasette: Any, actor: Any) -> Any:
    async def links() -> list[dict[str, str]]:
        for name, database in datasette.databases.items():
            if await has_our_schema(database) and await can_view(datasette, actor, name):
                return [{"href": datasette.urls.path(HOME), "label": LABEL}]
        return []

    return links


@hookimpl
def database_actions(datasette: Any, actor: Any, database: str) -> Any:
    async def links() -> list[dict[str, str]]:
        if not await has_our_schema(datasette.databases.get(database)):
            return []
        return [{"href": home_url(datasette, database), "label": LABEL}]

    return links


def is_known_ours(database: Any) -> bool:
    """Whether has_our_schema said so before."""
    return database in _with_our_schema


async def has_our_schema(database: Any) -> bool:
    """Whether a database of Datasette is one of ours; None is not."""
    if database is None:
        return False
    if database not in _with_our_schema:
        if not await database.table_exists("am_personalization_profile"):
            return False
        _with_our_schema.add(database)
    return True


def _url(datasette: Any, path: str, database: str) -> str:
    return f"{datasette.urls.path(path)}?{urlencode({'database': database})}"
