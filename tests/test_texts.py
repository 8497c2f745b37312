"""The catalogues of texts are as the code has them: every message is there, and said in every language."""

import ast
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import pytest

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.why_not import why_not
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.catalogue.no_program import _ALWAYS, _UNDATED
from sqlite_utils_personalization.catalogue.one_amendment import (
    CHANGED_BACK,
    FIRST,
    NOT_STATED,
    SAME,
    SUPERSEDED,
    TOLD,
)
from sqlite_utils_personalization.catalogue.rounds import NONE_OPEN
from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.catalogue.saved_searches import NO_OWNER
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.formula.descriptions import describe_declared, describe_item
from sqlite_utils_personalization.language import LANGUAGES, gettext, speaking
from sqlite_utils_personalization.model.kinds import Declared

CHECK = Path(__file__).parents[1] / ".ci" / "texts"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "jpcite.db"
    build(path)
    score(path, as_of=AS_OF)
    with closing(sqlite3.connect(path)) as db:
        yield db


def test_every_text_of_the_code_is_in_every_catalogue_and_translated():
    if not CHECK.exists() or not find_spec("babel") or not find_spec("jinja2"):
        pytest.skip("the check is in .ci of the repository, and reads templates with Babel")
    result = subprocess.run(
        [sys.executable, CHECK, "--check"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_every_text_is_where_the_catalogues_find_it():
    unfound = []
    for path in files("sqlite_utils_personalization").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # Within an f-string they see nothing, and of a name they do not know what it is.
            inside = ast.walk(node) if isinstance(node, ast.JoinedStr) else ()
            unfound += [f"{path.name}:{one.lineno}" for one in inside if is_said(one)]
            if isinstance(node, ast.Call) and name_of(node) in ("message_of", "message_of_many"):
                unfound += [f"{path.name}:{node.lineno}"] * isinstance(node.args[0], ast.Constant)
    assert unfound == []


def is_said(node):
    return isinstance(node, ast.Call) and name_of(node) in ("_", "gettext", "ngettext", "pgettext")


def name_of(call):
    return getattr(call.func, "id", None)


def test_every_language_has_a_catalogue_that_says_something_else():
    said = set()
    for code in LANGUAGES:
        with speaking(code):
            said.add(gettext("Personalization audit"))
    assert len(said) == len(LANGUAGES)


def rules():
    """Every rule by which the code leaves an item out, as its sources have them."""
    folder = files("sqlite_utils_personalization.catalogue")
    text = "".join(
        path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name.endswith(".py")
    )
    raised = re.findall(r'LeftOut\(\s*"([^"]+)"(?: if \w+ else "([^"]+)")?\)', text)
    return {
        *(rule for found in raised for rule in found if rule and not rule.startswith("not ")),
        *(_ALWAYS | _UNDATED),
        *(FIRST, SAME, SUPERSEDED, CHANGED_BACK, NOT_STATED, TOLD, NONE_OPEN, NO_OWNER),
        *("not seen in the last 30 days", "field not followed", "program left out"),
        *("excluded", "quarantined", "title not readable", "not yet open", "closed"),
    }


def test_every_rule_that_leaves_an_item_out_has_a_name_in_japanese():
    assert len(rules()) > 30
    assert {rule for rule in rules() if rule_name(rule) != rule} == set()
    with speaking("ja"):
        assert {rule for rule in rules() if rule_name(rule).isascii()} == set()
        assert rule_name("a rule of {nobody}") == "a rule of {nobody}"


@pytest.mark.parametrize("customer", range(1, 9))
@pytest.mark.sampled(2)
def test_why_an_item_was_not_recommended_is_said_in_japanese_throughout(example, customer):
    items = example.execute(
        "SELECT DISTINCT item_id, recommendation_type FROM am_personalization_candidate"
        " WHERE profile_id IS NULL AND item_id <> ''"
    ).fetchall()
    english = [why_not(example, customer, *item_and_type(row)) for row in items]
    with speaking("ja"):
        japanese = [why_not(example, customer, *item_and_type(row)) for row in items]
        changes = [found.nearest.sentence for found in japanese if found.nearest]

    assert [found.reason for found in japanese] == [found.reason for found in english]
    for sentence in [found.sentence for found in japanese] + changes:
        assert not re.search("[a-z]{2,} [a-z]{2,}", sentence), sentence


def item_and_type(row):
    item_id, kind = row
    return item_id, None, kind


def test_a_declared_vector_and_an_item_are_described_in_japanese():
    item = Candidate("program", "1", "x", "any", "nationwide", closes_on="2026-07-24")
    undated = Candidate("program", "1", "x", "unknown", "東京都", rolling=1)
    with speaking("ja"):
        phrases = [fact.phrase for fact in describe_declared(Declared("D", None, 90, "low"))]
        for one in (item, undated):
            phrases += [fact.phrase for fact in describe_item(one, 2).values()]

    assert "締切：2026-07-24（あと2日）" in phrases
    assert "リスク許容度：低" in phrases
    assert [phrase for phrase in phrases if re.search("[a-z]", phrase)] == []
