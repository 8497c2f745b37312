"""The model: every constant of the formula and of the catalogue, from one JSON file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex, strict_json
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.model.kinds import COMPONENTS, TYPES

# Characters of a fault, which repeats the value.
_LONGEST = 300


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
        constants = parsed(source.read_text(encoding="utf-8"))
        errors = errors_in(constants)
    except OSError as error:
        raise PersonalizationError(f"{path}: {error.strerror}", "give a readable file") from None
    except (ValueError, RecursionError) as error:
        raise PersonalizationError(
            f"{path} is not JSON: {error}", "start from the packaged model.json"
        ) from None
    faults = [f"{path_text(error.absolute_path)}: {error.message[:_LONGEST]}" for error in errors]
    if faults:
        raise PersonalizationError(f"{path} is not a model: {'; '.join(sorted(faults))}")
    return Model(whole_numbers(constants))


def parsed(text: str) -> object:
    """The JSON of what may be a model. ValueError or RecursionError if it is none."""
    constants = strict_json(text)
    # Half a surrogate pair, which JSON can hold and no digest can be taken of.
    canonical_json(constants).encode()
    return constants


def errors_in(constants: object) -> list[ValidationError]:
    """Everything in it that is not as model.schema.json has it. RecursionError if it is nested too deeply."""
    return list(Draft202012Validator(model_schema()).iter_errors(constants))


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
def model_schema() -> dict[str, Any]:
    """What a model may say, as JSON Schema, with a description and unit of every constant; not to be changed."""
    schema: dict[str, Any] = json.loads(
        files(__package__).joinpath("model.schema.json").read_text("utf-8")
    )
    for key, names in (("weights", COMPONENTS), ("caps", TYPES)):
        # model.schema.json states what one of them may be, kinds.py which there are.
        one = schema["properties"][key]
        schema["properties"][key] = {
            "type": "object",
            "required": list(names),
            "additionalProperties": False,
            "properties": dict.fromkeys(names, one),
        }
    return schema


def path_text(parts: Iterable[str | int]) -> str:
    """Where a value stands, as in $.weights.industry."""
    return "".join(["$", *(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)])


def whole_numbers(value: Any) -> Any:
    """The same with 50 in place of 50.0."""
    # JSON Schema takes 50.0 for an integer; in SQL it would turn the formula into floats.
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in value.items()}
    return int(value) if isinstance(value, float) else value
