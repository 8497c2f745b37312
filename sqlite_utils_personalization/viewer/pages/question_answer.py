"""The pages of the questions: all of them, and each with a form, a page of its rows, what they come to, and all as CSV.

The SQL, what may be given, what is looked up and where a page ends are those of viewer/queries/, as Datasette has them.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, ngettext
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import number
from sqlite_utils_personalization.viewer.pages.answer_cells import (
    Cell,
    cell,
    column_name,
    css_of,
    text_of,
)
from sqlite_utils_personalization.viewer.pages.audit_page import (
    AuditPage,
    Found,
    WrongField,
)
from sqlite_utils_personalization.viewer.pages.csv_export import made_under
from sqlite_utils_personalization.viewer.pages.question_form import (
    SIZE,
    asked_for,
    choices,
    form_of,
    parameters_of,
    told,
)
from sqlite_utils_personalization.viewer.pages.readable import readable
from sqlite_utils_personalization.viewer.pages.served_items import (
    MOST_WALKED,
    find_night,
    walk_s,
)
from sqlite_utils_personalization.viewer.pages.trust import trust
from sqlite_utils_personalization.viewer.queries.lookups import look_up, pinned
from sqlite_utils_personalization.viewer.queries.missing_tables import todo_about
from sqlite_utils_personalization.viewer.queries.paging import ask, whole
from sqlite_utils_personalization.viewer.queries.parameters import WrongParameter, require
from sqlite_utils_personalization.viewer.queries.queries import Question, questions


@readable
def read(question: Question, db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """question, and asked, the parameters as they were looked up; columns, rows, null where nothing is asked yet, next.

    total and sum are of all pages, null where that is not cheap to tell; page_sum is of this one. head is the newest
    head of the file and log_end its last row, findings what the last full verification has against these rows, and
    missing_tables those that are not there yet.
    """
    given = {one.name: str(found.asked.values.get(one.name) or "") for one in question.parameters}
    data: dict[str, Any] = {
        "question": question.name,
        "asked": {},
        **dict.fromkeys(("columns", "rows", "next", "total", "sum", "page_sum")),
        "findings": [],
        "missing_tables": [],
    }
    if not (found.is_json or found.is_csv):
        data["choices"] = choices(question, db)
    if _is_asked(question, found):
        form = _looked_up(question, db, given)
        data |= _long_walk(question, db, found, form) or _answer(question, db, found, form)
    if not found.is_csv:
        data |= made_under(db)
    return data


def _is_asked(question: Question, found: Found) -> bool:
    is_needed = any(one.is_required for one in question.parameters)
    return not is_needed or found.is_json or found.is_csv or any(found.asked.texts.values())


def _looked_up(question: Question, db: sqlite3.Connection, given: dict[str, str]) -> dict[str, str]:
    try:
        for one in question.parameters:
            require(one, given[one.name])
        return look_up(db, question, pinned(db, question, given))
    except WrongParameter as wrong:
        raise WrongField(wrong.parameter, told(wrong), wrong.status) from None


def _answer(
    question: Question, db: sqlite3.Connection, found: Found, form: dict[str, str]
) -> dict[str, Any]:
    answer = ask(db, question, form, found.asked.values.get("size") or SIZE)
    data = {
        "asked": _asked(form),
        "columns": answer.columns,
        "rows": answer.rows,
        "next": answer.next,
        "missing_tables": answer.missing,
        "profile_id": _customer(answer.rows, form),
    }
    if found.is_csv:
        return data
    added = _added(question.sums, answer.rows)
    total = sums = None
    if answer.next is None and not form.get("after"):
        total, sums = len(answer.rows), added
    elif known := whole(db, question, form):
        total, sums = known
    elif answer.next is None and found.asked["seen"]:
        total = found.asked["seen"] + len(answer.rows)
    findings = _findings(db, found, answer.rows)
    return data | {"total": total, "sum": sums, "page_sum": added, "findings": findings}


def _long_walk(
    question: Question, db: sqlite3.Connection, found: Found, form: Mapping[str, str]
) -> dict[str, Any] | None:
    """How many customers the page would look at, where it does so only if it is asked to; else None."""
    if not question.walks_night or found.is_json or found.is_csv or found.asked["full"]:
        return None
    night = find_night(db, form["night"] or None)
    if night is None or night.profiles <= MOST_WALKED:
        return None
    return {"asked": _asked(form), "walk": night.profiles}


def _asked(form: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in form.items() if text and name not in ("after", "size")}


def _customer(rows: Sequence[Mapping[str, Any]], form: Mapping[str, str]) -> int | None:
    """Whom the answer is about, if it is about one customer."""
    if customer := form.get("customer"):
        return int(customer)
    return rows[0].get("profile_id") if "rec_id" in form and rows else None


def _added(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    sums: dict[str, int | None] = {}
    for column in columns:
        values = [row[column] for row in rows if isinstance(row[column], int)]
        sums[column] = sum(values) if values else None
    return sums


def _findings(
    db: sqlite3.Connection, found: Found, rows: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    def numbers(column: str) -> set[int]:
        return {row[column] for row in rows if isinstance(row.get(column), int)}

    customers = {("am_personalization_profile", who) for who in numbers("profile_id")}
    known = trust(db, found.record_file, checks=())
    return known.touching(run_ids=numbers("run_id"), rec_ids=numbers("rec_id"), rows=customers)


def refuse(question: Question, db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """The question itself, its form with the field marked, and no rows."""
    form = form_of(question, found, choices(question, db), {})
    return _about(question, found) | {"form": form}


def show(question: Question, found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The form, the table with its links, and where the other pages and forms of the answer are."""
    form = form_of(question, found, data["choices"], data["asked"])
    shown = _about(question, found) | {"form": form, "table": None}
    if data["missing_tables"]:
        shown["todo"] = todo_about(data["missing_tables"], found.file)
    if "walk" in data:
        query = urlencode({**found.asked.texts, "full": "on"})
        shown |= {"walk": walk_s(data["walk"]), "full_url": f"{found.request.path}?{query}"}
    if data["rows"] is None:
        # As JSON nothing is said before it is asked.
        return shown | {"json_url": ""}
    columns = data["columns"] if found.asked["cols"] == "all" else question.main
    return (
        shown
        | _pages(question, found, data)
        | {
            "is_wide": found.asked["cols"] == "all",
            "asked_for": " · ".join(asked_for(question, data["asked"], data["choices"])),
            "heads": [(column_name(name), css_of(name)) for name in columns],
            "table": [[cell(found.links, row, name) for name in columns] for row in data["rows"]],
            **_foot(columns, data),
        }
    )


