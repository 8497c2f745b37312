"""The page of one item: its facts by version, who got it on a night, why the others did not, what it is today."""

import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from markupsafe import Markup, escape

from sqlite_utils_personalization.audit.compare_today import compare_today
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.errors import PersonalizationError, sentence
from sqlite_utils_personalization.formula.descriptions import describe_item
from sqlite_utils_personalization.formula.evaluation import NOT_READABLE
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import capital, fact_text, title, type_name
from sqlite_utils_personalization.viewer.pages.asked_about import CUSTOMER
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found, fields
from sqlite_utils_personalization.viewer.pages.described import candidate_of
from sqlite_utils_personalization.viewer.pages.erased import with_erasures
from sqlite_utils_personalization.viewer.pages.item_obstacles import others
from sqlite_utils_personalization.viewer.pages.item_versions import (
    amendments,
    program_of,
    version_of_night,
    versions,
)
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import (
    NIGHT,
    NOTHING,
    PageParameter,
    after,
    one_of,
)
from sqlite_utils_personalization.viewer.pages.readable import readable
from sqlite_utils_personalization.viewer.pages.served_items import (
    MOST_WALKED,
    ServedNight,
    customers_by_item,
    find_night,
)
from sqlite_utils_personalization.viewer.pages.trust import trust
from sqlite_utils_personalization.viewer.queries.queries import questions

_SIZE = 50
_DESCRIBED = ("industries", "prefectures", "opens_on", "closes_on", "risk_level")
# The whole catalogue is read for today, and a large night for its counts.
_SLOW_MS = 10_000


@readable
def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """What is known of the item: versions newest first, and of one night the recommendations and the other customers.

    profiles and obstacles are None for a large night without full=on, obstacles also for an item that was left out; so
    are recommendations for one of more than MOST_WALKED customers.
    now is only told with now=on, and now_fault says what keeps it from being told.
    """
    kind, item_id = found.vars["type"], unquote(found.vars["item_id"])
    newest, is_more = versions(db, kind, item_id) if kind in TYPES else ([], False)
    if not newest:
        raise _unknown(found, kind, item_id)
    night = find_night(db, found.asked["night"])
    if night is None and found.asked["night"]:
        raise Failure(
            404,
            _("No such night"),
            _("No night of {value} was scored.", value=found.asked["night"]),
            _("Choose one:"),
            {_("Nights"): found.links.nights()},
        )
    version = version_of_night(db, night.run_id, kind, item_id) if night else None
    data: dict[str, Any] = {
        "item": {
            "recommendation_type": kind,
            "item_id": item_id,
            "title": (version or newest[0])["title"],
        },
        "run": night and {name: getattr(night, name) for name in ("run_id", "as_of", "profiles")},
        "rule": version and version["rule"],
        "is_in_catalogue": version is not None,
        "versions": newest,
        "more_versions": is_more,
        **_recommended(db, found, night, version),
        "amendments": amendments(db, night.run_id, item_id) if night and kind == "program" else [],
        "program_id": program_of(newest[0]) if kind == "amendment" else None,
        **_today(db, found, night, version),
    }
    touched = trust(db, found.record_file).touching(
        run_ids={night.run_id} if night else (),
        rows={("am_personalization_candidate", one["candidate_id"]) for one in newest},
    )
    return data | {"findings": touched}


def _recommended(
    db: sqlite3.Connection,
    found: Found,
    night: ServedNight | None,
    version: Mapping[str, Any] | None,
) -> dict[str, Any]:
    nobody: dict[str, Any] = {
        "profiles": None,
        "recommendations": [],
        "next": None,
        "obstacles": None,
    }
    if night is None or version is None or version["rule"] is not None:
        return nobody
    if night.profiles > MOST_WALKED and not found.asked["full"]:
        return nobody | {"recommendations": None}
    sql = next(question.sql for question in questions() if question.name == "item_recommendations")
    at = {
        "item_id": version["item_id"],
        "type": version["recommendation_type"],
        "night": str(night.run_id),
        "after": str(found.asked["after"] or ""),
        "size": str(_SIZE + 1),
    }
    rows = named_rows(db, sql, at)
    shown = with_erasures(db, rows[:_SIZE])
    more = shown[-1]["rec_id"] if len(rows) > _SIZE else None
    kept = ("rec_id", "profile_id", "customer", "erased_at", "score")
    data = nobody | {
        "recommendations": [{name: row[name] for name in kept} for row in shown],
        "next": more,
    }
    if night.is_small or found.asked["full"]:
        candidate_id = version["candidate_id"]
        data["profiles"] = customers_by_item(db, night, [candidate_id]).get(candidate_id, 0)
        data["obstacles"] = others(db, night, candidate_id)
    return data


def _today(
    db: sqlite3.Connection,
    found: Found,
    night: ServedNight | None,
    version: Mapping[str, Any] | None,
) -> dict[str, Any]:
    if not found.asked["now"] or night is None or version is None:
        return {"now": None, "now_fault": None}
    try:
        (now,) = compare_today(
            db, night.run_id, [candidate_of(version["recommendation_type"], version)]
        )
    except PersonalizationError as error:
        return {"now": None, "now_fault": sentence(error.what)}
    return {"now": now.to_dict(), "now_fault": None}


