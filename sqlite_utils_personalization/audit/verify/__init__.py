"""One file per part of the evidence that verification derives again. Each yields findings and changes nothing."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypedDict

from sqlite_utils_personalization.audit.verify.codes import CODES
from sqlite_utils_personalization.language import message_of


class Finding(NamedTuple):
    """One fault: its code, a key of CODES; what is wrong, in a sentence; and where, as far as that is known.

    rec_id is a row of the log; rowid is the number of a row of table, where it is not the log's.
    """

    code: str
    what: str
    run_id: int | None = None
    rec_id: int | None = None
    table: str | None = None
    rowid: Any = None

    @property
    def kind(self) -> str:
        """The part of the evidence that the code belongs to."""
        return CODES[self.code].kind

    @property
    def todo(self) -> str:
        """What to do about it."""
        return CODES[self.code].todo

    @property
    def where(self) -> dict[str, Any]:
        """Those of run_id, rec_id, table and rowid that are known, as JSON has them: a BLOB may stand anywhere."""
        named = ("run_id", "rec_id", "table", "rowid")
        return {name: _plain(value) for name in named if (value := getattr(self, name)) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, int | str) else repr(value)[:40]


class VerifyFindings(TypedDict):
    """All findings of one code: how many, and the first ten, each a sentence and where."""

    code: str
    kind: str
    meaning: str
    todo: str
    count: int
    first: list[dict[str, Any]]


class Group(NamedTuple):
    """All findings of one code: how many, and the first of them."""

    code: str
    total: int
    first: list[Finding]

    def to_dict(self) -> VerifyFindings:
        """For JSON."""
        code = CODES[self.code]
        return {
            "code": self.code,
            "kind": code.kind,
            "meaning": message_of(code.meaning),
            "todo": code.todo,
            "count": self.total,
            "first": [{"sentence": found.what, "where": found.where} for found in self.first],
        }


# Of each code, what is shown of a file in which everything was changed.
EXAMPLES = 10


def grouped(findings: Iterable[Finding], examples: int = EXAMPLES) -> list[Group]:
    """The findings by code, in the order in which the codes were first found, with the first few of each."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.code, []).append(finding)
    return [Group(code, len(all_of), all_of[:examples]) for code, all_of in found.items()]


# What says that the file cannot be read just now, or not at all: then nothing can be concluded.
_NOT_NOW = (
    "is locked",
    "disk I/O",
    "interrupted",
    "unable to open",
    "not a database",
    "is full",
    "Out of Memory",
)


def guarded(
    check: str, findings: Iterator[Finding], run_id: int | None = None, table: str | None = None
) -> Iterator[Finding]:
    """The findings of a check; one more if what cannot have been stored honestly keeps it from going on."""
    try:
        yield from findings
    except Exception as error:
        if any(part in str(error) for part in _NOT_NOW):
            raise
        where = "" if run_id is None else f" of run {run_id}"
        what = f"the {check} check{where} did not reach its end: {_said(error)}"
        yield Finding("check-unfinished", what, run_id, None, table)


def _said(error: Exception) -> str:
    return f"a value or a table is not what it must be ({type(error).__name__}: {str(error)[:200]})"
