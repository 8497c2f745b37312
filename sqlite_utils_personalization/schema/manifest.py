"""Boot manifests: the migrations a service applies when it starts, one file name per line, `#` comments.

Read as bytes, so that a comment in any encoding that extends ASCII survives.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.schema.state import MIGRATIONS

_BOM = b"\xef\xbb\xbf"


def unlisted_migrations(path: Path) -> list[str]:
    """Those of our migrations that the manifest at path does not list, in order; read-only."""
    listed = {_file_name(line) for line in _read(path).removeprefix(_BOM).splitlines()}
    return [name for name in MIGRATIONS if f"{name}.sql" not in listed]


def register_migrations(path: Path) -> list[str]:
    """Append what is unlisted to the manifest at path, changing no other byte; returns what was appended.

    The file is replaced as a whole or not at all, and keeps its mode and owner.
    """
    names = unlisted_migrations(path)
    if names:
        text = _read(path)
        newline = b"\r\n" if text[: text.rfind(b"\n") + 1].endswith(b"\r\n") else b"\n"
        before = text if not text.removeprefix(_BOM) or text.endswith(b"\n") else text + newline
        _replace(
            path.resolve(), before + b"".join(f"{name}.sql".encode() + newline for name in names)
        )
    return names


def _read(path: Path) -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise PersonalizationError(
            f"{path}: {error.strerror}", "give the path of a boot manifest"
        ) from None
    if b"\0" in text:
        raise InvalidInput(
            f"{path} is not a text file of one file name per line", "save it as UTF-8"
        )
    return text


def _file_name(line: bytes) -> str:
    entry = line.decode("ascii", "replace").partition("#")[0].strip()
    return PurePosixPath(entry).name


def _replace(path: Path, text: bytes) -> None:
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                _write_like(path, file.name, text)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise PersonalizationError(
            f"{path}: {error.strerror}", "make the file and its directory writable"
        ) from None


def _write_like(path: Path, temporary: str, text: bytes) -> None:
    with open(temporary, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    shutil.copymode(path, temporary)
    # Only root may give a file away, and Windows has no owners of this kind.
    with suppress(AttributeError, PermissionError):
        os.chown(temporary, path.stat().st_uid, path.stat().st_gid)
