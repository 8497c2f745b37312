"""Fail a CI job where the evidence is not intact, each finding an annotation of the job.

    python examples/verify_in_ci.py jpcite.db heads.txt

heads.txt holds heads that were kept outside the file, as personalization-seal prints them. The exit status is 0 if all
is intact, 1 with findings, 2 if it could not be checked. Annotations are as GitHub reads them from the output.
"""

import sys

from sqlite_utils_personalization import PersonalizationError, verify


def main(database: str, heads: str) -> int:
    try:
        found = verify(database, heads=heads, strict=True)
    except PersonalizationError as error:
        print(f"::error title=could not check::{error}")
        return 2
    for finding in found["findings"]:
        print(
            f"::error title={finding['code']} ({finding['count']})::{finding['first'][0]['sentence']}"
        )
    for note in found["notes"]:
        print(f"::notice title={note['code']}::{note['sentence']}")
    counts = found["counts"]
    print(
        f"{found['sentence']}: {counts['runs']} runs, {counts['logged']} rows, {counts['seals']} seals"
    )
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
