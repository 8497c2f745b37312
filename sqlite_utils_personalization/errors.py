"""What can go wrong with the data, in sentences for the person who has to mend it."""

import operator
import re

from sqlite_utils_personalization.language import gettext as _

_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff）]$")


class PersonalizationError(Exception):
    """A fault in the data or the file: what is wrong and where, and what to do instead.

    Both are without a capital letter and a full stop; todo is empty where there is nothing to do.
    """

    def __init__(self, what: str, todo: str = "") -> None:
        self.what = what
        self.todo = todo
        super().__init__(what, todo)

    def __str__(self) -> str:
        """Both in one line, as a command prints them."""
        return f"{self.what} - {self.todo}" if self.todo else self.what


class NoSchema(PersonalizationError):
    """The file has not the tables that are needed; personalization-migrate adds them."""


class Locked(PersonalizationError):
    """Another program holds the file. Nothing was written; the same may be tried again after retry_after_s seconds."""

    def __init__(self, what: str, todo: str = "", retry_after_s: float = 1.0) -> None:
        super().__init__(what, todo)
        self.retry_after_s = retry_after_s


class Damaged(PersonalizationError):
    """The file is no database, or one that SQLite cannot read, or what it stores contradicts itself."""


class NotIntact(Damaged):
    """What a night stored does not fit together, so that no answer can be given out of it; verify() says more."""


class ReadOnly(PersonalizationError):
    """What was asked for would write, and the file may only be read."""


class ServedReadOnly(ReadOnly):
    """The same of a database that is served read-only."""


class InvalidInput(PersonalizationError, ValueError):
    """An argument that cannot be; the sentence names it, and repeats no value that may be personal."""


class InvalidPreference(InvalidInput):
    """Why a preference cannot be scored or stored; names the key, never the value, which may be personal."""


class NotFound(PersonalizationError, LookupError):
    """A row that is not there; of a customer's own: whether another has it is not said."""


class UnknownCustomer(NotFound):
    """No customer has the hash that was given."""


class Conflict(PersonalizationError):
    """What was asked for contradicts what is there, or what is under way."""


class Changed(Conflict):
    """The preference is not the one the caller had read."""


class DeliveryConflict(Conflict):
    """A delivery that was recorded with other content under the same key."""


class Crowded(PersonalizationError):
    """More requests wait than can be answered soon."""


def whole(value: object, name: str) -> int:
    """The whole number from 1 that value is, numpy's too; InvalidInput, which names it, of anything else."""
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if not 1 <= number <= 2**53:
        raise InvalidInput(
            _("{name} is not a whole number from 1", name=name), _("give 1 to {most}", most=2**53)
        )
    return number


def short_repr(value: object) -> str:
    """The value as a sentence repeats it: what Python calls it, at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def capitalize(text: str) -> str:
    """The text with a capital letter, as a page begins a line."""
    return f"{text[:1].upper()}{text[1:]}"


def sentence(text: str) -> str:
    """The text as a sentence of its own, as its last character has it; empty if it is."""
    if not text or text.endswith(("?", "？", "。")):
        return capitalize(text)
    return f"{capitalize(text)}{'。' if _JAPANESE.search(text) else '.'}"
