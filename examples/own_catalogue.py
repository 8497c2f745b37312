"""What a SELECT over your own table would add tonight, and what was left out: python own_catalogue.py jpcite.db"""

import sys
from pathlib import Path

from sqlite_utils_personalization import PersonalizationError, score

SELECT = Path(__file__).with_name("own_catalogue.sql")


def main(path: str, as_of: str | None = None) -> int:
    try:
        night = score(path, as_of=as_of, catalogue=SELECT, dry_run=True)
    except PersonalizationError as error:
        print(error)  # every fault of the SELECT, by row and column
        return 1
    print(f"{night['logged']} recommendations would be logged for {night['profiles']} customers")
    for kind, number in night["candidates"].items():
        print(f"{kind}: {number} items")
        for rule, left_out in night["left_out"].get(kind, {}).items():
            print(f"    {left_out} left out: {rule}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
