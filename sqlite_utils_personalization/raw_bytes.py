"""The bytes of a database file, read so that this process keeps its locks on it.

A process that closes one descriptor of a file loses all its locks on it, those of SQLite's connections as well
(fcntl(2), "Record locks"), and another program may then write into what one of them is writing. So ours is not closed
while anything else here has the file open.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_File = tuple[int, int]
# By device and inode: the descriptor, and how many use it.
_open: dict[_File, list[int]] = {}
_turn = threading.Lock()
# Of this process, on Linux, macOS and BSD.
_DESCRIPTORS = "/dev/fd"


@contextmanager
def descriptor(path: str | Path) -> Iterator[int]:
    """A descriptor to read with os.pread, which moves nobody's place; OSError if the file cannot be opened."""
    with _turn:
        file = _identity(os.stat(path))
        if file not in _open:
            opened = os.open(path, os.O_RDONLY)
            # It may have been replaced in between.
            file = _identity(os.fstat(opened))
            _open.setdefault(file, [opened, 0])
        used = _open[file]
        used[1] += 1
    try:
        yield used[0]
    finally:
        with _turn:
            used[1] -= 1
            if not used[1] and not _is_open_elsewhere(file, used[0]):
                os.close(_open.pop(file)[0])


def _identity(found: os.stat_result) -> _File:
    return found.st_dev, found.st_ino


def _is_open_elsewhere(file: _File, own: int) -> bool:
    try:
        numbers = {int(name) for name in os.listdir(_DESCRIPTORS)} - {own}
    except OSError:
        # Nobody can tell.
        return True
    for number in numbers:
        # The one that listed them is closed by now.
        with suppress(OSError):
            if _identity(os.fstat(number)) == file:
                return True
    return False
