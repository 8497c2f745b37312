"""A folder with the example database and every file that a command of the documentation names."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from sqlite_utils_personalization.clock import japan_day
from sqlite_utils_personalization.preferences.customer import key_hash

_KEY = "example-key-{}"
# Of the example's eight customers, of two that keys are changed to, and of one who has declared nothing yet.
_KEYS = 11
_SECRET = ("key.txt", "auth.txt", "keys.txt", "new-key.txt", "other-key.txt")
# So that the programs of my_programs.csv are open on the day on which it is tried.
_CLOSES_IN_DAYS = (30, 60, 120)
_PROGRAMS = """\
id,name,fields,area,starts,deadline
1,試作開発の補助,E,愛知県,,{0}
2,店舗のバリアフリー改修,I/M,東京都,,{1}
3,研修費用の助成,any,nationwide,,{2}
4,随時相談の窓口,any,nationwide,,
"""
SELECT = """\
SELECT 'program' AS recommendation_type, id AS item_id, name AS title, fields AS industries, area AS prefectures,
    starts AS opens_on, deadline AS closes_on, NULL AS risk_level
FROM my_programs
"""
_API = """\
databases:
  jpcite:
    allow: {id: root}
plugins:
  sqlite-utils-personalization:
    customer_api: jpcite
    customer_keys: {table: customer_keys, column: key_hash}
"""
_ENVELOPE = (
    '{"_disclaimer": "本情報は助言ではありません。", "_billing_unit": true, "source_url": true}\n'
)


def add_tour(folder: Path, database: str) -> None:
    """Write the files into folder, where the example database called database is, and give its customers keys."""
    with closing(sqlite3.connect(folder / database)) as db, db:
        db.execute("CREATE TABLE customer_keys (key_hash TEXT PRIMARY KEY, revoked_at TEXT)")
        db.executemany(
            "INSERT INTO customer_keys VALUES (?, NULL)",
            [(key_hash(_KEY.format(n).encode()),) for n in range(1, _KEYS + 1)],
        )
    for name, text in _texts().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        if name in _SECRET:
            path.chmod(0o600)


def _texts() -> dict[str, str]:
    today = date.fromisoformat(japan_day())
    closing_days = [str(today + timedelta(days)) for days in _CLOSES_IN_DAYS]
    declared = [
        {"industry_pack": "E", "deadline_horizon_days": 180, "prefecture": "愛知県"},
        {"industry_pack": "M", "risk_tolerance": "low"},
    ]
    customers = [
        {"user_token_hash": key_hash(_KEY.format(n).encode()), "preferences": one}
        for n, one in enumerate(declared, 1)
    ]
    package = files("sqlite_utils_personalization")
    # A week's notice is kept instead of two, to see what that would change.
    model = json.loads(package.joinpath("model").joinpath("model.json").read_text(encoding="utf-8"))
    model["lead_days"] = {"program": 7, "amendment": 4}
    return {
        "key.txt": _line(_KEY.format(1)),
        "auth.txt": _line(f"Authorization: Bearer {_KEY.format(11)}"),
        "keys.txt": _line(_KEY.format(2)) + _line(_KEY.format(9)),
        "new-key.txt": _line(_KEY.format(10)),
        "other-key.txt": _line(_KEY.format(4)),
        "hash.txt": _line(key_hash(_KEY.format(3).encode())),
        "changes.json": '{"risk_tolerance": "medium", "deadline_horizon_days": null}\n',
        "customers.ndjson": _lines(customers),
        "facts.jsonl": _lines(
            [{"rec_id": n, "channel": "digest", "slot": "issue-1"} for n in (3, 4)]
        ),
        "export.csv": "identifier,value,timestamp,event_name\n",
        "lines.csv": "identifier,amount,currency\n",
        "sent.jsonl": "",
        "answer.json": _lines(
            [{"result": [{"id": "a0W0000000000001", "name": "研究開発の補助金"}]}]
        ),
        "my_programs.csv": _PROGRAMS.format(*closing_days),
        "own.sql": SELECT,
        "new.json": json.dumps(model, ensure_ascii=False, indent=2) + "\n",
        "api.yml": _API,
        "envelope.json": _ENVELOPE,
        "verify_receipt.py": package.joinpath("verify_receipt.py").read_text(encoding="utf-8"),
    }


def _line(text: str) -> str:
    return f"{text}\n"


def _lines(rows: list[dict[str, object]]) -> str:
    return "".join(_line(json.dumps(row, ensure_ascii=False)) for row in rows)
