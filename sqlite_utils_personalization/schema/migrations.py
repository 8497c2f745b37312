"""The migration set, in the form that `sqlite-utils migrate` knows.

That command executes every file of this name below the current directory, and looks at every name bound in it: hence
absolute imports, few of them, and one name for the set.
"""

from sqlite_utils import Database, Migrations

from sqlite_utils_personalization.schema.scripts import run_script

migrations = Migrations("personalization")


@migrations(name="287_personalization")
def storage(db: Database) -> None:
    """What customers declared, and the log of what they were recommended."""
    run_script(db, "287_personalization.sql")


@migrations(name="900_personalization_evidence")
def evidence(db: Database) -> None:
    """What was recommended, why, and out of what; needs 287."""
    run_script(db, "900_personalization_evidence.sql")


@migrations(name="901_personalization_events")
def events(db: Database) -> None:
    """What happened afterwards: deliveries, erasures, rotated keys; needs 287."""
    run_script(db, "901_personalization_events.sql")


@migrations(name="902_personalization_shadow")
def shadow(db: Database) -> None:
    """What another model would have recommended, decided beside a night; needs 900."""
    run_script(db, "902_personalization_shadow.sql")
