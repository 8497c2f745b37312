"""The tools of a customer, put on a server of the SDK."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from sqlite_utils_personalization.api.declarations import check_preferences, set_preferences
from sqlite_utils_personalization.api.feedback import give_feedback as noted_feedback
from sqlite_utils_personalization.api.handing_over import explain as explained
from sqlite_utils_personalization.api.handing_over import recommendations
from sqlite_utils_personalization.customer_api.free import declaration_answer, feedback_answer
from sqlite_utils_personalization.customer_api.recommendations import check_query
from sqlite_utils_personalization.language import LANGUAGES, message_of, speaking
from sqlite_utils_personalization.mcp_server import arguments as args
from sqlite_utils_personalization.mcp_server.arguments import (
    EXPLAIN,
    GIVE_FEEDBACK,
    LIST_RECOMMENDATIONS,
    SET_PREFERENCE,
)
from sqlite_utils_personalization.mcp_server.caller import Authenticator, Caller
from sqlite_utils_personalization.mcp_server.output_schemas import (
    NOTICE,
    Answer,
    Explanation,
    GivenFeedback,
    Preference,
    Recommendations,
    enveloped,
)
from sqlite_utils_personalization.preferences.feedback import check_feedback
from sqlite_utils_personalization.preferences.profile import require_declared

T = TypeVar("T", bound=Answer)
Respond = Callable[[Caller, dict[str, Any]], Awaitable[T]]
CHANNEL = "mcp"


def register(
    server: MCPServer,
    authenticator: Authenticator,
    *,
    dotted: bool = False,
    language: str | None = None,
) -> None:
    """Put the tools on the server; each call is authenticated, and an error goes out as its sentence.

    language is what sentences are in and the tools are described in, one of LANGUAGES; without it sentences are in the
    first, and the tools are described in each. dotted gives them the names of before, such as personalization.explain,
    for clients that know those.
    """

    def on(tool: args.ToolDescription) -> Callable[[Respond[T]], None]:
        return lambda answer: _put(server, authenticator, tool, answer, dotted, language)

    @on(SET_PREFERENCE)
    async def set_preference(caller: Caller, given: dict[str, Any]) -> Preference:
        # What cannot be makes nobody wait.
        check_preferences(given, merge=True)
        user = caller.user_token_hash

        def declared(db: sqlite3.Connection) -> Preference:
            if not given:
                require_declared(db, user)
            done = set_preferences(db, user, given, merge=True, known_as=caller.known_as)
            return Preference(**declaration_answer(done))

        return await caller.write(declared)

    @on(LIST_RECOMMENDATIONS)
    async def list_recommendations(caller: Caller, given: dict[str, Any]) -> Recommendations:
        given = args.without_nulls(given)
        is_preview = args.parse_bool("preview", given.pop("preview", False))
        kind, channel = given.pop("type", None), None if is_preview else CHANNEL
        check_query(kind, channel=channel, **given)

        def page(db: sqlite3.Connection) -> Recommendations:
            user = caller.user_token_hash
            found = recommendations(db, user, type=kind, channel=channel, **given)
            return Recommendations(**_noticed(caller.envelope.page(db, {**found})))

        return await (caller.write(page) if channel else caller.read(page))

    @on(EXPLAIN)
    async def explain(caller: Caller, given: dict[str, Any]) -> Explanation:
        user = caller.user_token_hash

        def explanation(db: sqlite3.Connection) -> Explanation:
            found = explained(db, user, **given)
            return Explanation(**_noticed(caller.envelope.explanation(db, {**found})))

        return await caller.read(explanation)

    @on(GIVE_FEEDBACK)
    async def give_feedback(caller: Caller, given: dict[str, Any]) -> GivenFeedback:
        said = (given["type"], given["item_id"], given["feedback"])
        check_feedback(*said)
        user = caller.user_token_hash
        done = await caller.write(lambda db: noted_feedback(db, user, *said))
        return GivenFeedback(**feedback_answer(done))


def _noticed(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "notice": message_of(NOTICE)}


def _put(
    server: MCPServer,
    authenticator: Authenticator,
    tool: args.ToolDescription,
    answer: Respond[Any],
    dotted: bool,
    language: str | None,
) -> None:
    async def call(ctx: Context) -> Any:
        request = ctx.request_context
        with speaking(language or LANGUAGES[0]):
            try:
                given = tool.given((request.params or {}).get("arguments") or {})
                caller = await authenticator.authenticate(request.request)
                return enveloped(await answer(caller, given), caller.envelope)
            except Exception as error:
                # From None: the SDK logs what it is chained to.
                raise ToolError(authenticator.sentence(error)) from None

    call.__annotations__["return"] = answer.__annotations__["return"]
    name = tool.dotted_name if dotted else tool.name
    server.add_tool(
        call,
        name,
        title=args.told(tool.title, language),
        description=args.told(tool.about, language, "\n"),
        annotations=tool.annotations,
        structured_output=True,
    )
    # There is no public way to publish a schema that is not made of a signature.
    registered = server._tool_manager.get_tool(name)
    assert registered
    registered.parameters = tool.input_schema(language)


def remove_tool(server: MCPServer, name: str) -> None:
    """Take a tool of another plugin away, if it is there."""
    with suppress(ToolError):
        server.remove_tool(name)
