"""Cells of Datasette's own pages: numbers lead to what they are numbers of, and times are in Japan.

JSON and CSV are the data as it is.
"""

from typing import Any

from datasette import hookimpl
from markupsafe import Markup

from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.viewer.links import (
    has_our_schema,
    is_known_ours,
    question_url,
    replay_url,
)
from sqlite_utils_personalization.viewer.metadata import tables


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
    if shown == value or (table is not None and table not in tables()):
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
