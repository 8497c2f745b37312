"""The page of one night: who was served and who was not and why, scores, what was left out, deliveries, its seal."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import N_, message_of
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES, Declared
from sqlite_utils_personalization.scoring.shadow import shadow_summary
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import capital, day, number
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Elsewhere, Found
from sqlite_utils_personalization.viewer.pages.charts import COLOURS, banded, bands
from sqlite_utils_personalization.viewer.pages.counts import mean, nights, scores, scores_of
from sqlite_utils_personalization.viewer.pages.like_before import drawn, like_before
from sqlite_utils_personalization.viewer.pages.overview import served
from sqlite_utils_personalization.viewer.pages.parameters import (
    PageParameter,
    Wrong,
    whole,
)
from sqlite_utils_personalization.viewer.pages.parameters import night as read_night
from sqlite_utils_personalization.viewer.pages.trust import FAULT, HOLDS, night_state, trust
from sqlite_utils_personalization.viewer.pages.verification import cards, headings

SKIPPED = 50
_RUN = """
SELECT max(run_id) FROM am_personalization_run
WHERE :night = 'latest' OR :night IN (as_of, cast(run_id AS text))
"""
_NEIGHBOURS = """
SELECT (SELECT max(run_id) FROM am_personalization_run WHERE run_id < :run_id),
    (SELECT min(run_id) FROM am_personalization_run WHERE run_id > :run_id)
"""
_AS_OF = "SELECT as_of FROM am_personalization_run WHERE run_id = ?"
_SKIPPED = """
SELECT u.profile_id, p.user_token_hash, u.cohort_id IS NULL AS is_rejected, u.reason,
    k.industries, k.prefecture, k.horizon_days, k.risk_level,
    p.last_updated_at > r.served_at AS was_mended, p.profile_id IS NULL AS is_gone
FROM am_personalization_unserved u
JOIN am_personalization_run r ON r.run_id = u.run_id
LEFT JOIN am_personalization_cohort k ON k.cohort_id = u.cohort_id
LEFT JOIN am_personalization_profile p ON p.profile_id = u.profile_id
WHERE u.run_id = :run_id AND u.profile_id > coalesce(:after, -9223372036854775808)
ORDER BY u.profile_id LIMIT :size + 1
"""
# Of the night's own rows, which are one range of the log; what was given of it later counts, too.
_DELIVERED = """
SELECT d.channel, sum(d.reversal_of IS NULL) AS deliveries,
    sum(d.reversal_of IS NULL AND d.status NOT BETWEEN 200 AND 299) AS failed,
    sum(d.reversal_of IS NOT NULL) AS reversed,
    sum(CASE WHEN d.status NOT BETWEEN 200 AND 299 THEN 0 WHEN d.reversal_of IS NULL THEN d.unit_price_yen
        ELSE -d.unit_price_yen END) AS owed_yen
