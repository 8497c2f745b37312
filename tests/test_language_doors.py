"""Every door speaks the language it is asked for, and all else of its answers is the same."""

import csv
import io
import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from hashlib import sha256
from html import escape

import pytest
from click.testing import CliRunner
from sqlite_utils.cli import cli
from two_languages import ENGLISH, JAPANESE, leaves, name_of, said

import sqlite_utils_personalization as api
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.language import LANGUAGES, accepted, of_locale, speaking

HOSTILE = '50%OFF %s %(x)s {0} {title} {} & "x"'
NUMBER = "(?<![0-9])[0-9]+(?![0-9])"
USER = sha256(b"example-key-1").hexdigest()
NAMED = ("--user-hash", USER)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        *[("", "en"), ("ja", "ja"), ("ja-JP", "ja"), ("JA;Q=0.5", "ja"), ("en-GB,ja;q=0.9", "en")],
        *[("en;q=0.2, ja;q=0.9", "ja"), ("fr, ja;q=0.1", "ja"), ("*", "en"), ("fr", "en")],
        *[("ja;q=0", "en"), ("ja;q=2", "en"), ("ja;q=-1", "en"), ("ja;q=nan", "en")],
        *[
            ("ja;q=x", "en"),
            ("ja;", "ja"),
            (";;;,,,;q=1", "en"),
            ("jafoo", "en"),
            ("ja;q=1;x", "en"),
        ],
        ("," * 10_000, "en"),
    ],
)
def test_an_accept_language_is_read_by_its_weights(header, language):
    assert accepted(header) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "ja_JP@calendar"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, "ja"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "fr:ja:en"}, "ja"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "ja"}, "en"),
        ({"LANG": "POSIX"}, "en"),
    ],
)
def test_the_locale_is_read_as_gettext_reads_it(environment, language):
    assert of_locale(environment) == language


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The example, with a title that means something to whoever formats texts, scored."""
    path = tmp_path_factory.mktemp("doors") / "jpcite.db"
    build(path)
    with closing(sqlite3.connect(path)) as db, db:
        (table,) = db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'programs'"
        ).fetchone()
        db.execute(f"UPDATE {table} SET primary_name = ? WHERE unified_id = 'EX-110'", (HOSTILE,))
    api.score(path, as_of=AS_OF)
    return path.read_bytes()


@pytest.fixture
def path(built, tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(built)
    return path


def run(path, command, *arguments, locale="C.UTF-8", **options):
    name, *rest = command.split()
    return CliRunner(env={"LC_ALL": locale}).invoke(
        cli, [f"personalization-{name}", *rest, str(path), *map(str, arguments)], **options
    )


TEXTS = {
    "replay": ("--run", 1),
    "why-not": ("--item", "EX-110", *NAMED),
    "verify": ("-s",),
    "report": ("-s", "--against", "previous"),
    "reconcile": ("--month", AS_OF[:7], "--endpoint", "*"),
    "receipt": ("--run", 1, "--html", *NAMED),
}


@pytest.mark.parametrize("command", TEXTS)
def test_a_command_prints_text_in_the_language_of_the_option_or_of_the_locale(path, command):
    arguments = TEXTS[command]
    english = run(path, command, *arguments)
    japanese = run(path, command, *arguments, "--lang", "ja")

    assert english.exit_code == japanese.exit_code
    assert english.stdout + english.stderr != japanese.stdout + japanese.stderr
    # A page says some of it in both languages, and has a style and a script.
    text = re.sub(
        r"<(style|script|pre|span class=\"note\" lang=\"en\").*?</",
        "",
        japanese.output,
        flags=re.DOTALL,
    )
    for line in text.splitlines():
        assert not ENGLISH.search(
            re.sub(r"<[^>]*>|python verify_receipt.*txt|-- *[a-z-]+", "", line)
        ), line
    by_locale = run(path, command, *arguments, locale="ja_JP.UTF-8")
    assert by_locale.output == japanese.output
    asked = run(path, command, *arguments, "--lang", "en", locale="ja_JP.UTF-8")
    assert asked.output == english.output


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("replay", ("--run", 1, "--json")),
        ("replay", ("--run", 1, "--nl")),
        ("why-not", ("--item", "EX-110", "--json", *NAMED)),
        ("verify", ("-s", "--json")),
        ("report", ("-s", "--json")),
        ("report", ("-s", "--nl")),
        ("reconcile", ("--month", AS_OF[:7], "--endpoint", "*", "--json")),
        ("receipt", ("--run", 1, *NAMED)),
        ("profile get", NAMED),
    ],
)
def test_json_is_english_whatever_the_locale_and_the_same_but_for_sentences(
    path, command, arguments
):
    def parsed(result):
        if "--nl" in arguments:
            return [json.loads(line) for line in result.stdout.splitlines()]
        return json.loads(result.stdout)

    english = parsed(run(path, command, *arguments))
    by_locale = parsed(run(path, command, *arguments, locale="ja_JP.UTF-8"))
    japanese = parsed(run(path, command, *arguments, "--lang", "ja"))

    assert said(english, by_locale, {"seconds"}) == []
    sentences = said(english, japanese, {"seconds", "measured"})
    assert bool(sentences) == (command in ("replay", "why-not", "verify", "report", "reconcile"))


def test_a_title_is_a_value_in_a_sentence_and_nothing_in_it_is_filled_in(path):
    for language in LANGUAGES:
        result = run(path, "replay", "--run", 1, "--lang", language)
        assert HOSTILE in result.stdout
        result = run(path, "why-not", "--item", "EX-110", *NAMED, "--lang", language)
        assert HOSTILE in result.stdout
        page = run(path, "receipt", "--run", 1, "--html", *NAMED, "--lang", language).stdout
        assert escape(HOSTILE) in page
        assert HOSTILE not in page


def test_what_no_one_can_format_is_no_fault_of_a_sentence():
    from sqlite_utils_personalization.formula.sentences import and_more, listed

    for language in LANGUAGES:
        with speaking(language):
            assert and_more([HOSTILE, "{n}"]).endswith(f"{HOSTILE}; {{n}}")
            assert HOSTILE in listed([HOSTILE, "x"])


def test_an_erased_customer_is_called_so(path):
    assert api.erase(path, USER)["outcome"] == "erased"
    english = run(path, "replay", 1)
    japanese = run(path, "replay", 1, "--lang", "ja")

    assert "verdict   erased: since" in english.stdout
    assert "判定      消去済み：" in japanese.stdout
    pair = [
        json.loads(run(path, "replay", 1, "--json", *lang).stdout)
        for lang in ((), ("--lang", "ja"))
    ]
    assert {name_of(path) for path, _ in leaves(pair[0])} == {
        name_of(path) for path, _ in leaves(pair[1])
    }
    assert pair[1][0]["verdict"] == "erased"
    unknown = run(path, "why-not", "--item", "EX-110", *NAMED, "--lang", "ja")
    assert (unknown.exit_code, unknown.stderr) == (
        3,
        "Error: このハッシュの顧客はいません - キーを確認してください。消去した顧客のハッシュは残っていません\n",
    )


def test_a_finding_has_a_japanese_heading_and_its_message_as_it_is(path, tmp_path):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TRIGGER IF EXISTS am_personalization_recommendation_log_no_update")
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            " AND tbl_name = 'am_personalization_recommendation_log'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE am_personalization_recommendation_log SET score = 1 WHERE rec_id = 1")
    kept = [tmp_path / "en.jsonl", tmp_path / "ja.jsonl"]
    english = run(path, "verify", "-s", "--record", kept[0])
    japanese = run(path, "verify", "-s", "--record", kept[1], "--lang", "ja")

    assert english.exit_code == japanese.exit_code == 1
    messages = [line for line in english.stdout.splitlines() if line.startswith("log-row-changed")]
    message = messages[0].removeprefix("log-row-changed: ")
    told = japanese.stdout.splitlines()
    at = told.index("log-row-changed：証跡と一致しない推薦記録の行（1件）")
    assert told[at + 1] == f"    {message}"
    assert JAPANESE.search(told[at + 2])
    # What is kept says the same whoever verified.
    first, second = (json.loads(file.read_text(encoding="utf-8")) for file in kept)
    assert first["findings_json"] == second["findings_json"]
    pair = [
        json.loads(run(path, "verify", "-s", "--json", *lang).stdout)
        for lang in ((), ("--lang", "ja"))
    ]
    said(*pair, {"seconds"})
    assert [one["first"] for one in pair[0]["findings"]] == [
        one["first"] for one in pair[1]["findings"]
    ]


def test_what_a_command_refuses_it_refuses_in_the_language(path):
    for arguments, text in {
        ("replay", 9999): "推薦番号9999は推薦記録にありません",
        ("replay", "--run", 7): "実行番号7はありません - 最新は実行番号1です",
        ("receipt", "--run", 7, *NAMED): "実行番号7はありません",
    }.items():
        result = run(path, *arguments, "--lang", "ja")
        assert result.exit_code == 3
        assert text in result.stderr
    result = run(path, "profile set", "--risk", "x", *NAMED, "--lang", "ja")
    assert (
        "$.risk_tolerance が正しくありません（指定できる値：low, medium, high のいずれか） - 何も保存していません"
        in result.stderr
    )


def test_profile_check_says_what_is_wrong_in_the_language(path):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            'UPDATE am_personalization_profile SET preference_json = \'{"risk_tolerance": "x"}\''
            " WHERE profile_id = 1"
        )
    rows = {
        language: list(
            csv.DictReader(io.StringIO(run(path, "profile check", "--csv", *lang).stdout))
        )
        for language, lang in (("en", ()), ("ja", ("--lang", "ja")))
    }
    assert rows["en"] == [
        {"profile_id": "1", "sentence": "$.risk_tolerance is not one of low, medium, high"}
    ]
    assert rows["ja"] == [
        {
            "profile_id": "1",
            "sentence": "$.risk_tolerance が正しくありません（指定できる値：low, medium, high のいずれか）",
        }
    ]
    by_locale = run(path, "profile check", "--csv", locale="ja_JP.UTF-8")
    assert by_locale.stdout == run(path, "profile check", "--csv").stdout
    table = run(path, "profile check", "--table", locale="ja_JP.UTF-8")
    assert "（指定できる値：low, medium, high のいずれか）" in table.stdout
    assert table.stderr == "指摘 1件\n"


def scored(tmp_path, language):
    """What a night stored, and said, in this language; one customer is rejected, another has no row."""
    path = tmp_path / f"{language}.db"
    build(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "UPDATE am_personalization_profile SET preference_json = ? WHERE profile_id = ?",
            [('{"risk_tolerance": "x"}', 1), ("[]]", 2), ('{"deadline_horizon_days": 0}', 3)],
        )
    result = run(path, "score", "--as-of", AS_OF, "--any-date", "-s", "--lang", language)
    with closing(sqlite3.connect(path)) as db:
        unserved = db.execute(
            "SELECT profile_id, reason FROM am_personalization_unserved ORDER BY 1"
        ).fetchall()
        counts = db.execute(
            "SELECT counts_json, left_out_json FROM am_personalization_run"
        ).fetchall()
    return json.loads(result.stdout.splitlines()[-1]), result.stderr, (unserved, counts)


def test_a_night_stores_the_same_whatever_the_language_and_says_it_in_that(tmp_path):
    english, told, stored = scored(tmp_path, "en")
    japanese, said_so, stored_too = scored(tmp_path, "ja")

    assert stored == stored_too
    assert {reason for _, reason in stored[0]} > {
        "risk_tolerance is not one of low, medium, high",
        "preference_json is not JSON",
        "deadline_horizon_days is not an integer from 1 to 730",
    }
    assert "not scored: preference_json is not JSON: profile 2" in told
    assert "計算の対象外：preference_json がJSONではありません：顧客番号 2" in said_so
    assert (
        "risk_tolerance が正しくありません（指定できる値：low, medium, high のいずれか）" in said_so
    )
    assert said(english, japanese) == ["顧客8人のうち3人の申告が無効で、1%を超えています"]


def test_cron_reads_the_same_whatever_the_locale(path):
    for command, arguments in {
        "score": ("--as-of", AS_OF, "-s"),
        "deliver": (1, "--channel", "digest", "--slot", AS_OF),
        "snapshot": (path.with_name("copy.db"), "-s", "--replace"),
        "migrate": (),
    }.items():
        result = run(path, command, *arguments, locale="ja_JP.UTF-8")
        assert result.exit_code == 0, result.output
        assert result.stderr
        assert not JAPANESE.search(result.stderr)
        asked = run(path, command, *arguments, "--lang", "ja")
        assert JAPANESE.search(asked.stderr)


def test_a_kept_reconciliation_is_the_same_in_every_language(path):
    api.record_deliveries(
        path, [1, 2], channel="digest", slot=AS_OF, delivered_at=f"{AS_OF}T03:00Z"
    )
    kept, texts = [], []
    for language in LANGUAGES:
        result = run(
            *(path, "reconcile", "--month", AS_OF[:7], "--endpoint", "*", "--keep"),
            *("--lang", language),
        )
        texts.append(result.stdout)
        with closing(sqlite3.connect(path)) as db:
            kept.append(
                db.execute(
                    "SELECT class, because, rec_id FROM am_personalization_reconciled"
                ).fetchall()
            )
    assert kept[0] == kept[1]
    assert "delivered but not charged" in texts[0]
    assert "課金漏れ" in texts[1]
    assert Counter(re.findall(NUMBER, texts[0])) == Counter(re.findall(NUMBER, texts[1]))


def test_a_receipt_says_the_same_in_both_languages(path):
    found = api.receipt(path, 1, 1)
    english, japanese = api.receipt_html(found), api.receipt_html(found, lang="ja")

    assert api.receipt_html(found, lang="en") == english
    assert '<html lang="ja">' in japanese
    assert re.findall(
        r"<code>[^<]*</code>|<strong>\d+</strong>|<time[^>]*>", english
    ) == re.findall(r"<code>[^<]*</code>|<strong>\d+</strong>|<time[^>]*>", japanese)
    assert english.count("<tr>") == japanese.count("<tr>")
    with speaking("ja"):
        assert api.receipt_html(found) == japanese
    for lang in ("fr", 1, ["ja"]):
        with pytest.raises(api.InvalidInput):
            api.receipt_html(found, lang=lang)


def test_a_digest_is_the_same_in_both_languages_but_for_sentences(path, tmp_path):
    made = []
    for language in LANGUAGES:
        folder = tmp_path / language
        api.write_digests(path, folder, on=AS_OF, lang=language)
        made.append(
            [
                json.loads(file.read_text(encoding="utf-8"))
                for file in sorted(folder.glob("*[0-9a-f].json"))
            ]
        )
    assert made[0]
    for english, japanese in zip(*made, strict=True):
        assert (english.pop("language"), japanese.pop("language")) == ("en", "ja")
        said(english, japanese, {"subject", "dismiss", "note", "area"})


def test_what_is_applied_and_pending_is_listed_in_japanese(tmp_path):
    path = tmp_path / "empty.db"
    sqlite3.connect(path).close()
    command = ["personalization-migrate", str(path), "--list", "--lang"]
    english, japanese = (CliRunner().invoke(cli, [*command, lang]).stdout for lang in LANGUAGES)
    assert english.startswith("Migrations for: personalization\n\n  Applied:\n\n  Pending:\n")
    assert japanese.startswith("マイグレーション：personalization\n\n  適用済み：\n\n  未適用：\n")
    named = re.compile("[0-9]{3}_[a-z]+")
    assert named.findall(english) == named.findall(japanese)
    assert len(named.findall(english)) > 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_told_in_the_language_of_the_command(tmp_path, monkeypatch):
    import sys
    from contextlib import ExitStack

    from sqlite_utils_personalization.commands.base import progress_in

    for lang, label in (("en", "Verifying"), ("ja", "検証中")):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with speaking(lang), ExitStack() as stack:
            progress = progress_in(stack, silent=False)
            for done in range(4):
                progress("Verifying", done, 3)
        assert label in terminal.getvalue()
