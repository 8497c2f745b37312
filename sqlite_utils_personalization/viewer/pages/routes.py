"""The routes: every page is HTML, or JSON with .json after its path, for whom may see the database; GET and HEAD only.

JSON begins {"ok": true, "database": name, "warnings": [{"reason", "sentence"}], "package_version": of this viewer}, and
the keys of the page follow: those of home.home and "scores" for /-/personalization.json, which may not be ok, and whose
status is then 503 where ?max_days= asks for it; those of replay.replay_page for
/-/personalization/replay/<rec_id>.json. A failure is {"ok": false, "status", "title", "error", "todo"}. Times are UTC,
days are Japanese calendar days. ?database= says which, where several have our schema. Keys are only ever added.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from unicodedata import normalize
from urllib.parse import parse_qsl, urlencode

from datasette import Forbidden, Response, hookimpl

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.health import MOST_DAYS, checked_days
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.viewer.access.access import can_view, visible_databases
from sqlite_utils_personalization.viewer.connections import read_page, wal_warning
from sqlite_utils_personalization.viewer.failure import (
    Failure,
    failure_page,
    html_page,
    json_answer,
    no_schema,
    which_database,
)
from sqlite_utils_personalization.viewer.links import HOME, home_url, replay_url
from sqlite_utils_personalization.viewer.pages.home import home, scores, show_home
from sqlite_utils_personalization.viewer.pages.replay import replay_page, show_replay
from sqlite_utils_personalization.viewer.queries.version_check import metadata_warning

# Most of it is not SQL: the whole catalogue is read, item by item. It does not grow with the log.
CATALOGUE_MS = 10_000
# A night of up to PROVED_LEAVES customers is walked; and one of a million where it is asked for.
WALK_MS, PROOF_MS = 2_000, 60_000

View = Callable[[Any, Any, str], Awaitable[dict[str, Any]]]
Show = Callable[[Any, str, dict[str, Any]], dict[str, Any]]
Route = Callable[..., Awaitable[Response]]


@hookimpl
def register_routes() -> list[tuple[str, Route]]:
    return [
        (rf"^{HOME}(?P<suffix>\.json)?$", _page("home", home_page, show_home)),
        (rf"^{HOME}/replay$", _read_only(find_replay)),
        (
            rf"^{HOME}/replay/(?P<rec_id>[^/]+?)(?P<suffix>\.json)?$",
            _page("replay", one_replay, show_replay),
        ),
    ]


async def home_page(datasette: Any, request: Any, database: str) -> dict[str, Any]:
    """The keys of home.home; and scores, rows per band of scores and type of the latest night, null if not written."""
    max_days = _max_days(request)
    data = await read_page(datasette, database, lambda db: home(db, max_days))
    latest = data["nights"][0]["run_id"] if data["nights"] else None
    data["scores"] = latest and await read_page(datasette, database, lambda db: scores(db, latest))
    return data


def _max_days(request: Any) -> int | None:
    """How many days old the last night may be, where a monitor asks."""
    text = request.args.get("max_days")
    try:
        return checked_days(int(text) if text and re.fullmatch("[0-9]{1,4}", text) else text)
    except InvalidInput:
        todo = f"Give a number from 0 to {MOST_DAYS}."
        raise Failure(400, "No such number of days", "max_days is no number.", todo) from None


async def one_replay(datasette: Any, request: Any, database: str) -> dict[str, Any]:
    """The keys of replay.replay_page; now only with ?now=on, the proof of a row of a large night with ?proof=on."""
    rec_id = request.url_vars["rec_id"]
    with_now, with_proof = (request.args.get(name) == "on" for name in ("now", "proof"))
    return await read_page(
        datasette,
        database,
        lambda db: replay_page(db, rec_id, with_now=with_now, with_proof=with_proof),
        max(WALK_MS, CATALOGUE_MS * with_now, PROOF_MS * with_proof),
    )


async def find_replay(datasette: Any, request: Any) -> Response:
    """Where the form of the home page leads: on to the page of the recommendation it names."""
    try:
        database = await _database(datasette, request)
    except Failure as failure:
        return await failure_page(datasette, request, failure, as_json=False)
    rec_id = normalize("NFKC", request.args.get("rec_id") or "").strip()
    # Only a number has a page of its own to go to.
    return Response.redirect(
        replay_url(datasette, database, rec_id if rec_id.isdecimal() else "none")
    )


def _read_only(view: Route) -> Route:
    async def respond(datasette: Any, request: Any) -> Response:
        if request.method == "OPTIONS" and datasette.cors:
            # What a browser asks first of another origin.
            return json_answer(datasette, {"ok": True})
        if request.method not in ("GET", "HEAD"):
            return Response.text("Method not allowed", status=405, headers={"Allow": "GET, HEAD"})
        return await view(datasette, request)

    return respond


def _page(name: str, view: View, show: Show) -> Route:
    async def respond(datasette: Any, request: Any) -> Response:
        as_json = bool(request.url_vars.get("suffix"))
        try:
            database = await _database(datasette, request)
            head, found = await _head(datasette, database), await view(datasette, request, database)
            data = head | found
            data["warnings"] = [*head["warnings"], *found.get("warnings", ())]
        except Failure as failure:
            return await failure_page(datasette, request, failure, as_json)
        except Forbidden as error:
            if not as_json:
                raise
            denied = {"ok": False, "status": 403, "error": str(error)}
            return json_answer(datasette, denied, 403)
        if as_json:
            is_asked = "max_days" in request.args
            return json_answer(datasette, data, 503 if is_asked and not data["ok"] else 200)
        shown = data | show(datasette, database, data) | {"home_url": home_url(datasette, database)}
        return await html_page(datasette, request, name, shown)

    return _read_only(respond)


async def _database(datasette: Any, request: Any) -> str:
    names = await visible_databases(datasette, request.actor)
    chosen = request.args.get("database")
    if chosen in datasette.databases and not await can_view(datasette, request.actor, chosen):
        raise Forbidden("view-database")
    if not names:
        raise no_schema()
    if chosen in names or (chosen is None and len(names) == 1):
        return chosen or names[0]
    here = request.path.removeprefix(datasette.setting("base_url").rstrip("/"))
    args = [pair for pair in parse_qsl(request.query_string) if pair[0] != "database"]
    raise which_database(
        chosen,
        {
            name: datasette.urls.path(f"{here}?{urlencode([('database', name), *args])}")
            for name in names
        },
    )


async def _head(datasette: Any, database: str) -> dict[str, Any]:
    warnings = {
        "wal_not_shown": wal_warning(datasette.get_database(database)),
        "other_questions": await metadata_warning(datasette, database),
    }
    return {
        "ok": True,
        "database": database,
        "warnings": [
            {"reason": reason, "sentence": sentence}
            for reason, sentence in warnings.items()
            if sentence
        ],
        "package_version": __version__,
    }
