"""What a page may be asked besides its path: each parameter read strictly, and as a field of the page's form.

Full-width digits and spaces that were pasted along are read; anything else that cannot be is refused with a sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import LANGUAGES, pgettext
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.queries.parameters import (
    READERS,
    choice,
    integer,
    one_day,
    one_month,
    plain,
)

# Whatever a form sends, one field of it is no longer.
_LONGEST = 500
_MOST = 2**53


class Wrong(Exception):
    """Why a text is not what a parameter takes: a sentence to put beside its field."""


@dataclass(frozen=True)
class PageParameter:
    """One parameter: its name, how its text is read (Wrong if it cannot be), and how a form shows it.

    choices are values and labels to select from, or None for a text. default is what an empty one means, where it may
    be empty.
    """

    name: str
    read: Callable[[str], Any]
    label: Callable[[], str]
    default: Any = None
    choices: Callable[[], Sequence[tuple[str, str]]] | None = None
    kind: str = "text"
    may_be_empty: bool = True


@dataclass(frozen=True)
class Asked:
    """What was asked: a value for each parameter, the text each was given as, and what is wrong with which."""

    values: Mapping[str, Any]
    texts: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


# Of a form that nothing was asked by yet.
NOTHING = Asked({}, {})
# Of every page: which database, which language; Datasette's own begin with an underscore.
EVERYWHERE = ("database", "lang", "reason")


def read_parameters(
    known: Sequence[PageParameter],
    given: Mapping[str, Sequence[str]],
    everywhere: Sequence[str] = EVERYWHERE,
) -> Asked:
    """Every known parameter, read from the texts given by name; wrong says what cannot be, and what is not known."""
    values, texts, wrong = {}, {}, {}
    for parameter in known:
        found = given.get(parameter.name, [])
        text = plain(found[0][: _LONGEST + 1]) if found else ""
        texts[parameter.name] = text
        try:
            if len(found) > 1:
                raise Wrong(_("is given more than once"))
            if len(text) > _LONGEST:
                raise Wrong(_("is longer than {n} characters", n=_LONGEST))
            if found and not text and not parameter.may_be_empty:
                raise Wrong(_("is empty"))
            values[parameter.name] = parameter.read(text) if text else parameter.default
        except Wrong as error:
            wrong[parameter.name] = str(error)
    names = {*everywhere, *(parameter.name for parameter in known)}
    for name in given:
        if name not in names and not name.startswith("_"):
            wrong[name] = _("there is no such parameter")
    if plain((given.get("lang") or [""])[0]) not in ("", *LANGUAGES):
        wrong["lang"] = _("is not one of {choices}", choices=", ".join(LANGUAGES))
    return Asked(values, texts, wrong)


def _read(text: str, read: Callable[[str], str], why: Callable[[], str]) -> str:
    try:
        return read(text)
    except (ValueError, PersonalizationError):
        raise Wrong(why()) from None


def whole(low: int, high: int = _MOST) -> Callable[[str], int]:
    """A whole number from low to high; separators are read."""

    def why() -> str:
        return _("is not a whole number from {low} to {high}", low=low, high=high)

    return lambda text: int(_read(text, integer(low, high), why))


def day(text: str) -> str:
    """A day, YYYY-MM-DD; 2026/7/22 and 2026年7月22日 are read."""
    return _read(text, one_day, lambda: _("is not a day, as 2026-07-22"))


def month(text: str) -> str:
    """A month, YYYY-MM."""
    return _read(text, one_month, lambda: _("is not a month, as 2026-07"))


def night(text: str) -> str:
    """A night: its day, its run_id, or latest."""
    return _read(
        text,
        READERS["night"],
        lambda: _("is not a night: give its day, its run_id, or latest"),
    )


def one_of(*names: str) -> Callable[[str], str]:
    """One of these words."""

    def why() -> str:
        return _("is not one of {choices}", choices=", ".join(names))

    return lambda text: _read(text, choice(names), why)


def words(text: str) -> str:
    """Any text."""
    return text


# What several pages take.
SINCE = PageParameter("since", day, lambda: _("From day"), kind="date")
UNTIL = PageParameter("until", day, lambda: _("To day"), kind="date")
TYPE = PageParameter(
    "type",
    one_of(*TYPES),
    lambda: pgettext("form", "Type"),
    choices=lambda: [("", _("all"))] + [(kind, kind) for kind in TYPES],
)
NIGHT = PageParameter("night", night, lambda: _("Night"))


def after() -> PageParameter:
    """Where a page of a list begins: after the row with this number."""
    return PageParameter("after", whole(0), lambda: _("After"))


def size(default: int) -> PageParameter:
    """How many rows a page of a list has."""
    return PageParameter(
        "size",
        whole(1, 1000),
        lambda: _("Rows per page"),
        default,
        lambda: [(str(n), str(n)) for n in sorted({default, 20, 100, 500})],
    )
