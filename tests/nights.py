"""Nights read back from log and evidence as a reader would, and what the oracle says of them; no SQL of the package."""

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import oracle
from oracle import Delivery, Feedback, Item, Place
from scored import migrated
from strategies import old

from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.delivery import delivery_key
from sqlite_utils_personalization.billing.record import insert_deliveries, known_deliveries
from sqlite_utils_personalization.model.model import load_model

AS_OF = "2026-04-01"
P = "am_personalization_"
FACTS = (
    "recommendation_type, item_id, title, industries, prefectures, opens_on, closes_on, risk_level"
)
NOTHING_NEW = "all of it was handed over before"
# In a user's own catalogue NULL says unknown and nationwide, and IT is no pair of letters.
CATALOGUE = """
SELECT recommendation_type, item_id, coalesce(nullif(title, ''), 'x') AS title,
    nullif(replace(industries, 'IT', 'I/T'), 'unknown') AS industries, nullif(prefectures, 'nationwide') AS prefectures,
    opens_on, closes_on, risk_level
FROM house_list
"""
ITEM = ", ".join(f"c.{field.name}" for field in fields(Item))


def token(number):
    return hashlib.sha256(f"key {number}".encode()).hexdigest()


def add_customers(db, texts):
    db.executemany(
        f"INSERT INTO {P}profile(user_token_hash, preference_json) VALUES (?, ?)",
        [(token(number), text) for number, text in enumerate(texts)],
    )


def add_feedback(db, profile_id, item, feedback, given_at):
    db.execute(
        f"INSERT INTO {P}feedback(profile_id, recommendation_type, item_id, feedback, family, opens_on, closes_on,"
        " given_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(profile_id, item.recommendation_type, item.item_id, feedback),
            *(item.family, item.opens_on, item.closes_on, given_at),
        ),
    )


def items_seen(db, run_id):
    """What the run had to choose from."""
    rows = db.execute(
        f"SELECT {ITEM} FROM {P}run_candidate x JOIN {P}candidate c USING (candidate_id) WHERE x.run_id = ?",
        (run_id,),
    )
    return [Item(*row) for row in rows]


def explained(db):
    """The run, the item and the place of each row of the log that has evidence, by rec_id."""
    places = {
        (list_id, seq): (run_id, Item(*item), Place(item[1], *points))
        for run_id, list_id, seq, *values in db.execute(
            f"SELECT t.run_id, list_id, d.seq, {ITEM}, d.industry_points, d.deadline_points, d.risk_points, d.score"
            f" FROM {P}list t JOIN {P}decision d USING (list_id) JOIN {P}candidate c USING (candidate_id)"
        )
        for item, points in [(values[:-4], values[-4:])]
    }
    ranges = db.execute(f"SELECT first_rec_id, n, list_id, first_seq FROM {P}evidence")
    return {
        first_rec_id + i: places[list_id, first_seq + i]
        for first_rec_id, n, list_id, first_seq in ranges
        for i in range(n)
    }


def logged(db, run_id, preferences):
    """The places that every customer got in the run, by profile_id and type, in the order of the log."""
    found = {profile_id: {name: [] for name in oracle.TYPES} for profile_id in preferences}
    evidence = explained(db)
    for rec_id, profile_id, name, points in db.execute(
        f"SELECT rec_id, profile_id, recommendation_type, score FROM {P}recommendation_log ORDER BY rec_id"
    ):
        if rec_id in evidence and evidence[rec_id][0] == run_id:
            _, item, place = evidence[rec_id]
            assert (points, name) == (place.score, item.recommendation_type)
            found[profile_id][name].append(place)
    return found


def deliveries(db):
    evidence = explained(db)
    rows = db.execute(
        f"SELECT delivery_id, profile_id, rec_id, delivered_at, status, reversal_of"
        f" FROM {P}delivery JOIN {P}recommendation_log USING (rec_id)"
    )
    return [
        Delivery(number, profile_id, evidence[rec_id][1], *rest)
        for number, profile_id, rec_id, *rest in rows
        # Of what another program recommended nobody knows what it was.
        if rec_id in evidence
    ]


def feedback(db):
    return [Feedback(*row) for row in db.execute(f"SELECT * FROM {P}feedback")]