def _about(question: Question, found: Found) -> dict[str, Any]:
    links, title = found.links, message_of(question.title)
    return {
        "title": title,
        "lead": message_of(question.description),
        "crumbs": [
            (_("Overview"), links.home()),
            (_("Questions"), links.questions()),
            (title, ""),
        ],
        "here_url": links.question(question.name).partition("?")[0],
        "bare_url": links.question(question.name),
    }


def _pages(question: Question, found: Found, data: Mapping[str, Any]) -> dict[str, Any]:
    links, name, asked = found.links, question.name, data["asked"]
    looks = {key: found.asked.texts.get(key, "") for key in ("size", "cols", "full")}
    rows = len(data["rows"])
    # Unknown where somebody wrote by hand after what the page begins.
    start = found.asked.values.get("seen") if found.asked.values.get("after") else 0
    further = {"after": data["next"], "seen": None if start is None else start + rows}
    # Those of Datasette are not there where it was given no questions.
    is_served = all(one["reason"] != "other_questions" for one in data["warnings"])
    return {
        "position": _position(rows, start, data["total"]),
        "next_url": data["next"] is not None and links.question(name, **asked, **looks, **further),
        "first_url": found.asked.values.get("after") and links.question(name, **asked, **looks),
        "csv_url": links.question(name, ".csv", **asked),
        "data_url": is_served and links.canned(name, ".json", **asked),
        "sql_url": is_served and links.canned(name, **asked, _show_sql=1),
    }


def _position(rows: int, start: int | None, total: int | None) -> str:
    if start is None or not rows or (total is not None and start + rows > total):
        return ngettext("{n} row", "{n} rows", rows)
    span = {"first": number(start + 1), "last": number(start + rows)}
    if total is None:
        return _("{first} to {last}", **span)
    return _("{first} to {last} of {n}", **span, n=number(total))


def _foot(columns: Sequence[str], data: Mapping[str, Any]) -> dict[str, Any]:
    """Sums below the columns that have some: of all pages, or of this one, which is said."""
    sums = data["sum"] if data["sum"] is not None else data["page_sum"]
    if not data["rows"] or not any(column in sums for column in columns):
        return {"foot": None}
    cells = [
        Cell(
            text_of(column, sums[column]) if sums.get(column) is not None else "",
            css=css_of(column),
        )
        for column in columns
    ]
    label = _("All") if data["sum"] is not None else _("This page")
    return {"foot": cells[1:], "foot_label": label}


def read_all(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """questions: of each its name, title and parameters, in order; they are the same for every file."""
    return {
        "questions": [
            {
                "name": one.name,
                "title": message_of(one.title),
                "description": message_of(one.description),
                "parameters": [parameter.name for parameter in one.parameters],
            }
            for one in questions()
        ]
    }


def show_all(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Each with the address of its form."""
    links = found.links
    return {
        "title": _("Questions"),
        "crumbs": [(_("Overview"), links.home()), (_("Questions"), "")],
        "listed": [(links.question(one["name"]), one) for one in data["questions"]],
    }


def read_unknown(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """There is no such question."""
    raise Failure(
        404,
        _("No such question"),
        _("There is no question {name}.", name=found.vars["name"]),
        _("choose one of those that there are"),
        {_("Questions"): found.links.questions()},
    )


def _page(question: Question) -> AuditPage:
    columns = {one.type for one in question.parameters}
    return AuditPage(
        "question",
        f"/q/{question.name}",
        partial(read, question),
        partial(show, question),
        parameters_of(question),
        "questions",
        query=question.name,
        is_personal=bool(columns & {"customer", "rec_id"}),
        rows="rows",
        is_noted=True,
        refuse=partial(refuse, question),
    )


PAGES = (
    AuditPage("questions", "/questions", read_all, show_all, (), "questions"),
    *map(_page, questions()),
    AuditPage("question", "/q/(?P<name>[^/]+?)", read_unknown, show_all, (), "questions"),
)
