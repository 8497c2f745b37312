"""Then and now: what the catalogue said that night beside what it says today, and the changes that explain it."""

import json
from contextlib import closing

import pytest
from click.testing import CliRunner
from scored import P, connect, execute, history, in_memory, tamper
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.compare_today import Amendment, ComparedField, compare_today
from sqlite_utils_personalization.audit.replay import replay
from sqlite_utils_personalization.audit.selection import Selection
from sqlite_utils_personalization.audit.snapshot import snapshot
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.model.model import load_model

TODAY = "2026-04-20"


@pytest.fixture
def db():
    with closing(in_memory()) as db:
        yield db


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


def item(db, item_id, kind="program"):
    """The item as the first night stored it."""
    fields = ", ".join(Candidate._fields)
    row = db.execute(
        f"SELECT {fields} FROM {P}candidate WHERE item_id = ? AND recommendation_type = ? ORDER BY candidate_id",
        (item_id, kind),
    ).fetchone()
    return Candidate(*row)


def told(db, item_id, kind="program", **options):
    (found,) = compare_today(db, 1, [item(db, item_id, kind)], today=TODAY, **options)
    return found


def changed(found):
    return [fact for fact in found.facts if fact.changed]


def test_an_item_that_nothing_happened_to_is_unchanged(db):
    found = told(db, "EX-101")
    assert (found.as_of, found.today, found.standing, found.amendments) == (
        "2026-04-01",
        TODAY,
        "unchanged",
        (),
    )
    assert found.facts == (
        ComparedField("title", "町工場の省エネ設備更新補助", "町工場の省エネ設備更新補助", False),
        ComparedField("industries", "unknown", "unknown", False),
        ComparedField("prefectures", "愛知県", "愛知県", False),
        ComparedField("opens_on", "2026-03-01", "2026-03-01", False),
        ComparedField("closes_on", "2026-05-20", "2026-05-20", False),
        ComparedField("risk_level", "low", "low", False),
        ComparedField("why", {"tier": "A"}, {"tier": "A"}, False),
        ComparedField("left_out", None, None, False),
    )


def test_what_changed_is_marked_field_by_field(db):
    db.execute(
        "UPDATE programs SET tier = 'C', prefecture = '岐阜県', primary_name = '工場の農業支援',"
        """ application_window_json = '{"end_date": "2026-06-30"}' WHERE unified_id = 'EX-101'"""
    )
    found = told(db, "EX-101")
    assert found.standing == "changed"
    assert changed(found) == [
        ComparedField("title", "町工場の省エネ設備更新補助", "工場の農業支援", True),
        ComparedField("industries", "unknown", "A", True),
        ComparedField("prefectures", "愛知県", "岐阜県", True),
        ComparedField("opens_on", "2026-03-01", None, True),
        ComparedField("closes_on", "2026-05-20", "2026-06-30", True),
        ComparedField("risk_level", "low", "high", True),
        ComparedField("why", {"tier": "A"}, {"keyword": "農業", "tier": "C"}, True),
    ]


AMENDMENTS = (
    # entity, field, detected at, whether it explains that EXjg0000000000003A closes a month later
    ("EXjg0000000000003A", "close_at", "2026-04-10T09:00:00+09:00", True),
    ("EXjg0000000000003A", "close_at", "2026-03-31 15:00:00", True),  # UTC: 1 April in Japan
    ("EXjg0000000000003A", "acceptance_end_datetime", "2026-04-20", True),
    ("EXjg0000000000003A", "close_at", "2026-03-31T09:00:00+09:00", False),  # before that night
    ("EXjg0000000000003A", "close_at", "2026-04-21T09:00:00+09:00", False),  # after today
    ("EXjg0000000000003A", "close_at", "soon", False),
    ("EXjg0000000000003A", "open_at", "2026-04-10T09:00:00+09:00", False),  # it opens as before
    ("EXjg0000000000003A", "amount_max_yen", "2026-04-10T09:00:00+09:00", False),  # no fact of ours
    ("EXjg0000000000004A", "close_at", "2026-04-10T09:00:00+09:00", False),
)


@pytest.mark.parametrize(("entity", "field", "detected_at", "explains"), AMENDMENTS)
def test_the_amendments_seen_since_that_night_explain_what_changed(
    db, entity, field, detected_at, explains
):
    db.execute(
        "UPDATE jgrants_programs SET close_at = '2026-07-31' WHERE id = 'EXjg0000000000003A'"
    )
    db.execute(
        "INSERT INTO am_amendment_diff VALUES (77, ?, ?, '2026-06-30', '2026-07-31', ?)",
        (entity, field, detected_at),
    )
    found = told(db, "EXjg0000000000003A")
    assert changed(found) == [ComparedField("closes_on", "2026-06-30", "2026-07-31", True)]
    assert [change.diff_id for change in found.amendments] == ["77"] * explains


