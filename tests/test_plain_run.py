"""A plain run stays short by what it leaves out, and leaves out nothing altogether."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import beyond_samples

FILES = sorted(Path(__file__).parent.glob("test_*.py"))
# It needs a browser, which a plain run does without.
LONGER_ALTOGETHER = {"test_browser.py"}


def is_slow(node):
    return "pytest.mark.slow" in ast.unparse(node)


def has_plain_test(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    if any(isinstance(node, ast.Assign) and is_slow(node) for node in body):
        return False
    return any(
        node.name.startswith("test_") and not any(map(is_slow, node.decorator_list))
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_something_of_every_file_is_tried_in_a_plain_run():
    longer = {path.name for path in FILES if not has_plain_test(path)}
    assert longer == LONGER_ALTOGETHER


def cases(*values, n, by=None, test="test_a"):
    mark = pytest.mark.sampled(n, by=by).mark
    return [
        SimpleNamespace(
            nodeid=f"{test}[{table}-{change}]",
            callspec=SimpleNamespace(params={"table": table, "change": change}),
            get_closest_marker={"sampled": mark}.get,
        )
        for table, change in values
    ]


def tried(items):
    longer = {item.nodeid for item in beyond_samples(items)}
    return [item.nodeid.partition("[")[2][:-1] for item in items if item.nodeid not in longer]


SIX = [(table, change) for table in "ab" for change in (1, 2, 3)]


@pytest.mark.parametrize(
    ("n", "by", "expected"),
    [
        (1, None, ["a-1"]),
        (2, None, ["a-1", "b-1"]),
        (3, None, ["a-1", "a-3", "b-2"]),
        (6, None, [f"{table}-{change}" for table, change in SIX]),
        (99, None, [f"{table}-{change}" for table, change in SIX]),
        # Of the next kind another change.
        (1, "table", ["a-1", "b-2"]),
        (1, "change", ["a-1", "b-2", "a-3"]),
        (2, "table", ["a-1", "a-2", "b-2", "b-3"]),
    ],
)
def test_of_a_sweep_some_of_every_kind_are_tried_evenly_spaced(n, by, expected):
    assert sorted(tried(cases(*SIX, n=n, by=by))) == sorted(expected)


def test_each_test_has_samples_of_its_own_and_a_case_asked_for_alone_is_tried():
    two = [*cases(*SIX, n=1), *cases(*SIX, n=1, test="test_b")]
    assert tried(two) == ["a-1", "a-1"]
    assert tried(cases(SIX[4], n=1)) == ["b-2"]


def test_what_is_not_swept_is_tried():
    (alone,) = cases(SIX[0], n=1)
    alone.get_closest_marker = {}.get
    assert list(beyond_samples([alone])) == []
