"""What is recommended, what a customer declares, and what a score is made of: each listed here and nowhere else.

Column lists, the replay view, arms of queries, pages and receipts follow from these. The columns themselves are in the
migrations, the weight of a component and the cap of a type in model.json, the expressions in formula.sql.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args, get_type_hints


class Kind(NamedTuple):
    """One type of recommendation: its name in the tables, its plural, and what it is called in Japanese."""

    name: str
    plural: str
    japanese: str


KINDS = (
    Kind("program", "programs", "制度"),
    Kind("industry_pack", "industry packs", "業種パック"),
    Kind("saved_search", "saved searches", "保存した検索"),
    Kind("amendment", "amendments", "制度の変更"),
)
TYPES = tuple(kind.name for kind in KINDS)
PLURALS = {kind.name: kind.plural for kind in KINDS}

# What a customer may say of an item; the last takes back what was said before.
FEEDBACK = ("dismissed", "interested", "applied", "withdrawn")

# In the order in which a score is added up. Each is an expression NAME_points of the formula with a weight NAME_weight.
COMPONENTS = ("industry", "deadline", "risk")
POINTS = tuple(f"{name}_points" for name in COMPONENTS)
WEIGHTS = tuple(f"{name}_weight" for name in COMPONENTS)


class Declared(NamedTuple):
    """One cohort: None where nothing was declared; NO_INDUSTRY for a pack the model does not know."""

    industries: str | None
    prefecture: str | None
    horizon_days: int | None
    risk_level: str | None

    def to_dict(self) -> dict[str, str | int | None]:
        """For JSON, under the names that customers declare it by; in the order of the fields."""
        return {
            "industries": self.industries,
            "prefecture": self.prefecture,
            "deadline_horizon_days": self.horizon_days,
            "risk_tolerance": self.risk_level,
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Declared":
        """Of what to_dict made; KeyError where a name is missing."""
        return cls(
            given["industries"],
            given["prefecture"],
            given["deadline_horizon_days"],
            given["risk_tolerance"],
        )


NO_INDUSTRY = "none"
# What stands for a column of Declared that is NULL, as no declared value does.
ABSENT = tuple("0" if int in get_args(kind) else "''" for kind in get_type_hints(Declared).values())


def listed(names: tuple[str, ...], before: str = "", separator: str = ", ") -> str:
    """The names as columns in SQL, each with its alias and point before it."""
    return separator.join(f"{before}{name}" for name in names)
