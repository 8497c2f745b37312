"""Whether a night was like those before it: every number of it, held against a count row by row."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import plain_measures
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from nights import P, night_after, scored_night
from oracle import Item
from plain_measures import File
from scored import NIGHTS, example, tamper_behind_the_guards
from sqlite_utils.cli import cli
from test_histories import ACTIONS, PREFERENCES, SETTINGS, START, History

from sqlite_utils_personalization import InvalidInput, NotFound, PersonalizationError, migrate
from sqlite_utils_personalization import report as report_of
from sqlite_utils_personalization.audit.report import values
from sqlite_utils_personalization.audit.report.bands import Band, load_bands
from sqlite_utils_personalization.audit.report.drift import (
    binned,
    pooled,
    population_stability,
)
from sqlite_utils_personalization.audit.report.measure_names import UNITS, every_name, family_of
from sqlite_utils_personalization.audit.report.past_nights import measured, nights, with_repeats
from sqlite_utils_personalization.audit.report.report import against_of, report
from sqlite_utils_personalization.audit.report.sentences import number_of
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.commands.report import sparkline
from sqlite_utils_personalization.language import speaking
from sqlite_utils_personalization.scoring import log

# Of a night that was interrupted, and of a process that dies, test_histories.py has enough.
WITHOUT = ("killed", "vacuumed", "backed up", "dumped", "transformed", "journal mode", "page size")

# Of the same name as another in Tokyo.
TWIN = "INSERT INTO programs VALUES ('E', '農業の機械導入補助金', NULL, 'S');"


def living(folder, actions):
    """The path of a database to which these things happened."""
    path = folder / "jpcite.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(START + TWIN)
    history = History(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "CHUNK_CUSTOMERS", 1)
        for action, value in actions:
            history.happen(action, value)
    return path


def agree(path):
    """Every number that is kept, counted again or reported, against a count row by row."""
    with pytest.MonkeyPatch.context() as patch, closing(sqlite3.connect(path)) as db:
        patch.setattr(values, "LEAST_ROWS", 1)
        file = File(db)
        for run_id in file.seals:
            counts = json.loads(file.runs[run_id]["counts_json"])
            expected = plain_measures.measures(file, run_id, with_due=True)
            expected |= plain_measures.held_against(file, run_id)
            assert counts["measures"] == expected
        order = file.nights()
        found = nights(db, None, 100)
        assert [one.run_id for one in found] == order[::-1]
        for one, before in zip(found, [*found[1:], None], strict=True):
            again = measured(db, replace(one, measures=None, is_kept=False))
            assert again.measures == plain_measures.measures(file, one.run_id, with_due=False)
            if before:
                known = plain_measures.repeats(file, one.run_id, before.run_id, with_due=False)
                assert with_repeats(db, again, before).measures["repeated_rows"] == known
        for run_id in order:
            as_of = file.runs[run_id]["as_of"]
            reported_as(report(db, as_of, against_of("median:14"), load_bands()), file, run_id)
        assert [one for one in verify(db) if one.code != "run-open"] == []


def reported_as(found, file, run_id):
    history, usual = plain_measures.report(file, run_id)
    shown = {one.name: one for one in found.measures}
    assert {name for name, of in history.items() if any(n is not None for n in of)} == {*shown}
    for name, one in shown.items():
        # The index is given to four decimals.
        near = {"abs": 1e-4 if family_of(name) == "score_drift" else 1e-9}
        assert [*map(number, one.nights)] == [
            n if n is None else pytest.approx(n, **near) for n in history[name]
        ]
        assert one.value.number == one.nights[-1]
        if one.usual is not None:
            assert float(one.usual) == pytest.approx(usual[name], **near)
        else:
            known = [n for n in one.nights[:-1] if n is not None]
            assert len(known) < load_bands().least_nights


def number(value):
    return None if value is None else float(value)


# Several customers, and what happens to them and to the catalogue between nights.
histories = st.lists(
    ACTIONS.filter(lambda action: action[0] not in WITHOUT), min_size=4, max_size=12
).map(
    lambda actions: [
        *(("customer", one) for one in PREFERENCES),
        ("saves a search", 3),
        ("night", 0),
        *actions,
        ("night", 1),
        ("night", 1),
    ]
)


@given(actions=histories)
@settings(max_examples=5, **SETTINGS)
def test_every_number_is_that_of_a_count_row_by_row(tmp_path_factory, actions):
    folder = tmp_path_factory.mktemp("lived")
    agree(living(folder, actions))
    shutil.rmtree(folder)


@pytest.mark.slow
@given(actions=histories)
@settings(max_examples=300, **SETTINGS)
def test_every_number_of_three_hundred_histories(tmp_path_factory, actions):
    folder = tmp_path_factory.mktemp("lived")
    agree(living(folder, actions))
    shutil.rmtree(folder)


def test_what_was_repeated_spared_erased_and_scored_again_is_counted(tmp_path):
    """The cases that a random history may miss, in one."""
    actions = (
        *(("customer", one) for one in PREFERENCES),
        *(("saves a search", number) for number in (3, 4, 4)),
        *(("night", 0), ("delivered", (4, 1, 0, 200)), ("feedback", (3, "A", "dismissed"))),
        *(("night", 1), ("again", 0), ("delivered", (4, 1, 0, 200)), ("night", 1)),
        *(("erased", 6), ("another model", "old"), ("night", 1), ("interrupted", 3)),
        *(("erased", 5), ("night", 0), ("withdrawn", "A"), ("another model", "new"), ("night", 2)),
    )
    path = living(tmp_path, actions)
    agree(path)
    with closing(sqlite3.connect(path)) as db:
        file = File(db)
        assert any(one["due_json"] for one in file.unserved)
        kept = [json.loads(one["counts_json"])["measures"] for one in file.runs.values()]
    for name in ("nothing_new", "near_duplicate_lists", "own_area_rows", "nothing_fits"):
        assert any(one[name] for one in kept), name


@pytest.mark.parametrize(
    "actions",
    [
        [("night", 0), ("night", 1)],
        [("customer", "[]"), ("night", 0), ("night", 1)],
        [("customer", "{}"), ("night", 0), ("night", 1)],
        [("customer", PREFERENCES[3]), *(("withdrawn", item) for item in "ABCD"), ("night", 0)],
    ],
    ids=["no customers", "all are rejected", "nothing is declared", "no candidates"],
)
def test_a_night_with_little_in_it_is_counted(tmp_path, actions):
    agree(living(tmp_path, actions))


def test_what_stands_for_a_type_that_nothing_lists_is_no_item(tmp_path):
    path = tmp_path / "jpcite.db"
    migrate(path)
    history = History(path)
    history.customer(PREFERENCES[3])
    history.score()
    history.night(1)
    agree(path)
    with closing(sqlite3.connect(path)) as db:
        kept = json.loads(db.execute(f"SELECT counts_json FROM {P}run").fetchone()[0])["measures"]
    assert (kept["rows"], kept["open_items"], kept["shown_items"], kept["lists"]) == (0, 0, 0, 1)


def test_an_unfinished_night_is_none_of_the_report(tmp_path):
    path = living(
        tmp_path, [*(("customer", PREFERENCES[3]),) * 3, ("night", 0), ("interrupted", 1)]
    )
    assert report_of(path)["as_of"] == "2026-04-01"
    with pytest.raises(NotFound, match="no night of 2026-04-02 is finished"):
        report_of(path, night="2026-04-02")


# By hand


def test_the_index_of_two_nights_worked_by_hand():
    """Two bins hold 150 and 50 rows, then 50 and 150: with half a row more, shares of 150.5/205 and 50.5/205.

    2 * (100 / 205) * ln(150.5 / 50.5) = 0.975610 * 1.091990 = 1.0654.
    """
    now, then = binned({5: 150, 95: 50}), binned({10: 50, 91: 100, 100: 50})
    assert (now, then) == ((150, *(0,) * 8, 50), (50, *(0,) * 8, 150))
    assert population_stability(now, then) == Fraction("1.0654")
    assert population_stability(now, now) == 0
    assert population_stability(now, (0,) * 10) is None
    assert pooled([now, then]) == (200, *(0,) * 8, 200)


def test_of_few_rows_it_is_not_known_how_far_scores_moved(path):
    found = {one["measure"]: one for one in report_of(path, against="previous")["measures"]}
    assert not any(name.startswith("score_drift") for name in found)


def test_lists_worked_by_hand(tmp_path):
    """Two customers in Tokyo, one of whom declares no industry, and eleven programs, of two places each at most.

    Lists are for the construction industry; the names are told by their titles.
    """
    items = [
        Item("program", "near", "設備の補助金", industries="D", closes_on="2026-04-11"),
        Item("program", "far", "設備の補助金", industries="D", closes_on="2026-05-31"),
        Item("program", "own", "店舗の補助金", prefectures="東京都", industries="E"),
    ]
    texts = ['{"industry_pack": "D", "prefecture": "東京都", "deadline_horizon_days": 90}'] * 2
    db = scored_night(tmp_path, items, [*texts, "{}"])
    (counts,) = db.execute(f"SELECT counts_json FROM {P}run").fetchone()
    db.close()
    found = json.loads(counts)["measures"]
    assert {
        name: found[name] for name in found if name not in ("rows", "shown_items", "top_rows")
    } == {
        "lists": 2,
        "near_duplicate_lists": 2,
        "open_items": 3 + 2,  # and the packs of the model
        "dated_rows": 4,
        "median_days_left": 10,
        "soon_rows": 2,
        "area_rows": 4,
        "own_area_rows": 0,
        "nothing_fits": 1,
        "nothing_new": 0,
        "before_run_id": None,
        "repeated_rows": None,
    }


def test_bands_worked_by_hand():
    band = Band(absolute=Fraction(2), relative=Fraction("0.1"))
    assert band.around(Fraction(10)) == (8, 12)
    assert band.around(Fraction(50)) == (45, 55)
    assert Band(at_most=Fraction("0.25")).around(Fraction(7)) == (0, Fraction(1, 4))


def nights_of(tmp_path, customers):
    """The path of nights on which so many customers are there, who declared nothing that fits, or construction."""
    path = living(tmp_path, [])
    history, there = History(path), 0
    for day, n in enumerate(customers):
        while there < n:
            there += 1
            history.customer(PREFERENCES[3] if there % 2 else "{}")
        history.night(1 if day else 0)
    return path


def test_a_measure_that_leaves_its_band_is_said(tmp_path):
    """Of six nights with two customers, one of whom nothing fits; on the seventh of 20 half."""
    path = nights_of(tmp_path, [4] * 6)
    found = report_of(path)
    one = {one["measure"]: one for one in found["measures"]}["nothing_fits"]
    assert (one["value"], one["usual"], one["lowest"], one["highest"]) == (0.5, 0.5, 0.375, 0.625)
    assert (one["arrow"], one["is_outside"], one["history"]) == ("same", False, [0.5] * 6)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"UPDATE {P}profile SET preference_json = '{{}}'")
    history = History(path)
    history.day = history.day.replace(day=7)
    history.score()
    found = report_of(path)
    one = {one["measure"]: one for one in found["measures"]}["nothing_fits"]
    assert (one["value"], one["part"], one["whole"], one["arrow"]) == (1, 4, 4, "up")
    assert one["is_outside"]
    expected = (
        "share of the customers for whom nothing fits: 100.0 %,"
        " more than the usual 37.5 % to 62.5 % around 50.0 %"
    )
    assert one["sentence"] == expected
    assert found["outside"] == sum(bool(each["is_outside"]) for each in found["measures"]) >= 1
    previous = {each["measure"]: each for each in report_of(path, against="previous")["measures"]}
    assert previous["nothing_fits"]["sentence"] == expected
    first = report_of(path, against="2026-04-01")
    assert (first["against"], first["outside"] > 0) == ("2026-04-01", True)
    with speaking("ja"):
        (text,) = (
            one["sentence"]
            for one in report_of(path)["measures"]
            if one["sentence"] and one["measure"] == "nothing_fits"
        )
    assert text
    assert not {*text} & {*"abcdefghijklmnopqrstuvwxyz"}


def test_too_few_nights_say_nothing_of_what_is_usual(tmp_path):
    found = report_of(nights_of(tmp_path, [4] * 5))
    assert {one["usual"] for one in found["measures"]} == {None}
    assert {one["is_outside"] for one in found["measures"]} == {None}
    assert found["outside"] == 0


# What is asked


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return example(tmp_path_factory.mktemp("example") / "jpcite.db", *NIGHTS)


@pytest.mark.parametrize(
    "against",
    [
        *("", "median", "median:", "median:0", "median:367", "median:-1", "median:1.5", "before"),
        *(7, None, "2026-02-30", "2026-13-01", "median:\u0661", "MEDIAN:3", "previous "),
    ],
)
def test_what_a_night_cannot_be_held_against_is_refused(path, against):
    with pytest.raises(InvalidInput):
        report_of(path, against=against)


@pytest.mark.parametrize(
    "given",
    [{"night": "2026-04-03"}, {"against": "2026-03-31"}, {"night": "1999-01-01"}],
)
def test_a_night_that_is_not_there_is_not_found(path, given):
    with pytest.raises(NotFound):
        report_of(path, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"against": "2026-04-02"},
        {"night": "yesterday"},
        {"fail_if": "outside>0"},
        {"fail_if": ["coverage>"]},
        {"fail_if": ["cover>1"]},
        {"fail_if": [7]},
        {"fail_if": ["candidates>5%"]},
        {"fail_if": ["left_out.program.nothing_of_the_kind>1"]},
    ],
)
def test_what_cannot_be_asked_is_refused(path, given):
    with pytest.raises(InvalidInput):
        report_of(path, **given)


def test_a_threshold_is_held_against_each_measure(path):
    found = report_of(path, fail_if=["coverage<100.1%", "score_drift.saved_search>9", "outside>0"])
    assert len(found["crossed"]) == 1
    assert found["crossed"][0].startswith("coverage<100.1% holds")
    for name in every_name():
        report_of(path, fail_if=[f"{name}>1"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "\ufeff7",
        '{"bands": {}}',
        '{"least_nights": 0, "bands": {}}',
        '{"least_nights": true, "bands": {}}',
        '{"least_nights": 1, "bands": {"coverages": {"at_most": 1}}}',
        '{"least_nights": 1, "bands": {"coverage": {}}}',
        '{"least_nights": 1, "bands": {"coverage": {"absolute": 1}}}',
        '{"least_nights": 1, "bands": {"coverage": {"absolute": -1, "relative": 0}}}',
        '{"least_nights": 1, "bands": {"coverage": {"absolute": "1", "relative": 0}}}',
        '{"least_nights": 1, "bands": {"coverage": {"absolute": 1e999, "relative": 0}}}',
        '{"least_nights": 1, "bands": {"coverage": {"absolute": NaN, "relative": 0}}}',
        '{"least_nights": 1, "bands": {"coverage": {"absolute": 1, "relative": 0, "at_most": 1}}}',
        '{"least_nights": 1, "bands": {"coverage": {"at_most": true}}}',
        '{"least_nights": 1, "bands": {}, "bands": {}}',
        "[" * 100_000,
        f'{{"least_nights": 1, "bands": {{"coverage": {{"at_most": {"9" * 5000}}}}}}}',
        " " * 1_000_001,
    ],
)
def test_a_file_that_has_no_bands_is_refused(path, tmp_path, text):
    bands = tmp_path / "bands.json"
    bands.write_text(text, encoding="utf-8")
    with pytest.raises(PersonalizationError) as error:
        report_of(path, bands=bands)
    assert "bands.json" in str(error.value)


def test_a_file_of_bands_that_is_none_is_refused(path, tmp_path):
    (tmp_path / "latin.json").write_bytes(b"\xe9")
    for bands in (tmp_path, tmp_path / "none.json", tmp_path / "latin.json"):
        with pytest.raises(PersonalizationError):
            report_of(path, bands=bands)


def test_bands_of_ones_own_are_taken_as_they_are_written(path, tmp_path):
    bands = tmp_path / "bands.json"
    bands.write_text(
        '{"least_nights": 1, "bands": {"coverage": {"absolute": 0.1, "relative": 0}}}', "utf-8"
    )
    assert load_bands(bands).by_family == {"coverage": Band(Fraction(1, 10), Fraction(0))}
    found = {one["measure"]: one for one in report_of(path, bands=bands)["measures"]}
    one = found["coverage"]
    assert one["lowest"] == pytest.approx(one["usual"] - 0.1)
    assert found["candidates"]["usual"] is not None
    assert found["candidates"]["is_outside"] is None


def test_the_packaged_bands_are_of_every_measure():
    assert {*load_bands().by_family} == {*UNITS}


# What was changed


@pytest.fixture
def two_nights(tmp_path):
    return nights_of(tmp_path, [4] * 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [*(("rows", value) for value in (0, 2**53, '"7"', "1.5", "null")), ("more", 1)],
)
def test_a_kept_measure_that_was_changed_is_found_by_verification(two_nights, name, value):
    path = two_nights
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tamper_behind_the_guards(
            db,
            f"UPDATE {P}run SET counts_json ="
            f" json_set(counts_json, '$.measures.{name}', json('{value}')) WHERE run_id = 1",
        )
        assert "run-changed" in {one.code for one in verify(db)}
        shown = report(db, None, against_of("previous"), load_bands())
    assert shown.night.as_of == "2026-04-02"


@pytest.mark.parametrize("stored", ["[]", "7", '{"measures": []}', '{"measures": {}}'])
def test_a_night_whose_counts_were_replaced_is_reported_as_far_as_it_goes(two_nights, stored):
    path = two_nights
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tamper_behind_the_guards(db, f"UPDATE {P}run SET counts_json = '{stored}'")
        assert "run-changed" in {one.code for one in verify(db)}
    found = {one["measure"]: one for one in report_of(path)["measures"]}
    assert found["coverage"]["value"] is not None
    assert found["candidates"]["value"] == 0


def test_without_its_measures_a_sealed_night_is_not_what_was_sealed(two_nights):
    path = two_nights
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tamper_behind_the_guards(
            db, f"UPDATE {P}run SET counts_json = json_remove(counts_json, '$.measures')"
        )
        assert {one.code for one in verify(db)} == {"sealed-run-changed"}
    found = report_of(path)
    assert not found["was_kept"]


# How it is shown


def run(path, *arguments):
    return CliRunner().invoke(
        cli, ["personalization-report", str(path), "-s", *map(str, arguments)]
    )


def test_the_command_prints_a_line_for_each_measure(path):
    done = run(path)
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("night of 2026-04-02 (run 2), against the median of up to 14 nights")
    assert any(line.startswith("share of the open items") for line in lines)
    assert "too few nights" in done.stdout


def test_a_threshold_that_holds_is_exit_1_and_a_night_that_is_not_there_3(path):
    done = run(path, "--fail-if", "coverage>=0", "--fail-if", "outside>0")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("coverage>=0 holds")
    assert json.loads(run(path, "--json", "--fail-if", "coverage>=0").stdout)["crossed"]
    assert run(path, "--fail-if", "outside>0").exit_code == 0
    assert run(path, "--night", "2026-05-05").exit_code == 3
    assert run(path, "--fail-if", "outsides>0").exit_code == 2
    assert run(path, "--json", "--csv").exit_code == 2


def test_each_format_has_the_same_measures(path):
    names = [one["measure"] for one in json.loads(run(path, "--json").stdout)["measures"]]
    assert [json.loads(line)["measure"] for line in run(path, "--nl").stdout.splitlines()] == names
    assert [line.split(",")[0] for line in run(path, "--csv").stdout.splitlines()[1:]] == names
    assert json.loads(run(path, "--json").stdout) == report_of(path)
    assert names == sorted(names, key=lambda name: [*UNITS].index(family_of(name)))


def test_a_file_without_nights_has_no_report(tmp_path):
    empty = tmp_path / "empty.db"
    migrate(empty)
    assert "no night is finished" in run(empty).stderr
    sqlite3.connect(tmp_path / "none.db").executescript("CREATE TABLE x (y)")
    assert run(tmp_path / "none.db").exit_code == 2


def test_a_sparkline_is_between_the_least_and_the_most():
    assert sparkline([*map(Fraction, (0, 7, 1)), None]) == "▁█▂·"
    assert sparkline([Fraction(3)] * 2) == "▄▄"
    assert sparkline([None]) == ""


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("coverage", "0.12345", "12.3 %"),
        ("coverage", "0.00049", "0.05 %"),
        ("coverage", "0", "0.0 %"),
        ("candidates", "1234567", "1,234,567"),
        ("median_days_left", "1", "1 day"),
        ("mean_score.program", "66.66", "66.7"),
        ("score_drift.program", "0.125", "0.12"),
        ("coverage", None, "-"),
    ],
)
def test_a_number_is_shown_in_its_unit(name, value, text):
    assert number_of(name, None if value is None else Fraction(Decimal(value))) == text


def test_nights_of_before_are_counted_in_their_logs(tmp_path):
    """As of the corpus, whose nights kept nothing."""
    items = [Item("program", name, f"補助金 {name}", industries="D") for name in "abc"]
    db = scored_night(tmp_path, items, ['{"industry_pack": "D"}'] * 3)
    night_after(db, 1)
    (path,) = (row[2] for row in db.execute("PRAGMA database_list"))
    db.close()
    before = report_of(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as again:
        tamper_behind_the_guards(
            again, f"UPDATE {P}run SET counts_json = json_remove(counts_json, '$.measures')"
        )
    after = report_of(path)
    assert after["measures"] == before["measures"]
    assert (before["was_kept"], after["was_kept"]) == (True, False)
    assert "2 nights did not keep their measures" in run(path).stdout
