"""The model: every constant of the formula and of the catalogue, from one JSON file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex, strict_json
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.kinds import COMPONENTS, TYPES


@dataclass(frozen=True)
class Model:
    """Validated constants; the canonical JSON is what a run stores and a replay reads."""

    constants: Mapping[str, Any]

    @cached_property
    def json(self) -> str:
        return canonical_json(self.constants)

    @cached_property
    def sha256(self) -> str:
        return sha256_hex(self.json)


def load_model(path: Path | None = None) -> Model:
    """Return the model in path, or the packaged one.

    PersonalizationError names the file, and the path within it of every wrong key or value.
    """
    source = path or files(__package__).joinpath("model.json")
    try:
        constants = strict_json(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise PersonalizationError(f"{path}: {error.strerror}", "give a readable file") from None
    except (ValueError, RecursionError) as error:
        raise PersonalizationError(
            f"{path} is not JSON: {error}", "start from the packaged model.json"
        ) from None
    faults = [
        f"{_where(error.absolute_path)}: {error.message}"
        for error in _validator().iter_errors(constants)
    ]
    if faults:
        raise PersonalizationError(f"{path} is not a model: {'; '.join(sorted(faults))}")
    return Model(_integers(constants))


def packs_of(path: Path | None = None) -> Mapping[str, str]:
    """The packs of the model in path, or of the packaged one, by name: the letters that each stands for."""
    found: Mapping[str, str] = load_model(path).constants["packs"] if path else _packaged_packs()
    return found


@cache
def _packaged_packs() -> Mapping[str, str]:
    # Reading and checking a model costs more than everything else in declaring.
    found: Mapping[str, str] = load_model().constants["packs"]
    return found


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(files(__package__).joinpath("model.schema.json").read_text("utf-8"))
    for key, names in (("weights", COMPONENTS), ("caps", TYPES)):
        # model.schema.json states what one of them may be, kinds.py which there are.
        one = schema["properties"][key]
        schema["properties"][key] = {
            "type": "object",
            "required": list(names),
            "additionalProperties": False,
            "properties": dict.fromkeys(names, one),
        }
    return Draft202012Validator(schema)


def _where(parts: Any) -> str:
    return "".join(["$", *(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)])


def _integers(value: Any) -> Any:
    # JSON Schema takes 50.0 for an integer; in SQL it would turn the formula into floats.
    if isinstance(value, dict):
        return {key: _integers(item) for key, item in value.items()}
    return int(value) if isinstance(value, float) else value
