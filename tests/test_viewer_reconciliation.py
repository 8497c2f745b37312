"""A kept reconciliation answers in Datasette, class by class and page by page, and every row leads to its replay."""

import pytest
from click.testing import CliRunner
from delivered import connect
from reconciled import CASES, Case, empty, files, plant

from sqlite_utils_personalization.billing.reconcile.classes import CLASSES
from sqlite_utils_personalization.billing.reconcile.reconcile import reconcile
from sqlite_utils_personalization.billing.reconcile.reconcile import reconciled_rows as rows
from sqlite_utils_personalization.billing.reconcile.result import ReconciledRow, keep
from sqlite_utils_personalization.commands.reconcile import reconcile as command
from sqlite_utils_personalization.viewer.queries.queries import questions

QUESTIONS = {question.name: question for question in questions()}


def ask(db, name, **given):
    """The rows Datasette shows, as dictionaries."""
    form = {parameter.name: "" for parameter in QUESTIONS[name].parameters}
    cursor = db.execute(QUESTIONS[name].sql, {**form, **given})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


@pytest.fixture
def db(db_path):
    db = empty(db_path)
    yield db
    db.close()


@pytest.fixture
def kept(db, tmp_path):
    """July with every case, kept; found is the reconciliation and every the rows of it."""
    found = reconcile(db, "2026-07", **files(tmp_path, *plant(db, CASES)))
    every = [*rows(db)]
    keep(db, found, every)
    return db, found, every


def test_the_totals_are_those_of_the_reconciliation_in_its_order(kept):
    db, found, _ = kept
    answer = ask(db, "reconciliation", month="2026-07")
    assert [row["class"] for row in answer] == [*CLASSES]
    assert {
        row["class"]: (row["rows"], row["owed_yen"], row["metered_yen"], row["invoiced_yen"])
        for row in answer
    } == found.totals
    assert answer[0]["sources"] == '{"usage_events": "read", "stripe": "read", "invoice": "read"}'


@pytest.mark.parametrize("kind", CLASSES)
def test_the_rows_of_a_class_are_those_of_the_reconciliation(kept, kind):
    db, _, every = kept
    expected = [row for row in every if row.kind == kind and kind != "matched"]
    answer = ask(db, "reconciled_rows", **{"class": f" {kind.title()} "})
    names = [name.replace("because", "reason") for name in ReconciledRow._fields if name != "kind"]
    assert [tuple(row[name] for name in names) for row in answer] == [row[1:] for row in expected]
    assert {row["class"] for row in answer} <= {kind}


@pytest.mark.parametrize("size", (1, 2, 7, 100))
@pytest.mark.parametrize("kind", ("", "wrong amount", "matched"))
def test_pages_together_are_the_whole_answer_each_row_once(kept, size, kind):
    db, _, every = kept
    expected = [row.kind for row in every if row.kind != "matched" and kind in ("", row.kind)]
    after, found = "", []
    while page := ask(db, "reconciled_rows", **{"class": kind}, after=after, size=str(size)):
        assert len(page) <= size
        found += page
        after = str(found[-1]["number"])
    assert [row["class"] for row in found] == expected


def test_the_latest_month_answers_unless_another_is_named(kept):
    db, _, _ = kept
    keep(db, reconcile(db, "2026-08"), rows(db))
    assert {row["month"] for row in ask(db, "reconciliation")} == {"2026-08"}
    assert {row["month"] for row in ask(db, "reconciliation", month=" 2026-07 ")} == {"2026-07"}
    assert {row["month"] for row in ask(db, "reconciled_rows", month="2026-07")} == {"2026-07"}
    assert ask(db, "reconciliation", month="2020-01") == []


def test_keeping_a_month_again_replaces_it_and_no_other(kept):
    db, _, _ = kept
    keep(db, reconcile(db, "2026-08"), rows(db))
    august = ask(db, "reconciliation", month="2026-08")
    db.execute("DELETE FROM usage_events")
    keep(db, reconcile(db, "2026-07"), rows(db))
    kinds = {row["class"] for row in ask(db, "reconciled_rows", month="2026-07")}
    assert kinds == {"orphan", "delivered but not charged", "reversed", "erased"}
    assert ask(db, "reconciliation", month="2026-08") == august


def test_nothing_that_only_usage_events_knows_is_kept(kept):
    db, _, _ = kept
    db.execute("DROP TABLE usage_events")
    db.execute("DELETE FROM am_personalization_profile")
    everything = "\n".join(db.iterdump())
    assert "5ec4e7" not in everything
    assert "v1/personalization" not in everything


def test_without_its_table_nothing_is_kept_and_it_says_what_to_run(db, refuses):
    plant(db, [Case("matched")])
    db.execute("DROP TABLE am_personalization_reconciled")
    with refuses(
        "am_personalization_reconciled not found"
        " - run: sqlite-utils personalization-migrate with the path of the database"
    ):
        keep(db, reconcile(db, "2026-07"), rows(db))
    assert ask(db, "reconciliation") == []


def test_the_command_keeps_only_when_asked(db_path, db):
    plant(db, [Case("matched"), Case("delivered but not charged", (), (), ())])
    target = connect(db_path)
    db.backup(target)
    arguments = [str(db_path), "--month", "2026-07"]
    assert CliRunner().invoke(command, arguments).exit_code == 1
    assert ask(target, "reconciliation") == []
    plain, kept = (CliRunner().invoke(command, [*arguments, *more]) for more in ([], ["--keep"]))
    assert (kept.exit_code, kept.stdout) == (plain.exit_code, plain.stdout)
    assert [(row["rec_id"], row["class"]) for row in ask(target, "reconciled_rows")] == [
        (2, "delivered but not charged")
    ]
    target.close()


@pytest.mark.asyncio
async def test_datasette_answers_in_json_and_links_each_row_to_its_replay(kept, tmp_path):
    pytest.importorskip("datasette")
    from viewer_fixtures import serve

    path = tmp_path / "served" / "jpcite.db"
    path.parent.mkdir()
    target = connect(path)
    kept[0].backup(target)
    target.close()
    datasette = await serve(path)
    url = "/jpcite/reconciled_rows"
    answer = await datasette.client.get(f"{url}.json?_shape=array&class=late")
    numbers = [row["rec_id"] for row in answer.json()]
    assert [CASES[number - 1].kind for number in numbers] == ["late", "late"]
    page = (await datasette.client.get(f"{url}?class=late")).text
    for number in numbers:
        assert f'href="/-/personalization/replay/{number}?database=jpcite"' in page
    assert (await datasette.client.get("/jpcite/usage_events.json")).status_code == 403
