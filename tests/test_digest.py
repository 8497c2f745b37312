"""personalization-digest: what is new for each customer, as files, and nothing else."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from icalendar import Calendar
from scored import migrated

from sqlite_utils_personalization import score
from sqlite_utils_personalization.billing.record import record_deliveries, reverse_delivery
from sqlite_utils_personalization.catalogue.details import Details, details
from sqlite_utils_personalization.commands.digest import digest as command
from sqlite_utils_personalization.digest import folder
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.preferences.erasure import erase
from sqlite_utils_personalization.preferences.feedback import give_feedback

AS_OF = "2026-04-01"
TABLES = """
CREATE TABLE programs (unified_id TEXT PRIMARY KEY, primary_name TEXT NOT NULL, prefecture TEXT,
    application_window_json TEXT, amount_max_man_yen REAL, official_url TEXT, source_url TEXT);
INSERT INTO programs VALUES
    ('P1', '建設業の省エネ設備導入補助金(第1回)', '東京都', '{"end_date": "2026-05-01"}', 300,
        'https://example.jp/p1?a=1&b=2', NULL),
    ('P2', '建設業の省エネ設備導入補助金(第2回)', '東京都', '{"end_date": "2026-06-30"}', NULL, NULL, NULL),
    ('P3', '建設業の<人材>育成助成金', '東京都', '{"cycle": "rolling"}', 0, NULL, 'javascript:alert(1)'),
    ('P4', '建設業の海外展開支援', NULL, NULL, NULL, NULL, NULL),
    ('P5', '見本市出展助成', NULL, '{"end_date": "2026-04-25"}', NULL, NULL, NULL);
CREATE TABLE am_amendment_diff (diff_id INTEGER PRIMARY KEY, entity_id TEXT NOT NULL, field_name TEXT NOT NULL,
    prev_value TEXT, new_value TEXT, detected_at TEXT NOT NULL);
"""
SEEN = """
INSERT INTO am_amendment_diff(entity_id, field_name, prev_value, new_value, detected_at) VALUES (?, ?, ?, ?, ?)
"""
DECLARED = {
    "industry_pack": "D",
    "deadline_horizon_days": 60,
    "risk_tolerance": "low",
    "prefecture": "東京都",
}
ONE, TWO = (sha256(f"key-{number}".encode()).hexdigest() for number in (1, 2))


@pytest.fixture(scope="module")
def scored(tmp_path_factory, add_profile):
    path = migrated(tmp_path_factory.mktemp("scored") / "jpcite.db")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(TABLES)
    add_profile(path, 1, DECLARED)
    add_profile(path, 2, {"industry_pack": "E"})
    score(path, as_of=AS_OF)
    return path.read_bytes()


@pytest.fixture
def path(fresh_path, scored):
    fresh_path.write_bytes(scored)
    return fresh_path


@pytest.fixture
def write(path, tmp_path):
    """Write the digests of a folder; returns what is in it, by customer."""
    numbers = iter(range(100))

    def write(*arguments, on=AS_OF):
        made = tmp_path / f"digests-{next(numbers)}"
        result = run(path, made, "--on", on, *arguments)
        assert result.exit_code == 0, result.output
        return {
            file.stem: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(made.glob("*.json"))
        }

    return write


def run(path, folder, *arguments, lines=None):
    return CliRunner().invoke(command, [str(path), "--out", str(folder), *arguments], input=lines)


def change(path, act):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return act(db)


def titles(found, name="programs"):
    return [item["title"] for item in found[name]]


def test_it_holds_what_a_customer_wants_to_know(write):
    found = write("--most", "2")
    # The other customer declared what no program is for.
    assert list(found) == [ONE]
    first, second = found[ONE]["programs"]
    assert first == {
        "rec_id": 1,
        "recommendation_type": "program",
        "item_id": "P1",
        "program_id": "P1",
        "title": "建設業の省エネ設備導入補助金(第1回)",
        "opens_on": None,
        "closes_on": "2026-05-01",
        "days_left": 30,
        "closing": "dated",
        "prefectures": ["東京都"],
        "area": "東京都",
        "amount_yen": 3_000_000,
        "url": "https://example.jp/p1?a=1&b=2",
        "score": 89,
        "reasons": [
            "業種「建設業」が対象",
            "東京都の制度",
            "申告された60日以内に締切",
            "リスク許容度「低」に合う",
        ],
        "others": ["建設業の省エネ設備導入補助金(第2回)"],
        "dismiss_url": None,
    }
    assert (second["item_id"], second["closing"], second["amount_yen"]) == ("P3", "rolling", None)
    assert second["url"] is None, "nothing but an address of the web becomes a link"
    assert {name: found[ONE][name] for name in ("as_of", "day", "more", "language")} == {
        "as_of": AS_OF,
        "day": AS_OF,
        "more": 2,
        "language": "ja",
    }


TEXT = """\
補助金・助成金のお知らせ(2026年4月3日、新着2件)

