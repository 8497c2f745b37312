"""/v1/me/personalization/recommendations and /deliveries: handing over, which is charged, and accounting for it."""

from typing import Any
from urllib.parse import urlencode

from datasette import Response

from sqlite_utils_personalization.api.handing_over import explain, recommendations, statement
from sqlite_utils_personalization.customer_api.recommendations import LATEST, check_query
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.rest.request import Call, query

API = "/v1/me/personalization"
CHANNEL = "rest"
PARAMETERS = ("type", "night", "size", "after", "preview")


async def get_recommendations(call: Call) -> Response:
    """200 with a page: each item is delivered, in the transaction that reads it, unless preview is 1."""
    parameters = query(call.request, PARAMETERS)
    # Asking for the headers alone hands over nothing.
    is_preview = parameters.get("preview", "0") == "1" or call.request.method == "HEAD"
    if parameters.get("preview", "0") not in ("0", "1"):
        raise InvalidInput(_("preview is not 1 or 0"), _("give one of them, or none"))

    kind = parameters.get("type")
    wanted: dict[str, Any] = {
        "night": parameters.get("night", LATEST),
        "size": _whole(parameters.get("size", "10")),
        "after": parameters.get("after"),
        "channel": None if is_preview else CHANNEL,
    }
    check_query(kind, **wanted)

    def page(db: Any) -> dict[str, Any]:
        found = recommendations(db, call.user_token_hash, type=kind, **wanted)
        return call.envelope.page(db, {**found})

    data = await (call.read(page) if is_preview else call.write(page))
    headers = _next(call, parameters, data["next"]) if call.request.method == "GET" else {}
    return call.answer(data if is_preview else _linked(call, data), headers=headers)


def _next(call: Call, parameters: dict[str, str], after: str | None) -> dict[str, str]:
    """Where the next page is, as programs that know nothing of us look for it."""
    if after is None:
        return {}
    here = call.datasette.urls.path(f"{API}/recommendations")
    return {"Link": f'<{here}?{urlencode({**parameters, "after": after})}>; rel="next"'}


async def explain_recommendation(call: Call) -> Response:
    """200 with why one that was delivered to this customer was made; 404 for any other."""
    query(call.request, ())
    rec_id = _whole(call.request.url_vars["rec_id"])

    def explained(db: Any) -> dict[str, Any]:
        return call.envelope.explanation(db, {**explain(db, call.user_token_hash, rec_id)})

    return call.answer(await call.read(explained))


async def get_deliveries(call: Call) -> Response:
    """200 with what was handed over to this customer in a month, and what it cost."""
    month = query(call.request, ("month",)).get("month")
    found = await call.read(lambda db: statement(db, call.user_token_hash, month))
    return call.answer({**found})


def _linked(call: Call, page: dict[str, Any]) -> dict[str, Any]:
    here = call.datasette.urls.path(f"{API}/recommendations")
    linked = [one | {"replay": f"{here}/{one['rec_id']}"} for one in page["recommendations"]]
    return page | {"recommendations": linked}


def _whole(text: str) -> int:
    # Whatever is no number is refused as one that is out of range.
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 16 else 0
