"""One recommendation: whether formula, order and seal hold; its points; what it was decided from; deliveries."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlite_utils_personalization.audit.compare_today import ThenNow, compare_today
from sqlite_utils_personalization.audit.ranking import Field, find_ranked
from sqlite_utils_personalization.audit.receipt import Proofs
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import NO_EVIDENCE, Replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.quick import run_faults, seal_faults
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import format_checkpoint
from sqlite_utils_personalization.evidence.seal import SEAL_COLUMNS, head_of
from sqlite_utils_personalization.formula.sentences import and_more, days, kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import COMPONENTS
from sqlite_utils_personalization.svg import Svg
from sqlite_utils_personalization.viewer.failure import no_recommendation
from sqlite_utils_personalization.viewer.formats import (
    capital,
    change,
    component_name,
    number,
)
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Elsewhere, Found
from sqlite_utils_personalization.viewer.pages.charts import Step, waterfall
from sqlite_utils_personalization.viewer.pages.described import declared_facts, item_facts
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, one_of, whole
from sqlite_utils_personalization.viewer.pages.trust import FAULT, HOLDS, OPEN, UNVERIFIED, trust
from sqlite_utils_personalization.viewer.pages.verification import cards, headings
from sqlite_utils_personalization.viewer.pages.walk import PROOF, PROVED_LEAVES, takes, walk_ms

# Most of it is not SQL: the whole catalogue is read, item by item. It does not grow with the log.
CATALOGUE_MS = 10_000

_COLUMNS = (*SEAL_COLUMNS, "tree_root")
_SEAL_COLUMNS = ", ".join(_COLUMNS)
_SEAL_OF_RUN = f"SELECT {_SEAL_COLUMNS} FROM am_personalization_seal WHERE run_id = :run_id"
_SEAL_OF_OTHERS = f"""
SELECT {_SEAL_COLUMNS} FROM am_personalization_seal
WHERE run_id IS NULL AND :rec_id BETWEEN first_rec_id AND last_rec_id
"""
_SEALED_UP_TO = "SELECT coalesce(max(log_end), 0) FROM am_personalization_seal"
# Which place of its type it has on the stored list, whatever of that list the customer has.
_ON_LIST = """
SELECT count(*) FROM (
    SELECT e.first_rec_id, e.list_id, e.first_seq FROM am_personalization_evidence e
    WHERE e.first_rec_id <= :rec_id ORDER BY e.first_rec_id DESC LIMIT 1
) e
CROSS JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq <= e.first_seq + :rec_id - e.first_rec_id
CROSS JOIN am_personalization_candidate c ON c.candidate_id = d.candidate_id
WHERE c.recommendation_type = :type
"""
_DELIVERIES = """
SELECT d.delivery_id, d.channel, d.slot, d.delivered_at, d.status, d.unit_price_yen, d.reversal_of
FROM am_personalization_delivery d WHERE d.rec_id = ? ORDER BY d.delivery_id LIMIT 200
"""


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """What personalization-replay says of the row, its seal, its place by the rules, and its deliveries.

    now is the item in the catalogue of today, if it is asked for, because the whole catalogue is read for it, and
    now_fault why that cannot be told.

    seal is None where no seal covers the row, else the seal as it is stored, with proved: whether the row was proved
    under it, None where that was not tried, because the night has more than PROVED_LEAVES and the proof is not asked
    for; and faults: what is wrong with it, none if it is the one its tree holds and has the run row as it stands.

    missing is "evidence" of a row without evidence that was sealed over, but not as a row of other programs. verdicts
    are the states of formula, order and seal; findings those of the last verification that name the row or its night.
    """
    rec_id = found.vars["rec_id"]
    if not re.fullmatch("[0-9]{1,16}", rec_id, re.ASCII):
        raise no_recommendation(
            PersonalizationError(f"{rec_id!r} is not a rec_id", "give a whole number")
        )
    try:
        (row,) = replay(db, Selection(rec_ids=[int(rec_id)]))
    except PersonalizationError as error:
        raise no_recommendation(error) from error
    now, fault = now_of(db, row) if found.asked["now"] == "on" else (None, None)
    data = {
        **replace(row, now=now).to_dict(),
        "now_fault": fault,
        "seal": seal_of(db, row, found.asked["proof"] == "on"),
        "order": order_of(db, row),
        "deliveries": deliveries_of(db, row.rec_id),
    }
    if row.verdict == NO_EVIDENCE and not data["seal"]:
        (sealed_up_to,) = db.execute(_SEALED_UP_TO).fetchone()
        data["missing"] = "evidence" if row.rec_id <= sealed_up_to else None
    known = trust(db, found.record_file)
    run_ids = {row.run.run_id} if row.run else set()
    rows = {("am_personalization_candidate", row.candidate_id)} if row.candidate_id else set()
    touching = known.touching(run_ids=run_ids, rec_ids={row.rec_id}, rows=rows)
    return {**data, "verdicts": _verdicts(data), "findings": cards(db, touching)}


def order_of(db: sqlite3.Connection, found: Replay) -> dict[str, Any] | None:
    """The place of the item by the rules of its night, and the one it has on the stored list; None without evidence."""
    if not (found.run and found.found and found.candidate_id) or not found.found.is_whole:
        return None
    field = Field(
        found.run.run_id,
        found.logged.recommendation_type,
        found.found.candidate.profile_id,
    )
    _first, mine = find_ranked(db, field, found.found.declared, place=0, of=found.candidate_id)
    at = {"rec_id": found.rec_id, "type": found.logged.recommendation_type}
    (stored,) = db.execute(_ON_LIST, at).fetchone()
    return {"rank": mine.place if mine and not mine.is_behind else None, "stored_rank": stored}


def deliveries_of(db: sqlite3.Connection, rec_id: int) -> list[dict[str, Any]]:
    """The deliveries of one row and what takes them back, in order."""
    if not has_table(db, "am_personalization_delivery"):
        return []
    cursor = db.execute(_DELIVERIES, (rec_id,))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    for row in rows:
        billed = 200 <= row["status"] < 300
        sign = -1 if row["reversal_of"] is not None else 1
        row["owed_yen"] = sign * row["unit_price_yen"] if billed else 0
    return rows


def now_of(db: sqlite3.Connection, found: Replay) -> tuple[ThenNow | None, str | None]:
    """The item of a replayed row today, as compare_today says, or why that cannot be told; neither without an item."""
    if not found.run or not found.found:
        return None, None
    try:
        (item,) = compare_today(db, found.run.run_id, [found.found.candidate])
    except PersonalizationError as error:
        return None, str(error)
    return item, None


def seal_of(db: sqlite3.Connection, found: Replay, with_proof: bool) -> dict[str, Any] | None:
    """The seal that covers a replayed row, with its faults; None if none does, as of a run still under way."""
    run_id = found.run.run_id if found.run else None
    sql = _SEAL_OF_OTHERS if run_id is None else _SEAL_OF_RUN
    row = db.execute(sql, {"run_id": run_id, "rec_id": found.rec_id}).fetchone()
    if row is None:
        return None
    seal = dict(zip(_COLUMNS, row, strict=True))
    leaves = seal["leaves"]
    if with_proof or not isinstance(leaves, int) or leaves <= PROVED_LEAVES:
        faults = list(Proofs(db).of(found).faults)
        proved: bool | None = not faults
    else:
        faults, proved = seal_faults(db, 1, seal["seal_id"]), None
        faults += run_faults(db, run_id)[1] if run_id is not None else []
    del seal["manifest_json"]
    return {**seal, "head": _head_of(seal), "proved": proved, "faults": faults}


def _head_of(seal: dict[str, Any]) -> str | None:
    """The head that personalization-seal printed after this seal; None if what is stored makes none."""
    try:
        return format_checkpoint(head_of(seal["origin"], seal["seal_id"], seal["tree_root"]))
    except PersonalizationError:
        return None


def _verdicts(data: Mapping[str, Any]) -> dict[str, str]:
    """The state of formula, order and seal."""
    formula = {"reproduced": HOLDS, "erased": HOLDS, NO_EVIDENCE: OPEN}.get(data["verdict"], FAULT)
    if data["missing"]:
        formula = FAULT
    order, seal = data["order"], data["seal"]
    is_ordered = order and order["rank"] == order["stored_rank"]
    ordered = HOLDS if is_ordered else FAULT if order else OPEN
    if seal is None:
        sealed = OPEN
    elif seal["faults"]:
        sealed = FAULT
    else:
        sealed = HOLDS if seal["proved"] else UNVERIFIED
    return {"formula": formula, "order": ordered, "seal": sealed}


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Links, the waterfall, and what was decided from in words."""
    links, run, item = found.links, data["run"], data["item"]
    state = _worst(data)
    return {
        "title": _("Recommendation {n}", n=data["rec_id"]),
        "crumbs": _crumbs(found, data),
        "css": {HOLDS: "ok", FAULT: "fault"}.get(state, "warn"),
        "heading": _heading(data, state),
        "headings": headings(data["findings"]),
        "chart": _chart(data),
        "stored_differ": any(part["points"] != part["decided"] for part in data["components"]),
        "cut": _cut(data),
        "more": and_more(f"{one['title']} ({one['item_id']})" for one in data["same_programme"]),
        "declared_rows": declared_facts(data["declared"]),
        "item_rows": item_facts(data["recommendation_type"], item),
        "changed": (data["now"] or {}).get("changed", {}),
        "kinds": kinds(data["recommendation_type"]),
        "now_url": links.recommendation(data["rec_id"], now="on"),
        "proof_url": links.recommendation(data["rec_id"], proof="on"),
        "delivered_yen": sum(one["owed_yen"] for one in data["deliveries"]),
        "customer_url": _customer_url(found, data),
        "model_rows": _model(data["recommendation_type"], data["model"]),
        "missing_name": missing_name,
        "difference_name": difference_name,
        "has_receipt": bool(run and data["seal"]),
        "takes": takes,
    }


