"""The formula's results in plain English. No points are computed here: every number is an input of it or a result."""

import json
from collections.abc import Iterable

from sqlite_utils_personalization.catalogue.candidate import ANY, UNKNOWN
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.formula.evaluation import Evaluation
from sqlite_utils_personalization.model.kinds import COMPONENTS, NO_INDUSTRY, PLURALS

_NAMED = 3
_NOT_WHOLE = "what is stored cannot be evaluated"


def component_sentences(found: Evaluation) -> tuple[str, ...]:
    """Why the item has its points for each of COMPONENTS, in their order; each ends in the points."""
    if not found.is_whole:
        return (_NOT_WHOLE,) * len(COMPONENTS)
    return tuple(_SENTENCES[name](found) for name in COMPONENTS)


def total_sentence(found: Evaluation) -> str:
    """How the components make the score."""
    if not found.is_whole:
        return _NOT_WHOLE
    total, score = found.points.total, found.points.score
    cap, kinds = found.constants.cap, PLURALS[found.candidate.recommendation_type]
    relation = "capped at" if total > cap else "within the cap of"
    added = " + ".join(map(str, found.points.parts))
    return f"{added} = {total}, {relation} {cap} for {kinds}: {score}"


def obstacles(found: Evaluation) -> tuple[str, ...]:
    """Every condition of eligibility that does not hold; empty for an eligible item."""
    conditions = (
        (found.is_open, _window),
        (found.in_time or _has_closed(found), _notice),
        (found.in_area, _area),
        (found.in_industry, _other_industry),
    )
    return tuple(sentence(found) for holds, sentence in conditions if not holds)


def industries(letters: Iterable[str]) -> str:
    """Names with their letters, at most three of them."""
    names = [f"{DIVISIONS.get(letter, 'unknown')} ({letter})" for letter in letters]
    return _listed(names)


def and_more(titles: Iterable[str]) -> str:
    """What stands behind an item as rounds of the same programme: "and 2 more: ...", empty if there are none."""
    names = list(titles)
    return f"and {len(names)} more: {'; '.join(names)}" if names else ""


def days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _listed(names: list[str]) -> str:
    if len(names) > _NAMED + 1:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _industry(found: Evaluation) -> str:
    mine, listed = found.declared.industries, found.candidate.industries
    points = found.points.of("industry")
    if mine is None:
        return f"no industry declared: {points}"
    if listed == UNKNOWN:
        return f"its industries are not known: {points}"
    source = _keyword(found)
    if listed == ANY:
        return f"open to any industry{source}: {points}"
    if shared := [letter for letter in listed if letter in mine]:
        return f"lists {industries(shared)}, which you declared{source}: {points}"
    return f"{_other_industry(found)}: {points}"


def _other_industry(found: Evaluation) -> str:
    mine = found.declared.industries or ""
    sentence = f"lists {industries(found.candidate.industries)}{_keyword(found)}"
    if mine == NO_INDUSTRY:
        return f"{sentence}, and the model does not know the industry pack you declared"
    return f"{sentence}, not {industries(mine)}, which you declared"


def _keyword(found: Evaluation) -> str:
    words = _why(found, "keyword").split(",")
    return f" (read from {_listed(words)} in its title)" if words != [""] else ""


def _why(found: Evaluation, key: str) -> str:
    try:
        return str(json.loads(found.candidate.why).get(key, ""))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ""


def _deadline(found: Evaluation) -> str:
    horizon, left, points = (
        found.declared.horizon_days,
        found.days_left,
        found.points.of("deadline"),
    )
    weight, urgent = found.constants.weights["deadline"], found.constants.urgent_days
    lead, rolling = found.constants.lead_days, found.candidate.rolling
    if horizon is None:
        return f"no deadline horizon declared: {points}"
    if left is None and rolling is not None:
        state = "takes applications at any time" if rolling else "its closing date is not known"
        return f"{state}: {points}"
    if left is None:
        length = "is at most" if horizon <= urgent else "is longer than"
        return f"no closing date, and your {horizon}-day horizon {length} {days(urgent)}: {points}"
    if left >= horizon:
        return f"closes in {days(left)}, not within your {horizon}-day horizon: {points}"
    when = f"closes in {days(left)}" if left > 0 else "closes that day"
    when = when if left >= 0 else f"closed {days(-left)} before"
    within, whole = horizon - max(left, lead), horizon - lead
    exact = "" if weight * within % whole == 0 else ", rounded down"
    arithmetic = f"{weight} x {within} / {whole} = {points}{exact}"
    notice = f", of which {days(lead)} {'is' if lead == 1 else 'are'} notice" if lead else ""
    return f"{when}, within your {horizon}-day horizon{notice}: {arithmetic}"


def _risk(found: Evaluation) -> str:
    mine, level = found.declared.risk_level, found.candidate.risk_level
    weight, points = found.constants.weights["risk"], found.points.of("risk")
    if mine is None:
        return f"no risk tolerance declared: {points}"
    if level is None:
        fit = "does not suit" if mine == "high" else "suits"
        return f"no risk level of its own, which {fit} a risk tolerance of {mine}: {points}"
    tier = _why(found, "tier")
    stated = f"risk level {level}{f' (tier {tier})' if tier else ''}"
    if mine == level:
        return f"{stated}, as you declared: {points}"
    if "medium" in (mine, level):
        exact = ", rounded down" if weight % 2 else ""
        return f"{stated}, one step from the {mine} you declared: {weight} / 2 = {points}{exact}"
    return f"{stated}, two steps from the {mine} you declared: {points}"


_SENTENCES = {"industry": _industry, "deadline": _deadline, "risk": _risk}


def _window(found: Evaluation) -> str:
    opens_on, closes_on = found.candidate.opens_on, found.candidate.closes_on
    if opens_on is not None and opens_on > found.as_of:
        return f"opens on {opens_on}"
    return f"closed on {closes_on}"


def _notice(found: Evaluation) -> str:
    left, lead = found.days_left, found.constants.lead_days
    when = "closes that day" if left == 0 else f"closes in {days(left or 0)}"
    kept = "1 day's notice is" if lead == 1 else f"{days(lead)}' notice are"
    return f"{when}; {kept} kept"


def _has_closed(found: Evaluation) -> bool:
    return found.days_left is not None and found.days_left < 0


def _area(found: Evaluation) -> str:
    offered = _listed(found.candidate.prefectures.split(","))
    return f"offered in {offered}, not in {found.declared.prefecture}, which you declared"
