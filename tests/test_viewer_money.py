"""The page of a month's money, and of each class of it, say what the reconciliation says, in both languages."""

import sqlite3
from contextlib import closing
from html import unescape

import pytest

pytest.importorskip("datasette")

from reconciled import CASES, empty, files, plant
from viewer_fixtures import serve

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES, EXPLAINED
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows
from sqlite_utils_personalization.billing.reconcile.result import keep
from sqlite_utils_personalization.language import message_of, speaking
from sqlite_utils_personalization.viewer.pages.money import class_meaning, class_name


@pytest.fixture
def served(db_path, tmp_path):
    """July with every case, kept: a function that gets one of its pages, the reconciliation, and every row of it."""
    path = tmp_path / "kept.db"
    with closing(empty(db_path)) as db, closing(sqlite3.connect(path)) as copy:
        found = reconcile(db, "2026-07", **files(tmp_path, *plant(db, CASES)))
        every = [*rows(db)]
        keep(db, found, every)
        db.backup(copy)

    async def get(address, language="en"):
        datasette = await serve(path)
        return await datasette.client.get(
            f"/-/personalization/money/2026-07{address}", headers={"Accept-Language": language}
        )

    return get, found, every


@pytest.mark.asyncio
async def test_the_month_has_every_class_by_its_name_with_its_rows_and_yen(served):
    get, found, _ = served
    data = (await get(".json")).json()
    classes = {one["class"]: one for one in data["reconciliation"]["classes"]}
    assert {
        kind: (one["rows"], one["owed_yen"], one["metered_yen"], one["invoiced_yen"])
        for kind, one in classes.items()
    } == found.totals
    text, japanese = (await get("")).text, (await get("", "ja")).text
    for kind, one in classes.items():
        assert one["difference_yen"] == one["metered_yen"] - one["owed_yen"]
        assert class_name(kind) == kind.capitalize()
        with speaking("ja"):
            assert not class_name(kind).isascii()
            assert class_name(kind) in japanese
            assert not class_meaning(kind).isascii()
        assert class_name(kind) in text
        assert class_meaning(kind) in unescape(text)
    total = data["reconciliation"]["total"]
    assert total["rows"] == sum(rows for rows, *_ in found.totals.values()) == len(CASES)
    assert total["unexplained_rows"] == sum(
        one["rows"] for kind, one in classes.items() if kind not in EXPLAINED
    )
    assert class_name("of a later version") == "of a later version"
    assert class_meaning("of a later version") == ""


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", CLASSES)
async def test_the_rows_of_a_class_are_on_its_page_and_lead_to_their_replay(served, kind):
    get, _, every = served
    address = f"/{kind.replace(' ', '-')}"
    data = (await get(f"{address}.json")).json()
    expected = [row for row in every if row.kind == kind and kind != "matched"]
    assert [row["rec_id"] for row in data["reconciled"]] == [row.rec_id for row in expected]
    assert [row["reason"] for row in data["reconciled"]] == [row.because for row in expected]
    page = await get(address)
    assert page.status_code == 200
    japanese = (await get(address, "ja")).text
    for row in data["reconciled"]:
        leads_on = f'href="/-/personalization/replay/{row["rec_id"]}"' in page.text
        assert leads_on is (row["profile_id"] is not None)
        with speaking("ja"):
            assert message_of(row["reason"]) in unescape(japanese)
            assert not message_of(row["reason"]).isascii()
