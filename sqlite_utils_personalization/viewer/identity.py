"""Who a row is about, on Datasette's own pages of tables and views: enough of the hash to tell customers apart.

JSON and CSV of a table are its data as it is, whole. Questions shorten in SQL, and show the whole hash of the
one customer they were asked about.
"""

from typing import Any

from datasette import hookimpl

from sqlite_utils_personalization.viewer.metadata import tables

# As long as short_hash in parts.sql.
SHOWN = 8


@hookimpl(specname="render_cell")
def shorten_user_token_hash(table: Any, column: str, value: object) -> str | None:
    if column != "user_token_hash" or table not in tables() or not isinstance(value, str):
        return None
    return f"{value[:SHOWN]}…"
