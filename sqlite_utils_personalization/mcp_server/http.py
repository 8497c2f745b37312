"""The tools in Datasette, on the server of the plugin datasette-mcp; who asks is told by the key of each request."""

from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import MCPServer

from sqlite_utils_personalization.customer.settings import is_open
from sqlite_utils_personalization.mcp_server import failure
from sqlite_utils_personalization.mcp_server.tools import register
from sqlite_utils_personalization.rest.call import Call
from sqlite_utils_personalization.rest.credentials import key_in
from sqlite_utils_personalization.rest.door import let_in, plugin_settings
from sqlite_utils_personalization.rest.problem import Problem


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
