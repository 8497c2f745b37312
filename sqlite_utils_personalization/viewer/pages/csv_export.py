"""All rows of a list as CSV, page after page: what a spreadsheet opens and pandas reads, with what it was made from.

Lines that begin with # say what was asked, of which file, and under which head; the last of them says how many rows
there are. They are in the file and not beside it, because a file that is sent on loses its neighbour; two cells each,
because a spreadsheet shows them so, and never a # or a line break outside of quotes elsewhere, so that
pandas.read_csv(..., comment="#") reads the rows alone; head=off leaves them out. The number of rows is at the end,
because it is known there without reading everything twice while others write, and because a file that was cut off
shows it: whoever finds no last line has not all rows.
"""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from datasette import Response
from datasette.utils import add_cors_headers

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import NotIntact
from sqlite_utils_personalization.evidence.seal import head
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.spreadsheet import as_text
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.pages.parameters import (
    PageParameter,
    one_of,
    read_parameters,
)

if TYPE_CHECKING:
    from sqlite_utils_personalization.viewer.pages.audit_page import Found

CSV = ".csv"
_BOM = PageParameter("bom", one_of("on", "off"), lambda: _("Byte order mark"), "off")
_HEAD = PageParameter("head", one_of("on", "off"), lambda: _("Lines about the file"), "on")
# What any export is asked besides.
EXPORTED = (_BOM, _HEAD)
# What says how a page looks is nothing that its rows were asked by.
_LOOKS = ("size", "cols", "seen", *(parameter.name for parameter in EXPORTED))
# Rows that are read at once, each time in a transaction of its own; fewer where that takes too long.
_SIZE, _LEAST = 1_000, 10
_TOO_LONG = 503
_QUOTED = re.compile('[",#\r\n]|^\\s|\\s$')
_BREAKS = re.compile("[\\r\\n\\v\\f\\x1c-\\x1e\\x85\u2028\u2029]+")
_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_LOG_END = "SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log"

ReadPage = Callable[[Any, int], Awaitable[dict[str, Any]]]
Read = Callable[[Any, "Found"], dict[str, Any]]


@dataclass(frozen=True)
class PageList:
    """One of several lists of a page: what reads it as rows and next, and the parameters that it takes."""

    read: Read
    parameters: tuple[PageParameter, ...] = ()


def made_under(db: sqlite3.Connection) -> dict[str, Any]:
    """head, the newest one of the file, null before the first, or damaged; log_end, its last rec_id. Read-only."""
    (log_end,) = db.execute(_LOG_END).fetchone()
    try:
        top = head(db)
    except NotIntact:
        return {"head": "damaged", "log_end": log_end}
    found = top and {"origin": top.origin, "size": top.size, "root": top.root.hex()}
    return {"head": found, "log_end": log_end}


@dataclass
class Pages:
    """The pages of a list, read one by one: read takes what a page begins after and how many rows it may have.

    rows is the key of the rows in what read gives, beside next.
    """

    read: ReadPage
    rows: str
    after: Any
    size: int = _SIZE
    is_last: bool = False

    async def next(self) -> dict[str, Any]:
        """The next page. Failure if it cannot be read."""
        while True:
            try:
                found = await self.read(self.after, self.size)
                break
            except Failure as failure:
                if failure.status != _TOO_LONG or self.size <= _LEAST:
                    raise
                self.size //= 10
        after = found.get("next")
        # A list that came back to where it was would never end.
        self.is_last = after is None or after == self.after
        self.after = after
        return found


@dataclass
class CsvExport:
    """What is to be written: the first page, how to read the others, and what the lines about it say.

    began is what made_under said before anything was read, and state gives what it says now.
    """

    pages: Pages
    first: dict[str, Any]
    about: Mapping[str, Any]
    began: Mapping[str, Any]
    state: Callable[[], Awaitable[dict[str, Any]]]
    has_head: bool
    has_bom: bool
    count: int = 0

    async def write(self, send: Callable[[str], Awaitable[None]]) -> None:
        """All of it, page by page. Failure if not all could be read, and that is the last line then."""
        page, columns = self.first, _columns(self.first, self.pages.rows)
        await send(
            ("\ufeff" if self.has_bom else "") + self._top() + _lines([columns] if columns else [])
        )
        try:
            while True:
                rows = page[self.pages.rows]
                self.count += len(rows)
                await send(_lines([row.get(name) for name in columns] for row in rows))
                if self.pages.is_last:
                    break
                # Where Datasette reads in this thread, others have their turn in between.
                await asyncio.sleep(0)
                page = await self.pages.next()
            await send(self._end(await self.state()))
        except Failure as failure:
            await send(self._about({"incomplete": failure.text}))
            raise

    def _top(self) -> str:
        made = {"package": __version__, "made at": utc_now()}
        return self._about({**self.about, **self.began, **made})

    def _end(self, now: Mapping[str, Any]) -> str:
        other = {f"{name} by the end": now[name] for name in now if now[name] != self.began[name]}
        return self._about({**other, "rows": self.count})

    def _about(self, said: Mapping[str, Any]) -> str:
        if not self.has_head:
            return ""
        # A line break in a value would begin a line of the table.
        cells = [(name, _cell(_BREAKS.sub(" ", str(value)))) for name, value in _facts(said)]
        return "".join(f"# {name},{cell}\r\n" for name, cell in cells)


