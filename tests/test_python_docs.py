"""docs/python.md: every Python block in it runs, in its order, on the example database."""

import re
from pathlib import Path

import pytest

import sqlite_utils_personalization as package
from sqlite_utils_personalization import score
from sqlite_utils_personalization.example import AS_OF, build

DOCS = Path(__file__).parents[1] / "docs" / "python.md"
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections():
    """The blocks of each section, each behind as many lines as stand before it in the file."""
    text = DOCS.read_text(encoding="utf-8") if DOCS.exists() else ""
    found = list(SECTION.finditer(text))
    for one, following in zip(found, [*found[1:], None], strict=True):
        end = following.start() if following else len(text)
        blocks = [
            "\n" * text.count("\n", 0, block.start(1)) + block[1]
            for block in BLOCK.finditer(text, one.end(), end)
        ]
        yield pytest.param(blocks, id=one[1])


@pytest.mark.parametrize("blocks", list(sections()))
def test_the_examples_of_a_section_run_one_after_another(tmp_path, monkeypatch, blocks):
    build(tmp_path / "jpcite.db")
    score(tmp_path / "jpcite.db", as_of=AS_OF)
    monkeypatch.chdir(tmp_path)
    shared = {"__name__": "docs"}
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), shared)


def test_every_section_has_an_example():
    assert all(section.values[0] for section in sections())


def test_no_section_is_there_twice():
    headings = re.findall(r"^#{1,3} .+$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(set(headings)) == sorted(headings)


def test_every_public_name_is_documented():
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in package.__all__ if not re.search(rf"`{name}\b", text)] == []
