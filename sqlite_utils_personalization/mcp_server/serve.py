"""Serving one customer's tools to an agent, for Python: what the SDK needs is looked for when it is asked for."""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlite_utils

from sqlite_utils_personalization.api.declarations import whole_hash
from sqlite_utils_personalization.api.opened import reading
from sqlite_utils_personalization.billing.record import require_deliveries
from sqlite_utils_personalization.customer_api.envelope import envelope_of
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError, short_repr
from sqlite_utils_personalization.language import LANGUAGES


def serve_mcp(
    file: str | os.PathLike[str] | sqlite3.Connection | sqlite_utils.Database,
    customer: str,
    *,
    known_as: str | None = None,
    envelope: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    dotted_names: bool = False,
    lang: str | None = None,
) -> None:
    """Serve the tools of the customer with this user_token_hash on standard input and output, until the client goes.

    Each call opens the file itself, so of a connection only the path is used: InvalidInput of a database in memory.
    known_as is what other programs keep of the same key, if that is another hash; envelope what every answer carries
    besides, an object or the file of it; dotted_names is for clients that know the tools as personalization.explain;
    lang is ja or en, without it the tools are described in both and answer in English. What is listed is delivered, and
    so is charged. PersonalizationError without the extra [mcp].
    """
    user_token_hash = whole_hash(customer)
    if known_as is not None:
        whole_hash(known_as, "known_as")
    if lang is not None and lang not in LANGUAGES:
        raise InvalidInput(f"lang is {short_repr(lang)}", f"give one of {', '.join(LANGUAGES)}")
    carried = envelope_of(envelope)
    try:
        from sqlite_utils_personalization.mcp_server.stdio import server
    except ModuleNotFoundError as error:
        if error.name in ("mcp", "pydantic", "anyio"):
            raise PersonalizationError(
                f"{error.name} is not installed",
                "run: pip install 'sqlite-utils-personalization[mcp]'",
            ) from None
        raise
    # What would fail every call is better said where the client shows why a server did not start.
    with reading(file) as found:
        require_evidence(*found)
        require_deliveries(*found)
        path = Path(found.path)
    if not path.is_file():
        raise InvalidInput("the database is in no file", "give the path of one")
    server(
        path,
        user_token_hash,
        known_as=known_as,
        envelope=carried,
        dotted=bool(dotted_names),
        language=lang,
    ).run()
