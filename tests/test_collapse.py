"""A night on much less than the one before it says so, a sentence each; strict then logs nothing."""

import pytest
from scored import example, execute

from sqlite_utils_personalization import score
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.example import AS_OF, build

NEXT = "2026-04-02"
FEWER = {
    "DELETE FROM programs": "programs can be recommended, where ",
    "UPDATE programs SET excluded = 1": "programs can be recommended, where ",
    "DROP TABLE am_amendment_diff": "no table of amendments any more, of which ",
    "DROP TABLE saved_searches": "no table of saved searches any more, of which ",
    "DELETE FROM am_amendment_diff": "0 amendments can be recommended, where ",
}


@pytest.fixture
def path(tmp_path):
    found = example(tmp_path / "jpcite.db")
    execute(found, "DELETE FROM jgrants_programs")
    return found


def test_a_night_like_the_one_before_warns_of_nothing(path):
    assert score(path, as_of=AS_OF)["warnings"] == []
    assert score(path, as_of=NEXT, strict=True)["warnings"] == []


@pytest.mark.parametrize("statement", FEWER)
def test_a_collapse_is_one_sentence_and_with_strict_the_end(path, statement):
    score(path, as_of=AS_OF)
    execute(path, statement)
    before = path.read_bytes()

    with pytest.raises(PersonalizationError) as caught:
        score(path, as_of=NEXT, strict=True)
    assert FEWER[statement] in str(caught.value)
    assert path.read_bytes() == before
    assert any(FEWER[statement] in sentence for sentence in score(path, as_of=NEXT)["warnings"])


def test_one_of_two_tables_of_programs_that_is_gone_is_missed(tmp_path):
    path = tmp_path / "two.db"
    build(path)
    score(path, as_of=AS_OF)
    execute(path, "DROP TABLE jgrants_programs")
    said = score(path, as_of=NEXT)["warnings"]
    gone = " programs that were listed on 2026-04-01 are gone, more than 10 %"
    assert any(sentence.endswith(gone) for sentence in said)


def test_half_of_the_customers_are_missed(path):
    score(path, as_of=AS_OF)
    execute(
        path,
        "UPDATE am_personalization_profile SET preference_json = '{}'",
        "DELETE FROM am_personalization_profile WHERE profile_id > 4",
    )
    assert "4 customers, where there were 8 on 2026-04-01" in score(path, as_of=NEXT)["warnings"]


def test_more_than_one_in_a_hundred_rejected_is_told(path):
    execute(
        path, "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 1"
    )
    assert score(path, as_of=AS_OF)["warnings"] == ["1 of 8 customers are rejected, more than 1 %"]


def test_candidates_are_what_could_be_recommended_that_night(path):
    execute(
        path,
        "DELETE FROM programs",
        "INSERT INTO programs(unified_id, primary_name, tier, application_window_json) VALUES"
        """ ('A', '省エネ設備更新補助金', 'A', '{"end_date": "2026-03-31"}'),"""
        """ ('B', '創業支援補助金', 'A', '{"start_date": "2026-04-02", "end_date": "2026-09-30"}'),"""
        """ ('C', '賃上げ応援補助金', 'A', '{"start_date": "2026-04-01", "end_date": "2026-04-01"}')""",
    )
    summary = score(path, as_of=AS_OF)
    assert summary["candidates"]["program"] == 1
    assert summary["left_out"]["program"] == {"closed": 1, "not yet open": 1}
