"""Five programs, three changes of them and three customers, small enough to work every list out by hand."""

import json
import sqlite3
from contextlib import closing
from hashlib import sha256

from sqlite_utils_personalization import migrate

NIGHT, NEXT, LATER = "2026-04-01", "2026-04-02", "2026-04-03"
# Nationwide, of no known industry, closing on one day, and of tier A, which is a low risk: to whoever declared nothing
# but a risk all have the same points, so that ids decide the order. The last has the id of an industry pack.
PROGRAMS = {
    "A-1": "町工場の省エネ設備更新補助",
    "A-2": "商店街の防犯カメラ設置費補助",
    "A-3": "事業所の見守り機器導入支援",
    "A-4": "若手社員の資格取得支援金",
    "pack_construction": "空き店舗を活かす創業支援金",
}
CLOSES = "2026-09-30"
CHANGED = ("A-1", "A-3", "pack_construction")
# Whose API keys are 'key-1' and so on; the first two declared the same.
DECLARED = ({"risk_tolerance": "low"}, {"risk_tolerance": "low"}, {"risk_tolerance": "medium"})
ONE, TWO, THREE = (sha256(f"key-{number}".encode()).hexdigest() for number in (1, 2, 3))

_OFFERED = """
SELECT coalesce(json_extract(c.why, '$.program'), c.item_id)
FROM am_personalization_recommendation_log l
JOIN am_personalization_evidence e ON l.rec_id BETWEEN e.first_rec_id AND e.first_rec_id + e.n - 1
JOIN am_personalization_list t USING (list_id)
JOIN am_personalization_run r USING (run_id)
JOIN am_personalization_decision d ON d.list_id = e.list_id AND d.seq = e.first_seq + l.rec_id - e.first_rec_id
JOIN am_personalization_candidate c USING (candidate_id)
WHERE l.profile_id = ? AND r.as_of = ? AND l.recommendation_type = ? ORDER BY l.rec_id
"""


def build(path):
    """The database, not scored yet."""
    migrate(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE programs (unified_id TEXT PRIMARY KEY, primary_name TEXT, prefecture TEXT, tier TEXT,"
            " excluded INTEGER DEFAULT 0, application_window_json TEXT)"
        )
        for item_id, title in PROGRAMS.items():
            program = (item_id, title, "A", _window(CLOSES))
            db.execute(
                "INSERT INTO programs(unified_id, primary_name, tier, application_window_json) VALUES (?, ?, ?, ?)",
                program,
            )
        db.execute(
            "CREATE TABLE am_amendment_diff (diff_id INTEGER PRIMARY KEY, entity_id TEXT, field_name TEXT,"
            " prev_value TEXT, new_value TEXT, detected_at TEXT)"
        )
        for item_id in CHANGED:
            change = (item_id, "amount_max_yen", "1000000", "2000000", "2026-03-31T09:00:00+09:00")
            db.execute("INSERT INTO am_amendment_diff VALUES (NULL, ?, ?, ?, ?, ?)", change)
        db.execute(
            "CREATE TABLE saved_searches (id TEXT PRIMARY KEY, api_key_hash TEXT, query_json TEXT)"
        )
        for number, customer in enumerate((ONE, TWO), 1):
            search = (f"search-{number}", customer, json.dumps({"q": ""}))
            db.execute("INSERT INTO saved_searches VALUES (?, ?, ?)", search)
        for customer, declared in zip((ONE, TWO, THREE), DECLARED, strict=True):
            db.execute(
                "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, ?)",
                (customer, json.dumps(declared)),
            )


def close(path, item_id, day):
    """The program closes on another day from now on."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "UPDATE programs SET application_window_json = ? WHERE unified_id = ?",
            (_window(day), item_id),
        )


def _window(day):
    return json.dumps({"start_date": "2026-03-01", "end_date": day})


def offered(db, profile_id, night, kind="program"):
    """What the customer was recommended that night, in order; of a change, which program it is of."""
    return [item_id for (item_id,) in db.execute(_OFFERED, (profile_id, night, kind))]
