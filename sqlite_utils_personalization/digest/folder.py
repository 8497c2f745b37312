"""A folder of digests: a few files for each customer, named by hash, and a list of them all."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.customer_api.envelope import Envelope
from sqlite_utils_personalization.digest.calendar import calendar
from sqlite_utils_personalization.digest.contents import Digest
from sqlite_utils_personalization.digest.document import document
from sqlite_utils_personalization.digest.forms import html, text
from sqlite_utils_personalization.errors import Conflict, PersonalizationError
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import speaking
from sqlite_utils_personalization.private_files import narrow, private_folder

# One JSON object a line: user_token_hash, run_id, as_of, subject, rec_ids, files.
LIST = "digests.jsonl"


def write_digests(
    folder: Path,
    found: Iterable[Digest],
    language: str,
    dismiss_url: str | None,
    ics: bool,
    source: str | Path,
    envelope: Envelope = Envelope(),  # noqa: B008  # immutable
) -> int:
    """Write the folder, which appears once it is complete, and return how many digests are in it.

    language is that of what is read, one of LANGUAGES. Nobody may read it who may not read source. Conflict if it is
    there already: what was sent from it must stay what it was.
    """
    if os.path.lexists(folder):
        raise Conflict(
            _("{folder} exists", folder=folder),
            _("name a folder that does not, or remove it if nothing of it was sent"),
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PersonalizationError(
            f"{folder} cannot be written ({error.strerror})", "name a folder that can be written"
        ) from None
    with private_folder(folder) as beside:
        unfinished = beside / folder.name
        unfinished.mkdir()
        count = _write(unfinished, found, language, dismiss_url, ics, envelope)
        # A database in memory is no file that somebody may read.
        like = source if os.path.exists(source) else beside
        for file in (*unfinished.iterdir(), unfinished):
            narrow(file, like)
        unfinished.rename(folder)
    return count


def _write(
    folder: Path,
    found: Iterable[Digest],
    language: str,
    dismiss_url: str | None,
    ics: bool,
    envelope: Envelope,
) -> int:
    count = 0
    with open(folder / LIST, "w", encoding="utf-8") as listed:
        for digest in found:
            with speaking(language):
                made = document(digest, dismiss_url, envelope)
                files = _forms(made, digest, ics)
            for name, content in files.items():
                (folder / name).write_bytes(content)
            listed.write(f"{_line(made, sorted(files))}\n")
            count += 1
    return count


def _forms(made: Mapping[str, Any], digest: Digest, ics: bool) -> dict[str, bytes]:
    name = digest.user_token_hash
    files = {
        f"{name}.json": json.dumps(made, ensure_ascii=False, indent=2).encode() + b"\n",
        f"{name}.txt": text(made).encode(),
        f"{name}.html": html(made).encode(),
    }
    dated = calendar(made, digest.night.served_at) if ics else None
    return files | ({f"{name}.ics": dated} if dated else {})


def _line(made: Mapping[str, Any], files: list[str]) -> str:
    rec_ids = [item["rec_id"] for item in (*made["programs"], *made["changes"])]
    listed = {
        **{name: made[name] for name in ("user_token_hash", "run_id", "as_of", "subject")},
        "rec_ids": rec_ids,
        "files": files,
    }
    return json.dumps(listed, ensure_ascii=False)
