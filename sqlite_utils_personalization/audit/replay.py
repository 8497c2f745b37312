"""Replay: every log row computed once more, from what its night stored and nothing else.

What is evaluated is the packaged formula over the base tables, never a view of the file. A row is reproduced only if
the digests of its item, its list with the declared vector, and its model are right too. Whether those digests are
still the ones that were sealed is for verification to say.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlite_utils_personalization.audit.ranking import (
    Field,
    OtherRound,
    RunnerUp,
    best_below_cut,
    rounds_behind,
)
from sqlite_utils_personalization.audit.replay_result import (
    BROKEN,
    DIFFERS,
    ERASED,
    NO_EVIDENCE,
    REPRODUCED,
    Logged,
    PlaceOnList,
    Replay,
    Run,
)
from sqlite_utils_personalization.audit.selection import Selection, conditions
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.database import has_table
from sqlite_utils_personalization.evidence.leaves import digest_of
from sqlite_utils_personalization.formula.evaluation import (
    COLUMNS,
    CONSTANTS,
    NOT_READABLE,
    Evaluation,
    Points,
    decoded_row,
    evaluation,
    formula_constants,
)
from sqlite_utils_personalization.formula.formula import evidence_link
from sqlite_utils_personalization.model.kinds import COMPONENTS, POINTS, Declared, listed
from sqlite_utils_personalization.transaction import read_batches

CACHED_LISTS = 1_000
CACHED_ITEMS = 10_000

_LINKS = ("profile", "list", "run", "cohort", "decision", "candidate")
_ROWS = f"""
SELECT l.rec_id, l.profile_id, p.user_token_hash, l.recommendation_type, l.served_at, l.score,
    {{erased_at}}, e.list_id,
    p.profile_id, t.list_id, r.run_id, k.cohort_id, d.list_id, c.candidate_id,
    r.run_id, r.as_of, r.again, r.top_k, r.model_sha256, r.package_version, r.served_at, t.profile_id, d.seq, e.n,
    (SELECT o.profile_id FROM am_personalization_recommendation_log o WHERE o.rec_id = e.first_rec_id),
    {listed(POINTS, "d.")}, d.score, {COLUMNS}
FROM am_personalization_recommendation_log l
LEFT JOIN am_personalization_profile p ON p.profile_id = l.profile_id
{evidence_link()}
WHERE {{key}} > max(:after, :start) AND {{conditions}} ORDER BY l.rec_id LIMIT :batch
"""
_ERASED_AT = (
    "(SELECT x.erased_at FROM am_personalization_erasure x WHERE x.profile_id = l.profile_id)"
)
# Where the columns of an evaluation begin.
_EVALUATED = 25 + len(POINTS) + 1
_PLACES = f"""
SELECT c.recommendation_type, d.seq, c.item_id, c.title,
    {listed(POINTS, "d.", " + ")}, d.score
FROM am_personalization_decision d JOIN am_personalization_candidate c USING (candidate_id)
WHERE d.list_id = ? ORDER BY d.seq
"""


# What a customer has of a list, in the order of the log.
_OWN = """
SELECT d.seq FROM am_personalization_recommendation_log l
CROSS JOIN am_personalization_evidence e ON e.first_rec_id = l.rec_id
CROSS JOIN am_personalization_decision d
    ON d.list_id = e.list_id AND d.seq BETWEEN e.first_seq AND e.first_seq + e.n - 1
