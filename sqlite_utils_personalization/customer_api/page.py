"""One recommendation as its customer gets it, and a page of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils_personalization.audit.replay_result import Replay
from sqlite_utils_personalization.billing.delivery import UNIT_PRICE_YEN
from sqlite_utils_personalization.formula.sentences import total_sentence


@dataclass(frozen=True)
class Title:
    """What a preview shows of a recommendation; as_of is the night's Japanese day."""

    rec_id: int
    as_of: str
    recommendation_type: str
    title: str


@dataclass(frozen=True)
class Item(Title):
    """A whole recommendation. points are per component; reasons, in this order, say why, and how they make the score.

    rank is among those of its type that night, from 1; served_at is UTC; verdict is what replaying it gave.
    """

    run_id: int
    served_at: str
    item_id: str
    closes_on: str | None
    rank: int
    score: int
    points: Mapping[str, int]
    reasons: tuple[str, ...]
    verdict: str


@dataclass(frozen=True)
class Page:
    """Recommendations, newest night first, and what handing them over was charged: yen, tax excluded.

    next_cursor is None at the end; a page may be short, or empty, before it. left_out counts, by verdict, the log rows
    passed over because what was recommended in them cannot be replayed. A preview has titles, and delivers nothing.
    """

    items: tuple[Title, ...]
    next_cursor: str | None
    left_out: Mapping[str, int]
    preview: bool
    delivered_new: int = 0
    delivered_before: int = 0
    charged_yen: int = 0
    unit_price_yen: int = UNIT_PRICE_YEN
    because: str = "a preview delivers nothing"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; keys are only ever added."""
        return asdict(self)


def title(found: Replay) -> Title:
    """The preview of a replayed row."""
    assert found.run
    assert found.found
    kind, name = found.logged.recommendation_type, found.found.candidate.title
    return Title(found.rec_id, found.run.as_of, kind, name)


def item(found: Replay) -> Item:
    """The whole of a replayed row."""
    assert found.run
    assert found.found
    assert found.position
    parts, candidate = found.components, found.found.candidate
    return Item(
        **asdict(title(found)),
        run_id=found.run.run_id,
        served_at=found.logged.served_at,
        item_id=candidate.item_id,
        closes_on=candidate.closes_on,
        rank=found.position.rank,
        score=found.logged.score,
        points={part.name: part.points for part in parts},
        reasons=(*(part.sentence for part in parts), total_sentence(found.found)),
        verdict=found.verdict,
    )
