"""The page of verification: what was checked, when, how far, what was found and what that touches; seals; and how to
verify without us. Its box and its cards are on other pages, too.
"""

import json
import shlex
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlite_utils_personalization.audit.verify.codes import CODES, KINDS
from sqlite_utils_personalization.audit.verify.noted import noted, records
from sqlite_utils_personalization.clock import japan_day, parse_moment
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of
from sqlite_utils_personalization.viewer.formats import capital, day, number
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found
from sqlite_utils_personalization.viewer.pages.csv_export import PageList
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, after, one_of
from sqlite_utils_personalization.viewer.pages.trust import (
    CLASSES,
    FAULT,
    HOLDS,
    OPEN_NIGHT,
    Trust,
    trust,
)

_SIZE = 50
_EARLIER = 20
# Each is one run of a command.
_ALL = 100_000
# Kinds on the overview; all of them are on this page.
MOST_CARDS = 12
_NIGHT = "SELECT as_of FROM am_personalization_run WHERE run_id = ?"
_ROW = "SELECT profile_id FROM am_personalization_recommendation_log WHERE rec_id = ?"
_ITEM = """
SELECT recommendation_type, item_id, title FROM am_personalization_candidate WHERE candidate_id = ?
"""
_DELIVERY = """
SELECT rec_id, strftime('%Y-%m', delivered_at, '+9 hours') FROM am_personalization_delivery WHERE delivery_id = ?
"""
_SEALS = """
SELECT s.seal_id, s.run_id, r.as_of, s.first_rec_id, s.last_rec_id, s.leaves, s.root, s.tree_root, s.manifest_json
FROM am_personalization_seal s LEFT JOIN am_personalization_run r USING (run_id)
WHERE s.seal_id < coalesce(:after, 9007199254740993)
ORDER BY s.seal_id DESC LIMIT :size + 1
"""


