"""/v1/me/personalization/profile: what a customer declared."""

from collections.abc import Mapping
from typing import Any

from datasette import Response

from sqlite_utils_personalization.api.declarations import (
    DeclaredProfile,
    check_preferences,
    set_preferences,
)
from sqlite_utils_personalization.api.declarations import get_profile as shown_profile
from sqlite_utils_personalization.api.rights import erased_profile
from sqlite_utils_personalization.customer_api.free import (
    declaration_answer,
    erasure_answer,
    profile_answer,
)
from sqlite_utils_personalization.errors import Conflict
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.preferences.erasing import AT_A_DOOR, Erasing
from sqlite_utils_personalization.preferences.profile import Profile, find_profile
from sqlite_utils_personalization.viewer.rest.problem import (
    Problem,
    nothing_declared,
)
from sqlite_utils_personalization.viewer.rest.request import (
    Call,
    check_preconditions,
    is_known,
    json_body,
    not_modified,
    query,
)

# Every other write waits for it.
_CHECKPOINT_S = 2.0


async def get_profile(call: Call) -> Response:
    """200 with what is declared, and its ETag; 304 if If-None-Match names that, 404 if nothing is, 409 if another
    program stored what is none.
    """
    query(call.request, ())
    try:
        found = await call.read(lambda db: shown_profile(db, call.user_token_hash))
    except Conflict:
        raise Problem(
            409,
            _("What is stored under this key is no preference; another program put it there."),
            _("PUT what you declare: it takes its place."),
        ) from None
    if is_known(call.request, found["etag"]):
        return not_modified(_etag(found))
    return call.answer(profile_answer(found), headers=_etag(found))


async def put_profile(call: Call) -> Response:
    """201 if the customer is new, 200 otherwise, with what changed; 412 if If-Match or If-None-Match does not hold."""
    query(call.request, ())
    # What is not valid is that whatever is stored, and takes no place in the queue.
    given: Any = await json_body(call.request)
    check_preferences(given)

    def put(db: Any) -> DeclaredProfile:
        stored = find_profile(db, call.user_token_hash)
        check_preconditions(call.request, stored.etag if stored else None)
        return set_preferences(db, call.user_token_hash, given, known_as=call.known_as)

    done = await call.write(put)
    status = 201 if done["outcome"] == "created" else 200
    return call.answer(declaration_answer(done), status, _etag(done))


async def delete_profile(call: Call) -> Response:
    """200 with what was erased, what remains and where; 404 if there was nothing."""
    query(call.request, ())
    erasing = Erasing(call.source.path, call.user_token_hash, known_as=call.known_as)

    def delete(db: Any) -> None:
        profile = _present(db, call.user_token_hash)
        check_preconditions(call.request, profile.etag)
        erasing.cut(db)

    await call.write(delete, then=lambda db: erasing.clean(db, _CHECKPOINT_S))
    found = await call.read(lambda db: erasing.look(db, AT_A_DOOR))
    return call.answer(erasure_answer(erased_profile(found)))


def _present(db: Any, user_token_hash: str) -> Profile:
    if profile := find_profile(db, user_token_hash):
        return profile
    raise nothing_declared()


def _etag(profile: Mapping[str, Any]) -> dict[str, str]:
    return {"ETag": f'"{profile["etag"]}"'}
