"""The night, planned in temporary tables: who is scored, out of what, and who is offered which.

Everything here reads the shared file and writes only to temporary tables, which SQLite keeps on disk: a dry run
stops after it, a real one copies the result into the evidence tables in one short transaction.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.plain_text import is_readable
from sqlite_utils_personalization.catalogue.read import read_catalogue
from sqlite_utils_personalization.catalogue.saved_searches import new_numbers
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.formula.declared import (
    NO_CUSTOMER,
    not_understood,
    read_preference,
)
from sqlite_utils_personalization.language import N_
from sqlite_utils_personalization.model.kinds import POINTS, Declared, listed
from sqlite_utils_personalization.model.model import Model
from sqlite_utils_personalization.preferences.customer import active_condition
from sqlite_utils_personalization.preferences.personal_data import E_MAIL, personal_data
from sqlite_utils_personalization.schema.state import packaged_objects
from sqlite_utils_personalization.transaction import transaction

BATCH = 10_000
CACHED_PREFERENCES = 50_000
NAMED_ITEMS = 20

_TOLD = " ― "
# As long as sums are, so that no run of digits is read from each of its places.
_YEN = re.compile(r"[\d,]{1,20}円|(?<=上限額: )(?:\d{1,20}|記載なし) → (?:\d{1,20}|記載なし)$")

_TABLES = f"""
CREATE TEMP TABLE plan_cohort (
    cohort_no INTEGER PRIMARY KEY, vector TEXT NOT NULL UNIQUE,
    {listed(Declared._fields)}, customers INTEGER, cohort_id INTEGER, depth INTEGER
);
CREATE TEMP TABLE plan_customer (profile_id INTEGER PRIMARY KEY, cohort_no INTEGER, reason TEXT);
CREATE TEMP TABLE plan_candidate (
    candidate_no INTEGER PRIMARY KEY, candidate_sha256 TEXT NOT NULL UNIQUE,
    {listed(Candidate._fields)}, candidate_id INTEGER
);
CREATE TEMP TABLE plan_number (
    profile_id INTEGER, search_id TEXT, number INTEGER, PRIMARY KEY (profile_id, search_id)
) WITHOUT ROWID;
"""
# What is decided of it, under one model.
_DECIDED = f"""
CREATE TEMP TABLE plan_list (
    list_no INTEGER PRIMARY KEY, cohort_no INTEGER NOT NULL, profile_id INTEGER, customers INTEGER NOT NULL,
    list_sha256 TEXT
);
CREATE TEMP TABLE plan_decision (
    list_no INTEGER, seq INTEGER, place INTEGER, candidate_no INTEGER NOT NULL,
    {listed(POINTS)}, score INTEGER,
    eligible INTEGER, chosen_points INTEGER,
    PRIMARY KEY (list_no, seq)
) WITHOUT ROWID;
"""
# What is read once, whatever is decided of it.
_READ = ("plan_run", "plan_cohort", "plan_customer", "plan_candidate", "plan_number")
_COUNT_CUSTOMERS = """
UPDATE plan_cohort SET customers = (
    SELECT count(*) FROM plan_customer WHERE cohort_no = plan_cohort.cohort_no
)
"""


def create_tables(db: sqlite3.Connection) -> None:
    """Create the empty plan in place of an earlier one; its run table is 900's own, generated columns and all."""
    for (name,) in db.execute(
        "SELECT name FROM sqlite_temp_master WHERE type = 'table' AND name LIKE 'plan%'"
    ).fetchall():
        db.execute(f"DROP TABLE temp.{name}")
    run = packaged_objects()["am_personalization_run"]
    db.execute(run.replace("TABLE am_personalization_run", "TEMP TABLE plan_run", 1))
    for statement in f"{_TABLES}{_DECIDED}".split(";\n"):
        db.execute(statement)


def decide_anew(db: sqlite3.Connection) -> None:
    """Forget what was decided, and for whom it was to be different, as if only read until now."""
    for (name,) in db.execute(
        "SELECT name FROM sqlite_temp_master WHERE type = 'table' AND name LIKE 'plan%'"
        f" AND name NOT IN {_READ} AND name NOT LIKE 'plan\\_shadow%' ESCAPE '\\'"
    ).fetchall():
        db.execute(f"DROP TABLE temp.{name}")
    for statement in _DECIDED.split(";\n"):
        db.execute(statement)
    db.execute("UPDATE plan_cohort SET depth = NULL")
    db.execute(_COUNT_CUSTOMERS)


def add_customers(
    db: sqlite3.Connection, model: Model, progress: Callable[[str, int, int], None]
) -> dict[tuple[str, str], list[int]]:
    """Read every profile once, and group equal declarations into cohorts.

    Returns the profile_ids of those who declared something in vain, by key and how, as not_understood has it.
    """
    done, packs = 0, model.constants["packs"]
    vain: dict[tuple[str, str], list[int]] = {}
    total = db.execute(
        f"SELECT count(*) FROM am_personalization_profile WHERE {active_condition(db)}"
    ).fetchone()[0]

    @lru_cache(maxsize=CACHED_PREFERENCES)
    def declared(text: object, is_customer: bool) -> tuple[int | None, str | None]:
        try:
            if not is_customer:
                raise InvalidPreference(NO_CUSTOMER)
            return _cohort_no(db, read_preference(text, packs)), None
        except InvalidPreference as error:
            return None, str(error)

    understood = lru_cache(maxsize=CACHED_PREFERENCES)(partial(not_understood, packs=packs))
    for profiles in _profiles(db):
        for number, text, of in profiles:
            if declared(text, is_readable(of))[0] is not None:
                for found in understood(text):
                    vain.setdefault(found, []).append(number)
        with transaction(db):
            db.executemany(
                "INSERT INTO plan_customer VALUES (?, ?, ?)",
                ((number, *declared(text, is_readable(of))) for number, text, of in profiles),
            )
        done += len(profiles)
        progress(N_("Reading"), done, total)
    count_customers(db)
    return vain


