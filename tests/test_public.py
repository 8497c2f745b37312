"""What a user imports: every public name, as Python and a type checker see it."""

import ast
from importlib import import_module
from pathlib import Path

import sqlite_utils_personalization as package


def imported_for_type_checkers():
    for node in ast.walk(ast.parse(Path(package.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.startswith(package.__name__):
            for name in node.names:
                assert name.asname == name.name, "only X as X is public to a type checker"
                yield name.name, node.module


def test_every_public_name_is_one_to_python_and_to_type_checkers():
    assert package.__all__ == sorted(package.__all__)
    assert dict(imported_for_type_checkers()) == {
        name: f"{package.__name__}.{home}" for name, home in package._HOMES.items()
    }
    assert set(package._HOMES) == set(package.__all__) <= set(dir(package))
    for name, home in package._HOMES.items():
        found = getattr(package, name)
        assert found is getattr(import_module(f"{package.__name__}.{home}"), name)
        assert found.__doc__
