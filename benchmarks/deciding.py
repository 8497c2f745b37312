"""Deciding alone: every distinct declaration against every candidate, in cohorts x candidates per second."""

import random
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from statistics import median

from benchmarks.database import FIRST_NIGHT, JSIC
from benchmarks.measure import number, report
from benchmarks.options import Options
from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.model.kinds import Declared
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.scoring import plan
from sqlite_utils_personalization.scoring.decide import decide

# Cohorts, candidates, and the share of candidates that is closed.
SHORT = ((1_000, 5_000, 0.0), (4_000, 5_000, 0.0), (1_000, 20_000, 0.0), (1_000, 20_000, 0.9))
FULL = (
    (1_000, 5_000, 0.0),
    (12_000, 5_000, 0.0),
    (40_000, 5_000, 0.0),
    (12_000, 50_000, 0.0),
    (12_000, 50_000, 0.9),
    (1_000, 500_000, 0.0),
    (1_000, 500_000, 0.9),
    (12_000, 500_000, 0.9),
)


def main(options: Options) -> None:
    shapes = FULL if options.full else SHORT
    found: dict[tuple[int, int, float], list[float]] = {shape: [] for shape in shapes}
    for _ in range(options.repeats):
        for shape in shapes:
            found[shape].append(cost(*shape))
    base = median(found[shapes[0]]) / (shapes[0][0] * shapes[0][1])
    report("cohorts  candidates  closed   pairs/s   median s (spread)   per pair / first line")
    for (cohorts, candidates, closed), times in found.items():
        middle = median(times)
        report(
            f"{cohorts:7,}{candidates:12,}{closed:8.0%}{number(cohorts * candidates / middle):>16}"
            f"{middle:8.2f} ({min(times):.2f}-{max(times):.2f})"
            f"{middle / (cohorts * candidates) / base:12.3f}"
        )


def cost(cohorts: int, candidates: int, closed: float) -> float:
    """Seconds of processor for deciding, from a plan that is ready."""
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        _plan(db, random.Random(7), cohorts, candidates, closed)
        start = time.process_time()
        decide(db, 10)
        return time.process_time() - start


def _plan(
    db: sqlite3.Connection, rng: random.Random, cohorts: int, candidates: int, closed: float
) -> None:
    plan.create_tables(db)
    model = load_model()
    digests = dict.fromkeys(("customers_sha256", "candidates_sha256", "salt"), "0" * 64)
    plan.add_run(
        db, **digests, as_of=str(FIRST_NIGHT), again=0, model_json=model.json, model_sha256=model.sha256,
        package_version="", top_k=10, started_at="", served_at="", counts_json="{}", left_out_json="{}",
        profiles=cohorts, rejected=0,
    )  # fmt: skip
    plan.add_candidates(db, (_candidate(rng, n, closed) for n in range(candidates)))
    vectors: set[Declared] = set()
    while len(vectors) < cohorts:
        horizon = rng.choice([None, *range(1, 731)])
        vectors.add(
            Declared(
                rng.choice([None, *JSIC]),
                rng.choice([None, *PREFECTURES]),
                horizon,
                rng.choice([None, "low", "medium", "high"]),
            )
        )
    with plan.transaction(db):
        for number_of_cohort, vector in enumerate(sorted(vectors, key=repr), 1):
            db.execute(
                "INSERT INTO plan_cohort VALUES (?, ?, ?, ?, ?, ?, 1, NULL)",
                (number_of_cohort, repr(vector), *vector),
            )
            db.execute("INSERT INTO plan_customer VALUES (?, ?, NULL)", (number_of_cohort,) * 2)


def _candidate(rng: random.Random, number_of_item: int, closed: float) -> Candidate:
    days = rng.randrange(-200, 0) if rng.random() < closed else rng.randrange(0, 400)
    industries = rng.choice(["any", "unknown", *JSIC, "".join(sorted(rng.sample(JSIC, 3)))])
    prefectures = rng.choice(["nationwide", rng.choice(PREFECTURES)])
    closes_on = str(FIRST_NIGHT + timedelta(days=days))
    kind = rng.choice(["program", "program", "amendment"])
    return Candidate(
        kind, f"B{number_of_item:06}", "", industries, prefectures, None, closes_on, None
    )
