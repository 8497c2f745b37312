"""A server on standard input and output in a process of its own, and clients of the SDK."""

import os
import sqlite3
import sys
from contextlib import asynccontextmanager, closing

import noon
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

SET = "personalization_set_preference"
LIST = "personalization_list_recommendations"
EXPLAIN = "personalization_explain"
SAY = "personalization_give_feedback"
# Python 3.13 says so of a connection left to the garbage collector.
COMMAND = [
    *("-W", "error", "-W", "ignore:unclosed database:ResourceWarning"),
    *(noon.__file__, "sqlite_utils", "personalization-mcp"),
]


@asynccontextmanager
async def client(path, key="example-key-1", errlog=sys.stderr):
    """A client, and the server that it started for this key."""
    env = {**os.environ, "PERSONALIZATION_API_KEY": key}
    parameters = StdioServerParameters(command=sys.executable, args=[*COMMAND, str(path)], env=env)
    async with Client(stdio_client(parameters, errlog=errlog)) as connected:
        yield connected


async def answer(connected, tool, **arguments):
    """The structured content of a call that succeeds."""
    result = await connected.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refusal(connected, tool, **arguments):
    """The one sentence of a call that does not."""
    result = await connected.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    (content,) = result.content
    assert "\n" not in content.text
    assert "Traceback" not in content.text
    return content.text.removeprefix(f"Error executing tool {tool}: ")


def deliveries(path):
    """rec_id, channel and status of every delivery, in order of rec_id."""
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT rec_id, channel, status FROM am_personalization_delivery ORDER BY rec_id"
        return db.execute(sql).fetchall()
