"""Files that leave the shared one: whole or not there, through no link, and for no more eyes than it is."""

import fcntl
import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from sqlite_utils_personalization.errors import Conflict, PersonalizationError


def narrow(file: Path | int, source: str | Path) -> None:
    """Take from a file or folder of ours the rights that its group and others do not have on source."""
    given, found = os.stat(source), os.stat(file)
    group, others = given.st_mode & 0o070, given.st_mode & 0o007
    if found.st_gid != given.st_gid:
        group &= others << 3
    allowed = stat.S_IRWXU | group | others
    if stat.S_ISDIR(found.st_mode):
        # Who may read a folder may enter it.
        allowed |= (allowed & 0o044) >> 2
    mode = stat.S_IMODE(found.st_mode)
    if mode & ~allowed:
        os.chmod(file, mode & allowed)


def narrow_if_empty(file: int, source: str | Path) -> None:
    """Do that to the open file if it is one and was just made, or emptied; whoever kept one keeps its rights too."""
    found = os.fstat(file)
    is_new = stat.S_ISREG(found.st_mode) and found.st_size == 0
    # Another's file is that owner's to give rights to.
    with suppress(PermissionError):
        if is_new and os.path.exists(source):
            narrow(file, source)


@contextmanager
def private_folder(target: Path) -> Iterator[Path]:
    """A folder beside target that its owner alone may enter, gone at the end, and those that killed programs left.

    PersonalizationError if the folder of target is not there or cannot be written.
    """
    parent, prefix = target.absolute().parent, f".{target.name}.copying-"
    try:
        _remove_left(parent, prefix)
        folder, lock = _locked_folder(parent, prefix)
    except FileNotFoundError:
        raise PersonalizationError(
            f"{target} cannot be written", f"create {target.parent} first"
        ) from None
    except OSError as error:
        raise PersonalizationError(
            f"{target} cannot be written ({error.strerror})", "name a folder that can be written"
        ) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(parent: Path, prefix: str) -> tuple[Path, int]:
    """A folder, and the lock on it that is held as long as this process lives, so that another one can tell."""
    while True:
        folder = Path(mkdtemp(prefix=prefix, dir=parent))
        try:
            lock = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        # Not every file system has locks.
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        # Another process may have taken it for left before it was locked.
        if folder.exists():
            return folder, lock
        os.close(lock)


def _remove_left(parent: Path, prefix: str) -> None:
    for name in os.listdir(parent):
        if name.startswith(prefix):
            with suppress(OSError):
                _remove_if_nobodys(parent / name)


def _remove_if_nobodys(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(lock)


def write_whole(file: Path, text: bytes, source: str | Path) -> None:
    """Write a file in place of an earlier one. PersonalizationError if it is a link or no file; OSError."""
    check_free(file, replace=True)
    with private_folder(file) as folder:
        whole = folder / file.name
        write_synced(whole, text)
        narrow(whole, source)
        os.replace(whole, file)


def write_public(file: Path, text: bytes, source: str | Path) -> None:
    """The same of a file that everybody may read, such as metrics; never in place of source."""
    check_free(file, replace=True, source=source if os.path.exists(source) else None)
    with private_folder(file) as folder:
        whole = folder / file.name
        write_synced(whole, text)
        os.chmod(whole, 0o644)
        os.replace(whole, file)


def write_synced(file: Path, text: bytes) -> None:
    """Write a new file down to the disk."""
    with open(file, "xb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


def check_free(file: Path, *, replace: bool, source: str | Path | None = None) -> None:
    """PersonalizationError if what must stay has the name: a link, a folder, source, or anything without replace."""
    try:
        found = os.lstat(file)
    except FileNotFoundError:
        return
    except OSError as error:
        raise PersonalizationError(f"{file}: {error.strerror}", "name another file") from None
    if source is not None and file.exists() and file.samefile(source):
        raise PersonalizationError(f"{file} is the source itself", "name another file")
    if stat.S_ISLNK(found.st_mode):
        raise PersonalizationError(
            f"{file} is a symbolic link", "name another file, or remove the link"
        )
    if not stat.S_ISREG(found.st_mode):
        raise PersonalizationError(f"{file} is not a regular file", "name another file")
    if not replace:
        raise Conflict(f"{file} already exists", "name another file, or pass --replace for a copy")


def read_secret(file: Path) -> bytes:
    """The bytes of a key file. PersonalizationError if others may read or write it, as ssh has it; OSError.

    Of a file of another owner, such as a mounted secret, the group is that owner's business.
    """
    with open(file, "rb") as opened:
        found = os.fstat(opened.fileno())
        forbidden = 0o077 if found.st_uid == os.geteuid() else 0o007
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISREG(found.st_mode) and mode & forbidden:
            raise PersonalizationError(
                f"{file} holds a secret that others than its owner may read or write (mode {mode:04o})",
                f"run: chmod 600 {shlex.quote(str(file))}",
            )
        return opened.read()
