"""How the package is built: its floors, the size of its files, and names that cannot be taken for one another."""

import ast
from collections import defaultdict
from configparser import ConfigParser
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

PACKAGE = "sqlite_utils_personalization"
FOLDER = Path(str(files(PACKAGE)))
CONTRACTS = FOLDER.parent / ".importlinter"
MOST_MODULES = 308
MOST_LINES = 400
# One file that whoever trusts nobody reads and runs.
LONG = {"verify_receipt.py"}


@cache
def sources():
    """Every module by its dotted name: its path, and what it says."""
    found = {}
    for path in sorted(FOLDER.rglob("*.py")):
        parts = path.relative_to(FOLDER.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = (path, path.read_text(encoding="utf-8"))
    return found


def imports(text):
    """Every module of the package that is imported anywhere in text, also inside functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in sources())
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for name in node.names:
                full = f"{node.module}.{name.name}"
                if full in sources() or node.module in sources():
                    yield full if full in sources() else node.module


def contracts():
    """The folder of each contract and its floors from the top, each a list of what stands on it side by side."""
    parser = ConfigParser()
    parser.read(CONTRACTS, encoding="utf-8")
    for section in parser.sections():
        if section.startswith("importlinter:contract:"):
            floors = []
            for line in parser[section]["layers"].split("\n"):
                if line.strip():
                    apart = "|" in line
                    names = line.replace("|", ":").split(":")
                    floors.append(([name.strip() for name in names], apart))
            yield parser[section]["containers"], floors


def house():
    if not CONTRACTS.exists():
        pytest.skip("the floors are in .importlinter of the repository")
    return list(contracts())


def test_each_floor_imports_only_what_stands_below_it():
    upwards = []
    for container, floors in house():
        level = {name: at for at, (names, _) in enumerate(floors) for name in names}
        apart = {name for names, is_apart in floors if is_apart for name in names}

        def room(module, container=container):
            inside = module.removeprefix(f"{container}.")
            return inside.split(".")[0] if inside != module else None

        for module, (_, text) in sources().items():
            here = room(module)
            for imported in imports(text) if here else ():
                there = room(imported)
                if there in (None, here):
                    continue
                is_up = level[there] < level[here]
                is_beside = level[there] == level[here] and here in apart
                if is_up or is_beside:
                    upwards.append(f"{module} imports {imported}")
    assert upwards == []


def test_every_room_has_a_floor():
    for container, floors in house():
        named = sorted(name for names, _ in floors for name in names)
        prefix = f"{container}."
        rooms = {
            name.removeprefix(prefix).split(".")[0] for name in sources() if name.startswith(prefix)
        }
        assert named == sorted(rooms)


def test_files_are_few_and_short():
    lengths = {
        str(path.relative_to(FOLDER)): len(text.splitlines()) for path, text in sources().values()
    }
    assert len([length for length in lengths.values() if length]) <= MOST_MODULES
    assert {name for name, length in lengths.items() if length > MOST_LINES} == LONG


def test_no_two_modules_differ_by_a_plural():
    names = {module.rsplit(".", 1)[-1] for module in sources()}
    plurals = {
        (name, plural)
        for name in names
        for plural in (f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies")
        if plural in names
    }
    assert plurals == set()


def test_no_two_classes_share_a_name():
    places = defaultdict(list)
    for module, (path, text) in sources().items():
        # It states again what it has in common with the package, on purpose.
        if path.name == "verify_receipt.py":
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}
