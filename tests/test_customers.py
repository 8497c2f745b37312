"""What customers declare, say and demand, by the public functions: on paths and connections, as the commands print."""

import json
import re
import sqlite3
import sys
import threading
from collections import OrderedDict
from contextlib import closing
from hashlib import sha256
from types import MappingProxyType

import pytest
import sqlite_utils
from said import NIGHT, ONE, THREE, build
from sqlite_utils.cli import cli

import sqlite_utils_personalization as api
from sqlite_utils_personalization import score
from sqlite_utils_personalization.api.declarations import check_preferences
from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.errors import (
    Conflict,
    InvalidInput,
    Locked,
    NoSchema,
    NotFound,
    PersonalizationError,
)


def hash_of(key):
    return sha256(key.encode()).hexdigest()


TWO, NEW = hash_of("key-2"), hash_of("new")
LOW, HIGH = {"risk_tolerance": "low"}, {"risk_tolerance": "high"}


@pytest.fixture(scope="module")
def _scored(tmp_path_factory):
    path = tmp_path_factory.mktemp("said") / "jpcite.db"
    build(path)
    score(path, as_of=NIGHT)
    return path.read_bytes()


@pytest.fixture
def path(fresh_path, _scored):
    fresh_path.write_bytes(_scored)
    return fresh_path


@pytest.fixture
def conn(path):
    with closing(sqlite3.connect(path)) as conn:
        yield conn


def rows(path, table):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(f"SELECT * FROM am_personalization_{table} ORDER BY 1").fetchall()


# What each writes, by the table where it is seen; of customer 1, whose key is key-1.
WRITES = {
    "set": ("profile", lambda file, **o: api.set_preferences(file, ONE, HIGH, **o)),
    "merge": ("profile", lambda file, **o: api.set_preferences(file, ONE, HIGH, merge=True, **o)),
    "rotate": ("rotation", lambda file, **o: api.rotate(file, b"key-1", b"new", **o)),
    "feedback": (
        "feedback",
        lambda file, **o: api.give_feedback(file, ONE, "program", "A-1", "applied", **o),
    ),
}
each_write = pytest.mark.parametrize(("table", "write"), WRITES.values(), ids=WRITES)


@each_write
def test_what_is_raised_inside_with_undoes_it(path, conn, table, write):
    before = rows(path, table)
    with pytest.raises(ZeroDivisionError), conn:
        raise ZeroDivisionError(write(conn))
    assert rows(path, table) == before
    with conn:
        write(conn)
    assert rows(path, table) != before


@each_write
@pytest.mark.parametrize("kind", [str, sqlite3.connect, sqlite_utils.Database])
def test_a_path_a_connection_and_a_database_do_the_same(path, kind, table, write):
    before = rows(path, table)
    file = kind(str(path))
    write(file)
    if isinstance(file, sqlite3.Connection):
        assert rows(path, table) == before
        file.commit()
    assert rows(path, table) != before


@each_write
def test_without_isolation_it_is_kept_at_once_and_a_transaction_of_the_callers_is_joined(
    path, table, write
):
    before = rows(path, table)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("BEGIN")
        write(conn)
        conn.execute("ROLLBACK")
        assert rows(path, table) == before
        write(conn)
        assert rows(path, table) != before


@each_write
@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought autocommit")
def test_with_autocommit_off_it_is_kept_when_the_caller_commits(path, table, write):
    before = rows(path, table)
    with closing(sqlite3.connect(path, autocommit=False)) as conn:
        write(conn)
        conn.rollback()
        assert rows(path, table) == before
        write(conn)
        conn.commit()
    assert rows(path, table) != before


@each_write
def test_a_locked_file_is_told_after_the_time_that_was_given(path, conn, table, write):
    before = rows(path, table)
    conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(Locked) as raised:
        write(path, timeout_s=0)
    assert raised.value.retry_after_s > 0
    conn.rollback()
    assert rows(path, table) == before


@each_write
def test_settings_of_the_callers_connection_are_as_they_were(conn, table, write):
    def settings():
        pragmas = ("secure_delete", "busy_timeout", "foreign_keys")
        return [tuple(conn.execute(f"PRAGMA {name}").fetchone()) for name in pragmas]

    conn.row_factory = sqlite3.Row
    conn.execute("PRAGMA secure_delete = off")
    before = settings()
    write(conn, timeout_s=7)
    assert (settings(), conn.row_factory) == (before, sqlite3.Row)