def night_of(path, **options):
    """Score path once; the items it saw, what was logged and what the oracle says, customer by customer."""
    with closing(sqlite3.connect(path)) as db:
        past = deliveries(db), feedback(db)
    summary = score(path, **options)
    with closing(sqlite3.connect(path)) as db:
        run_id, model, as_of, top_k = db.execute(
            f"SELECT run_id, model_json, as_of, top_k FROM {P}run ORDER BY run_id DESC"
        ).fetchone()
        items = items_seen(db, run_id)
        preferences = dict(db.execute(f"SELECT profile_id, preference_json FROM {P}profile"))
        unserved = {
            profile_id: (cohort_id is None, reason)
            for profile_id, cohort_id, reason in db.execute(
                f"SELECT profile_id, cohort_id, reason FROM {P}unserved WHERE run_id = ?", (run_id,)
            )
        }
        found = logged(db, run_id, preferences), {
            profile_id for profile_id, (is_unscored, _) in unserved.items() if is_unscored
        }
    tonight = items, preferences, json.loads(model), as_of, top_k
    served, refused = oracle.recommendations(*tonight, *past)
    lists = [places for by_type in served.values() for places in by_type.values()]
    assert summary["logged"] == sum(map(len, lists))
    # Who gets nothing got it before, or would get nothing anyway.
    offered, _ = oracle.recommendations(*tonight)
    reasons = {
        profile_id: NOTHING_NEW if any(offered[profile_id].values()) else None
        for profile_id, by_type in served.items()
        if not any(by_type.values())
    }
    assert reasons == {
        profile_id: reason
        for profile_id, (is_unscored, reason) in unserved.items()
        if not is_unscored
    }
    without = {profile_id: {name: [] for name in oracle.TYPES} for profile_id in refused}
    return items, found, (served | without, refused)


def scored_night(folder, items, texts, *, model=oracle.MODEL, as_of=AS_OF, top_k=10, tables=""):
    """The database of a night of these items, and of tables; customers are 1, 2 and so on, saved searches nobody's."""
    path = folder / "night.db"
    path.unlink(missing_ok=True)
    migrated(path)
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    db.execute(f"CREATE TABLE house_list ({FACTS})")
    db.executescript(tables)
    add_customers(db, texts)
    list_items(db, items)
    (folder / "catalogue.sql").write_text(CATALOGUE, encoding="utf-8")
    write_model(folder, model)
    run_night(db, as_of=as_of, top_k=top_k)
    return db


def write_model(folder, model):
    """Nights of scored_night() are decided from now on by the packaged model without its later rules, or with these."""
    text = json.dumps(old(load_model().constants) | model)
    (folder / "model.json").write_text(text, encoding="utf-8")


def list_items(db, items):
    db.executemany(
        f"INSERT INTO house_list({FACTS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [[getattr(item, name) for name in FACTS.split(", ")] for item in items],
    )


def run_night(db, **options):
    """Score the file of scored_night() once more."""
    path = Path(db.execute("PRAGMA database_list").fetchone()[2])
    files = {"catalogue": path.with_name("catalogue.sql"), "model": path.with_name("model.json")}
    return score(path, **files, **options)


def night_after(db, days, top_k=10):
    as_of = (date.fromisoformat(AS_OF) + timedelta(days)).isoformat()
    return run_night(db, as_of=as_of, top_k=top_k, any_date=True)


def programs_of(db, profile_id, run_id):
    """Ids of the programs that the customer got in the run, in the order of the log."""
    evidence = explained(db)
    rows = db.execute(
        f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = ? AND recommendation_type = 'program'"
        " ORDER BY 1",
        (profile_id,),
    )
    found = [evidence[rec_id] for (rec_id,) in rows]
    return [item.item_id for of_run, item, _ in found if of_run == run_id]


def handed_over(db, profile_id, *item_ids, at=f"{AS_OF}T03:00:00.000Z", status=200):
    """Deliver these of the items that the customer was recommended last; returns the numbers of the deliveries."""
    numbers = []
    for item_id in item_ids:
        rows = db.execute(
            f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = ? ORDER BY 1",
            (profile_id,),
        )
        evidence = explained(db)
        *_, last = [
            rec_id
            for (rec_id,) in rows.fetchall()
            if rec_id in evidence and evidence[rec_id][1].item_id == item_id
        ]
        slot = f"issue-{db.execute(f'SELECT count(*) FROM {P}delivery').fetchone()[0]}"
        # Whatever the time: another program writes what it likes.
        key = delivery_key(last, "rest", slot)
        insert_deliveries(db, [(key, last, "rest", slot, at, status, 3, None, None)])
        numbers.append(known_deliveries(db, [key])[key].delivery_id)
    return numbers
