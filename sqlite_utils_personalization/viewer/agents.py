"""The customer's own door for AI agents: tools on the server of datasette-mcp, where that plugin is installed."""

from contextlib import suppress
from typing import Any

from datasette import hookimpl

from sqlite_utils_personalization.customer.settings import PLUGIN

# It prints the schema of every table of a database to whoever may see the database: also that of hidden tables.
TELLS_TOO_MUCH = "get_database_schema"


# Last, so that every other tool is there.
@hookimpl(optionalhook=True, trylast=True)
def register_mcp_tools(datasette: Any, mcp: Any) -> None:
    # Imported here: the SDK is there when datasette-mcp is, and not otherwise.
    from mcp.server.mcpserver.exceptions import ToolError

    from sqlite_utils_personalization.mcp_server.http import register_on

    if not _is_open(datasette):
        with suppress(ToolError):
            mcp.remove_tool(TELLS_TOO_MUCH)
    register_on(datasette, mcp)


def _is_open(datasette: Any) -> bool:
    """Whether no database is guarded. Not asked of each one's tables, since more may be attached later."""
    names = [name for name in datasette.databases if not name.startswith("_")]
    settings = [datasette.plugin_config(PLUGIN, database=name) or {} for name in names]
    return all(given.get("deny_by_default") is False for given in settings)
