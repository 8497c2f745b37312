"""What Datasette's own pages of a database of ours show besides: links to the audit, times in Japan, short hashes.

JSON and CSV are the data as it is: a page shortens the hash of a customer, a question does so in SQL.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from markupsafe import Markup

from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.spreadsheet import TextCells
from sqlite_utils_personalization.viewer.access.access import can_view
from sqlite_utils_personalization.viewer.connections import has_our_schema, is_known_ours
from sqlite_utils_personalization.viewer.links import (
    HOME,
    LABEL,
    home_url,
    question_url,
    replay_url,
)
from sqlite_utils_personalization.viewer.queries.metadata import tables
from sqlite_utils_personalization.viewer.settings import PLUGIN

# As long as short_hash in parts.sql.
SHOWN = 8


@hookimpl(specname="render_cell")
def link_rec_id(datasette: Any, database: str, column: str, value: object) -> Any:
    if column != "rec_id" or not isinstance(value, int):
        return None
    return _where_ours(datasette, database, _link(replay_url(datasette, database, value), value))


@hookimpl(specname="render_cell")
def link_number(
    datasette: Any, database: str, table: Any, column: str, value: object, row: Any
) -> Any:
    """In the answer of a question; a table has links of its own."""
    if table is not None or value is None:
        return None
    if column == "profile_id":
        url = question_url(datasette, database, "customer_recommendations", customer=value)
    elif column == "run_id":
        url = question_url(datasette, database, "night_integrity", night=value)
    elif column == "item_id" and {"rec_id", "run_id", "recommendation_type"} <= set(row.keys()):
        form = {"item_id": value, "type": row["recommendation_type"], "night": row["run_id"]}
        url = question_url(datasette, database, "item_recommendations", **form)
    else:
        return None
    return _where_ours(datasette, database, _link(url, value))


@hookimpl(specname="render_cell")
def show_japan_time(datasette: Any, database: str, table: Any, column: str, value: object) -> Any:
    if not column.endswith("_at") or not isinstance(value, str):
        return None
    shown = japan_time(value)
    if shown == value or (table is not None and str(table).lower() not in tables()):
        return None
    time = Markup('<time datetime="{0}" title="{0}">{1}</time>').format(value, shown)
    return _where_ours(datasette, database, time)


def _link(url: str, value: object) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, value)


def _where_ours(datasette: Any, database: str, shown: Markup) -> Any:
    # A page has thousands of cells, and waiting takes its time.
    if is_known_ours(datasette.databases.get(database)):
        return shown

    async def cell() -> Markup | None:
        return shown if await has_our_schema(datasette.databases.get(database)) else None

    return cell


@hookimpl(specname="render_cell")
def shorten_user_token_hash(table: Any, column: str, value: object) -> str | None:
    is_ours = str(table).lower() in tables()
    if column.lower() != "user_token_hash" or not is_ours or not isinstance(value, str):
        return None
    return f"{value[:SHOWN]}…"


@hookimpl
def extra_css_urls(
    datasette: Any, database: Any, template: Any
) -> Callable[[], Awaitable[list[str]]]:
    """Without it long hashes squeeze the titles. Our own pages have a style sheet of their own."""

    async def urls() -> list[str]:
        if str(template).startswith("personalization_") or not await has_our_schema(
            datasette.databases.get(database)
        ):
            return []
        return [datasette.urls.static_plugins(PLUGIN, "personalization-tables.css")]

    return urls


@hookimpl(specname="asgi_wrapper")
def send_text_cells(datasette: Any) -> Callable[[Any], Any]:
    """CSV of a database of ours, which spreadsheets open, has texts and no formulas."""

    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            is_ours = scope["type"] == "http" and await _is_of_ours(datasette, scope["path"])
            await app(scope, receive, _with_text_cells(send) if is_ours else send)

        return respond

    return wrap


async def _is_of_ours(datasette: Any, path: str) -> bool:
    inside = path.removeprefix(datasette.setting("base_url").rstrip("/")).lstrip("/")
    route = re.split(r"[/.]", inside, maxsplit=1)[0]
    found = (one for one in datasette.databases.values() if one.route == route)
    return await has_our_schema(next(found, None))


def _with_text_cells(send: Any) -> Any:
    cells: TextCells | None = None

    async def sent(message: Any) -> None:
        nonlocal cells
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            # Datasette sends CSV as a stream, and as text/plain where it is to be looked at.
            kind = headers.get(b"content-type", b"").partition(b";")[0]
            if kind in (b"text/csv", b"text/plain") and b"content-length" not in headers:
                cells = TextCells()
        elif message["type"] == "http.response.body" and cells:
            is_last = not message.get("more_body", False)
            body = cells.feed(message.get("body", b""), is_last=is_last)
            message = {**message, "body": body}
        await send(message)

    return sent


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
