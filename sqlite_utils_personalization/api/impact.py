"""What a change of the model, of the catalogue or of the package would have done to past nights."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TypedDict

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.opened import File, check_callable, listed, path_of, reading
from sqlite_utils_personalization.audit.impact.affected import Affected
from sqlite_utils_personalization.audit.impact.again import Change, PastNight
from sqlite_utils_personalization.audit.impact.explained import (
    Explained,
    ImpactCohort,
    ImpactItem,
)
from sqlite_utils_personalization.audit.impact.figures import ImpactSide
from sqlite_utils_personalization.audit.impact.measured import NAMES, PLAIN, measured
from sqlite_utils_personalization.audit.impact.night import Compared, compare
from sqlite_utils_personalization.audit.thresholds import parse
from sqlite_utils_personalization.clock import day_of
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import InvalidInput, NotFound, whole
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext
from sqlite_utils_personalization.model.model import Model, load_model

NIGHTS = 7
# Of one day the last run counts, as for customers.
_NIGHTS = """
SELECT run_id, as_of, model_sha256, model_json, top_k, package_version FROM am_personalization_run r
WHERE as_of >= :since AND run_id = (
    SELECT max(o.run_id) FROM am_personalization_run o
    JOIN am_personalization_seal s ON s.run_id = o.run_id WHERE o.as_of = r.as_of
) ORDER BY as_of DESC LIMIT :nights
"""
# What of a model the formula and the lists go by; the rest is read with the catalogue.
_DECIDING = {
    *("weights", "lead_days", "date_points", "rank_band", "depth", "repeat_days", "caps"),
    "urgent_days",
}


class ImpactFigures(TypedDict):
    """What would change: customers and rows, one night or all; of several nights a customer counts in each.

    lists_changed are customers with another item, or one at another place; scores_changed others whose points differ.
    items_in, items_out and moved are rows of customers that come, go, or change their place.
    """

    customers: int
    lists_changed: int
    scores_changed: int
    emptied_lists: int
    filled_lists: int
    items_in: int
    items_out: int
    moved: int
    delivered: int
    before: ImpactSide
    after: ImpactSide


class ImpactNight(ImpactFigures):
    """The same of one night, as it was scored."""

    run_id: int
    as_of: str
    model_sha256: str
    top_k: int


class ImpactResult(TypedDict):
    """What a change would have done to some nights, newest first; model_sha256 and top_k are None where they stay."""

    package_version: str
    model_sha256: str | None
    top_k: int | None
    total: ImpactFigures
    nights: list[ImpactNight]
    cohorts: list[ImpactCohort]
    items: list[ImpactItem]
    notes: list[str]
    crossed: list[str]


def impact(
    file: File,
    *,
    model: str | os.PathLike[str] | None = None,
    top_k: int | None = None,
    catalogue: str | os.PathLike[str] | None = None,
    code: bool = False,
    nights: int | None = None,
    since: str | date | None = None,
    fail_if: Iterable[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> ImpactResult:
    """Decide past nights once more with a change, and hold them against what was logged; read-only.

    model is a file of constants, top_k how many of a type from 1, catalogue a SELECT of further items, with which the
    catalogue of today is read for each night; or else code, which changes nothing but the package. Nights are the last
    ones that are finished, 7 unless nights or since says otherwise. fail_if are thresholds such as 'lists_changed>5%',
    and crossed are the sentences of those that hold, of all nights together. progress is called with a stage, how much
    of it is done, and of how much. InvalidInput of an argument that cannot be, NotFound where no night is finished,
    PersonalizationError of a model or a catalogue that cannot be read.
    """
    check_callable(progress=progress)
    if code == any(one is not None for one in (model, top_k, catalogue)):
        raise InvalidInput(
            _("what is to be changed is not said"),
            _("give a model, top_k or a catalogue, or the package alone"),
        )
    change = Change(
        None if model is None else load_model(Path(path_of(model, "model"))),
        None if top_k is None else whole(top_k, "top_k"),
        None if catalogue is None else Path(path_of(catalogue, "catalogue")),
    )
    thresholds = [parse(text, NAMES, PLAIN) for text in listed(fail_if, "fail_if")]
    asked = _asked(nights, since)
    with reading(file) as (conn, path):
        require_evidence(conn, path)
        found = [PastNight(*row) for row in conn.execute(_NIGHTS, asked)]
        if not found:
            raise NotFound(
                _("no night is finished that could be decided again"),
                _("run personalization-score first, or name an earlier day"),
            )
        affected, compared, total = Affected(), [], Compared()
        for done, night in enumerate(found, 1):
            compared.append(compare(conn, night, change, affected))
            total.add(compared[-1])
            if progress:
                progress("Deciding", done, len(found))
        explained = Explained(conn, {one.run_id: one for one in found}, change, affected)
        cohorts, items = explained.cohorts(), explained.items()
    rows = total.before.sums["rows"]
    delivered = Fraction(total.counts["delivered"], rows) if rows else Fraction(0)
    values = measured(total, delivered)
    crossed = (threshold.crossed(values) for threshold in thresholds)
    return {
        "package_version": __version__,
        "model_sha256": change.model.sha256 if change.model else None,
        "top_k": change.top_k,
        "total": _figures(total, delivered),
        "nights": [
            {
                "run_id": night.run_id,
                "as_of": night.as_of,
                "model_sha256": night.model_sha256,
                "top_k": night.top_k,
                **_figures(one, delivered),
            }
            for night, one in zip(found, compared, strict=True)
        ],
        "cohorts": cohorts,
        "items": items,
        "notes": list(_notes(found, change, code, total)),
        "crossed": [sentence for sentence in crossed if sentence],
    }


def _asked(nights: int | None, since: str | date | None) -> dict[str, str | int]:
    if nights is not None and since is not None:
        raise InvalidInput(
            _("nights and since exclude each other"), _("give how many, or from which day on")
        )
    if since is not None:
        return {"since": day_of(since, "since"), "nights": -1}
    return {"since": "", "nights": NIGHTS if nights is None else whole(nights, "nights")}


def _figures(found: Compared, delivered: Fraction) -> ImpactFigures:
    counts = found.counts
    return {
        "customers": counts["customers"],
        "lists_changed": counts["lists_changed"],
        "scores_changed": counts["scores_changed"],
        "emptied_lists": counts["emptied_lists"],
        "filled_lists": counts["filled_lists"],
        "items_in": counts["items_in"],
        "items_out": counts["items_out"],
        "moved": counts["moved"],
        "delivered": counts["delivered"],
        "before": found.before.to_dict(delivered),
        "after": found.after.to_dict(delivered),
    }


def _notes(
    nights: Iterable[PastNight], change: Change, code: bool, total: Compared
) -> Iterator[str]:
    """What a reader has to know of the numbers."""
    nights = list(nights)
    comma = pgettext("list", ", ")
    if change.catalogue:
        yield _(
            "the catalogue is that of today's tables, read as it would be on the day of each night"
        )
    if change.model and not change.catalogue:
        unread = sorted({key for night in nights for key in _differing(night, change.model)})
        if unread:
            yield _(
                "{keys} of the model are read with the catalogue, which is as each night stored it:"
                " --catalogue reads it again",
                keys=comma.join(unread),
            )
    others = sorted({one.package_version for one in nights} - {__version__})
    if others and not code:
        yield _(
            "nights were decided by version {versions}, this is {version}: --code shows what comes of that alone",
            versions=comma.join(others),
            version=__version__,
        )
    if not total.counts["delivered"]:
        yield _("nothing of these nights was delivered, so none is expected to be")


def _differing(night: PastNight, model: Model) -> Iterator[str]:
    try:
        before = json.loads(night.model_json)
    except (ValueError, RecursionError):
        return
    if isinstance(before, dict):
        keys = {*before, *model.constants} - _DECIDING
        yield from (key for key in keys if before.get(key) != model.constants.get(key))