def _worst(data: Mapping[str, Any]) -> str:
    if data["findings"]:
        return FAULT
    states = set(data["verdicts"].values())
    return next((state for state in (FAULT, UNVERIFIED, OPEN) if state in states), HOLDS)


def _heading(data: Mapping[str, Any], state: str) -> str:
    verdict = data["verdict"]
    if data["findings"] and state == FAULT and FAULT not in data["verdicts"].values():
        return _("The last verification has a finding here")
    if data["missing"]:
        return _("Something it was decided from is missing")
    if verdict == "differs":
        return _("Differs from what its night stored")
    if state == FAULT:
        return _("It can be computed again, but is not what was sealed")
    if verdict == NO_EVIDENCE:
        return _("No evidence: another program wrote this row")
    if state == HOLDS:
        return _("Reproduced, and as it was sealed")
    return _("Reproduced; the seal was not checked here")


def _crumbs(found: Found, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    url = _customer_url(found, data)
    return [
        (_("Overview"), found.links.home()),
        *([(_("customer {n}", n=data["profile_id"]), url)] if url else []),
        (str(data["rec_id"]), ""),
    ]


def _customer_url(found: Found, data: Mapping[str, Any]) -> str:
    """The page of the customer; none of one whose row is gone, which has no page."""
    is_there = data["user_token_hash"] is not None or data["erased_at"] is not None
    return found.links.customer(data["profile_id"]) if is_there else ""


def missing_name(link: str) -> str:
    """What a replay lacks, as one says it."""
    names = {
        "profile": _("the row of the customer"),
        "list": _("the list"),
        "run": _("the run"),
        "cohort": _("what was declared"),
        "decision": _("the decision"),
        "candidate": _("the item"),
        "evidence": _("the evidence"),
    }
    return names.get(link, link)


def difference_name(difference: str) -> str:
    """What a replay finds to differ, as one says it."""
    names = {
        "eligibility": _("whether it was open to the customer"),
        "score": _("score"),
        "logged_score": _("logged score"),
        "recommendation_type": _("type"),
        "served_at": _("time of the night"),
        "customer": _("customer"),
        "range": _("the rows beside it are of another customer"),
        "item": _("the item is not the one that was digested"),
        "list": _("the list is not the one that was digested"),
        "model": _("the model is not the one that was digested"),
    }
    return names.get(difference, component_name(difference))


def _chart(data: Mapping[str, Any]) -> Svg | None:
    total, model = data["total"], data["model"]
    parts = data["components"]
    if not total or not all(
        isinstance(points, int)
        for points in (model["cap"], total["score"], *(part["points"] for part in parts))
    ):
        return None
    steps, end = [], 0
    for part in parts:
        points = part["points"]
        name = capital(component_name(part["name"]))
        steps.append(Step(name, end, end + points, change(points)))
        end += points
    if end > total["score"]:
        label = _("cap {n}", n=model["cap"])
        steps.append(Step(label, end, total["score"], change(total["score"] - end)))
    steps.append(Step(_("Score"), 0, total["score"], number(total["score"]), is_total=True))
    return waterfall("points", _("Points of this recommendation"), total["sentence"], steps)


def _cut(data: Mapping[str, Any]) -> int | None:
    """What the cap takes away; None where it takes nothing."""
    total = data["total"]
    if not total or not isinstance(total["points"], int) or not isinstance(total["score"], int):
        return None
    return total["score"] - total["points"] or None


def _model(kind: str, model: dict[str, Any] | None) -> list[tuple[str, str]]:
    """The constants that the formula read, in words."""
    if not model:
        return []
    weights = ", ".join(f"{component_name(name)} {model[f'{name}_weight']}" for name in COMPONENTS)
    rows = [
        (_("Weights"), weights),
        (_("Urgent"), _("a horizon of at most {n} days", n=model["urgent_days"])),
        (_("Cap"), _("{n} for {kinds}", n=model["cap"], kinds=kinds(kind))),
    ]
    if notice := model["lead_days"]:
        rows.insert(2, (_("Notice"), _("{days} before it closes", days=days(notice))))
    return rows


def at_least_ms(found: Found) -> int:
    """Longer where the catalogue of today or the proof of a large night is asked for."""
    return max(walk_ms(found), CATALOGUE_MS if found.asked["now"] == "on" else 0)


def read_number(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """On to the recommendation with this number, as addresses of earlier versions ask for it."""
    rec_id, suffix = found.asked["rec_id"], found.vars["suffix"] or ""
    links = found.links
    raise Elsewhere(links.home() if rec_id is None else links.recommendation(f"{rec_id}{suffix}"))


_NOW = PageParameter("now", one_of("on"), lambda: _("Compare with today"))
_REC_ID = PageParameter("rec_id", whole(1), lambda: _("rec_id"), may_be_empty=False)
BY_NUMBER = AuditPage(
    "replay", "/replay", read_number, lambda found, data: {}, (_REC_ID,), "nights"
)
PAGE = AuditPage(
    "recommendation",
    "/replay/(?P<rec_id>[^/]+?)",
    read,
    show,
    (_NOW, PROOF),
    "nights",
    at_least_ms,
    is_personal=True,
)
