"""The formula says on DuckDB what it says on SQLite, for every pair of values that it reads, or it is refused."""

import re
import sqlite3
from contextlib import closing
from datetime import date
from itertools import product

import pytest
from scored import NIGHTS, P, connect, example

from sqlite_utils_personalization.audit.second_engine import dialect
from sqlite_utils_personalization.audit.second_engine.dialect import (
    COMPUTED,
    READ,
    Refused,
    translate,
    transpiled,
)
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.formula.evaluation import CONSTANTS, formula_constants
from sqlite_utils_personalization.formula.formula import expressions
from sqlite_utils_personalization.model.kinds import TYPES, listed

duckdb = pytest.importorskip("duckdb", reason="pip install 'sqlite-utils-personalization[duckdb]'")
pytest.importorskip("sqlglot", reason="pip install 'sqlite-utils-personalization[duckdb]'")


ZONES = ("UTC", "America/New_York", "Asia/Tokyo")
DAYS = (
    *("2024-02-28", "2024-02-29", "2024-03-01", "2025-12-31", "2026-01-01", "2026-03-07"),
    *("2026-03-08", "2026-03-09", "2026-07-21", "2026-07-22", "2026-07-23", "2026-08-31"),
    *("2026-11-01", "2026-11-02", "2028-07-21", "2124-03-31", "1969-12-31", "0001-01-01"),
)
ALL_HORIZONS = (None, *range(1, 731))
# Of what the formula reads, values at which engines may think otherwise; of horizons all if nothing else is declared.
VALUES = {
    "k.industries": (None, "A", "D", "AD", "T", "none", "ABCDEFGHIJKLMNOPQRST"),
    "k.prefecture": (None, "東京都", "京都府", "北海道", "é", "a", "*"),
    "k.horizon_days": (None, 1, 2, 3, 14, 15, 29, 30, 59, 89, 90, 91, 365, 729, 730),
    "k.risk_level": (None, "low", "medium", "high"),
    "c.recommendation_type": TYPES,
    "c.item_id": ("", "10", "9", "A", "B", "a", "b", "é", "e\u0301", "Ａ", "𠮷", "ー", "_", "a-"),
    "c.industries": (
        "any",
        "unknown",
        "A",
        "D",
        "BC",
        "ABCDEFGHIJKLMNOP",
        "*",
        "[D]",
        "^",
        "d",
        "\\",
    ),
    "c.prefectures": (
        "nationwide",
        "東京都",
        "東京都,京都府",
        "京都府",
        "é,a",
        "e\u0301",
        "都",
        "%",
    ),
    "c.opens_on": (None, *DAYS[4:12]),
    "c.closes_on": (None, *DAYS),
    "c.risk_level": (None, "low", "medium", "high"),
    "c.profile_id": (None,),
    "c.left_out": (None,),
    "c.rolling": (None, 0, 1),
    "c.family": (None, "a", "é"),
    "c.family_name": (None, "A", "a"),
    "c.title": ("",),
    "c.why": ("{}",),
}
# Runs: odd weights, whose halves are cut off; a model of before the later rules; the same with some of them; zeros.
RUNS = [
    dict(zip(("as_of", *CONSTANTS), run, strict=True))
    for run in (
        ("2026-07-22", 50, 30, 15, 90, 100, 75, 60, 90, 14, 7, 20, 10, 10, 30, 30),
        ("2024-02-29", 50, 30, 20, 90, 100, 75, 60, 90, None, None, None, None, None, None, None),
        ("2025-12-31", 51, 29, 15, 1, 99, 74, 61, 0, 730, None, None, 15, 1, 15, 1),
        ("2026-03-08", 0, 0, 1, 730, 3, 0, 1, 2, 0, 0, 0, None, 7, None, None),
    )
]
# Where all pairs of everything that an expression reads would be too many, only these stand for the rest.
FEW = {
    "k.industries": (None, "D", "none"),
    "k.prefecture": (None, "京都府"),
    "k.horizon_days": (None, 1, 15, 90, 730),
    "c.industries": ("any", "unknown", "ABD", "D"),
    "c.prefectures": ("nationwide", "東京都,京都府"),
    "c.opens_on": (None, "2026-07-23"),
    "c.closes_on": (None, "2024-03-01", "2026-03-09", "2026-07-22", "2026-08-31"),
    "c.item_id": ("a", "B"),
    "c.risk_level": (None, "low", "high"),
    "c.recommendation_type": ("program", "saved_search"),
    "c.rolling": (None, 0),
}
MOST_PAIRS = 700_000


