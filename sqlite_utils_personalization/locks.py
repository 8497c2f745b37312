"""Who holds a lock on a SQLite file, as far as the operating system tells."""

import os
from collections.abc import Iterator
from pathlib import Path

_LOCKS = Path("/proc/locks")
_READINGS = 4


def lock_holders(path: Path, locks: Path = _LOCKS) -> str:
    """The processes to wait for, as 'process 4321 (datasette)', or 'another program'; read-only.

    Linux only: elsewhere, and for processes that /proc does not show, it is 'another program'.
    """
    # The kernel shows a long list a page at a time, and leaves out a lock where others went in between.
    readings = (_holding(path.resolve(), locks) for _ in range(_READINGS))
    pids = next(filter(None, readings), set())
    return " and ".join(_name(pid) for pid in sorted(pids)) or "another program"


def _holding(database: Path, locks: Path) -> set[int]:
    shared = Path(f"{database}-shm")
    held = [*_held(database, locks), *_held(shared, locks)]
    # In WAL mode every connection reads, and blocks nobody; without it a reader blocks the one who commits.
    return {pid for pid, kind in held if kind == "WRITE"} or {
        pid for pid, _ in held if not shared.exists() and pid != os.getpid()
    }


def _held(path: Path, locks: Path) -> Iterator[tuple[int, str]]:
    try:
        stat = path.stat()
        lines = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    inode = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    for line in lines:
        # '1: POSIX  ADVISORY  WRITE 4321 fe:00:2189177 120 120', with '->' before POSIX for one who waits
        match line.split():
            case [_, "POSIX", _, kind, pid, where, _, _] if where == inode and int(pid) > 0:
                yield int(pid), kind


def _name(pid: int) -> str:
    if pid == os.getpid():
        return "another connection of this process"
    try:
        return f"process {pid} ({Path(f'/proc/{pid}/comm').read_text(encoding='utf-8').strip()})"
    except OSError:
        return f"process {pid}"
