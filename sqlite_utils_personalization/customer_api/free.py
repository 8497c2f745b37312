"""What is said to a customer of what costs nothing: declaring, and feedback. The same over HTTP and to an agent."""

from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.language import gettext as _

_OF_A_PROFILE = ("preferences", "created_at", "last_updated_at")


def profile_answer(profile: Mapping[str, Any]) -> dict[str, Any]:
    """What a customer declares, of what get_profile tells an operator."""
    return {key: profile[key] for key in _OF_A_PROFILE}


def declaration_answer(done: Mapping[str, Any]) -> dict[str, Any]:
    """The same, and what setting it did."""
    return {
        **profile_answer(done),
        "outcome": done["outcome"],
        "changed": done["changed"],
        **_free(_("declaring costs nothing; a recommendation does when it is handed over")),
    }


def feedback_answer(done: Mapping[str, Any]) -> dict[str, Any]:
    """What a customer said of an item."""
    return {**done, **_free(_("saying what you think of an item costs nothing"))}


_OF_AN_ERASURE = (
    *("erased_at", "legal_basis", "logged_kept", "saved_searches_kept", "feedback_kept"),
    *("old_bytes_overwritten", "old_bytes_in", "held_in_tables"),
)


def erasure_answer(done: Mapping[str, Any]) -> dict[str, Any]:
    """What was erased, what remains and where; why a table could not be read is the operator's."""
    held = done["held_by_others"]
    return {
        **{key: done[key] for key in _OF_AN_ERASURE},
        "held_by_others": [
            {key: value for key, value in one.items() if key != "error"}
            for one in held
            if one["rows"]
        ],
        "tables_not_looked_into": sum(one["error"] is not None for one in held),
        "todo": done["todo"],
    }


def _free(sentence: str) -> dict[str, Any]:
    return {"takes_effect": _("from the next night on"), "charged_yen": 0, "sentence": sentence}
