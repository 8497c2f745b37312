"""What was decided, why, and whether the evidence is intact. All only read, but for seal() and verify(keep=True)."""

import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlite_utils_personalization.api.opened import (
    File,
    Opened,
    alone,
    path_of,
    reading,
    streamed,
    writing,
)
from sqlite_utils_personalization.audit.compare_today import with_today
from sqlite_utils_personalization.audit.receipt import proved
from sqlite_utils_personalization.audit.receipt import receipt as make_receipt
from sqlite_utils_personalization.audit.receipt import tlog_proof as proof_of
from sqlite_utils_personalization.audit.receipt_html import receipt_html as page_of
from sqlite_utils_personalization.audit.replay import replay as replay_rows
from sqlite_utils_personalization.audit.replay_result import Replay, ReplayedRow
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.verify import grouped
from sqlite_utils_personalization.audit.verify import verification as verifications
from sqlite_utils_personalization.audit.verify.kept_heads import (
    Kept,
    Signed,
    check_signatures,
    read_kept,
    read_keys,
    read_witnesses,
)
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.schema import require_any_evidence
from sqlite_utils_personalization.audit.verify.verify import checked
from sqlite_utils_personalization.audit.why_not import WhyNot, WhyNotAnswer
from sqlite_utils_personalization.audit.why_not import why_not as answer
from sqlite_utils_personalization.clock import utc
from sqlite_utils_personalization.customer_api.envelope import envelope_of
from sqlite_utils_personalization.database import require_evidence, require_table
from sqlite_utils_personalization.errors import (
    InvalidInput,
    NotFound,
    PersonalizationError,
    short_repr,
    whole,
)
from sqlite_utils_personalization.evidence import seal as seals
from sqlite_utils_personalization.evidence.checkpoint import Checkpoint, Head, as_head
from sqlite_utils_personalization.evidence.note import load_key
from sqlite_utils_personalization.language import LANGUAGES, language, speaking
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.customer import find_customer
from sqlite_utils_personalization.schema import migration_statuses

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Path_ = str | os.PathLike[str]
Progress = Callable[[str, int, int], None]
Moment = str | date
ENGINES = ("duckdb",)
# What a file that holds something else may raise where it is read as one of ours.
_NOT_ONE = (LookupError, TypeError, ValueError, AttributeError)


def replay(
    file: File,
    rec_ids: int | Iterable[int] | None = None,
    *,
    customer: str | int | None = None,
    run_id: int | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    now: bool = False,
    catalogue: Path_ | None = None,
    sealed: bool = False,
) -> Iterator[ReplayedRow]:
    """Recompute log rows from what their night stored, one after the other in order of rec_id; read-only.

    Chosen are the rows that meet all that is given; of nothing given, the whole log. since and until are UTC times, or
    the beginning of one: until takes in the whole day or hour. now holds each item against today's catalogue, with the
    SELECT of further items that the night was given; sealed proves each row under its seal. Errors come with the first
    row: NotFound of a row, run or customer that is not there, InvalidInput, NotIntact of a row that is gone.
    """
    found = replayed(
        file,
        rec_ids,
        customer=customer,
        run_id=run_id,
        since=since,
        until=until,
        now=now,
        catalogue=catalogue,
        sealed=sealed,
    )
    return (one.to_dict() for one in found)


def replayed(
    file: File,
    rec_ids: Any = None,
    *,
    customer: Any = None,
    run_id: Any = None,
    since: Any = None,
    until: Any = None,
    now: bool = False,
    catalogue: Any = None,
    sealed: bool = False,
    below_cut: bool = True,
) -> Iterator[Replay]:
    """The same, as objects to be shown; without below_cut, without what a full list had no place for."""
    chosen = Selection(
        _rec_ids(rec_ids),
        customer,
        None if run_id is None else whole(run_id, "run_id"),
        _moment("since", since),
        _moment("until", until),
    )
    if catalogue is not None and not now:
        raise InvalidInput("catalogue is for what is compared with now", "give now=True")
    source = None if catalogue is None else Path(path_of(catalogue, "catalogue"))

    def rows(opened: Opened) -> Iterator[Replay]:
        require_evidence(opened.conn, opened.path)
        found = replay_rows(opened.conn, chosen, below_cut=below_cut)
        if sealed:
            found = proved(opened.conn, found)
        return with_today(opened.conn, found, source) if now else found

    return streamed(file, rows)