def count_customers(db: sqlite3.Connection) -> None:
    """Note how many customers each cohort has, once all of them are there."""
    db.execute("CREATE INDEX temp.plan_customer_cohort ON plan_customer(cohort_no)")
    db.execute(_COUNT_CUSTOMERS)


def _profiles(db: sqlite3.Connection) -> Iterator[list[tuple[int, object, object]]]:
    # Key ranges, so that no read lock outlives a batch on a file a server writes to.
    last, condition = -(2**63), active_condition(db)
    while rows := db.execute(
        "SELECT profile_id, preference_json, user_token_hash FROM am_personalization_profile"
        f" WHERE profile_id > ? AND {condition} ORDER BY profile_id LIMIT ?",
        (last, BATCH),
    ).fetchall():
        yield rows
        last = rows[-1][0]


def _cohort_no(db: sqlite3.Connection, vector: Declared) -> int:
    text = canonical_json(vector)
    insert = f"INSERT OR IGNORE INTO plan_cohort VALUES (NULL, ?, {_marks(Declared._fields)}, 0, NULL, NULL)"
    added = db.execute(insert, (text, *vector))
    if added.rowcount and added.lastrowid:
        return added.lastrowid
    found = db.execute("SELECT cohort_no FROM plan_cohort WHERE vector = ?", (text,)).fetchone()
    return int(found[0])


def without_personal_data(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """The candidates of tonight's catalogue as they may be kept for ever, whatever other programs wrote.

    An amendment of what looks personal says only that something changed; what has an e-mail address for an id is left
    out, and its id forgotten. Programs are public, and stay what their publisher calls them; a saved search says
    nothing of itself.
    """
    for found in candidates:
        if personal_data(found.item_id) == E_MAIL:
            title = found.recommendation_type.replace("_", " ")
            yield found._replace(item_id="", title=title, left_out="id looks personal")
        elif found.recommendation_type == "amendment" and _says_personal(found.title):
            name, _, _ = found.title.partition(_TOLD)
            is_name = name != found.title and not _says_personal(name)
            yield found._replace(title=f"{name}{_TOLD}内容を変更" if is_name else "内容を変更")
        else:
            yield found


def _says_personal(title: str) -> bool:
    # A sum of yen may have as many digits as a phone number, and a model without constants for amendments gives no 円.
    return personal_data(_YEN.sub("", title)) is not None


def add_catalogue(db: sqlite3.Connection, as_of: str, model: Model, extra: Path | None) -> None:
    """Store tonight's catalogue, and which saved search of it has which number from now on."""
    # Both of the file as it is at one moment.
    with transaction(db):
        add_candidates(db, without_personal_data(read_catalogue(db, as_of, model, extra)))
        # Listed twice is numbered once.
        db.executemany("INSERT OR IGNORE INTO plan_number VALUES (?, ?, ?)", new_numbers(db))


def add_candidates(db: sqlite3.Connection, candidates: Iterable[Candidate]) -> None:
    """Store what can be recommended and what was left out; what is listed twice alike counts once."""
    with transaction(db):
        db.executemany(
            f"INSERT OR IGNORE INTO plan_candidate VALUES (NULL, ?, {_marks(Candidate._fields)}, NULL)",
            ((candidate.sha256, *candidate) for candidate in candidates),
        )


def _marks(names: tuple[str, ...]) -> str:
    return ", ".join("?" * len(names))


def index_lists(db: sqlite3.Connection) -> None:
    """Make the list of a cohort, and that of an owner, quick to find."""
    for name, column, condition in (
        ("shared", "cohort_no", "profile_id IS NULL"),
        ("owner", "profile_id", "profile_id IS NOT NULL"),
    ):
        db.execute(f"CREATE INDEX temp.plan_list_{name} ON plan_list({column}) WHERE {condition}")


def add_run(db: sqlite3.Connection, **columns: str | int | None) -> None:
    """Add the run row; columns are those of am_personalization_run."""
    names, places = ", ".join(columns), _marks(tuple(columns))
    db.execute(f"INSERT INTO plan_run({names}) VALUES ({places})", tuple(columns.values()))


def unreadable_items(db: sqlite3.Connection) -> dict[tuple[str, str], list[str]]:
    """The first ids of what could not be read, by type and by the rule it was left out by; read-only."""
    found: dict[tuple[str, str], list[str]] = {}
    for kind, rule, item_id in db.execute(
        "SELECT recommendation_type, left_out, item_id FROM plan_candidate"
        " WHERE left_out LIKE '%not readable' AND item_id <> '' ORDER BY 1, 2, 3"
    ):
        named = found.setdefault((kind, rule), [])
        if len(named) < NAMED_ITEMS:
            named.append(item_id)
    return found


def rejected_profiles(db: sqlite3.Connection) -> dict[str, list[int]]:
    """The profile_ids whose preference is not valid, by reason; read-only."""
    rejected: dict[str, list[int]] = {}
    for reason, profile_id in db.execute(
        "SELECT reason, profile_id FROM plan_customer WHERE reason IS NOT NULL ORDER BY 1, 2"
    ):
        rejected.setdefault(reason, []).append(profile_id)
    return rejected
