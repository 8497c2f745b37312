"""What every page of the audit is: read with a limit of time, shown in the language that was asked for, and as JSON.

A page's module says how it is addressed and asked, what it reads - the keys of its JSON twin - and how that is shown.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from datasette import Forbidden, Response

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.language import LANGUAGES, speaking
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.access.access import (
    can_ask,
    can_view,
    visible_databases,
)
from sqlite_utils_personalization.viewer.access.log import REASON, access_log, note, reason_of
from sqlite_utils_personalization.viewer.connections import file_name, read_page, wal_warning
from sqlite_utils_personalization.viewer.failure import (
    Failure,
    json_answer,
    no_schema,
    which_database,
)
from sqlite_utils_personalization.viewer.frame import (
    COOKIE,
    YEAR_S,
    failure_page,
    html,
    language_of,
    newest_seal,
    stamp,
)
from sqlite_utils_personalization.viewer.links import HOME, Links
from sqlite_utils_personalization.viewer.pages.csv_export import (
    CSV,
    EXPORTED,
    CsvResponse,
    PageList,
    begin,
    csv_name,
    csv_url,
    of_list,
)
from sqlite_utils_personalization.viewer.pages.parameters import (
    Asked,
    PageParameter,
    read_parameters,
    words,
)
from sqlite_utils_personalization.viewer.pages.trust import (
    CLASSES,
    FAULT,
    HOLDS,
    OPEN,
    UNVERIFIED,
)
from sqlite_utils_personalization.viewer.queries.version_check import metadata_warning
from sqlite_utils_personalization.viewer.settings import PLUGIN, record_file

JSON = ".json"
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """One request, understood: about which database, what was asked, and where links lead."""

    datasette: Any
    request: Any
    database: str
    links: Links
    asked: Asked
    vars: dict[str, str]

    @property
    def is_json(self) -> bool:
        """Whether the twin is asked for."""
        return self.vars.get("suffix") == JSON

    @property
    def is_csv(self) -> bool:
        """Whether all rows are asked for, to be taken away."""
        return self.vars.get("suffix") == CSV

    @property
    def record_file(self) -> Path | None:
        """The file that verifications of the database stand in, beside those that it notes itself."""
        return record_file(self.datasette.plugin_config(PLUGIN, database=self.database))

    @property
    def file(self) -> str:
        """The name of the database's file."""
        return file_name(self.datasette, self.database)


@dataclass(frozen=True)
class AuditPage:
    """One page.

    path is a regular expression below HOME; read gets a connection and what was found, and gives the keys of the JSON
    twin after those of every page; show gives what the template personalization_NAME.html needs besides, or a whole
    answer. place is the entry of the menu. at_least_ms is how long reading may take, where that is more than
    Datasette's limit; is_personal, whether it is about one customer; json_status of the twin. query is the one of
    Datasette that has to be open to whoever sees the page. rows is the key of what .csv gives, page after page of it
    as next says; is_noted, whether an access to any row of it is. refuse gives, as read does, what the page of a wrong
    parameter shows in place of its title, and its fields. Of a page with several lists, lists has each by its name:
    .csv gives the first, or what the parameter list names.
    """

    name: str
    path: str
    read: Callable[[Any, Found], dict[str, Any]]
    show: Callable[[Found, dict[str, Any]], dict[str, Any] | Response]
    parameters: tuple[PageParameter, ...] = ()
    place: str = ""
    at_least_ms: Callable[[Found], int] = field(default=lambda found: 0)
    is_personal: bool = False
    json_status: Callable[[Found, dict[str, Any]], int] = field(default=lambda found, data: 200)
    query: str = ""
    rows: str = ""
    is_noted: bool = False
    refuse: Callable[[Any, Found], dict[str, Any]] | None = None
    lists: Mapping[str, PageList] = field(default_factory=dict)

    def route(self) -> tuple[str, Callable[..., Awaitable[Response]]]:
        """As Datasette's register_routes wants it."""

        async def respond(datasette: Any, request: Any) -> Response:
            return await answer(self, datasette, request)

        suffixes = r"\.json|\.csv" if self.rows or self.lists else r"\.json"
        return rf"^{HOME}{self.path}(?P<suffix>{suffixes})?$", respond


