"""What customers may demand: their data, another key, to be erased.

Where a customer may be named otherwise than by the whole user_token_hash, it is only read. Errors that every function
here may raise beside its own are NoSchema, Locked, Damaged, ReadOnly, and InvalidInput where an argument cannot be.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from sqlite_utils_personalization.api.declarations import whole_hash
from sqlite_utils_personalization.api.opened import (
    File,
    Opened,
    alone,
    check_callable,
    listed,
    seconds,
    streamed,
    writing,
)
from sqlite_utils_personalization.audit.export import export_text
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.preferences import profile as declared
from sqlite_utils_personalization.preferences.customer import LEGAL_BASES, KeyHashing
from sqlite_utils_personalization.preferences.erasing import ErasedCustomer, erase_customer
from sqlite_utils_personalization.preferences.old_bytes import NAMES
from sqlite_utils_personalization.preferences.others import Held
from sqlite_utils_personalization.preferences.rotation import rotate as rotate_key


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


def export_customers(
    file: File,
    customers: Iterable[str | int],
    *,
    refuse: Callable[[int, PersonalizationError], None] | None = None,
) -> Iterator[str]:
    """The same of several customers, in their order, as the pieces of one line for each (NDJSON); read-only.

    The first that cannot be exported is raised at its turn; with refuse, each is passed to it with its number, from 1,
    and has no line.
    """
    check_callable(refuse=refuse)
    listed(customers, "customers")

    def pieces(found: Opened) -> Iterator[str]:
        require_evidence(found.conn, found.path)
        for number, customer in enumerate(customers, 1):
            try:
                whose = declared.profile_of(found.conn, customer).user_token_hash
            except PersonalizationError as fault:
                if refuse is None:
                    raise
                refuse(number, fault)
                continue
            yield from export_text(found.conn, whose, one_line=True)

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
    user_token_hash = whole_hash(customer)
    if known_as is not None:
        whole_hash(known_as, "known_as")
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
