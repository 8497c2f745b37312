"""Does what customers are charged agree with what they got? python reconcile_month.py jpcite.db 2026-07 [EXPORT...]"""

import sys

from sqlite_utils_personalization import reconcile

EXPLAINED = ("matched", "reversed", "late", "erased")


def report(path, month, *exports):
    """A line per class that somebody should look into, with its first rows; the exit status of the month."""
    found, rows = reconcile(path, month, stripe=exports)
    for row in rows:
        if row["class"] not in EXPLAINED:
            print(
                f"{row['class']}: {row['reason']} (rec_id {row['rec_id']}, {row['owed_yen']} yen owed)"
            )
    print(f"{found['month']}: {found['total']['owed_yen']} yen owed, {found['total']['rows']} rows")
    for fault in found["faults"]:
        print(f"cannot be verified: {fault}", file=sys.stderr)
    return found["exit_status"]


if __name__ == "__main__":
    sys.exit(report(*sys.argv[1:]))
