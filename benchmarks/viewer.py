"""How long pages and questions take in Datasette, beside the same SQL on a bare sqlite3 connection to the same file.

    nice python benchmarks/viewer.py /tmp/big.db --rows 10000000

builds the database if there is none at that path (about a minute per million log rows), and asks each question as an
auditor would, of other customers, items and nights each time. An existing database is only read. For a page of ours
bare is the function behind it on that connection; for one of Datasette's, a select of the rows it shows.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from datasette.app import Datasette

from sqlite_utils_personalization.viewer.links import HOME, Links
from sqlite_utils_personalization.viewer.pages import customer, night, overview, replayed_row
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found
from sqlite_utils_personalization.viewer.pages.parameters import read_parameters
from sqlite_utils_personalization.viewer.queries.metadata import metadata
from sqlite_utils_personalization.viewer.queries.queries import Question, questions

Form = dict[str, str]
QUESTIONS = {question.name: question for question in questions()}
# What one way of asking is called, what it is on a bare connection, and its address, with {} where .json goes.
Asked = tuple[str, Callable[[], object], str]
HEADING = "asked                                        bare p50    p95   JSON p50    p95   page p50    p95   JSON/bare"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=2_000_000, help="log rows, when building")
    parser.add_argument("--customers", type=int, default=20_000, help="customers, when building")
    parser.add_argument("--times", type=int, default=20, help="how often each question is asked")
    options = parser.parse_args()
    if not options.path.exists():
        from database import build

        build(options.path, options.rows, options.customers)
    measure(options.path, options.times)


def measure(path: Path, times: int = 20) -> None:
    """Print p50 and p95 in milliseconds of every page and question; path is a database, and only read."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        asyncio.run(_measure(path, db, times))


async def _measure(path: Path, db: sqlite3.Connection, times: int) -> None:
    """Bare, as JSON and as a page, one after the other; what Datasette refuses is an error."""
    datasette = Datasette([str(path)], metadata=metadata(path.stem))
    await datasette.invoke_startup()
    (rows,) = db.execute("SELECT max(rec_id) FROM am_personalization_recommendation_log").fetchone()
    print(f"{rows:,} log rows, SQLite {sqlite3.sqlite_version}, milliseconds\n{HEADING}")
    for asked in (pages(datasette, path, db), asked_questions(path, db)):
        for several in asked:
            found = []
            for name, ask, url in islice(several, times):
                as_json = await page(datasette, url.format(".json"))
                found.append((name, elapsed(ask), as_json, await page(datasette, url.format(""))))
            names, *milliseconds = zip(*found, strict=True)
            print(line(names[0], milliseconds), flush=True)


def pages(datasette: Datasette, path: Path, db: sqlite3.Connection) -> Iterator[Iterator[Asked]]:
    """Our pages, and Datasette's own of the database, of the log and of its views."""
    rng, name = random.Random(7), path.stem
    (last,) = db.execute("SELECT max(rec_id) FROM am_personalization_recommendation_log").fetchone()
    (newest,) = db.execute("SELECT max(run_id) FROM am_personalization_run").fetchone()
    (customers,) = db.execute("SELECT max(profile_id) FROM am_personalization_profile").fetchone()

    def ask(page: AuditPage, query: Form, **given: str) -> Callable[[], object]:
        asked = read_parameters(page.parameters, {key: [value] for key, value in query.items()})
        links = Links(datasette, name, is_named=False)
        return partial(page.read, db, Found(datasette, None, name, links, asked, given))

    def several(page: AuditPage, path: str, key: str, most: int, **query: str) -> Iterator[Asked]:
        end = f"?{urlencode(query)}" if query else ""
        while True:
            number = str(rng.randrange(1, most + 1))
            url = f"{HOME}{path}/{number}{{}}{end}"
            yield f"{page.name} page{end}", ask(page, query, **{key: number}), url

    yield repeat(("overview page", ask(overview.PAGE, {}), f"{HOME}{{}}"))
    yield several(night.PAGE, "/night", "run", newest)
    yield several(customer.PAGE, "/customer", "profile_id", customers)
    yield several(replayed_row.PAGE, "/replay", "rec_id", last)
    yield several(replayed_row.PAGE, "/replay", "rec_id", last, now="on")
    schema = "SELECT * FROM sqlite_master"
    yield repeat(("database page", lambda: db.execute(schema).fetchall(), f"/{name}{{}}"))
    log, recent = "am_personalization_recommendation_log", "v_personalization_recent_recs"
    for table, order in (
        (log, "ORDER BY rec_id DESC"),
        (recent, ""),
        ("v_personalization_replay", ""),
    ):
        sql = f"SELECT * FROM {table} {order} LIMIT 101"
        yield repeat((table, lambda sql=sql: db.execute(sql).fetchall(), f"/{name}/{table}{{}}"))


