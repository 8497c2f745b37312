"""personalization-receipt: one customer's night, and nothing of anyone else."""

import json
import re
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from receipt_fixtures import (
    connect,
    heads_of,
    history,
    printed,
    receipt_of,
    seals_of,
    sparing_history,
    user_hash,
)

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit import receipt_html
from sqlite_utils_personalization.audit.receipt import receipt
from sqlite_utils_personalization.billing.record import record_deliveries
from sqlite_utils_personalization.commands.receipt import receipt as command
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence import leaves, merkle
from sqlite_utils_personalization.evidence.checkpoint import format_checkpoint
from sqlite_utils_personalization.evidence.note import Note, format_note, key_of, sign
from sqlite_utils_personalization.evidence.proof import parse_inclusion, verify_inclusion
from sqlite_utils_personalization.example import build
from sqlite_utils_personalization.language import LANGUAGES, speaking
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.scoring import log
from sqlite_utils_personalization.verify_receipt import check, compare, kept_heads

BUILD = Path(__file__).parents[2] / "shared" / "catalogue" / "build_jpcite_db.py"
P = "am_personalization_"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "jpcite.db").read_bytes()


@pytest.fixture
def path(built, tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(built)
    return path


@pytest.fixture
def db(path):
    db = connect(path)
    yield db
    db.close()


def tamper(db, *statements):
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        db.execute(statement)


def is_intact(found):
    return all(passed for passed, _ in check(found).values())


# What is in it


def test_it_holds_the_customers_rows_and_what_they_were_decided_on(path, db):
    found = receipt_of(path, 3, 2)
    rows = [place for listed in found["lists"] for place in listed["places"]]
    assert [
        (row["rec_id"], row["candidate"]["recommendation_type"], row["score"]) for row in rows
    ] == db.execute(
        f"SELECT rec_id, recommendation_type, score FROM {P}recommendation_log"
        " WHERE profile_id = 3 AND served_at = ? ORDER BY rec_id",
        (found["served_at"],),
    ).fetchall()
    assert [
        (
            row["candidate"]["item_id"],
            row["industry_points"],
            row["deadline_points"],
            row["risk_points"],
        )
        for row in rows
    ] == db.execute(
        "SELECT item_id, industry_points, deadline_points, risk_points FROM v_personalization_replay"
        " WHERE run_id = 2 AND user_token_hash = ? ORDER BY rec_id",
        (user_hash(3),),
    ).fetchall()
    assert found["declared"] == {
        "industries": "A",
        "prefecture": "高知県",
        "horizon_days": 120,
        "risk_level": "low",
    }
    (model,) = db.execute(f"SELECT model_json FROM {P}run WHERE run_id = 2").fetchone()
    assert found["model"] == json.loads(model)
    assert found["seal"] == seals_of(path)[4]
    assert list(found) == [
        *("format", "run_id", "profile_id", "as_of", "served_at", "model", "declared", "lists"),
        *("proof", "seal", "seal_path", "head", "consistency"),
    ]


def test_it_holds_every_item_as_it_was_stored(path, db):
    db.row_factory = sqlite3.Row
    for listed in receipt_of(path, 3)["lists"]:
        for row in listed["places"]:
            stored = db.execute(
                f"SELECT * FROM {P}candidate WHERE candidate_sha256 = ?", (row["candidate_sha256"],)
            ).fetchone()
            columns = {*stored.keys()} - {"candidate_id", "candidate_sha256"}
            assert row["candidate"] == {name: stored[name] for name in columns}


def test_it_holds_places_that_the_customer_did_not_get_and_the_page_does_not(tmp_path):
    """Two programs had been handed over; an amendment that the customer marked comes first in the log."""
    path = sparing_history(tmp_path / "jpcite.db")
    db = connect(path)
    logged = db.execute(
        f"SELECT rec_id, recommendation_type FROM {P}recommendation_log WHERE profile_id = 3"
        f" AND served_at = (SELECT served_at FROM {P}run WHERE run_id = 2) ORDER BY 1"
    ).fetchall()
    stored = db.execute(
        "SELECT candidate_sha256 FROM am_personalization_evidence e JOIN am_personalization_decision USING (list_id)"
        " JOIN am_personalization_candidate USING (candidate_id) WHERE e.first_rec_id = ? ORDER BY seq",
        logged[0][:1],
    ).fetchall()
    db.close()
    found = receipt_of(path, 3, 2)
    places = [place for listed in found["lists"] for place in listed["places"]]
    mine = sorted((place for place in places if place["rec_id"]), key=lambda place: place["rec_id"])
    assert [
        (place["rec_id"], place["candidate"]["recommendation_type"]) for place in mine
    ] == logged
    assert [(place["candidate_sha256"],) for place in found["lists"][0]["places"]] == stored
    passed = [place["candidate"]["title"] for place in places if place["rec_id"] is None]
    assert len(passed) == 2
    html = receipt_html.receipt_html(found)
    # As an item: the title of a change begins with that of its program.
    assert [title for title in passed if f">{title}<" in html] == []
    assert html.count("<tr><td>") == len(logged)
    assert is_intact(found)


def test_who_was_handed_over_all_of_it_is_told_so(tmp_path, refuses):
    path = sparing_history(tmp_path / "jpcite.db")
    db = connect(path)
    rows = [
        rec_id
        for (rec_id,) in db.execute(
            f"SELECT rec_id FROM {P}recommendation_log WHERE profile_id = 7"
        ).fetchall()
    ]
    record_deliveries(
        db, rows, channel="rest", slot="2026-04-02", delivered_at="2026-04-02T00:00:00Z"
    )
    score(path, as_of="2026-04-03")
    with refuses("profile 7 was recommended nothing in run 3: all of it was handed over before"):
        receipt(db, user_hash(7), 3)
    db.close()


def test_the_proof_is_that_of_the_customers_place_in_the_run(path):
    # Customer 8 got nothing, so the tree has seven leaves.
    assert [
        (found["proof"]["leaf_index"], found["proof"]["tree_size"])
        for found in (receipt_of(path, number) for number in range(1, 8))
    ] == [(index, 7) for index in range(7)]


def test_it_is_under_the_newest_head_and_relates_those_that_were_kept_to_it(path):
    heads = heads_of(path)
    found = receipt_of(path, 3, 2)
    assert (found["head"], found["consistency"]) == (format_checkpoint(heads[6]), [])
    found = receipt_of(path, 3, 2, [heads[6], heads[5], heads[1], heads[5]])
    assert [(each["tree_size"], each["root"]) for each in found["consistency"]] == [
        (size, heads[size].root.hex()) for size in (1, 5)
    ]
    assert is_intact(found)


@pytest.mark.parametrize(
    "change", ({"root": b"\0" * 32}, {"size": 7}, {"size": 3}, {"origin": "another/log"})
)
def test_a_kept_head_of_another_log_gives_no_receipt(path, db, refuses, change):
    head = heads_of(path)[4]._replace(**change)
    with refuses(
        f"the kept head of {head.size} seals is not one of this log"
        " - ask where it comes from, and run personalization-verify --head"
    ):
        receipt(db, user_hash(3), 1, [head])


def test_rows_of_others_written_in_between_are_no_part_of_it(path, monkeypatch):
    """Another program writes after every customer; customers 2 and 3 have two ranges each, so between them too."""
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def interrupt(stage, done, total):
        if stage == "Logging":
            db = connect(path)
            db.execute(
                f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type, score)"
                " VALUES (3, 'program', 7)"
            )
            db.close()

    score(path, as_of="2026-04-05", progress=interrupt)
    for number in range(1, 8):
        found = receipt_of(path, number, 4)
        assert is_intact(found)
        assert {row["score"] for listed in found["lists"] for row in listed["places"]} != {7}
    first, second = (listed["places"] for listed in receipt_of(path, 3, 4)["lists"])
    assert second[0]["rec_id"] == first[-1]["rec_id"] + 2


