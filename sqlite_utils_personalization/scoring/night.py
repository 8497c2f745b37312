"""One night: find or plan its run, freeze the plan, log it, and say what happened."""

import sqlite3
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.catalogue.read import listed_types
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.clock import utc_now
from sqlite_utils_personalization.database import (
    has_table,
    not_found,
    plain_rows,
    require_utf8,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.seal import seal_events, seal_run
from sqlite_utils_personalization.formula.declared import noted_reason
from sqlite_utils_personalization.language import N_, message_of
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.identity import bind_customers
from sqlite_utils_personalization.schema import apply_evidence, apply_shadow
from sqlite_utils_personalization.schema.state import RECENT, recent_view_differs
from sqlite_utils_personalization.schema.statistics import refresh_statistics
from sqlite_utils_personalization.scoring.clock import look_at_clock
from sqlite_utils_personalization.scoring.collapse import collapses
from sqlite_utils_personalization.scoring.decide import decide
from sqlite_utils_personalization.scoring.freeze import freeze, prepare
from sqlite_utils_personalization.scoring.log import (
    customers_left,
    falsely_gone,
    log_chunks,
    rows_left,
)
from sqlite_utils_personalization.scoring.plan import (
    add_catalogue,
    add_customers,
    add_run,
    create_tables,
    rejected_profiles,
    unreadable_items,
)
from sqlite_utils_personalization.scoring.progress import STATUS, mend_progress
from sqlite_utils_personalization.scoring.replaced import (
    SameFile,
    ends_of,
    is_behind,
    replaced,
)
from sqlite_utils_personalization.scoring.run_digest import (
    inputs,
    is_outdated,
    planned_outcome,
)
from sqlite_utils_personalization.scoring.serve import create_tables as create_map
from sqlite_utils_personalization.scoring.serve import is_overtaken, seen_until, serve, spare
from sqlite_utils_personalization.scoring.shadow import (
    TABLES,
    freeze_shadow,
    plan_shadow,
    shadow_of_night,
)
from sqlite_utils_personalization.scoring.summary import NAMED_PROFILES, Reporter, summary
from sqlite_utils_personalization.scoring.wanted import Night
from sqlite_utils_personalization.transaction import transaction

# Enough for the pages that one chunk of the log touches in its three indexes.
CACHE_KIB = 65_536
_SALT = "SELECT salt FROM am_personalization_run WHERE run_id = ?"
NOT_YET = "0" * 64


class LatestRun(NamedTuple):
    """The latest run of a night; status is 'running', or 'finished' if its seal is there."""

    run_id: int
    again: int
    status: str


def score_night(
    db: sqlite3.Connection,
    path: str | Path,
    night: Night,
    reporter: Reporter,
    same: SameFile | None,
) -> dict[str, Any]:
    """Score every customer for one night, and log what each is recommended; the JSON contract of the command.

    Commits as it goes, so the connection is in no transaction. same is the file that it was opened on, if that is
    known: then each step looks whether it is still there.
    """
    ((cache,),) = plain_rows(db, "PRAGMA cache_size")
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    ends = ends_of(db)
    try:
        return _run(db, path, night, _watching(same, reporter) if same else reporter)
    except sqlite3.DatabaseError as error:
        # What SQLite says of a file that was moved away is that it is read-only.
        if same:
            same.check()
        if "no such table" in str(error) and ends_of(db) < ends:
            raise replaced(path) from None
        raise
    finally:
        with suppress(sqlite3.DatabaseError):
            db.execute(f"PRAGMA cache_size = {cache}")


def _watching(same: SameFile, reporter: Reporter) -> Reporter:
    """The reporter, but that each step, as a chunk of the log, first looks whether the file is still there."""

    def progress(stage: str, done: int, total: int) -> None:
        same.check()
        reporter.progress(stage, done, total)

    return replace(reporter, progress=progress)


def _run(
    db: sqlite3.Connection, path: str | Path, night: Night, reporter: Reporter
) -> dict[str, Any]:
    _require_schema(db, path, night, reporter)
    resumed = _finish_open(db, night, reporter) if night.resume else []
    found = _score(db, night, reporter) | {"resumed_runs": resumed}
    beside = shadow_of_night(db, night.shadow, found["run_id"], reporter) if night.shadow else {}
    told = {"unknown_declarations": reporter.unknown, "warnings": reporter.warnings}
    return {**found, **told, **beside}


def _finish_open(db: sqlite3.Connection, night: Night, reporter: Reporter) -> list[dict[str, Any]]:
    """Finish every other night that was interrupted, the earliest first, and tell which; a dry run only tells."""
    finished = []
    mine = _latest(db, night)
    for run_id, as_of in _open_runs(db):
        if mine and run_id == mine.run_id and not night.again:
            continue
        at = {"run_id": run_id, "day": as_of}
        if night.dry_run:
            logged = at["n"] = sum(rows_left(db, run_id).values())
            reporter.say(_("run {run_id} of {day} was interrupted: {n} rows are left to log", **at))
        else:
            try:
                logged = _log(db, run_id, "resumed", reporter)["logged"]
            except PersonalizationError as error:
                # What is wrong with one night is no reason to have no other.
                what = N_("run {run_id} of {day} was interrupted, and is not finished: {error}")
                reporter.warn(_(what, **at, error=error))
                continue
            what = N_("run {run_id} of {day} was interrupted: {n} rows logged, finished")
            reporter.say(_(what, **at, n=logged))
        finished.append({"run_id": run_id, "as_of": as_of, "logged": logged})
    return finished


def _open_runs(db: sqlite3.Connection) -> list[tuple[int, str]]:
    if not has_table(db, "am_personalization_run"):
        return []
    sql = (
        f"SELECT run_id, as_of FROM am_personalization_run r WHERE {STATUS} = 'running' ORDER BY 1"
    )
    return db.execute(sql).fetchall()


def _score(db: sqlite3.Connection, night: Night, reporter: Reporter) -> dict[str, Any]:
    started_at, ends = utc_now(), ends_of(db)
    run = _latest(db, night)
    if run and run.status == "running" and night.again:
        raise PersonalizationError(
            f"run {run.run_id} of {night.as_of} is unfinished", "finish it first, without --again"
        )
    if run and not night.again:
        return _existing(db, night, run, reporter)
    again = run.again + 1 if run else 0
    if sentence := look_at_clock(db, night.as_of, night.any_date):
        reporter.warn(sentence)
    _plan(db, night, again, started_at, reporter)
    if night.dry_run:
        return summary(db, "planned", None, run_id=None, dry_run=True)
    prepare(db)
    with transaction(db, "IMMEDIATE"):
        rival = _latest(db, night)
        if rival is None or rival.again < again:
            _require_newest(db)
            if is_behind(db, ends):
                raise replaced("the file")
            if is_outdated(db):
                _count(db)
            run_id, done = freeze(db), "scored"
            if night.shadow:
                freeze_shadow(db, run_id)
        else:
            run_id, done = rival.run_id, "resumed"
    return _log(db, run_id, done, reporter)


def _require_schema(
    db: sqlite3.Connection, path: str | Path, night: Night, reporter: Reporter
) -> None:
    if not has_table(db, "am_personalization_profile") or not has_table(
        db, "am_personalization_recommendation_log"
    ):
        raise not_found("am_personalization_profile", path)
    require_utf8(db, path)
    if not night.dry_run and not has_table(db, "am_personalization_run"):
        apply_evidence(db)
        reporter.say(
            _(
                "applied 900_personalization_evidence, which was missing: no row is logged without evidence"
            )
        )
    if night.shadow and not night.dry_run and not all(has_table(db, name) for name in TABLES):
        apply_shadow(db)
        reporter.say(
            _("applied 902_personalization_shadow, which was missing: shadows are kept in it")
        )
    if recent_view_differs(db):
        reporter.say(_("{view} is an older one: personalization-migrate replaces it", view=RECENT))


def _latest(db: sqlite3.Connection, night: Night) -> LatestRun | None:
    if not has_table(db, "am_personalization_run"):
        return None
    row = db.execute(
        f"SELECT run_id, again, {STATUS} FROM am_personalization_run r"
        " WHERE as_of = ? AND model_sha256 = ? AND top_k = ? ORDER BY again DESC",
        (night.as_of, night.model.sha256, night.top_k),
    ).fetchone()
    return LatestRun(*row) if row else None


def _existing(
    db: sqlite3.Connection, night: Night, run: LatestRun, reporter: Reporter
) -> dict[str, Any]:
    if run.status == "finished":
        if not night.dry_run:
            _mend(db, run.run_id, reporter)
        reporter.say(
            _(
                "{day} was already scored, as run {run_id}: nothing added (--again scores it once more)",
                day=night.as_of,
                run_id=run.run_id,
            )
        )
        return summary(db, "already scored", {}, run_id=run.run_id, dry_run=night.dry_run)
    reporter.say(
        _(
            "run {run_id} of {day} was interrupted: its plan is kept, only the rest is logged",
            day=night.as_of,
            run_id=run.run_id,
        )
    )
    if night.dry_run:
        return summary(
            db, "interrupted", rows_left(db, run.run_id), run_id=run.run_id, dry_run=True
        )
    return _log(db, run.run_id, "resumed", reporter)


def _plan(
    db: sqlite3.Connection, night: Night, again: int, started_at: str, reporter: Reporter
) -> None:
    create_tables(db)
    create_map(db)
    add_catalogue(db, night.as_of, night.model, night.catalogue)
    for (kind, rule), items in unreadable_items(db).items():
        left = {"rule": rule_name(rule), "kind": kind, "items": ", ".join(items)}
        reporter.say(_("left out: {rule}: {kind} {items}", **left))
    for (key, how), profiles in sorted(add_customers(db, night.model, reporter.progress).items()):
        reporter.unknown.setdefault(key, {})[how] = len(profiles)
        named = ", ".join(map(str, profiles[:NAMED_PROFILES]))
        vain = {"key": key, "how": message_of(how), "profiles": named}
        reporter.say(_("not understood: {key} {how}: profile {profiles}", **vain))
    _name_rejected(db, night.strict, reporter)
    salt = token_hex(32)
    add_run(
        db,
        as_of=night.as_of,
        again=again,
        model_json=night.model.json,
        model_sha256=night.model.sha256,
        package_version=__version__,
        top_k=night.top_k,
        started_at=started_at,
        served_at=utc_now(),
        counts_json="{}",
        left_out_json="{}",
        salt=salt,
        # Until the map is made.
        served_sha256=NOT_YET,
        **seen_until(db),
        **inputs(db, salt),
    )
    _warn_of_collapse(db, night, reporter)
    if night.shadow:
        plan_shadow(db, night.shadow, night, reporter)
    spare(db)
    decide(db, night.top_k)
    serve(db, night.top_k)
    _count(db)


def _count(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE plan_run SET counts_json = :counts_json, left_out_json = :left_out_json",
        planned_outcome(db),
    )


def _warn_of_collapse(db: sqlite3.Connection, night: Night, reporter: Reporter) -> None:
    listed = set(TYPES) if night.catalogue else listed_types(db) | {"industry_pack"}
    found = [*collapses(db, listed)]
    if found and night.strict:
        raise PersonalizationError(
            "; ".join(found),
            "nothing was logged: look at what fills these tables, or leave out --strict",
        )
    for sentence in found:
        reporter.warn(sentence)


def _name_rejected(db: sqlite3.Connection, strict: bool, reporter: Reporter) -> None:
    sentences = [
        _(
            "{reason}: profile {profiles}",
            reason=noted_reason(reason),
            profiles=", ".join(map(str, profiles)),
        )
        for reason, profiles in rejected_profiles(db).items()
    ]
    if sentences and strict:
        raise PersonalizationError(
            f"{'; '.join(sentences)}", "mend or remove them, or leave out --strict"
        )
    for sentence in sentences:
        reporter.say(_("not scored: {sentence}", sentence=sentence))


def _require_newest(db: sqlite3.Connection) -> None:
    """PersonalizationError if a run was frozen meanwhile that looked further: runs are numbered in that order."""
    if is_overtaken(db):
        raise PersonalizationError(
            "another night was frozen meanwhile, and looked further for what was handed over",
            "run it once more",
        )


def _log(db: sqlite3.Connection, run_id: int, done: str, reporter: Reporter) -> dict[str, Any]:
    if done == "resumed":
        _mend(db, run_id, reporter)
    added: Counter[str] = Counter()
    total, logged = customers_left(db, run_id), 0
    (salt,) = db.execute(_SALT, (run_id,)).fetchone()
    for chunk in log_chunks(db, run_id):
        added.update(chunk.rows)
        logged += chunk.customers
        reporter.progress(N_("Logging"), logged, total)
    # A file that was overwritten has no such run, and nothing that is left of it either.
    if db.execute(_SALT, (run_id,)).fetchone() != (salt,):
        raise replaced("the file")
    if there := falsely_gone(db, run_id):
        raise PersonalizationError(
            f"run {run_id} notes profile {there[0]} as deleted, who is there, so it is not sealed",
            "somebody changed the file while the night was open: keep it as it is, and run personalization-verify",
        )
    bind_customers(db)
    seal_events(db)
    seal_run(db, run_id)
    refresh_statistics(db)
    return summary(db, done, added, run_id=run_id, dry_run=False)


def _mend(db: sqlite3.Connection, run_id: int, reporter: Reporter) -> None:
    if mend_progress(db, run_id):
        what = N_("what was noted of the progress of run {run_id} was wrong: derived again")
        reporter.say(_(what, run_id=run_id))