WHERE l.profile_id = ? AND l.served_at = ? AND e.list_id = ? ORDER BY l.rec_id, d.seq
"""
_ITEM = f"""
SELECT candidate_sha256, {listed(Candidate._fields)} FROM am_personalization_candidate WHERE candidate_id = ?
"""
_LIST = "SELECT list_sha256 FROM am_personalization_list WHERE list_id = ?"
_MODEL = f"""
SELECT model_sha256, model_json, {listed(CONSTANTS)} FROM am_personalization_run WHERE run_id = ?
"""


class GivenPlace(NamedTuple):
    """A place of a list, how many its evidence explains, and whose list it is, None for that of a whole cohort."""

    list_id: int
    seq: int
    n: int
    owner: int | None


def replay(
    db: sqlite3.Connection, chosen: Selection, *, below_cut: bool = True
) -> Iterator[Replay]:
    """Yield the chosen log rows in order of rec_id, each computed once more; read-only.

    Rows that are gone from the log are not there to be replayed: verification names them. With below_cut, what came
    after the last place of a full list is looked for among all candidates of the night, some milliseconds per
    list. Errors as conditions() has them.

    Example:

        for found in replay(db, Selection(rec_ids=[17])):
            print(found.verdict, *found.components, sep="\\n")
    """
    where, at = conditions(db, chosen)
    # Rows named one by one are looked up, whatever the statistics make of the range.
    key = "l.rec_id" if chosen.rec_ids is None else "+l.rec_id"
    erased_at = _ERASED_AT if has_table(db, "am_personalization_erasure") else "NULL"
    sql = _ROWS.format(key=key, conditions=where, erased_at=erased_at)
    return _replays(db, sql, at, _Lists(db, below_cut))


def _replays(
    db: sqlite3.Connection, sql: str, at: dict[str, Any], lists: "_Lists"
) -> Iterator[Replay]:
    for row in read_batches(db, sql, at):
        yield _replay(decoded_row(row), lists)


def _replay(row: Any, lists: "_Lists") -> Replay:
    logged, erased_at = Logged(*row[:6]), row[6]
    if erased_at is not None:
        # The random one that took its place is nobody's.
        logged = logged._replace(user_token_hash=None)
    if row[7] is None:
        return Replay(logged, NO_EVIDENCE, erased_at=erased_at)
    links, night = row[8:14], Run(*row[14:20]) if row[10] is not None else None
    if night is None or None in links:
        missing = _LINKS[links.index(None)]
        return Replay(logged, BROKEN, missing=missing, run=night, erased_at=erased_at)
    night_served_at, owner, seq, n, customer = row[20:25]
    *parts, score = row[25:_EVALUATED]
    decided, found = Points(tuple(parts), score), evaluation(row[_EVALUATED:])
    differences = (
        *_differences(logged, night_served_at, (owner, customer), decided, found),
        *lists.other_digests(row[7], night.run_id, row[13]),
    )
    return Replay(
        logged,
        DIFFERS if differences else REPRODUCED if erased_at is None else ERASED,
        differences,
        run=night,
        candidate_id=row[13],
        found=found,
        decided=decided,
        position=lists.position(logged, GivenPlace(row[7], seq, n, owner), night, found),
        erased_at=erased_at,
        same_programme=lists.same_programme(night.run_id, owner, row[13], found),
    )


def _differences(
    logged: Logged, night: str, customers: tuple[Any, Any], decided: Points, found: Evaluation
) -> Iterator[str]:
    agreeing = {
        "eligibility": found.is_eligible,
        **{name: decided.of(name) == found.points.of(name) for name in COMPONENTS},
        "score": decided.score == found.points.score,
        "logged_score": logged.score == decided.score,
        "recommendation_type": logged.recommendation_type == found.candidate.recommendation_type,
        "served_at": logged.served_at == night,
        "customer": customers[0] in (None, logged.profile_id),
        "range": customers[1] == logged.profile_id,
    }
    return (name for name, agrees in agreeing.items() if not agrees)


def _agrees(stored: object, derive: Callable[[], object]) -> bool:
    try:
        return derive() == stored
    except NOT_READABLE:
        return False


class _Lists:
    """Who else is on a list, and whether it is the one that was digested: read once for the customers who share it, as
    long as they come close together.
    """

    def __init__(self, db: sqlite3.Connection, below_cut: bool) -> None:
        self._db = db
        self._below_cut = below_cut
        self._places = lru_cache(maxsize=CACHED_LISTS)(self._read_places)
        self._own = lru_cache(maxsize=CACHED_LISTS)(self._read_own)
        self._below = lru_cache(maxsize=CACHED_LISTS)(self._read_below)
        self._behind = lru_cache(maxsize=CACHED_ITEMS)(self._read_behind)
        self._is_list = lru_cache(maxsize=CACHED_LISTS)(self._check_list)
        self._is_item = lru_cache(maxsize=CACHED_ITEMS)(self._check_item)
        self._is_model = lru_cache(maxsize=CACHED_LISTS)(self._check_model)

    def position(
        self, logged: Logged, given: GivenPlace, run: Run, found: Evaluation
    ) -> PlaceOnList:
        field = Field(run.run_id, found.candidate.recommendation_type, given.owner)
        places = self._places(given.list_id)
        listed = places[field.recommendation_type]
        own = listed
        if given.n != sum(map(len, places.values())):
            # Of a list that goes deeper each customer has parts, in an order of their own.
            at = {place[0]: place for place in listed}
            seqs = self._own(logged.profile_id, logged.served_at, given.list_id)
            own = [at[seq] for seq in seqs if seq in at]
            own = own if given.seq in [place[0] for place in own] else listed
        rank = 1 + [place[0] for place in own].index(given.seq)
        if rank < len(own):
            _, item_id, title, points, score = own[rank]
            return PlaceOnList(rank, len(own), RunnerUp(item_id, title, points, score, True))
        # Whoever is spared repeats has other places, and it is not looked for what came after them.
        is_full = isinstance(run.top_k, int) and rank >= run.top_k and own == listed[:rank]
        next_ = (
            self._below(field, found.declared, run.top_k) if self._below_cut and is_full else None
        )
        return PlaceOnList(rank, len(own), next_)

    def same_programme(
        self, run_id: int, owner: int | None, candidate_id: int, found: Evaluation
    ) -> tuple[OtherRound, ...]:
        """The rounds that the item stands for."""
        if found.candidate.family_name is None:
            return ()
        field = Field(run_id, found.candidate.recommendation_type, owner)
        return self._behind(field, found.declared, candidate_id)

    def other_digests(self, list_id: int, run_id: int, candidate_id: int) -> Iterator[str]:
        """Which of the item, the list and the model is not the one that was digested that night."""
        agreeing = {
            "item": self._is_item(candidate_id),
            "list": self._is_list(run_id, list_id),
            "model": self._is_model(run_id),
        }
        return (name for name, agrees in agreeing.items() if not agrees)

    def _check_item(self, candidate_id: int) -> bool:
        digest, *fields = self._db.execute(_ITEM, (candidate_id,)).fetchone()
        return _agrees(digest, lambda: Candidate(*fields).sha256)

    def _check_list(self, run_id: int, list_id: int) -> bool:
        (digest,) = self._db.execute(_LIST, (list_id,)).fetchone()
        return _agrees(digest, lambda: digest_of(self._db, run_id, list_id))

    def _check_model(self, run_id: int) -> bool:
        digest, text, *numbers = self._db.execute(_MODEL, (run_id,)).fetchone()
        return _agrees(digest, lambda: sha256_hex(text)) and _agrees(
            numbers, lambda: formula_constants(text)
        )

    def _read_places(self, list_id: int) -> dict[str, list[tuple[Any, ...]]]:
        places: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for row in self._db.execute(_PLACES, (list_id,)):
            kind, *place = decoded_row(row)
            places[kind].append(tuple(place))
        return places

    def _read_own(self, profile_id: int, served_at: str, list_id: int) -> list[int]:
        return [seq for (seq,) in self._db.execute(_OWN, (profile_id, served_at, list_id))]

    def _read_behind(
        self, field: Field, declared: Declared, candidate_id: int
    ) -> tuple[OtherRound, ...]:
        return rounds_behind(self._db, field, declared, candidate_id)

    def _read_below(self, field: Field, declared: Declared, top_k: int) -> RunnerUp | None:
        return best_below_cut(self._db, field, declared, top_k)
