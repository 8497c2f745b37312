"""One verification as it is kept: in the file, append-only and sealed like other events, or as a line of another file.

It says what somebody says to have found. Whoever trusts nobody verifies again.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.audit.verify import Finding, VerifyFindings, grouped
from sqlite_utils_personalization.audit.verify.codes import CHECKS, CODES
from sqlite_utils_personalization.audit.verify.kept_heads import Signed
from sqlite_utils_personalization.audit.verify.remarks import VerifyNote
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, Head
from sqlite_utils_personalization.evidence.leaves import EVENT_COLUMNS
from sqlite_utils_personalization.evidence.seal import head, sealed_log_end
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of, ngettext
from sqlite_utils_personalization.private_files import narrow_if_empty
from sqlite_utils_personalization.schema.state import packaged_objects
from sqlite_utils_personalization.transaction import write_transaction

VERIFICATIONS = "am_personalization_verification"
# Of all codes together, the findings that are kept with what they say.
KEPT_FINDINGS = 1_000

_LOG_END = "SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log"
_COVERED = "SELECT count(*) FROM am_personalization_recommendation_log WHERE rec_id <= ?"


class VerifyCheck(TypedDict):
    """One check: what holds where it finds nothing, whether it reached its end, and of how much."""

    check: str
    sentence: str
    finished: bool
    of: dict[str, int]
    findings: int


class VerifyResult(TypedDict):
    """What was verified, with what, and what was found.

    kept is none, agree or differ: whether heads kept outside were given, and whether this is the log they are of.
    """

    ok: bool
    sentence: str
    verified_at: str
    seconds: int
    package_version: str
    migrations: list[str]
    head: Head | None
    kept: str
    kept_seal_id: int | None
    covered_rows: int
    counts: dict[str, int]
    checks: list[VerifyCheck]
    findings: list[VerifyFindings]
    notes: list[VerifyNote]


class Reached(NamedTuple):
    """How far a file goes: the last row of its log, how many rows seals cover, its last seal and the root over all."""

    log_end: int
    covered_rows: int
    seal_id: int
    tree_root: str | None


class Verification(NamedTuple):
    """The columns of am_personalization_verification but the first; seconds of wall clock."""

    verified_at: str
    package_version: str
    log_end: int
    covered_rows: int
    seal_id: int
    tree_root: str | None
    kept: str
    kept_seal_id: int | None
    seconds: int
    findings: int
    findings_json: str

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the findings by code as an object."""
        return {**self._asdict(), "findings_json": json.loads(self.findings_json)}


def reached(db: sqlite3.Connection) -> Reached:
    """How far the file goes that is about to be verified; zeros for what damage keeps from being read. Read-only."""
    try:
        (log_end,) = db.execute(_LOG_END).fetchone()
        sealed, top = sealed_log_end(db), head(db)
        (covered,) = db.execute(_COVERED, (sealed,)).fetchone()
    except (sqlite3.Error, PersonalizationError):
        return Reached(0, 0, 0, None)
    size, root = (top.size, top.root.hex()) if top else (0, None)
    return Reached(log_end if isinstance(log_end, int) else 0, covered, size, root)


class Counted(NamedTuple):
    """How much is to be verified: objects of ours, runs, logged rows, items, shadows, seals, events of all tables."""

    objects: int
    runs: int
    logged: int
    items: int
    shadows: int
    seals: int
    events: int


def counted(db: sqlite3.Connection) -> Counted:
    """How much a file holds of what is verified; 0 of what is missing. Read-only."""
    return Counted(
        objects=len(packaged_objects()),
        runs=_count(db, "am_personalization_run"),
        logged=_count(db, "am_personalization_recommendation_log"),
        items=_count(db, "am_personalization_candidate"),
        shadows=_count(db, "am_personalization_shadow"),
        seals=_count(db, "am_personalization_seal"),
        events=sum(_count(db, table) for table in EVENT_COLUMNS),
    )


def _count(db: sqlite3.Connection, table: str) -> int:
    try:
        n: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    except db.Error:
        return 0
    return n


def checks_of(
    by_check: Mapping[str, Sequence[Finding]], of: Counted, heads: int
) -> list[VerifyCheck]:
    """Each check for JSON: whether it reached its end, how much there was, how many findings it has."""
    there = {**of._asdict(), "heads": heads}
    return [
        {
            "check": name,
            "sentence": message_of(CHECKS[name][1]),
            "finished": not any(one.code == "check-unfinished" for one in findings),
            "of": {CHECKS[name][0]: there[CHECKS[name][0]]},
            "findings": len(findings),
        }
        for name, findings in by_check.items()
    ]


def verification(
    at: Reached, findings: Sequence[Finding], kept: Sequence[Checkpoint], began: float
) -> Verification:
    """What is kept of a verification that began at a time.monotonic(), with the heads that were kept outside."""
    is_other = any(CODES[finding.code].kind == "head" for finding in findings)
    return Verification(
        utc_now(),
        __version__,
        *at,
        "none" if not kept else "differ" if is_other else "agree",
        max((one.size for one in kept), default=None),
        round(time.monotonic() - began),
        len(findings),
        canonical_json(_by_code(findings)),
    )


def conclusion(findings: int, uncovered: bool, signed: Signed | None) -> str:
    """What a verification comes to, as a sentence; uncovered: there are rows that were to be covered by a seal."""
    if findings:
        return ngettext(
            "{n} finding: the evidence is not intact",
            "{n} findings: the evidence is not intact",
            findings,
        )
    if uncovered:
        return _(
            "intact as far as seals reach, but there are rows that none covers: run personalization-seal"
        )
    if signed and signed.sentence:
        return _(
            "intact, up to and including what was kept outside; {signed}", signed=signed.sentence
        )
    if signed:
        return _("intact, up to and including what was kept outside")
    return _(
        "intact, as far as the file alone can tell: a file rewritten consistently as a whole, or cut at its end"
        " together with its seals, shows only against a head kept outside (--head)"
    )


def keep(db: sqlite3.Connection, found: Verification) -> None:
    """Append a verification to the file, to be sealed with what is sealed next; joins the caller's transaction."""
    with write_transaction(db):
        db.execute(
            f"INSERT INTO {VERIFICATIONS}({', '.join(found._fields)})"
            f" VALUES ({', '.join('?' * len(found))})",
            found,
        )


def record(file: Path, found: Verification, source: str | Path) -> None:
    """Append a verification to a file as a line of JSON, for a database that must not be written.

    A new file may be read by nobody who may not read source.
    """
    try:
        with file.open("a", encoding="utf-8") as lines:
            narrow_if_empty(lines.fileno(), source)
            lines.write(f"{canonical_json(found.to_dict())}\n")
    except OSError as error:
        raise PersonalizationError(
            f"the verification could not be written to {file}: {error.strerror or error}",
            "give a file that may be written",
        ) from None


def _by_code(findings: Sequence[Finding]) -> dict[str, Any]:
    left, found = KEPT_FINDINGS, {}
    for group in grouped(findings, KEPT_FINDINGS):
        first = group.to_dict()["first"][:left]
        left -= len(first)
        found[group.code] = {"count": group.total, "first": first}
    return found
