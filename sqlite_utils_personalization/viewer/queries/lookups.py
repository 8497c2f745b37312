"""Whether what a question is asked about is in the file: the customer, the night, the row, the item. Read-only.

What is looked up is given to the SQL in one spelling.
"""

import sqlite3
from collections.abc import Callable

from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import short_repr
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.customer import active_condition
from sqlite_utils_personalization.viewer.queries.parameters import LATEST, WrongParameter
from sqlite_utils_personalization.viewer.queries.queries import Question

_RUN = """
SELECT max(run_id) FROM am_personalization_run WHERE :night IN ('', 'latest', as_of, cast(run_id AS text))
"""
_RUN_ROW = """
SELECT r.as_of, p.status FROM am_personalization_run r LEFT JOIN am_personalization_run_progress p USING (run_id)
WHERE r.run_id = ?
"""
_RUN_BEFORE = """
SELECT run_id FROM am_personalization_run WHERE as_of < (SELECT as_of FROM am_personalization_run WHERE run_id = ?)
ORDER BY as_of DESC, run_id DESC LIMIT 1
"""
# Another program's row may be of a profile that was deleted.
_BY_NUMBER = """
SELECT profile_id FROM am_personalization_profile WHERE profile_id = :number
UNION SELECT profile_id FROM am_personalization_recommendation_log WHERE profile_id = :number
"""
_BY_HASH = """
SELECT profile_id FROM am_personalization_profile
WHERE user_token_hash >= :hash AND user_token_hash <= :hash || 'g' AND {active}
"""
_ROW = "SELECT 1 FROM am_personalization_recommendation_log WHERE rec_id = ?"
_TYPES = ", ".join(f"'{kind}'" for kind in TYPES)
_ITEM = f"""
SELECT 1 FROM am_personalization_candidate WHERE recommendation_type IN ({_TYPES}) AND item_id = ? LIMIT 1
"""
_RULES = """
SELECT DISTINCT key FROM am_personalization_run CROSS JOIN json_tree(left_out_json)
WHERE atom IS NOT NULL ORDER BY key
"""
# What was not open is told by its days.
_BY_DAYS = ("not yet open", "closed")
_SHOWN = 8


def look_up(db: sqlite3.Connection, question: Question, form: dict[str, str]) -> dict[str, str]:
    """The form as the question is asked. WrongParameter of what is not there."""
    found = {}
    for parameter in question.parameters:
        name, text = parameter.name, form[parameter.name]
        look = _LOOKS.get(parameter.type)
        found[name] = look(db, name, text) if look and text else text
    is_asked = all(found[one.name] for one in question.parameters if one.is_required)
    types = {one.name: one.type for one in question.parameters}
    if is_asked and "whole_night" in types.values():
        _compare(db, found, needs_two=types.get("before") == "whole_night")
    return found


def pinned(db: sqlite3.Connection, question: Question, form: dict[str, str]) -> dict[str, str]:
    """The form with the latest night or month of the file where an empty value means it, so that it stays the same."""
    found = dict(form)
    for one in question.parameters:
        if one.default == LATEST and not form[one.name]:
            look = _month if one.type == "month" else _latest_run
            found[one.name] = look(db, one.name, LATEST)
    return found


def _latest_run(db: sqlite3.Connection, name: str, text: str) -> str:
    (run_id,) = db.execute(_RUN, {"night": text}).fetchone()
    return "" if run_id is None else str(run_id)


