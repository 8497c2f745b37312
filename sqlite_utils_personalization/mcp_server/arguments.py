"""The arguments of the tools: published with their strict schema, checked where every entrance has them checked.

The SDK is told to let any value through, because what it says of a wrong one repeats it.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import Field

from sqlite_utils_personalization.catalogue.candidate import TYPES
from sqlite_utils_personalization.customer.asked import MOST
from sqlite_utils_personalization.customer.errors import InvalidRequest
from sqlite_utils_personalization.preferences.published import published_schema

# An argument that was not given; null says something else.
LEFT = object()


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in arguments.items() if value is not LEFT}


def check_names(sent: Collection[str], known: Collection[str]) -> None:
    """InvalidRequest if there is an argument of another name, which the SDK would leave out unseen."""
    if set(sent) - set(known):
        raise InvalidRequest(f"there is an argument of another name - known are {', '.join(known)}")


def truth(name: str, value: object) -> bool:
    """The value. InvalidRequest if it is neither true nor false."""
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} is neither true nor false - give one of them, or none")
    return value


def _optional(schema: dict[str, Any], description: str, default: object = None) -> Any:
    return Field(default_factory=lambda: default, description=description, json_schema_extra=schema)


def _preference(key: str, description: str) -> Any:
    schema = {"anyOf": [published_schema()["properties"][key], {"type": "null"}]}
    return _optional(schema, f"{description}。null で取り消し / null takes it back", LEFT)


IndustryPack = Annotated[Any, _preference("industry_pack", "業種 / industry")]
Prefecture = Annotated[Any, _preference("prefecture", "都道府県 / prefecture")]
Horizon = Annotated[
    Any,
    _preference(
        "deadline_horizon_days", "何日先の締切まで重視するか / how far ahead deadlines matter"
    ),
]
Risk = Annotated[Any, _preference("risk_tolerance", "リスク許容度 / risk tolerance")]

Type = Annotated[
    Any, _optional({"type": "string", "enum": [*TYPES]}, "この種類だけ / only this type")
]
Night = Annotated[
    Any,
    _optional(
        {"type": "string", "format": "date"},
        "この夜(日本の日付)だけ / only the recommendations of this night, a day in Japan",
    ),
]
Limit = Annotated[
    Any,
    _optional(
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": 10},
        "1ページの件数 / how many on a page",
        10,
    ),
]
Cursor = Annotated[
    Any,
    _optional(
        {"type": "string"},
        "前のページの next_cursor / next_cursor of the page before, with the same type and night",
    ),
]
Preview = Annotated[
    Any,
    _optional(
        {"type": "boolean", "default": False},
        "true なら題名だけ、無料 / true: titles only, free of charge",
        False,
    ),
]
RecId = Annotated[
    Any,
    Field(
        description="受け取った推薦の rec_id / rec_id of a recommendation that you were given",
        json_schema_extra={"type": "integer", "minimum": 1},
    ),
]
