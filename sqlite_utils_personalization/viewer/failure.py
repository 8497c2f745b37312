"""What went wrong, as a page: what it is, and what to do."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datasette import Response
from datasette.utils import add_cors_headers

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.errors import PersonalizationError, capitalize, sentence
from sqlite_utils_personalization.language import gettext as _


@dataclass
class Failure(Exception):
    """A page that cannot be shown: its HTTP status, a title, a sentence, what to do, and where to go, by label.

    parameter is the one that is wrong, if one is.
    """

    status: int
    title: str
    text: str
    todo: str
    links: Mapping[str, str] = field(default_factory=dict)
    parameter: str | None = None


def no_schema() -> Failure:
    """No database that is served has our schema."""
    return Failure(
        404,
        _("Nothing to audit here"),
        _("None of the databases served here has the table am_personalization_profile."),
        _(
            "Prepare the file with: {command} - then restart Datasette.",
            command="sqlite-utils personalization-migrate jpcite.db",
        ),
    )


def which_database(name: str | None, links: Mapping[str, str]) -> Failure:
    """The one that was asked for is not there, or several are and none was asked for; links lead to each of them."""
    if name is None:
        text = _("More than one can be audited, and the parameter database does not say which.")
        return Failure(400, _("Which database?"), text, _("Choose:"), links, "database")
    return Failure(
        404,
        _("No such database"),
        _("There is no database {name} here with the table am_personalization_profile.", name=name),
        _("Choose one that is here:"),
        links,
        "database",
    )


def not_of_the_audit(links: Mapping[str, str]) -> Failure:
    """Something of the file that is not shown, or anything that could change it; links lead to what is shown."""
    return Failure(
        403,
        _("Not part of the audit"),
        _(
            "Of this file only the tables, views and questions of the audit are shown. Nothing of it can be changed"
            " here, and no SQL of one's own be run."
        ),
        _("Begin at the page of the audit:"),
        links,
    )


def not_prepared(error: PersonalizationError) -> Failure:
    """The file has no evidence tables."""
    return Failure(409, _("The database is not migrated"), f"{error.what}.", capitalize(error.todo))


def unreadable(name: str, error: str) -> Failure:
    """SQLite could not read the file called name, because of error."""
    if "interrupted" in error:
        return Failure(
            503,
            _("It took too long"),
            _("{name} is busy or large, and reading it was stopped at the time limit.", name=name),
            _(
                "Try again, or start Datasette with a higher limit: {setting}",
                setting="--setting sql_time_limit_ms 5000",
            ),
        )
    command = f"sqlite-utils personalization-migrate {shlex.quote(name)}"
    return Failure(
        409,
        _("The file was made by another version"),
        _(
            "{name} lacks what version {version} of this viewer reads: {error}.",
            name=name,
            version=__version__,
            error=error,
        ),
        _(
            "Look at it with the version that made it, named in package_version of am_personalization_run, or bring it"
            " up to date with: {command}",
            command=command,
        ),
    )


def no_recommendation(error: PersonalizationError) -> Failure:
    """There is no such row in the log."""
    return Failure(404, _("No such recommendation"), sentence(error.what), sentence(error.todo))


def json_answer(datasette: Any, data: Any, status: int = 200) -> Response:
    """JSON of ours, with what Datasette's own has: to be kept as long, and open to other origins under --cors."""
    response = Response.json(data, status=status)
    if datasette.cors:
        add_cors_headers(response.headers)
    if datasette.cache_headers and status == 200:
        seconds = datasette.setting("default_cache_ttl")
        response.headers["Cache-Control"] = f"max-age={seconds}" if seconds else "no-cache"
    return response
