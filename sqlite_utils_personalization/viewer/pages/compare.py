"""Two nights side by side: whose list changed, how scores drifted, which items rose and fell, the catalogue."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlite_utils_personalization.language import N_, message_of
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import day
from sqlite_utils_personalization.viewer.pages.audit_page import (
    AuditPage,
    Elsewhere,
    Found,
)
from sqlite_utils_personalization.viewer.pages.changed_catalogue import (
    Item,
    catalogue_of,
    is_ahead,
    is_over,
    moved,
    shown,
)
from sqlite_utils_personalization.viewer.pages.changed_customers import COLUMNS, changed_customers
from sqlite_utils_personalization.viewer.pages.charts import BANDS
from sqlite_utils_personalization.viewer.pages.counts import json_object, nights
from sqlite_utils_personalization.viewer.pages.csv_export import PageList
from sqlite_utils_personalization.viewer.pages.night import find_run
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, Wrong, after, one_of
from sqlite_utils_personalization.viewer.pages.parameters import night as read_night
from sqlite_utils_personalization.viewer.pages.score_drift import drift, drift_charts

# Above this many lists in both nights the customers are compared only where that is asked for.
MOST_LISTS = 20_000
_SHOWN = 10
_NAMED = 12
_FULL_MS = 30_000
_MODEL = "SELECT model_json, top_k FROM am_personalization_run WHERE run_id = ?"
_AS_OF = "SELECT as_of FROM am_personalization_run WHERE run_id = ?"
_LISTS = "SELECT count(*) FROM am_personalization_list WHERE run_id IN (?, ?)"
_CHOICES = "SELECT run_id, as_of FROM am_personalization_run ORDER BY run_id DESC LIMIT 60"
_BOUNDS = """
SELECT coalesce(s.first_rec_id, p.first_rec_id), coalesce(s.last_rec_id, 9007199254740992)
FROM am_personalization_run r LEFT JOIN am_personalization_run_progress p USING (run_id)
LEFT JOIN am_personalization_seal s USING (run_id) WHERE r.run_id = ?
"""
_RANGES = """
SELECT e.list_id, e.first_seq, e.n, l.profile_id, t.cohort_id
FROM am_personalization_evidence e
CROSS JOIN am_personalization_list t ON t.list_id = e.list_id
CROSS JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
WHERE e.first_rec_id BETWEEN :first AND :last AND t.run_id = :run_id
"""
_UNSERVED = """
SELECT profile_id, cohort_id, reason FROM am_personalization_unserved WHERE run_id = ?
"""
# A night's lists are numbered in one go.
_DECISIONS = """
SELECT d.list_id, d.seq, d.candidate_id, d.score FROM am_personalization_decision d
WHERE d.list_id BETWEEN (SELECT min(list_id) FROM am_personalization_list WHERE run_id = :run_id)
    AND (SELECT max(list_id) FROM am_personalization_list WHERE run_id = :run_id)
"""


class Served(NamedTuple):
    """One night: what each customer got, in order, with and without scores; who got nothing; customers per item."""

    contents: dict[int, int]
    scored: dict[int, int]
    cohorts: dict[int, int | None]
    unserved: dict[int, str | None]
    items: Counter[int]


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """before and after, the two nights with their counts; served, the customers, and moved_items: both null
    above MOST_LISTS unless full=on."""
    run_ids = _run_ids(db, found)
    (before,) = nights(db, "WHERE r.run_id = :run_id", {"run_id": run_ids[0]})
    (after,) = nights(db, "WHERE r.run_id = :run_id", {"run_id": run_ids[1]})
    (lists,) = db.execute(_LISTS, run_ids).fetchone()
    days = (before["as_of"], after["as_of"])
    data: dict[str, Any] = {
        "before": before,
        "after": after,
        "lists": lists,
        "constants": _constants(db, run_ids),
        "catalogue": moved(db, run_ids, *days),
        "served": None,
        "moved_items": None,
        "choices": [{"run_id": run_id, "as_of": as_of} for run_id, as_of in db.execute(_CHOICES)],
    }
    if lists <= MOST_LISTS or found.asked["full"] == "on":
        served = [_served(db, run_id) for run_id in run_ids]
        data["served"] = _customers(*served)
        catalogues = [catalogue_of(db, run_id) for run_id in run_ids]
        customers = [night.items for night in served]
        data["moved_items"] = _items(customers, catalogues, days)[:_SHOWN]
    return data


def read_customers(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, the customers after after for whom something differs, in their order, and next: whom was looked at last."""
    before, later = _run_ids(db, found)
    rows, more = changed_customers(
        db, (before, later), found.asked["after"] or 0, found.asked["size"]
    )
    return {"columns": COLUMNS, "rows": rows, "next": more}


