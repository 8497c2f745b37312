"""/v1/me/personalization/profile: what a customer declared."""

from functools import cache
from typing import Any

from datasette import Response

from sqlite_utils_personalization.errors import Changed, InvalidPreference
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.erasure import Erasure, checkpoint, erase
from sqlite_utils_personalization.preferences.profile import (
    ANY_VERSION,
    Profile,
    StoredPreference,
    find_profile,
    store,
)
from sqlite_utils_personalization.preferences.validation import validate
from sqlite_utils_personalization.viewer.rest.problem import (
    FOR_THE_OPERATOR,
    Problem,
    nothing_declared,
)
from sqlite_utils_personalization.viewer.rest.request import (
    Call,
    if_match,
    json_body,
    must_be_new,
    query,
)

# Every other write waits for it.
_CHECKPOINT_S = 2.0


async def get_profile(call: Call) -> Response:
    """200 with what is declared, and its ETag; 404 if nothing is, 409 if another program stored what is none."""
    query(call.request, ())
    profile = await call.read(lambda db: _present(db, call.user_token_hash))
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
    version, is_new = if_match(call.request), must_be_new(call.request)
    # What is not valid is that whatever is stored, and takes no place in the queue.
    declared = validate(await json_body(call.request), _packs())

    def put(db: Any) -> StoredPreference:
        if is_new and find_profile(db, call.user_token_hash):
            raise Changed("there is a preference already", "read it, then set it with If-Match")
        return store(db, call.user_token_hash, declared, if_match=version)

    change = await call.write(put)
    changed = {
        key: {"before": before, "after": after} for key, (before, after) in change.changed.items()
    }
    data = _shown(change.profile) | {"created": change.created, "changed": changed}
    return call.answer(data, 201 if change.created else 200, _etag(change.profile))


async def delete_profile(call: Call) -> Response:
    """200 with what was erased and what remains; 404 if there was nothing."""
    query(call.request, ())
    version, wal_emptied = if_match(call.request), False

    def delete(db: Any) -> Erasure:
        profile = _present(db, call.user_token_hash)
        if version not in (None, ANY_VERSION, profile.etag):
            raise Changed(
                "the preference is not the one that was read", "read it again, then decide"
            )
        erasure = erase(db, call.user_token_hash)
        assert erasure is not None
        return erasure

    def empty_wal(db: Any) -> None:
        nonlocal wal_emptied
        try:
            checkpoint(db, call.source.path, _CHECKPOINT_S)
            wal_emptied = True
        except FOR_THE_OPERATOR:
            # Erased it is; the old bytes go with the next checkpoint.
            wal_emptied = False

    erasure = await call.write(delete, then=empty_wal)
    data = {
        "erased_at": erasure.erased_at,
        "legal_basis": erasure.legal_basis,
        "recommendations_kept": erasure.log_rows,
        "saved_searches_kept": erasure.saved_searches,
        "feedback_kept": erasure.feedback_rows,
        "old_bytes_overwritten": wal_emptied,
    }
    return call.answer(data)


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
