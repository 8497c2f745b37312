"""The customer's own door for AI agents: tools on the server of datasette-mcp, where that plugin is installed."""

from typing import Any

from datasette import hookimpl


# Last, so that the tools of every other plugin are there.
@hookimpl(optionalhook=True, trylast=True)
def register_mcp_tools(datasette: Any, mcp: Any) -> None:
    # Imported here: the SDK is there when datasette-mcp is, and not otherwise.
    from sqlite_utils_personalization.mcp_server.on_datasette import hide, register_on

    hide(datasette, mcp)
    register_on(datasette, mcp)
