"""A whole night, against the plain inserts of its rows and against the obvious loop."""

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile

from benchmarks.database import create, create_bare, create_plain
from benchmarks.measure import Cost, night, number, ratios, report, seconds, yardstick
from benchmarks.options import Options


def main(options: Options) -> None:
    for customers in options.sizes:
        bare, listed = (options.work / f"{name}-{customers}.db" for name in ("bare", "listed"))
        create_bare(bare, customers)
        against(options, "wildcards", bare, customers)
        create(listed, customers, options.catalogue)
        against(options, "catalogue", listed, customers)


def against(options: Options, name: str, base: Path, customers: int) -> None:
    """Print both ratios for one kind of database; variants take turns."""
    scored, plain, empty = (base.with_suffix(f".{each}") for each in ("scored", "plain", "empty"))
    create_plain(empty, base)
    nights, floors, loops = [], [], []
    for _ in range(options.repeats):
        copyfile(base, scored)
        cost, rows = night(scored, options.as_of)
        nights.append(cost)
        copyfile(empty, plain)
        floors.append(yardstick("floor", plain, scored))
        loops.append(obvious(options, name, empty, plain, scored, customers))
    peak = max(cost.rss for cost in nights)
    report(
        f"night, {name}, {customers:,} customers, {rows:,} rows: {seconds(nights)}, {peak:.0f} MB"
    )
    report(f"  / plain inserts   {ratios(nights, floors)}")
    report(f"  obvious loop / it {ratios(loops, nights)}")
    report(f"  obvious loop / plain inserts {ratios(loops, floors)}")


def obvious(
    options: Options, name: str, empty: Path, plain: Path, scored: Path, customers: int
) -> Cost:
    """The cost of the loop for all customers; over the catalogue that of a sample, multiplied, and said so."""
    copyfile(empty, plain)
    if name == "wildcards":
        return yardstick(name, plain)
    half, whole = options.sample // 2, options.sample
    first = yardstick(name, plain, scored, half)
    copyfile(empty, plain)
    second = yardstick(name, plain, scored, whole)
    same_scores(plain, scored)
    report(
        f"  the loop was run for {half} and {whole} customers (twice as many cost {number(second.cpu / first.cpu)}"
        f" times as much) and is multiplied to {customers:,}"
    )
    return Cost(*(each * customers / whole for each in second[:2]), second.rss)


def same_scores(plain: Path, scored: Path) -> None:
    """Stop unless the loop gave its customers the scores that the night gave them, searches aside."""
    sql = (
        "SELECT profile_id, recommendation_type, score FROM am_personalization_recommendation_log"
        " WHERE profile_id <= ? AND recommendation_type <> 'saved_search' ORDER BY 1, 2, 3"
    )
    with closing(sqlite3.connect(plain)) as theirs, closing(sqlite3.connect(scored)) as ours:
        last = theirs.execute(
            "SELECT max(profile_id) FROM am_personalization_recommendation_log"
        ).fetchone()
        if theirs.execute(sql, last).fetchall() != ours.execute(sql, last).fetchall():
            raise SystemExit("the loop and the night disagree, so their times say nothing")
