"""The formula's results in plain words. No points are computed here: every number is an input of it or a result."""

import json
from collections.abc import Iterable

from sqlite_utils_personalization.catalogue.candidate import ANY, UNKNOWN
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.formula.evaluation import Evaluation
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext
from sqlite_utils_personalization.model.kinds import COMPONENTS, NO_INDUSTRY

_NAMED = 3


def component_sentences(found: Evaluation) -> tuple[str, ...]:
    """Why the item has its points for each of COMPONENTS, in their order; each ends in the points."""
    if not found.is_whole:
        return (_not_whole(),) * len(COMPONENTS)
    return tuple(_SENTENCES[name](found) for name in COMPONENTS)


def total_sentence(found: Evaluation) -> str:
    """How the components make the score."""
    if not found.is_whole:
        return _not_whole()
    total, score, cap = found.points.total, found.points.score, found.constants.cap
    values = {
        "added": " + ".join(map(str, found.points.parts)),
        "total": total,
        "cap": cap,
        "kinds": kinds(found.candidate.recommendation_type),
        "score": score,
    }
    if total > cap:
        return _("{added} = {total}, capped at {cap} for {kinds}: {score}", **values)
    return _("{added} = {total}, within the cap of {cap} for {kinds}: {score}", **values)


def kinds(recommendation_type: str) -> str:
    """The type as one speaks of many: programs, saved searches."""
    names = {
        "program": _("programs"),
        "industry_pack": _("industry packs"),
        "saved_search": _("saved searches"),
        "amendment": _("amendments"),
    }
    return names.get(recommendation_type, recommendation_type)


def component_name(component: str) -> str:
    """A part of the score as one says it."""
    names = {"industry": _("industry"), "deadline": _("deadline"), "risk": _("risk")}
    return names.get(component, component)


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
    return listed([f"{DIVISIONS.get(letter, 'unknown')} ({letter})" for letter in letters])


def and_more(titles: Iterable[str]) -> str:
    """What stands behind an item as rounds of the same programme: "and 2 more: ...", empty if there are none."""
    names = list(titles)
    return _("and {n} more: {titles}", n=len(names), titles="; ".join(names)) if names else ""


def days(count: int) -> str:
    return ngettext("{n} day", "{n} days", count)


def level_name(level: str | None) -> str:
    """A risk level or tolerance as a sentence names it; what is none of them stays as it is."""
    names = {
        "low": pgettext("risk", "low"),
        "medium": pgettext("risk", "medium"),
        "high": pgettext("risk", "high"),
    }
    return names.get(level or "", level or "")


def listed(names: list[str]) -> str:
    """The names in one, at most three of them where there are more than four."""
    if len(names) > _NAMED + 1:
        rest = len(names) - _NAMED
        first = pgettext("list", ", ").join(names[:_NAMED])
        return _("{names} and {n} more", names=first, n=rest)
    if not names[1:]:
        return "".join(names)
    return _("{names} and {last}", names=pgettext("list", ", ").join(names[:-1]), last=names[-1])


def _not_whole() -> str:
    return _("what is stored cannot be evaluated")


def _industry(found: Evaluation) -> str:
    mine, letters = found.declared.industries, found.candidate.industries
    points = found.points.of("industry")
    if mine is None:
        return _("no industry declared: {points}", points=points)
    if letters == UNKNOWN:
        return _("its industries are not known: {points}", points=points)
    words = _keyword(found)
    if letters == ANY:
        if words:
            return _(
                "open to any industry (read from {words} in its title): {points}",
                words=words,
                points=points,
            )
        return _("open to any industry: {points}", points=points)
    if shared := [letter for letter in letters if letter in mine]:
        names = industries(shared)
        if words:
            return _(
                "lists {names}, which you declared (read from {words} in its title): {points}",
                names=names,
                words=words,
                points=points,
            )
        return _("lists {names}, which you declared: {points}", names=names, points=points)
    return _("{obstacle}: {points}", obstacle=_other_industry(found), points=points)


def _other_industry(found: Evaluation) -> str:
    mine, words = found.declared.industries or "", _keyword(found)
    values = {"names": industries(found.candidate.industries), "words": words}
    if mine == NO_INDUSTRY:
        if words:
            return _(
                "lists {names} (read from {words} in its title), and the model does not know the industry pack"
                " you declared",
                **values,
            )
        return _(
            "lists {names}, and the model does not know the industry pack you declared", **values
        )
    values["mine"] = industries(mine)
    if words:
        return _(
            "lists {names} (read from {words} in its title), not {mine}, which you declared",
            **values,
        )
    return _("lists {names}, not {mine}, which you declared", **values)


def _keyword(found: Evaluation) -> str:
    words = _why(found, "keyword").split(",")
    return listed(words) if words != [""] else ""


