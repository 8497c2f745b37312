"""One customer: what was declared when, what each night recommended, whether it holds, what was delivered."""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import ERASED, NO_EVIDENCE, REPRODUCED, Replay
from sqlite_utils_personalization.audit.run_lookup import customer_of_run
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.clock import japan_day, parse_moment
from sqlite_utils_personalization.customer_api.statement import deliveries_of_profile
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.formula.declared import read_preference
from sqlite_utils_personalization.formula.descriptions import describe_declared
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES, Declared
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import capital, day
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found, fields
from sqlite_utils_personalization.viewer.pages.night import find_run
from sqlite_utils_personalization.viewer.pages.parameters import NIGHT, PageParameter
from sqlite_utils_personalization.viewer.pages.parameters import month as read_month
from sqlite_utils_personalization.viewer.pages.trust import trust
from sqlite_utils_personalization.viewer.pages.verification import cards, headings
from sqlite_utils_personalization.viewer.pages.walk import takes

# The newest nights are on the page, each replayed row by row; older ones are reached by ?night=.
NIGHTS = 6
_DELIVERIES = 200
_PROFILE = """
SELECT profile_id, user_token_hash, preference_json, created_at, last_updated_at
FROM am_personalization_profile WHERE profile_id = ?
"""
_ERASED = """
SELECT erased_at, legal_basis FROM am_personalization_erasure WHERE profile_id = ? ORDER BY erasure_id DESC LIMIT 1
"""
# A night that had the customer: with rows in the log, or with a reason why not.
_NIGHTS = """
SELECT r.run_id, r.as_of, r.again, r.served_at, r.top_k, r.model_sha256, s.seal_id, s.leaves
FROM am_personalization_run r LEFT JOIN am_personalization_seal s USING (run_id)
WHERE r.run_id <= :upto AND (
    EXISTS (
        SELECT 1 FROM am_personalization_recommendation_log l
        WHERE l.profile_id = :profile_id AND l.served_at = r.served_at
    )
    OR EXISTS (
        SELECT 1 FROM am_personalization_unserved u WHERE u.run_id = r.run_id AND u.profile_id = :profile_id
    )
)
ORDER BY r.run_id DESC LIMIT :most
"""
_ROWS = """
SELECT l.rec_id FROM am_personalization_recommendation_log l
WHERE l.profile_id = ? AND l.served_at = ? ORDER BY l.rec_id
"""
_TOTAL = "SELECT count(*) FROM am_personalization_recommendation_log WHERE profile_id = ?"


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """profile; nights, the newest first, each with what was declared, its verdicts, deliveries; rows of one night.

    declared is what the customer declares now, as the formula reads it, or null with the reason why it cannot be read.
    """
    profile = _profile(db, found)
    profile_id = profile["profile_id"]
    delivered = _delivered(db, profile_id)
    nights = _nights(db, found, profile_id, delivered)
    chosen = nights[0] if nights else None
    known = trust(db, found.record_file)
    rec_ids = {row["rec_id"] for night in nights for row in night["rows"]}
    rows = {("am_personalization_profile", profile_id)}
    touching = known.touching(rec_ids=rec_ids, rows=rows)
    before = nights[1]["rows"] if len(nights) > 1 else []
    scores = {(row["recommendation_type"], row["item_id"]): row["score"] for row in before}
    shown = [
        {**row, "score_before": scores.get((row["recommendation_type"], row["item_id"]))}
        for row in (chosen["rows"] if chosen else [])
    ]
    (total,) = db.execute(_TOTAL, (profile_id,)).fetchone()
    month = found.asked["month"]
    return {
        **profile,
        "logged": total,
        "nights": [{key: value for key, value in one.items() if key != "rows"} for one in nights],
        "run": chosen and {"run_id": chosen["run_id"], "as_of": chosen["as_of"]},
        "recommendations": shown,
        "deliveries": [one for one in delivered if month is None or one["day"][:7] == month][
            :_DELIVERIES
        ],
        "delivery_count": len(delivered),
        "charged_yen": sum(one["charged_yen"] for one in delivered),
        "findings": cards(db, touching),
    }


