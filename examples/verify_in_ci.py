"""Fail a CI job where the evidence is not intact (1) or cannot be checked (2); each finding is an annotation.

python examples/verify_in_ci.py jpcite.db heads.txt  # heads that were kept outside the file
"""

import sys

from sqlite_utils_personalization import PersonalizationError, verify


def annotate(kind: str, title: str, text: object) -> None:
    print(f"::{kind} title={title}::{str(text).replace('%', '%25')}".replace("\n", "%0A"))


def main(database: str, heads: str) -> int:
    try:
        found = verify(database, heads=heads, strict=True)
    except PersonalizationError as error:
        annotate("error", "could not check", error)
        return 2
    for one in found["findings"]:
        annotate("error", f"{one['code']} ({one['count']})", one["first"][0]["sentence"])
    for note in found["notes"]:
        annotate("notice", note["code"], note["sentence"])
    print(f"{found['sentence']}: {found['counts']}")
    return 0 if found["ok"] else 1


sys.exit(main(*sys.argv[1:]))