def test_it_holds_nothing_of_another_customer(tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    db = connect(path)
    # Ids that occur nowhere by chance.
    db.execute(f"UPDATE {P}profile SET profile_id = 7000000000000 + 111111111 * profile_id")
    score(path, as_of="2026-04-01")
    customers = db.execute(f"SELECT profile_id, user_token_hash FROM {P}profile").fetchall()
    searches = db.execute(f"SELECT title FROM {P}candidate WHERE profile_id IS NOT NULL").fetchall()
    vectors = set(db.execute(f"SELECT industries, prefecture FROM {P}cohort").fetchall())
    db.close()
    for number in range(1, 8):
        found = receipt_of(path, number, kept=heads_of(path).values())
        text = json.dumps(found, ensure_ascii=False) + receipt_html.receipt_html(found)
        assert {profile_id for profile_id, _ in customers if str(profile_id) in text} == {
            found["profile_id"]
        }
        assert [hashed for _, hashed in customers if hashed in text] == []
        mine = {title for (title,) in searches if title in text}
        assert len(mine) == (number in (2, 3))
        declared = found["declared"]
        others = vectors - {(declared["industries"], declared["prefecture"])}
        assert [vector for vector in others if json.dumps(vector, ensure_ascii=False) in text] == []


def scored_with_many_items(path, count):
    """A file where customer 2 has this many programs, packs and amendments to choose from, and own searches."""
    build(path)
    selects = [
        f"SELECT '{kind}' AS recommendation_type, 'a0WJ2000{kind[:2]}CDO{n:03}MAH' AS item_id,"
        f" '令和8年度 {chr(0x4E9C + n) * 4}における設備の更新と人材の育成に関する補助金(2次公募)' AS title,"
        " 'ABCDEGHIKLM' AS industries, '愛知県,岐阜県,三重県,静岡県' AS prefectures, '2026-03-01' AS opens_on,"
        " '2026-04-30' AS closes_on, 'medium' AS risk_level"
        for kind in ("program", "industry_pack", "amendment")
        for n in range(count)
    ]
    items = path.with_suffix(".sql")
    items.write_text(" UNION ALL ".join(selects), encoding="utf-8")
    db = connect(path)
    for n in range(count):
        db.execute(
            "INSERT INTO saved_searches(api_key_hash, name, query_json, notify_email) VALUES (?, ?, ?, '')",
            (user_hash(2), f"検索 {n}", '{"q": "製造業", "prefecture": "愛知県"}'),
        )
    db.close()
    score(path, as_of="2026-04-01", catalogue=items)
    return items


def printed_receipt(path, run_id):
    """What the command prints for customer 2, how many places of each type it has, and how many with a row."""
    arguments = [str(path), "--run", str(run_id), "--user-hash", user_hash(2)]
    text = CliRunner().invoke(command, arguments).output
    places = [place for listed in json.loads(text)["lists"] for place in listed["places"]]
    kinds = Counter(place["candidate"]["recommendation_type"] for place in places)
    return text, dict(kinds), sum(place["rec_id"] is not None for place in places)


# The path of a tree of 10 million leaves has 24 hashes.
LONGEST_PATH = len(merkle.encode_path([b"\0" * 32] * 24))


def test_ten_recommendations_of_each_type_are_less_than_32_kb(tmp_path):
    scored_with_many_items(tmp_path / "jpcite.db", 12)
    text, kinds, rows = printed_receipt(tmp_path / "jpcite.db", 1)
    assert (kinds, rows) == (dict.fromkeys(TYPES, 10), 40)
    assert LONGEST_PATH < 1000
    assert len(text.encode()) + LONGEST_PATH < 32_000


def test_with_all_that_was_passed_over_it_is_less_than_96_kb(tmp_path):
    """A list of 30 places of each type, of which two thirds were handed over before: its digest takes them all."""
    path = tmp_path / "jpcite.db"
    items = scored_with_many_items(path, 40)
    db = connect(path)
    for number in (1, 2):
        rows = db.execute(
            "SELECT rec_id FROM am_personalization_recommendation_log WHERE profile_id = 2"
            " AND served_at = (SELECT served_at FROM am_personalization_run WHERE run_id = ?)",
            (number,),
        ).fetchall()
        day = f"2026-04-0{number}"
        times = {"slot": day, "delivered_at": f"{day}T03:00:00Z"}
        record_deliveries(db, [rec_id for (rec_id,) in rows], channel="rest", **times)
        score(path, as_of=f"2026-04-0{number + 1}", catalogue=items)
    db.close()
    text, kinds, rows = printed_receipt(path, 3)
    assert (kinds, rows) == (dict.fromkeys(TYPES, 30), 40)
    assert len(text.encode()) + LONGEST_PATH < 96_000


# Why there is none


NONE = (
    (
        "a" * 64,
        1,
        "no customer has this hash - check the key; the hash of an erased customer is gone",
    ),
    (
        user_hash(8),
        1,
        "profile 8 was recommended nothing in run 1: no item scored above 0 for what was declared",
    ),
    (user_hash(3), 4, "there is no run 4 - the last is run 3"),
)


@pytest.mark.parametrize(("hashed", "run_id", "sentence"), NONE)
def test_a_missing_receipt_is_explained(db, refuses, hashed, run_id, sentence):
    with refuses(sentence):
        receipt(db, hashed, run_id)


def test_before_the_first_night_there_is_no_receipt(tmp_path, refuses):
    build(tmp_path / "jpcite.db")
    db = connect(tmp_path / "jpcite.db")
    with refuses("there is no run 1 - nothing was scored yet"):
        receipt(db, user_hash(3), 1)
    db.close()


def test_a_rejected_customer_is_told_why(path, db, add_profile, refuses):
    add_profile(path, 1, "[]")
    score(path, as_of="2026-04-06")
    (hashed,) = db.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id = 9"
    ).fetchone()
    with refuses(
        "profile 9 was recommended nothing in run 4: it was not scored, because preference_json is not a JSON object"
    ):
        receipt(db, hashed, 4)
    with refuses(
        "profile 9 was recommended nothing in run 1: it was not among the customers of that night"
    ):
        receipt(db, hashed, 1)


