"""/v1/me/personalization/profile: what a customer declared."""

from functools import cache
from typing import Any

from datasette import Response

from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.erasing import AT_A_DOOR, Erasing
from sqlite_utils_personalization.preferences.old_bytes import NAMES
from sqlite_utils_personalization.preferences.others import Held
from sqlite_utils_personalization.preferences.profile import (
    Profile,
    StoredPreference,
    find_profile,
    store,
)
from sqlite_utils_personalization.preferences.validation import validate
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
    profile = await call.read(lambda db: _present(db, call.user_token_hash))
    if is_known(call.request, profile.etag):
        return not_modified(_etag(profile))
    try:
        return call.answer(_shown(profile), headers=_etag(profile))
    except InvalidPreference:
        raise Problem(
            409,
            "What is stored under this key is no preference; another program put it there.",
            "PUT what you declare: it takes its place.",
        ) from None


async def put_profile(call: Call) -> Response:
    """201 if the customer is new, 200 otherwise, with what changed; 412 if If-Match or If-None-Match does not hold."""
    query(call.request, ())
    # What is not valid is that whatever is stored, and takes no place in the queue.
    declared = validate(await json_body(call.request), _packs())

    def put(db: Any) -> StoredPreference:
        stored = find_profile(db, call.user_token_hash)
        check_preconditions(call.request, stored.etag if stored else None)
        return store(db, call.user_token_hash, declared, known_as=call.known_as)

    change = await call.write(put)
    changed = {
        key: {"before": before, "after": after} for key, (before, after) in change.changed.items()
    }
    data = _shown(change.profile) | {"created": change.created, "changed": changed}
    return call.answer(data, 201 if change.created else 200, _etag(change.profile))


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
    erasure = found.erasure
    assert erasure is not None
    data = {
        "erased_at": erasure.erased_at,
        "legal_basis": erasure.legal_basis,
        "recommendations_kept": erasure.log_rows,
        "saved_searches_kept": erasure.saved_searches,
        "feedback_kept": erasure.feedback_rows,
        "old_bytes_overwritten": found.old_bytes_overwritten,
        "old_bytes_in": [NAMES[suffix] for suffix in found.left],
        "held_in_tables": list(found.tables),
        "held_by_others": [_held(held) for held in found.held_by_others if held.rows],
        "tables_not_looked_into": sum(held.error is not None for held in found.held_by_others),
        "todo": found.todo,
    }
    return call.answer(data)


def _held(held: Held) -> dict[str, Any]:
    # Why a table could not be read is the operator's.
    return {name: value for name, value in held._asdict().items() if name != "error"}


@cache
def _packs() -> dict[str, str]:
    # Those of the package: reading and checking a model costs more than everything else here.
    packs: dict[str, str] = load_model().constants["packs"]
    return packs


def _present(db: Any, user_token_hash: str) -> Profile:
    if profile := find_profile(db, user_token_hash):
        return profile
    raise nothing_declared()


def _shown(profile: Profile) -> dict[str, Any]:
    return {
        "preferences": profile.declared,
        "created_at": profile.created_at,
        "last_updated_at": profile.last_updated_at,
    }


def _etag(profile: Profile) -> dict[str, str]:
    return {"ETag": f'"{profile.etag}"'}
