"""The page of one recommendation: what it reads, the replay, the seal over it, and what it cannot show; and as HTML its
links, the waterfall, and times in Japan.
"""

import re
import shlex
import sqlite3
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.audit.compare_today import ThenNow, compare_today
from sqlite_utils_personalization.audit.receipt import Proofs
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.replay_result import NO_EVIDENCE, Replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify.quick import run_faults, seal_faults
from sqlite_utils_personalization.catalogue.candidate import UNDATED, Candidate
from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import format_checkpoint
from sqlite_utils_personalization.evidence.seal import SEAL_COLUMNS, head_of
from sqlite_utils_personalization.formula.descriptions import describe_declared, describe_item
from sqlite_utils_personalization.formula.sentences import and_more, days
from sqlite_utils_personalization.model.kinds import COMPONENTS, Declared
from sqlite_utils_personalization.viewer.connections import file_name
from sqlite_utils_personalization.viewer.failure import no_recommendation
from sqlite_utils_personalization.viewer.links import question_url, replay_url
from sqlite_utils_personalization.viewer.pages.charts import Step, waterfall

# Up to these many customers a night is walked for the proof of one row, a fraction of a second, without being asked.
PROVED_LEAVES = 5_000

_COLUMNS = (*SEAL_COLUMNS, "tree_root")
_SEAL_COLUMNS = ", ".join(_COLUMNS)
_SEAL_OF_RUN = f"SELECT {_SEAL_COLUMNS} FROM am_personalization_seal WHERE run_id = :run_id"
_SEAL_OF_OTHERS = f"""
SELECT {_SEAL_COLUMNS} FROM am_personalization_seal
WHERE run_id IS NULL AND :rec_id BETWEEN first_rec_id AND last_rec_id
"""
_SEALED_UP_TO = "SELECT coalesce(max(log_end), 0) FROM am_personalization_seal"


def replay_page(
    db: sqlite3.Connection, rec_id: str, *, with_now: bool, with_proof: bool = False
) -> dict[str, Any]:
    """What personalization-replay says of the row, and its seal. Failure 404 if there is no such row.

    now is the item in the catalogue of today, if it is asked for, because the whole catalogue is read for it, and
    now_fault why that cannot be told.

    seal is None where no seal covers the row, else the seal as it is stored, with proved: whether the row was proved
    under it, None where that was not tried, because the night has more than PROVED_LEAVES and with_proof is not asked
    for; and faults: what is wrong with it, none if it is the one its tree holds and has the run row as it stands.

    missing is "evidence" of a row without evidence that was sealed over, but not as a row of other programs.
    """
    if not re.fullmatch("[0-9]{1,16}", rec_id, re.ASCII):
        raise no_recommendation(
            PersonalizationError(f"{rec_id!r} is not a rec_id", "give a whole number")
        )
    try:
        (found,) = replay(db, Selection(rec_ids=[int(rec_id)]))
    except PersonalizationError as error:
        raise no_recommendation(error) from error
    now, fault = now_of(db, found) if with_now else (None, None)
    data = {
        **replace(found, now=now).to_dict(),
        "now_fault": fault,
        "seal": seal_of(db, found, with_proof),
    }
    if found.verdict == NO_EVIDENCE and not data["seal"]:
        (sealed_up_to,) = db.execute(_SEALED_UP_TO).fetchone()
        data["missing"] = "evidence" if found.rec_id <= sealed_up_to else None
    return data


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


VERDICTS = {
    "reproduced": "The formula gives the same points and the same score again, from what that night stored.",
    "erased": "The customer was erased, and nothing leads to them any more. Otherwise the row is reproduced: the"
    " formula gives the same points and the same score again, from what that night stored.",
    "differs": "The formula does not give what was logged, from what that night stored.",
    "no evidence": "Another program wrote this row: the log says that something was recommended, nothing says what.",
    "evidence": "No night accounts for this row, nor do the rows of other programs, and the log was sealed beyond it.",
    "evidence broken": "The evidence of this row leads nowhere: something it was decided from is not in the file.",
}


def show_replay(datasette: Any, database: str, data: dict[str, Any]) -> dict[str, Any]:
    """What personalization_replay.html needs beside the data of the page."""
    run, item = data["run"], data["item"]
    return {
        "japan_time": japan_time,
        "meaning": VERDICTS.get(data["missing"]) or VERDICTS[data["verdict"]],
        "chart": _chart(data),
        "stored_differ": any(part["points"] != part["decided"] for part in data["components"]),
        "weights": _weights(data["model"]),
        "notice": _notice(data["model"]),
        "more": and_more(f"{one['title']} ({one['item_id']})" for one in data["same_programme"]),
        "declared_rows": _declared(data["declared"]),
        "item_rows": _item(data["recommendation_type"], item),
        "changed": (data["now"] or {}).get("changed", {}),
        # By number, because a hash in an address ends up in logs.
        "customer_url": data["user_token_hash"]
        and question_url(
            datasette, database, "customer_recommendations", customer=data["profile_id"]
        ),
        "item_url": item
        and question_url(
            datasette,
            database,
            "item_recommendations",
            item_id=item["item_id"],
            type=data["recommendation_type"],
            night=run["run_id"],
        ),
        "night_url": run
        and question_url(datasette, database, "night_integrity", night=run["run_id"]),
        "now_url": f"{replay_url(datasette, database, data['rec_id'])}&now=on",
        "proof_url": f"{replay_url(datasette, database, data['rec_id'])}&proof=on",
        "quoted_file": shlex.quote(file_name(datasette, database)),
    }


def _chart(data: dict[str, Any]) -> Markup | None:
    total, model = data["total"], data["model"]
    parts = data["components"]
    if not total or not all(
        isinstance(points, int)
        for points in (model["cap"], total["score"], *(part["points"] for part in parts))
    ):
        return None
    steps, end = [], 0
    for part in parts:
        steps.append(Step(part["name"], end, end + part["points"]))
        end += part["points"]
    if end > total["score"]:
        steps.append(Step(f"cap at {model['cap']}", end, total["score"]))
    steps.append(Step("score", 0, total["score"], is_total=True))
    return waterfall("points", "Points of this recommendation", total["sentence"], steps, 100)


def _declared(declared: dict[str, Any] | None) -> list[tuple[str, str]]:
    found = describe_declared(Declared(*declared.values())) if declared else ()
    return [(fact.label.capitalize(), fact.text) for fact in found]


def _item(kind: str, item: dict[str, Any] | None) -> list[tuple[str, str]]:
    if not item:
        return []
    given = {name: item[name] for name in Candidate._fields if name in item}
    rolling = next((key for key, name in UNDATED.items() if name == item["closing"]), None)
    found = describe_item(Candidate(kind, **given, rolling=rolling), item["days_left"])
    return [(fact.label.capitalize(), fact.text) for fact in found.values()]


def _notice(model: dict[str, Any] | None) -> str:
    lead_days = model["lead_days"] if model else None
    return f"{days(lead_days)} before it closes" if lead_days else ""


def _weights(model: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {model[f'{name}_weight']}" for name in COMPONENTS) if model else ""