def test_a_run_under_way_has_no_receipts_yet(path, db, monkeypatch, refuses):
    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)

    def stop(stage, done, total):
        if stage == "Logging" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(path, as_of="2026-04-06", progress=stop)
    with refuses(
        "run 4 is not finished, so it is not sealed - wait for it, or finish it with personalization-score"
    ):
        receipt(db, user_hash(3), 4)


def test_a_finished_run_without_its_seal_is_a_fault(db, refuses):
    tamper(db, f"DELETE FROM {P}seal WHERE run_id = 2")
    with refuses("the seal of run 2 is missing - run personalization-verify"):
        receipt(db, user_hash(3), 2)


MINE = "(SELECT min(rec_id) FROM am_personalization_recommendation_log WHERE profile_id = 3)"
TAMPERED = (
    f"UPDATE {P}recommendation_log SET score = score - 1 WHERE rec_id = {MINE}",
    f"UPDATE {P}recommendation_log SET served_at = '2020' WHERE rec_id = {MINE} + 1",
    f"UPDATE {P}recommendation_log SET recommendation_type = 'amendment' WHERE rec_id = {MINE}",
    f"DELETE FROM {P}recommendation_log WHERE rec_id = {MINE} + 1",
    f"UPDATE {P}decision SET risk_points = risk_points - 1",
    f"UPDATE {P}candidate SET title = title || 'x'",
    f"UPDATE {P}candidate SET title = x'ff'",
    f"UPDATE {P}candidate SET industries = 'lots'",
    f"UPDATE {P}cohort SET horizon_days = 17 WHERE industries = 'A'",
    f"UPDATE {P}cohort SET industries = x'ff' WHERE industries = 'A'",
    f"UPDATE {P}decision SET score = 'much'",
    f"UPDATE {P}decision SET score = x'ff'",
    f"UPDATE {P}list SET profile_id = 2 WHERE profile_id = 3",
    f"UPDATE {P}run SET model_json = '{{}}' WHERE run_id = 1",
    f"UPDATE {P}run SET model_json = '[{'1' * 5000}]' WHERE run_id = 1",
    f"UPDATE {P}run SET as_of = '2026-01-01' WHERE run_id = 1",
    f"UPDATE {P}evidence SET first_rec_id = first_rec_id + 1000 WHERE first_rec_id > {MINE}",
    f"UPDATE {P}evidence SET n = n + 1",
    f"DELETE FROM {P}evidence WHERE first_rec_id < {MINE}",
    f"UPDATE {P}seal SET root = tree_root",
    f"UPDATE {P}seal SET manifest_json = '{{}}'",
    f"UPDATE {P}seal SET leaves = 3",
    f"UPDATE {P}seal SET first_rec_id = NULL",
    f"UPDATE {P}seal SET first_rec_id = 'one'",
)


