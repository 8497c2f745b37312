"""Who looked at which customer: kept where the operator asks for it, append-only, for whom may see it."""

import sqlite3
import stat

import pytest
import yaml

pytest.importorskip("datasette")

from datasette.utils import StartupError
from viewer_fixtures import METADATA, root, serve, shared_database

from sqlite_utils_personalization.evidence.merkle import leaf_hash
from sqlite_utils_personalization.evidence.merkle import root as tree_root
from sqlite_utils_personalization.viewer.access.log import _leaf, read_setting

HOME = "/-/personalization"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return shared_database(tmp_path_factory.mktemp("access") / "jpcite.db")


async def with_log(path, file, **more):
    """Datasette on path with the setting, which 0.65 has in its metadata as 1.0 in its configuration."""
    plugin = {"sqlite-utils-personalization": {"access_log": {"file": str(file), **more}}}
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    return await serve(path, metadata={**metadata, "plugins": plugin})


async def served(shared, tmp_path, **more):
    return await with_log(shared, tmp_path / "access.db", **more)


def entries(tmp_path):
    db = sqlite3.connect(tmp_path / "access.db")
    rows = db.execute("SELECT actor, route, profile_id, reason FROM access").fetchall()
    db.close()
    return rows


@pytest.mark.asyncio
async def test_each_page_and_json_answer_about_a_customer_is_kept(shared, tmp_path):
    datasette = await served(shared, tmp_path)
    for path in ("/customer/1", "/customer/1.json", "/replay/1", "/night/1", ""):
        await datasette.client.get(f"{HOME}{path}", cookies=root(datasette))
    await datasette.client.get("/jpcite/customer_recommendations.json?customer=1")
    await datasette.client.get("/jpcite/am_personalization_profile.json")

    assert entries(tmp_path) == [
        ("root", f"{HOME}/customer/1", 1, None),
        ("root", f"{HOME}/customer/1.json", 1, None),
        ("root", f"{HOME}/replay/1", 1, None),
        (None, "/jpcite/customer_recommendations.json", 1, None),
        (None, "/jpcite/am_personalization_profile.json", None, None),
    ]
    before = shared.read_bytes()
    await datasette.client.get(f"{HOME}/customer/2")
    assert shared.read_bytes() == before
    assert stat.S_IMODE((tmp_path / "access.db").stat().st_mode) == 0o600


@pytest.mark.asyncio
async def test_a_reason_is_asked_for_and_kept_for_the_session(shared, tmp_path):
    datasette = await served(shared, tmp_path, reason=True)
    refused = await datasette.client.get(f"{HOME}/customer/1")
    assert refused.status_code == 400
    assert 'name="reason"' in refused.text
    assert (
        await datasette.client.get("/jpcite/am_personalization_profile.json")
    ).status_code == 400
    assert (await datasette.client.get(HOME)).status_code == 200
    said = await datasette.client.get(f"{HOME}/customer/1?reason=complaint+17")
    assert said.status_code == 200
    kept = {"pa_reason": said.cookies["pa_reason"]}
    assert (await datasette.client.get(f"{HOME}/customer/2", cookies=kept)).status_code == 200
    assert [(row[2], row[3]) for row in entries(tmp_path)] == [
        (1, "complaint 17"),
        (2, "complaint 17"),
    ]


@pytest.mark.asyncio
async def test_only_who_may_sees_the_entries(shared, tmp_path):
    datasette = await served(shared, tmp_path)
    await datasette.client.get(f"{HOME}/customer/1")
    assert (await datasette.client.get(f"{HOME}/access")).status_code == 403
    seen = await datasette.client.get(f"{HOME}/access.json", cookies=root(datasette))
    assert seen.json()["total"] == 1
    assert (await (await serve(shared)).client.get(f"{HOME}/access")).status_code == 404


@pytest.mark.asyncio
async def test_entries_are_append_only_and_a_change_shows(shared, tmp_path):
    datasette = await served(shared, tmp_path)
    for number in range(1, 8):
        await datasette.client.get(f"{HOME}/customer/{number}")
    db = sqlite3.connect(tmp_path / "access.db", isolation_level=None)
    columns = "access_id, at, actor, database, route, profile_id, reason"
    rows = db.execute(f"SELECT {columns} FROM access").fetchall()
    (last,) = db.execute("SELECT tree_root FROM access WHERE access_id = 7").fetchone()
    # By RFC 6962 over all of them at once.
    assert last == tree_root(leaf_hash(_leaf(row)) for row in rows).hex()
    for sql in (
        "UPDATE access SET profile_id = 9",
        "DELETE FROM access",
        "INSERT OR REPLACE INTO access SELECT * FROM access WHERE access_id = 3",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(sql)
    db.execute("DROP TRIGGER access_no_update")
    db.execute("UPDATE access SET profile_id = 9 WHERE access_id = 3")
    db.close()
    seen = await datasette.client.get(f"{HOME}/access.json", cookies=root(datasette))
    assert seen.json()["fault"] == "entry 3 is not the one that was written"


@pytest.mark.parametrize(
    "given",
    [1, [], {}, {"file": ""}, {"file": 1}, {"file": "a", "reason": 1}, {"file": "a", "x": 1}],
)
def test_a_setting_that_cannot_be_is_said(given):
    with pytest.raises(Exception, match="access_log"):
        read_setting(given)


@pytest.mark.asyncio
async def test_what_is_audited_is_never_written(shared, tmp_path):
    with pytest.raises(StartupError, match="never written"):
        await with_log(shared, shared)
    with pytest.raises(StartupError, match="cannot be written"):
        await with_log(shared, tmp_path / "no" / "access.db")
