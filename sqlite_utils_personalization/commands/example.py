"""personalization-example: a small database, scored, and what was recommended to whom."""

import json
import shlex
import shutil
import sqlite3
import sys
from pathlib import Path

import click

from sqlite_utils_personalization.commands.base import Command, say

# A list is in order, so the first row of each type is the best of it.
_BEST = """
SELECT p.profile_id, p.preference_json, v.recommendation_type, v.logged_score, v.title
FROM am_personalization_profile p LEFT JOIN (
    SELECT profile_id, min(rec_id) AS rec_id FROM am_personalization_recommendation_log
    GROUP BY profile_id, recommendation_type
) l USING (profile_id) LEFT JOIN v_personalization_replay v USING (rec_id)
ORDER BY p.profile_id, l.rec_id
"""


@click.command(name="personalization-example", cls=Command)
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=False))
def example(path: str) -> None:
    """
    Create a small example database and score it for one night

    Example:

    \b
        sqlite-utils personalization-example jpcite.db

    The programs and the customers in it are invented. An existing file is left alone.
    """
    from sqlite_utils_personalization import score
    from sqlite_utils_personalization.database import open_readonly
    from sqlite_utils_personalization.example import AS_OF, build

    build(path)
    summary = score(path, as_of=AS_OF)
    with open_readonly(path) as db:
        rows = db.conn.execute(_BEST).fetchall()
    say(f"The best of each type for {summary['profiles']} customers, on the night of {AS_OF}:")
    _print(rows)
    say(f"\n{summary['logged']} recommendations are logged in {path}. Look at them, and ask why:")
    say(f"    {shlex.join([_datasette(), path, '--metadata', 'metadata.yml'])}")


def _datasette() -> str:
    # As this command was called: venv/bin/sqlite-utils has venv/bin/datasette beside it.
    called = Path(sys.argv[0])
    beside = called.with_name("datasette")
    on_path = shutil.which("datasette")
    if (
        called.name != "sqlite-utils"
        or not beside.exists()
        or (on_path and beside.samefile(on_path))
    ):
        return "datasette"
    return str(beside)


def _print(rows: list[sqlite3.Row]) -> None:
    shown = None
    for profile_id, declared, kind, score, title in rows:
        if profile_id != shown:
            click.echo(f"\ncustomer {profile_id} declared {_sentence(declared)}")
            shown = profile_id
        click.echo(
            f"    {score:3} {kind:13} {title}" if kind else "    nothing: no declared wish is met"
        )


def _sentence(declared: str) -> str:
    return ", ".join(f"{key} {value}" for key, value in json.loads(declared).items()) or "nothing"