def _unknown(found: Found, kind: str, item_id: str) -> Failure:
    return Failure(
        404,
        _("No such item"),
        _(
            "No night of this file had an item {item_id} of type {type}.",
            item_id=item_id,
            type=type_name(kind),
        ),
        _("Look for it by words of its title, or by its id:"),
        {_("Search"): found.links.search(q=item_id)},
    )


@readable
def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The facts as people read them, and the links."""
    links, item, night = found.links, data["item"], data["run"]
    kind, item_id = item["recommendation_type"], item["item_id"]
    asked = {name: text for name, text in found.asked.texts.items() if name != "after"}
    described = [_facts(version) for version in data["versions"]]
    program = data["program_id"]
    return {
        "title": item["title"],
        "crumbs": [
            (_("Overview"), links.home()),
            (_("Search"), links.search(q=item_id)),
            (item_id, ""),
        ],
        # An id may have a full stop in it.
        "json_url": _json_url(found, kind, item_id),
        "facts": [
            (
                capital(label),
                [
                    (
                        facts[label],
                        at + 1 < len(described) and facts[label] != described[at + 1][label],
                    )
                    for at, facts in enumerate(described)
                ],
            )
            for label in described[0]
        ],
        "obstacle_names": obstacle_names(),
        "changed": (data["now"] or {}).get("changed", {}),
        "fields": _fields(),
        "value_of": lambda name, value: _value(item, name, value),
        "item_url": lambda **query: links.item(kind, item_id, **{**asked, **query}),
        "why_not_url": lambda profile_id: links.why_not(
            customer=profile_id, type=kind, item=item_id, night=night["run_id"]
        ),
        "why_not_form": fields([CUSTOMER], NOTHING),
        "why_not_hidden": (
            Markup("").join(
                Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
                for name, value in (("type", kind), ("item", item_id), ("night", night["run_id"]))
            )
            if night
            else ""
        ),
        "program_url": program and links.item("program", program, night=asked.get("night")),
        "next_url": data["next"] and links.item(kind, item_id, **asked, after=data["next"]),
        "first_url": found.asked["after"] and links.item(kind, item_id, **asked),
    }


def obstacle_names() -> dict[str, str]:
    """What kept the item from a customer, for each of OBSTACLES."""
    return {
        "not scored": _("Nothing was recommended to the customer at all"),
        "not theirs": _("A search that another customer saved"),
        "not open": _("Not open that night"),
        "too late": _("Closes too soon for the notice that is kept"),
        "other prefecture": _("For other prefectures than declared"),
        "other industry": _("For other industries than declared"),
        "no points": _("Score 0"),
        "same programme": _("Another round of the same programme stands for it"),
        "handed over before": _("It had been handed over before"),
        "below the cut": _("Ranked below the last place of the list"),
    }


def _facts(version: Mapping[str, Any]) -> dict[str, Markup | str]:
    rule = version["rule"]
    try:
        described = describe_item(candidate_of(version["recommendation_type"], version)).values()
        facts = {fact.label: fact_text(fact) for fact in described}
    except NOT_READABLE:
        facts = {_fields()[name]: escape(str(version[name])) for name in _DESCRIBED}
    return {
        _("title"): title(version["title"]),
        **facts,
        _("left out by the rule"): _("not left out") if rule is None else rule_name(str(rule)),
    }


def _fields() -> dict[str, str]:
    return {
        "title": _("title"),
        "industries": _("industries"),
        "prefectures": _("prefectures"),
        "opens_on": _("opens"),
        "closes_on": _("closes"),
        "risk_level": _("risk level"),
        "why": _("where it was read"),
        "rule": _("left out by the rule"),
    }


def _value(item: Mapping[str, Any], name: str, value: Any) -> Markup | str:
    """One field of an item, then or now, as a person reads it."""
    if name == "rule":
        return _("not left out") if value is None else rule_name(str(value))
    if value is None:
        return "–"
    if name in ("industries", "prefectures", "risk_level"):
        given: dict[str, Any] = {name: str(value)}
        one = Candidate(item["recommendation_type"], item["item_id"], item["title"], **given)
        return fact_text(describe_item(one)[name])
    if name == "title":
        return title(value)
    return str(value)


def _json_url(found: Found, kind: str, item_id: str) -> str:
    path, question, query = found.links.item(kind, item_id, **found.asked.texts).partition("?")
    return f"{path}.json{question}{query}"


PAGE = AuditPage(
    "item",
    "/item/(?P<type>[^/]+)/(?P<item_id>[^/]+?)",
    read,
    show,
    (
        NIGHT,
        after(),
        PageParameter("now", one_of("on"), lambda: _("Today")),
        PageParameter("full", one_of("on"), lambda: _("Counted")),
    ),
    "overview",
    at_least_ms=lambda found: _SLOW_MS if found.asked["now"] or found.asked["full"] else 0,
)
