"""What is usual of a measure: within how much of the median of the nights before it may be, from one JSON file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jsonschema import Draft202012Validator

from sqlite_utils_personalization.audit.report.measure_names import UNITS, family_of
from sqlite_utils_personalization.canonical import strict_json
from sqlite_utils_personalization.errors import PersonalizationError

_LARGEST_FILE = 1_000_000


class Band(NamedTuple):
    """How far from the middle is usual: absolute, or this part of the middle, whichever is more; or a fixed limit."""

    absolute: Fraction = Fraction(0)
    relative: Fraction = Fraction(0)
    at_most: Fraction | None = None

    def around(self, middle: Fraction) -> tuple[Fraction, Fraction]:
        """The lowest and the highest value that is usual."""
        if self.at_most is not None:
            return Fraction(0), self.at_most
        reach = max(self.absolute, self.relative * abs(middle))
        return middle - reach, middle + reach


@dataclass(frozen=True)
class Bands:
    """The band of each family of measures that has one, and of how many nights at least a median is taken."""

    least_nights: int
    by_family: Mapping[str, Band]

    def of(self, name: str) -> Band | None:
        return self.by_family.get(family_of(name))


def load_bands(path: Path | None = None) -> Bands:
    """The bands in path, or the packaged ones.

    PersonalizationError names the file, and the path within it of every wrong key or value.
    """
    if path is None:
        return _packaged()
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise PersonalizationError(
            f"{path}: {error.strerror}", "pass --bands a readable file"
        ) from None
    if len(raw) > _LARGEST_FILE:
        raise PersonalizationError(f"{path} is too long for bands", _START)
    try:
        found = strict_json(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PersonalizationError(f"{path} is not JSON: {error}", _START) from None
    faults = [
        f"{error.json_path}: {error.message[:200]}" for error in _validator().iter_errors(found)
    ]
    if faults:
        raise PersonalizationError(f"{path} has no bands: {'; '.join(sorted(faults))}", _START)
    return _bands(found)


_START = "start from the packaged bands.json"


@cache
def _packaged() -> Bands:
    return _bands(json.loads(files(__package__).joinpath("bands.json").read_text("utf-8")))


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(files(__package__).joinpath("bands.schema.json").read_text("utf-8"))
    # bands.schema.json states what one of them may be, measure_names.py which there are.
    schema["properties"]["bands"]["properties"] = {name: {"$ref": "#/$defs/band"} for name in UNITS}
    return Draft202012Validator(schema)


def _bands(found: object) -> Bands:
    assert isinstance(found, dict)
    # As it is written: 0.1 is a tenth.
    by_family = {
        family: Band(**{key: Fraction(Decimal(repr(number))) for key, number in band.items()})
        for family, band in found["bands"].items()
    }
    return Bands(int(found["least_nights"]), by_family)