def columns_read(text):
    return dict.fromkeys(re.findall(r"\b[kc]\.\w+", text))


def chosen(name, text):
    """The values of each column that the expression reads, and one for every other."""
    reads = columns_read(text)
    found = {column: some if column in reads else some[:1] for column, some in VALUES.items()}
    if size(found) > MOST_PAIRS:
        found |= {column: few for column, few in FEW.items() if column in reads}
    if {"k.horizon_days"} == {one for one in reads if one.startswith("k.")}:
        found["k.horizon_days"] = ALL_HORIZONS
    return found


def size(values):
    n = len(RUNS)
    for some in values.values():
        n *= len(some)
    return n


class Engines:
    """The same rows in SQLite and in DuckDB: runs r, vectors k and items c, numbered."""

    def __init__(self, zone="UTC"):
        self.sqlite = sqlite3.connect(":memory:")
        self.duckdb = duckdb.connect()
        self.duckdb.execute(f"SET TimeZone = '{zone}'")

    def give(self, rows):
        for alias, given in rows.items():
            kinds = {"n": "BIGINT", **READ[alias]}
            self.sqlite.execute(f"DROP TABLE IF EXISTS {alias}")
            self.sqlite.execute(f"CREATE TABLE {alias} ({listed(tuple(kinds))})")
            marks = ", ".join("?" * len(kinds))
            numbered = [(n, *(row[name] for name in READ[alias])) for n, row in enumerate(given)]
            self.sqlite.executemany(f"INSERT INTO {alias} VALUES ({marks})", numbered)
            self.duckdb.execute(f"DROP TABLE IF EXISTS {alias}")
            declared = ", ".join(f"{alias}_{name} {kind}" for name, kind in kinds.items())
            self.duckdb.execute(f"CREATE TABLE {alias} ({declared})")
            unnested = ", ".join(f"unnest(?::{kind}[])" for kind in kinds.values())
            self.duckdb.execute(
                f"INSERT INTO {alias} SELECT {unnested}", [*map(list, zip(*numbered, strict=True))]
            )

    def values(self, of_sqlite, of_duckdb):
        """What both say of every run, vector and item, in their order."""
        return (
            self.sqlite.execute(
                f"SELECT {of_sqlite} FROM r CROSS JOIN k CROSS JOIN c ORDER BY r.n, k.n, c.n"
            ).fetchall(),
            self.duckdb.execute(
                f"SELECT {of_duckdb} FROM r, k, c ORDER BY r_n, k_n, c_n"
            ).fetchall(),
        )

    def orders(self, of_sqlite, of_duckdb):
        """In which order both put the items for every run and vector; by number where it does not say."""
        return (
            self.sqlite.execute(
                f"SELECT r.n, k.n, c.n FROM r, k, c ORDER BY r.n, k.n, {of_sqlite}, c.n"
            ).fetchall(),
            self.duckdb.execute(
                f"SELECT r_n, k_n, c_n FROM r, k, c ORDER BY r_n, k_n, {of_duckdb}, c_n"
            ).fetchall(),
        )

    def agree(self, name):
        given = expressions()[name], transpiled()[name]
        of_sqlite, of_duckdb = (
            self.orders(*given) if name.endswith("_order") else self.values(*given)
        )
        assert len(of_sqlite) > 1
        # A truth of DuckDB's is a number of SQLite's.
        return of_sqlite == of_duckdb


def product_of(values, alias):
    columns = [column for column in values if column.startswith(f"{alias}.")]
    return [
        dict(zip((column[2:] for column in columns), row, strict=True))
        for row in product(*(values[column] for column in columns))
    ]


@pytest.mark.parametrize("name", expressions())
def test_each_expression_says_the_same_of_all_pairs_of_values(name):
    values = chosen(name, expressions()[name])
    engines = Engines("America/New_York")
    engines.give({"r": RUNS, "k": product_of(values, "k"), "c": product_of(values, "c")})
    assert engines.agree(name)


