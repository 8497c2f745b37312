"""The contract as OpenAPI 3.1: openapi.json of this package, with the preference schema that every writer obeys."""

import json
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.customer_api.recommendations import MOST
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.preferences.validation import published_schema


def document(base_url: str) -> dict[str, Any]:
    """The document for a Datasette at this base_url; read-only."""
    found = deepcopy(_packaged())
    found["info"]["version"] = __version__
    found["servers"] = [{"url": base_url.rstrip("/") or "/"}]
    schemas, parameters = found["components"]["schemas"], found["components"]["parameters"]
    schemas["Preference"] = published_schema()
    schemas["Type"]["enum"] = list(TYPES)
    parameters["limit"]["schema"]["maximum"] = MOST
    return found


@cache
def _packaged() -> dict[str, Any]:
    text = files(__package__).joinpath("openapi.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
