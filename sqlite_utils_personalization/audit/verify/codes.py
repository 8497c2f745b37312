"""Every class of fault that verification can name. docs/verify.md shows this table; a test keeps the two the same."""

from typing import NamedTuple

from sqlite_utils_personalization.language import N_, message_of
from sqlite_utils_personalization.language import gettext as _

_COPY = N_("keep a copy of the file as it is before you mend anything")
_BACKUP = N_(
    "compare with a backup, or with a head kept outside, to see since when; restore what was changed"
)
_WHO = N_("find out who may write to the file, and restore it from a backup")


class Code(NamedTuple):
    """What a code belongs to, and messages on what it means and what to do."""

    kind: str
    meaning: str
    advice: str

    @property
    def todo(self) -> str:
        """What to do, in the language that is spoken."""
        return _(self.advice, copy=message_of(_COPY), backup=message_of(_BACKUP))


# The kinds, in the order in which they are checked.
KINDS = {
    "schema": N_("tables, indexes, views and guards, and what hangs on them"),
    "reference": N_("what rows refer to"),
    "candidate": N_("items"),
    "model": N_("models"),
    "log": N_("rows of the log"),
    "evidence": N_("which rows of the log come from which list"),
    "decision": N_("what is on a list"),
    "completeness": N_("who got what in a run"),
    "progress": N_("how far a run is"),
    "shadow": N_("what another model would have recommended"),
    "seal": N_("what seals cover"),
    "tree": N_("the tree over the seals"),
    "head": N_("what was kept outside the file"),
    "event": N_("deliveries, feedback, erasures, keys and their rotation"),
    "check": N_("verification itself"),
}

# What is derived again, each apart from the others; what is counted by; and what holds where nothing is found.
CHECKS = {
    "schema": (
        "objects",
        N_(
            "tables, indexes, views and guards are the packaged ones, and nothing else hangs on them"
        ),
    ),
    "index": ("objects", N_("every index holds what its table holds")),
    "value": (
        "objects",
        N_("every value is one that its column and the conditions of its table let in"),
    ),
    "reference": ("logged", N_("what rows refer to is there")),
    "log": ("logged", N_("every row of the log is what its evidence says")),
    "content": ("items", N_("items are those that their digests were taken of")),
    "run": ("runs", N_("what each night gave to whom follows from what it stored")),
    "end": ("runs", N_("each night looked as far back as it had to")),
    "shadow": (
        "shadows",
        N_(
            "what another model would have recommended in a night follows from what that night stored"
        ),
    ),
    "seal": (
        "seals",
        N_(
            "rows and runs are those that were sealed, and the seals make one tree, with what was kept outside"
        ),
    ),
    "event": (
        "events",
        N_(
            "deliveries, feedback, erasures and keys are those that were sealed, and refer to what is there"
        ),
    ),
    "engine": ("runs", N_("DuckDB decides the same lists as are stored")),
    "signature": (
        "heads",
        N_("what was kept outside is signed and witnessed by the keys that were given"),
    ),
}