def test_eight_threads_that_merge_on_one_connection_lose_nothing(path):
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    given = [{"prefecture": "Osaka"}, {"deadline_horizon_days": 30}, LOW, {"industry_pack": "E"}]

    def declare(at):
        for n in range(20):
            customer = hash_of(f"{at // 4}-{n}")
            api.set_preferences(conn, customer, given[at % 4], merge=True)

    threads = [threading.Thread(target=declare, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = {"prefecture": "大阪府", "deadline_horizon_days": 30, "industry_pack": "E", **LOW}
    found = [api.get_profile(path, hash_of(f"{at}-{n}")) for at in (0, 1) for n in range(20)]
    assert all(one["preferences"] == whole for one in found)


def test_what_cannot_be_declared_waits_for_no_lock(path, conn):
    conn.execute("BEGIN EXCLUSIVE")
    for merge in (True, False):
        with pytest.raises(InvalidInput):
            api.set_preferences(path, ONE, {"risk_tolerance": "yolo"}, merge=merge, timeout_s=0)


def test_an_import_refuses_a_transaction_and_takes_rows_lines_and_bytes(path, conn):
    with conn:
        conn.execute("CREATE TABLE mine(a)")
        conn.execute("INSERT INTO mine VALUES (1)")
        with pytest.raises(Conflict):
            api.import_profiles(conn, [])
    given = [
        {"user_token_hash": hash_of("a"), "preferences": MappingProxyType(LOW)},
        json.dumps({"user_token_hash": hash_of("b"), "preferences": LOW}),
        b"",
        b"\xef\xbb\xbf" + json.dumps({"user_token_hash": hash_of("c"), "preferences": {}}).encode(),
    ]
    whole = {"profiles": 3, "created": 3, "updated": 0, "unchanged": 0}
    assert api.import_profiles(conn, iter(given)) == whole
    assert api.import_profiles(path, given) == {**whole, "created": 0, "unchanged": 3}


def test_an_import_that_is_refused_says_which_and_keeps_nothing(path):
    before = rows(path, "profile")
    bad = {"user_token_hash": hash_of("a"), "preferences": {"risk_tolerance": object()}}
    with pytest.raises(ValueError, match="2 bad lines") as raised:
        api.import_profiles(path, [bad, 7, {"user_token_hash": hash_of("b"), "preferences": {}}])
    assert [fault.number for fault in raised.value.faults] == [1, 2]
    assert rows(path, "profile") == before


def test_an_import_leaves_nothing_on_the_callers_connection_and_passes_on_what_its_rows_raise(conn):
    def broken():
        yield {"user_token_hash": NEW, "preferences": {}}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        api.import_profiles(conn, broken())
    assert conn.execute("SELECT name FROM sqlite_temp_master").fetchall() == []
    assert not conn.in_transaction
    assert api.import_profiles(conn, [])["profiles"] == 0


# Erasing


def test_erasing_is_done_at_once_from_a_path_or_a_connection_and_never_within_a_transaction(path):
    conn = sqlite3.connect(path)
    with conn:
        api.set_preferences(conn, THREE, HIGH)
        with pytest.raises(Conflict, match="in a transaction"):
            api.erase(conn, THREE)
    done = api.erase(conn, THREE, legal_basis="objection")
    assert (done["outcome"], done["profile_id"], done["legal_basis"]) == ("erased", 3, "objection")
    assert (done["old_bytes_overwritten"], done["faults"], done["todo"]) == (True, [], None)
    assert len(rows(path, "erasure")) == 1
    again = api.erase(path, THREE)
    assert (again["outcome"], again["profile_id"], again["logged_kept"]) == ("no customer", None, 0)
    assert json.dumps(done)
    with pytest.raises(NotFound):
        api.get_profile(path, THREE)
    with pytest.raises(NotFound):
        api.get_profile(path, 3)
    conn.close()


def test_what_other_programs_hold_of_the_erased_is_named(path, conn):
    with conn:
        conn.execute("CREATE TABLE crm(id INTEGER PRIMARY KEY, key_hash TEXT)")
        conn.execute("INSERT INTO crm VALUES (7, ?)", (THREE,))
    done = api.erase(sqlite_utils.Database(path), THREE)
    (held,) = [one for one in done["held_by_others"] if one["table"] == "crm"]
    assert (held["column"], held["rows"], held["rowids"]) == ("key_hash", 1, [7])
    assert (done["held_in_tables"], done["old_bytes_in"]) == (["crm"], ["database"])
    assert "crm" in done["todo"]


def test_of_a_database_in_memory_nobody_can_tell_which_bytes_are_left(path):
    memory = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(path)) as source:
        source.backup(memory)
    done = api.erase(memory, ONE)
    assert (done["outcome"], done["old_bytes_overwritten"]) == ("erased", None)


@pytest.mark.parametrize(
    "options",
    [
        {"legal_basis": "because"},
        {"legal_basis": None},
        {"wait_s": -1},
        {"wait_s": "30"},
        {"known_as": "key-1"},
        {"timeout_s": float("nan")},
    ],
)
def test_an_erasure_that_is_asked_for_wrongly_erases_nothing(path, options):
    before = path.read_bytes()
    with pytest.raises(InvalidInput):
        api.erase(path, ONE, **options)
    with pytest.raises(InvalidInput):
        api.erase(path, ONE[:8])
    assert path.read_bytes() == before


# The result is what the command prints


def printed(runner, *arguments, given=None):
    result = runner.invoke(cli, [*map(str, arguments)], input=given)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


CHANCE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|(?<=\"proof\": \")[0-9a-f]{64}")


def settled(found):
    return CHANCE.sub("then", json.dumps(found))


def test_what_a_function_returns_is_what_its_command_prints(path, tmp_path, runner):
    profile, feedback = "personalization-profile", "personalization-feedback"

    def twice(function, *command, given=None):
        """The function on the file, the command on a copy of before; times and chance aside."""
        copy = tmp_path / "copy.db"
        copy.write_bytes(path.read_bytes())
        found = settled(function(path))
        shown = printed(runner, *(copy if part == "DB" else part for part in command), given=given)
        assert found == settled(shown)
        return shown

    customer = ("--user-hash", ONE, "--json")
    set_ = twice(
        lambda file: api.set_preferences(file, ONE, HIGH, merge=True),
        *(profile, "set", "DB", "--risk", "high", "--merge", *customer),
    )
    assert set_["changed"]["risk_tolerance"]["after"] == "high"
    twice(lambda file: api.get_profile(file, ONE), profile, "get", "DB", *customer)
    twice(lambda file: [*api.list_profiles(file)], profile, "list", "DB", "--json")
    twice(lambda file: [*api.check_profiles(file)], profile, "check", "DB", "--json")
    line = {"user_token_hash": NEW, "preferences": LOW}
    twice(
        lambda file: api.import_profiles(file, [line]),
        *(profile, "import", "DB", "-", "--json"),
        given=json.dumps(line),
    )
    twice(
        lambda file: [api.give_feedback(file, ONE, "program", "A-1", "applied")],
        *(feedback, "DB", "A-1", "--applied", *customer),
    )
    twice(lambda file: api.list_feedback(file, ONE), feedback, "DB", *customer)
    twice(
        lambda file: json.loads("".join(api.export_customer(file, ONE))),
        *(profile, "export", "DB", *customer),
    )
    twice(
        lambda file: api.rotate(file, b"key-1", b"other"),
        *(profile, "rotate", "DB", "--json"),
        given="key-1\nother\n",
    )
    for _ in range(2):
        twice(
            lambda file: api.erase(file, TWO),
            *(profile, "erase", "DB", "--user-hash", TWO, "--json"),
        )


# Words that are taken

SAME = {
    "東京都": ("東京", "Tokyo", "TOKYO-TO", "Tōkyō", "東京都 ", "ＴＯＫＹＯ"),
    "京都府": ("京都", "Kyoto", "kyoto prefecture"),
    "北海道": ("Hokkaido", "Hokkaidō"),
}


@pytest.mark.parametrize(
    ("official", "word"), [(name, word) for name, words in SAME.items() for word in words]
)
def test_a_prefecture_is_the_same_at_every_door_and_in_the_night(path, official, word):
    given = {"prefecture": word}
    assert api.set_preferences(path, ONE, given)["preferences"] == {"prefecture": official}
    api.import_profiles(path, [{"user_token_hash": NEW, "preferences": given}])
    assert api.get_profile(path, NEW)["preferences"] == {"prefecture": official}
    # Another program writes it as it was given: then it is no finding, and the night reads the same.
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "UPDATE am_personalization_profile SET preference_json = ? WHERE user_token_hash = ?",
            (json.dumps(given), NEW),
        )
    assert [*api.check_profiles(path)] == []
    score(path, as_of="2026-04-03")
    with closing(sqlite3.connect(path)) as conn:
        vectors = conn.execute("SELECT DISTINCT prefecture FROM am_personalization_cohort")
        assert (official,) in vectors.fetchall()
        assert (word,) not in conn.execute("SELECT prefecture FROM am_personalization_cohort")