@pytest.mark.parametrize("statement", TAMPERED)
@pytest.mark.sampled(8)
def test_no_receipt_is_made_of_evidence_that_is_not_intact(db, statement):
    tamper(db, "PRAGMA ignore_check_constraints = 1", statement)
    sentence = r"^the evidence of run 1 is not intact, so there is no receipt: .* - run personalization-verify$"
    with pytest.raises(PersonalizationError, match=sentence):
        receipt(db, user_hash(3), 1)


# Later


def test_a_receipt_outlives_the_customers_erasure(path, db):
    """design.md, Privacy: the hash becomes a random one and the preference '{}'."""
    before = receipt_of(path, 3)
    db.execute(
        f"UPDATE {P}profile SET user_token_hash = ?, preference_json = '{{}}' WHERE profile_id = 3",
        ("f" * 64,),
    )
    score(path, as_of="2026-04-07")
    assert is_intact(before)
    heads = heads_of(path)
    kept = kept_heads(printed(heads[6]))
    assert compare(before, kept) == "the head kept of 6 seals is the same"
    # Two seals since: that of the other rows before the next night, and the night's own.
    after = receipt(db, "f" * 64, 1, [heads[6]])
    place = ("seal_path", "head", "consistency")
    assert {name: part for name, part in after.items() if name not in place} == {
        name: part for name, part in before.items() if name not in place
    }
    assert compare(after, kept) == compare(before, kept)
    assert receipt_of(path, 2)["head"] == after["head"] == format_checkpoint(heads[8])