def why_not(
    file: File,
    customer: str | int,
    item_id: str,
    *,
    run_id: int | None = None,
    type: str | None = None,  # noqa: A002
) -> WhyNotAnswer:
    """Say why an item was not recommended to a customer in a run, by default the latest; read-only.

    type is needed only where the id occurs in several. NotFound of a customer or run that is not there; what no
    catalogue of that night had is an answer. InvalidInput, NotIntact.
    """
    return why_not_found(file, customer, item_id, run_id=run_id, type=type).to_dict()


def why_not_found(
    file: File,
    customer: str | int,
    item_id: str,
    *,
    run_id: int | None = None,
    type: str | None = None,  # noqa: A002
) -> WhyNot:
    """The same, as an object to be shown as text."""
    if not isinstance(item_id, str) or not _is_unicode(item_id):
        raise InvalidInput("item_id is no text", "give it as the catalogue has it")
    if type is not None and type not in TYPES:
        raise InvalidInput("type is none of recommendations", f"give one of {', '.join(TYPES)}")
    number = None if run_id is None else whole(run_id, "run_id")
    with reading(file) as found:
        require_evidence(found.conn, found.path)
        return answer(found.conn, find_customer(found.conn, customer), item_id, number, type)


def receipt(
    file: File,
    customer: str | int,
    run_id: int,
    *,
    heads: Path_ | None = None,
    envelope: Path_ | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What one customer was recommended in one run, why, and the proof, as verify_receipt.py checks it; read-only.

    heads were kept outside the file: the path of a file of them, or their text; what relates each to the receipt is
    added. envelope is what your answers carry besides, or the path of a file that says it. NotFound of a customer or
    run that is not there, or where nothing was recommended; Conflict while the run is not sealed; NotIntact.
    """
    carried = envelope_of(envelope)
    kept = [] if heads is None else [one for one, _ in read_kept(heads)]
    with reading(file) as found:
        require_evidence(found.conn, found.path)
        made = make_receipt(found.conn, customer, whole(run_id, "run_id"), kept)
        return carried.receipt(found.conn, made)


def receipt_html(receipt: Mapping[str, Any], *, lang: str | None = None) -> str:
    """The page of a receipt, to read and print, in English or with lang ja; it says nothing that is not in it.

    InvalidInput if it is none.
    """
    if lang not in (None, *LANGUAGES):
        raise InvalidInput(f"lang is {short_repr(lang)}", f"give one of {', '.join(LANGUAGES)}")
    try:
        with speaking(lang or language()):
            return page_of(receipt)
    except _NOT_ONE:
        raise _no_receipt() from None


def tlog_proof(receipt: Mapping[str, Any], heads: Path_ | None = None) -> str:
    """The proof in a receipt that its seal is in the log, as a c2sp.org/tlog-proof. InvalidInput if it is none.

    It has the receipt's head with the signatures that it was kept with, if it is among heads.
    """
    kept: list[Kept] = [] if heads is None else read_kept(heads)
    try:
        note = next((one for _, one in reversed(kept) if one.text == receipt["head"]), None)
        return proof_of(receipt, note)
    except _NOT_ONE:
        raise _no_receipt() from None


def _no_receipt() -> InvalidInput:
    return InvalidInput("this is no receipt", "give what receipt() returned")


def verify(
    file: File,
    *,
    heads: Path_ | None = None,
    public_keys: Path_ | Iterable[Path_] = (),
    witnesses: str | Iterable[str] = (),
    strict: bool = False,
    keep: bool = False,
    record: Path_ | None = None,
    second_engine: str | None = None,
    progress: Progress = lambda stage, done, total: None,
    timeout_s: float | None = None,
) -> verifications.VerifyResult:
    """Derive the log and its evidence again, and list everything that does not fit; read-only without keep and record.

    heads were kept outside the file: the path of a file of them, or their text. Each must be signed by one of
    public_keys (keys, or paths of files of them), and each of the witnesses, by their keys, must have cosigned one.
    With strict it is not ok either where no seal covers rows. keep notes in the file that it was verified, record in
    another, as a line of JSON. second_engine "duckdb" has DuckDB decide every list as well. progress is told the stage,
    how much is done, and of how much.
    """
    began = time.monotonic()
    second = None if second_engine is None else _second(second_engine)
    kept, signed = _kept(
        heads, _several("public_keys", public_keys), _several("witnesses", witnesses)
    )
    with reading(file, timeout_s) as (conn, path):
        require_any_evidence(conn, path)
        if keep:
            require_table(conn, verifications.VERIFICATIONS, path)
        at, of = verifications.reached(conn), verifications.counted(conn)
        top = None
        with suppress(PersonalizationError, conn.Error):
            top = seals.head(conn)
        by_check = checked(conn, kept, progress, second.check_engine if second else None)
        noted = [*remarks(conn), *([second.remark(conn)] if second else [])]
        there = [one.name for one in migration_statuses(conn) if not one.is_pending]
    if signed:
        by_check["signature"] = signed.findings
    findings = [finding for of_check in by_check.values() for finding in of_check]
    done = verifications.verification(at, findings, kept, began)
    if record is not None:
        verifications.record(Path(path_of(record, "record")), done, path)
    if keep:
        with writing(file, timeout_s) as opened:
            verifications.keep(opened.conn, done)
    uncovered = strict and any(one.is_uncovered for one in noted)
    return {
        "ok": not findings and not uncovered,
        "sentence": verifications.conclusion(len(findings), uncovered, signed),
        "verified_at": done.verified_at,
        "seconds": done.seconds,
        "package_version": done.package_version,
        "migrations": there,
        "head": top and as_head(top),
        "kept": done.kept,
        "kept_seal_id": done.kept_seal_id,
        "covered_rows": at.covered_rows,
        "counts": {**of._asdict(), "heads": len(kept)},
        "checks": verifications.checks_of(by_check, of, len(kept)),
        "findings": [one.to_dict() for one in grouped(findings)],
        "notes": [one.to_dict() for one in noted],
    }


def seal(file: File, *, key_file: Path_ | None = None, timeout_s: float | None = None) -> Head:
    """Seal what was written since the last seal, and return the head, to be kept outside the file.

    Runs are sealed when they finish, so this is of rows of other programs, deliveries, feedback, rotations; with
    nothing left the file is only read. key_file is an Ed25519 private key, PEM or OpenSSH, to sign the head with.
    NotFound if there is nothing to seal and nothing was; Conflict in a transaction of the caller's.
    """
    # First of all, so that a key that is none leaves the file alone.
    key = _key(key_file)
    with reading(file, timeout_s) as found:
        require_evidence(found.conn, found.path)
        is_complete = seals.is_sealed(found.conn)
    if not is_complete:
        with alone(file, timeout_s) as found:
            seals.seal_rest(found.conn)
    return _head(file, key)


def head(file: File, *, key_file: Path_ | None = None) -> Head:
    """The head of what is sealed, to be kept outside the file; read-only. NotFound if nothing is."""
    return _head(file, _key(key_file))


def _head(file: File, key: "Ed25519PrivateKey | None") -> Head:
    with reading(file) as found:
        require_evidence(found.conn, found.path)
        top = seals.head(found.conn)
        if top is None:
            raise NotFound(
                f"nothing is sealed in {found.path} yet",
                f"run: sqlite-utils personalization-score {shlex.quote(found.path)}",
            )
    return as_head(top, key)


def _key(file: Path_ | None) -> "Ed25519PrivateKey | None":
    return None if file is None else load_key(Path(path_of(file, "key_file")))


def _kept(
    heads: Path_ | None, keys: list[Path_], witnesses: list[Path_]
) -> tuple[list[Checkpoint], Signed | None]:
    """The kept heads, and what is to be said of their signatures."""
    if heads is None:
        if keys or witnesses:
            raise InvalidInput("public_keys and witnesses are of heads", "give heads with them")
        return [], None
    kept = read_kept(heads)
    found = check_signatures(kept, read_keys(keys), read_witnesses(map(str, witnesses)))
    return [one for one, _ in kept], found


def _second(name: str) -> ModuleType:
    """The module of a second engine; InvalidInput, PersonalizationError if what it needs is not installed."""
    if name not in ENGINES:
        raise InvalidInput(
            f"second_engine is {short_repr(name)}", f"give one of {', '.join(ENGINES)}"
        )
    from sqlite_utils_personalization.audit.second_engine import compare, decided

    decided.require_duckdb()
    return compare


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _several(name: str, given: Path_ | Iterable[Path_]) -> list[Path_]:
    found = [given] if isinstance(given, (str, os.PathLike)) else given
    if not isinstance(found, Iterable) or isinstance(found, bytes):
        raise InvalidInput(f"{name} is neither text nor several", "give a list")
    return list(found)


def _rec_ids(given: Any) -> list[int] | None:
    if given is None:
        return None
    is_one = isinstance(given, (str, bytes)) or not isinstance(given, Iterable)
    return [whole(number, "rec_id") for number in ([given] if is_one else given)]


def _moment(name: str, given: object) -> str | None:
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise InvalidInput(f"{name} is a time without a zone", "give one with its zone")
        return utc(given)
    if isinstance(given, date):
        return given.isoformat()
    if given is None or isinstance(given, str):
        return given
    raise InvalidInput(f"{name} is no time", "write it like 2026-07-22 or 2026-07-22T18:00")
