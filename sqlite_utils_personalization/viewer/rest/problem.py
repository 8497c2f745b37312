"""What went wrong, as the one JSON shape of every answer that is not 2xx.

It never repeats a key, nor a value that was refused.
"""

import sqlite3
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

from datasette import Response
from datasette.utils.sqlite import sqlite3 as datasette_sqlite3

from sqlite_utils_personalization.errors import (
    Changed,
    Crowded,
    DeliveryConflict,
    InvalidInput,
    InvalidPreference,
    NotFound,
    PersonalizationError,
    ServedReadOnly,
    UnknownCustomer,
    sentence,
)
from sqlite_utils_personalization.language import N_, message_of
from sqlite_utils_personalization.language import gettext as _

TITLES = {
    401: N_("Who is asking?"),
    403: N_("This key is revoked"),
    404: N_("Not found"),
    405: N_("Method not allowed"),
    409: N_("Not possible as things are"),
    412: N_("Somebody was faster"),
    413: N_("Too large"),
    415: N_("Not JSON"),
    422: N_("Not valid"),
    429: N_("Too many requests"),
    500: N_("A fault of ours"),
    503: N_("Not possible right now"),
}
PRIVATE = {
    "Cache-Control": "private, no-store",
    "Vary": "Authorization, X-API-Key, Accept-Language",
}
_RETRY_S = "5"


def what_may_be_sent() -> str:
    """What to do about what cannot be sent."""
    return _("See /v1/openapi.json for what may be sent.")


FOR_THE_OPERATOR = (PersonalizationError, sqlite3.Error, datasette_sqlite3.Error)


@dataclass
class Problem(Exception):
    """An answer that is not the one that was asked for: its HTTP status, what is wrong, and what to do."""

    status: int
    error: str
    todo: str = field(default_factory=what_may_be_sent)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The answer, as every page of ours in JSON puts a failure."""
        data = {"ok": False, "status": self.status, "title": message_of(TITLES[self.status])}
        data |= {"error": self.error, "todo": self.todo}
        return Response.json(data, status=self.status, headers=PRIVATE | dict(self.headers))


_STATUS = {
    InvalidPreference: 422,
    InvalidInput: 422,
    NotFound: 404,
    Changed: 412,
    DeliveryConflict: 409,
    ServedReadOnly: 409,
}


def problem(error: Exception) -> Problem:
    """The answer to an error; what only the operator can mend is said on standard error and not to the customer."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UnknownCustomer):
        return nothing_declared()
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return Problem(status, sentence(error.what), sentence(error.todo) or what_may_be_sent())
    if isinstance(error, FOR_THE_OPERATOR):
        print(f"customer_api: {type(error).__name__}: {error}", file=sys.stderr)
        return busy() if _passes(error) else not_set_up()
    traceback.print_exception(error)
    return Problem(
        500, _("The request could not be answered."), _("Tell whoever runs this service.")
    )


def nothing_declared() -> Problem:
    """No customer has this key yet, or any more."""
    return Problem(
        404,
        _("Nothing is declared under this key."),
        _("PUT what you declare to /v1/me/personalization/profile."),
    )


# What SQLite says where another program has the file, and Datasette where a read took too long.
_PASSING = ("locked", "busy", "interrupted")


def _passes(error: BaseException | None) -> bool:
    """Whether it is another matter in a few seconds."""
    is_waiting = isinstance(error, Crowded) or (
        isinstance(error, (sqlite3.Error, datasette_sqlite3.Error))
        and any(word in str(error) for word in _PASSING)
    )
    return is_waiting or (error is not None and _passes(error.__cause__))


def not_set_up() -> Problem:
    """What only the operator can mend, so that nobody need try again before."""
    return Problem(
        503,
        _(
            "This service is not set up so that it can answer; nothing was changed and nothing charged."
        ),
        _("Tell whoever runs it; trying again does not help until they mend it."),
    )


def busy() -> Problem:
    """The database cannot be read or written at the moment; nothing was changed or charged."""
    return Problem(
        503,
        _(
            "The database cannot be read or written right now; nothing was changed and nothing charged."
        ),
        _("Try again in a few seconds."),
        {"Retry-After": _RETRY_S},
    )
