"""On every boot of a service: bring the tables up to date, check that they are, and that the evidence survived.

    python examples/upgrade.py jpcite.db

Safe to repeat, and by several workers at once: where nothing is due, nothing is locked or written.
"""

import sys

from sqlite_utils_personalization import __version__, migrate, migration_statuses, verify


def main(database: str) -> int:
    applied = migrate(database, timeout_s=60)["applied"]
    print(f"version {__version__}: applied {', '.join(applied) or 'nothing'}")
    pending = [one for one in migration_statuses(database) if one["pending"]]
    for one in pending:
        print(f"{one['migration']} is not whole: {', '.join(one['faults'])}")
    if not applied:
        return 1 if pending else 0
    found = verify(database)
    print(f"{found['sentence']} ({found['counts']['logged']} rows, {found['seconds']} s)")
    return 0 if found["ok"] and not pending else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
