"""Models as files: every constant in words, what is wrong with one, and what differs between two. No database."""

import os
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

from sqlite_utils_personalization.api.opened import path_of
from sqlite_utils_personalization.errors import InvalidInput
from sqlite_utils_personalization.formula.constants import constants_of
from sqlite_utils_personalization.formula.model_changes import changes
from sqlite_utils_personalization.formula.model_findings import findings_of_text
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.model import load_model

ModelFile: TypeAlias = str | os.PathLike[str]


class ModelConstant(TypedDict):
    """One constant: where it stands, its value, what it means, what the number counts, and what it may be."""

    name: str
    value: Any
    meaning: str
    unit: str | None
    range: str


class ModelFinding(TypedDict):
    """What is wrong or odd with a model: is_refused says whether that must be mended before a night uses it."""

    name: str
    reason: str
    is_refused: bool
    sentence: str
    todo: str


class ModelChange(TypedDict):
    """A constant that differs, its values, null where a model has it not, and what that does for customers."""

    name: str
    before: Any
    after: Any
    sentence: str


def model_constants(model: ModelFile | None = None) -> list[ModelConstant]:
    """Every constant of the model in a file, or of the packaged one, in its order; read-only.

    PersonalizationError if the file is no model, as score() says it.
    """
    return [
        {
            "name": one.path,
            "value": one.value,
            "meaning": one.meaning,
            "unit": one.unit,
            "range": one.range,
        }
        for one in constants_of(load_model(_path(model)).constants)
    ]


def check_model(model: ModelFile | None = None) -> list[ModelFinding]:
    """What is wrong or odd with the model in a file, or with the packaged one; read-only.

    Of reason `invalid` is what score() refuses. It refuses nothing else, but a finding that is_refused is of a model
    that does not do what it says. InvalidInput if there is no file.
    """
    path = _path(model)
    if path is None:
        text = load_model().json.encode()
    else:
        try:
            text = path.read_bytes()
        except OSError as error:
            raise InvalidInput(
                f"{path}: {error.strerror}", _("give a file that can be read")
            ) from None
    return [
        {
            "name": one.path,
            "reason": one.reason,
            "is_refused": one.is_refused,
            "sentence": one.sentence,
            "todo": one.todo,
        }
        for one in findings_of_text(text)
    ]


def compare_models(
    before: ModelFile | None = None, after: ModelFile | None = None
) -> list[ModelChange]:
    """What differs between the models in two files, each by default the packaged one; read-only.

    PersonalizationError if one is no model, as score() says it.
    """
    old, new = load_model(_path(before)), load_model(_path(after))
    return [
        {"name": one.path, "before": one.before, "after": one.after, "sentence": one.sentence}
        for one in changes(old.constants, new.constants)
    ]


def _path(model: ModelFile | None) -> Path | None:
    return None if model is None else Path(path_of(model, "model"))