■ 新着の制度

1. 建設業の省エネ設備導入補助金(第1回)
   締切 2026年5月1日(あと28日) / 上限 300万円 / 東京都
   理由: 業種「建設業」が対象、東京都の制度、申告された60日以内に締切、リスク許容度「低」に合う
   同じ制度がほかに1件: 建設業の省エネ設備導入補助金(第2回)
   詳細: https://example.jp/p1?a=1&b=2
   今後は不要: https://example.jp/no?program/P1/1

2. 建設業の人材育成助成金
   随時受付 / 東京都
   理由: 業種「建設業」が対象、東京都の制度、いつでも申請できる、リスク許容度「低」に合う
   今後は不要: https://example.jp/no?program/P3/2

新着はほかに2件あります。

2026年4月1日時点の公開情報と申告された条件だけを用い、定められた計算式で選んだものです。対象になるかどうかは、必ず募集要領でご確認ください。
"""


def test_the_text_is_what_a_reader_gets(path, tmp_path):
    url = "https://example.jp/no?{type}/{item_id}/{rec_id}"
    arguments = ("--on", "2026-04-03", "--most", "2", "--dismiss-url", url)
    assert run(path, tmp_path / "d", *arguments).exit_code == 0
    text = (tmp_path / "d" / f"{ONE}.txt").read_text(encoding="utf-8")
    assert text.replace("<人材>", "人材") == TEXT


def test_the_page_has_the_same_sentences_and_no_markup_of_others(path, tmp_path):
    run(path, tmp_path / "d", "--on", AS_OF, "--lang", "en")
    page = (tmp_path / "d" / f"{ONE}.html").read_text(encoding="utf-8")
    text = (tmp_path / "d" / f"{ONE}.txt").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "建設業の&lt;人材&gt;育成助成金" in page
    assert '<a href="https://example.jp/p1?a=1&amp;b=2">' in page
    assert "<script" not in page
    assert "closes on 2026-05-01 (30 days left) / up to 3,000,000 yen / 東京都" in text
    assert "closes on 2026-05-01 (30 days left) / up to 3,000,000 yen / 東京都" in page
    assert "no closing date is published / nationwide" in text


def test_the_deadlines_are_a_calendar_that_others_read(path, tmp_path):
    run(path, tmp_path / "d", "--on", AS_OF, "--ics")
    found = Calendar.from_ical((tmp_path / "d" / f"{ONE}.ics").read_bytes())
    events = {str(event["summary"]): event for event in found.walk("VEVENT")}
    # Neither what has no closing date nor a second of one family.
    assert set(events) == {
        "締切: 建設業の省エネ設備導入補助金(第1回)",
        "締切: 見本市出展助成",
    }
    event = events["締切: 建設業の省エネ設備導入補助金(第1回)"]
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (
        date(2026, 5, 1),
        date(2026, 5, 2),
    )
    run(path, tmp_path / "e", "--on", "2026-04-05", "--ics")
    again = Calendar.from_ical((tmp_path / "e" / f"{ONE}.ics").read_bytes())
    assert {str(one["uid"]) for one in again.walk("VEVENT")} == {
        str(one["uid"]) for one in found.walk("VEVENT")
    }, "a calendar knows an event by its UID"


def test_the_same_call_writes_the_same_bytes(path, tmp_path):
    for name in ("d", "e"):
        run(path, tmp_path / name, "--on", AS_OF, "--ics")
    one, other = (
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("d", "e")
    )
    assert one == other


def test_what_has_closed_since_is_not_in_it(write):
    found = write(on="2026-04-26")[ONE]
    assert "見本市出展助成" not in titles(found)
    assert found["programs"][0]["days_left"] == 5


def test_on_the_last_day_it_says_so(path, tmp_path):
    run(path, tmp_path / "d", "--on", "2026-04-25")
    text = (tmp_path / "d" / f"{ONE}.txt").read_text(encoding="utf-8")
    assert "締切 2026年4月25日(本日締切)" in text


def test_what_was_handed_over_by_any_door_is_not_in_it_and_nothing_new_means_no_digest(write, path):
    numbers = [item["rec_id"] for item in write()[ONE]["programs"]]
    times = {"delivered_at": f"{AS_OF}T03:00Z", "channel": "rest", "slot": AS_OF}
    change(path, lambda db: record_deliveries(db, numbers[:1], **times))
    left = [item["rec_id"] for item in write()[ONE]["programs"]]
    assert left == numbers[1:]
    change(path, lambda db: record_deliveries(db, numbers[1:], **times))
    assert write() == {}
    change(path, lambda db: reverse_delivery(db, 1))
    assert [item["rec_id"] for item in write()[ONE]["programs"]] == numbers[:1]


def test_changes_are_of_what_interests_the_customer(write, path):
    seen = f"{AS_OF}T09:00:00+09:00"
    changes = [
        ("P1", "subsidy_rate", "1/2", "2/3", seen),
        ("P3", "subsidy_rate", "1/2", "1/3", seen),
    ]
    change(path, lambda db: db.executemany(SEEN, changes))
    score(path, as_of="2026-04-02")
    assert titles(write(on="2026-04-02")[ONE], "changes") == []
    change(path, lambda db: give_feedback(db, ONE, "program", "P1", "interested"))
    found = write(on="2026-04-02")[ONE]
    assert titles(found, "changes") == [
        "建設業の省エネ設備導入補助金(第1回) ― 補助率を変更 2/3(変更前 1/2)"
    ]
    assert found["changes"][0]["program_id"] == "P1"
    assert found["subject"] == "補助金・助成金のお知らせ(2026年4月2日、新着5件)"
    change(path, lambda db: give_feedback(db, ONE, "program", "P1", "withdrawn"))
    assert titles(write(on="2026-04-02")[ONE], "changes") == []


def test_of_changes_alone_the_subject_says_so(write, path):
    seen = f"{AS_OF}T09:00:00+09:00"
    change(path, lambda db: db.execute(SEEN, ("P1", "subsidy_rate", "1/2", "2/3", seen)))
    change(path, lambda db: give_feedback(db, ONE, "program", "P1", "interested"))
    score(path, as_of="2026-04-02")
    programs = [item["rec_id"] for item in write(on="2026-04-02")[ONE]["programs"]]
    times = {"delivered_at": "2026-04-02T03:00Z", "channel": "mcp", "slot": "2026-04-02"}
    change(path, lambda db: record_deliveries(db, programs, **times))
    found = write("--lang", "en", on="2026-04-02")[ONE]
    assert (found["programs"], len(found["changes"])) == ([], 1)
    assert found["subject"] == "Changes in programs that interest you (2026-04-02, 1)"


def test_an_erased_customer_gets_none(write, path):
    assert ONE in write()
    change(path, lambda db: erase(db, ONE))
    assert write() == {}


def test_a_row_that_does_not_replay_is_in_none(write, path):
    def tamper(db):
        db.execute("DROP TRIGGER am_personalization_decision_no_update")
        db.execute("UPDATE am_personalization_decision SET risk_points = 5 WHERE seq = 1")

    change(path, tamper)
    assert write() == {}, "nothing of a list that is not what was digested"


def test_an_old_night_is_asked_for_by_its_day(write, path):
    score(path, as_of="2026-04-02")
    assert write(on="2026-04-02")[ONE]["as_of"] == "2026-04-02"
    assert write("--night", AS_OF, on="2026-04-02")[ONE]["as_of"] == AS_OF
    assert write(on=AS_OF)[ONE]["as_of"] == AS_OF, "a night to come is not the latest"


def test_the_list_names_customers_by_hash_and_their_files(path, tmp_path):
    result = run(path, tmp_path / "d", "--on", AS_OF)
    assert (result.stdout, result.stderr) == (
        "",
        f"1 digest of {AS_OF} in {tmp_path / 'd'}; 1 customer with nothing new\n",
    )
    (line,) = (tmp_path / "d" / "digests.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "user_token_hash": ONE,
        "run_id": 1,
        "as_of": AS_OF,
        "subject": "補助金・助成金のお知らせ(2026年4月1日、新着4件)",
        "rec_ids": [1, 2, 3, 4],
        "files": [f"{ONE}.html", f"{ONE}.json", f"{ONE}.txt"],
    }


def test_the_file_is_only_read(path, tmp_path):
    before = path.read_bytes()
    run(path, tmp_path / "d", "--on", AS_OF, "--ics")
    assert path.read_bytes() == before


def test_a_folder_that_was_sent_from_stays_what_it_was(path, tmp_path):
    run(path, tmp_path / "d", "--on", AS_OF)
    result = run(path, tmp_path / "d", "--on", AS_OF)
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {tmp_path / 'd'} exists - name a folder that does not, or remove it if nothing of it was sent\n",
    )


def test_an_interrupted_call_leaves_nothing_behind(path, tmp_path, monkeypatch):
    def stop(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(folder, "document", stop)
        result = run(path, tmp_path / "of" / "d", "--on", AS_OF)
    assert result.exit_code != 0
    assert list((tmp_path / "of").iterdir()) == []
    assert run(path, tmp_path / "of" / "d", "--on", AS_OF).exit_code == 0


@pytest.mark.parametrize("name", ["d.unfinished", ".d", "d.tmp", "d~", ".d.abcdefgh"])
def test_what_lies_beside_the_folder_is_nobodys_to_remove(path, tmp_path, name):
    mine = tmp_path / name / f"{TWO}.json"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert run(path, tmp_path / "d", "--on", AS_OF).exit_code == 0
    assert mine.read_text() == "mine"
    assert {file.name for file in tmp_path.iterdir()} == {"d", name, "jpcite.db"}


@pytest.mark.parametrize(
    "token", ["../" + "e" * 61, "/" + "e" * 63, "E" * 64, "é" * 64, "e" * 63 + "\n", "." * 64]
)
def test_what_another_program_wrote_for_a_hash_names_no_file(path, tmp_path, token):
    change(
        path,
        lambda db: db.execute(
            "UPDATE am_personalization_profile SET user_token_hash = ? WHERE profile_id = 1",
            (token,),
        ),
    )
    result = run(path, tmp_path / "of" / "d", "--on", AS_OF)
    assert (result.exit_code, result.stderr) == (
        0,
        f"0 digests of {AS_OF} in {tmp_path / 'of' / 'd'}; 1 customer with nothing new\n"
        "1 customer left out: user_token_hash is not 64 lower-case hex digits\n",
    )
    assert [file.name for file in (tmp_path / "of").rglob("*")] == ["d", "digests.jsonl"]


def test_a_change_of_which_nobody_says_the_program_is_of_no_interest(path, tmp_path, write):
    items = tmp_path / "items.sql"
    items.write_text(
        "SELECT 'amendment' AS recommendation_type, 'A1' AS item_id, '建設業の変更' AS title, 'D' AS industries",
        encoding="utf-8",
    )
    change(path, lambda db: give_feedback(db, ONE, "program", "P1", "interested"))
    score(path, as_of="2026-04-02", catalogue=items)
    sql = "SELECT count(*) FROM v_personalization_replay WHERE item_id = 'A1'"
    assert change(path, lambda db: db.execute(sql).fetchone()) == (1,)
    assert titles(write(on="2026-04-02")[ONE], "changes") == []


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("--night", "yesterday"), 2, "neither latest nor a day like 2026-07-22"),
        (("--night", "2026-03-31"), 1, "there is no finished night of 2026-03-31 - run"),
        (("--on", "2026-03-31"), 1, "there is no finished night up to 2026-03-31 - run"),
        (("--dismiss-url", "javascript:{item_id}"), 1, "is not one of the web - write it like"),
        (("--dismiss-url", "https://example.jp/no"), 1, "names no item - write it like"),
        (("--most", "0"), 2, "0 is not in the range"),
        (("--lang", "fr"), 2, "'fr' is not one of"),
    ],
)
def test_what_cannot_be_is_refused(path, tmp_path, arguments, status, sentence):
    given = arguments if "--on" in arguments else ("--on", AS_OF, *arguments)
    result = run(path, tmp_path / "d", *given)
    assert result.exit_code == status
    assert sentence in result.stderr
    assert list(tmp_path.glob("d*")) == []


@pytest.mark.parametrize(
    ("amount", "url", "expected"),
    [
        ("300000", "https://example.jp/", Details(300_000, "https://example.jp/")),
        (0, "", Details(None, None)),
        ("999999999999999", None, Details(None, None)),
        ("1,000,000", "http://example.jp", Details(1_000_000, "http://example.jp")),
        ("about a million", "ftp://example.jp", Details(None, None)),
        ("inf", "https://", Details(None, None)),
        ("1e400", "https://[", Details(None, None)),
        (-5, "https://example.jp/a b", Details(None, None)),
        (b"\xff", b"\xff", Details(None, None)),
        (12.5, "HTTPS://EXAMPLE.JP/x\n", Details(12, "HTTPS://EXAMPLE.JP/x")),
    ],
)
def test_amount_and_address_are_those_of_a_clean_feed_or_none(amount, url, expected):
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE jgrants_programs (id TEXT, amount_max_yen, url)")
        db.execute("INSERT INTO jgrants_programs VALUES ('a', ?, ?)", (amount, url))
        assert details(db, ["a", "b"]) == {"a": expected}


def test_of_a_repeated_id_the_first_table_counts():
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(
            "CREATE TABLE jgrants_programs (id, amount_max_yen); INSERT INTO jgrants_programs VALUES ('a', 5);"
            "CREATE TABLE programs (unified_id, amount_max_man_yen); INSERT INTO programs VALUES ('a', 1.5)"
        )
        assert details(db, ["a"]) == {"a": Details(15_000, None)}
        db.execute("DROP TABLE programs")
        assert details(db, ["a"]) == {"a": Details(5, None)}


def test_the_documented_digest_is_that_of_the_example(fresh_path, tmp_path):
    shown = (Path(__file__).parents[1] / "docs" / "digest.md").read_text(encoding="utf-8")
    build(fresh_path)
    score(fresh_path, as_of=AS_OF)
    run(fresh_path, tmp_path / "d", "--on", AS_OF)
    texts = [file.read_text(encoding="utf-8") for file in (tmp_path / "d").glob("*.txt")]
    assert [text for text in texts if f"```text\n{text}```" in shown]
