"""How scores drifted from one night to another, by type and band of ten points."""

from collections.abc import Mapping
from typing import Any

from sqlite_utils_personalization.formula.sentences import kinds
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.formats import capital
from sqlite_utils_personalization.viewer.pages.charts import COLOURS, banded, bands, changes
from sqlite_utils_personalization.viewer.pages.counts import mean, scores_of


def drift(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> list[tuple[int, int]]:
    """By band of ten points: how many scores there are, and how many more than in the night before."""
    now, then = (banded(scores_of(night, kind)) for night in (after, before))
    return [(one, one - other) for one, other in zip(now, then, strict=True)]


def drift_charts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per type that has scores: the chart of its bands, and that of what came and went in each."""
    found = []
    for kind in TYPES:
        now, then = scores_of(after, kind), scores_of(before, kind)
        if not now and not then:
            continue
        moved = drift(before, after, kind)
        name = capital(kinds(kind))
        text = ", ".join(
            f"{at * 10 + 1}-{at * 10 + 10}: {one} ({more:+})"
            for at, (one, more) in enumerate(moved)
        )
        shown = bands(f"bands-{kind}", name, text, [one for one, _more in moved], COLOURS[kind])
        more = changes(
            f"drift-{kind}",
            _("More or fewer than before"),
            text,
            [one for _n, one in moved],
            COLOURS[kind],
        )
        found.append(
            {
                "kind": kind,
                "name": name,
                "logged": after["by_type"][kind],
                "mean": f"{mean(now):.1f}",
                "mean_change": f"{mean(now) - mean(then):+.1f}".replace("-", "\u2212"),
                "chart": shown,
                "drift": more,
            }
        )
    return found