CODES = {
    "object-missing": Code(
        "schema",
        N_("a table, index, view or guard of ours is missing"),
        N_(
            "{copy}, then run personalization-migrate; what was done without it is checked by the rest"
        ),
    ),
    "object-changed": Code(
        "schema",
        N_("a table, index, view or guard of ours reads differently from the packaged one"),
        N_("{copy}, see what it reads now in sqlite_master, then put the packaged one back"),
    ),
    "stranger-trigger": Code(
        "schema",
        N_("a trigger that is not ours hangs on a table of ours, or writes to the evidence"),
        N_("see what it does in sqlite_master, then drop it"),
    ),
    "stranger-index": Code(
        "schema",
        N_("an index that is not ours hangs on a table of ours other than the profiles"),
        N_("drop it; an index on profiles alone is nobody's fault"),
    ),
    "index-wrong": Code(
        "schema",
        N_(
            "an index does not hold what its table holds, so that what is asked through it goes amiss"
        ),
        N_("{copy}, then run REINDEX; find out who wrote to sqlite_master"),
    ),
    "file-damaged": Code(
        "schema",
        N_("SQLite's own check of a table finds it damaged"),
        N_("{copy}, then restore it from a backup"),
    ),
    "value-refused": Code(
        "schema",
        N_("a value that its column or a condition of its table does not let in"),
        _WHO,
    ),
    "id-out-of-range": Code(
        "schema",
        N_("a row has a number below 1 or above 2^53, which no seal reaches"),
        _WHO,
    ),
    "run-missing": Code(
        "reference",
        N_("the row of a run is gone, while others refer to it"),
        N_("restore it from a backup; {backup}"),
    ),
    "row-missing": Code(
        "reference",
        N_("a row that others refer to is gone"),
        N_("restore it from a backup; {backup}"),
    ),
    "candidate-changed": Code(
        "candidate", N_("an item is not the one its digest was taken of"), _BACKUP
    ),
    "model-changed": Code("model", N_("a model is not the one its digest was taken of"), _BACKUP),
    "model-column-changed": Code(
        "model",
        N_("a number beside a model is not the one the model says"),
        N_("{backup}; the stored columns follow from model_json"),
    ),
    "log-row-missing": Code("log", N_("a row that evidence explains is not in the log"), _BACKUP),
    "log-row-changed": Code("log", N_("a row of the log is not what its evidence says"), _BACKUP),
    "log-cut": Code("log", N_("the log ends before a row that was once written"), _BACKUP),
    "mark-wrong": Code(
        "log",
        N_("where the log stood when 900 was applied is not what the log and its evidence say"),
        _BACKUP,
    ),
    "evidence-broken": Code(
        "evidence",
        N_("a range of evidence leads nowhere, overlaps another or has the wrong length"),
        _BACKUP,
    ),
    "decision-wrong": Code(
        "decision",
        N_("a stored decision is not the one that the stored inputs lead to"),
        N_("compare with what a replay of that row says, and restore the inputs or the decision"),
    ),
    "engines-differ": Code(
        "decision",
        N_("DuckDB decides a list otherwise than it is stored"),
        N_(
            "see whether decision-wrong or shadow-wrong names the same: if none does, one of the two engines is wrong,"
            " so keep the file and report it"
        ),
    ),
    "list-changed": Code("evidence", N_("a list is not the one its digest was taken of"), _BACKUP),
    "run-changed": Code(
        "completeness",
        N_("what the row of a run says does not follow from what the run stored"),
        _BACKUP,
    ),
    "customer-skipped": Code(
        "completeness",
        N_("a customer who was due a list did not get it"),
        N_("ask who ran that night, and with what; {backup}"),
    ),
    "list-served-twice": Code(
        "completeness",
        N_("a customer has the same list twice in a run"),
        N_("do not bill it twice; see when the night was interrupted, and who wrote meanwhile"),
    ),
    "list-of-another": Code(
        "completeness",
        N_("a customer has a list of another declared vector, or another's saved searches"),
        N_("tell the customer; see when the night was interrupted, and who wrote meanwhile"),
    ),
    "served-otherwise": Code(
        "completeness",
        N_("who got which list in a run is not what was decided when it was frozen"),
        N_("see when the night was interrupted, and who wrote meanwhile; {backup}"),
    ),
    "reason-wrong": Code(
        "completeness",
        N_("why a customer got nothing in a run is not what follows from it"),
        N_("ask who ran that night, and with what; {backup}"),
    ),
    "customer-not-gone": Code(
        "completeness",
        N_("a customer was left out as deleted, and was there when the run ended"),
        N_("ask who ran that night, and with what"),
    ),
    "run-open": Code(
        "progress",
        N_("a run was begun and not finished, so no seal covers it"),
        N_("run personalization-score once more for that night: it logs the rest and seals it"),
    ),
    "progress-wrong": Code(
        "progress",
        N_("what is noted of how far a run is does not agree with its evidence and its seal"),
        N_(
            "restore the row of am_personalization_run_progress: what is said here is what it should be"
        ),
    ),
    "shadow-wrong": Code(
        "shadow",
        N_("what a shadow holds is not what its model makes of what its night stored"),
        _BACKUP,
    ),
    "shadow-added": Code(
        "shadow",
        N_("a shadow was not there when its night was sealed"),
        N_("compare nothing with it; find out who wrote it"),
    ),
    "seal-missing": Code(
        "seal",
        N_("a run is finished, and no seal covers it"),
        N_("find out who removed it; {backup}"),
    ),
    "sealed-rows-changed": Code("seal", N_("rows are not those that a seal covers"), _BACKUP),
    "sealed-run-changed": Code("seal", N_("a run is not the one that was sealed"), _BACKUP),
    "evidence-added": Code("seal", N_("evidence was added to a run after it was sealed"), _BACKUP),
    "leaves-out-of-order": Code(
        "seal",
        N_(
            "the customers of a run do not follow each other in the order of profile_id, one leaf each"
        ),
        N_(
            "see when the night was interrupted, and who wrote to am_personalization_run_customer meanwhile"
        ),
    ),
    "tree-broken": Code(
        "tree", N_("a seal is not the one that the tree over the seals holds in its place"), _BACKUP
    ),
    "head-not-found": Code(
        "head",
        N_("a head that was kept outside is not one of this log's"),
        N_(
            "the file was rewritten or cut since that head was kept: restore it from a backup of that time"
        ),
    ),
    "head-not-signed": Code(
        "head",
        N_("a kept head is not signed by a key that was given, or a signature on it is wrong"),
        N_(
            "ask who kept that head and with which key it was signed; trust none that cannot be checked"
        ),
    ),
    "head-not-witnessed": Code(
        "head",
        N_("a witness whose key was given cosigned none of the kept heads"),
        N_("ask the witness which heads it has seen, and give a file that has its cosignatures"),
    ),
    "sealed-events-changed": Code(
        "event",
        N_(
            "deliveries, feedback, erasures, bound or rotated keys are not those that a seal covers"
        ),
        _BACKUP,
    ),
    "identity-changed": Code(
        "event",
        N_(
            "a customer has another key than the one that was bound to the profile, and no rotation says so"
        ),
        N_("find out whose key it is before anything is shown under it; {backup}"),
    ),
    "salt-left": Code(
        "event",
        N_(
            "a customer was erased, and a salt or other hash of the key, or what relates them to other programs,"
            " is there"
        ),
        N_("delete that row of the table, and run VACUUM; find out who wrote it"),
    ),
    "delivery-of-nothing": Code(
        "event",
        N_("a delivery is of a row that the log does not have"),
        N_("do not bill it; find out who recorded it"),
    ),
    "reversal-of-nothing": Code(
        "event",
        N_("a correction takes back no delivery of the same recommendation"),
        N_("correct the bill; find out who recorded it"),
    ),
    "check-unfinished": Code(
        "check",
        N_("a check could not reach its end, because of what stands in the file"),
        N_("mend what the other findings name, then verify again: there may be more"),
    ),
}

# What is said without being a fault.
REMARKS = {
    "rows-unexplained": "rows of the log that neither evidence nor a seal covers: other programs wrote them",
    "rows-after-last-seal": "rows of the log that were written since the last seal",
    "events-after-last-seal": "deliveries, feedback, erasures, bound or rotated keys recorded since the last seal of"
    " their table",
    "time-backwards": "a night or an event was written down before the one that comes before it in order",
    "looked-less-far": "what a run did not look at for what was handed over before, though it was written down before"
    " the run began",
    "charged-without-key": "deliveries that another program wrote as charged without the charge_key that keeps an item"
    " from being charged to a customer twice a day",
    "second-engine": "how many lists were decided again on a second engine, where one was asked for",
    "view-not-packaged": "v_personalization_recent_recs is not the packaged one, as where an older 287 made it",
}
# Those that --strict does not accept.
UNCOVERED = ("rows-unexplained", "rows-after-last-seal", "events-after-last-seal")