def _customer(db: sqlite3.Connection, name: str, text: str) -> str:
    numbers = {number for (number,) in db.execute(_BY_NUMBER, {"number": _number(text)})}
    hashes: set[int] = set()
    if len(text) >= _SHOWN:
        by_hash = _BY_HASH.format(active=active_condition(db))
        hashes = {number for (number,) in db.execute(by_hash, {"hash": text})}
    if len(numbers | hashes) == 1:
        return str(next(iter(numbers | hashes)))
    # A whole hash is repeated nowhere.
    shown = f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
    if numbers and hashes:
        what = _(
            "{shown} is a profile_id, and the hash of another customer begins with it", shown=shown
        )
        raise WrongParameter(name, what, _("give the whole hash, or another number"))
    if hashes:
        what = _("the hashes of {n} customers begin with {shown}", n=len(hashes), shown=shown)
        raise WrongParameter(name, what, _("give more of it, or the profile_id"))
    raise WrongParameter(
        name,
        _("there is no customer {shown}", shown=shown),
        _("check it; the hash of an erased customer is gone"),
        404,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 16 else None


def _night(db: sqlite3.Connection, name: str, text: str) -> str:
    (run_id,) = db.execute(_RUN, {"night": text}).fetchone()
    if run_id is not None:
        return str(run_id)
    (last,) = db.execute("SELECT max(as_of) FROM am_personalization_run").fetchone()
    if last is None:
        todo = _("run personalization-score")
        raise WrongParameter(name, _("nothing was scored yet"), todo, 404)
    what = _("no night {text} was scored", text=text)
    raise WrongParameter(name, what, _("the last is that of {day}", day=last), 404)


def _compare(db: sqlite3.Connection, form: dict[str, str], *, needs_two: bool) -> None:
    """Whether the nights of the form are whole, and one before the other; needs_two says that both must be there."""
    (run_id,) = db.execute(_RUN, {"night": form["night"]}).fetchone()
    if run_id is None:
        return
    as_of = _whole(db, "night", run_id)
    (before,) = db.execute(_RUN_BEFORE, (run_id,)).fetchone() or (None,)
    if form.get("before"):
        before = int(form["before"])
        if (_whole(db, "before", before), before) >= (as_of, run_id):
            what = _(
                "run {before}, given as before, is not before run {run_id} of {as_of}",
                before=before,
                run_id=run_id,
                as_of=as_of,
            )
            raise WrongParameter("before", what, _("give an earlier night"))
    elif before is not None:
        _whole(db, "before" if "before" in form else "night", before)
    elif needs_two:
        what = _("no night before that of {as_of} was scored", as_of=as_of)
        todo = _("give a later one: there is nothing to compare with")
        raise WrongParameter("night", what, todo, 404)


def _whole(db: sqlite3.Connection, name: str, run_id: int) -> str:
    as_of, state = db.execute(_RUN_ROW, (run_id,)).fetchone()
    if state == "running":
        what = _("the night of {as_of}, run {run_id}, is not finished", as_of=as_of, run_id=run_id)
        raise WrongParameter(name, what, _("ask again when it is, or about another night"), 409)
    return str(as_of)


def _row(db: sqlite3.Connection, name: str, text: str) -> str:
    if db.execute(_ROW, (int(text),)).fetchone() is None:
        what = _("there is no recommendation {rec_id} in the log", rec_id=text)
        raise WrongParameter(name, what, _("check it"), 404)
    return text


def _item(db: sqlite3.Connection, name: str, text: str) -> str:
    if db.execute(_ITEM, (text,)).fetchone() is None:
        what = _("no night saw an item {item_id}", item_id=short_repr(text))
        raise WrongParameter(name, what, _("give its item_id, as lists have it"), 404)
    return text


def _rule(db: sqlite3.Connection, name: str, text: str) -> str:
    known = rules(db)
    if text in known:
        return text
    what = _("no item was left out as {rule}", rule=short_repr(text))
    raise WrongParameter(name, what, _("rules are {rules}", rules=", ".join(known)))


def _month(db: sqlite3.Connection, name: str, text: str) -> str:
    """The month that latest means; the same where none is kept."""
    if text != LATEST or not has_table(db, "am_personalization_reconciliation"):
        return text
    (month,) = db.execute("SELECT max(month) FROM am_personalization_reconciliation").fetchone()
    return str(month or text)


def rules(db: sqlite3.Connection) -> list[str]:
    """Every rule that an item of this file was left out by. Read-only."""
    return list(dict.fromkeys([*(rule for (rule,) in db.execute(_RULES)), *_BY_DAYS]))


_Look = Callable[[sqlite3.Connection, str, str], str]
_LOOKS: dict[str, _Look] = {
    "customer": _customer,
    "night": _night,
    "whole_night": _night,
    "earlier_night": _night,
    "rec_id": _row,
    "item_id": _item,
    "rule": _rule,
    "month": _month,
}