def asked_questions(path: Path, db: sqlite3.Connection) -> Iterator[Iterator[Asked]]:
    """Every question in every way it is asked."""

    def several(name: str, way: str, forms: Iterator[Form]) -> Iterator[Asked]:
        for form in forms:
            url = f"/{path.stem}/{name}{{}}?_shape=array&{urlencode(form)}"
            yield f"{name} {way}", partial(answer, db, QUESTIONS[name], form), url

    for name, way, forms in ways(db, random.Random(7)):
        yield several(name, way, forms)


def ways(db: sqlite3.Connection, rng: random.Random) -> Iterator[tuple[str, str, Iterator[Form]]]:
    """Every question with the forms it is asked with, named for what is asked."""

    def any_of(sql: str) -> list[str]:
        return [str(row[0]) for row in db.execute(sql)]

    def forms(**values: list[str]) -> Iterator[Form]:
        while True:
            yield {name: rng.choice(found) for name, found in values.items()}

    profiles = any_of("SELECT profile_id FROM am_personalization_profile LIMIT 5000")
    nights = any_of("SELECT run_id FROM am_personalization_run")
    later = any_of(
        "SELECT run_id FROM am_personalization_run"
        " WHERE as_of > (SELECT min(as_of) FROM am_personalization_run)"
    )
    days = any_of("SELECT as_of FROM am_personalization_run")
    (last,) = any_of("SELECT max(rec_id) FROM am_personalization_recommendation_log")
    rec_ids = [str(rng.randrange(1, int(last))) for _ in range(1000)]
    items = any_of("SELECT item_id FROM am_personalization_candidate LIMIT 4000")
    named = {
        "customer": profiles,
        "night": nights,
        "rec_id": rec_ids,
        "item_id": items,
    }
    for question in questions():
        names = {parameter.name for parameter in question.parameters}
        key = {name: named[name] for name in ("customer", "rec_id", "item_id") if name in names}
        yield question.name, "", forms(**key)
        if "night" in names:
            compares = question.name == "customer_changes"
            yield question.name, "any night", forms(**key, night=later if compares else nights)
        if "type" in names:
            yield question.name, "saved_search", forms(**key, type=["saved_search"])
        if "since" in names:
            yield (
                question.name,
                "one night",
                ({**form, "since": form["until"]} for form in forms(**key, until=days)),
            )
        if question.name in ("recent_recommendations", "rows_without_evidence"):
            yield question.name, "deep page", forms(after=rec_ids)
        if question.name == "recent_recommendations":
            yield question.name, "size 1000", forms(size=["1000"])


def answer(db: sqlite3.Connection, question: Question, form: Form) -> str:
    """The same SQL, and the same rows as JSON."""
    given = {parameter.name: form.get(parameter.name, "") for parameter in question.parameters}
    return json.dumps(db.execute(question.sql, given).fetchall())


def elapsed(ask: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    ask()
    return (time.perf_counter() - start) * 1000


async def page(datasette: Datasette, url: str) -> float:
    start = time.perf_counter()
    response = await datasette.client.get(url)
    if response.status_code != 200:
        raise SystemExit(f"{url} answered {response.status_code}: {response.text[:300]}")
    return (time.perf_counter() - start) * 1000


def line(name: str, found: list[tuple[float, ...]]) -> str:
    """One row of the table: p50 and p95 of each way of asking, and the ratio of JSON to bare."""
    shown, medians = [], []
    for times in found:
        cuts = quantiles(times, n=20, method="inclusive")
        medians.append(cuts[9])
        shown.append(f"{cuts[9]:11.1f}{cuts[18]:7.1f}")
    return f"{name:42}{''.join(shown)}{medians[1] / medians[0]:12.1f}"


if __name__ == "__main__":
    main()