def _why(found: Evaluation, key: str) -> str:
    try:
        return str(json.loads(found.candidate.why).get(key, ""))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ""


def _deadline(found: Evaluation) -> str:
    horizon, left = found.declared.horizon_days, found.days_left
    points, rolling = found.points.of("deadline"), found.candidate.rolling
    if horizon is None:
        return _("no deadline horizon declared: {points}", points=points)
    if left is None and rolling:
        return _("takes applications at any time: {points}", points=points)
    if left is None and rolling is not None:
        return _("its closing date is not known: {points}", points=points)
    if left is None:
        return _undated(found, horizon)
    if left >= horizon:
        return _(
            "{closes}, not within your {horizon}-day horizon: {points}",
            closes=_closes(left),
            horizon=horizon,
            points=points,
        )
    lead, values = found.constants.lead_days, _arithmetic(found, horizon, left)
    if not lead:
        return _("{closes}, within your {horizon}-day horizon: {arithmetic}", **values)
    return ngettext(
        "{closes}, within your {horizon}-day horizon, of which {n} day is notice: {arithmetic}",
        "{closes}, within your {horizon}-day horizon, of which {n} days are notice: {arithmetic}",
        lead,
        **values,
    )


def _undated(found: Evaluation, horizon: int) -> str:
    urgent = found.constants.urgent_days
    values = {"horizon": horizon, "urgent": days(urgent), "points": found.points.of("deadline")}
    if horizon <= urgent:
        return _(
            "no closing date, and your {horizon}-day horizon is at most {urgent}: {points}",
            **values,
        )
    return _(
        "no closing date, and your {horizon}-day horizon is longer than {urgent}: {points}",
        **values,
    )


def _closes(left: int) -> str:
    if left < 0:
        return ngettext("closed {n} day before", "closed {n} days before", -left)
    return (
        ngettext("closes in {n} day", "closes in {n} days", left) if left else _("closes that day")
    )


def _arithmetic(found: Evaluation, horizon: int, left: int) -> dict[str, object]:
    weight, lead = found.constants.weights["deadline"], found.constants.lead_days
    within, whole = horizon - max(left, lead), horizon - lead
    values = {"weight": weight, "within": within, "whole": whole}
    values["points"] = found.points.of("deadline")
    if weight * within % whole == 0:
        arithmetic = _("{weight} x {within} / {whole} = {points}", **values)
    else:
        arithmetic = _("{weight} x {within} / {whole} = {points}, rounded down", **values)
    return {"closes": _closes(left), "horizon": horizon, "arithmetic": arithmetic}


def _risk(found: Evaluation) -> str:
    mine, level = found.declared.risk_level, found.candidate.risk_level
    weight, points = found.constants.weights["risk"], found.points.of("risk")
    if mine is None:
        return _("no risk tolerance declared: {points}", points=points)
    values = {"mine": level_name(mine), "points": points}
    if level is None:
        if mine == "high":
            return _(
                "no risk level of its own, which does not suit a risk tolerance of {mine}: {points}",
                **values,
            )
        return _(
            "no risk level of its own, which suits a risk tolerance of {mine}: {points}", **values
        )
    values["stated"] = _stated(level, _why(found, "tier"))
    if mine == level:
        return _("{stated}, as you declared: {points}", **values)
    if "medium" not in (mine, level):
        return _("{stated}, two steps from the {mine} you declared: {points}", **values)
    if weight % 2:
        return _(
            "{stated}, one step from the {mine} you declared: {weight} / 2 = {points}, rounded down",
            weight=weight,
            **values,
        )
    return _(
        "{stated}, one step from the {mine} you declared: {weight} / 2 = {points}",
        weight=weight,
        **values,
    )


def _stated(level: str, tier: str) -> str:
    if tier:
        return _("risk level {level} (tier {tier})", level=level_name(level), tier=tier)
    return _("risk level {level}", level=level_name(level))


_SENTENCES = {"industry": _industry, "deadline": _deadline, "risk": _risk}


def _window(found: Evaluation) -> str:
    opens_on, closes_on = found.candidate.opens_on, found.candidate.closes_on
    if opens_on is not None and opens_on > found.as_of:
        return _("opens on {day}", day=opens_on)
    return _("closed on {day}", day=closes_on)


def _notice(found: Evaluation) -> str:
    left, lead = found.days_left or 0, found.constants.lead_days
    return ngettext(
        "{closes}; {n} day's notice is kept",
        "{closes}; {n} days' notice are kept",
        lead,
        closes=_closes(left),
    )


def _has_closed(found: Evaluation) -> bool:
    return found.days_left is not None and found.days_left < 0


def _area(found: Evaluation) -> str:
    return _(
        "offered in {areas}, not in {mine}, which you declared",
        areas=listed(found.candidate.prefectures.split(",")),
        mine=found.declared.prefecture,
    )
