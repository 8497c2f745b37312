"""Writes the corpus anew, which until the first release happens on purpose: python tests/corpus/rebuild.py

The nights of the example are of before there were rules for lists, and before runs wrote down how many rows had which
score, and counted what was open; those with repeats cross the change. Those with measures were not held against the
night before yet.
"""

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

import sqlite_utils

from sqlite_utils_personalization import migrate, score
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.customer import key_hash
from sqlite_utils_personalization.preferences.feedback import give_feedback
from sqlite_utils_personalization.scoring import run_digest

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
from strategies import old  # noqa: E402


def outcome_of_before(db, places, *_):
    counts = run_digest._counts(db, places, "1")
    for of_type in counts.values():
        del of_type["scores"]
    left_out = run_digest._left_out(db, is_of_before=True)
    return {"counts_json": canonical_json(counts), "left_out_json": canonical_json(left_out)}


def other_row(path, profile_id, points):
    """What another program logs."""
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
            " VALUES (?, 'program', ?)",
            (profile_id, points),
        )


def write(path, name):
    past = path.with_name(f"{name}.db")
    snapshot(path, past)
    with sqlite_utils.Database(past) as db:
        (HERE / f"{name}.sql").write_text("\n".join(db.iterdump()) + "\n", encoding="utf-8")


def example(folder):
    path = folder / "jpcite.db"
    build(path)
    model = old_model(folder)
    of_today, run_digest.outcome = run_digest.outcome, outcome_of_before
    other_row(path, 8, 7)
    score(path, as_of=AS_OF, model=model)
    other_row(path, 1, 50)
    score(path, as_of="2026-04-12", top_k=2, model=model)
    other_row(path, 2, 0)
    score(path, as_of="2026-04-12", top_k=2, again=True, model=model)
    run_digest.outcome = of_today
    write(path, "0.1a0-example")


def old_model(folder):
    path = folder / "old.json"
    path.write_text(json.dumps(old(load_model().constants), ensure_ascii=False), encoding="utf-8")
    return path


def repeats(folder):
    path = folder / "repeats.db"
    build(path)
    score(path, as_of=AS_OF, top_k=3, model=old_model(folder))
    with sqlite_utils.Database(path) as db:
        rows = [
            row for (row,) in db.execute("SELECT rec_id FROM am_personalization_recommendation_log")
        ]
        times = {"slot": AS_OF, "delivered_at": f"{AS_OF}T03:00:00Z"}
        record_deliveries(db.conn, rows[::3], channel="rest", **times)
        one, two = (key_hash(f"example-key-{number}".encode()) for number in (1, 2))
        give_feedback(db.conn, one, "program", "EX-104", "dismissed")
        give_feedback(db.conn, two, "program", "EXjg0000000000003A", "interested")
    for as_of in ("2026-04-02", "2026-04-03"):
        score(path, as_of=as_of, top_k=3)
    write(path, "0.1a0-repeats")


def measured(folder):
    path = folder / "measured.db"
    migrate(path)
    with sqlite_utils.Database(path) as db:
        items = [
            ("E", "設備の補助金", None),
            ("F", "店舗の補助金", "東京都"),
            ("G", "人材の補助金", None),
        ]
        db["programs"].insert_all(
            {"unified_id": item, "primary_name": name, "prefecture": place, "tier": "S"}
            for item, name, place in items
        )
        db["am_personalization_profile"].insert_all(
            {"user_token_hash": digit * 64, "preference_json": text}
            for digit, text in (
                ("1", '{"prefecture":"東京都"}'),
                ("2", '{"risk_tolerance":"low"}'),
                ("3", '{"risk_tolerance":"low"}'),
            )
        )
    of_today, run_digest.repeats = run_digest.repeats, lambda *_: {}
    score(path, as_of=AS_OF, top_k=2)
    with sqlite_utils.Database(path) as db:
        record_deliveries(db.conn, [1], channel="rest", slot=AS_OF, delivered_at=f"{AS_OF}T03:00Z")
    for as_of, again in (("2026-04-02", False), ("2026-04-02", True), ("2026-04-04", False)):
        score(path, as_of=as_of, top_k=2, again=again)
    run_digest.repeats = of_today
    write(path, "0.1a0-measures")


def nothing_listed(folder):
    path = folder / "bare.db"
    migrate(path)
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, ?)",
            [
                (digit * 64, text)
                for digit, text in (
                    ("1", "{}"),
                    ("2", '{"industry_pack":"D"}'),
                    ("3", '{"risk_tolerance":"low","deadline_horizon_days":30}'),
                    ("4", '{"risk_tolerance":"high"}'),
                    ("5", '{"prefecture":"東京都","industry_pack":"E"}'),
                )
            ],
        )
    for as_of in ("2026-03-31", AS_OF):
        score(path, as_of=as_of)
    write(path, "0.1a0-nothing-listed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        example(Path(name))
        repeats(Path(name))
        measured(Path(name))
        nothing_listed(Path(name))
    sys.exit(0)
