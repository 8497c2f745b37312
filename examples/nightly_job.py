"""A night inside a process, with a line of JSON for the log: python nightly_job.py jpcite.db [DAY]"""

import json
import sys
import time

from sqlite_utils_personalization import Locked, PersonalizationError, score


def night(path, day=None, tries=5):
    """Score the night; a file that another program holds is tried again, and goes on where it stopped."""
    for left in reversed(range(tries)):
        try:
            return score(path, as_of=day, timeout_s=10)
        except Locked as locked:
            if not left:
                raise
            time.sleep(locked.retry_after_s)


if __name__ == "__main__":
    try:
        print(json.dumps(night(*sys.argv[1:])))
    except PersonalizationError as error:
        print(json.dumps({"error": type(error).__name__, "what": error.what, "todo": error.todo}))
        sys.exit(1)