FROM am_personalization_delivery d WHERE d.rec_id BETWEEN :first AND :last GROUP BY d.channel ORDER BY d.channel
"""
_RANGE = """
SELECT coalesce(s.first_rec_id, p.first_rec_id), coalesce(s.last_rec_id, (
    SELECT max(rec_id) FROM am_personalization_recommendation_log
))
FROM am_personalization_run r LEFT JOIN am_personalization_run_progress p USING (run_id)
LEFT JOIN am_personalization_seal s USING (run_id) WHERE r.run_id = ?
"""
_SEAL = """
SELECT seal_id, first_rec_id, last_rec_id, leaves, root, tree_root FROM am_personalization_seal WHERE run_id = ?
"""


def find_run(db: sqlite3.Connection, name: str) -> int | None:
    """The latest run of a night, which is given by its day, its run_id, or as latest; None if there is none."""
    run_id: int | None = db.execute(_RUN, {"night": name}).fetchone()[0]
    return run_id


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """The counts of the run, by type; skipped, a page of who got nothing or was rejected; deliveries; seal; trust."""
    run_id = _of_path(db, found)
    (night,) = nights(db, "WHERE r.run_id = :run_id", {"run_id": run_id})
    before, after = db.execute(_NEIGHBOURS, {"run_id": run_id}).fetchone()
    known = trust(db, found.record_file)
    touching = known.touching(run_ids={run_id})
    # Of every page it is the viewer's.
    night["scored_by"] = night.pop("package_version")
    rows = _skipped(db, run_id, found.asked["skipped_after"])
    return {
        **night,
        "scores": scores(night),
        "report": like_before(db, night),
        "before": _neighbour(db, before),
        "after": _neighbour(db, after),
        "trust": night_state(known, run_id, night["seal_id"]),
        "verified_at": known.record and known.record["verified_at"],
        "findings": cards(db, touching),
        "skipped": rows[:SKIPPED],
        "skipped_next": rows[SKIPPED - 1]["profile_id"] if len(rows) > SKIPPED else None,
        "deliveries": _delivered(db, run_id),
        "seal": _seal(db, run_id),
        "shadow": shadow_summary(db, run_id),
    }


def _of_path(db: sqlite3.Connection, found: Found) -> int:
    text = found.vars["run"]
    try:
        name = read_night(text)
    except Wrong as wrong:
        raise _no_night(found, str(wrong)) from None
    run_id = find_run(db, name)
    if run_id is None:
        raise _no_night(found, _("No night was scored as {name}.", name=text))
    if str(run_id) != text and not found.is_json:
        raise Elsewhere(found.links.night(run_id))
    return run_id


def _no_night(found: Found, why: str) -> Failure:
    links = {_("All nights"): found.links.nights()}
    return Failure(404, _("No such night"), why, _("choose one of those that were scored"), links)


def _neighbour(db: sqlite3.Connection, run_id: int | None) -> dict[str, Any] | None:
    if run_id is None:
        return None
    (as_of,) = db.execute(_AS_OF, (run_id,)).fetchone()
    return {"run_id": run_id, "as_of": as_of}


def _skipped(db: sqlite3.Connection, run_id: int, after: int | None) -> list[dict[str, Any]]:
    cursor = db.execute(_SKIPPED, {"run_id": run_id, "after": after, "size": SKIPPED})
    names = [column[0] for column in cursor.description]
    return [_skip(dict(zip(names, row, strict=True))) for row in cursor]


def _skip(row: Mapping[str, Any]) -> dict[str, Any]:
    declared = Declared(**{name: row[name] for name in Declared._fields})
    hash_ = row["user_token_hash"]
    return {
        "profile_id": row["profile_id"],
        "customer": hash_[:8] if isinstance(hash_, str) else None,
        "was_rejected": bool(row["is_rejected"]),
        "reason": row["reason"] or _reason(row),
        "declared": None if row["is_rejected"] else declared.to_dict(),
        "mended": bool(row["was_mended"]),
        "gone": bool(row["is_gone"]),
    }


def _reason(row: Mapping[str, Any]) -> str:
    # As the question nothing_recommended has it.
    if row["industries"] is None and row["horizon_days"] is None and row["risk_level"] is None:
        return N_("nothing was declared that earns points")
    return N_("no open item earned a point")


def _delivered(db: sqlite3.Connection, run_id: int) -> list[dict[str, Any]]:
    if not has_table(db, "am_personalization_delivery"):
        return []
    first, last = db.execute(_RANGE, (run_id,)).fetchone()
    if first is None or last is None:
        return []
    cursor = db.execute(_DELIVERED, {"first": first, "last": last})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _seal(db: sqlite3.Connection, run_id: int) -> dict[str, Any] | None:
    cursor = db.execute(_SEAL, (run_id,))
    row = cursor.fetchone()
    names = [column[0] for column in cursor.description]
    return dict(zip(names, row, strict=True)) if row else None


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """Sentence, verdict, charts, and where links lead."""
    links = found.links
    last = data["skipped_next"]
    return {
        "title": _("Night of {day}", day=day(data["as_of"], weekday=True)),
        "crumbs": [
            (_("Overview"), links.home()),
            (_("Nights"), links.nights()),
            (data["as_of"], ""),
        ],
        "types": TYPES,
        "css": {HOLDS: "ok", FAULT: "fault"}.get(data["trust"], "warn"),
        "heading": _heading(data),
        "headings": headings(data["findings"]),
        "is_running": data["state"] == "running",
        "strips": served("served", data),
        "charts": _charts(data),
        "left_out_of": {kind: sum(data["left_out"].get(kind, {}).values()) for kind in TYPES},
        "rules": _rules(found, data),
        "like": drawn(data["report"]),
        "total_candidates": sum(data["candidates"].values()),
        "owed_yen": sum(one["owed_yen"] for one in data["deliveries"]),
        "next_url": last and links.night(data["run_id"], skipped_after=last) + "#skipped",
        "first_url": found.asked["skipped_after"] and links.night(data["run_id"]) + "#skipped",
        "in_words": in_words,
    }


def _heading(data: Mapping[str, Any]) -> str:
    if data["findings"]:
        return _("This night is not what was sealed")
    if data["seal"] is None:
        return _("No seal covers this night")
    if data["trust"] == HOLDS:
        return _("This night is what was sealed")
    return _("Sealed, and not fully verified since")


def _charts(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for kind in TYPES:
        by_score = scores_of(data, kind)
        if not by_score:
            continue
        shown = banded(by_score)
        text = ", ".join(f"{at * 10 + 1}-{at * 10 + 10}: {rows}" for at, rows in enumerate(shown))
        title = _("Scores of {kinds}", kinds=kinds(kind))
        found.append(
            {
                "kind": kind,
                "name": capital(kinds(kind)),
                "logged": data["by_type"][kind],
                "mean": f"{mean(by_score):.1f}",
                "chart": bands(f"bands-{kind}", title, text, shown, COLOURS[kind]),
            }
        )
    return found


def _rules(found: Found, data: Mapping[str, Any]) -> list[tuple[str, str, str, int, str]]:
    """Type, rule in words, rule, how many, and where they are listed."""
    return [
        (
            kind,
            rule_name(rule),
            rule,
            count,
            found.links.question("left_out_items", night=data["run_id"], type=kind, rule=rule),
        )
        for kind in TYPES
        for rule, count in sorted(data["left_out"].get(kind, {}).items(), key=lambda one: -one[1])
    ]


def in_words(declared: Mapping[str, Any] | None) -> str:
    """What was declared, in a few words."""
    if declared is None:
        return _("not scored")
    said = [
        declared["industries"] and _("industries {letters}", letters=declared["industries"]),
        declared["prefecture"],
        declared["deadline_horizon_days"]
        and _("within {n} days", n=number(declared["deadline_horizon_days"])),
        declared["risk_tolerance"]
        and _("risk {level}", level=message_of(declared["risk_tolerance"])),
    ]
    return ", ".join(str(one) for one in said if one) or _("nothing")


_SKIPPED_AFTER = PageParameter("skipped_after", whole(0), lambda: _("After"))
PAGE = AuditPage("night", r"/night/(?P<run>[^/]+?)", read, show, (_SKIPPED_AFTER,), "nights")
