"""The customer's API for AI agents in Datasette: tools on the server of datasette-mcp, where that plugin is.

Who asks is told by the key of each request. The SDK is imported inside functions: it is there when datasette-mcp is,
and not otherwise.
"""

from dataclasses import dataclass
from typing import Any

from datasette import hookimpl

from sqlite_utils_personalization.language import LANGUAGES, pgettext
from sqlite_utils_personalization.mcp_server.caller import sentence
from sqlite_utils_personalization.viewer.rest.authenticate import (
    authenticate,
    key_in,
    plugin_settings,
)
from sqlite_utils_personalization.viewer.rest.problem import Problem, problem
from sqlite_utils_personalization.viewer.rest.request import Call
from sqlite_utils_personalization.viewer.settings import DOTTED, PLUGIN, SPOKEN, is_open

# It prints the schema of every table to whoever may see the database: also of the tables that are hidden.
_TELLS_TOO_MUCH = "get_database_schema"


@dataclass(frozen=True)
class DatasetteAuthenticator:
    """Lets in whom the REST routes let in: the same keys, settings and limits."""

    datasette: Any

    async def authenticate(self, request: Any) -> Call:
        """Who sent the request; a Problem if that is nobody known."""
        if request is None:
            key_in(())
        return await authenticate(self.datasette, request)

    def sentence(self, error: Exception) -> str:
        """What the model is told of an error."""
        answer = problem(error)
        # What only the operator can mend names files, and is no customer's.
        if isinstance(error, Problem) or answer.status >= 500:
            return pgettext("sentences", "{one} {next}", one=answer.error, next=answer.todo)
        return sentence(error)


# Last, so that the tools of every other plugin are there.
@hookimpl(optionalhook=True, trylast=True)
def register_mcp_tools(datasette: Any, mcp: Any) -> None:
    from sqlite_utils_personalization.mcp_server.tools import register, remove_tool

    if not _shows_all(datasette):
        remove_tool(mcp, _TELLS_TOO_MUCH)
    given = plugin_settings(datasette)
    if is_open(given):
        dotted, language = given.get(DOTTED) is True, given.get(SPOKEN)
        # What is none of them keeps Datasette from starting, with a sentence, as soon as it has its tools.
        language = language if language in LANGUAGES else None
        register(mcp, DatasetteAuthenticator(datasette), dotted=dotted, language=language)


def _shows_all(datasette: Any) -> bool:
    """Whether the setting deny_by_default is false for every database.

    Which tables a database has is not asked: another may be attached later.
    """
    names = [name for name in datasette.databases if not name.startswith("_")]
    given = [datasette.plugin_config(PLUGIN, database=name) or {} for name in names]
    return all(settings.get("deny_by_default") is False for settings in given)
