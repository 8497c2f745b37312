"""Who looked at which customer, in a file of its own: append-only, each entry a leaf of a tree whose root is its head.

The audited file is never written. The setting access_log of the plugin names the file; reason asks for a reason, and
allow says, as Datasette's own allow blocks do, who may see the entries: by default root.
"""

import asyncio
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasette import Response, hookimpl
from datasette.utils import StartupError, actor_matches_allow, await_me_maybe
from datasette.utils.asgi import Request

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.merkle import (
    grow,
    leaf_hash,
    peak_ends,
    root_of_peaks,
)
from sqlite_utils_personalization.viewer.connections import has_our_schema
from sqlite_utils_personalization.viewer.settings import PLUGIN

_SCHEMA = """
CREATE TABLE IF NOT EXISTS access (
    access_id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT,
    database TEXT NOT NULL,
    route TEXT NOT NULL,
    profile_id INTEGER,
    reason TEXT,
    subtree TEXT NOT NULL,
    tree_root TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS access_at ON access(at);
CREATE TRIGGER IF NOT EXISTS access_no_update BEFORE UPDATE ON access
BEGIN SELECT raise(ABORT, 'access is append-only'); END;
CREATE TRIGGER IF NOT EXISTS access_no_delete BEFORE DELETE ON access
BEGIN SELECT raise(ABORT, 'access is append-only'); END;
CREATE TRIGGER IF NOT EXISTS access_no_replace BEFORE INSERT ON access
WHEN new.access_id <= coalesce((SELECT max(access_id) FROM access), 0)
BEGIN SELECT raise(ABORT, 'access is append-only'); END;
"""
_COLUMNS = ("access_id", "at", "actor", "database", "route", "profile_id", "reason")
_INSERT = f"""
INSERT INTO access({", ".join(_COLUMNS)}, subtree, tree_root) VALUES ({", ".join("?" * 9)})
"""
_OF_DAY = f"""
SELECT {", ".join(_COLUMNS)} FROM access
WHERE date(at, '+9 hours') = coalesce(:day, date(at, '+9 hours')) AND access_id < :before
ORDER BY access_id DESC LIMIT :size
"""
_SETTINGS = {"file", "reason", "allow"}
_WAIT_S = 5.0
_LONGEST_REASON = 200


@dataclass(frozen=True)
class AccessLog:
    """Where accesses are kept, whether a reason is asked for, and who may see them."""

    file: Path
    asks_reason: bool
    allow: Any

    def may_see(self, actor: Any) -> bool:
        """Whether the actor may see the entries."""
        found: bool = actor_matches_allow(actor, self.allow)
        return found

    def add(
        self, actor: Any, database: str, route: str, profile_id: int | None, reason: str | None
    ) -> None:
        """Append an entry; sqlite3.Error where the file cannot be written, and then nothing may be shown."""
        who = actor.get("id") if isinstance(actor, dict) else None
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            (size,) = db.execute("SELECT coalesce(max(access_id), 0) FROM access").fetchone()
            entry = (size + 1, utc_now(), who, database, route, profile_id, reason)
            peaks = [self._subtree(db, end) for end in peak_ends(size)]
            grown = grow(peaks, size, leaf_hash(_leaf(entry)))
            db.execute(_INSERT, (*entry, grown[-1].hex(), root_of_peaks(grown).hex()))
            db.execute("COMMIT")

    def entries(self, day: str | None, before: int, size: int) -> list[dict[str, Any]]:
        """The entries of a Japanese day or of all, newest first, numbered below before."""
        with self._open() as db:
            at = {"day": day, "before": before, "size": size}
            return [dict(zip(_COLUMNS, row, strict=True)) for row in db.execute(_OF_DAY, at)]

    def head(self) -> tuple[int, str | None]:
        """How many entries there are, and the root over them, as it was stored with the last."""
        with self._open() as db:
            sql = "SELECT access_id, tree_root FROM access ORDER BY access_id DESC LIMIT 1"
            row: tuple[int, str] | None = db.execute(sql).fetchone()
            return row or (0, None)

    def fault(self) -> str | None:
        """The first thing wrong with the whole log, every root taken again; None if nothing is."""
        with self._open() as db:
            peaks: list[bytes] = []
            rows = db.execute(
                f"SELECT {', '.join(_COLUMNS)}, subtree, tree_root FROM access ORDER BY access_id"
            )
            for size, (*entry, subtree, tree_root) in enumerate(rows):
                if entry[0] != size + 1:
                    return f"entry {size + 1} is not there"
                peaks = grow(peaks, size, leaf_hash(_leaf(tuple(entry))))
                if (subtree, tree_root) != (peaks[-1].hex(), root_of_peaks(peaks).hex()):
                    return f"entry {size + 1} is not the one that was written"
        return None

    @staticmethod
    def _subtree(db: sqlite3.Connection, access_id: int) -> bytes:
        row = db.execute("SELECT subtree FROM access WHERE access_id = ?", (access_id,)).fetchone()
        return bytes.fromhex(row[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=_WAIT_S, isolation_level=None)) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'access'").fetchone():
                db.executescript(_SCHEMA)
            yield db


