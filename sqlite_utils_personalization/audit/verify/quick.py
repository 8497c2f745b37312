"""Quick checks of the evidence, each saying what it looked at. Read-only.

None of them reads the rows of the log. That is the work of personalization-verify, and only that can say intact.
"""

import json
import sqlite3
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify.progress import check_open_runs
from sqlite_utils_personalization.audit.verify.schema import check_schema
from sqlite_utils_personalization.audit.verify.tree import (
    check_place,
    check_unsealed_runs,
    split_row,
)
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.evidence.seal import (
    MANIFEST_COLUMNS,
    SEAL_COLUMNS,
    TREE_COLUMNS,
    subtrees_of,
)
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext

# The newest seals, which take milliseconds to hash again however long the log is.
LAST_SEALS = 100
NAMED_FAULTS = 3

_FINISHED = (
    "SELECT EXISTS (SELECT 1 FROM am_personalization_run_progress WHERE status = 'finished')"
)
_AFTER_LAST_SEAL = """
SELECT coalesce((SELECT max(rec_id) FROM am_personalization_recommendation_log), 0),
    coalesce((SELECT max(log_end) FROM am_personalization_seal), 0)
"""


class Check(NamedTuple):
    """One quick check: its name, whether it found no fault, what it saw in a sentence, and every fault in one."""

    name: str
    ok: bool
    sentence: str
    faults: list[str]


def quick_checks(db: sqlite3.Connection) -> list[Check]:
    """The quick checks of a database with 287 and 900, in the order they are shown; read-only."""
    return [_schema(db), _seals(db), _runs(db), _sealed(db), _open(db)]


def seal_faults(db: sqlite3.Connection, seals: int = LAST_SEALS, upto: int = 1 << 53) -> list[str]:
    """What is wrong with the last seals up to the seal_id upto in their tree, one sentence per fault; read-only."""
    rows = db.execute(
        f"SELECT {', '.join([*SEAL_COLUMNS, *TREE_COLUMNS])} FROM am_personalization_seal"
        " WHERE seal_id <= ? ORDER BY seal_id DESC LIMIT ?",
        (upto, seals + 1),
    ).fetchall()[::-1]
    found = [split_row(row) for row in rows]
    before = found[0][0]["seal_id"] if len(found) > seals else 0
    subtrees = subtrees_of(db, before)
    faults = []
    for number, (seal, stored) in enumerate(found[-seals:], before + 1):
        origin = found[0][0]["origin"]
        places = check_place(seal, stored, subtrees, origin, number)
        faults += [finding.what for finding in places]
        subtrees[seal["seal_id"]] = stored[0]
    return faults


def _schema(db: sqlite3.Connection) -> Check:
    faults = [finding.what for finding in check_schema(db)]
    return _check(
        "guards",
        faults,
        _("Tables, guards and views are the ones this version of the package makes."),
    )


def run_faults(db: sqlite3.Connection, run_id: int | None = None) -> tuple[int, list[str]]:
    """How many of the last sealed runs were looked at, or this one, and whose row is not the sealed one; read-only."""
    columns = ", ".join(f"r.{name}" for name in MANIFEST_COLUMNS)
    rows = db.execute(
        f"SELECT s.run_id, s.manifest_json, r.model_json, {columns} FROM am_personalization_seal s"
        " LEFT JOIN am_personalization_run r USING (run_id)"
        " WHERE s.run_id IS NOT NULL AND coalesce(s.run_id = ?, 1) ORDER BY s.seal_id DESC LIMIT ?",
        (run_id, LAST_SEALS),
    ).fetchall()
    faults = []
    for number, manifest, model, *values in rows:
        run = dict(zip(MANIFEST_COLUMNS, values, strict=True))
        if _run_of(manifest) != run:
            faults.append(f"the row of run {number} is not the one that was sealed")
        if model is not None and sha256_hex(model) != run["model_sha256"]:
            faults.append(f"the model of run {number} is not the one its digest was taken of")
    return len(rows), faults


def _run_of(manifest_json: str) -> object:
    manifest = json.loads(manifest_json)
    return manifest.get("run") if isinstance(manifest, dict) else None


def _seals(db: sqlite3.Connection) -> Check:
    (seals,) = db.execute("SELECT count(*) FROM am_personalization_seal").fetchone()
    if not seals:
        sentence = _("There is no seal yet.")
    elif seals <= LAST_SEALS:
        sentence = ngettext(
            "{n} seal looked at: each is unaltered and in its place in the tree of the seals.",
            "{n} seals looked at: each is unaltered and in its place in the tree of the seals.",
            seals,
        )
    else:
        sentence = _(
            "The last {last} of {n} seals looked at: each is unaltered and in its place in the tree of the seals.",
            last=LAST_SEALS,
            n=seals,
        )
    return _check("seals", seal_faults(db), sentence)


def _runs(db: sqlite3.Connection) -> Check:
    runs, faults = run_faults(db)
    sentence = _(
        "Sealed nights looked at: {n}. Dates, counts and models are those that were sealed.", n=runs
    )
    return _check("nights", faults, sentence if runs else _("There is no sealed night yet."))


def _sealed(db: sqlite3.Connection) -> Check:
    faults = [finding.what for finding in check_unsealed_runs(db)]
    log_end, sealed = db.execute(_AFTER_LAST_SEAL).fetchone()
    if log_end < sealed:
        faults.append(f"the log ends at row {log_end}, but was sealed up to row {sealed}")
    (finished,) = db.execute(_FINISHED).fetchone()
    sentence = (
        _("Every finished night is sealed.") if finished else _("There is no finished night yet.")
    )
    if log_end > sealed:
        covers = _(
            "The last seal covers the log up to row {sealed} of {last}.",
            sealed=sealed,
            last=log_end,
        )
        sentence = pgettext("sentences", "{one} {other}", one=sentence, other=covers)
    return _check("unsealed", faults, sentence)


def _open(db: sqlite3.Connection) -> Check:
    faults = [finding.what for finding in check_open_runs(db)]
    return _check("open", faults, _("No night is under way or was interrupted."))


def _check(name: str, faults: list[str], sentence: str) -> Check:
    if not faults:
        return Check(name, True, sentence, [])
    named = "; ".join(faults[:NAMED_FAULTS])
    if len(faults) > NAMED_FAULTS:
        named = _("{named}; and {n} more", named=named, n=len(faults) - NAMED_FAULTS)
    return Check(name, False, named, faults)
