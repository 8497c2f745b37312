"""On every boot of a service: bring the tables up to date, check that they are, and that the evidence survived.

    python examples/upgrade.py jpcite.db

Safe to repeat, and by several workers at once: where nothing is due, nothing is locked or written.
"""

import sys

from sqlite_utils_personalization import (
    __version__,
    head,
    migrate,
    migration_statuses,
    verify,
)


def main(database: str) -> int:
    applied = migrate(database, timeout_s=60)["applied"]
    faults = [one["migration"] for one in migration_statuses(database) if one["pending"]]
    print(f"version {__version__}: applied {', '.join(applied) or 'nothing'}")
    if applied or faults:
        found = verify(database)
        print(f"{found['sentence']} ({found['seconds']} s)")
        return 0 if found["ok"] and not faults else 1
    print(f"up to date, sealed up to {head(database)['size']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
