"""What customers declare, say of items and may demand: one function for each command, on a path or a connection.

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
    seconds,
    streamed,
    writing,
)
from sqlite_utils_personalization.audit.export import export_text
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.model.model import packs_of
from sqlite_utils_personalization.preferences import feedback as said
from sqlite_utils_personalization.preferences import import_profiles as many
from sqlite_utils_personalization.preferences import profile as declared
from sqlite_utils_personalization.preferences.erasing import ErasedCustomer, erase_customer
from sqlite_utils_personalization.preferences.key_hashing import LEGAL_BASES, KeyHashing, is_hash
from sqlite_utils_personalization.preferences.old_bytes import NAMES
from sqlite_utils_personalization.preferences.others import Held
from sqlite_utils_personalization.preferences.rotation import rotate as rotate_key
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


class RotatedKey(TypedDict):
    """One replaced key; customer is by the new one. proof tells nothing to whoever has neither key."""

    profile_id: int
    customer: str
    rotated_at: str
    proof: str


class HeldRows(TypedDict):
    """Rows of another program's table that hold a hash of the customer or a delivery_key, of which holds tells.

    rowids are the first 100. error is why a table could not be looked into: then column is None and rows 0.
    """

    table: str
    column: str | None
    rows: int
    rowids: list[int]
    error: str | None
    holds: str


class ErasedProfile(TypedDict):
    """What came of erasing: outcome is 'erased', or 'no customer' where none has the hash any more, or ever had.

    logged_kept, saved_searches_kept and feedback_kept stay and lead nowhere: numbers of rows, and ids. statistics are
    tables of whose samples the planner forgot some. old_bytes_overwritten is None where nobody could look, else whether
    the hashes are nowhere in the file, its -wal or its journal; old_bytes_in which of 'database', 'wal' and 'journal'
    hold one, held_in_tables in rows of which tables. faults are sentences on what went wrong once the customer was
    erased; todo is what is to be done, None if nothing is.
    """

    outcome: str
    profile_id: int | None
    erased_at: str | None
    legal_basis: str | None
    logged_kept: int
    saved_searches_kept: list[str]
    feedback_kept: int
    statistics: list[str]
    old_bytes_overwritten: bool | None
    old_bytes_in: list[str]
    held_in_tables: list[str]
    held_by_others: list[HeldRows]
    wal_is_read: bool
    faults: list[str]
    todo: str | None


class SaidOfItem(TypedDict):
    """The last word of a customer on one item; given_at, UTC, is None where there was nothing to withdraw."""

    recommendation_type: str
    item_id: str
    feedback: str
    given_at: str | None


class NotedFeedback(SaidOfItem):
    """The same, and whether it was 'noted' now or 'already noted' of the item as it is."""

    outcome: str


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
    user_token_hash = _whole_hash(customer)
    if known_as is not None:
        _whole_hash(known_as, "known_as")
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
    with _read(file) as found:
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


def export_customer(file: File, customer: str | int) -> Iterator[str]:
    """Everything that is held on one customer, as the pieces of one JSON object; read-only, in bounded memory.

    Write them to a file, or answer with them as they come: its keys are exported_at, profile, recommendations,
    nothing_recommended, deliveries, rotations and feedback. NotFound, before the first piece, if there is no such
    customer.
    """

    def pieces(found: Opened) -> Iterator[str]:
        require_evidence(found.conn, found.path)
        return export_text(found.conn, declared.profile_of(found.conn, customer).user_token_hash)

    return streamed(file, pieces)


def rotate(
    file: File,
    old: bytes | str,
    new_key: bytes,
    hashing: KeyHashing = KeyHashing(),  # noqa: B008  # immutable
    *,
    timeout_s: float | None = None,
) -> RotatedKey:
    """Give the customer with the old key a new one, and note that it was.

    old is the key as bytes, or its hash as text: the user_token_hash, or what other programs keep of the key. The keys
    are hashed at once and neither is kept; the old hashes are, so that what other programs still hold under them stays
    the customer's, until they are erased. The same key with another hashing moves the customer to the other hash.
    NotFound if no customer has the old key, Conflict if another has the new one, InvalidInput if both are the same.

    Example:

        rotate(conn, old_hash, new_key.encode(), KeyHashing("hmac", secret))
    """
    if not isinstance(hashing, KeyHashing):
        raise InvalidInput("hashing is no KeyHashing", 'give such as KeyHashing("hmac", secret)')
    with writing(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        done = rotate_key(found.conn, old, new_key, hashing)
        customer = declared.profile_of(found.conn, done.profile_id).handle
    return {
        "profile_id": done.profile_id,
        "customer": customer,
        "rotated_at": done.rotated_at,
        "proof": done.proof,
    }


def erase(
    file: File,
    customer: str,
    *,
    legal_basis: str = "consent_withdrawn",
    known_as: str | None = None,
    wait_s: float = 30.0,
    vacuum: bool = False,
    timeout_s: float | None = None,
) -> ErasedProfile:
    """Erase the customer with this user_token_hash: cut the link to the profile, overwrite, and look what is left.

    legal_basis is one of LEGAL_BASES, the grounds of GDPR article 17(1). wait_s is how long to wait for readers of the
    -wal, vacuum rewrites the file without its unused parts; nobody else may write meanwhile. Said again it finishes
    what was interrupted. What other programs hold is named, not touched. Conflict within a transaction of the caller's;
    what goes wrong once the customer is erased is in the answer.
    """
    user_token_hash = _whole_hash(customer)
    if known_as is not None:
        _whole_hash(known_as, "known_as")
    if legal_basis not in LEGAL_BASES:
        raise InvalidInput(
            f"legal_basis is not one of {', '.join(LEGAL_BASES)}", "give one of them"
        )
    wait = seconds(wait_s, "wait_s")
    with alone(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        done = erase_customer(
            *(found.conn, found.path if Path(found.path).is_file() else None, user_token_hash),
            legal_basis=legal_basis,
            known_as=known_as,
            wait_s=wait,
            rewrite=bool(vacuum),
        )
    return erased_profile(done)


def erased_profile(done: ErasedCustomer) -> ErasedProfile:
    """What a door that erases in steps tells of it."""
    erasure = done.erasure
    return {
        "outcome": "erased" if erasure else "no customer",
        "profile_id": erasure.profile_id if erasure else None,
        "erased_at": erasure.erased_at if erasure else None,
        "legal_basis": erasure.legal_basis if erasure else None,
        "logged_kept": erasure.log_rows if erasure else 0,
        "saved_searches_kept": erasure.saved_searches if erasure else [],
        "feedback_kept": erasure.feedback_rows if erasure else 0,
        "statistics": erasure.statistics if erasure else [],
        "old_bytes_overwritten": done.old_bytes_overwritten,
        "old_bytes_in": [NAMES[suffix] for suffix in done.left],
        "held_in_tables": [*done.tables],
        "held_by_others": [_held(one) for one in done.held_by_others],
        "wal_is_read": done.is_read,
        "faults": [str(fault) for fault in done.faults],
        "todo": done.todo,
    }


def _held(one: Held) -> HeldRows:
    return {
        "table": one.table,
        "column": one.column,
        "rows": one.rows,
        "rowids": one.rowids,
        "error": one.error,
        "holds": one.holds,
    }


def give_feedback(
    file: File,
    customer: str,
    recommendation_type: str,
    item_id: str,
    feedback: str,
    *,
    timeout_s: float | None = None,
) -> NotedFeedback:
    """Note what the customer with this user_token_hash says of an item; it counts from the next night on.

    feedback is 'dismissed', 'interested', 'applied' or 'withdrawn', recommendation_type and item_id as a recommendation
    has them. NotFound if there is no such customer, or no night saw the item for this one.
    """
    user_token_hash = _whole_hash(customer)
    said.check_feedback(recommendation_type, item_id, feedback)
    with writing(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        done = said.give_feedback(
            found.conn, user_token_hash, recommendation_type, item_id, feedback
        )
    return {**_said(done.said), "outcome": "noted" if done.added else "already noted"}


def list_feedback(file: File, customer: str | int) -> list[SaidOfItem]:
    """The last word of a customer on each item, without what was withdrawn, in the order it was given; read-only.

    NotFound if there is no such customer.
    """
    with _read(file) as found:
        profile = declared.profile_of(found.conn, customer)
        return [_said(each) for each in said.feedback_of(found.conn, profile.user_token_hash)]


@contextmanager
def _read(file: File) -> Iterator[Opened]:
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


def _said(one: said.Feedback) -> SaidOfItem:
    return {
        "recommendation_type": one.recommendation_type,
        "item_id": one.item_id,
        "feedback": one.feedback,
        "given_at": one.given_at,
    }


def _whole_hash(customer: object, name: str = "customer") -> str:
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
