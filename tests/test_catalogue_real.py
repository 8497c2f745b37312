"""The real catalogue, where it lies beside the project: what is kept, and what is left out by which rule."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex
from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.catalogue.industries import Keywords, industries
from sqlite_utils_personalization.catalogue.plain_text import normal
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.model.model import Model, load_model
from sqlite_utils_personalization.schema import migrate

BUILD = Path(__file__).parents[2] / "shared" / "catalogue" / "build_jpcite_db.py"
MODEL = load_model()

pytestmark = pytest.mark.skipif(not BUILD.exists(), reason="needs the real catalogue in ../shared")


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "jpcite.db"
    migrate(path)
    subprocess.run([sys.executable, str(BUILD), "catalogue", str(path)], check=True)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        yield conn


@pytest.fixture(scope="module")
def catalogue(db):
    return list(read_catalogue(db, "2026-07-22", MODEL))


def test_every_row_is_a_candidate_or_left_out_by_a_rule(catalogue):
    assert Counter((item.recommendation_type, item.left_out) for item in catalogue) == {
        ("industry_pack", None): 5,
        ("program", None): 4126,
        ("program", "notice"): 398,
        ("program", "navigation"): 221,
        ("program", "procedure"): 86,
        ("program", "closed"): 53,
        ("program", "directory"): 48,
        ("program", "quarantined"): 39,
        ("program", "plan"): 33,
        ("program", "by-law"): 30,
        ("program", "grant rules"): 27,
        ("program", "survey"): 27,
        ("program", "document"): 14,
        ("program", "recruitment"): 9,
        ("program", "licence"): 8,
        ("program", "case study"): 7,
        ("program", "tender"): 3,
        ("program", "practice form"): 1,
        ("amendment", None): 20,
        ("amendment", "not seen in the last 30 days"): 34,
        ("amendment", "told with a newer change"): 13,
        ("amendment", "field not followed"): 10,
        ("amendment", "reads the same"): 2,
        ("amendment", "program left out"): 1,
    }


def test_a_model_without_constants_for_amendments_has_them_as_it_always_had(db):
    constants = {key: value for key, value in MODEL.constants.items() if key != "amendments"}
    found = read_catalogue(db, "2026-07-22", Model(constants))
    changes = [item for item in found if item.recommendation_type == "amendment"]
    assert Counter(item.left_out for item in changes) == {
        None: 45,
        "not seen in the last 30 days": 34,
        "program left out": 1,
    }
    (one,) = (item for item in changes if item.item_id == "50")
    assert one.title == (
        "令和8年度社会福祉施設等への非常用電源等の整備促進事業補助金 受付終了: 2026-06-19 → 2026-09-04"
    )
    said = [(item.item_id, item.title, item.closes_on, item.left_out) for item in changes]
    # Taken before there were such constants.
    assert sha256_hex(canonical_json(said)) == (
        "d7c937d55ff32543b3271332ec79308821a25abf7a39813289aeada7ba009450"
    )


def test_industries_and_areas_are_shared_out_as_the_sources_state_them(catalogue):
    kept = [
        item for item in catalogue if item.recommendation_type == "program" and not item.left_out
    ]
    grants = [item for item in kept if item.item_id.startswith("a0W")]
    of_jpcite = [item for item in kept if not item.item_id.startswith("a0W")]
    assert [shares(grants), shares(of_jpcite)] == [
        {"any": 1033, "unknown": 70, "letters": 916, "nationwide": 1316},
        {"any": 0, "unknown": 1191, "letters": 916, "nationwide": 38},
    ]


def shares(items):
    return {
        "any": sum(item.industries == "any" for item in items),
        "unknown": sum(item.industries == "unknown" for item in items),
        "letters": sum(item.industries.isupper() for item in items),
        "nationwide": sum(item.prefectures == "nationwide" for item in items),
    }


def test_no_form_or_announcement_is_kept(catalogue):
    words = ("申請練習", "撤回届", "変更届", "実績報告", "お知らせ", "取組事例", "受付終了")
    kept = [item.title for item in catalogue if not item.left_out and item.closes_on is None]
    assert [title for title in kept if any(word in title for word in words)] == []
    assert [title for title in kept if title.endswith("について")] == []


def test_a_deadline_cut_from_its_utc_timestamp_is_always_the_last_day_in_japan(db, catalogue):
    closing = {item.item_id: item.closes_on for item in catalogue if not item.left_out}
    sql = "SELECT id, substr(close_at_raw, 1, 10) FROM jgrants_programs WHERE date_kind = 'datetime_jst'"
    cut = {item_id: day for item_id, day in db.execute(sql) if item_id in closing}
    assert len(cut) == 176
    assert {item_id: closing[item_id] for item_id in cut} == cut


def test_the_whole_country_stays_so_whatever_prefecture_the_title_names(db, catalogue):
    areas = {item.item_id: item.prefectures for item in catalogue if not item.left_out}
    sql = "SELECT id, name FROM jgrants_programs WHERE area_raw LIKE '%全国%'"
    titled = [item_id for item_id, name in db.execute(sql) if any(p in name for p in PREFECTURES)]
    assert len(titled) == 230
    assert {areas[item_id] for item_id in titled if item_id in areas} == {"nationwide"}


def test_an_amendment_says_what_changed_and_has_its_programs_facts(catalogue):
    (found,) = (item for item in catalogue if item[:2] == ("amendment", "51"))
    program = next(item for item in catalogue if item.item_id == "a0WJ200000CDY6vMAH")
    # It opened on 21 July at midnight, when it was the 20th in UTC: that day the change has.
    told = "新しい受付期間 2026年7月21日〜9月4日(前回 2026年5月1日〜6月19日)"
    assert found.title == f"{program.title} ― {told}"
    assert found[3:8] == program[3:8]
    assert found.why == '{"program":"a0WJ200000CDY6vMAH"}'


def test_a_program_has_one_amendment_of_bounded_length(catalogue):
    kept = [item for item in catalogue if item.recommendation_type == "amendment"]
    kept = [item for item in kept if not item.left_out]
    assert len({json.loads(item.why)["program"] for item in kept}) == len(kept) == 20
    assert max(len(item.title) for item in kept) == 106


def test_a_keyword_names_one_of_the_stated_industries_and_mostly_no_others(db):
    keywords = Keywords(MODEL.constants["keywords"], 17)
    named = only = total = 0
    sql = "SELECT name, industry_jsic FROM jgrants_programs WHERE industry_jsic IS NOT NULL"
    for name, stated in db.execute(sql):
        found, _ = keywords.read(normal(name))
        if found != "unknown":
            letters = set(industries(stated, any_from=21))
            total += 1
            named += bool(letters & set(found))
            only += letters <= set(found)
    assert (total, named, only) == (215, 213, 205)


def test_the_same_night_reads_the_same_twice(db, catalogue):
    assert list(read_catalogue(db, "2026-07-22", MODEL)) == catalogue


def test_what_is_kept_can_be_told_apart_by_content(catalogue):
    kept = [item.sha256 for item in catalogue if not item.left_out]
    assert len(set(kept)) == len(kept)
