"""What customers declare: one function for each command, on a path or a connection.

Where a customer may be named otherwise than by the whole user_token_hash, it is only read. Errors that every function
here may raise beside its own are NoSchema, Locked, Damaged, ReadOnly, and InvalidInput where an argument cannot be.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict

from sqlite_utils_personalization.api.opened import (
    File,
    Opened,
    alone,
    reading,
    streamed,
    writing,
)
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.model.model import packs_of
from sqlite_utils_personalization.preferences import import_profiles as many
from sqlite_utils_personalization.preferences import profile as declared
from sqlite_utils_personalization.preferences.customer import is_hash
from sqlite_utils_personalization.preferences.validation import check_given, validate

ModelPath = str | PathLike[str] | None


class ShownProfile(TypedDict):
    """One customer. Times are UTC; etag stands for the preferences as they are now."""

    profile_id: int
    customer: str
    preferences: dict[str, Any]
    created_at: str
    last_updated_at: str
    etag: str


class Difference(TypedDict):
    """One key before and after; None where nothing is declared."""

    before: Any
    after: Any


class DeclaredProfile(ShownProfile):
    """What setting did: outcome is 'created', 'updated' or 'unchanged', changed has the keys that changed."""

    outcome: str
    changed: dict[str, Difference]


class ListedProfile(TypedDict):
    """One customer in a list; declared_keys joined by commas, None where what is stored cannot be read."""

    profile_id: int
    customer: str
    declared_keys: str | None
    created_at: str
    last_updated_at: str


class RefusedProfile(TypedDict):
    """One stored preference that the schema refuses, and why."""

    profile_id: int
    sentence: str


class ImportedProfiles(TypedDict):
    """Numbers of customers: in all, added, updated, and already so."""

    profiles: int
    created: int
    updated: int
    unchanged: int


def set_preferences(
    file: File,
    customer: str,
    preferences: Mapping[str, Any],
    *,
    merge: bool = False,
    if_match: str | None = None,
    known_as: str | None = None,
    model: ModelPath = None,
    timeout_s: float | None = None,
) -> DeclaredProfile:
    """Store what the customer with this user_token_hash declares, adding the customer if there is none.

    With merge, keys that are not given stay, and those given as None go. if_match is the etag of what was read, or '*'
    for whatever is stored. known_as is what other programs keep of the same key, see KeyHashing. model names the
    packs, if not the packaged one. InvalidInput names every fault by its path, and repeats no value; Conflict if
    if_match does not hold or what is stored cannot be merged into. In both cases nothing is stored.
    """
    user_token_hash = whole_hash(customer)
    if known_as is not None:
        whole_hash(known_as, "known_as")
    if not isinstance(if_match, str | None):
        raise InvalidInput("if_match is no text", "give the etag that was read, or '*'")
    packs = packs_of(_path(model))
    # Before the lock is taken, too: what cannot be makes nobody wait.
    check_preferences(preferences, merge=merge, model=model)
    with writing(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        done = declared.set_preferences(
            *(found.conn, user_token_hash, preferences, packs),
            merge=merge,
            if_match=if_match,
            known_as=known_as,
        )
    outcome = "created" if done.is_created else "updated" if done.is_updated else "unchanged"
    changed = {
        key: Difference(before=before, after=after) for key, (before, after) in done.changed.items()
    }
    return {**_shown(done.profile), "outcome": outcome, "changed": changed}


def check_preferences(preferences: object, *, merge: bool = False, model: ModelPath = None) -> None:
    """InvalidInput with every fault if these cannot be, whatever is stored; reads no database."""
    packs = packs_of(_path(model))
    if merge:
        check_given(preferences, packs)
    else:
        validate(preferences, packs)


def get_profile(file: File, customer: str | int) -> ShownProfile:
    """What one customer declares; read-only.

    NotFound if there is no such customer, also where it was erased; Conflict if another program stored what is no JSON
    object.
    """
    with read_profiles(file) as found:
        return _shown(declared.profile_of(found.conn, customer))


def list_profiles(file: File) -> Iterator[ListedProfile]:
    """Every customer who is not erased, by profile_id; read-only, in bounded memory."""

    def rows(found: Opened) -> Iterator[ListedProfile]:
        require_evidence(found.conn, found.path)
        for each in declared.list_profiles(found.conn):
            yield {
                "profile_id": each.profile_id,
                "customer": each.handle,
                "declared_keys": declared.shown_keys(each),
                "created_at": each.created_at,
                "last_updated_at": each.last_updated_at,
            }

    return streamed(file, rows)


def check_profiles(file: File, *, model: ModelPath = None) -> Iterator[RefusedProfile]:
    """Every stored preference that the schema refuses, by profile_id; read-only, in bounded memory.

    A sentence names the path of what is wrong, never the value.
    """
    packs = packs_of(_path(model))

    def rows(found: Opened) -> Iterator[RefusedProfile]:
        require_evidence(found.conn, found.path)
        for profile_id, sentence in many.check_profiles(found.conn, packs):
            yield {"profile_id": profile_id, "sentence": sentence}

    return streamed(file, rows)


def import_profiles(
    file: File,
    profiles: Iterable[str | bytes | Mapping[str, Any]],
    *,
    model: ModelPath = None,
    timeout_s: float | None = None,
) -> ImportedProfiles:
    """Store many customers, all or none: each replaces all that this customer declared.

    One of profiles is {"user_token_hash": ..., "preferences": {...}}, or such a line of JSON, as an open file gives
    them; they are taken one at a time, before the lock is. InvalidInput, if any cannot be, has in its faults the number
    of each, from 1, and a sentence, 100 of them at most. Conflict within a transaction of the caller's.
    """
    if isinstance(profiles, str | bytes | Mapping) or not isinstance(profiles, Iterable):
        raise InvalidInput("profiles is no list of customers", "give an open file, or dicts")
    packs = packs_of(_path(model))
    with alone(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        done = many.import_profiles(found.conn, profiles, packs)
    return {"profiles": sum(done), **done._asdict()}  # type: ignore[typeddict-item]


@contextmanager
def read_profiles(file: File) -> Iterator[Opened]:
    """The file, only read; NoSchema where our tables are missing."""
    with reading(file) as found:
        require_evidence(found.conn, found.path)
        yield found


def _shown(profile: declared.Profile) -> ShownProfile:
    return {
        "profile_id": profile.profile_id,
        "customer": profile.handle,
        "preferences": profile.declared,
        "created_at": profile.created_at,
        "last_updated_at": profile.last_updated_at,
        "etag": profile.etag,
    }


def whole_hash(customer: object, name: str = "customer") -> str:
    """The customer as what changes one names it. InvalidInput if it is no whole hash."""
    if not is_hash(customer):
        raise InvalidInput(
            f"{name} is not 64 lower-case hex digits",
            "what changes a customer takes the whole hash: KeyHashing().hash(key).user_token_hash",
        )
    return str(customer)


def _path(model: ModelPath) -> Path | None:
    try:
        return None if model is None else Path(model)
    except TypeError:
        raise InvalidInput("model is no path", "give that of a JSON file, or nothing") from None
