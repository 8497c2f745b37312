"""By which rule an item was left out of a catalogue, as a person is told; the code that is stored is English."""

import re

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext

_NOT_LATELY = re.compile(r"not seen in the last (\d{1,9}) days", re.ASCII)


def rule_name(rule: str) -> str:
    """The rule in the language that is spoken; one that no version of ours has stays as it is stored."""
    if found := _NOT_LATELY.fullmatch(rule):
        return _("not seen in the last {days} days", days=found[1])
    return _names().get(rule, rule)


def _names() -> dict[str, str]:
    return _programs() | _readings() | _amendments()


def _programs() -> dict[str, str]:
    """Of programs that are none, or not open to anyone."""
    return {
        "by-law": pgettext("rule", "by-law"),
        "case study": pgettext("rule", "case study"),
        "closed": pgettext("rule", "closed"),
        "directory": pgettext("rule", "directory"),
        "document": pgettext("rule", "document"),
        "grant rules": pgettext("rule", "grant rules"),
        "licence": pgettext("rule", "licence"),
        "navigation": pgettext("rule", "navigation"),
        "notice": pgettext("rule", "notice"),
        "plan": pgettext("rule", "plan"),
        "practice form": pgettext("rule", "practice form"),
        "procedure": pgettext("rule", "procedure"),
        "recruitment": pgettext("rule", "recruitment"),
        "search page": pgettext("rule", "search page"),
        "survey": pgettext("rule", "survey"),
        "tender": pgettext("rule", "tender"),
        "answer of the API": pgettext("rule", "answer of the API"),
        "excluded": pgettext("rule", "excluded"),
        "quarantined": pgettext("rule", "quarantined"),
        "no reception": pgettext("rule", "no reception"),
        "no round open": pgettext("rule", "no round open"),
        "not yet open": pgettext("rule", "not yet open"),
        "overseas only": pgettext("rule", "overseas only"),
    }


def _readings() -> dict[str, str]:
    """Of what cannot be read for certain."""
    return {
        "area not readable": pgettext("rule", "area not readable"),
        "closes before it opens": pgettext("rule", "closes before it opens"),
        "date ambiguous": pgettext("rule", "date ambiguous"),
        "date not readable": pgettext("rule", "date not readable"),
        "duplicate id": pgettext("rule", "duplicate id"),
        "hash of no customer": pgettext("rule", "hash of no customer"),
        "id looks personal": pgettext("rule", "id looks personal"),
        "id not readable": pgettext("rule", "id not readable"),
        "id too long": pgettext("rule", "id too long"),
        "industry not readable": pgettext("rule", "industry not readable"),
        "no id": pgettext("rule", "no id"),
        "no title": pgettext("rule", "no title"),
        "query not readable": pgettext("rule", "query not readable"),
        "rounds not readable": pgettext("rule", "rounds not readable"),
        "title not readable": pgettext("rule", "title not readable"),
        "value not readable": pgettext("rule", "value not readable"),
        "window not readable": pgettext("rule", "window not readable"),
    }


def _amendments() -> dict[str, str]:
    """Of changes that are no news."""
    return {
        "changed back": pgettext("rule", "changed back"),
        "field not followed": pgettext("rule", "field not followed"),
        "first observation": pgettext("rule", "first observation"),
        "no longer stated": pgettext("rule", "no longer stated"),
        "program left out": pgettext("rule", "program left out"),
        "program unknown": pgettext("rule", "program unknown"),
        "reads the same": pgettext("rule", "reads the same"),
        "superseded": pgettext("rule", "superseded"),
        "told with a newer change": pgettext("rule", "told with a newer change"),
    }
