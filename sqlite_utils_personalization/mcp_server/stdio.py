"""A server on standard input and output for one customer, on the file itself."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from anyio import to_thread
from mcp.server.mcpserver import MCPServer

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.customer_api.envelope import Envelope
from sqlite_utils_personalization.database import explain_errors, open_readonly, open_writable
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.mcp_server import caller as failure
from sqlite_utils_personalization.mcp_server.arguments import told
from sqlite_utils_personalization.mcp_server.tools import register
from sqlite_utils_personalization.transaction import write_transaction

T = TypeVar("T")
# Less than what clients wait for an answer, more than a chunk of a night holds the lock.
LOCK_S = 20.0


@dataclass(frozen=True)
class FileCaller:
    """The customer of this server. Each call has a connection of its own, for as long as it takes."""

    path: Path
    user_token_hash: str
    known_as: str
    envelope: Envelope

    async def read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What function finds."""
        return await to_thread.run_sync(self._read, function)

    async def write(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What function returns; a call that is cancelled meanwhile is done all the same, or not at all."""
        return await to_thread.run_sync(self._write, function)

    def _read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        with explain_errors(self.path), open_readonly(self.path, LOCK_S) as db:
            return function(db.conn)

    def _write(self, function: Callable[[sqlite3.Connection], T]) -> T:
        with (
            explain_errors(self.path),
            open_writable(self.path, LOCK_S) as db,
            write_transaction(db.conn),
        ):
            return function(db.conn)


@dataclass(frozen=True)
class FileAuthenticator:
    """Lets in whoever started the server."""

    caller: FileCaller

    async def authenticate(self, request: Any) -> FileCaller:
        """The one customer."""
        return self.caller

    def sentence(self, error: Exception) -> str:
        """What the model is told of an error."""
        return failure.sentence(error)


def server(
    path: Path,
    user_token_hash: str,
    *,
    known_as: str | None = None,
    envelope: Envelope | None = None,
    dotted: bool = False,
    language: str | None = None,
) -> MCPServer:
    """A server of the tools for the customer with this hash; its log, standard error, has warnings only.

    known_as is what other programs keep of the same key, if that is another hash; envelope what every answer carries
    besides. language is that of register().
    """
    caller = FileCaller(path, user_token_hash, known_as or user_token_hash, envelope or Envelope())
    made = MCPServer(
        "sqlite-utils-personalization",
        instructions=told(N_("Recommends what fits what the customer declared."), language),
        version=__version__,
        log_level="WARNING",
    )
    register(made, FileAuthenticator(caller), dotted=dotted, language=language)
    return made