@pytest.mark.parametrize("zone", ZONES)
def test_whole_days_are_counted_in_every_zone(zone):
    """By Python's calendar, so that both engines are not wrong together."""
    engines = Engines(zone)
    values = chosen("days_left", expressions()["days_left"])
    engines.give({"r": RUNS, "k": product_of(values, "k"), "c": product_of(values, "c")})
    _, found = engines.values("1", transpiled()["days_left"])
    expected = [
        (
            (
                None
                if day is None
                else (date.fromisoformat(day) - date.fromisoformat(run["as_of"])).days
            ),
        )
        for run in RUNS
        for day in VALUES["c.closes_on"]
    ]
    assert found == expected
    of_sqlite, of_duckdb = engines.values(expressions()["in_time"], transpiled()["in_time"])
    assert of_sqlite == of_duckdb


def given_by(path):
    """Everything that the runs of a file saw, as the formula reads it."""
    with closing(connect(path)) as db:
        db.row_factory = sqlite3.Row
        runs = [
            {"as_of": as_of, **dict(zip(CONSTANTS, formula_constants(model), strict=True))}
            for as_of, model in db.execute(f"SELECT as_of, model_json FROM {P}run")
        ]
        return {
            "r": runs,
            "k": [*map(dict, db.execute(f"SELECT * FROM {P}cohort"))],
            "c": [*map(dict, db.execute(f"SELECT * FROM {P}candidate"))],
        }


def test_every_expression_says_the_same_of_every_vector_and_item_of_the_example(tmp_path):
    engines = Engines()
    engines.give(given_by(example(tmp_path / "jpcite.db", *NIGHTS)))
    assert [name for name in expressions() if not engines.agree(name)] == []


def test_what_is_computed_before_changes_nothing():
    """Each expression over columns that hold what the others say is the expression over what those read."""
    values = {column: FEW.get(column, some[:1]) for column, some in VALUES.items()}
    engines = Engines()
    engines.give({"r": RUNS, "k": product_of(values, "k"), "c": product_of(values, "c")})
    columns = ", ".join(f"{transpiled()[name]} AS {name}" for name in COMPUTED)
    for name, text in transpiled(COMPUTED).items():
        if not name.endswith("_order"):
            (n,) = engines.duckdb.execute(
                f"SELECT count(*) FROM (SELECT *, {columns} FROM r, k, c)"
                f" WHERE {text} IS DISTINCT FROM {transpiled()[name]}"
            ).fetchone()
            assert n == 0, name


ODD = "AB^!]-[\\*?"


def test_letters_to_look_for_are_the_same_or_an_error_and_never_something_else():
    """What stands in brackets is a language of its own, and the two engines speak two of them."""
    text = expressions()["names_industry"]
    looked_for = ["".join(some) for n in (1, 2) for some in product(ODD, repeat=n)]
    listed_for = [*ODD, "any", "unknown", "AB", "BA", "a", "都", "C"]
    refused, engines = set(), Engines()
    nothing = {column: some[0] for column, some in VALUES.items()}
    items = [
        {column[2:]: value for column, value in nothing.items() if column[0] == "c"}
        | {"industries": industries}
        for industries in listed_for
    ]
    for industries in looked_for:
        vector = {column[2:]: value for column, value in nothing.items() if column[0] == "k"}
        engines.give({"r": RUNS[:1], "k": [vector | {"industries": industries}], "c": items})
        try:
            of_sqlite, of_duckdb = engines.values(text, transpiled()["names_industry"])
        except duckdb.ConversionException:
            refused.add(industries)
        else:
            assert of_sqlite == of_duckdb, industries
    assert refused == {some for some in looked_for if not some.isalpha()}


@pytest.mark.parametrize(
    "day",
    (
        *(
            "2026-07-22 05:00:00",
            "2026-07-22T05:00",
            "2026-7-2",
            " 2026-07-22",
            "2026/07/22",
            "epoch",
        ),
        *("now", "infinity", "20260722", "", "x", "2026-02-30", "２０２６-07-22", "2026-07-22Z"),
    ),
)
def test_what_is_no_day_is_an_error(day):
    engines = Engines()
    nothing = {column: some[0] for column, some in VALUES.items()}
    rows = {
        alias: [{column[2:]: value for column, value in nothing.items() if column[0] == alias}]
        for alias in "kc"
    }
    rows["c"][0]["closes_on"] = day
    engines.give({"r": RUNS[:1], **rows})
    with pytest.raises(duckdb.Error):
        engines.values("1", transpiled()["days_left"])


