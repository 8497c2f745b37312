"""A past night decided once more, by the code that decides tonight, with something of it changed."""

import json
import sqlite3
from pathlib import Path
from typing import NamedTuple

from sqlite_utils_personalization.audit.verify.restored import bounds, restore
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.evidence.served import GONE
from sqlite_utils_personalization.model.kinds import listed
from sqlite_utils_personalization.model.model import Model
from sqlite_utils_personalization.scoring.decide import decide
from sqlite_utils_personalization.scoring.plan import add_catalogue, count_customers
from sqlite_utils_personalization.scoring.serve import serve, spare

_NOBODY = """
DELETE FROM plan_customer WHERE profile_id IN (
    SELECT profile_id FROM am_personalization_unserved WHERE run_id = ? AND reason = ?
)
"""
# The facts of every item that was or would be shown; item_no is the same for two versions of one item.
_ITEMS = f"""
CREATE TEMP TABLE plan_item AS
SELECT candidate_no AS candidate_id, candidate_no AS item_no, candidate_sha256, {listed(Candidate._fields)}
FROM plan_candidate
"""
_BY_NUMBER = "CREATE UNIQUE INDEX temp.plan_item_number ON plan_item(candidate_id)"
_BY_ITEM = "CREATE INDEX temp.plan_item_same ON plan_item(item_no)"
# What is in the catalogue as it was keeps its number, what is new there gets one below 0.
_NEGATIVE = "UPDATE plan_candidate SET candidate_no = -candidate_no"
_BY_DIGEST = "CREATE INDEX temp.plan_item_digest ON plan_item(candidate_sha256)"
_SAME = """
UPDATE plan_candidate SET candidate_no = (
    SELECT i.candidate_id FROM plan_item i WHERE i.candidate_sha256 = plan_candidate.candidate_sha256
) WHERE candidate_sha256 IN (SELECT candidate_sha256 FROM plan_item)
"""
_BY_ID = "CREATE INDEX temp.plan_item_id ON plan_item(recommendation_type, item_id)"
_NEW = f"""
INSERT INTO plan_item
SELECT candidate_no, coalesce((
    SELECT i.candidate_id FROM plan_item i WHERE i.recommendation_type = c.recommendation_type
    AND i.item_id = c.item_id AND i.profile_id IS c.profile_id AND i.left_out IS NULL
), candidate_no), candidate_sha256, {listed(Candidate._fields)} FROM plan_candidate c WHERE candidate_no < 0
"""


class Alteration(NamedTuple):
    """What is to be other than it was, None what is as it was: the model, places of each type, a catalogue read anew.

    catalogue is a file with a SELECT of further items.
    """

    model: Model | None = None
    top_k: int | None = None
    catalogue: Path | None = None


class DecidedNight(NamedTuple):
    """A finished run; model_sha256 is that of its own model."""

    run_id: int
    as_of: str
    model_sha256: str
    model_json: str
    top_k: int
    package_version: str


def decide_again(db: sqlite3.Connection, run_id: int, change: Alteration) -> None:
    """Decide a finished run once more, from what it stored, with the change.

    Fills plan_served with who got what and plan_map with who would get what, plan_list, plan_decision, and plan_item
    with the items of both. Who was gone before the night ended counts in neither. Writes temporary tables only.
    PersonalizationError if a catalogue cannot be read.
    """
    changed: dict[str, str | int] = {}
    if change.model:
        changed |= {"model_json": change.model.json, "model_sha256": change.model.sha256}
    if change.top_k:
        changed["top_k"] = change.top_k
    restore(db, {"run_id": run_id, **bounds(db, run_id)}, changed)
    db.execute(_NOBODY, (run_id, GONE))
    count_customers(db)
    db.execute(_ITEMS)
    if change.catalogue:
        _read_again(db, change.catalogue)
    for index in (_BY_NUMBER, _BY_ITEM):
        db.execute(index)
    spare(db)
    (top_k,) = db.execute("SELECT top_k FROM plan_run").fetchone()
    decide(db, top_k)
    serve(db, top_k)


def _read_again(db: sqlite3.Connection, catalogue: Path) -> None:
    """The catalogue of today as it would be read for the day of the run, in place of what the run saw."""
    as_of, model_json = db.execute("SELECT as_of, model_json FROM plan_run").fetchone()
    db.execute("DELETE FROM plan_candidate")
    add_catalogue(db, as_of, Model(json.loads(model_json)), catalogue)
    for statement in (_NEGATIVE, _BY_DIGEST, _SAME, _BY_ID, _NEW):
        db.execute(statement)
