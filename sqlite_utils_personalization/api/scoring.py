"""One night: what every customer is recommended, logged with its evidence."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TypedDict, cast

from sqlite_utils_personalization.api.opened import File, alone, check_callable, path_of, reading
from sqlite_utils_personalization.database import explain_errors
from sqlite_utils_personalization.scoring.night import score_night
from sqlite_utils_personalization.scoring.replaced import SameFile, ends_of, read_back
from sqlite_utils_personalization.scoring.shadow import ShadowSummary
from sqlite_utils_personalization.scoring.summary import Reporter
from sqlite_utils_personalization.scoring.wanted import night_asked_for

ByType = dict[str, int]


class ResumedRun(TypedDict):
    """Another night that was interrupted, and is finished now: how many rows of it were logged."""

    run_id: int
    as_of: str
    logged: int


class _NightSummary(TypedDict):
    """What a night did, or in a dry run would do; the last line that personalization-score prints.

    outcome is 'scored', 'resumed' or 'already scored', in a dry run also 'planned' or 'interrupted'. profiles are
    customers; logged and by_type the log rows of this call; scored and zero per type the customers with and without a
    recommendation; candidates per type what could be recommended, left_out per type and rule what could not.
    rejected_profiles are the first hundred by profile_id; unknown_declarations per key how many customers declared it
    in vain, and how. run_id is None of what is only planned; served_at is UTC.
    """

    dim: str
    wave: int
    dry_run: bool
    profiles: int
    logged: int
    by_type: ByType
    outcome: str
    run_id: int | None
    as_of: str
    again: int
    top_k: int
    served_at: str
    scored: ByType
    zero: ByType
    rejected: int
    rejected_profiles: list[int]
    candidates: ByType
    left_out: dict[str, ByType]
    model_sha256: str
    package_version: str
    resumed_runs: list[ResumedRun]
    unknown_declarations: dict[str, ByType]
    warnings: list[str]


class NightSummary(_NightSummary, total=False):
    """The same, and of a night that was asked for with a shadow, that which stands beside it; None if none does."""

    shadow: ShadowSummary | None


def score(
    file: File,
    *,
    as_of: str | date | None = None,
    model: str | os.PathLike[str] | None = None,
    top_k: int = 10,
    again: bool = False,
    dry_run: bool = False,
    strict: bool = False,
    catalogue: str | os.PathLike[str] | None = None,
    resume: bool = True,
    any_date: bool = False,
    shadow: str | os.PathLike[str] | None = None,
    say: Callable[[str], None] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    timeout_s: float | None = None,
) -> NightSummary:
    """Score every customer in the file for one night, and log what each is recommended.

    as_of is a Japanese calendar day, by default today in Japan; model and catalogue are files, by default the packaged
    model.json and the tables found; top_k, from 1, is how many each customer is recommended of a type at most. A night
    scored before is not scored twice, unless again. Every night that was interrupted is finished first, unless not
    resume: then only the one that is asked for. A new night later than tomorrow, or more than a year away from the last
    one, needs any_date. With shadow, a file with another model, the night is decided under that one too, and what it
    would have recommended is kept beside it, to be compared and for nothing else. With dry_run nothing is written; with
    strict an invalid preference is an error before anything is written. say is told sentences, progress the stage, how
    much of it is done, and of how much.

    Commits as it goes: Conflict if a connection is in a transaction. Locked may be tried again, and finishes what was
    begun. InvalidInput, NoSchema, Damaged, ReadOnly, or PersonalizationError, say what is wrong.
    """
    check_callable(say=say, progress=progress)
    night = night_asked_for(
        as_of=as_of,
        model=_file(model, "model"),
        top_k=top_k,
        again=again,
        dry_run=dry_run,
        strict=strict,
        catalogue=_file(catalogue, "catalogue"),
        resume=resume,
        any_date=any_date,
        shadow=_file(shadow, "shadow"),
    )
    told = {"say": say, "progress": progress}
    reporter = Reporter(**{name: one for name, one in told.items() if one})  # type: ignore[arg-type]
    same = _same_file(file) if isinstance(file, (str, os.PathLike)) else None
    with ExitStack() as stack:
        opened = reading(file, timeout_s) if dry_run else alone(file, timeout_s)
        conn, path = stack.enter_context(opened)
        same, ends = same or _same_file(path), ends_of(conn)
        found = score_night(conn, path, night, reporter, same)
    if same and not dry_run:
        written = [found["run_id"], *(run["run_id"] for run in found["resumed_runs"])]
        with explain_errors(path):
            read_back(path, same, written, ends)
    return cast(NightSummary, found)


def _file(path: str | os.PathLike[str] | None, name: str) -> Path | None:
    return None if path is None else Path(path_of(path, name))


def _same_file(path: str | os.PathLike[str]) -> SameFile | None:
    """None of a database in memory."""
    path = path_of(path)
    return SameFile(path) if os.path.isfile(path) else None