def _leaf(entry: tuple[Any, ...]) -> bytes:
    return canonical_json(dict(zip(_COLUMNS, entry, strict=True))).encode()


def access_log(datasette: Any) -> AccessLog | None:
    """The access log that the plugin's settings name, None without one. PersonalizationError says what cannot be."""
    given = (datasette.plugin_config(PLUGIN) or {}).get("access_log")
    return None if given is None else read_setting(given)


def read_setting(given: object) -> AccessLog:
    """The setting access_log: a file, or an object of file, reason and allow."""
    settings: Mapping[str, Any] = {"file": given} if isinstance(given, str) else given  # type: ignore[assignment]
    if not isinstance(settings, dict) or not {"file"} <= settings.keys() <= _SETTINGS:
        raise PersonalizationError(
            "access_log is neither a file nor an object of file, reason and allow",
            "write access_log: access.db",
        )
    file, reason = settings["file"], settings.get("reason", False)
    if not isinstance(file, str) or not file or not isinstance(reason, bool):
        raise PersonalizationError(
            "access_log: file is no path, or reason neither true nor false", "mend the settings"
        )
    return AccessLog(Path(file), reason, settings.get("allow", {"id": "root"}))


def prepare(log: AccessLog, datasette: Any) -> None:
    """Make the file where it is not there yet. PersonalizationError if it cannot be written, or is served itself."""
    for database in datasette.databases.values():
        if database.path and Path(database.path).resolve() == log.file.resolve():
            raise PersonalizationError(
                f"access_log: {log.file} is served itself, and what is audited is never written",
                "name a file of its own",
            )
    try:
        with log.file.open("ab") as file:
            if not file.tell():
                # For nobody else's eyes: whom somebody looked at is personal, too.
                os.fchmod(file.fileno(), 0o600)
        log.head()
    except (OSError, sqlite3.Error) as error:
        raise PersonalizationError(
            f"access_log: {log.file} cannot be written ({error})", "name a file that can be"
        ) from None


REASON = "pa_reason"


def reason_of(request: Any) -> str | None:
    """Why somebody looks: ?reason=, or what was said before and is kept in a cookie; None if nothing was said."""
    said = (
        request.args.get("reason")
        or request.args.get("_reason")
        or request.cookies.get(REASON)
        or ""
    )
    return said.strip()[:_LONGEST_REASON] or None


async def note(
    log: AccessLog, request: Any, database: str, route: str, profile_id: int | None
) -> None:
    """Append that the actor of the request looks; in a thread, because another process may hold the file."""
    await asyncio.to_thread(log.add, request.actor, database, route, profile_id, reason_of(request))


@hookimpl(specname="startup")
def prepare_access_log(datasette: Any) -> Callable[[], Awaitable[None]]:
    async def look() -> None:
        try:
            if log := access_log(datasette):
                prepare(log, datasette)
        except PersonalizationError as error:
            raise StartupError(str(error)) from None

    return look


@hookimpl(specname="asgi_wrapper")
def note_datasettes_pages(datasette: Any) -> Callable[[Any], Any]:
    """Datasette's own pages of an audited database are looked at, too; without a reason where one is asked for, not."""

    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            log = access_log(datasette) if scope["type"] == "http" else None
            name = log and _database(datasette, scope["path"])
            if log and name and await has_our_schema(datasette.databases[name]):
                request = Request(scope, receive)
                if log.asks_reason and not reason_of(request):
                    text = "Say why you look: add ?_reason= to the address, or begin at /-/personalization\n"
                    await Response.text(text, status=400).asgi_send(send)
                    return
                scope = {**scope, "actor": await _actor(datasette, request)}
                path = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/"))
                customer = request.args.get("customer") or ""
                who = int(customer) if customer.isdecimal() and len(customer) < 17 else None
                await note(log, Request(scope, receive), name, path, who)
            await app(scope, receive, send)

        return respond

    return wrap


def _database(datasette: Any, path: str) -> str | None:
    inside = path.removeprefix(datasette.setting("base_url").rstrip("/")).lstrip("/")
    route = re.split(r"[/.]", inside, maxsplit=1)[0]
    # Below the database's own page are its tables and questions.
    if "/" not in inside:
        return None
    return next((name for name, one in datasette.databases.items() if one.route == route), None)


async def _actor(datasette: Any, request: Any) -> Any:
    # It loads the plugins: this one too, which would have no hooks yet.
    from datasette.plugins import pm

    for found in pm.hook.actor_from_request(datasette=datasette, request=request):
        actor = await await_me_maybe(found)
        if actor:
            return actor
    return None