def test_todays_catalogue_and_preference_change_no_receipt(path, db):
    before = receipt_of(path, 3)
    db.execute(f'UPDATE {P}profile SET preference_json = \'{{"risk_tolerance": "high"}}\'')
    db.execute("DELETE FROM programs")
    assert receipt_of(path, 3) == before


# The page


class Page(HTMLParser):
    """Elements with their attributes, and the text in each language."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text = [], {}
        self._languages = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            last = self._languages[-1] if self._languages else None
            self._languages.append(dict(attrs).get("lang", last))

    def handle_endtag(self, tag):
        self._languages.pop()

    def handle_data(self, data):
        if data.strip():
            language = self._languages[-1] if self._languages else None
            self.text.setdefault(language, []).append(data.strip())


@pytest.fixture
def page(path):
    return Page(receipt_html.receipt_html(receipt_of(path, 3)))


def test_the_page_needs_nothing_but_itself(path):
    html = receipt_html.receipt_html(receipt_of(path, 3))
    page = Page(html)
    assert {tag for tag, _ in page.elements} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "h1",
            "h2",
            "p",
            "dl",
            "dt",
            "dd",
        ),
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "span", "code", "strong", "time"),
        *("ol", "li", "b", "div", "label", "textarea", "details", "summary", "pre", "template"),
        "script",
    }
    assert {name for _, attrs in page.elements for name in attrs} <= {
        *("lang", "charset", "name", "content", "http-equiv", "scope", "class", "datetime"),
        *("id", "role", "for", "rows", "spellcheck", "data-is", "data-step", "data-label"),
    }
    assert not re.search(r"url\(|@import|https?:", html)
    reaches_out = (
        r"\b(fetch|XMLHttpRequest|import|eval|Function|innerHTML|location|cookie|\w*Storage)\b"
    )
    assert not re.search(reaches_out, script_of(html))


def script_of(html):
    """The one script of the page, as the browser takes its digest."""
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    return script


def test_the_page_allows_nothing_but_its_own_style_and_script(path):
    html = receipt_html.receipt_html(receipt_of(path, 3))
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', html)
    (style,) = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    own = [
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for text in (style, script_of(html))
    ]
    assert policy == (
        f"default-src 'none'; style-src {own[0]}; script-src {own[1]}; base-uri 'none'; form-action 'none'"
    )
    # Said on the page, too, so that it can be compared.
    assert own[1].strip("'") in html.replace(policy, "")


def test_the_page_holds_the_receipt_that_verify_receipt_checks(path):
    found = receipt_of(path, 3, kept=heads_of(path).values())
    html = receipt_html.receipt_html(found)
    (text,) = re.findall('<pre id="receipt">(.*?)</pre>', html, re.DOTALL)
    assert json.loads(unescape(text)) == found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_the_language_that_is_spoken_and_its_check_in_both(path, language):
    with speaking(language):
        page = Page(receipt_html.receipt_html(receipt_of(path, 3)))
    assert page.elements[0] == ("html", {"lang": language})
    heading = {"en": "Recommended at", "ja": "推薦日時"}
    assert heading[language] in page.text[language]
    for code, sentence in (
        ("en", "The lists are what their digests were taken of."),
        ("ja", "一覧は、ダイジェストの元の内容と同じです。"),
    ):
        assert sentence in page.text[code]


def test_the_page_can_be_heard(page):
    assert page.elements[0] == ("html", {"lang": "en"})
    headers = [attrs.get("scope") for tag, attrs in page.elements if tag == "th"]
    assert set(headers) == {"col", "row"}
    counts = [sum(tag == name for tag, _ in page.elements) for name in ("table", "caption", "h2")]
    assert counts == [3, 3, 5]
    assert "農業・林業の担い手確保補助金" in page.text["ja"]


def test_the_page_names_the_zone_of_its_dates(path, page):
    times = {attrs["datetime"] for tag, attrs in page.elements if tag == "time"}
    assert {"2026-04-01", receipt_of(path, 3)["served_at"]} <= times
    texts = " ".join(page.text["en"])
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d JST \(UTC\+9\)", texts)
    assert "All dates are calendar days in Japan (JST, UTC+9)." in texts


def test_an_instant_is_shown_in_japan(path):
    found = {**receipt_of(path, 3), "served_at": "2026-04-01T18:15:03.120Z"}
    html = receipt_html.receipt_html(found)
    assert (
        '<time datetime="2026-04-01T18:15:03.120Z">2026-04-02 03:15:03 JST (UTC+9)</time>' in html
    )


def test_the_page_says_why(page):
    text = page.text["en"]
    assert "lists 農業、林業 (A), which you declared: 50" in text
    assert (
        "closes in 29 days, within your 120-day horizon, of which 14 days are notice: 30 x 91 / 106 = 25, rounded down"
        in text
    )


def test_every_customers_page_can_be_made(path):
    for number in range(1, 8):
        assert "</html>" in receipt_html.receipt_html(receipt_of(path, number))


def test_a_title_is_text_and_nothing_else(path):
    found = receipt_of(path, 3)
    item = found["lists"][0]["places"][0]["candidate"]
    item["title"] = item["item_id"] = "<script>alert(1)</script>\"'$head&amp;"
    html = receipt_html.receipt_html(found)
    assert html.count("<script") == 1
    assert "alert" not in script_of(html)
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;$head&amp;amp;") == 2


# The command


def run(path, *arguments, key=None):
    return CliRunner().invoke(command, [str(path), *map(str, arguments)], input=key)


def test_the_command_prints_the_receipt_alone(path):
    result = run(path, "--run", 1, "--user-hash", user_hash(3))
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == receipt_of(path, 3)
    assert result.stdout.count("\n") == 1


def test_the_key_itself_is_read_from_standard_input(path):
    assert json.loads(run(path, "--run", 1, key="example-key-3\n").stdout) == receipt_of(path, 3)
    assert json.loads(run(path, "--run", 1, key="example-key-3").stdout) == receipt_of(path, 3)


def test_bytes_that_are_no_text_are_some_other_key(path):
    result = run(path, "--run", 1, key=b"\xff\xfe\n")
    assert (result.exit_code, result.stdout) == (3, "")


def test_without_a_key_there_is_a_usage_error(path):
    result = run(path, "--run", 1, key="")
    assert result.exit_code == 2
    assert result.stderr.endswith("Error: no API key - give it on standard input, or --user-hash\n")


def test_a_raw_key_given_as_an_option_is_refused_and_not_repeated(path):
    result = run(path, "--run", 1, "--user-hash", "example-key-3")
    assert result.exit_code == 2
    assert "example-key-3" not in result.output
    assert "not 64 lower-case hex digits, nor the first 8 or more of them" in result.output


def test_the_command_prints_the_page(path):
    result = run(path, "--run", 1, "--user-hash", user_hash(3), "--html")
    assert result.stdout.strip() == receipt_html.receipt_html(receipt_of(path, 3)).strip()


def test_the_command_relates_the_heads_of_a_file(path, tmp_path):
    heads = heads_of(path)
    kept = tmp_path / "heads.txt"
    kept.write_text(printed(*heads.values()))
    result = run(path, "--run", 1, "--user-hash", user_hash(3), "--head", kept)
    assert json.loads(result.stdout) == receipt_of(path, 3, kept=heads.values())
    kept.write_text("x")
    result = run(path, "--run", 1, "--user-hash", user_hash(3), "--head", kept)
    assert (result.exit_code, result.stdout) == (2, "")


def test_the_command_writes_a_tlog_proof_of_the_seal(path, tmp_path):
    """With the signature of the kept head, it convinces whoever knows the log's key and no more of us."""
    private = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.ed25519", reason="the extra [sign]"
    ).Ed25519PrivateKey.generate()
    heads, seal = heads_of(path), seals_of(path)[4]
    text = format_checkpoint(heads[6])
    note = Note(text, (sign(text, heads[6].origin, private),))
    kept, written = tmp_path / "heads.txt", tmp_path / "4.tlog-proof"
    kept.write_text(printed(heads[5]) + format_note(note), encoding="utf-8")
    arguments = ("--run", 2, "--user-hash", user_hash(3), "--tlog-proof", written)
    run(path, *arguments)
    unsigned = parse_inclusion(written.read_text(encoding="utf-8"))
    assert unsigned.note == Note(text)
    assert run(path, *arguments, "--head", kept).exit_code == 0
    proof = parse_inclusion(written.read_text(encoding="utf-8"))
    assert (proof.leaf, proof.note, proof.extra) == (3, note, leaves.seal_leaf(seal))
    key = key_of(heads[6].origin, private)
    leaf = merkle.leaf_hash(proof.extra)
    assert verify_inclusion(proof, leaf, key.name, [key]).keys == (key,)
    result = run(path, *arguments[:-1], tmp_path)
    assert result.exit_code == 2


