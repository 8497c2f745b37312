"""What a change of the model, of the catalogue or of the package would have done to past nights."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.api.opened import File, check_callable, listed, path_of, reading
from sqlite_utils_personalization.audit.impact.affected import Affected
from sqlite_utils_personalization.audit.impact.again import Alteration, DecidedNight
from sqlite_utils_personalization.audit.impact.explained import Explained, ImpactCohort, ImpactItem
from sqlite_utils_personalization.audit.impact.impact_html import impact_html as page_of
from sqlite_utils_personalization.audit.impact.measured import NAMES, PLAIN, measured
from sqlite_utils_personalization.audit.impact.night import Compared, compare
from sqlite_utils_personalization.audit.impact.result import ImpactFigures, ImpactResult
from sqlite_utils_personalization.audit.thresholds import Threshold, parse
from sqlite_utils_personalization.clock import day_of
from sqlite_utils_personalization.database import require_evidence
from sqlite_utils_personalization.errors import (
    InvalidInput,
    NotFound,
    NotIntact,
    PersonalizationError,
    short_repr,
    whole,
)
from sqlite_utils_personalization.formula.evaluation import NOT_READABLE
from sqlite_utils_personalization.language import LANGUAGES, language, pgettext, speaking
from sqlite_utils_personalization.language import gettext as _
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
    lang: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> ImpactResult:
    """Decide past nights once more with a change, and hold them against what was logged; read-only.

    model is a file of constants, top_k how many of a type from 1, catalogue a SELECT of further items, with which the
    catalogue of today is read for each night; or else code, which changes nothing but the package. Nights are the last
    ones that are finished, 7 unless nights or since says otherwise. fail_if are thresholds such as 'lists_changed>5%',
    and crossed are the sentences of those that hold, of all nights together. Sentences are in English, or with lang ja
    in Japanese. progress is called with a stage, how much of it is done, and of how much.

    InvalidInput of an argument that cannot be, NotFound where no night is finished, PersonalizationError of a model or
    a catalogue that cannot be read.
    """
    check_callable(progress=progress)
    change = _change(model, top_k, catalogue, code)
    with speaking(_spoken(lang)):
        thresholds = [parse(text, NAMES, PLAIN) for text in listed(fail_if, "fail_if")]
        found = _decided(file, change, _asked(nights, since), progress)
        return _result(found, code, thresholds)


def impact_html(found: ImpactResult, *, lang: str | None = None) -> str:
    """One page of what impact() returned, in its language, with charts and no script.

    InvalidInput if it is none.
    """
    try:
        with speaking(_spoken(lang)):
            return page_of(found)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise InvalidInput(
            _("this is no impact"), _("give what impact() returned, as it was")
        ) from None


class _Decided(NamedTuple):
    """Nights decided again, each with what it came to, and of whom most changes."""

    change: Alteration
    nights: list[DecidedNight]
    compared: list[Compared]
    cohorts: list[ImpactCohort]
    items: list[ImpactItem]


def _spoken(lang: str | None) -> str:
    """The language that is asked for, or spoken. InvalidInput if it is none."""
    if lang not in (None, *LANGUAGES):
        raise InvalidInput(f"lang is {short_repr(lang)}", f"give one of {', '.join(LANGUAGES)}")
    return lang or language()


def _change(
    model: str | os.PathLike[str] | None,
    top_k: int | None,
    catalogue: str | os.PathLike[str] | None,
    code: bool,
) -> Alteration:
    if code == any(one is not None for one in (model, top_k, catalogue)):
        raise InvalidInput(
            _("what is to be changed is not said"),
            _("give a model, top_k or a catalogue, or the package alone"),
        )
    return Alteration(
        None if model is None else load_model(Path(path_of(model, "model"))),
        None if top_k is None else whole(top_k, "top_k"),
        None if catalogue is None else Path(path_of(catalogue, "catalogue")),
    )


def _decided(
    file: File,
    change: Alteration,
    asked: Mapping[str, str | int],
    progress: Callable[[str, int, int], None] | None,
) -> _Decided:
    with reading(file) as (conn, path):
        require_evidence(conn, path)
        nights = [DecidedNight(*row) for row in conn.execute(_NIGHTS, asked)]
        if not nights:
            raise NotFound(
                _("no night is finished that could be decided again"),
                _("run personalization-score first, or name an earlier day"),
            )
        affected, compared = Affected(), []
        for done, night in enumerate(nights, 1):
            with _intact(night.run_id):
                compared.append(compare(conn, night, change, affected))
            if progress:
                progress("Deciding", done, len(nights))
        explained = Explained(conn, {one.run_id: one for one in nights}, change, affected)
        with _intact(nights[0].run_id):
            return _Decided(change, nights, compared, explained.cohorts(), explained.items())


@contextmanager
def _intact(run_id: int) -> Iterator[None]:
    """NotIntact where what is stored is of another type than it can be."""
    try:
        yield
    except PersonalizationError:
        raise
    except NOT_READABLE:
        raise NotIntact(
            _("what run {run_id} stored cannot be decided again", run_id=run_id),
            _("run personalization-verify"),
        ) from None


def _result(found: _Decided, code: bool, thresholds: Iterable[Threshold]) -> ImpactResult:
    total = Compared()
    for one in found.compared:
        total.add(one)
    rows = total.before.sums["rows"]
    delivered = Fraction(total.counts["delivered"], rows) if rows else Fraction(0)
    values = measured(total, delivered)
    crossed = (threshold.crossed(values) for threshold in thresholds)
    change = found.change
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
            for night, one in zip(found.nights, found.compared, strict=True)
        ],
        "affected_cohorts": found.cohorts,
        "affected_items": found.items,
        "notes": list(_notes(found.nights, change, code, total)),
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
        "profiles": counts["customers"],
        "lists_changed": counts["lists_changed"],
        "scores_changed": counts["scores_changed"],
        "emptied_lists": counts["emptied_lists"],
        "filled_lists": counts["filled_lists"],
        "items_in": counts["items_in"],
        "items_out": counts["items_out"],
        "moved": counts["moved"],
        "delivered_rows": counts["delivered"],
        "before": found.before.to_dict(delivered),
        "after": found.after.to_dict(delivered),
    }


def _notes(
    nights: list[DecidedNight], change: Alteration, code: bool, total: Compared
) -> Iterator[str]:
    """What a reader has to know of the numbers."""
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


def _differing(night: DecidedNight, model: Model) -> Iterator[str]:
    try:
        before = json.loads(night.model_json)
    except (ValueError, RecursionError):
        return
    if isinstance(before, dict):
        keys = {*before, *model.constants} - _DECIDING
        yield from (key for key in keys if before.get(key) != model.constants.get(key))
