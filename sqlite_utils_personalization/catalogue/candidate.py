"""One recommendable item as the formula sees it, and its content address."""

from typing import NamedTuple

from sqlite_utils_personalization.canonical import canonical_json, sha256_hex

ANY = "any"
UNKNOWN = "unknown"
NATIONWIDE = "nationwide"
# What an item without a closing date is, by its rolling.
UNDATED: dict[int | None, str] = {1: "rolling", 0: "unknown"}
# What is hashed, and its version.
FORMAT = "candidate/1"


class LeftOut(Exception):
    """Raised with the name of the rule that keeps an item out of the catalogue."""


class Candidate(NamedTuple):
    """One version of one item, its fields named as the columns of am_personalization_candidate.

    industries are letters of the Japan Standard Industrial Classification in order, ANY or UNKNOWN;
    prefectures are official names joined by commas in the usual order, or NATIONWIDE; opens_on and closes_on
    are the first and the last Japanese calendar day, ISO, None where not known. With left_out set, it names the
    rule that kept the item out of the catalogue.

    rolling says of an item without a closing date whether it takes applications at any time (1) or nobody knows (0);
    None where the model has no points for that. family is the same for rounds, frames and years of one programme in
    one area, family_name wherever it is; None where the model has no places for families, or an item is alone.
    """

    recommendation_type: str
    item_id: str
    title: str
    industries: str = UNKNOWN
    prefectures: str = NATIONWIDE
    opens_on: str | None = None
    closes_on: str | None = None
    risk_level: str | None = None
    why: str = "{}"
    profile_id: int | None = None
    left_out: str | None = None
    rolling: int | None = None
    family: str | None = None
    family_name: str | None = None

    @property
    def closing(self) -> str | None:
        """dated, rolling (applications at any time), unknown (nobody knows), or None of what does not close."""
        return "dated" if self.closes_on is not None else UNDATED.get(self.rolling)

    @property
    def sha256(self) -> str:
        """Content address, 64 hex digits; equal candidates share it and any other field changes it."""
        return sha256_hex(canonical_json({"format": FORMAT, **self._asdict()}))
