"""What a night is asked to be, as whoever asks may say it."""

import operator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils_personalization.clock import day_of, japan_day
from sqlite_utils_personalization.errors import InvalidInput, short_repr
from sqlite_utils_personalization.model.model import Model, load_model

# As many as a log can ever have rows.
MOST_PLACES = 2**53


@dataclass(frozen=True)
class Night:
    """What a night is asked to be. as_of, model and top_k identify it, and how often it was asked for again."""

    as_of: str
    model: Model
    top_k: int
    again: bool
    dry_run: bool
    strict: bool
    catalogue: Path | None
    resume: bool = True
    any_date: bool = False
    shadow: Model | None = None


def night_asked_for(
    *,
    as_of: object,
    model: Path | None,
    top_k: object,
    again: bool,
    dry_run: bool,
    strict: bool,
    catalogue: Path | None,
    resume: bool,
    any_date: bool,
    shadow: Path | None = None,
) -> Night:
    """The night as it is asked for; InvalidInput names what cannot be."""
    try:
        places = 0 if isinstance(top_k, bool) else operator.index(top_k)  # type: ignore[arg-type]
    except TypeError:
        places = 0
    if not 1 <= places <= MOST_PLACES:
        allowed = f"at most {MOST_PLACES}" if places > MOST_PLACES else "at least 1"
        raise InvalidInput(f"top_k is {short_repr(top_k)}", f"give a whole number, {allowed}")
    day = japan_day() if as_of is None else day_of(as_of, "as_of")
    given = (again, dry_run, strict, catalogue, resume, any_date)
    own = load_model(model)
    beside = None if shadow is None else load_model(shadow)
    if beside == own:
        raise InvalidInput(
            "the model of the shadow is the one of the night", "give --shadow another model"
        )
    return Night(day, own, places, *given, beside)
