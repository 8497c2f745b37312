"""Reading some items of the catalogue gives what reading all of it gives for them."""

import sqlite3
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.model.model import load_model

AS_OF = "2026-07-22"
# So few that rows share them, and some that only look alike.
IDS = ("P1", "P2", "P3", "P\u200b1", None)
DAYS = ("2026-07-20T00:00:00Z", "2026-07-01", "2026-01-01", "not a day")
FIELDS = ("close_at", "open_at", "name")
MODEL = load_model(None)

ids = st.sampled_from(IDS)
programs = st.lists(
    st.tuples(ids, st.sampled_from(("設備投資補助金", "観光支援事業")), st.sampled_from((0, 1))),
    max_size=6,
)
changes = st.lists(
    st.tuples(
        st.sampled_from(("1", "2", "3", "4", None)),
        ids,
        st.sampled_from(FIELDS),
        st.sampled_from(("2026-08-01", "2026-09-01", "100", None)),
        st.sampled_from(("2026-08-01", "2026-10-01", "200", None)),
        st.sampled_from(DAYS),
    ),
    max_size=8,
)
known_as = st.lists(st.tuples(ids, ids, st.sampled_from((0.5, 0.9))), max_size=6)


def catalogue(programs, changes, known_as):
    db = sqlite3.connect(":memory:")
    db.executescript(
        "CREATE TABLE programs (unified_id, primary_name, excluded);"
        "CREATE TABLE jgrants_programs (id, name);"
        "CREATE TABLE am_amendment_diff (diff_id, entity_id, field_name, prev_value, new_value, detected_at);"
        "CREATE TABLE entity_id_map (am_canonical_id, jpi_unified_id, confidence);"
        "CREATE TABLE saved_searches (id, api_key_hash, query_json);"
        "CREATE TABLE am_personalization_profile (profile_id, user_token_hash);"
    )
    for at, (number, name, excluded) in enumerate(programs):
        if at % 2:
            db.execute("INSERT INTO jgrants_programs VALUES (?, ?)", (number, name))
        else:
            db.execute("INSERT INTO programs VALUES (?, ?, ?)", (number, name, excluded))
    db.executemany("INSERT INTO am_amendment_diff VALUES (?, ?, ?, ?, ?, ?)", changes)
    db.executemany("INSERT INTO entity_id_map VALUES (?, ?, ?)", known_as)
    return db


@settings(max_examples=200)
@given(programs, changes, known_as, st.data())
def test_only_some_items_are_read_as_all_of_them_are(programs, changes, known_as, data):
    with closing(catalogue(programs, changes, known_as)) as db:
        every = [*read_catalogue(db, AS_OF, MODEL)]
        offered = [one for one in every if one.recommendation_type == "amendment"]
        chosen = data.draw(st.lists(st.sampled_from(offered or every), max_size=2))
        wanted = {one[:2] for one in chosen}
        some = [*read_catalogue(db, AS_OF, MODEL, only=chosen)]
    assert [one for one in some if one[:2] in wanted] == [one for one in every if one[:2] in wanted]
    assert not {one.item_id for one in some if one.recommendation_type == "program"} - {
        one.item_id for one in every if one.recommendation_type == "program"
    }


def test_a_change_of_a_program_that_goes_by_two_ids_decides_nothing_of_the_other():
    programs = [("P1", "設備投資補助金", 0), ("P9", "x", 0), ("P2", "観光支援事業", 0)]
    changes = [
        ("1", "P1", "close_at", "2026-08-01", "2026-09-01", "2026-07-10"),
        ("2", "E", "close_at", "2026-09-01", "2026-10-01", "2026-07-20"),
    ]
    with closing(catalogue(programs, changes, [("E", "P2", 0.9), ("E", "P1", 0.5)])) as db:
        every = {one[:2]: one for one in read_catalogue(db, AS_OF, MODEL)}
        wanted = every["amendment", "1"]
        assert wanted.left_out is None
        assert wanted in [*read_catalogue(db, AS_OF, MODEL, only=[wanted])]