REFUSED = (
    *("k.horizon_days % 2", "c.rolling & 1", "c.rolling || 1", "1.5", "1e3", "x'00'", "-1.5"),
    *("random()", "abs(c.rolling)", "iif(c.rolling, 1, 0)", "julianday(c.closes_on)"),
    *("date(c.closes_on)", "strftime('%s', 'now')", "strftime('%Y', c.closes_on)"),
    *("strftime('%s', c.closes_on, '+1 day')", "strftime('%s', c.closes_on || ' 05:00')"),
    *("strftime('%s')", "unixepoch(c.closes_on)", "CURRENT_DATE", "c.closes_on - r.as_of"),
    *("c.industries LIKE 'A%'", "c.industries GLOB 'A*'", "c.industries GLOB k.industries"),
    *("c.industries GLOB '*[' || k.industries || ']'", "c.industries REGEXP 'A'"),
    *("c.item_id COLLATE NOCASE", "c.item_id = 'a' COLLATE NOCASE", "upper(c.item_id)"),
    *("k.industries = 1", "c.rolling = '1'", "k.industries AND 1", "NOT c.item_id", "-c.item_id"),
    *(
        "coalesce(c.item_id, 1)",
        "CASE WHEN c.item_id THEN 1 END",
        "CASE c.rolling WHEN 'a' THEN 1 END",
    ),
    *("CASE WHEN c.rolling THEN 1 ELSE 'a' END", "max(c.item_id, 'a')", "max(c.rolling)"),
    *("c.item_id + 1", "length(c.rolling)", "instr(c.item_id, 1)", "CAST(c.rolling AS TEXT)"),
    *("c.rolling IS 1", "c.rolling IS NOT k.horizon_days", "c.rolling IN (SELECT 1)", "(SELECT 1)"),
    *(
        "c.rolling BETWEEN 0 AND 1",
        "k.horizon_days IN ('a')",
        "(1, 2) = (1, 2)",
        "substr(c.item_id, 1)",
    ),
    *("json_extract(c.why, '$.a')", "c.why -> '$.a'", "count(*)", "row_number() OVER ()"),
    *("c.nothing", "x.item_id", "item_id", "main.c.item_id", ":a", "?", "c.*", "printf('%d', 1)"),
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_listed_is_refused(text):
    with pytest.raises(Refused):
        translate(text)


@pytest.mark.parametrize("order", ("c.item_id DESC", "c.item_id COLLATE NOCASE", "random()"))
def test_an_order_that_is_not_listed_is_refused(order, monkeypatch):
    monkeypatch.setattr(dialect, "expressions", lambda computed=(): {"rank_order": order})
    with pytest.raises(PersonalizationError, match=r"^rank_order of the formula has .*DuckDB - "):
        transpiled.__wrapped__()


# Small expressions, that the formula might be made of one day, and where engines differ.
ALIKE = (
    *("(0 - k.horizon_days) / 2", "-(k.horizon_days / 2)", "k.horizon_days / 0", "7 / c.rolling"),
    *("k.horizon_days / (0 - 2)", "max(c.rolling, k.horizon_days)", "min(c.rolling, 1, NULL)"),
    *("coalesce(c.opens_on <= r.as_of, 1)", "coalesce(NOT c.rolling, 0)", "NOT c.rolling"),
    *("(c.rolling = 1) + (k.horizon_days IS NULL)", "c.rolling AND NULL", "c.rolling OR NULL"),
    *("'low' IN (k.risk_level, c.risk_level)", "c.rolling IN (1, NULL)", "instr(c.item_id, '')"),
    *(
        "c.item_id NOT IN ('a', 'A')",
        "CASE k.risk_level WHEN NULL THEN 1 ELSE 2 END",
        "NULL = NULL",
    ),
    *("CASE WHEN NULL THEN 1 END", "c.item_id < 'a'", "length(c.item_id)"),
    *("c.item_id = 'it''s'", "c.rolling IS NOT NULL", "(c.rolling < 1) = (k.horizon_days > 1)"),
)


@pytest.mark.parametrize("text", ALIKE)
def test_where_engines_are_known_to_differ_the_translation_does_not(text):
    values = {column: some[:1] for column, some in VALUES.items()}
    values |= {column: VALUES[column] for column in columns_read(text)}
    engines = Engines()
    engines.give({"r": RUNS, "k": product_of(values, "k"), "c": product_of(values, "c")})
    of_sqlite, of_duckdb = engines.values(text, translate(text).sql)
    assert of_sqlite == of_duckdb
