"""Erasing a customer from beginning to end: cut, the bytes gone as far as they can be, and what is left named.

Nothing is claimed of bytes that was not read in them.
"""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils_personalization.database import fault_of_file
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.preferences.erasure import Erasure, erase, known_of
from sqlite_utils_personalization.preferences.old_bytes import (
    NAMES,
    checkpoint,
    looked_at,
    traces,
    vacuum,
)
from sqlite_utils_personalization.preferences.others import (
    Held,
    Known,
    held_by_others,
    tables_holding,
)
from sqlite_utils_personalization.preferences.profile import refuse_erased
from sqlite_utils_personalization.transaction import write_transaction

# Of the file and what lies beside it, that a door reads through: a fraction of a second.
AT_A_DOOR = 256 * 2**20


@dataclass(frozen=True)
class ErasedCustomer:
    """What came of it. erasure is None where no customer has the hash: never registered, or erased before.

    old_bytes_overwritten: True if the hashes are nowhere in the file, its -wal or its journal, False if they are in
    those of left, None if nobody looked. tables hold them; of held_by_others some may hold a delivery_key instead.
    faults are what went wrong after the customer was erased, is_read that another program reads the -wal; todo is what
    is to be done, None if nothing is.
    """

    erasure: Erasure | None
    old_bytes_overwritten: bool | None
    left: tuple[str, ...]
    tables: tuple[str, ...]
    held_by_others: tuple[Held, ...]
    faults: tuple[PersonalizationError, ...]
    is_read: bool
    todo: str | None


@dataclass
class Erasing:
    """One customer being erased from the file at path, in steps, since each door has its own connections for them.

    cut() in a transaction, clean() after its end, then look(). known_as is what other programs keep of the same key.
    """

    path: str | Path | None
    user_token_hash: str = field(repr=False)
    legal_basis: str = "consent_withdrawn"
    known_as: str | None = field(default=None, repr=False)
    erasure: Erasure | None = None
    _known: Known = field(default=Known([], []), repr=False)
    _faults: list[PersonalizationError] = field(default_factory=list)
    _is_read: bool = False

    def cut(self, db: sqlite3.Connection) -> Erasure | None:
        """Erase the customer; joins the caller's transaction. None and errors as erase().

        PersonalizationError, too, if the hash is the random one of an erased customer: that is to be read for ever.
        """
        with write_transaction(db):
            refuse_erased(db, self.user_token_hash)
            self._known = known_of(db, self.user_token_hash, self.known_as)
            self.erasure = erase(db, self.user_token_hash, self.legal_basis)
        return self.erasure

    def clean(self, db: sqlite3.Connection, wait_s: float, *, rewrite: bool = False) -> None:
        """Empty what lies beside the file, waiting up to wait_s seconds for readers; rewrite it if that is asked."""
        if self.path is None:
            return
        self._checkpoint(db, wait_s)
        if rewrite and not self._faults:
            try:
                vacuum(db)
            except sqlite3.Error as error:
                # SQLite sorts every index again, and cannot where another program's collation is not there.
                what = f"{self.path} could not be rewritten without its unused parts: {error}"
                self._faults.append(_fault(what))
            self._checkpoint(db, wait_s)

    def _checkpoint(self, db: sqlite3.Connection, wait_s: float) -> None:
        assert self.path is not None
        try:
            checkpoint(db, self.path, wait_s)
        except PersonalizationError as error:
            self._is_read = True
            self._faults.append(error)
        except sqlite3.Error as error:
            found = fault_of_file(self.path, error)
            self._faults.append(found or _fault(f"{self.path}: {error}"))

    def look(self, db: sqlite3.Connection, most_bytes: int | None = None) -> ErasedCustomer:
        """See what is left, of bytes only if there are at most most_bytes to read; read-only."""
        held = held_by_others(db, *self._known.hashes, delivery_keys=self._known.delivery_keys)
        left = self._left(most_bytes)
        tables = [one.table for one in held if one.rows and one.holds == "hash"]
        if left:
            # Reads every table whole, so only if there is something to explain.
            tables += tables_holding(db, self._known.hashes)
        tables = [*dict.fromkeys(tables)]
        overwritten = None if left is None else not left
        return ErasedCustomer(
            self.erasure,
            overwritten,
            tuple(left or ()),
            tuple(tables),
            tuple(held),
            tuple(self._faults),
            self._is_read,
            self._todo(left, tables),
        )

    def _left(self, most_bytes: int | None) -> list[str] | None:
        """Which of the file and what lies beside it hold a hash, by how NAMES end; None if nobody can tell."""
        if self.path is None:
            return None
        try:
            if most_bytes is not None and looked_at(self.path) > most_bytes:
                return None
            found = traces(self.path, *self._known.hashes)
        except OSError as error:
            self._faults.append(
                _fault(f"{self.path} could not be looked through: {error.strerror}")
            )
            return None
        # The longest suffix: every name ends with none.
        return [max(filter(one.endswith, NAMES), key=len) for one in found]

    def _todo(self, left: list[str] | None, tables: list[str]) -> str | None:
        if self._is_read:
            return _("run personalization-profile erase once no other program reads the -wal")
        if left is None:
            return _("run personalization-profile erase, which looks through the whole file")
        if left and tables:
            return _(
                "see to the rows of {tables}, then run personalization-profile erase --vacuum",
                tables=pgettext("list", " and ").join(tables),
            )
        if left:
            return _("run personalization-profile erase --vacuum, when nobody else writes")
        return None


def _fault(what: str) -> PersonalizationError:
    return PersonalizationError(what, "mend that, then run this again")


def erase_customer(
    db: sqlite3.Connection,
    path: str | Path | None,
    user_token_hash: str,
    *,
    legal_basis: str = "consent_withdrawn",
    known_as: str | None = None,
    wait_s: float = 30,
    rewrite: bool = False,
) -> ErasedCustomer:
    """Erase the customer with this hash from the file at path, and say what is left of them.

    db is a connection to it in autocommit mode. With rewrite, the file is rewritten without its unused parts. Asked for
    again it finishes what was interrupted. NoSchema where 901 is not applied; what goes wrong once the
    customer is erased is among the faults of the answer.
    """
    erasing = Erasing(path, user_token_hash, legal_basis, known_as)
    erasing.cut(db)
    erasing.clean(db, wait_s, rewrite=rewrite)
    return erasing.look(db)