@pytest.mark.parametrize(
    "given",
    [
        {"prefecture": "nationwide"},
        {"prefecture": "Nationwide "},
        {"prefecture": "全国"},
        {"industry_pack": "any"},
        {"industry_pack": "unknown"},
    ],
)
def test_our_words_for_items_are_refused_with_what_to_do(path, given):
    (key,) = given
    sentence = f"$.{key} names no single one - leave it out, so that none is declared"
    for merge in (True, False):
        with pytest.raises(InvalidInput) as raised:
            api.set_preferences(path, ONE, given, merge=merge)
        assert str(raised.value) == sentence
    with pytest.raises(InvalidInput) as raised:
        api.import_profiles(path, [{"user_token_hash": NEW, "preferences": given}])
    assert raised.value.faults == [(1, sentence)]


def test_an_industry_is_taken_by_letter_name_or_pack():
    for word in ("D", "d", "Ｄ", "建設業", "06", "pack_construction"):
        check_preferences({"industry_pack": word})
    for word in ("U", "DE", "construction", "pack_x", ""):
        with pytest.raises(InvalidInput, match="industry_pack is not one of the letters"):
            check_preferences({"industry_pack": word})
    assert len(PREFECTURES) == 47


# What cannot be is an error of a kind

NO_CUSTOMER = [None, 1.5, -1, True, b"x", [], "key-1", "0" * 7, "G" * 64, object()]


