"""Asking a question in Datasette, on both lines: what is given is read strictly, and a page says if there is more.

Datasette has no place for either. So the address is looked at before Datasette, and what it runs for it is run here.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import Response, hookimpl
from datasette.database import Results
from datasette.utils import tilde_decode
from datasette.utils.asgi import Base400, Request
from datasette.utils.sqlite import sqlite3

from sqlite_utils_personalization.errors import sentence
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, speaking
from sqlite_utils_personalization.viewer.connections import has_our_schema, read
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.frame import failure_page, language_of
from sqlite_utils_personalization.viewer.links import Links, question_url
from sqlite_utils_personalization.viewer.queries.lookups import look_up
from sqlite_utils_personalization.viewer.queries.paging import cut, sized
from sqlite_utils_personalization.viewer.queries.parameters import (
    DEFAULT_ROWS,
    WrongParameter,
    read_form,
)
from sqlite_utils_personalization.viewer.queries.queries import Question, questions
from sqlite_utils_personalization.viewer.queries.version_check import is_of_this_version

_PATH = re.compile(r"/([^/]+)/([^/.]+)(\.\w+)?")
_QUESTIONS = {question.name: question for question in questions()}
_JSON = b"application/json"


@dataclass
class _Asked:
    """One request for a question; next is where the next page begins, once this one is read, None at the end."""

    datasette: Any
    database: str
    question: Question
    scope: Any
    path: str
    is_page: bool
    next: int | str | None = None

    @property
    def next_url(self) -> str | None:
        """The whole address of the next page, None at the end."""
        if self.next is None:
            return None
        query = self.scope["query_string"].decode("latin-1")
        given = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "after"]
        path = self.datasette.urls.path(f"{self.path}?{urlencode([*given, ('after', self.next)])}")
        url: str = self.datasette.absolute_url(Request(self.scope, None), path)
        return url

    @property
    def form_url(self) -> str:
        """The form with what was given; what can be given nowhere is left out."""
        names = {parameter.name for parameter in self.question.parameters}
        query = self.scope["query_string"].decode("latin-1")
        given = {name: text for name, text in parse_qsl(query) if name in names}
        return Links(self.datasette, self.database).question(self.question.name, **given)

    async def form(self) -> dict[str, str]:
        """What is asked, as the SQL takes it. _Refused says which parameter is wrong."""
        source = self.datasette.databases[self.database]
        limit_ms = self.datasette.setting("sql_time_limit_ms")
        try:
            query = self.scope["query_string"].decode("latin-1")
            form = read_form(self.question, query, is_form=self.is_page)
            try:
                return await read(source, lambda db: look_up(db, self.question, form), limit_ms)
            except sqlite3.OperationalError:
                # A table is missing, or the file is busy: the question itself says so.
                return form
        except WrongParameter as wrong:
            raise _Refused(wrong, self) from None

    def cut(self, found: Any, size: int) -> Any:
        """The page without what is beyond it, which is noted in next."""
        if self.question.next_column is None:
            return found
        rows, self.next = cut(
            self.question, found.columns, found.rows, size, is_truncated=found.truncated
        )
        return Results(rows, False, found.description)


class _Refused(Base400):  # type: ignore[misc]
    """What Datasette takes for a fault of the request, and not for one to print a traceback of."""

    def __init__(self, wrong: WrongParameter, asked: _Asked) -> None:
        super().__init__(str(wrong))
        self.status = wrong.status
        self.failure = Failure(
            wrong.status,
            _("Wrong parameter") if wrong.status == 400 else _("There is no answer"),
            sentence(wrong.what),
            sentence(wrong.todo),
            {
                message_of(asked.question.title): question_url(
                    asked.datasette, asked.database, asked.question.name
                )
            },
            wrong.parameter,
        )
        self.as_json = not asked.is_page


_asked: ContextVar[_Asked | None] = ContextVar("personalization_asked", default=None)


@hookimpl(specname="startup")
def ask_strictly(datasette: Any) -> None:
    """What Datasette runs for a question of ours is read and cut here: after it has asked who may see it."""
    for name, database in datasette.databases.items():
        database.execute = _strict(datasette, name, database.execute)


def _strict(
    datasette: Any, name: str, execute: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    async def run(sql: str, params: Any = None, *given: Any, **options: Any) -> Any:
        asked = _asked.get()
        if (
            asked is None
            or asked.database != name
            or not isinstance(params, Mapping)
            or not await _is_asked(asked, sql)
        ):
            return await execute(sql, params, *given, **options)
        form = await asked.form()
        size = int(form.get("size") or DEFAULT_ROWS)
        form = sized(asked.question, form, size)
        return asked.cut(await execute(sql, form, *given, **options), size)

    return run


async def _is_asked(asked: _Asked, sql: str) -> bool:
    # To tell that, other statements run, by this way too.
    token = _asked.set(None)
    try:
        return await is_of_this_version(asked.datasette, asked.database, asked.question.name, sql)
    finally:
        _asked.reset(token)


@hookimpl(specname="asgi_wrapper")
def note_question(datasette: Any) -> Callable[[Any], Any]:
    """An answer with pages has next in its JSON, and a Link header to the next page."""

    def wrap(app: Any) -> Any:
        async def respond(scope: Any, receive: Any, send: Any) -> None:
            asked = await _question(datasette, scope)
            if asked is None:
                await app(scope, receive, send)
                return
            token = _asked.set(asked)
            try:
                with speaking(language_of(Request(scope, receive))):
                    await app(scope, receive, _with_next(asked, send))
            finally:
                _asked.reset(token)

        return respond

    return wrap


async def _question(datasette: Any, scope: Any) -> _Asked | None:
    if scope["type"] != "http":
        return None
    base_url = datasette.setting("base_url").rstrip("/")
    path = scope["path"].removeprefix(base_url)
    match = _PATH.fullmatch(path)
    if not match or tilde_decode(match[2]) not in _QUESTIONS:
        return None
    route, question = tilde_decode(match[1]), _QUESTIONS[tilde_decode(match[2])]
    for name, database in datasette.databases.items():
        if database.route == route and await has_our_schema(database):
            return _Asked(datasette, name, question, scope, path, is_page=match[3] is None)
    return None


def _with_next(asked: _Asked, send: Any) -> Any:
    """send, with what is known of the next page: JSON waits for its end, because next is the last of its keys."""
    start: Any = None
    body = b""

    async def sent(message: Any) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            message = _linked(asked, message)
            kind = dict(message["headers"]).get(b"content-type", b"")
            if kind.startswith(_JSON) and message["status"] == 200 and asked.question.next_column:
                start = message
                return
        elif start is not None:
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            message = {"type": "http.response.body", "body": _told(asked, body)}
            await send(_of_length(start, len(message["body"])))
        await send(message)

    return sent


def _linked(asked: _Asked, message: Any) -> Any:
    if not asked.next_url or message["status"] != 200:
        return message
    link = f'<{asked.next_url}>; rel="next"'.encode("latin-1")
    return {**message, "headers": [*message["headers"], (b"link", link)]}


def _told(asked: _Asked, body: bytes) -> bytes:
    # A list has no place for it, and an object without a row but its own is not of Datasette.
    text = body.rstrip()
    if not text.startswith(b"{") or not text.endswith(b"}") or text == b"{}":
        return body
    return text[:-1] + f', "next": {json.dumps(asked.next)}}}'.encode()


def _of_length(start: Any, length: int) -> Any:
    headers = [
        (name, str(length).encode() if name.lower() == b"content-length" else value)
        for name, value in start["headers"]
    ]
    return {**start, "headers": headers}


@hookimpl(specname="extra_template_vars")
def show_next(datasette: Any) -> dict[str, str | None]:
    """What query.html needs besides."""
    asked = _asked.get()
    return {
        "personalization_next_url": asked.next_url if asked else None,
        "personalization_form_url": asked.form_url if asked else None,
    }


@hookimpl(specname="handle_exception")
def show_failure(
    datasette: Any, request: Any, exception: Exception
) -> Callable[[], Awaitable[Response]] | None:
    """The page, or the JSON, of a question that was asked wrongly."""
    if not isinstance(exception, _Refused):
        return None
    refused = exception

    async def answer() -> Response:
        with speaking(language_of(request)):
            return await failure_page(datasette, request, refused.failure, refused.as_json)

    return answer