def test_an_amendment_is_told_with_its_values_and_its_day_in_japan(db):
    db.execute(
        "UPDATE jgrants_programs SET close_at = '2026-07-31' WHERE id = 'EXjg0000000000003A'"
    )
    db.execute(
        "INSERT INTO am_amendment_diff VALUES"
        " (77, 'EXjg0000000000003A', 'close_at', '2026-06-30', '2026-07-31', '2026-04-09T23:00:00Z')"
    )
    expected = (Amendment("77", "2026-04-10", "close_at", "2026-06-30", "2026-07-31"),)
    assert told(db, "EXjg0000000000003A").amendments == expected
    # An amendment that was recommended is explained by those of the program it belongs to.
    assert told(db, "2", "amendment").amendments == expected


def test_an_item_that_a_rule_keeps_out_today_is_told_by_which(db):
    db.execute(
        "UPDATE programs SET primary_name = '【募集終了】省エネ' WHERE unified_id = 'EX-101'"
    )
    db.execute(
        "INSERT INTO am_amendment_diff VALUES"
        " (77, 'EX-101', 'primary_name', '町工場の省エネ設備更新補助', '【募集終了】省エネ', '2026-04-10')"
    )
    found = told(db, "EX-101")
    assert (found.standing, found.facts) == (
        "left out of the catalogue",
        (
            ComparedField("title", "町工場の省エネ設備更新補助", "【募集終了】省エネ", True),
            ComparedField("left_out", None, "closed", True),
        ),
    )
    assert [change.diff_id for change in found.amendments] == ["77"]


def test_a_night_without_constants_for_amendments_is_compared_by_its_own_rule(tmp_path):
    constants = json.loads(load_model().json)
    del constants["amendments"]
    path, model = tmp_path / "jpcite.db", tmp_path / "model.json"
    model.write_text(json.dumps(constants), encoding="utf-8")
    build(path)
    score(path, as_of="2026-04-01", model=model)
    with closing(connect(path)) as db:
        # A change of a name, which today's model does not follow.
        then = item(db, "5", "amendment")
        (found,) = compare_today(db, 1, [then], today="2026-04-02")
    assert then.title == (
        "若手就農者の機械導入支援 名称: 就農者の機械導入支援 → 若手就農者の機械導入支援"
    )
    assert (found.standing, found.facts[0].now) == ("unchanged", then.title)


def test_an_amendment_of_long_ago_is_left_out_today(db):
    (found,) = compare_today(db, 1, [item(db, "2", "amendment")], today="2026-05-20")
    assert (found.standing, found.facts) == (
        "left out of the catalogue",
        (ComparedField("left_out", None, "not seen in the last 30 days", True),),
    )


def test_an_item_that_was_removed_is_no_longer_in_the_catalogue(db):
    db.execute("DELETE FROM programs WHERE unified_id = 'EX-101'")
    db.execute("DROP TABLE am_amendment_diff")
    found = told(db, "EX-101")
    assert (found.standing, found.facts, found.amendments) == ("no longer in the catalogue", (), ())


def test_the_saved_search_of_another_owner_is_not_the_same_item(db):
    search = item(db, "2-1", "saved_search")
    same, other = compare_today(db, 1, [search, search._replace(profile_id=1)], today=TODAY)
    assert (same.standing, other.standing) == ("unchanged", "no longer in the catalogue")


def test_a_copy_of_our_tables_knows_nothing_of_today(path, tmp_path):
    snapshot(path, tmp_path / "audit.db")
    with closing(connect(tmp_path / "audit.db")) as db:
        found = told(db, "EX-101")
        assert (found.standing, found.facts) == ("not known here", ())
        pack = compare_today(db, 1, [item(db, "pack_construction", "industry_pack")], today=TODAY)
        assert pack[0].standing == "not known here"


def test_where_nothing_was_ever_listed_the_wildcard_is_what_it_was(db_path, add_profile):
    add_profile(db_path, 1, {"industry_pack": "D"})
    score(db_path, as_of="2026-04-01")
    with closing(connect(db_path)) as db:
        assert told(db, "*").standing == "unchanged"


