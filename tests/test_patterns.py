"""Nobody can stall the service: every regular expression of the package takes steps that grow as the text does.

Counted by steps of a matcher, never by a clock. Patterns are found, not listed: a new one is checked as it is written.
"""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from regex_steps import ENOUGH, Steps, TooMany, attacks, is_bounded, parse

from sqlite_utils_personalization.catalogue import user_select
from sqlite_utils_personalization.preferences import personal_data as module
from sqlite_utils_personalization.preferences.personal_data import personal_data

ROOT = Path(__file__).parents[1] / "sqlite_utils_personalization"
N = 12
CALLS = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
# These read what the package itself contains, or the name of a file of it.
OWN_TEXT = {
    "audit/verify/contents.py",
    "audit/verify/rows.py",
    "catalogue/tables.py",
    "formula/formula.py",
    "schema/scripts.py",
    "viewer/queries/queries.py",
    "viewer/queries/missing_tables.py",
}
# These read titles, cut to 300 characters before: what the worst of that length costs is bounded below.
TITLES = {"catalogue/families.py", "catalogue/no_program.py"}


def patterns():
    """(file, where, pattern, whether each use begins at a given place) of each pattern that repeats without bound."""
    for file in sorted(ROOT.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        if name in OWN_TEXT or "import re\n" not in (text := file.read_text(encoding="utf-8")):
            continue
        found = {}
        dotted = ".".join((ROOT.name, *Path(name).with_suffix("").parts))
        for key, value in vars(import_module(dotted.removesuffix(".__init__"))).items():
            if isinstance(value, re.Pattern):
                uses = set(re.findall(rf"\b{key}\.(\w+)\(", text))
                found[key] = (value, bool(uses) and uses <= {"match", "fullmatch"})
        for node in ast.walk(ast.parse(text)):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            is_ours = is_call and node.func.attr in CALLS and ast.unparse(node.func.value) == "re"
            if is_ours and isinstance(node.args[0], ast.Constant):
                pattern = re.compile(node.args[0].value)
                found[f"line {node.lineno}"] = (pattern, "match" in node.func.attr)
        for where, (pattern, is_anchored) in found.items():
            if not is_bounded(parse.parse(pattern.pattern, pattern.flags)):
                yield pytest.param(name, pattern, is_anchored, id=f"{name}:{where}")


@pytest.fixture(autouse=True)
def deep():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.parametrize(("name", "pattern", "is_anchored"), [*patterns()])
@pytest.mark.sampled(4)
def test_twice_the_text_takes_no_more_than_twice_the_steps(name, pattern, is_anchored):
    steps = Steps(pattern, 4 * ENOUGH)
    for before, pump, after in [*attacks(pattern)][: 15 if name in TITLES else 30]:
        if name in TITLES:
            # That many steps of this matcher are some milliseconds of Python's.
            steps.search((before + pump * 300)[:299] + after, is_anchored)
            continue
        once = steps.search(before + pump * N + after, is_anchored)
        twice = steps.search(before + pump * 2 * N + after, is_anchored)
        assert twice <= 2.3 * once + 50, (before, pump, after)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\s*[(]\s*at", " " * 300),
        (r"(\s|--.*\n|/[*](.|\n)*?[*]/)*(SELECT)\b", "/**/" * 12 + "x"),
        (r"(a+)+$", "a" * 40 + "b"),
    ],
)
def test_the_matcher_that_counts_finds_the_patterns_that_there_were(pattern, text):
    with pytest.raises(TooMany):
        Steps(re.compile(pattern, re.IGNORECASE)).search(text)


def test_the_matcher_that_counts_matches_as_python_does():
    for pattern in (module._NUMBER, module._AT, module._E_MAIL, module._IP):
        for text in ("a@b", "a ( b", "x(at)y", "03-1234-5678", "12345", "::1", "a [at]"):
            steps = Steps(pattern)
            found = any(True for start in range(len(text) + 1) if has_match(steps, text, start))
            assert found is bool(pattern.search(text)), (pattern, text)


def has_match(steps, text, start):
    steps.count, steps.text, steps.groups = 0, text, {}
    return next(steps._sequence(list(steps.tree), start), None) is not None


@pytest.mark.parametrize(
    "unit",
    [" ", "\u3000", "\u0301", "(", "( at ", "1 ", "1" * 8 + "x", ":", "アッ", "\u0345\u0301"],
)
def test_personal_data_looks_at_each_character_a_bounded_number_of_times(unit, monkeypatch):
    # NFKC of a whole text takes the square of a run of marks; what it is asked for is one character.
    asked = []
    real = module.unicodedata.normalize
    monkeypatch.setattr(
        module.unicodedata, "normalize", lambda form, text: asked.append(text) or real(form, text)
    )
    module._shown.cache_clear()
    personal_data(unit * 30_000)
    assert all(len(text) == 1 for text in asked)
    assert len(asked) <= len(set(unit))


@pytest.mark.parametrize("unit", [" ", "--\n", "/* */", "/*", "-- x", "\n", "-", "/", "--\n/**/ "])
def test_a_catalogue_is_read_once_up_to_its_statement(unit):
    class Read(str):
        looked = 0

        def __getitem__(self, at):
            Read.looked += 1
            return str.__getitem__(self, at)

    for size in (100, 200):
        Read.looked = 0
        user_select._statement_at(Read(unit * size + "SELECT 1"))
        assert Read.looked <= 3 * len(unit) * size + 10
