"""The canonical forms that are hashed into a seal, each under a name with a version; docs/formats.md lists them.

Changing one changes every hash: past seals would no longer verify.

A run's leaf is one customer: a blind, where the customer's rows stand in the log, and the digest of each list they
were taken from. A list's digest covers the declared vector, the owner if it is a list of saved searches, and each
place with the digest of its candidate, so a leaf determines every column of the customer's rows. It names the
customer by profile_id, which leads nowhere once the customer is erased; the leaf stays what it was. The blind follows
from the run's random salt, which no receipt shows: without it, a proof's neighbouring hash could be guessed open.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex
from sqlite_utils_personalization.model.kinds import POINTS, Declared, listed
from sqlite_utils_personalization.transaction import BATCH, read_batches, transaction

# The name and version that each form begins with: what is one of them can be taken for no other.
LIST, CUSTOMER, OTHER, EVENT = "list/1", "customer/1", "other/1", "event/1"
SEAL = "personalization-seal/2"

# What a leaf of each table of events covers; the first column numbers its rows.
EVENT_COLUMNS = {
    "am_personalization_delivery": (
        "delivery_id",
        "delivery_key",
        "rec_id",
        "channel",
        "slot",
        "delivered_at",
        "recorded_at",
        "status",
        "unit_price_yen",
        "reversal_of",
        "charge_key",
    ),
    "am_personalization_erasure": (
        "erasure_id",
        "profile_id",
        "erased_at",
        "legal_basis",
        "log_rows",
    ),
    "am_personalization_rotation": ("rotation_id", "profile_id", "rotated_at", "proof"),
    "am_personalization_identity": ("identity_id", "profile_id", "commitment", "bound_at"),
    "am_personalization_feedback": (
        "feedback_id",
        "profile_id",
        "recommendation_type",
        "item_id",
        "feedback",
        "family",
        "opens_on",
        "closes_on",
        "given_at",
    ),
    "am_personalization_verification": (
        "verification_id",
        "verified_at",
        "package_version",
        "log_end",
        "covered_rows",
        "seal_id",
        "tree_root",
        "kept",
        "kept_seal_id",
        "seconds",
        "findings",
        "findings_json",
    ),
    # Its model is covered by its digest.
    "am_personalization_shadow": (
        "shadow_id",
        "run_id",
        "model_sha256",
        "top_k",
        "package_version",
        "started_at",
        "finished_at",
        "list_count",
        "row_count",
        "counts_json",
        "lists_sha256",
        "served_sha256",
    ),
}

_LISTS = f"""
SELECT t.list_id, t.profile_id, {listed(Declared._fields, "k.")}
FROM am_personalization_list t LEFT JOIN am_personalization_cohort k USING (cohort_id)
WHERE t.run_id = :run_id AND t.list_id > :after AND {{which}} ORDER BY t.list_id LIMIT :batch
"""
_ONE_LIST = _LISTS.format(which="t.list_id = :list_id")
_NEW_LISTS = _LISTS.format(which="t.list_id NOT IN (SELECT list_id FROM temp.seal_list)")
_PLACES = f"""
SELECT list_id, candidate_id, {listed(POINTS)}, score
FROM am_personalization_decision WHERE list_id BETWEEN ? AND ? ORDER BY list_id, seq
"""
# Lists whose places are read at once.
_TOGETHER = 100
_CANDIDATE = """
SELECT recommendation_type, candidate_sha256 FROM am_personalization_candidate WHERE candidate_id = ?
"""
# The same place, a candidate with the same points, is on many lists of a run.
_KEPT_PLACES = 1 << 14
_CUSTOMERS = """
SELECT l.profile_id, e.first_rec_id, e.n, s.list_sha256, e.first_seq
FROM am_personalization_evidence e JOIN seal_list s USING (list_id)
LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = e.first_rec_id
WHERE s.run_id = :run_id AND e.first_rec_id > max(:after, :first - 1) AND e.first_rec_id <= :last
ORDER BY e.first_rec_id LIMIT :batch
"""
# Evidence leaves gaps in the log; what stands in a gap, other programs wrote.
_OTHERS = """
SELECT l.rec_id, l.profile_id, l.recommendation_type, l.score, l.served_at
FROM (
    SELECT start, lead(first, 1, :end + 1) OVER (ORDER BY start) AS stop FROM (
        SELECT :after + 1 AS start, :after AS first
        UNION ALL
        SELECT first_rec_id + n, first_rec_id FROM am_personalization_evidence
        WHERE first_rec_id > :after AND first_rec_id <= :end
    )
) gap CROSS JOIN am_personalization_recommendation_log l
WHERE l.rec_id >= gap.start AND l.rec_id < gap.stop ORDER BY l.rec_id
"""


def place_text(place: Iterable[object]) -> str:
    """One place of a list: recommendation_type, candidate_sha256, the three points and the score."""
    return canonical_json(list(place))


def list_sha256(cohort: Iterable[object], owner: int | None, places: str) -> str:
    """Digest of one list: the declared vector, whose saved searches they are, and the place_texts joined by commas."""
    head = canonical_json([LIST, list(cohort), owner])
    # Apart, because most of the text is ASCII, and one name in kanji would make all of it costly to encode.
    return sha256(head[:-1].encode() + b",[" + places.encode() + b"]]").hexdigest()


def blind(salt: str, profile_id: int) -> str:
    """What keeps a customer's leaf of a run from being guessed by whoever does not know the run's salt."""
    return sha256_hex(f"{salt}:{profile_id}")


def customer_leaf(
    profile_id: int, blinded: str, ranges: Iterable[tuple[int, int, str, int]]
) -> bytes:
    """One customer's rows of a run; a range is its first rec_id, how many, its list's digest and the first place."""
    listed = ",".join(f'[{first},{n},"{digest}",{seq}]' for first, n, digest, seq in ranges)
    return f'["{CUSTOMER}",{profile_id},"{blinded}",[{listed}]]'.encode()


def other_leaf(row: Iterable[object]) -> bytes:
    """One row of another program: rec_id, profile_id, recommendation_type, score, served_at."""
    return canonical_json([OTHER, *row]).encode()


def event_leaf(table: str, row: Iterable[object]) -> bytes:
    """One row of a table of events: its table, then its EVENT_COLUMNS."""
    return canonical_json([EVENT, table, *row]).encode()


def run_salt(db: sqlite3.Connection, run_id: int) -> str:
    """The random salt of a run; read-only."""
    row = db.execute(
        "SELECT salt FROM am_personalization_run WHERE run_id = ?", (run_id,)
    ).fetchone()
    return str(row[0]) if row else ""


def unserved_sha256(db: sqlite3.Connection, run_id: int) -> str:
    """Digest of the run's salt, then of the customers it recommended nothing: a line each of profile_id, cohort_id,
    reason; read-only."""
    digest = sha256(f"{run_salt(db, run_id)}\n".encode())
    for row in db.execute(
        "SELECT profile_id, cohort_id, reason FROM am_personalization_unserved WHERE run_id = ? ORDER BY 1",
        (run_id,),
    ):
        digest.update(f"{canonical_json(list(row))}\n".encode())
    return digest.hexdigest()


def seal_leaf(seal: Mapping[str, Any]) -> bytes:
    """One seal, all its SEAL_COLUMNS, as a leaf of the tree over the seals."""
    return canonical_json({"format": SEAL, **seal}).encode()


def customer_leaves(
    db: sqlite3.Connection,
    run_id: int,
    first_rec_id: int | None,
    last_rec_id: int | None,
    digested: bool = False,
) -> Iterator[tuple[int, bytes]]:
    """profile_id and leaf of every customer of a run, in the order of the log; writes to a temporary table only.

    first_rec_id and last_rec_id are the run's bounds in the log, None if it logged nothing. With digested, the digests
    of lists that were kept since forget_digests are not taken again.
    """
    if not digested:
        forget_digests(db)
    digests = _digests(db, _NEW_LISTS, {"run_id": run_id})
    while batch := list(islice(digests, BATCH)):
        keep_digests(db, run_id, batch)
    salt = run_salt(db, run_id)
    at = {"run_id": run_id, "first": first_rec_id, "last": last_rec_id}
    rows = read_batches(db, _CUSTOMERS, at, key=1)
    for profile_id, ranges in groupby(rows, key=itemgetter(0)):
        blinded = blind(salt, profile_id)
        yield profile_id, customer_leaf(profile_id, blinded, (found[1:] for found in ranges))


def other_leaves(db: sqlite3.Connection, after: int, end: int) -> Iterator[tuple[int, bytes]]:
    """rec_id and leaf of every row other programs wrote with after < rec_id <= end; read-only."""
    for row in db.execute(_OTHERS, {"after": after, "end": end}):
        yield row[0], other_leaf(row)


def event_leaves(
    db: sqlite3.Connection, table: str, after: int, end: int
) -> Iterator[tuple[int, bytes]]:
    """Number and leaf of every row of a table of events with after < number <= end; read-only."""
    number, *_ = columns = EVENT_COLUMNS[table]
    sql = (
        f"SELECT {', '.join(columns)} FROM {table} WHERE {number} > max(:after, :start) AND {number} <= :end"
        " ORDER BY 1 LIMIT :batch"
    )
    for row in read_batches(db, sql, {"start": after, "end": end}):
        yield row[0], event_leaf(table, row)


def forget_digests(db: sqlite3.Connection) -> None:
    """Start a temporary table of list digests."""
    db.execute("DROP TABLE IF EXISTS temp.seal_list")
    db.execute(
        "CREATE TEMP TABLE seal_list (list_id INTEGER PRIMARY KEY, run_id INTEGER, list_sha256 TEXT)"
    )


def keep_digests(db: sqlite3.Connection, run_id: int, digests: Iterable[tuple[int, str]]) -> None:
    """Keep list_id and digest of lists of a run, each taken of what is stored, in the temporary table."""
    with transaction(db):
        db.executemany(
            "INSERT INTO temp.seal_list VALUES (?, ?, ?)",
            ((list_id, run_id, digest) for list_id, digest in digests),
        )


def keep_frozen_digests(db: sqlite3.Connection, run_id: int) -> None:
    """Start a temporary table of list digests with those that were stored when the run was frozen."""
    forget_digests(db)
    db.execute(
        "INSERT INTO temp.seal_list SELECT list_id, run_id, list_sha256 FROM am_personalization_list WHERE run_id = ?",
        (run_id,),
    )


def digest_of(db: sqlite3.Connection, run_id: int, list_id: int) -> str:
    """Digest of one list of a run; read-only."""
    ((_, digest),) = _digests(db, _ONE_LIST, {"run_id": run_id, "list_id": list_id})
    return digest


def _digests(db: sqlite3.Connection, lists: str, at: dict[str, int]) -> Iterator[tuple[int, str]]:
    @lru_cache(_KEPT_PLACES)
    def place(candidate_id: object, *points: object) -> str:
        found = db.execute(_CANDIDATE, (candidate_id,)).fetchone() or (None, None)
        return place_text([*found, *points])

    found = read_batches(db, lists, at)
    while some := list(islice(found, _TOGETHER)):
        rows = groupby(db.execute(_PLACES, (some[0][0], some[-1][0])), key=itemgetter(0))
        places = {number: ",".join(place(*row[1:]) for row in listed) for number, listed in rows}
        for number, owner, *cohort in some:
            yield number, list_sha256(cohort, owner, places.get(number, ""))
