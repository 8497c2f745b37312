"""One page of a question's answer: read, cut where it ends, and the whole answer added up where that is cheap.

Datasette reads its pages itself, and has them cut here. Read-only.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils_personalization.formula.evaluation import decoded_row
from sqlite_utils_personalization.viewer.queries.missing_tables import (
    absent_from,
    before_empty_tables,
)
from sqlite_utils_personalization.viewer.queries.queries import Question


@dataclass(frozen=True)
class AnswerPage:
    """A page of rows by the names of their columns; next is what the next begins after, None at the end.

    missing are the tables that the file has not yet, before which the answer is empty.
    """

    columns: list[str]
    rows: list[dict[str, Any]]
    next: int | str | None
    missing: list[str]


def ask(
    db: sqlite3.Connection, question: Question, form: Mapping[str, str], size: int
) -> AnswerPage:
    """A page of the question, asked by this form as lookups.py leaves it; size as its parameter of that name."""
    sql, missing = before_empty_tables(question.sql, absent_from(db))
    cursor = db.execute(sql, sized(question, form, size))
    columns = [column[0] for column in cursor.description]
    rows, after = cut(question, columns, [decoded_row(row) for row in cursor], size)
    return AnswerPage(
        columns, [dict(zip(columns, row, strict=True)) for row in rows], after, missing
    )


def sized(question: Question, form: Mapping[str, str], size: int) -> dict[str, str]:
    """The form as the SQL gets it: one more row than is shown says whether there is more."""
    if question.next_column is None:
        return dict(form)
    return {**form, "size": str(size if question.ends_itself else size + 1)}


def cut(
    question: Question,
    columns: Sequence[str],
    rows: Sequence[Any],
    size: int,
    *,
    is_truncated: bool = False,
) -> tuple[list[Any], int | str | None]:
    """The rows without what is beyond the page, and what the next page begins after; rows are tuples or as those.

    is_truncated says that there are more rows than whoever read them could take.
    """
    kept = list(rows)
    if question.next_column is None:
        return kept, None
    key = columns.index(question.next_column)
    if not question.ends_itself and len(kept) > size:
        kept = kept[:size]
    elif is_truncated:
        # What belongs together stays so, unless it alone is too much.
        kept = [row for row in kept if row[key] != kept[-1][key]] or kept
    elif kept and kept[-1][0] is None:
        return kept[:-1], kept[-1][key]
    else:
        return kept, None
    return kept, kept[-1][key]


def whole(
    db: sqlite3.Connection, question: Question, form: Mapping[str, str]
) -> tuple[int, dict[str, int | None]] | None:
    """How many rows the question has on all pages, and the sums of its columns; None where counting is not cheap."""
    if not question.counted:
        return None
    sql, _missing = before_empty_tables(question.counted_sql, absent_from(db))
    sums = "".join(f', sum("{column}")' for column in question.sums)
    total, *added = db.execute(
        f"SELECT count(*){sums} FROM ({sql})", {**form, "after": ""}
    ).fetchone()
    if total > question.counted:
        return None
    return total, dict(zip(question.sums, added, strict=True))
