"""What else of an item's family is open to a customer, for "and 3 more". Read-only."""

import json
import sqlite3
from collections import defaultdict
from functools import lru_cache

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.formula.evaluation import Evaluation
from sqlite_utils_personalization.formula.formula import splice
from sqlite_utils_personalization.model.kinds import Declared, listed

_KEPT = 10_000
_MEMBERS = """
SELECT c.candidate_id, c.recommendation_type, c.family, c.family_name
FROM am_personalization_run_candidate x CROSS JOIN am_personalization_candidate c USING (candidate_id)
WHERE x.run_id = ? AND c.left_out IS NULL AND c.family IS NOT NULL
"""
_OPEN = splice(f"""
WITH k({listed(Declared._fields)}) AS (VALUES ({listed(Declared._fields, ":")})),
related AS (
    SELECT c.candidate_id, c.title, {{kin}} AS kin, {{rank_order}}
    FROM json_each(:members) CROSS JOIN am_personalization_candidate c ON c.candidate_id = value, k,
        am_personalization_run r
    WHERE r.run_id = :run_id AND {{eligible}} AND {{score}} > 0 ORDER BY {{rank_order}}
)
SELECT title FROM related o
WHERE candidate_id <> :mine AND kin = (SELECT kin FROM related WHERE candidate_id = :mine)
""")


class Relatives:
    """Families of a night, which are few: looked up once per declared vector."""

    def __init__(self, db: sqlite3.Connection, run_id: int) -> None:
        self._db, self._run_id = db, run_id
        self._members: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, kind, *keys in db.execute(_MEMBERS, (run_id,)):
            for key in {*keys} - {None}:
                self._members[kind, key].append(number)
        self._open = lru_cache(_KEPT)(self._read)

    def of(self, found: Evaluation, candidate_id: int) -> tuple[str, ...]:
        """The titles of the others that the customer could have had in the place of this one, best first."""
        item: Candidate = found.candidate
        members = {
            number
            for key in (item.family, item.family_name)
            for number in (self._members.get((item.recommendation_type, key), ()) if key else ())
        }
        if len(members) < 2:
            return ()
        return self._open(candidate_id, found.declared, tuple(sorted(members)))

    def _read(self, mine: int, declared: Declared, members: tuple[int, ...]) -> tuple[str, ...]:
        at = {"members": json.dumps(members), "mine": mine, "run_id": self._run_id}
        rows = self._db.execute(_OPEN, {**at, **declared._asdict()})
        return tuple(dict.fromkeys(str(title) for (title,) in rows))
