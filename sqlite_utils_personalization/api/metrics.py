"""What health says as metrics of Prometheus, in a file for the textfile collector of node_exporter.

Gauges only: whoever looks at a file now and then counts nothing.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.health import (
    Health,
    checked_days,
    health,
    seconds_since,
    unix_time,
)
from sqlite_utils_personalization.api.opened import path_of
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.private_files import write_public

# The collector reads no other files.
SUFFIX = ".prom"

# In this order; the help is English, as that of all metrics.
_HELP = {
    "up": "Whether the database could be read and has the tables.",
    "healthy": "Whether the quick checks found no fault, and the last night is not older than max_days.",
    "integrity_ok": "Whether the quick checks of the evidence found no fault.",
    "warnings": "Warnings of health.",
    "pending_migrations": "Migrations that are not applied, or not whole.",
    "open_runs": "Nights under way, or interrupted.",
    "open_run_age_seconds": "How long ago the oldest of them began.",
    "last_success_timestamp_seconds": "When the last night had logged all.",
    "last_success_age_seconds": "How long ago that was when this was written.",
    "last_night_duration_seconds": "How long the last night took.",
    "last_night_logged_rows": "Recommendations that the last night logged.",
    "last_night_profiles": "Customers of the last night.",
    "last_night_rejected_profiles": "Customers of the last night whose preference is not valid.",
    "verification_timestamp_seconds": "When the last verification that was noted was made.",
    "verification_findings": "What it found.",
    "package_info": "The version of the package that looked.",
}


class WrittenMetrics(TypedDict):
    """health is None where the file could not be looked at, and error says why in a sentence, else it is None."""

    health: Health | None
    error: str | None


def write_metrics(
    file: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    max_days: int | None = None,
    record: str | os.PathLike[str] | None = None,
) -> WrittenMetrics:
    """Write what health() says of the database at a path into a textfile, in place of an earlier one.

    The file is there whole or not at all, and everybody may read it. Of a database that cannot be looked at it says
    personalization_up 0. InvalidInput for a target whose name does not end in .prom, or another max_days;
    PersonalizationError if the target cannot be written.
    """
    path, written = path_of(file), Path(path_of(target, "target"))
    if written.suffix != SUFFIX:
        raise InvalidInput(
            _("the name of a textfile ends in {suffix}", suffix=SUFFIX),
            _("the collector reads no other"),
        )
    checked_days(max_days)
    found: Health | None = None
    said: str | None = None
    try:
        found = health(path, max_days=max_days, record=record)
    except PersonalizationError as error:
        said = str(error)
    try:
        write_public(written, metrics(path, found), path)
    except OSError as error:
        raise PersonalizationError(
            _("{file} cannot be written ({why})", file=written, why=error.strerror),
            _("name a folder that can be written"),
        ) from None
    return {"health": found, "error": said}


def metrics(path: str, found: Health | None) -> bytes:
    """The text of the metrics of the database at path; found is None where it could not be looked at."""
    database = f'database="{_escaped(os.path.abspath(path))}"'
    lines = []
    for name, value in _values(found):
        labels = database
        if name == "package_info":
            labels = f'{database},version="{_escaped(__version__)}"'
        full = f"personalization_{name}"
        lines += [
            f"# HELP {full} {_HELP[name]}",
            f"# TYPE {full} gauge",
            f"{full}{{{labels}}} {value!r}",
        ]
    return "".join(f"{line}\n" for line in lines).encode()


def _escaped(value: str) -> str:
    # A file's name may be no text.
    text = value.encode("utf-8", "backslashreplace").decode()
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _values(found: Health | None) -> Iterator[tuple[str, float]]:
    """Each metric that is known, in the order of _HELP."""
    known = dict(_known(found)) if found else {"up": 0}
    known["package_info"] = 1
    for name in _HELP:
        value = known.get(name)
        # A tampered row may hold anything.
        with suppress(TypeError, ValueError, OverflowError):
            if value is not None:
                yield name, value if isinstance(value, int) else float(value)


def _known(found: Health) -> Iterator[tuple[str, float | None]]:
    yield "up", 1
    yield "healthy", int(found["ok"])
    yield "integrity_ok", int(found["integrity"]["ok"])
    yield "warnings", len(found["warnings"])
    yield "pending_migrations", len(found["pending_migrations"])
    runs = found["open_runs"]
    yield "open_runs", len(runs)
    ages = [age for run in runs if (age := seconds_since(run["started_at"])) is not None]
    yield "open_run_age_seconds", max(ages, default=None)
    if last := found["last_night"]:
        yield "last_success_timestamp_seconds", unix_time(last["finished_at"])
        yield "last_success_age_seconds", seconds_since(last["finished_at"])
        yield "last_night_duration_seconds", last["seconds"]
        yield "last_night_logged_rows", last["logged"]
        yield "last_night_profiles", last["profiles"]
        yield "last_night_rejected_profiles", last["rejected"]
    if verification := found["verification"]:
        yield "verification_timestamp_seconds", unix_time(verification["verified_at"])
        yield "verification_findings", verification["findings"]
