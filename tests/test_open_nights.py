"""What the next night does about the nights before it: it finishes those left open, and sees a clock that is wrong."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest
from scored import example
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.clock import japan_day, right_now
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.served import GONE
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.scoring import log, night

LOGGED = "SELECT count(*) FROM am_personalization_recommendation_log"
OPEN = """
SELECT r.run_id FROM am_personalization_run r
WHERE NOT EXISTS (SELECT 1 FROM am_personalization_seal s WHERE s.run_id = r.run_id) ORDER BY 1
"""


@pytest.fixture
def path(tmp_path):
    return example(tmp_path / "jpcite.db")


def read(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute(sql)]


def refused(*arguments, **options):
    with pytest.raises(PersonalizationError) as caught:
        score(*arguments, **options)
    return str(caught.value)


class Stop(Exception):
    pass


def stop_after(monkeypatch, chunks):
    """The night ends after so many chunks of one customer each; the next one does not."""
    whole = log.log_chunks

    def some(*arguments):
        for n, chunk in enumerate(whole(*arguments)):
            if n == chunks:
                raise Stop
            yield chunk

    monkeypatch.setattr(log, "CHUNK_CUSTOMERS", 1)
    monkeypatch.setattr(night, "log_chunks", some)


def interrupt(path, monkeypatch, as_of, chunks=2, **options):
    with monkeypatch.context() as patched:
        stop_after(patched, chunks)
        with pytest.raises(Stop):
            score(path, as_of=as_of, resume=False, **options)


def command(runner, path, *options):
    done = runner.invoke(cli, ["personalization-score", str(path), *options])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr.splitlines()


@pytest.mark.parametrize("chunks", (0, 2))
def test_the_next_night_finishes_every_open_one_first(runner, path, tmp_path, monkeypatch, chunks):
    whole = tmp_path / "whole.db"
    build(whole)
    for day in (AS_OF, "2026-04-02"):
        score(whole, as_of=day)
    score(whole, as_of="2026-04-02", top_k=3)
    expected = read(whole, LOGGED)
    interrupt(path, monkeypatch, AS_OF, chunks)
    interrupt(path, monkeypatch, "2026-04-02", chunks)

    summary, said = command(runner, path, "--as-of", "2026-04-02", "--top-k", "3")

    assert [(run["run_id"], run["as_of"]) for run in summary["resumed_runs"]] == [
        (1, AS_OF),
        (2, "2026-04-02"),
    ]
    assert [line for line in said if "was interrupted" in line] == [
        f"run {run['run_id']} of {run['as_of']} was interrupted: {run['logged']} rows logged, finished"
        for run in summary["resumed_runs"]
    ]
    assert (read(path, OPEN), read(path, LOGGED)) == ([], expected)
    assert (
        summary["logged"]
        == read(
            path,
            f"{LOGGED} WHERE rec_id > (SELECT max(last_rec_id)"
            " FROM am_personalization_seal WHERE run_id = 2)",
        )[0]
    )
    with closing(sqlite3.connect(path)) as db:
        assert not verify(db)


def test_a_night_that_was_scored_already_still_finishes_the_others(path, monkeypatch):
    score(path, as_of="2026-04-02")
    interrupt(path, monkeypatch, AS_OF)

    summary = score(path, as_of="2026-04-02")

    assert (summary["outcome"], [run["run_id"] for run in summary["resumed_runs"]]) == (
        "already scored",
        [2],
    )
    assert read(path, OPEN) == []


def test_the_night_that_is_asked_for_is_resumed_and_not_counted_twice(path, monkeypatch):
    interrupt(path, monkeypatch, AS_OF)

    summary = score(path, as_of=AS_OF)

    assert (summary["outcome"], summary["resumed_runs"]) == ("resumed", [])


def test_again_finishes_the_same_night_first(path, monkeypatch):
    interrupt(path, monkeypatch, AS_OF)

    summary = score(path, as_of=AS_OF, again=True)

    assert (summary["again"], [run["run_id"] for run in summary["resumed_runs"]]) == (1, [1])


def test_no_resume_leaves_other_nights_as_they_are(runner, path, monkeypatch):
    interrupt(path, monkeypatch, AS_OF)

    summary, _ = command(runner, path, "--as-of", "2026-04-02", "--no-resume")

    assert (summary["resumed_runs"], read(path, OPEN)) == ([], [1])


def test_a_dry_run_tells_what_it_would_finish_and_writes_nothing(runner, path, monkeypatch):
    interrupt(path, monkeypatch, AS_OF)
    before = path.read_bytes()

    summary, said = command(runner, path, "--as-of", "2026-04-02", "--dry-run")

    (left,) = summary["resumed_runs"]
    assert f"run 1 of {AS_OF} was interrupted: {left['logged']} rows are left to log" in said
    assert path.read_bytes() == before
    assert score(path, as_of="2026-04-02")["resumed_runs"] == [left]


def test_a_night_that_cannot_be_finished_stops_no_other(path, monkeypatch):
    interrupt(path, monkeypatch, AS_OF)
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO am_personalization_unserved(run_id, profile_id, reason, due_json)"
            " SELECT 1, profile_id, ?, '[]' FROM am_personalization_run_customer LIMIT 1",
            (GONE,),
        )
        db.commit()

    summary = score(path, as_of="2026-04-02")

    assert (summary["outcome"], summary["resumed_runs"], read(path, OPEN)) == ("scored", [], [1])
    assert summary["warnings"][0].startswith(
        f"run 1 of {AS_OF} was interrupted, and is not finished: run 1 notes profile"
    )


def days_from_today(days):
    return japan_day(right_now() + timedelta(days=days))


def test_a_day_after_tomorrow_is_refused_before_anything_is_written(path):
    tomorrow, later = days_from_today(1), days_from_today(2)
    assert refused(path, as_of=later) == (
        f"{later} is later than tomorrow in Japan, {tomorrow} - check --as-of and the clock, or pass --any-date"
    )
    assert refused(path, as_of=later, dry_run=True).startswith(later)
    assert read(path, "SELECT count(*) FROM am_personalization_run") == [0]
    assert score(path, as_of=tomorrow)["outcome"] == "scored"


@pytest.mark.parametrize(("days", "is_refused"), ((366, False), (367, True), (4000, True)))
@pytest.mark.parametrize("sign", (1, -1))
def test_more_than_a_year_away_from_the_last_night_needs_any_date(path, days, is_refused, sign):
    last = date(2020, 1, 1)
    score(path, as_of=last.isoformat())
    other = (last + sign * timedelta(days=days)).isoformat()
    if other > days_from_today(1):
        return
    if is_refused:
        assert refused(path, as_of=other) == (
            f"{other} is more than a year away from the last night, {last}"
            " - check --as-of and the clock, or pass --any-date"
        )
    assert score(path, as_of=other, any_date=is_refused)["outcome"] == "scored"


def test_a_night_far_in_the_future_does_not_make_every_later_one_look_wrong(path):
    score(path, as_of="2099-01-01", any_date=True)
    assert score(path, as_of=AS_OF)["warnings"] == []
    assert score(path, as_of="2026-04-02")["outcome"] == "scored"


def test_a_night_that_was_scored_needs_no_any_date_to_say_so(path):
    score(path, as_of="2099-01-01", any_date=True)
    assert score(path, as_of="2099-01-01")["outcome"] == "already scored"


def test_an_earlier_night_says_so(runner, path):
    score(path, as_of="2026-04-02")

    summary, said = command(runner, path, "--as-of", AS_OF)

    sentence = f"{AS_OF} is earlier than 2026-04-02, which was scored before: customers are served the later one"
    assert sentence in summary["warnings"]
    assert f"warning: {sentence}" in said
