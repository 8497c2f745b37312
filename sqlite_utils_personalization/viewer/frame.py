"""The frame of our own pages: the language, the menu, headers without script; and the page of what cannot be shown."""

import re
import shlex
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode

from datasette import Response

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.language import LANGUAGES, accepted
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.connections import file_name
from sqlite_utils_personalization.viewer.failure import Failure, json_answer
from sqlite_utils_personalization.viewer.formats import FORMATS, moment_text
from sqlite_utils_personalization.viewer.links import Links

NAMES = {"en": "English", "ja": "日本語"}
# Reasons of warnings about how the file is served.
SERVED = ("wal_not_shown", "other_questions")
COOKIE = "pa_lang"
YEAR_S = 31_536_000
# No script, nothing from elsewhere, in no frame; styles are in the one style sheet.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def language_of(request: Any) -> str:
    """The language of ?lang=, of the cookie, or the best of Accept-Language; else English."""
    said = request.args.get("lang") or request.cookies.get(COOKIE)
    return said if said in LANGUAGES else accepted(request.headers.get("accept-language") or "")


async def html(
    datasette: Any,
    request: Any,
    links: Links,
    template: str,
    place: str,
    shown: Mapping[str, Any],
    status: int = 200,
) -> Response:
    """The template in our own frame; place is the entry of the menu that it belongs to."""
    file = file_name(datasette, links.database) if links.database else ""
    # What a page has read never takes the place of what the frame needs.
    data = shown.get("data", {})
    context: dict[str, Any] = {
        **data,
        "crumbs": [],
        # What the health of the file warns of is said in the sections of the overview.
        "warnings": [
            one["sentence"] for one in data.get("warnings", []) if one["reason"] in SERVED
        ],
        "has_search": False,
        "json_url": json_url(request),
        **FORMATS,
        "language": language_of(request),
        "languages": {code: _in(request, code) for code in LANGUAGES},
        "names": NAMES,
        "links": links,
        "here": place,
        "menu": _places(links) if links.database else [],
        "file": file,
        "quoted_file": shlex.quote(file),
        "database": links.database,
        "stamp": stamp(request),
        **shown,
    }
    text = await datasette.render_template(template, context, request=request)
    return Response.html(text, status=status, headers=dict(_HEADERS))


_NEWEST = "SELECT seal_id, tree_root FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1"
_HASH = re.compile("([0-9a-fA-F]{8})[0-9a-fA-F]{56}")


def newest_seal(db: sqlite3.Connection) -> tuple[int, str] | None:
    """The number of the newest seal and the root over all of them, None where nothing is sealed; read-only."""
    row: tuple[int, str] | None = db.execute(_NEWEST).fetchone()
    return row


def stamp(request: Any, file: str = "", newest: tuple[int, str] | None = None) -> str:
    """The last line of a page on paper: of which file and page it is, how far that goes, and when."""
    said = {"page": _address(request), "version": __version__, "time": moment_text(utc_now())}
    if not file:
        return _("Page {page} · viewer {version} · printed {time}", **said)
    if newest is None:
        return _(
            "Printed from {file} · page {page} · nothing is sealed · viewer {version} · printed {time}",
            file=file,
            **said,
        )
    return _(
        "Printed from {file} · page {page} · newest seal {seal}, head {head} · viewer {version} · printed {time}",
        file=file,
        seal=newest[0],
        head=newest[1],
        **said,
    )


def _address(request: Any) -> str:
    query = unquote(urlencode(_pairs(request, "reason")))
    return f"{request.path}?{query}" if query else str(request.path)


async def failure_page(
    datasette: Any, request: Any, failure: Failure, as_json: bool, database: str = ""
) -> Response:
    """What cannot be shown, as a page or as JSON; with the menu and the search of the database, if it is known."""
    data = {"ok": False, "status": failure.status, "title": failure.title, "error": failure.text}
    data |= {"todo": failure.todo, "links": dict(failure.links)}
    if failure.parameter is not None:
        data["parameter"] = failure.parameter
    if as_json:
        return json_answer(datasette, data, failure.status)
    shown = {key: value for key, value in data.items() if key != "links"}
    shown["links_to"] = data["links"]
    links = Links(datasette, database, is_named="database" in request.args)
    name = "personalization_failed.html"
    return await html(datasette, request, links, name, "", shown, failure.status)


def _places(links: Links) -> list[tuple[str, str, str]]:
    return [
        ("overview", _("Overview"), links.home()),
        ("nights", _("Nights"), links.nights()),
        ("money", _("Money"), links.money()),
        ("verification", _("Verification"), links.verification()),
        ("questions", _("Questions"), links.questions()),
    ]


def _in(request: Any, code: str) -> str:
    return f"{request.path}?{urlencode([*_pairs(request), ('lang', code)])}"


def _pairs(request: Any, *but: str) -> list[tuple[str, str]]:
    """What the page was asked, but for the language and these; a whole hash is shown nowhere, and needs no more."""
    return [
        (name, _HASH.sub(r"\1", value))
        for name in request.args
        for value in request.args.getlist(name)
        if name not in ("lang", *but)
    ]


def json_url(request: Any) -> str:
    """Where the same is as JSON; empty if what was asked for has another ending."""
    if "." in request.path.rsplit("/", 1)[-1]:
        return ""
    pairs = _pairs(request)
    return f"{request.path}.json{f'?{urlencode(pairs)}' if pairs else ''}"