def _profile(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    text = found.vars["profile_id"]
    row = None
    if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        row = db.execute(_PROFILE, (int(text),)).fetchone()
    if row is None:
        raise Failure(
            404,
            _("No such customer"),
            _("No customer has the number {number}.", number=text),
            _("search by the first characters of the hash of the key, or by a recommendation"),
            {_("Search"): found.links.search(q=text)},
        )
    profile_id, hash_, preference, created_at, updated_at = row
    erased = None
    if has_table(db, "am_personalization_erasure"):
        erased = db.execute(_ERASED, (profile_id,)).fetchone()
    declared, fault = None, None
    try:
        packs: Mapping[str, str] = load_model().constants["packs"]
        declared = read_preference(preference, packs)
    except InvalidPreference as error:
        fault = error.what
    return {
        "profile_id": profile_id,
        "user_token_hash": None if erased else hash_,
        "erased_at": erased[0] if erased else None,
        "legal_basis": erased[1] if erased else None,
        "created_at": created_at,
        "last_updated_at": updated_at,
        "declared": declared and declared.to_dict(),
        "declared_fault": fault,
    }


def _nights(
    db: sqlite3.Connection, found: Found, profile_id: int, delivered: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    upto = 2**53
    if name := found.asked["night"]:
        run_id = find_run(db, name)
        if run_id is None:
            links = {_("This customer"): found.links.customer(profile_id)}
            raise Failure(
                404, _("No such night"), _("No night was scored as {name}.", name=name), "", links
            )
        upto = run_id
    at = {"profile_id": profile_id, "upto": upto, "most": NIGHTS + 1}
    cursor = db.execute(_NIGHTS, at)
    names = [column[0] for column in cursor.description]
    nights = [dict(zip(names, row, strict=True)) for row in cursor]
    for night in nights:
        _fill(db, night, profile_id, delivered)
    for night, before in zip(nights, [*nights[1:], None], strict=True):
        night["changed_items"] = before and _changed(night["rows"], before["rows"])
        night["run_id_before"] = before and before["run_id"]
    return nights[:NIGHTS]


def _fill(
    db: sqlite3.Connection, night: dict[str, Any], profile_id: int, delivered: list[dict[str, Any]]
) -> None:
    customer = customer_of_run(db, night["run_id"], profile_id)
    rec_ids = [rec_id for (rec_id,) in db.execute(_ROWS, (profile_id, night["served_at"]))]
    rows = (
        [_row(one) for one in replay(db, Selection(rec_ids=rec_ids), below_cut=False)]
        if rec_ids
        else []
    )
    mine = set(rec_ids)
    of_night = [one for one in delivered if one["rec_id"] in mine]
    night |= {
        "declared": customer.declared and customer.declared.to_dict() if customer else None,
        "reason": customer.reason if customer else None,
        "rows": rows,
        "logged": len(rows),
        "reproduced": sum(row["verdict"] in (REPRODUCED, ERASED) for row in rows),
        "best_score": max((row["score"] for row in rows), default=None),
        "deliveries": len(of_night),
        "charged_yen": sum(one["charged_yen"] for one in of_night),
    }


def _row(found: Replay) -> dict[str, Any]:
    item = found.found.candidate if found.found else None
    return {
        "rec_id": found.rec_id,
        "recommendation_type": found.logged.recommendation_type,
        "item_id": item.item_id if item else None,
        "title": item.title if item else None,
        "rank": found.position.rank if found.position else None,
        "score": found.logged.score,
        "verdict": "erased" if found.verdict == ERASED else found.verdict,
    }


def _changed(rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> int:
    def places(found: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
        return {
            (row["recommendation_type"], row["item_id"], row["rank"], row["score"]) for row in found
        }

    now, then = places(rows), places(before)
    return len({place[:2] for place in now ^ then})


def _delivered(db: sqlite3.Connection, profile_id: int) -> list[dict[str, Any]]:
    """What was delivered, newest first."""
    if not has_table(db, "am_personalization_delivery"):
        return []
    found = [vars(one) for one in deliveries_of_profile(db, profile_id)]
    for one in found:
        one["day"] = japan_day(parse_moment(one["delivered_at"]))
    return found[::-1]


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """What was declared night by night, and where links lead."""
    links, nights = found.links, data["nights"]
    nights_with: dict[int, list[Any]] = {row["rec_id"]: [] for row in data["recommendations"]}
    for one in data["deliveries"]:
        nights_with.get(one["rec_id"], []).append(one)
    return {
        "title": _("Customer {n}", n=data["profile_id"]),
        "crumbs": [(_("Overview"), links.home()), (_("Customer {n}", n=data["profile_id"]), "")],
        "headings": headings(data["findings"]),
        "declared_rows": _declared_rows(nights, data["declared"]),
        "declared_nights": [night["as_of"][5:] for night in reversed(nights)],
        "types": TYPES,
        "by_type": {
            kind: [row for row in data["recommendations"] if row["recommendation_type"] == kind]
            for kind in TYPES
        },
        "delivered": nights_with,
        "night_form": [
            one for one in fields(PAGE.parameters, found.asked) if one["name"] == "night"
        ],
        "here_url": found.request.path,
        "takes": takes,
        "verdict_tags": verdict_tags(),
        "charge_names": charge_names(),
        "months": sorted({one["day"][:7] for one in data["deliveries"]}, reverse=True),
        "night_day": data["run"] and day(data["run"]["as_of"], weekday=True),
    }


def _declared_rows(
    nights: list[dict[str, Any]], now: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Per key: what was declared each night, oldest first, and now; whether it differs from the one before."""
    vectors = [night["declared"] for night in reversed(nights)] + [now]
    columns = [describe_declared(Declared.from_dict(one)) if one else None for one in vectors]
    labels = next((column for column in columns if column), ())
    rows = []
    for at, fact in enumerate(labels):
        cells, last = [], None
        for column in columns:
            text = column[at].text if column else None
            is_changed = text is not None and last is not None and text != last
            cells.append(
                {"text": text, "known": bool(column and column[at].is_known), "changed": is_changed}
            )
            last = text if text is not None else last
        rows.append({"label": capital(fact.label), "cells": cells})
    return rows


def verdict_tags() -> dict[str, tuple[str, str]]:
    """The class and the word of each verdict."""
    return {
        REPRODUCED: ("ok", _("reproduced")),
        ERASED: ("ok", _("reproduced")),
        NO_EVIDENCE: ("open", _("no evidence")),
        "differs": ("fault", _("differs")),
        "evidence broken": ("fault", _("evidence broken")),
    }


def charge_names() -> dict[str, str]:
    """What became of a delivery, as one says it."""
    return {
        "charged": _("charged"),
        "free": _("free"),
        "failed": _("failed"),
        "reversed": _("taken back"),
    }


_MONTH = PageParameter("month", read_month, lambda: _("Month (Japan)"), kind="month")
PAGE = AuditPage(
    "customer",
    r"/customer/(?P<profile_id>[^/]+?)",
    read,
    show,
    (NIGHT, _MONTH),
    "nights",
    is_personal=True,
)
