"""The nearest single change of what was declared that would have put an item on the list.

Every other value of one declared key is tried: horizons of 1 to 730 days, three risk tolerances, 47 prefectures,
20 industries, and not declaring it. For each the night's candidates are chosen again by the code that chooses them
in a night, and the one found is evaluated whole by the formula.

Nearest is the change of a key that comes first in TRIED. Of several horizons it is the one that differs least from the
declared one, of two equally far the shorter; from none declared, the shortest. Of other values it is the first in
their usual order. Not declaring a key comes after all its values.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils_personalization.audit.ranking import COMPETING, Field, find_ranked
from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.declared import KEYS
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.formula.sentences import days, industries, level_name
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import Declared
from sqlite_utils_personalization.scoring.decide import Given, choices

# Of Declared, from what one may choose to what one is.
TRIED = ("horizon_days", "risk_level", "prefecture", "industries")
SHORTEST, LONGEST = 1, 730
_VALUES: dict[str, tuple[Any, ...]] = {
    "horizon_days": tuple(range(SHORTEST, LONGEST + 1)),
    "risk_level": ("low", "medium", "high"),
    "prefecture": PREFECTURES,
    "industries": tuple(DIVISIONS),
}
_FIELDS = tuple(
    f"json_extract(value, '$[{number}]') AS {name}" for number, name in enumerate(Declared._fields)
)
_VECTORS = f"SELECT key AS cohort_no, {', '.join(_FIELDS)}, NULL AS depth FROM json_each(:vectors)"
# Most changes are ruled out by the item alone.
_POSSIBLE = splice(f"""
SELECT k.cohort_no FROM ({_VECTORS}) k, am_personalization_candidate c, am_personalization_run r
WHERE r.run_id = :run_id AND c.candidate_id = :candidate_id AND {{eligible}} AND {{score}} > 0
ORDER BY k.cohort_no
""")
_GIVEN = splice(f"""
WITH plan_run AS (SELECT * FROM am_personalization_run WHERE run_id = :run_id),
plan_cohort AS ({_VECTORS}),
plan_open AS (
    SELECT c.candidate_id AS candidate_no, c.* FROM ({COMPETING}) c, plan_run r WHERE {{is_open}} AND {{cap}} > 0
)
""")


@dataclass(frozen=True)
class DeclaredChange:
    """Declaring value under key, None for not declaring it, and where the item would have stood.

    until is for horizons: all from value to until would have done, until being the one farther from the declared one.
    """

    key: str
    value: int | str | None
    until: int | None
    sentence: str
    place: int
    points: int
    score: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the place as the rank it would have had."""
        said = {"key": self.key, "value": self.value, "until": self.until}
        there = {"rank": self.place, "points": self.points, "score": self.score}
        return {**said, "sentence": self.sentence, **there}


def nearest_change(
    db: sqlite3.Connection, field: Field, declared: Declared, candidate_id: int, top_k: int
) -> DeclaredChange | None:
    """Return the nearest change, or None if no single one is enough; read-only."""
    tried = list(_changes(declared))
    vectors = [declared._replace(**{column: value}) for column, value in tried]
    at = {"candidate_id": candidate_id, **field._asdict()}
    at["vectors"] = json.dumps(vectors)
    possible = [number for (number,) in db.execute(_POSSIBLE, at)]
    at["vectors"] = json.dumps([vectors[number] for number in possible])
    enough = {
        possible[number]
        for number, _type, _place, chosen, _points in choices(db, top_k, Given(_GIVEN, at))
        if chosen == candidate_id
    }
    if not enough:
        return None
    nearest = min(enough)
    _last_place, there = find_ranked(db, field, vectors[nearest], place=0, of=candidate_id)
    if there is None or there.is_behind or there.place > top_k:
        raise PersonalizationError(
            "a choice disagrees with formula.sql, so there is no answer", "reinstall the package"
        )
    column, value = tried[nearest]
    until = None
    if column == "horizon_days" and value is not None:
        horizons = {tried[number][1] for number in enough if tried[number][0] == column}
        until = _last(value, declared.horizon_days, horizons)
    sentence = _sentence(column, value, until)
    return DeclaredChange(
        KEYS[column], value, until, sentence, there.place, there.points, there.score
    )


def _changes(declared: Declared) -> Iterator[tuple[str, Any]]:
    for column in TRIED:
        mine = getattr(declared, column)
        values = list(_VALUES[column])
        if column == "horizon_days" and mine is not None:
            values.sort(key=lambda horizon: (abs(horizon - mine), horizon))
        yield from ((column, value) for value in [*values, None] if value != mine)


def _last(value: int, declared: int | None, horizons: set[Any]) -> int:
    step = 1 if declared is None or value > declared else -1
    while value + step in horizons:
        value += step
    return value


def _sentence(column: str, value: Any, until: int | None) -> str:
    if column == "horizon_days" and until is not None:
        return _horizons(value, until)
    if value is None:
        return _undeclared(column)
    if column == "risk_level":
        return _("a risk tolerance of {level}", level=level_name(value))
    if column == "prefecture":
        return _("declaring prefecture {prefecture}", prefecture=value)
    return _("declaring industry {names}", names=industries(value))


def _undeclared(column: str) -> str:
    texts = {
        "risk_level": _("not declaring a risk tolerance"),
        "prefecture": _("not declaring a prefecture"),
        "industries": _("not declaring an industry"),
        "horizon_days": _("not declaring a horizon"),
    }
    return texts[column]


def _horizons(value: int, until: int) -> str:
    if value == until:
        return _("a horizon of {days}", days=days(value))
    if until == LONGEST:
        return _("a horizon of at least {days}", days=days(value))
    if until == SHORTEST:
        return _("a horizon of at most {days}", days=days(value))
    low, high = sorted((value, until))
    return _("a horizon of {low} to {high} days", low=low, high=high)