def test_of_rows_that_share_an_id_the_one_in_the_catalogue_counts(db):
    db.execute("UPDATE programs SET excluded = 1 WHERE unified_id = 'EX-101'")
    db.execute(
        "INSERT INTO jgrants_programs(id, name, close_at) VALUES ('EX-101', '町工場の補助', '2026-05-20')"
    )
    assert changed(told(db, "EX-101"))[0] == ComparedField(
        "title", "町工場の省エネ設備更新補助", "町工場の補助", True
    )


def test_today_is_read_with_the_model_of_that_night(path, tmp_path):
    with closing(connect(path)) as db:
        model = json.loads(db.execute(f"SELECT model_json FROM {P}run").fetchone()[0])
    model["tiers"] |= {"A": "high"}
    (tmp_path / "model.json").write_text(json.dumps(model), encoding="utf-8")
    score(path, as_of="2026-04-03", model=tmp_path / "model.json")
    with closing(connect(path)) as db:
        then = item(db, "EX-101")
        (found,) = compare_today(db, 3, [then._replace(risk_level="high")], today=TODAY)
        assert (found.as_of, found.standing) == ("2026-04-03", "unchanged")
        (found,) = compare_today(db, 1, [then], today=TODAY)
        assert found.standing == "unchanged"


def test_a_model_that_was_changed_is_not_read(db, refuses):
    then = item(db, "EX-101")
    tamper(db, f"UPDATE {P}run SET model_json = replace(model_json, '90', '91') WHERE run_id = 1")
    with refuses("the model of run 1 has changed - run personalization-verify"):
        compare_today(db, 1, [then], today=TODAY)


def test_an_item_of_the_users_own_select_is_found_if_it_is_named_again(path, tmp_path):
    own = tmp_path / "own.sql"
    own.write_text(
        "SELECT 'program' AS recommendation_type, 'OWN' AS item_id, '自社の助成' AS title",
        encoding="utf-8",
    )
    score(path, as_of="2026-04-03", catalogue=own)
    with closing(connect(path)) as db:
        assert told(db, "OWN").standing == "no longer in the catalogue"
        assert told(db, "OWN", catalogue=own).standing == "unchanged"


def test_many_items_are_held_against_one_reading(db):
    found = [one for one in replay(db, Selection(run_id=1), below_cut=False) if one.found]
    items = [one.found.candidate for one in found]
    together = compare_today(db, 1, items, today=TODAY)
    assert together == [compare_today(db, 1, [one], today=TODAY)[0] for one in items]


def run(*arguments):
    return CliRunner().invoke(cli, ["personalization-replay", *map(str, arguments)])


@pytest.fixture
def changing(path):
    """Row 8, EX-101 for customer 2, closes later than it did that night."""
    execute(
        path,
        """UPDATE programs SET application_window_json = '{"start_date": "2026-03-01", "end_date": "2026-06-30"}'"""
        " WHERE unified_id = 'EX-101'",
        "INSERT INTO am_amendment_diff VALUES (77, 'EX-101', 'application_window_json', '{}', NULL, '2026-04-10')",
    )
    with closing(connect(path)) as db:
        (row,) = db.execute(
            "SELECT min(rec_id) FROM v_personalization_replay WHERE item_id = 'EX-101'"
        ).fetchone()
    return path, row


def test_the_command_shows_today_under_the_row(changing):
    path, row = changing
    result = run(path, row, "--now")
    assert result.exit_code == 0
    today, *lines = result.stdout.splitlines()[-4:-1]
    assert today.startswith("    today     20")
    assert today.endswith(": changed")
    assert lines == [
        "              closes_on: 2026-05-20 -> 2026-06-30",
        "              amendment 77, seen 2026-04-10: application_window_json {} -> none",
    ]


def test_the_command_says_it_in_json_too_and_null_for_rows_without_evidence(changing):
    path, row = changing
    other, mine = json.loads(run(path, 1, row, "--now", "--json").stdout)
    assert other["now"] is None
    assert (mine["now"]["standing"], mine["now"]["amendments"]) == (
        "changed",
        [
            {
                "diff_id": "77",
                "detected_on": "2026-04-10",
                "field_name": "application_window_json",
                "prev_value": "{}",
                "new_value": None,
            }
        ],
    )
    assert mine["now"]["changed"] == {"closes_on": {"before": "2026-05-20", "after": "2026-06-30"}}
    assert json.loads(run(path, row, "--json").stdout)[0]["now"] is None
