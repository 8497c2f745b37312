"""What is new of a night, over all customers, for Python: the question new_tonight from its first page to its last."""

from collections.abc import Iterator
from datetime import date
from typing import TypedDict, cast
from urllib.parse import urlencode

from sqlite_utils_personalization.api.opened import File, Opened, streamed
from sqlite_utils_personalization.clock import day_of
from sqlite_utils_personalization.customer_api.recommendations import check_query
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import Conflict, InvalidInput, NotFound
from sqlite_utils_personalization.viewer.queries.lookups import look_up
from sqlite_utils_personalization.viewer.queries.paging import ask
from sqlite_utils_personalization.viewer.queries.parameters import (
    LATEST,
    MOST_ROWS,
    WrongParameter,
    read_form,
)
from sqlite_utils_personalization.viewer.queries.queries import questions

(_QUESTION,) = (question for question in questions() if question.name == "new_tonight")
_ERRORS = {400: InvalidInput, 404: NotFound, 409: Conflict}


class NewRecommendation(TypedDict):
    """One recommendation that an earlier night had not for this customer; customer is 8 digits of the hash.

    as_of is the night's Japanese day, served_at UTC; rank counts from 1 in its type, score is 1 to 100. run_id_before
    is the night it is compared with, None where there is none: then everything is new.
    """

    run_id: int
    as_of: str
    profile_id: int
    customer: str
    rec_id: int
    recommendation_type: str
    item_id: str
    title: str
    rank: int
    score: int
    served_at: str
    run_id_before: int | None


def new_since(
    file: File,
    before: str | date | int | None = None,
    *,
    night: str | date | int = LATEST,
    type: str | None = None,  # noqa: A002  # as every door calls it
) -> Iterator[NewRecommendation]:
    """What a night recommends each customer and an earlier one did not, in the order of the log; read-only.

    Both nights are a day or a run_id; night may be latest, and before is by default the night before it: where there is
    none, everything is new. type is one of the four. Whoever was erased is left out. With the first row, NotFound if
    there is no such night, InvalidInput if before is not the earlier one, Conflict if one of the two is not finished.
    """
    check_query(recommendation_type=type)
    given = {
        "night": _night(night, "night"),
        "before": "" if before is None else _night(before, "before"),
        "type": type or "",
    }
    try:
        form = read_form(_QUESTION, urlencode(given), is_form=False)
    except WrongParameter as wrong:
        raise _ERRORS[wrong.status](wrong.what, wrong.todo) from None

    def rows(found: Opened) -> Iterator[NewRecommendation]:
        require_evidence(*found)
        try:
            asked = look_up(found.conn, _QUESTION, form)
        except WrongParameter as wrong:
            raise _ERRORS[wrong.status](wrong.what, wrong.todo) from None
        after: int | str | None = 0
        while after is not None:
            page = ask(found.conn, _QUESTION, {**asked, "after": str(after)}, MOST_ROWS)
            yield from cast(list[NewRecommendation], page.rows)
            after = page.next

    return streamed(file, rows)


def _night(given: object, name: str) -> object:
    # A run_id may be an integer of numpy; what is text is read as every question reads it.
    is_read = hasattr(given, "__index__") or (isinstance(given, str) and given.strip())
    return given if is_read else day_of(given, name)
