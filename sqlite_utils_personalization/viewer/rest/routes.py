"""The routes, only where the plugin setting customer_api names a database, and the contract that they keep to: OpenAPI
3.1, openapi.json of this package, with the preference schema that every writer obeys.
"""

import json
import shlex
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from copy import deepcopy
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from datasette import Response, hookimpl
from datasette.utils import StartupError

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.canonical import canonical_json, sha256_hex
from sqlite_utils_personalization.customer_api.key_source import check_source
from sqlite_utils_personalization.customer_api.recommendations import MOST
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import LANGUAGES, accepted, speaking
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import FEEDBACK, TYPES
from sqlite_utils_personalization.preferences.validation import published_schema
from sqlite_utils_personalization.viewer.connections import file_name, has_our_schema
from sqlite_utils_personalization.viewer.rest.authenticate import api, authenticate, plugin_settings
from sqlite_utils_personalization.viewer.rest.feedback import get_feedback, post_feedback
from sqlite_utils_personalization.viewer.rest.problem import FOR_THE_OPERATOR, Problem, problem
from sqlite_utils_personalization.viewer.rest.profile import (
    delete_profile,
    get_profile,
    put_profile,
)
from sqlite_utils_personalization.viewer.rest.recommendations import (
    API,
    explain_recommendation,
    get_deliveries,
    get_recommendations,
)
from sqlite_utils_personalization.viewer.rest.request import Call, is_known
from sqlite_utils_personalization.viewer.settings import PLUGIN, is_open, refuse_open_secret

CONTRACT = "/v1/openapi.json"
LANGUAGE = "Content-Language"

View = Callable[[Call], Awaitable[Response]]
Route = Callable[..., Awaitable[Response]]


@hookimpl(specname="register_routes")
def customer_routes(datasette: Any) -> list[tuple[str, Route]]:
    if not is_open(plugin_settings(datasette)):
        return []
    profile = {"GET": get_profile, "PUT": put_profile, "DELETE": delete_profile}
    return [
        (rf"^{CONTRACT}$", _safe(contract)),
        (rf"^{API}/profile$", _safe(_customers(profile))),
        (rf"^{API}/recommendations$", _safe(_customers({"GET": get_recommendations}))),
        (
            rf"^{API}/recommendations/(?P<rec_id>[^/]+)$",
            _safe(_customers({"GET": explain_recommendation})),
        ),
        (rf"^{API}/deliveries$", _safe(_customers({"GET": get_deliveries}))),
        (
            rf"^{API}/feedback$",
            _safe(_customers({"GET": get_feedback, "POST": post_feedback})),
        ),
        # Whatever else is asked for here is refused in the same shape.
        (rf"^{API}(/.*)?$", _safe(nothing_here)),
    ]


@hookimpl(specname="startup")
def check_customer_settings(datasette: Any) -> Callable[[], Awaitable[None]] | None:
    if not is_open(plugin_settings(datasette)):
        return None
    try:
        refuse_open_secret(_as_written(datasette))
        given = api(datasette).settings
    except PersonalizationError as error:
        raise StartupError(f"{PLUGIN}: {error}") from None
    if given.database not in datasette.databases:
        raise StartupError(
            f"{PLUGIN}: customer_api names a database that is not served - name one that is"
        )

    async def check_tables() -> None:
        source, keys = datasette.get_database(given.database), given.keys
        try:
            if keys:
                await source.execute_fn(lambda db: check_source(db, keys))
            if not await has_our_schema(source):
                name = file_name(datasette, given.database)
                raise PersonalizationError(
                    f"{name} has none of our tables",
                    f"run: sqlite-utils personalization-migrate {shlex.quote(name)}",
                )
        except PersonalizationError as error:
            # The pages of the audit do without; and what is not there yet may be there before a customer asks.
            print(f"Warning: {PLUGIN}: no customer is answered: {error}", file=sys.stderr)
        except FOR_THE_OPERATOR as error:
            print(f"Warning: {PLUGIN}: could not be checked: {error}", file=sys.stderr)

    return check_tables


