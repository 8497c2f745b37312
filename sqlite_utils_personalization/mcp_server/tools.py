"""The tools of a customer, put on a server of the SDK."""

import inspect
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from sqlite_utils_personalization.customer_api.explain import explain as explained
from sqlite_utils_personalization.customer_api.recommendations import recommendations
from sqlite_utils_personalization.mcp_server import arguments as args
from sqlite_utils_personalization.mcp_server.arguments import (
    EXPLAIN,
    GIVE_FEEDBACK,
    LIST_RECOMMENDATIONS,
    SET_PREFERENCE,
    ToolDescription,
)
from sqlite_utils_personalization.mcp_server.caller import Authenticator, Caller
from sqlite_utils_personalization.mcp_server.output_schemas import (
    Answer,
    Explanation,
    GivenFeedback,
    Preference,
    Recommendations,
    enveloped,
    given_feedback,
    preference,
)
from sqlite_utils_personalization.preferences.feedback import give_feedback as stored_feedback
from sqlite_utils_personalization.preferences.profile import declare

T = TypeVar("T", bound=Answer)
CHANNEL = "mcp"


def register(server: MCPServer, authenticator: Authenticator) -> None:
    """Put the tools on the server; each call is authenticated, and an error goes out as its sentence."""

    async def set_preference(ctx: Context, **declared: Any) -> Preference:
        async def answer(caller: Caller) -> Preference:
            user, given = caller.user_token_hash, args.given_arguments(declared)
            return preference(
                await caller.write(lambda db: declare(db, user, given, caller.known_as))
            )

        return await _answered(authenticator, ctx, declared, answer)

    _on(server, SET_PREFERENCE)(_with_arguments(set_preference, args.preference_arguments()))

    @_on(server, LIST_RECOMMENDATIONS)
    async def list_recommendations(
        ctx: Context,
        type: args.Type,  # noqa: A002  # its name to the model
        night: args.Night,
        limit: args.Limit,
        cursor: args.Cursor,
        preview: args.Preview,
    ) -> Recommendations:
        filters = {"recommendation_type": type, "night": night, "limit": limit, "cursor": cursor}

        async def answer(caller: Caller) -> Recommendations:
            channel = None if args.parse_bool("preview", preview) else CHANNEL

            def page(db: sqlite3.Connection) -> Recommendations:
                found = recommendations(db, caller.user_token_hash, channel=channel, **filters)
                return Recommendations(**caller.envelope.page(db, found.to_dict()))

            return await (caller.write(page) if channel else caller.read(page))

        names = ("type", "night", "limit", "cursor", "preview")
        return await _answered(authenticator, ctx, names, answer)

    @_on(server, EXPLAIN)
    async def explain(ctx: Context, rec_id: args.RecId) -> Explanation:
        async def answer(caller: Caller) -> Explanation:
            user = caller.user_token_hash

            def explanation(db: sqlite3.Connection) -> Explanation:
                found = explained(db, user, rec_id).to_dict()
                return Explanation(**caller.envelope.explanation(db, found))

            return await caller.read(explanation)

        return await _answered(authenticator, ctx, ("rec_id",), answer)

    @_on(server, GIVE_FEEDBACK)
    async def give_feedback(
        ctx: Context,
        type: args.ItemType,  # noqa: A002  # its name to the model
        item_id: args.ItemId,
        feedback: args.Feedback,
    ) -> GivenFeedback:
        async def answer(caller: Caller) -> GivenFeedback:
            said = (caller.user_token_hash, type, item_id, feedback)
            return given_feedback(await caller.write(lambda db: stored_feedback(db, *said)))

        return await _answered(authenticator, ctx, ("type", "item_id", "feedback"), answer)


def remove_tool(server: MCPServer, name: str) -> None:
    """Take a tool of another plugin away, if it is there."""
    with suppress(ToolError):
        server.remove_tool(name)


def _with_arguments(tool: Callable[..., Any], named: Mapping[str, Any]) -> Callable[..., Any]:
    """The tool, published with these arguments in place of **declared: the SDK reads them from its signature."""
    ctx, _ = inspect.signature(tool).parameters.values()
    further = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
        for name, kind in named.items()
    ]
    signature = inspect.signature(tool).replace(parameters=[ctx, *further])
    tool.__signature__ = signature  # type: ignore[attr-defined]  # as inspect documents it
    tool.__annotations__ = {"ctx": Context, **named, "return": signature.return_annotation}
    return tool


def _on(server: MCPServer, tool: ToolDescription) -> Callable[[Callable[..., Any]], Any]:
    return server.tool(
        tool.name,
        title=tool.title,
        description=tool.description,
        annotations=tool.annotations,
        structured_output=True,
    )


async def _answered(
    authenticator: Authenticator,
    ctx: Context,
    known: Any,
    answer: Callable[[Caller], Awaitable[T]],
) -> T:
    request = ctx.request_context
    given: Mapping[str, Any] = (request.params or {}).get("arguments") or {}
    try:
        args.check_names(given, known)
        caller = await authenticator.authenticate(request.request)
        return enveloped(await answer(caller), caller.envelope)
    except Exception as error:
        # From None: the SDK logs what it is chained to.
        raise ToolError(authenticator.sentence(error)) from None
