"""Pages about items of a file in which anything may stand anywhere: they say something, and never break."""

import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("datasette")

from viewer_fixtures import serve, shared_database

HOME = "/-/personalization"
FORGED = ("x'ff00fe'", "7", "'<b>forged</b>'", "NULL")

COLUMNS = (
    "title",
    "industries",
    "prefectures",
    "opens_on",
    "closes_on",
    "risk_level",
    "why",
    "left_out",
    "rolling",
    "family_name",
    "profile_id",
    "recommendation_type",
)
ADDRESSES = (
    "item/program/EX-104",
    "item/program/EX-104?now=on",
    "search?q=補助金",
    "search?q=1",
    "why-not?customer=1&item=EX-105&nearest=on",
    "why-not?customer=1&item=補助金",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("forged") / "jpcite.db")


def forge(path, table, column, value):
    """Put the value into every row, where the table lets anything in at all."""
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("PRAGMA writable_schema = 1")
        db.execute(
            "UPDATE sqlite_master SET sql = replace(replace(sql, ' NOT NULL', ''), ' CHECK (', ' CHECK (1 OR ')"
            " WHERE type = 'table' AND name = ?",
            (table,),
        )
        db.execute("PRAGMA writable_schema = 0")
        db.commit()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute(f"UPDATE {table} SET {column} = {value}")
        db.commit()


async def statuses(path):
    datasette = await serve(path)
    found = {}
    for address in ADDRESSES:
        for suffix in ("", ".json"):
            name, question, query = address.partition("?")
            response = await datasette.client.get(f"{HOME}/{name}{suffix}{question}{query}")
            found[f"{address} {suffix}"] = response.status_code
            assert "<b>forged</b>" not in response.text or suffix
    return found


@pytest.mark.asyncio
@pytest.mark.sampled(3)
@pytest.mark.parametrize("column", COLUMNS)
async def test_whatever_stands_in_an_item_is_shown_or_said_to_be_unreadable(
    shared, tmp_path, column
):
    for number, value in enumerate(FORGED):
        path = tmp_path / str(number) / "jpcite.db"
        path.parent.mkdir()
        path.write_bytes(shared.read_bytes())
        forge(path, "am_personalization_candidate", column, value)
        broken = {
            at: status
            for at, status in (await statuses(path)).items()
            if status not in (200, 404, 409)
        }
        assert broken == {}, value


@pytest.mark.asyncio
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("run", "as_of"),
        ("run", "top_k"),
        ("run", "profiles"),
        ("run_progress", "first_rec_id"),
        ("decision", "score"),
        ("evidence", "n"),
        ("cohort", "industries"),
        ("cohort", "horizon_days"),
        ("recommendation_log", "score"),
        ("recommendation_log", "recommendation_type"),
        ("profile", "user_token_hash"),
        ("seal", "tree_root"),
    ],
)
async def test_whatever_stands_in_a_night_is_shown_or_said_to_be_unreadable(
    shared, tmp_path, table, column
):
    for number, value in enumerate(FORGED):
        path = tmp_path / str(number) / "jpcite.db"
        path.parent.mkdir()
        path.write_bytes(shared.read_bytes())
        try:
            forge(path, f"am_personalization_{table}", column, value)
        except sqlite3.IntegrityError:
            continue
        broken = {
            at: status
            for at, status in (await statuses(path)).items()
            if status not in (200, 404, 409)
        }
        assert broken == {}, value
