"""What customers are shown: the lists of one night, and what thirty nights hand to those who read everything.

Scored by the product itself, on the catalogue and the customers of a database that is at hand (--catalogue).
"""

import json
import sqlite3
import time
from contextlib import closing
from datetime import date, timedelta
from heapq import merge
from itertools import groupby
from pathlib import Path
from shutil import copyfile

from benchmarks.database import create, create_like
from benchmarks.measure import Cost, plugin, ratios, report, seconds
from benchmarks.options import Options
from benchmarks.shown import DEEP, TOP_K, Counts, share, shown
from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.formula.formula import evidence_link
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.transaction import transaction

# What a model did not name before there were rules for lists.
RULES = """lead_days date_points rolling_words rank_band places_per_family amendments depth repeat_days"""
NOT_AGAIN_DAYS = 30

_AGAIN = f"""
SELECT count(*) FROM (
    SELECT julianday(v.slot) - lag(julianday(v.slot)) OVER (
        PARTITION BY l.profile_id, c.recommendation_type, c.item_id, c.opens_on, c.closes_on ORDER BY v.slot
    ) AS since
    FROM am_personalization_delivery v JOIN am_personalization_recommendation_log l ON l.rec_id = v.rec_id
    {evidence_link()}
) WHERE since < {NOT_AGAIN_DAYS}
"""
_CHARGED = """
SELECT count(*), total(v.unit_price_yen), total(v.unit_price_yen * (l.recommendation_type = 'program'))
FROM am_personalization_delivery v JOIN am_personalization_recommendation_log l USING (rec_id)
"""
_NEW_ROWS = "SELECT rec_id FROM am_personalization_recommendation_log WHERE rec_id > ?"
_LAST_ROW = "SELECT coalesce(max(rec_id), 0) FROM am_personalization_recommendation_log"


def main(options: Options) -> None:
    base, readers = options.work / "base.db", options.work / "readers.db"
    if options.catalogue:
        create_like(base, options.catalogue)
        create_like(readers, options.catalogue, options.sample)
    else:
        create(base, options.sizes[0])
        create(readers, options.sample)
    models = {"now": options.model}
    if options.before:
        models = {"before": model_before(options.work / "before.json"), **models}
    found, cpu = {}, {}
    for name, model in models.items():
        found[name] = of_night(base, model, options.as_of)
        cpu[name], month = of_month(readers, model, options)
        found[name] |= month
    report(f"{f'programs, {options.as_of}':62}" + "".join(f"{name:>20}" for name in models))
    for label in found["now"]:
        report(f"{label:62}" + "".join(f"{of[label]:>20}" for of in found.values()))
    if options.before:
        report(f"night / before  {against_before(base, models, options)}")
        report(f"nights of the readers / before  cpu {cpu['now'] / cpu['before']:.2f}")


def model_before(path: Path) -> Path:
    """Write the packaged model without the rules for lists: then they are what they were before there were any."""
    constants = {
        name: of for name, of in load_model().constants.items() if name not in RULES.split()
    }
    path.write_text(json.dumps(constants, ensure_ascii=False), encoding="utf-8")
    return path


def of_night(base: Path, model: Path | None, as_of: date) -> dict[str, str]:
    """What is shown on the night, to customers who read nothing on the one before."""
    path = base.with_suffix(".scored")
    copyfile(base, path)
    eve, night, deep = (
        score(path, as_of=str(day), top_k=top_k, model=model)["run_id"]
        for day, top_k in ((as_of - timedelta(days=1), TOP_K), (as_of, TOP_K), (as_of, DEEP))
    )
    with closing(sqlite3.connect(path)) as db:
        counts = Counts(db, night)
        lists = merge(shown(db, eve), shown(db, night), key=lambda one: one.profile_id)
        for _, both in groupby(lists, key=lambda one: one.profile_id):
            of_run = {one.run_id: one for one in both}
            if night in of_run:
                counts.add(of_run[night], of_run.get(eve))
        reached = {place.item_id for one in shown(db, deep) for place in one.places}
    path.unlink()
    return counts.described(len(reached))


def of_month(base: Path, model: Path | None, options: Options) -> tuple[float, dict[str, str]]:
    """Processor seconds of nights whose every row is handed over the same day, and what that is to the customers."""
    path, cpu = base.with_suffix(".read"), 0.0
    copyfile(base, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for number in range(options.nights):
            day = options.as_of + timedelta(days=number)
            (last,) = db.execute(_LAST_ROW).fetchone()
            start = time.process_time()
            score(path, as_of=str(day), model=model)
            cpu += time.process_time() - start
            read_all(db, last, day)
        (again,) = db.execute(_AGAIN).fetchone()
        deliveries, yen, of_programs = db.execute(_CHARGED).fetchone()
        (readers,) = db.execute("SELECT count(*) FROM am_personalization_profile").fetchone()
    path.unlink()
    who = f"yen of each of {readers:,} daily readers, {options.nights} nights"
    return cpu, {
        f"of all handed over, again within {NOT_AGAIN_DAYS} days, unchanged": share(
            again, deliveries
        ),
        f"{who}, programs": f"{of_programs / readers:,.0f}",
        f"{who}, all types": f"{yen / readers:,.0f}",
    }


def read_all(db: sqlite3.Connection, last: int, day: date) -> None:
    """Record that every row of the log after the last one was handed over that day."""
    rows = [rec_id for (rec_id,) in db.execute(_NEW_ROWS, (last,))]
    with transaction(db, "IMMEDIATE"):
        record_deliveries(
            db, rows, channel="digest", slot=str(day), delivered_at=f"{day}T09:00+09:00"
        )


def against_before(base: Path, models: dict[str, Path | None], options: Options) -> str:
    """What the night costs as a process, in units of what it costs by the model of before, in turn."""
    path, costs = base.with_suffix(".timed"), {name: list[Cost]() for name in models}
    for _ in range(options.repeats):
        for name, model in models.items():
            copyfile(base, path)
            given = ("--model", model) if model else ()
            cost, _ = plugin("score", path, "--as-of", options.as_of, "--silent", *given)
            costs[name].append(cost)
    return f"{ratios(costs['now'], costs['before'])}; now {seconds(costs['now'])}"