@pytest.mark.parametrize("customer", NO_CUSTOMER)
def test_what_is_no_customer_is_refused_by_everyone(path, customer):
    for function in (api.get_profile, api.list_feedback):
        with pytest.raises(InvalidInput, match="customer"):
            function(path, customer)
    with pytest.raises(InvalidInput, match="customer"):
        next(api.export_customer(path, customer))
    for write in (
        lambda: api.set_preferences(path, customer, {}),
        lambda: api.give_feedback(path, customer, "program", "A-1", "applied"),
    ):
        with pytest.raises(InvalidInput, match="customer is not 64"):
            write()


def test_a_customer_is_read_by_hash_beginning_or_number_and_changed_by_the_hash_alone(path):
    numpy = pytest.importorskip("numpy") if "numpy" in sys.modules else None
    found = api.get_profile(path, ONE)
    names = [ONE[:8], ONE[:20], found["profile_id"]] + ([numpy.int64(1)] if numpy else [])
    assert all(api.get_profile(path, name) == found for name in names)
    assert (found["customer"], found["preferences"]) == (ONE[:8], found["preferences"])
    for name in names:
        with pytest.raises(InvalidInput):
            api.set_preferences(path, name, {})
    for nobody in ("0" * 64, "0" * 8, 99):
        with pytest.raises(LookupError):
            api.get_profile(path, nobody)
    with closing(sqlite3.connect(path)) as conn, conn:
        twin = ONE[:12] + "0" * 52
        conn.execute(
            "INSERT INTO am_personalization_profile(user_token_hash, preference_json) VALUES (?, '{}')",
            (twin,),
        )
    with pytest.raises(InvalidInput, match="2 customers have a hash that begins so"):
        api.get_profile(path, ONE[:12])


