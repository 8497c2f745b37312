"""The packaged DDL, object by object."""

import re
from functools import cache
from importlib.resources import files

MIGRATIONS = ("287_personalization.sql", "288_personalization_evidence.sql")

_CREATE = re.compile(
    r"^CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER|VIEW) (?:IF NOT EXISTS )?(\w+)", re.MULTILINE
)


@cache
def packaged() -> dict[str, str]:
    """The CREATE statement of every table, index, trigger and view of 287 and 288, by name; read-only."""
    found = {}
    for name in MIGRATIONS:
        text = files(__package__).joinpath(name).read_text(encoding="utf-8")
        for start in _CREATE.finditer(text):
            end = re.compile(r"; END;$|;$", re.MULTILINE).search(text, start.end())
            assert end is not None
            found[start[1]] = text[start.start() : end.end() - 1]
    return found