@hookimpl
def skip_csrf(datasette: Any, scope: Any) -> bool:
    """Datasette 0.65 only. A cookie means nothing on these routes, so that there is nothing to forge."""
    base: str = datasette.setting("base_url").rstrip("/")
    return str(scope["path"]).startswith(f"{base}{API}/")


async def contract(datasette: Any, request: Any) -> Response:
    """The OpenAPI document, for anyone."""
    _check_method(request, ("GET", "HEAD"))
    text, etag = _encoded(datasette.urls.path("/"))
    headers = {"ETag": f'"{etag}"', "Cache-Control": "public, no-cache", LANGUAGE: "en"}
    if is_known(request, etag):
        return Response("", 304, headers)
    return Response(text, headers=headers, content_type="application/json; charset=utf-8")


async def nothing_here(datasette: Any, request: Any) -> Response:
    """Problem 404."""
    raise Problem(404, _("There is nothing at this address."))


def _customers(views: Mapping[str, View]) -> Route:
    known = [*views]
    known.insert(known.index("GET") + 1, "HEAD")

    async def respond(datasette: Any, request: Any) -> Response:
        _check_method(request, known)
        method = "GET" if request.method == "HEAD" else request.method
        return await views[method](await authenticate(datasette, request))

    return respond


def _safe(view: Route) -> Route:
    async def respond(datasette: Any, request: Any) -> Response:
        chosen = accepted(request.headers.get("accept-language") or "")
        with speaking(chosen):
            try:
                preflight = _preflight(datasette, request)
                answer = preflight or await view(datasette, request)
            except Exception as error:
                answer = problem(error).response()
        answer.headers.setdefault(LANGUAGE, chosen)
        if datasette.cors:
            answer.headers |= _CORS
        if request.method == "HEAD":
            answer.body = ""
        return answer

    return respond


# A page of another origin may ask: it has to send the key itself, no cookie counts here.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Allow, ETag, Link, Retry-After, WWW-Authenticate",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, X-API-Key",
    "Access-Control-Max-Age": "3600",
}


def _preflight(datasette: Any, request: Any) -> Response | None:
    """What a browser asks first, without the key, where datasette --cors lets it."""
    is_one = request.method == "OPTIONS" and "access-control-request-method" in request.headers
    return Response("", 200, dict(_PREFLIGHT)) if datasette.cors and is_one else None


def _check_method(request: Any, known: Collection[str]) -> None:
    if request.method not in known:
        allowed = ", ".join(known)
        what = _("This address takes {allowed} only.", allowed=allowed)
        raise Problem(405, what, headers={"Allow": allowed})


def _as_written(datasette: Any) -> Mapping[str, Any]:
    # Where 0.65 keeps what 1.0 keeps as config.
    plugins = (
        datasette.metadata("plugins")
        if hasattr(datasette, "metadata")
        else (datasette.config or {}).get("plugins")
    )
    return (plugins or {}).get(PLUGIN) or {}


def document(base_url: str) -> dict[str, Any]:
    """The document for a Datasette at this base_url; read-only."""
    found = deepcopy(_packaged())
    found["info"]["version"] = __version__
    found["servers"] = [{"url": base_url.rstrip("/") or "/"}]
    schemas, parameters = found["components"]["schemas"], found["components"]["parameters"]
    schemas["Preference"] = published_schema()
    schemas["Type"]["enum"] = list(TYPES)
    schemas["Word"]["enum"] = list(FEEDBACK)
    parameters["size"]["schema"]["maximum"] = MOST
    found["components"]["headers"]["ContentLanguage"]["schema"]["enum"] = list(LANGUAGES)
    return found


@lru_cache(maxsize=8)
def _encoded(base_url: str) -> tuple[str, str]:
    """The document as text, and its ETag."""
    found = document(base_url)
    return json.dumps(found), sha256_hex(canonical_json(found))[:32]


@cache
def _packaged() -> dict[str, Any]:
    text = files(__package__).joinpath("openapi.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
