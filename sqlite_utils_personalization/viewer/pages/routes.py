"""The routes: every page is HTML, or JSON with .json after its path, for whom may see the database; GET and HEAD only.

JSON begins {"ok": true, "database": name, "warnings": [{"reason", "sentence"}], "package_version": of this viewer}, and
the keys of the page follow, as its read function has them; /-/personalization.json may not be ok, with status 503
where ?max_days= asks for it. A failure is {"ok": false, "status", "title", "error", "todo"}. Times are UTC, days
Japanese calendar days. ?database= says which, where several have our schema. Keys are only ever added.
"""

from collections.abc import Awaitable, Callable

from datasette import Response, hookimpl

from sqlite_utils_personalization.viewer.pages import (
    access_entries,
    compare,
    customer,
    item,
    money,
    night,
    night_list,
    overview,
    question_answer,
    receipt_file,
    replayed_row,
    sample,
    search,
    verification,
    why_not,
)

PAGES = (
    overview.PAGE,
    search.PAGE,
    night_list.PAGE,
    night.PAGE,
    sample.PAGE,
    *compare.PAGES,
    customer.PAGE,
    receipt_file.PAGE,
    item.PAGE,
    replayed_row.PAGE,
    replayed_row.BY_NUMBER,
    why_not.PAGE,
    *money.PAGES,
    verification.PAGE,
    *question_answer.PAGES,
    access_entries.PAGE,
)


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    return [page.route() for page in PAGES]
