"""For cron, systemd or a container's health check: python monitor.py jpcite.db [MAX_DAYS]

Exit status 0 if all is well, 1 if not - what is wrong is printed -, 2 if it could not be looked at.
"""

import sys

from sqlite_utils_personalization import PersonalizationError, health

MOST_HOURS = 1


def main(path: str, max_days: str = "1") -> int:
    try:
        found = health(path, max_days=int(max_days))
    except (PersonalizationError, ValueError) as error:
        print(f"could not look at {path}: {error}")
        return 2
    overdue = [run for run in found["open_runs"] if (run["hours"] or 0) > MOST_HOURS]
    for warning in found["warnings"]:
        print(f"{warning['reason']}: {warning['sentence']}")
    return 0 if found["ok"] and not overdue else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