def _facts(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each by a name of its own."""
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from ((f"{name} {key}", one) for key, one in value.items())
        else:
            yield name, "none" if value is None else value


def _columns(page: Mapping[str, Any], rows: str) -> list[str]:
    """The names of all columns, known or else those of the first row."""
    return list(page.get("columns") or next(iter(page[rows]), {}))


def about_list(page: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The lines about a list: what its page says besides, and what it was asked by, if the page does not say that."""
    # Where the next page begins is no fact about the whole.
    facts = {
        name: value
        for name, value in page.items()
        if isinstance(value, (str, int)) and name != "next"
    }
    given = {
        f"parameter {name}": value
        for name, value in page.get("asked", asked).items()
        if name not in _LOOKS and value not in ("", None)
    }
    return {**facts, **given}


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    """RFC 4180, with what is quoted besides for whoever takes # for a remark."""
    return "".join(f"{','.join(map(_cell, row))}\r\n" for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        value = canonical_json(value)
    text = str(as_text(value))
    return '"{}"'.format(text.replace('"', '""')) if _QUOTED.search(text) else text


def csv_name(database: str, name: str) -> str:
    """Content-Disposition: the file is called after the database and what it is."""
    whole = f"{_NO_FILE_NAME.sub('_', f'{database}-{name}')}.csv"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", whole)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"


async def begin(
    found: "Found", rows: str, read: Read, run: Callable[[Read, "Found"], Any]
) -> CsvExport:
    """The export of a page's list whose first page is read; run runs read on a connection of Datasette.

    Failure, or what else read raises, says why there is none.
    """

    async def read_page(after: Any, size: int) -> dict[str, Any]:
        values = {**found.asked.values, "after": after, "size": size}
        part = replace(found, asked=replace(found.asked, values=values))
        answer: dict[str, Any] = await run(read, part)
        return answer

    async def state() -> dict[str, Any]:
        answer: dict[str, Any] = await run(lambda db, _found: made_under(db), found)
        return answer

    began = await state()
    pages = Pages(read_page, rows, found.asked.values.get("after"), _SIZE)
    first = await pages.next()
    path = found.request.path.removeprefix(found.datasette.setting("base_url").rstrip("/"))
    about = {
        "page": path.removesuffix(CSV),
        **about_list(first, found.asked.values),
        "database": found.database,
        "file": found.file,
    }
    has_head, has_bom = found.asked["head"] == "on", found.asked["bom"] == "on"
    return CsvExport(pages, first, about, began, state, has_head, has_bom)


def csv_url(found: "Found", which: str = "", takes: Collection[str] | None = None) -> str:
    """Where all rows of the page are, and not these alone; which names one of several lists, takes what it is asked."""
    given = {
        name: text
        for name, text in found.asked.texts.items()
        if text and name != "after" and (takes is None or name in takes)
    }
    if which:
        given["list"] = which
    if found.links.is_named:
        given["database"] = found.database
    return f"{found.request.path}{CSV}{f'?{urlencode(given)}' if given else ''}"


def of_list(
    lists: Mapping[str, PageList], given: Mapping[str, Sequence[str]]
) -> tuple[PageParameter, ...]:
    """What may be asked of the one of several lists that is given, of the first where none is; a wrong one is told."""
    default = next(iter(lists))
    which = PageParameter("list", one_of(*lists), lambda: _("List"), default)
    name = read_parameters((which,), {"list": given.get("list", ())}).values.get("list", default)
    return (*lists[name].parameters, which)


class CsvResponse(Response):  # type: ignore[misc]
    """The export as an answer that is written while it is read; of a HEAD request only what is above it.

    Of one that breaks off there is no end, so that whoever takes it knows; one that nobody waits for any more is left.
    """

    def __init__(self, export: CsvExport, request: Any, datasette: Any, name: str) -> None:
        headers = {"Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
        if datasette.cors:
            add_cors_headers(headers)
        super().__init__("", 200, headers, "text/csv; charset=utf-8")
        self._export, self._request = export, request

    async def asgi_send(self, send: Callable[[Any], Awaitable[None]]) -> None:
        """Send the headers, then page after page."""

        async def begin(message: Any) -> None:
            if message["type"] == "http.response.start" or self._request.method == "HEAD":
                await send(message)

        await super().asgi_send(begin)
        if self._request.method == "HEAD":
            return
        gone = asyncio.create_task(_gone(self._request.receive))

        async def more(text: str) -> None:
            if gone.done():
                raise _Left
            if text:
                body = text.encode("utf-8", "replace")
                await send({"type": "http.response.body", "body": body, "more_body": True})

        try:
            await self._export.write(more)
            await send({"type": "http.response.body", "body": b""})
        except (Failure, _Left):
            return
        finally:
            gone.cancel()


class _Left(Exception):
    """Nobody waits for the answer any more."""


async def _gone(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