def cards(db: sqlite3.Connection, found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings with what each touches, where that can be looked up: a night, a recommendation, an item, a month."""
    return [{**one, "touches": _touches(db, one["where"])} for one in found]


def by_kind(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first finding of each code, in the order in which they were found."""
    first: dict[str, Mapping[str, Any]] = {}
    for one in found:
        first.setdefault(one["code"], one)
    return list(first.values())


def _touches(db: sqlite3.Connection, where: Mapping[str, Any]) -> dict[str, Any]:
    touched: dict[str, Any] = {}
    run_id, rec_id, rowid = where.get("run_id"), where.get("rec_id"), where.get("rowid")
    if isinstance(run_id, int):
        as_of = _one(db, _NIGHT, run_id)
        touched |= {"run_id": run_id, "as_of": as_of[0] if as_of else None}
    if isinstance(rec_id, int):
        row = _one(db, _ROW, rec_id)
        touched |= {"rec_id": rec_id, "profile_id": row[0]} if row else {}
    table = str(where.get("table") or "")
    if table == "am_personalization_profile" and isinstance(rowid, int):
        touched["profile_id"] = rowid
    if table == "am_personalization_candidate" and isinstance(rowid, int):
        item = _one(db, _ITEM, rowid)
        names = ("recommendation_type", "item_id", "title")
        touched |= dict(zip(names, item, strict=True)) if item else {}
    if table == "am_personalization_delivery":
        row = _one(db, _DELIVERY, rowid) if isinstance(rowid, int) else None
        touched["month"] = row[1] if row else ""
    return touched


def _one(db: sqlite3.Connection, sql: str, number: int) -> tuple[Any, ...] | None:
    if not -(2**63) <= number < 2**63:
        return None
    row: tuple[Any, ...] | None = db.execute(sql, (number,)).fetchone()
    return row


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """trust as a whole; findings, a page of them, of one kind if asked; seals newest first; verifications before."""
    known = trust(db, found.record_file)
    findings, more = _page(db, known, found, _SIZE)
    seals, more_seals = _seals(db, found.asked["seals_after"], known, _SIZE)
    return {
        "health_warnings": known.warnings,
        "trust": known.to_dict(),
        "total": sum(_counts(known, found.asked["kind"])),
        "findings": findings,
        "next": more,
        "seals": seals,
        "seals_next": more_seals,
        "verifications": [noted(one) for one in records(db, found.record_file, _EARLIER)],
    }


def _page(
    db: sqlite3.Connection, known: Trust, found: Found, size: int
) -> tuple[list[dict[str, Any]], int | None]:
    kind, start = found.asked["kind"], found.asked["after"] or 0
    chosen = [one for one in known.found if kind in (None, one["check"])]
    more = start + size if len(chosen) > start + size else None
    return cards(db, chosen[start : start + size]), more


def _counts(known: Trust, kind: str | None) -> Iterator[int]:
    for one in by_kind(known.found):
        if kind in (None, one["check"]):
            yield one["count"] if isinstance(one["count"], int) else 1


def _seals(
    db: sqlite3.Connection, start: int | None, known: Trust, size: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Seals before start, newest first, and what the next page begins before."""
    seals = named_rows(db, _SEALS, {"after": start, "size": size})
    more = seals[size - 1]["seal_id"] if len(seals) > size else None
    return [_covering(seal, known) for seal in seals[:size]], more


def _covering(seal: dict[str, Any], known: Trust) -> dict[str, Any]:
    """A seal with what it covers, from where to where, and how far it can be trusted."""
    manifest = _manifest(seal.pop("manifest_json"))
    seal["covers"] = manifest.get("table") or ("run" if seal["run_id"] else "log")
    seal["first"] = seal["last"] = None
    if isinstance(manifest.get("after"), int) and isinstance(manifest.get("end"), int):
        seal["first"], seal["last"] = manifest["after"] + 1, manifest["end"]
    touching = known.touching(run_ids={seal["run_id"]} if seal["run_id"] else ())
    is_covered = bool(known.record and known.record["seal_id"] >= seal["seal_id"])
    seal["trust"] = known.state_of(touching, is_covered=is_covered)
    return seal


def _manifest(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def headline(known: Mapping[str, Any]) -> str:
    """What the box says of the whole file, whose trust is given as JSON has it."""
    record = known["verification"]
    if known["state"] == FAULT:
        if record and record["findings"]:
            return _(
                "Findings: {n}. The evidence in this file is not intact",
                n=number(record["findings"]),
            )
        return _("A quick check fails: the evidence in this file is not intact")
    if known["state"] == HOLDS:
        return _("No sign of tampering, up to the newest row")
    if record is None:
        return _("Never fully verified")
    if known["is_old"]:
        return _("Verified more than a month ago")
    return _("No sign of tampering, up to row {row}", row=number(record["log_end"]))


def explained(known: Mapping[str, Any]) -> str:
    """The sentence under the headline."""
    record = known["verification"]
    if known["state"] == FAULT:
        return _(
            "Do not rely on recommendations or charges of this file until what was found is explained."
        )
    if record is None:
        return _(
            "The quick checks on this page read no row of the log: nobody has yet derived it and its evidence again."
        )
    verified = day(japan_day(parse_moment(record["verified_at"])))
    if known["rows_after"]:
        return _(
            "Every recommendation up to there was derived again on {day} and nothing differed. Since then: {n} rows.",
            day=verified,
            n=number(known["rows_after"]),
        )
    return _(
        "Every recommendation and its evidence was derived again on {day} and nothing differed.",
        day=verified,
    )


def about(found: Found, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the box of trust in _personalization_macros.html needs."""
    record = found.record_file
    return {
        "record_file": record and shlex.quote(record.name),
        "trust": known,
        "css": CLASSES[known["state"]],
        "headline": headline(known),
        "explained": explained(known),
        "failing": [one for one in known["checks"] if not one["ok"] and one["name"] != OPEN_NIGHT],
        "open_night": [
            one for one in known["checks"] if not one["ok"] and one["name"] == OPEN_NIGHT
        ],
        "holding": [one for one in known["checks"] if one["ok"]],
    }


def headings(found: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each code of the findings means, as the heading of its card."""
    return {
        one["code"]: (
            capital(message_of(CODES[one["code"]].meaning)) if one["code"] in CODES else one["code"]
        )
        for one in found
    }


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Headings, and where pages of findings and seals lead."""
    links, texts = found.links, {key: v for key, v in found.asked.texts.items() if key != "after"}
    known = {one["check"] for one in data["findings"]}
    return {
        **about(found, data["trust"]),
        "title": _("Verification"),
        "crumbs": [(_("Overview"), links.home()), (_("Verification"), "")],
        "headings": headings(data["findings"]),
        "kinds": [
            (kind, message_of(meaning), links.verification(kind=kind))
            for kind, meaning in KINDS.items()
            if kind in known
        ],
        "kind": found.asked["kind"],
        "next_url": data["next"] and links.verification(**texts, after=data["next"]),
        "first_url": found.asked["after"] and links.verification(**texts),
        "seals_url": data["seals_next"] and links.verification(seals_after=data["seals_next"]),
        "covers": _covers(),
    }


def _covers() -> dict[str, str]:
    return {
        "am_personalization_delivery": _("deliveries"),
        "am_personalization_erasure": _("erasures"),
        "am_personalization_rotation": _("rotated keys"),
        "am_personalization_feedback": _("feedback"),
        "am_personalization_identity": _("keys of customers"),
        "am_personalization_verification": _("verifications"),
        "log": _("rows of other programs"),
    }


def read_findings(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, the findings of a kind from after on; next, and total, how many there are."""
    known = trust(db, found.record_file)
    rows, more = _page(db, known, found, found.asked["size"])
    return {"rows": rows, "next": more, "total": sum(_counts(known, found.asked["kind"]))}


def read_seals(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, the seals before after, newest first, and next."""
    known = trust(db, found.record_file)
    rows, more = _seals(db, found.asked["after"], known, found.asked["size"])
    return {"rows": rows, "next": more}


def read_verifications(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, the verifications that were noted, newest first: all of them, there is no next."""
    return {"rows": [noted(one) for one in records(db, found.record_file, _ALL)], "next": None}


_KIND = PageParameter("kind", one_of(*KINDS), lambda: _("Kind of finding"))
_SEALS_AFTER = PageParameter("seals_after", after().read, lambda: _("Seals before"))
PAGE = AuditPage(
    "verification",
    "/verification",
    read,
    show,
    (_KIND, after(), _SEALS_AFTER),
    "verification",
    lists={
        "findings": PageList(read_findings, (_KIND, after())),
        "seals": PageList(read_seals, (after(),)),
        "verifications": PageList(read_verifications),
    },
)
