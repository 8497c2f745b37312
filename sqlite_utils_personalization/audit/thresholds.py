"""Thresholds a person sets for what was measured, such as `lists_changed>5%`: what may not be, so that a gate can fail.

Compared are integers and fractions, never floating point.
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlite_utils_personalization.errors import InvalidInput, short_repr
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import pgettext

Number = int | Decimal | Fraction

_OPERATORS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
# As long as what is measured, so that nobody waits for a number of a million digits.
_EXPRESSION = re.compile(
    rf"\s*([^\s<>=]+)\s*({'|'.join(_OPERATORS)})\s*(-?[0-9]{{1,18}}(?:\.[0-9]{{1,9}})?)\s*(%?)\s*"
)
_DIGITS = 4


class Measured(NamedTuple):
    """A number that was measured, and of how many it is a part where a percentage of it means something."""

    value: Number
    of: Number | None = None


class Threshold(NamedTuple):
    """What is a fault: the measure of that name, held against a limit. text is as it was written."""

    text: str
    name: str
    operator: str
    limit: Fraction
    is_percent: bool

    def crossed(self, values: Mapping[str, Measured | Number | None]) -> str | None:
        """The sentence that says by how much, None if it is not; what could not be measured crosses nothing.

        Of a number without a whole a percentage is that of one: 0.05 is 5 %.
        """
        given = values[self.name]
        found = (
            given if isinstance(given, Measured) else Measured(given) if given is not None else None
        )
        if found is None:
            return None
        value = self._value(found)
        if not _OPERATORS[self.operator](value, self.limit):
            return None
        return self._sentence(found, value)

    def _value(self, found: Measured) -> Fraction:
        value = Fraction(found.value)
        if not self.is_percent:
            return value
        whole = Fraction(1 if found.of is None else found.of)
        # Of nothing there is no part.
        return 100 * value / whole if whole else Fraction(0)

    def _sentence(self, found: Measured, value: Fraction) -> str:
        values = {
            "text": " ".join(self.text.split()),
            "name": self.name,
            "value": self._shown(value),
            "by": self._shown(abs(value - self.limit)),
        }
        if self.is_percent and found.of is not None:
            part, whole = written(found.value), written(found.of)
            values["value"] = _(
                "{percent} ({n} of {whole})", percent=values["value"], n=part, whole=whole
            )
        if value == self.limit:
            return _("{text} holds: {name} is {value}", **values)
        return _("{text} holds, by {by}: {name} is {value}", **values)

    def _shown(self, number: Fraction) -> str:
        return _("{number} %", number=written(number)) if self.is_percent else written(number)


def parse(text: str, names: Collection[str], without_percent: Collection[str] = ()) -> Threshold:
    """The threshold that text sets for one of names: name, one of > >= < <= ==, and a number or a percentage.

    InvalidInput, which names the choices, if it is none; of what is in without_percent there is no percentage.
    """
    found = _EXPRESSION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise InvalidInput(
            _("{text} is no threshold", text=short_repr(text)),
            _(
                "write it like {example}: a measure, one of > >= < <= ==, and a number or a percentage;"
                " measures are {names}",
                example="'lists_changed>5%'",
                names=_choices(names),
            ),
        )
    name, sign, limit, percent = found.groups()
    if name not in names:
        raise InvalidInput(
            _("{name} is not measured", name=short_repr(name)),
            _("give one of {names}", names=_choices(names)),
        )
    if percent and name in without_percent:
        raise InvalidInput(
            _("{name} is no part of anything", name=name), _("give a number without %")
        )
    return Threshold(text, name, sign, Fraction(limit), bool(percent))


def written(number: Number) -> str:
    """The number in decimal digits: whole ones in full, others to at least four of their digits."""
    exact = Fraction(number)
    if exact.denominator == 1:
        return str(exact.numerator)
    places = 0
    while abs(exact) * 10**places < 10 ** (_DIGITS - 1):
        places += 1
    scaled = round(exact * 10**places)
    text = f"{Decimal(scaled).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if places else text


def _choices(names: Collection[str]) -> str:
    return pgettext("list", ", ").join(names)