def test_the_command_names_a_run_that_is_not_there_and_exits_3(path):
    result = run(path, "--run", 9, "--user-hash", user_hash(3))
    assert (result.exit_code, result.stdout, result.stderr) == (
        3,
        "",
        "Error: there is no run 9 - the last is run 3\n",
    )


def test_the_command_needs_our_tables(tmp_path):
    path = tmp_path / "other.db"
    connect(path).execute("CREATE TABLE t(a)")
    result = run(path, "--run", 1, "--user-hash", user_hash(3))
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: am_personalization_profile not found in {path}"
        f" - run: sqlite-utils personalization-migrate {path}\n",
    )


def test_the_file_is_only_read(path):
    before = path.read_bytes()
    run(path, "--run", 1, "--user-hash", user_hash(3))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["jpcite.db"]


# The real catalogue


@pytest.mark.slow
@pytest.mark.skipif(not BUILD.exists(), reason="needs the real catalogue in ../shared")
def test_receipts_on_the_real_catalogue_are_intact_and_small(tmp_path):
    path = tmp_path / "jpcite.db"
    for step in (["catalogue"], ["customers", "--count", "500"]):
        if step[0] == "customers":
            from sqlite_utils_personalization import migrate

            migrate(path)
        subprocess.run([sys.executable, str(BUILD), step[0], str(path), *step[1:]], check=True)
    # Twenty programs and amendments, five packs and the search: more than ten of four types.
    score(path, as_of="2026-07-22", top_k=20)
    db = connect(path)
    hashes = db.execute(
        f"SELECT user_token_hash FROM {P}profile WHERE profile_id IN (SELECT profile_id"
        f" FROM {P}recommendation_log) AND profile_id % 20 = 0"
    ).fetchall()
    sizes = [
        len(run(path, "--run", 1, "--user-hash", hashed).stdout.encode()) for (hashed,) in hashes
    ]
    db.close()
    assert len(sizes) > 20
    assert max(sizes) < 32_000
