"""The customer's API under load while nights run, beside Datasette's own row pages in the same run.

    python -m benchmarks.rest --clients 200 --seconds 60

Each client asks again and again as one of its customers: mostly for recommendations, some previews, profiles, and
changes of them. At the end every answer is held against the deliveries in the file: any 5xx, any delivery lost or
doubled is an error.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.database import build
from benchmarks.keepalive import answer, request
from benchmarks.serving import nights, served

API = "/v1/me/personalization"
SETTINGS = {
    "customer_api": "api",
    "customer_keys": {"table": "customer_keys", "column": "key_hash"},
    "customer_requests_per_minute": 1_000_000,
}
# Of a hundred requests, so many each; the rest are recommendations.
PREVIEWS, READS, CHANGES = 15, 15, 10
PACKS = "ABCDEFGHIJKLMNOPQRST"


@dataclass
class Seen:
    """What the clients saw: milliseconds of each answer, statuses, and what they were handed and charged."""

    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    rec_ids: Counter[int] = field(default_factory=Counter)
    charged_yen: int = 0


def main(options: Any) -> None:
    clients, seconds = (200, 60.0) if options.full else (50, 15.0)
    measure(Path(options.work), options.sizes[-1], clients, seconds)


def measure(work: Path, customers: int, clients: int, seconds: float) -> None:
    path = work / "api.db"
    build(path, 1, customers)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode = wal")
        db.execute("CREATE TABLE customer_keys (key_hash TEXT PRIMARY KEY)")
        db.execute(
            "INSERT INTO customer_keys SELECT user_token_hash FROM am_personalization_profile"
        )
    with served(path, SETTINGS) as port, nights(path):
        rows = asyncio.run(_load(port, _row_pages(customers), clients, seconds / 4))
        api = asyncio.run(_load(port, _requests(customers, clients), clients, seconds))
    print(f"{customers:,} customers, {clients} clients; nights ran all the while")
    print(_line("row page of Datasette, JSON", rows, seconds / 4))
    print(_line("the customer's API", api, seconds))
    often = len(api.waits) / (4 * len(rows.waits))
    print(f"  / row page  requests/s {often:.2f}  p95 {_cuts(api)[94] / _cuts(rows)[94]:.2f}")
    _check(path, api)


def _check(path: Path, api: Seen) -> None:
    """SystemExit on a 5xx, and unless the deliveries in the file are exactly what was answered and charged."""
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT rec_id, count(*) FROM am_personalization_delivery GROUP BY 1"
        recorded = dict(db.execute(sql))
        (yen,) = db.execute(
            "SELECT sum(unit_price_yen) FROM am_personalization_delivery"
        ).fetchone()
    handed = sum(api.rec_ids.values())
    lost, doubled = api.rec_ids.keys() - recorded.keys(), [n for n in recorded.values() if n > 1]
    print(
        f"{handed:,} items answered, {len(recorded):,} deliveries recorded, {len(lost)} lost, {len(doubled)} doubled;"
        f" {api.charged_yen:,} yen in the answers, {yen:,} in the file"
    )
    # Of the invented customers, one in a thousand has stored what is no preference.
    faults = {status: n for status, n in api.statuses.items() if status not in (200, 409)}
    if lost or doubled or faults or recorded.keys() != api.rec_ids.keys():
        raise SystemExit(f"not as it should be: {faults or 'deliveries'}")
    # A run over midnight in Japan has two days.
    if yen != api.charged_yen:
        raise SystemExit("what was charged is not what was recorded")


def _line(name: str, seen: Seen, seconds: float) -> str:
    cuts = _cuts(seen)
    return (
        f"{name:30} {len(seen.waits) / seconds:8.1f} requests/s  p50 {cuts[49]:7.1f} ms  p95 {cuts[94]:7.1f} ms"
        f"  max {max(seen.waits):8.1f} ms  {dict(seen.statuses)}"
    )


def _cuts(seen: Seen) -> list[float]:
    return quantiles(seen.waits, n=100, method="inclusive")


async def _load(port: int, requests: Any, clients: int, seconds: float) -> Seen:
    seen, end = Seen(), time.monotonic() + seconds
    await asyncio.gather(*(_client(port, requests(n), end, seen) for n in range(clients)))
    return seen


async def _client(port: int, requests: Any, end: float, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < end:
        sent = next(requests)
        start = time.perf_counter()
        writer.write(sent)
        status, body = await answer(reader)
        seen.waits.append((time.perf_counter() - start) * 1000)
        seen.statuses[status] += 1
        if status == 200 and b'"preview": false' in body:
            page = json.loads(body)
            seen.charged_yen += page["charged_yen"]
            seen.rec_ids.update(item["rec_id"] for item in page["recommendations"])
    writer.close()
    await writer.wait_closed()


def _requests(customers: int, clients: int) -> Any:
    def of_client(number: int) -> Any:
        rng = random.Random(number)
        # Two clients share each customer, as two tabs do.
        own = range((number // 2) % customers, customers, max(1, clients // 2))
        while True:
            yield _request(rng, f"benchmark-key-{rng.choice(own)}")

    return of_client


def _request(rng: random.Random, key: str) -> bytes:
    kind = rng.randrange(100)
    if kind < CHANGES:
        body = json.dumps({"industry_pack": rng.choice(PACKS)}).encode()
        return request("PUT", f"{API}/profile", key, body)
    if kind < CHANGES + READS:
        return request("GET", f"{API}/profile", key)
    preview = "&preview=1" if kind < CHANGES + READS + PREVIEWS else ""
    return request("GET", f"{API}/recommendations?size=10{preview}", key)


def _row_pages(customers: int) -> Any:
    def of_client(number: int) -> Any:
        rng = random.Random(number)
        while True:
            row = rng.randrange(1, customers + 1)
            yield request("GET", f"/api/am_personalization_profile/{row}.json", "")

    return of_client


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--customers", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), given.customers, given.clients, given.seconds)