def read_items(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, every item whose number of customers changed; there is no next."""
    run_ids = _run_ids(db, found)
    served = [_served(db, run_id).items for run_id in run_ids]
    catalogues = [catalogue_of(db, run_id) for run_id in run_ids]
    return {"rows": _items(served, catalogues, _days(db, run_ids)), "next": None}


def read_catalogue(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, what came into the catalogue and what left it; there is no next."""
    run_ids = _run_ids(db, found)
    changes = moved(db, run_ids, *_days(db, run_ids))
    rows = [{"change": way, **one} for way in ("came_in", "went_out") for one in changes[way]]
    return {"rows": rows, "next": None}


def _run_ids(db: sqlite3.Connection, found: Found) -> list[int]:
    return [_run(db, found, found.vars[side]) for side in ("before", "after")]


def _days(db: sqlite3.Connection, run_ids: list[int]) -> tuple[str, str]:
    before, after = (db.execute(_AS_OF, (run_id,)).fetchone()[0] for run_id in run_ids)
    return before, after


def _run(db: sqlite3.Connection, found: Found, text: str) -> int:
    try:
        run_id = find_run(db, read_night(text))
    except Wrong:
        run_id = None
    if run_id is None:
        links = {_("All nights"): found.links.nights()}
        raise Failure(
            404,
            _("No such night"),
            _("No night was scored as {name}.", name=text),
            _("choose one of those that were scored"),
            links,
        )
    return run_id


def read_form(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """On to the two nights that were chosen; by default the last two."""
    run_ids = [run_id for run_id, _as_of in db.execute(_CHOICES)]
    if len(run_ids) < 2:
        raise Failure(
            404,
            _("Nothing to compare"),
            _("Fewer than two nights were scored."),
            _("come back after the next night"),
            {_("All nights"): found.links.nights()},
        )
    before = _run(db, found, found.asked["from"] or str(run_ids[1]))
    after = _run(db, found, found.asked["to"] or str(run_ids[0]))
    raise Elsewhere(found.links.compare(before, after))


def _constants(db: sqlite3.Connection, run_ids: list[int]) -> list[dict[str, Any]]:
    """Every constant that differs, with both values; top_k is one of them."""
    flat = []
    for run_id in run_ids:
        model_json, top_k = db.execute(_MODEL, (run_id,)).fetchone()
        flat.append({**_flat(json_object(model_json)), "top_k": top_k})
    names = sorted({*flat[0], *flat[1]})
    return [
        {"name": name, "before": flat[0].get(name), "after": flat[1].get(name)}
        for name in names
        if flat[0].get(name) != flat[1].get(name)
    ]


def _flat(constants: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in constants.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _served(db: sqlite3.Connection, run_id: int) -> Served:
    decisions: dict[int, list[tuple[int, int, int]]] = {}
    for list_id, seq, candidate_id, score in db.execute(_DECISIONS, {"run_id": run_id}):
        decisions.setdefault(list_id, []).append((seq, candidate_id, score))
    first, last = db.execute(_BOUNDS, (run_id,)).fetchone()
    at = {"run_id": run_id, "first": first or 0, "last": last}
    parts: dict[int, list[tuple[int, int, int]]] = {}
    cohorts: dict[int, int | None] = {}
    counted: Counter[tuple[int, int, int]] = Counter()
    for list_id, first_seq, n, profile_id, cohort_id in db.execute(_RANGES, at):
        parts.setdefault(profile_id, []).append((list_id, first_seq, n))
        cohorts[profile_id] = cohort_id
        counted[list_id, first_seq, n] += 1
    places = {
        part: [one for one in decisions.get(part[0], ()) if part[1] <= one[0] < part[1] + part[2]]
        for part in counted
    }
    items: Counter[int] = Counter()
    for part, customers in counted.items():
        for _seq, candidate_id, _score in places[part]:
            items[candidate_id] += customers
    contents = {
        who: hash(tuple(one[1] for part in mine for one in places[part]))
        for who, mine in parts.items()
    }
    scored = {
        who: hash(tuple(one[1:] for part in mine for one in places[part]))
        for who, mine in parts.items()
    }
    unserved = {}
    for profile_id, cohort_id, reason in db.execute(_UNSERVED, (run_id,)):
        unserved[profile_id] = reason
        cohorts.setdefault(profile_id, cohort_id)
    return Served(contents, scored, cohorts, unserved, items)


def _customers(before: Served, after: Served) -> dict[str, Any]:
    both = before.contents.keys() & after.contents.keys()
    same = {who for who in both if before.contents[who] == after.contents[who]}
    known = before.cohorts.keys() & after.cohorts.keys()
    anew = sorted(who for who in known if before.cohorts[who] != after.cohorts[who])
    gone = sorted(before.contents.keys() - after.contents.keys())
    return {
        "served_on_both": len(both),
        "lists_changed": len(both) - len(same),
        "unchanged": len(same),
        "other_scores": sum(before.scored[who] != after.scored[who] for who in same),
        "declared_anew": len(anew),
        "declared_anew_first": anew[:_NAMED],
        "no_longer_served": len(gone),
        "no_longer_served_first": [
            (
                {"profile_id": who, "reason": after.unserved.get(who) or N_("nothing recommended")}
                if who in after.unserved
                else {"profile_id": who, "reason": N_("gone")}
            )
            for who in gone[:_NAMED]
        ],
        "newly_served": len(after.contents.keys() - before.contents.keys()),
        "newly_served_first": sorted(after.contents.keys() - before.contents.keys())[:_NAMED],
    }


def _items(
    customers: list[Counter[int]],
    catalogues: list[dict[tuple[str, str], Item]],
    as_of: tuple[str, str],
) -> list[dict[str, Any]]:
    """The items whose number of customers changed, those that it changed most first."""
    counts: list[Counter[tuple[str, str]]] = []
    for items, catalogue in zip(customers, catalogues, strict=True):
        keys = {item.candidate_id: key for key, item in catalogue.items()}
        counts.append(
            Counter(
                {keys[candidate_id]: n for candidate_id, n in items.items() if candidate_id in keys}
            )
        )
    differing = [
        (key, counts[0][key], counts[1][key]) for key in counts[0].keys() | counts[1].keys()
    ]
    differing = [one for one in differing if one[1] != one[2]]
    differing.sort(key=lambda one: (-abs(one[2] - one[1]), one[0]))
    return [
        {
            **shown(catalogues[1].get(key) or catalogues[0][key]),
            "profiles_before": before,
            "profiles_after": after,
            "reason": _reason(key, catalogues, as_of),
        }
        for key, before, after in differing
    ]


def _reason(
    key: tuple[str, str], catalogues: list[dict[tuple[str, str], Item]], as_of: tuple[str, str]
) -> str:
    """As the question customer_changes has it, but for what one customer alone did."""
    before, after = (catalogue.get(key) for catalogue in catalogues)
    if before is None:
        return "new in the catalogue"
    if after is None:
        return "no longer in the catalogue"
    if after.left_out:
        return "left out"
    if before.left_out:
        return "no longer left out"
    if is_over(after, as_of[1]) and not is_over(before, as_of[0]):
        return "closed"
    if is_ahead(before, as_of[0]) and not is_ahead(after, as_of[1]):
        return "opened"
    if before.candidate_id != after.candidate_id:
        return "item changed"
    return "days passed, or other items changed"


def show_form(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Never reached: the form leads on."""
    return {"title": _("Compare")}


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Sentence, charts, and where links lead."""
    links, before, after = found.links, data["before"], data["after"]
    return {
        "title": _(
            "{before} and {after} compared", before=day(before["as_of"]), after=day(after["as_of"])
        ),
        "crumbs": [
            (_("Overview"), links.home()),
            (_("Nights"), links.nights()),
            (_("Compare"), ""),
        ],
        "form_url": links.page("/compare").partition("?")[0],
        "lists": {
            "customers": _("Customers for whom something differs"),
            "items": _("Items whose number of customers changed"),
            "catalogue": _("Into and out of the catalogue"),
        },
        "full_url": links.compare(before["run_id"], after["run_id"], full="on"),
        "types": TYPES,
        "charts": drift_charts(before, after),
        "bands": [(at * 10 + 1, at * 10 + 10) for at in reversed(range(BANDS))],
        "banded": {kind: drift(before, after, kind) for kind in TYPES},
        "reason_names": {reason: message_of(reason) for reason in REASONS},
    }


REASONS = (
    N_("new in the catalogue"),
    N_("no longer in the catalogue"),
    N_("left out"),
    N_("no longer left out"),
    N_("closed"),
    N_("opened"),
    N_("item changed"),
    N_("days passed, or other items changed"),
)
_FULL = PageParameter("full", one_of("on"), lambda: _("Compare the customers"))
_FROM = PageParameter("from", read_night, lambda: _("From"))
_TO = PageParameter("to", read_night, lambda: _("To"))
PAGES = (
    AuditPage("compare", "/compare", read_form, show_form, (_FROM, _TO), "nights"),
    AuditPage(
        "compare",
        "/compare/(?P<before>[^/]+)/(?P<after>[^/]+?)",
        read,
        show,
        (_FULL,),
        "nights",
        lambda found: _FULL_MS if found.is_csv or found.asked["full"] == "on" else 2_000,
        lists={
            "customers": PageList(read_customers, (after(),)),
            "items": PageList(read_items),
            "catalogue": PageList(read_catalogue),
        },
    ),
)
