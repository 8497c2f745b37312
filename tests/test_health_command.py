"""personalization-health: its exit status, what it says in each language, and metrics that others can read."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing, suppress

import pytest
from click.testing import CliRunner
from sqlite_utils.cli import cli
from two_languages import ENGLISH, JAPANESE

from sqlite_utils_personalization import health, migrate, score, verify, write_metrics
from sqlite_utils_personalization.api.metrics import _HELP, metrics
from sqlite_utils_personalization.errors import InvalidInput, PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
# What a name may end in that is a unit, or a kind.
BASE_UNITS = ("_seconds", "_info", "_bytes", "_ratio")


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    path = tmp_path_factory.mktemp("health") / "jpcite.db"
    build(path)
    score(path, as_of=AS_OF)
    return path.read_bytes()


@pytest.fixture
def path(scored, tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(scored)
    return path


def run(*arguments):
    return CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(
        cli, ["personalization-health", *map(str, arguments)]
    )


def changed(path, sql):
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(sql)


def parsed(text):
    """The text format of Prometheus, read by what its documentation says: {(name, labels): value}, and the types."""
    found, types, helped = {}, {}, set()
    assert text.endswith("\n")
    # Only a line feed ends a line.
    for line in text[:-1].split("\n"):
        if line.startswith("# "):
            _, kind, name, said = line.split(" ", 3)
            assert NAME.fullmatch(name)
            if kind == "HELP":
                assert name not in helped
                helped.add(name)
            else:
                assert (kind, name in types) == ("TYPE", False)
                types[name] = said
            continue
        name, rest = re.fullmatch(r"([^{ ]+)\{(.*)", line).groups()
        inside, value = rest.rsplit("} ", 1)
        assert NAME.fullmatch(name)
        assert name in types
        assert name in helped
        labels, at = {}, 0
        while at < len(inside):
            label = LABEL.match(inside, at)
            assert label, line
            unescaped = re.sub(r"\\(.)", lambda one: {"n": "\n"}.get(one[1], one[1]), label[2])
            assert label[1] not in labels
            labels[label[1]] = unescaped
            at = label.end()
        key = (name.removeprefix("personalization_"), tuple(sorted(labels.items())))
        assert key not in found
        found[key] = float(value)
    return found, types


def values(file):
    found, _ = parsed(file.read_text(encoding="utf-8"))
    return {name: value for (name, _), value in found.items()}


def test_a_well_file_is_well_and_says_what_health_says(path):
    result = run(path)
    assert (result.exit_code, result.stderr) == (0, "well\n")
    assert f"last night: {AS_OF}" in result.stdout
    assert "last verification: none was noted" in result.stdout
    said = json.loads(run(path, "--json").stdout)
    ages = {"last_night": 0}
    assert said | ages == health(path) | ages


def test_what_is_not_well_ends_with_1_and_a_wrong_command_with_2(path, tmp_path):
    assert run(path, "--max-days", 1).exit_code == 1
    assert run(path, "--max-days", -1).exit_code == 2
    assert run(path, "--max-days", "x").exit_code == 2
    assert run().exit_code == 2
    assert run(path, "--prometheus", tmp_path / "metrics.txt").exit_code == 2
    missing = run(tmp_path / "nowhere.db")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("Error: ")
    changed(path, "DROP TRIGGER am_personalization_run_no_update")
    assert run(path).exit_code == 1


def test_findings_of_the_last_verification_are_not_well_and_a_later_one_takes_them_back(path):
    changed(path, "DROP TRIGGER am_personalization_run_no_update")
    assert not verify(path, keep=True)["ok"]
    migrate(path)
    found = health(path)
    assert found["verification"]["findings"] == 1
    assert [one["reason"] for one in found["warnings"]] == ["findings"]
    assert run(path).exit_code == 1
    assert verify(path, keep=True)["ok"]
    assert run(path).exit_code == 0


def test_a_verification_in_another_file_counts_where_that_is_named(path, tmp_path):
    record = tmp_path / "verifications.jsonl"
    verify(path, record=record)
    assert health(path)["verification"] is None
    found = health(path, record=record)["verification"]
    assert (found["recorded_in"], found["findings"]) == (record.name, 0)
    assert "last verification: 20" in run(path, "--record", record).stdout
    record.write_text("no line of ours\n")
    assert health(path, record=record)["verification"] is None
    assert health(path, record=tmp_path / "gone")["verification"] is None


def open_night(path):
    def stop(stage, done, total):
        if stage == "Logging":
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        score(path, as_of="2026-04-02", progress=stop)


def test_everything_is_said_in_japanese_and_json_is_the_same_but_for_sentences(path):
    open_night(path)
    changed(path, "DROP INDEX idx_am_personalization_delivery_rec")
    verify(path, keep=True)
    english = run(path, "--max-days", 3)
    japanese = run(path, "--max-days", 3, "--lang", "ja")
    assert english.exit_code == japanese.exit_code == 1
    # What a quick check finds is said in one language, as every finding.
    lines = [line for line in japanese.output.splitlines() if "guards" not in line]
    assert len(lines) >= 6
    for line in lines:
        assert JAPANESE.search(line), line
        assert not ENGLISH.search(line), line
    said = [
        json.loads(run(path, "--max-days", 3, "--json", *lang).stdout)
        for lang in ((), ("--lang", "ja"))
    ]
    assert [one["reason"] for one in said[0]["warnings"]] == [
        one["reason"] for one in said[1]["warnings"]
    ]
    sentences = [one["sentence"] for one in said[1]["warnings"] if one["reason"] != "integrity"]
    assert all(map(JAPANESE.search, sentences))
    assert JAPANESE.search(said[1]["integrity"]["not_checked"])
    reasons = {one["reason"] for one in said[0]["warnings"]}
    assert reasons == {"old_night", "open_run", "integrity", "findings", "pending_migration"}


def test_metrics_are_what_the_file_holds_by_plain_sql(path, tmp_path):
    open_night(path)
    verify(path, keep=True)
    target = tmp_path / "personalization.prom"
    # To the full proof an open night is a finding.
    assert run(path, "--prometheus", target).exit_code == 1
    found = values(target)
    with closing(sqlite3.connect(path)) as db:

        def one(sql):
            return db.execute(sql).fetchone()[0]

        seconds = "(julianday({}) - 2440587.5) * 86400"
        last = "FROM am_personalization_run r JOIN am_personalization_run_progress p USING (run_id) WHERE run_id = 1"
        expected = {
            "up": 1,
            "healthy": 1,
            "integrity_ok": 1,
            "warnings": 2,
            "pending_migrations": 0,
            "open_runs": 1,
            "last_success_timestamp_seconds": one(f"SELECT {seconds.format('finished_at')} {last}"),
            "last_night_duration_seconds": one(
                f"SELECT (julianday(finished_at) - julianday(started_at)) * 86400 {last}"
            ),
            "last_night_logged_rows": one(
                "SELECT count(*) FROM am_personalization_recommendation_log WHERE served_at ="
                " (SELECT served_at FROM am_personalization_run WHERE run_id = 1)"
            ),
            "last_night_profiles": one("SELECT count(*) FROM am_personalization_profile"),
            "last_night_rejected_profiles": 0,
            "verification_findings": one("SELECT findings FROM am_personalization_verification"),
            "verification_timestamp_seconds": one(
                f"SELECT {seconds.format('verified_at')} FROM am_personalization_verification"
            ),
            "package_info": 1,
        }
    ages = {"last_success_age_seconds", "open_run_age_seconds"}
    assert all(0 <= found[name] < 3600 for name in ages)
    assert {name: value for name, value in found.items() if name not in ages} == {
        name: pytest.approx(value, abs=0.01) for name, value in expected.items()
    }


def test_names_and_types_are_as_prometheus_asks(path, tmp_path):
    open_night(path)
    verify(path, keep=True)
    write_metrics(path, tmp_path / "x.prom")
    found, types = parsed((tmp_path / "x.prom").read_text(encoding="utf-8"))
    assert {name.removeprefix("personalization_") for name in types} == set(_HELP)
    assert set(types.values()) == {"gauge"}
    for name in types:
        assert name.startswith("personalization_")
        assert not name.endswith(("_total", "_count", "_sum", "_bucket"))
        if re.search("second|minute|hour|day|age|duration|timestamp", name):
            assert name.endswith(BASE_UNITS)
    for name, labels in found:
        wanted = {"database", "version"} if name == "package_info" else {"database"}
        assert dict(labels).keys() == wanted
        assert dict(labels)["database"] == str(path)


@pytest.mark.parametrize(
    "name",
    ['a"b.db', "a\\b.db", "a\nb.db", 'a\\n\n"}{ 1.db', "日本 #.db", "a\u2028b\r.db", "\x01.db"],
)
def test_a_hostile_name_of_a_file_is_one_label(path, tmp_path, name):
    hostile = tmp_path / name
    shutil.move(path, hostile)
    write_metrics(hostile, tmp_path / "x.prom")
    text = (tmp_path / "x.prom").read_bytes().decode()
    found, _ = parsed(text)
    assert {dict(labels)["database"] for _, labels in found} == {str(hostile)}
    assert {name for name, _ in found} >= {"up", "package_info"}
    held_by_promtool(tmp_path / "x.prom")


def test_a_name_that_is_no_text_is_a_label_nevertheless():
    found, _ = parsed(metrics("/srv/\udcff.db", None).decode())
    assert ("up", (("database", "/srv/\\udcff.db"),)) in found


def held_by_promtool(file):
    if shutil.which("promtool"):
        with file.open("rb") as text:
            done = subprocess.run(
                ["promtool", "check", "metrics"], stdin=text, capture_output=True, check=False
            )
        assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_promtool_takes_what_is_written(path, tmp_path):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not here: Debian has it in the package prometheus")
    target = tmp_path / "x.prom"
    write_metrics(path, target)
    held_by_promtool(target)
    changed(path, "DROP TRIGGER am_personalization_run_no_update")
    verify(path, keep=True)
    open_night(path)
    write_metrics(path, target)
    assert values(target)["verification_findings"] == 1
    held_by_promtool(target)
    write_metrics(tmp_path / "nowhere.db", target)
    held_by_promtool(target)


@pytest.mark.parametrize(
    "what", ["missing", "folder", "no database", "empty", "not migrated", "locked"]
)
def test_a_file_that_cannot_be_looked_at_is_not_up(path, tmp_path, monkeypatch, what):
    holder = None
    if what in ("missing", "folder"):
        path.unlink()
        if what == "folder":
            path.mkdir()
    elif what == "no database":
        path.write_bytes(b"nothing of the kind" * 1000)
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "not migrated":
        path.unlink()
        changed(path, "CREATE TABLE t (x)")
    else:
        monkeypatch.setattr("sqlite_utils_personalization.api.opened._DEFAULT_S", 0.05)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
    target = tmp_path / "x.prom"
    try:
        result = run(path, "--prometheus", target)
    finally:
        if holder:
            holder.close()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert values(target) == {"up": 0, "package_info": 1}
    held_by_promtool(target)


def test_the_textfile_is_replaced_whole_and_read_by_everybody(path, tmp_path, monkeypatch):
    target, seen = tmp_path / "text" / "x.prom", []
    target.parent.mkdir()
    os.chmod(path, 0o600)
    write_metrics(path, target)
    first = target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    replace = os.replace

    def watched(source, destination):
        seen.append((target.read_bytes(), os.listdir(target.parent)))
        replace(source, destination)

    monkeypatch.setattr(os, "replace", watched)
    before = os.umask(0o077)
    try:
        write_metrics(tmp_path / "nowhere.db", target)
    finally:
        os.umask(before)
    ((old, names),) = seen
    # Until the last moment the old one is there, and nothing else that the collector would read.
    assert old == first
    assert [name for name in names if not name.startswith(".")] == ["x.prom"]
    assert not any(name.startswith(".") and name.endswith(".prom") for name in names)
    assert target.read_bytes() != first
    assert os.listdir(target.parent) == ["x.prom"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_what_fails_before_the_end_leaves_the_old_one(path, tmp_path, monkeypatch):
    target = tmp_path / "x.prom"
    write_metrics(path, target)
    before = target.read_bytes()

    def full(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    result = run(path, "--prometheus", target)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be written (No space left on device)" in result.stderr
    assert target.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["jpcite.db", "x.prom"]


def test_a_textfile_that_cannot_be_is_refused(path, tmp_path):
    result = run(path, "--prometheus", tmp_path / "nowhere" / "x.prom")
    assert result.exit_code == 1
    assert "create" in result.stderr
    (tmp_path / "link.prom").symlink_to(tmp_path / "other.prom")
    assert "symbolic link" in run(path, "--prometheus", tmp_path / "link.prom").stderr
    assert not (tmp_path / "other.prom").exists()
    with pytest.raises(InvalidInput, match="the name of a textfile"):
        write_metrics(path, tmp_path / "x")
    with pytest.raises(InvalidInput, match="max_days"):
        write_metrics(path, tmp_path / "x.prom", max_days=-1)
    # The database itself, if it has such a name.
    named = tmp_path / "jpcite.prom"
    shutil.copy(path, named)
    with pytest.raises(PersonalizationError, match="is the source itself"):
        write_metrics(named, named)
    assert named.read_bytes() == path.read_bytes()


def test_a_folder_that_cannot_be_written_is_a_sentence(path, tmp_path, monkeypatch):
    folder = tmp_path / "text"
    folder.mkdir(mode=0o500)
    if os.geteuid() == 0:
        # Who writes everywhere.
        def refused(**_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("sqlite_utils_personalization.private_files.mkdtemp", refused)
    result = run(path, "--prometheus", folder / "x.prom")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be written (Permission denied)" in result.stderr
    assert os.listdir(folder) == []


def test_what_was_tampered_with_is_written_as_far_as_it_is_known(path, tmp_path):
    changed(
        path,
        "DROP TRIGGER am_personalization_run_no_update;"
        " UPDATE am_personalization_run SET started_at = 'x', served_at = 'y', as_of = 'z'",
    )
    target = tmp_path / "x.prom"
    assert run(path, "--prometheus", target, "--max-days", 1).exit_code == 1
    found = values(target)
    assert (found["up"], found["healthy"], found["integrity_ok"]) == (1, 0, 0)
    assert "last_night_duration_seconds" not in found
    held_by_promtool(target)


def test_whatever_a_tampered_row_holds_is_told_as_json_and_as_text(path, tmp_path):
    verify(path, keep=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("PRAGMA ignore_check_constraints = 1")
        for change in (
            "run SET profiles = 'many', rejected = x'00ff', served_at = x'ff'",
            "run_progress SET finished_at = '9999-99-99', logged = 9e999",
            "verification SET findings = x'01', verified_at = 7",
        ):
            db.execute(f"UPDATE am_personalization_{change}")
    for arguments in ((), ("--json",), ("--lang", "ja"), ("--prometheus", tmp_path / "x.prom")):
        result = run(path, *arguments)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
    found = json.loads(run(path, "--json").stdout, parse_constant=pytest.fail)
    assert found["verification"]["findings"] == 1
    assert "last_night_profiles" not in values(tmp_path / "x.prom")
    held_by_promtool(tmp_path / "x.prom")


def test_the_database_is_only_read(path, tmp_path):
    before = path.read_bytes()
    run(path, "--prometheus", tmp_path / "x.prom", "--max-days", 0)
    assert path.read_bytes() == before
