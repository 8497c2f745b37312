"""/v1/me/personalization/feedback: what a customer says of items. In the body, because addresses are logged."""

from datasette import Response

from sqlite_utils_personalization.api.feedback import give_feedback, list_feedback
from sqlite_utils_personalization.customer_api.free import feedback_answer
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.preferences.feedback import check_feedback
from sqlite_utils_personalization.viewer.rest.request import Call, json_body, query

FIELDS = ("type", "item_id", "feedback")


async def get_feedback(call: Call) -> Response:
    """200 with the last word on each item; 404 if nothing is declared."""
    query(call.request, ())
    found = await call.read(lambda db: list_feedback(db, call.user_token_hash))
    return call.answer({"feedback": found})


async def post_feedback(call: Call) -> Response:
    """201 if it was noted, 200 if it had been said already; 404 if no night saw the item for this customer."""
    query(call.request, ())
    body = await json_body(call.request)
    if not isinstance(body, dict) or body.keys() != set(FIELDS):
        names = ", ".join(FIELDS)
        raise InvalidInput(
            _("the body is not an object with {names} and nothing else", names=names)
        )
    given = [body[name] for name in FIELDS]
    check_feedback(*given)
    done = await call.write(lambda db: give_feedback(db, call.user_token_hash, *given))
    return call.answer(feedback_answer(done), 201 if done["outcome"] == "noted" else 200)
