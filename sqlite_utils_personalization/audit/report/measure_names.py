"""The measures of a report: how each is called, in what it is counted, and what it is called in a sentence."""

from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import N_, message_of
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES

ITEMS, SHARE, DAYS, POINTS, INDEX = "items", "share", "days", "points", "index"
# By family, the part of a name before its type; in the order of a report.
UNITS = {
    "candidates": ITEMS,
    "coverage": SHARE,
    "concentration": SHARE,
    "median_days_left": DAYS,
    "closing_soon": SHARE,
    "near_duplicates": SHARE,
    "own_prefecture": SHARE,
    "repeats": SHARE,
    "nothing_fits": SHARE,
    "nothing_new": SHARE,
    "rejected": SHARE,
    "mean_score": POINTS,
    "low_score": POINTS,
    "middle_score": POINTS,
    "high_score": POINTS,
    "score_drift": INDEX,
    "left_out": ITEMS,
    "left_out_by_rule": ITEMS,
}
_SAID = {
    "candidates": N_("items that could be recommended"),
    "coverage": N_("share of the open items that are on somebody's list"),
    "concentration": N_("share of the places that the ten most shown items have"),
    "median_days_left": N_("days until an item closes, in the middle"),
    "closing_soon": N_("share of the dated places that close within 14 days"),
    "near_duplicates": N_("share of the lists with two items that read alike"),
    "own_prefecture": N_("share of the programs shown that are of the customer's own prefecture"),
    "repeats": N_("share of the places that the same customer had the night before"),
    "nothing_fits": N_("share of the customers for whom nothing fits"),
    "nothing_new": N_("share of the customers who had been handed all of it before"),
    "rejected": N_("share of the customers whose preferences are rejected"),
    "left_out": N_("items left out of the catalogue"),
}
_OF_TYPE = {
    "mean_score": N_("mean score of {kinds}"),
    "low_score": N_("score that a tenth of the {kinds} do not exceed"),
    "middle_score": N_("score that half of the {kinds} do not exceed"),
    "high_score": N_("score that nine tenths of the {kinds} do not exceed"),
    "score_drift": N_("shift of the scores of {kinds} (PSI)"),
}


def of_type(family: str, kind: str) -> str:
    """The name of a measure of one type."""
    return f"{family}.{kind}"


def of_rule(kind: str, rule: str) -> str:
    """The name of what a rule left out of a type; a rule is spelt without spaces."""
    return f"left_out.{kind}.{rule.replace(' ', '_')}"


def family_of(name: str) -> str:
    """The part of a name that says what is measured, and has a unit and a band."""
    family, _dot, rest = name.partition(".")
    return "left_out_by_rule" if family == "left_out" and rest else family


def said(name: str, rule: str | None = None) -> str:
    """What is measured, in the words of a person; rule is that of what is left out by one."""
    family, _dot, rest = name.partition(".")
    if rule is not None:
        kind = rest.partition(".")[0]
        return _("{kinds} left out: {rule}", kinds=kinds(kind), rule=rule_name(rule))
    if rest in TYPES:
        return _(_OF_TYPE[family], kinds=kinds(rest))
    return message_of(_SAID[family])


def every_name() -> list[str]:
    """The names that there are on any night; what is left out by a rule has one where a night has some."""
    found = []
    for family in UNITS:
        if family in _SAID:
            found.append(family)
        elif family in _OF_TYPE:
            found += [of_type(family, kind) for kind in TYPES]
    return found