class WrongField(Exception):
    """What a parameter names is not there, or cannot be asked about: a sentence for its field, and the HTTP status."""

    def __init__(self, name: str, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.name, self.status = name, status


class Elsewhere(Exception):
    """The page is under another address, where the browser is sent."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


async def answer(page: AuditPage, datasette: Any, request: Any) -> Response:
    """The page as HTML or JSON; GET and HEAD only."""
    if request.method == "OPTIONS" and datasette.cors:
        # What a browser asks first of another origin.
        return json_answer(datasette, {"ok": True})
    if request.method not in ("GET", "HEAD"):
        return Response.text("Method not allowed", status=405, headers={"Allow": "GET, HEAD"})
    as_json = request.url_vars.get("suffix") == JSON
    # A receipt is a file of JSON and no twin of a page; what keeps it from being made is JSON all the same.
    says_json = request.path.endswith(JSON)
    asked_for = request.args.get("lang")
    chosen = language_of(request)
    with speaking(chosen):
        try:
            response = await _answer(page, datasette, request, as_json)
        except Elsewhere as elsewhere:
            response = Response.redirect(elsewhere.url)
        except Failure as failure:
            known = await _known_database(datasette, request)
            response = await failure_page(datasette, request, failure, says_json, known)
        except Forbidden as error:
            if not says_json:
                raise
            denied = {"ok": False, "status": 403, "error": str(error)}
            response = json_answer(datasette, denied, 403)
    response.headers["Content-Language"] = chosen
    response.headers["Vary"] = "Accept-Language, Cookie"
    if (reason := request.args.get("reason")) and access_log(datasette):
        response.set_cookie(REASON, reason_of(request) or reason, httponly=True, samesite="lax")
    if asked_for in LANGUAGES and not as_json:
        path = f"{datasette.setting('base_url').rstrip('/')}{HOME}"
        response.set_cookie(
            COOKIE, asked_for, max_age=YEAR_S, path=path, httponly=True, samesite="lax"
        )
    return response


async def _answer(page: AuditPage, datasette: Any, request: Any, as_json: bool) -> Response:
    database, is_named = await _database(datasette, request)
    given = {name: request.args.getlist(name) for name in request.args}
    if page.query and not await can_ask(datasette, request.actor, database, page.query):
        raise Forbidden("view-query")
    links = Links(datasette, database, is_named)
    known = page.parameters
    if request.url_vars.get("suffix") == CSV:
        known = (*(of_list(page.lists, given) if page.lists else known), *EXPORTED)
    asked = read_parameters(known, given)
    found = Found(datasette, request, database, links, asked, request.url_vars)
    log = access_log(datasette)
    if log and log.asks_reason and page.is_personal and not reason_of(request):
        asked.wrong["reason"] = _("say why you look at this customer")
    if asked.wrong:
        return await _refuse(page, found, request.path.endswith(JSON))
    head, newest = await _head(found), None
    try:
        if found.is_csv:
            rows, read_rows = page.rows, page.read
            if page.lists:
                rows, read_rows = "rows", page.lists[asked["list"]].read
            export = await begin(found, rows, read_rows, partial(_read, page=page))
            data = export.first
        else:
            read, newest = await _read(_with_newest(page.read), found, page)
            data = head | read
    except WrongField as wrong:
        asked.wrong[wrong.name] = str(wrong)
        return await _refuse(page, found, as_json, wrong.status)
    who = data["profile_id"] if isinstance(data.get("profile_id"), int) else None
    if log and (who is not None or _is_noted(page, data)):
        await note(log, request, database, request.path, who)
    if found.is_csv:
        parts = (page.query or page.name, *([asked["list"]] if page.lists else ()))
        return CsvResponse(export, request, datasette, csv_name(database, "-".join(parts)))
    data["warnings"] = [*head["warnings"], *data.pop("health_warnings", ())]
    if as_json:
        return json_answer(datasette, data, page.json_status(found, data))
    shown = page.show(found, data)
    if isinstance(shown, Response):
        return shown
    if page.rows:
        shown = {"csv_url": csv_url(found), **shown}
    if page.lists:
        urls = {
            name: csv_url(found, name, [parameter.name for parameter in one.parameters])
            for name, one in page.lists.items()
        }
        shown = {"csv_urls": urls, **shown}
    shown = shown | {"data": data, "stamp": stamp(request, found.file, newest)}
    return await _html(found, f"personalization_{page.name}.html", page.place, shown)


def _is_noted(page: AuditPage, data: Mapping[str, Any]) -> bool:
    """Whether it is about customers, of whom it names none by itself."""
    return bool(page.is_noted and data[page.rows]) or (
        bool(page.lists) and "profile_id" in data.get("columns", ())
    )


def _with_newest(
    read: Callable[[Any, Found], dict[str, Any]],
) -> Callable[[Any, Found], tuple[dict[str, Any], tuple[int, str] | None]]:
    return lambda db, found: (read(db, found), newest_seal(db))


async def _read(function: Callable[[Any, Found], T], found: Found, page: AuditPage) -> T:
    return await read_page(
        found.datasette, found.database, lambda db: function(db, found), page.at_least_ms(found)
    )


async def _database(datasette: Any, request: Any) -> tuple[str, bool]:
    names = await visible_databases(datasette, request.actor)
    chosen = request.args.get("database")
    if chosen in datasette.databases and not await can_view(datasette, request.actor, chosen):
        raise Forbidden("view-database")
    if not names:
        raise no_schema()
    if chosen in names or (chosen is None and len(names) == 1):
        return chosen or names[0], len(names) > 1
    here = request.path.removeprefix(datasette.setting("base_url").rstrip("/"))
    args = [pair for pair in parse_qsl(request.query_string) if pair[0] != "database"]
    addresses = {
        name: datasette.urls.path(f"{here}?{urlencode([('database', name), *args])}")
        for name in names
    }
    raise which_database(chosen, addresses)


async def _known_database(datasette: Any, request: Any) -> str:
    """Which database is asked about, or none where that is what cannot be told."""
    try:
        name, _is_named = await _database(datasette, request)
    except (Failure, Forbidden):
        return ""
    return name


async def _head(found: Found) -> dict[str, Any]:
    warnings = {
        "wal_not_shown": wal_warning(found.datasette.get_database(found.database)),
        "other_questions": await metadata_warning(found.datasette, found.database),
    }
    return {
        "ok": True,
        "database": found.database,
        "warnings": [
            {"reason": reason, "sentence": sentence}
            for reason, sentence in warnings.items()
            if sentence
        ],
        "package_version": __version__,
    }


async def _refuse(page: AuditPage, found: Found, as_json: bool, status: int = 400) -> Response:
    """Which parameter cannot be, beside its field, and no rows."""
    wrong = dict(found.asked.wrong)
    data = {
        "ok": False,
        "status": status,
        "title": (
            _("A parameter cannot be as it is given") if status == 400 else _("There is no answer")
        ),
        "error": "; ".join(f"{name}: {sentence}" for name, sentence in wrong.items()),
        "todo": _("mend what is named, or leave it out"),
        "parameters": wrong,
    }
    if as_json:
        return json_answer(found.datasette, data, status)
    shown = {
        "title": data["title"],
        "wrong": wrong,
        "known": [parameter.name for parameter in page.parameters],
        "form": fields(_with_reason(page.parameters, wrong), found.asked),
        "here_url": found.request.path.removesuffix(CSV),
        "database": found.database,
        "warnings": [],
        "stamp": stamp(found.request, found.file, await _newest(found)),
    }
    if page.refuse:
        shown |= await _read(page.refuse, found, page)
        shown["form"] += fields(_with_reason((), wrong), found.asked)
    return await _html(found, "personalization_refused.html", page.place, shown, status)


async def _newest(found: Found) -> tuple[int, str] | None:
    try:
        return await read_page(found.datasette, found.database, newest_seal)
    except Failure:
        return None


_REASON = PageParameter("reason", words, lambda: _("Reason"))


def _with_reason(
    parameters: tuple[PageParameter, ...], wrong: Mapping[str, str]
) -> tuple[PageParameter, ...]:
    return (*parameters, _REASON) if "reason" in wrong else parameters


def fields(parameters: Sequence[PageParameter], asked: Asked) -> list[dict[str, Any]]:
    """A form's fields as the template has them: what was given stays in them, with what is wrong."""
    shown = []
    for parameter in parameters:
        value = asked.texts.get(parameter.name, "")
        if not value and parameter.default is not None:
            value = str(parameter.default)
        shown.append(
            {
                "name": parameter.name,
                "label": parameter.label(),
                "value": value,
                "choices": _with(parameter.choices(), value) if parameter.choices else None,
                "kind": parameter.kind,
                "wrong": asked.wrong.get(parameter.name),
            }
        )
    return shown


def _with(choices: Sequence[tuple[str, str]], value: str) -> list[tuple[str, str]]:
    """What there is to select from, and what was given besides."""
    is_there = not value or value in dict(choices)
    return [*choices, *([] if is_there else [(value, value)])]


async def _html(
    found: Found, template: str, place: str, shown: dict[str, Any], status: int = 200
) -> Response:
    context = {"classes": CLASSES, "states": _states(), **shown}
    return await html(found.datasette, found.request, found.links, template, place, context, status)


def _states() -> dict[str, str]:
    return {
        HOLDS: _("holds"),
        FAULT: _("does not hold"),
        UNVERIFIED: _("not verified"),
        OPEN: _("open"),
    }
