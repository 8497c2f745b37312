"""An impact as it is handed on: as JSON, to a terminal, to a page."""

from typing import TypedDict

from sqlite_utils_personalization.audit.impact.explained import ImpactCohort, ImpactItem
from sqlite_utils_personalization.audit.impact.figures import ImpactSide


class ImpactFigures(TypedDict):
    """What would change: customers (profiles) and rows, one night or all; of several nights a customer counts in each.

    lists_changed are customers with another item, or one at another place; scores_changed others whose points differ.
    items_in, items_out and moved are rows of customers that come, go, or change their place.
    """

    profiles: int
    lists_changed: int
    scores_changed: int
    emptied_lists: int
    filled_lists: int
    items_in: int
    items_out: int
    moved: int
    delivered_rows: int
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
    affected_cohorts: list[ImpactCohort]
    affected_items: list[ImpactItem]
    notes: list[str]
    crossed: list[str]
