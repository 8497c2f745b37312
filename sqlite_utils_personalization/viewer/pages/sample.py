"""A sample of a night's rows that anyone draws alike: the rows whose digest of seed and number comes first."""

import sqlite3
from heapq import nsmallest
from typing import Any
from urllib.parse import urlencode

from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import day
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found, fields
from sqlite_utils_personalization.viewer.pages.customer import verdict_tags
from sqlite_utils_personalization.viewer.pages.night import find_run
from sqlite_utils_personalization.viewer.pages.parameters import (
    PageParameter,
    Wrong,
    one_of,
    whole,
    words,
)
from sqlite_utils_personalization.viewer.pages.trust import trust

_MOST = 200
# Rows of a night that are hashed in 50 ms; more of them only where it is asked for, so many in a second.
MOST_HASHED, _PER_S = 100_000, 2_000_000
# A hundred million rows of a night are hashed in this time.
_MS = 60_000
_BOUNDS = """
SELECT r.as_of, s.first_rec_id, s.last_rec_id, s.seal_id, s.root
FROM am_personalization_run r LEFT JOIN am_personalization_seal s USING (run_id) WHERE r.run_id = ?
"""


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """The rows drawn, in the order of their digests, each replayed.

    A row's digest is sha256 of "SEED:REC_ID", in hex; the n rows with the least digests are the sample. Without a seed
    it is the root of the night's seal, which nobody could choose. Only a sealed night can be sampled; of one with more
    rows than MOST_HASHED nothing is drawn without full=on, and recommendations is None.
    """
    run_id = find_run(db, found.vars["run"])
    bounds = db.execute(_BOUNDS, (run_id,)).fetchone() if run_id is not None else None
    links = {_("All nights"): found.links.nights()}
    if run_id is None or bounds is None:
        name = _("No night was scored as {name}.", name=found.vars["run"])
        raise Failure(
            404, _("No such night"), name, _("choose one of those that were scored"), links
        )
    as_of, first, last, seal_id, root = bounds
    if seal_id is None or first is None:
        text = _("Only a night that is finished and sealed can be sampled.")
        raise Failure(404, _("No sample"), text, _("choose a sealed night"), links)
    seed = found.asked["seed"] or root
    rec_ids = range(first, last + 1)
    data = {
        "run_id": run_id,
        "as_of": as_of,
        "seed": seed,
        "drawn": 0,
        "logged": len(rec_ids),
        "first_rec_id": first,
        "last_rec_id": last,
        "recommendations": None,
        "findings": [],
    }
    if len(rec_ids) > MOST_HASHED and not (found.asked["full"] or found.is_csv):
        return data
    drawn = draw(rec_ids, seed, found.asked["n"])
    rows = (
        {one.rec_id: one for one in replay(db, Selection(rec_ids=drawn), below_cut=False)}
        if drawn
        else {}
    )
    shown = [_row(rows[rec_id], seed) for rec_id in drawn if rec_id in rows]
    touched = trust(db, found.record_file).touching(run_ids={run_id}, rec_ids={*drawn})
    return {**data, "drawn": len(drawn), "recommendations": shown, "findings": touched}


def draw(rec_ids: range, seed: str, n: int) -> list[int]:
    """The n of rec_ids whose sha256 of "seed:rec_id" is least, in that order."""
    return nsmallest(n, rec_ids, key=lambda rec_id: sha256_hex(f"{seed}:{rec_id}"))


def _row(found: Any, seed: str) -> dict[str, Any]:
    item = found.found.candidate if found.found else None
    return {
        "rec_id": found.rec_id,
        "digest": sha256_hex(f"{seed}:{found.rec_id}"),
        "profile_id": found.logged.profile_id,
        "recommendation_type": found.logged.recommendation_type,
        "item_id": item.item_id if item else None,
        "title": item.title if item else None,
        "rank": found.position.rank if found.position else None,
        "score": found.logged.score,
        "recomputed_score": found.recomputed_score,
        "verdict": found.verdict,
    }


def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """The form, and the verdicts as one says them."""
    links = found.links
    rows = data["recommendations"] or []
    query = urlencode({**found.asked.texts, "full": "on"})
    return {
        "title": _("Sample of {day}", day=day(data["as_of"], weekday=True)),
        "crumbs": [
            (_("Overview"), links.home()),
            (data["as_of"], links.night(data["run_id"])),
            (_("Sample"), ""),
        ],
        "form": fields((_N, _SEED), found.asked),
        "full_url": f"{found.request.path}?{query}",
        "seconds": -(-data["logged"] // _PER_S),
        "here_url": found.request.path,
        "verdict_tags": verdict_tags(),
        "reproduced": sum(row["verdict"] in ("reproduced", "erased") for row in rows),
    }


def _seed(text: str) -> str:
    if not text.isprintable() or len(text) > 100:
        raise Wrong(_("is not a text of at most 100 characters"))
    return words(text)


_N = PageParameter("n", whole(1, _MOST), lambda: _("Rows"), 25)
_SEED = PageParameter("seed", _seed, lambda: _("Seed"))
_FULL = PageParameter("full", one_of("on"), lambda: _("Draw from all rows"))
PAGE = AuditPage(
    "sample",
    "/night/(?P<run>[^/]+)/sample",
    read,
    show,
    (_N, _SEED, _FULL),
    "nights",
    lambda found: _MS if found.asked["full"] or found.is_csv else 0,
    rows="recommendations",
)