class Whole:
    """An integer as numpy has them."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


def test_preferences_are_taken_as_python_has_them(path):
    given = OrderedDict(deadline_horizon_days=Whole(60))
    done = api.set_preferences(path, ONE, given)
    assert done["preferences"] == {"deadline_horizon_days": 60}
    assert done["outcome"] == "updated"
    assert api.set_preferences(path, ONE, given)["outcome"] == "unchanged"
    assert json.dumps(done)


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "low",
        {1: 2},
        {("a",): 1},
        {"risk_tolerance": {"low"}},
        {"deadline_horizon_days": float("nan")},
        {"deadline_horizon_days": True},
        {"prefecture": "\ud800"},
        {"\ud800": 1},
        {"industry_pack": b"D"},
        {"deadline_horizon_days": 10**5000},
        {"risk_tolerance": [10**5000]},
    ],
)
def test_preferences_that_cannot_be_are_refused_input(path, given):
    before = rows(path, "profile")
    for merge in (True, False):
        with pytest.raises(InvalidInput):
            api.set_preferences(path, ONE, given, merge=merge)
    assert rows(path, "profile") == before


@pytest.mark.parametrize(
    "call",
    [
        lambda file: api.set_preferences(file, ONE, {}, if_match=7),
        lambda file: api.set_preferences(file, ONE, {}, known_as="key-1"),
        lambda file: api.set_preferences(file, ONE, {}, model=7),
        lambda file: api.rotate(file, "key-1", b"new"),
        lambda file: api.rotate(file, 7, b"new"),
        lambda file: api.rotate(file, b"key-1", "new"),
        lambda file: api.rotate(file, b"key-1", b"new", "hmac"),
        lambda file: api.rotate(file, b"key-1", b"key-1"),
        lambda file: api.rotate(file, b"key-1", b""),
        lambda file: api.give_feedback(file, ONE, "programme", "A-1", "applied"),
        lambda file: api.give_feedback(file, ONE, ["program"], "A-1", {}),
        lambda file: api.give_feedback(file, ONE, "program", 7, "applied"),
        lambda file: api.import_profiles(file, "a line"),
        lambda file: api.import_profiles(file, {"user_token_hash": ONE}),
        lambda file: api.import_profiles(file, None),
        lambda file: api.KeyHashing("md5"),
        lambda file: api.KeyHashing("hmac", "secret"),
        lambda file: api.KeyHashing().hash("key-1"),
    ],
)
def test_arguments_of_another_kind_are_refused_and_change_nothing(path, call):
    before = path.read_bytes()
    with pytest.raises(InvalidInput) as raised:
        call(path)
    assert path.read_bytes() == before
    assert "key-1" not in str(raised.value)


def test_errors_are_of_their_kind(path, conn, tmp_path):
    etag = api.get_profile(path, ONE)["etag"]
    api.set_preferences(path, ONE, HIGH, if_match=etag)
    with pytest.raises(Conflict):
        api.set_preferences(path, ONE, LOW, if_match=etag)
    with pytest.raises(NotFound):
        api.rotate(path, b"nobody", b"new")
    with pytest.raises(Conflict):
        api.rotate(path, b"key-1", b"key-2")
    with pytest.raises(NotFound):
        api.give_feedback(path, ONE, "program", "nothing", "applied")
    with conn:
        conn.execute(
            "UPDATE am_personalization_profile SET preference_json = '[]' WHERE profile_id = 1"
        )
    with pytest.raises(Conflict, match="not a JSON object - set it anew"):
        api.get_profile(path, ONE)
    with pytest.raises(Conflict):
        api.set_preferences(path, ONE, LOW, merge=True)
    with closing(sqlite3.connect(tmp_path / "empty.db")) as empty:
        empty.execute("CREATE TABLE t(a)")
        for call in (
            lambda: api.get_profile(empty, ONE),
            lambda: api.set_preferences(empty, ONE, {}),
            lambda: next(api.list_profiles(empty)),
            lambda: next(api.check_profiles(empty)),
            lambda: next(api.export_customer(empty, ONE)),
            lambda: api.import_profiles(empty, []),
            lambda: api.list_feedback(empty, ONE),
            lambda: api.rotate(empty, b"a", b"b"),
            lambda: api.give_feedback(empty, ONE, "program", "A-1", "applied"),
        ):
            with pytest.raises(NoSchema):
                call()


def test_who_interrupts_their_own_connection_gets_their_own_error(path, conn):
    conn.set_progress_handler(lambda: 1, 1)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        api.set_preferences(conn, ONE, HIGH)
    conn.set_progress_handler(None, 1)
    assert api.set_preferences(conn, ONE, HIGH)["outcome"] == "updated"


# Long answers


def test_who_reads_customers_on_a_connection_may_change_them_on_it_meanwhile(conn):
    conn.isolation_level = None
    conn.execute("CREATE TABLE mine(hash TEXT)")
    conn.executemany("INSERT INTO mine VALUES (?)", [(hash_of(f"mine-{n}"),) for n in range(5)])
    listed = api.list_profiles(conn)
    assert next(listed)["profile_id"] == 1
    mine = (
        {"user_token_hash": h, "preferences": LOW} for (h,) in conn.execute("SELECT * FROM mine")
    )
    for _ in range(2):
        assert api.import_profiles(conn, mine)["unchanged"] == 0
        mine = [{"user_token_hash": hash_of("last"), "preferences": LOW}]
    changed = [
        api.set_preferences(conn, TWO, {"deadline_horizon_days": one["profile_id"]})
        for one in listed
    ]
    assert [one["preferences"]["deadline_horizon_days"] for one in changed] == [*range(2, 10)]
    again = api.list_profiles(conn)
    next(again)
    assert api.erase(conn, TWO)["outcome"] == "erased"
    assert len([*again]) == 8


def test_what_is_long_comes_as_it_is_asked_for(path, conn):
    listed = api.list_profiles(conn)
    first = next(listed)
    # The connection is the caller's in between.
    with conn:
        conn.execute("CREATE TABLE mine(a)")
    assert [first["profile_id"], *(one["profile_id"] for one in listed)] == [1, 2, 3]
    pieces = [*api.export_customer(path, ONE)]
    whole = json.loads("".join(pieces))
    assert len(pieces) > len(whole["recommendations"]) > 3
    assert whole["profile"]["user_token_hash"] == ONE
    assert whole["profile"]["customer"] == ONE[:8]
    assert "preference_json" not in whole["profile"]


def test_several_customers_are_exported_a_line_each(path, conn):
    def whole(text):
        return {**json.loads(text), "exported_at": None}

    for file in (path, conn, sqlite_utils.Database(conn)):
        lines = "".join(api.export_customers(file, iter([3, ONE, TWO[:8]]))).splitlines()
        one_by_one = ["".join(api.export_customer(path, one)) for one in (THREE, ONE, TWO)]
        assert [*map(whole, lines)] == [*map(whole, one_by_one)]


def test_who_cannot_be_exported_is_named_and_the_others_are(path):
    with pytest.raises(NotFound):
        [*api.export_customers(path, [ONE, 99, TWO])]
    refused = []
    given = [ONE, 99, "no hash", TWO, NEW]
    pieces = api.export_customers(path, given, refuse=lambda *what: refused.append(what))
    lines = "".join(pieces).splitlines()
    assert [json.loads(line)["profile"]["profile_id"] for line in lines] == [1, 2]
    kinds = {2: NotFound, 3: InvalidInput, 5: NotFound}
    assert [number for number, _ in refused] == [*kinds]
    assert all(isinstance(fault, kinds[number]) for number, fault in refused)
    assert "no hash" not in str(refused)
    assert [*api.export_customers(path, [])] == []
    for wrong in (ONE, {"customer": ONE}, 1, None):
        with pytest.raises(InvalidInput):
            api.export_customers(path, wrong)


def test_an_export_tells_what_another_program_stored_as_it_is(path, conn):
    with conn:
        conn.execute(
            "UPDATE am_personalization_profile SET preference_json = '{no' WHERE profile_id = 1"
        )
    whole = json.loads("".join(api.export_customer(path, ONE)))
    assert whole["profile"]["preferences"] == "{no"


def test_every_error_is_public():
    for kind in (Conflict, InvalidInput, Locked, NoSchema, NotFound, PersonalizationError):
        assert getattr(api, kind.__name__) is kind
