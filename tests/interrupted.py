"""A night in a process of its own that something happens to; run as a script with PATH and what is to happen.

What differs between any two nights, its salt, its origin and its times, is the same in all of these, so that their
files can be compared row by row.
"""

import atexit
import os
import resource
import signal
import sys

from sqlite_utils.cli import cli

from sqlite_utils_personalization.api import opened as opening
from sqlite_utils_personalization.evidence import seal
from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.preferences import identity
from sqlite_utils_personalization.scoring import log, night

_open = opening.open_writable


def killed(n):
    """Die at the nth SQL statement."""
    left = [int(n)]

    def count(sql):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return lambda db: db.set_trace_callback(count)


def signalled(name, step):
    """Send this process the signal when that step of the night begins, or with log_chunks after two of them."""
    planned = getattr(night, step)

    def send():
        os.kill(os.getpid(), getattr(signal, name))

    def chunks(*arguments):
        for n, chunk in enumerate(planned(*arguments)):
            if n == 2:
                send()
            yield chunk

    def begin(*arguments):
        send()
        return planned(*arguments)

    setattr(night, step, chunks if step == "log_chunks" else begin)
    return lambda db: None


def counted():
    """Print the number of SQL statements at the end."""
    seen = []

    atexit.register(lambda: print(len(seen), file=sys.stderr))
    return lambda db: db.set_trace_callback(seen.append)


def full(pages):
    """Let the database grow by so many pages only."""

    def limit(db):
        (size,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {size + int(pages)}")

    return limit


def file_size(limit):
    """Let no file grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    return lambda db: None


def main(path, what="nothing", *arguments):
    happens = {
        "nothing": lambda: lambda db: None,
        "counted": counted,
        "full": full,
        "file-size": file_size,
        "killed": killed,
        "signalled": signalled,
    }[what](*arguments)

    def opened(*given, **options):
        db = _open(*given, **options)
        happens(db.conn)
        return db

    opening.open_writable = opened
    night.token_hex = seal.token_hex = identity.token_hex = lambda n: "0" * 2 * n
    night.utc_now = identity.utc_now = lambda: "2026-04-01T18:00:00.000Z"
    log.CHUNK_CUSTOMERS = 10
    cli(["personalization-score", path, "--as-of", AS_OF])


if __name__ == "__main__":
    main(*sys.argv[1:])
