"""The tools in Datasette, on the server of the plugin datasette-mcp; who asks is told by the key of each request."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from sqlite_utils_personalization.customer.settings import PLUGIN, is_open
from sqlite_utils_personalization.mcp_server import failure
from sqlite_utils_personalization.mcp_server.tools import register
from sqlite_utils_personalization.rest.call import Call
from sqlite_utils_personalization.rest.credentials import key_in
from sqlite_utils_personalization.rest.door import let_in, plugin_settings
from sqlite_utils_personalization.rest.problem import Problem

# It prints the schema of every table to whoever may see the database: also of the tables that are hidden.
_TELLS_TOO_MUCH = "get_database_schema"


@dataclass(frozen=True)
class DatasetteEntrance:
    """The door of the REST routes: the same keys, settings and limits."""

    datasette: Any

    async def enter(self, request: Any) -> Call:
        """Who sent the request; a Problem if that is nobody known."""
        if request is None:
            key_in(())
        return await let_in(self.datasette, request)

    def sentence(self, error: Exception) -> str:
        """What the model is told of an error."""
        if isinstance(error, Problem):
            return f"{error.error} {error.todo}"
        return failure.sentence(error)


def register_on(datasette: Any, server: MCPServer) -> None:
    """Put the tools on the server if the setting customer_api opens the door."""
    if is_open(plugin_settings(datasette)):
        register(server, DatasetteEntrance(datasette))


def hide(datasette: Any, server: MCPServer) -> None:
    """Take the tool away that shows hidden tables, unless the setting deny_by_default is false for every database.

    Which tables a database has is not asked: another may be attached later.
    """
    names = [name for name in datasette.databases if not name.startswith("_")]
    given = [datasette.plugin_config(PLUGIN, database=name) or {} for name in names]
    if not all(settings.get("deny_by_default") is False for settings in given):
        with suppress(ToolError):
            server.remove_tool(_TELLS_TOO_MUCH)
