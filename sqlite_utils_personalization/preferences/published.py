"""The schema of a preference as the customer's doors publish it."""

from copy import deepcopy
from typing import Any

from sqlite_utils_personalization.catalogue.industries import DIVISIONS
from sqlite_utils_personalization.preferences.declared import preference_schema
from sqlite_utils_personalization.scoring.model import load_model


def published_schema() -> dict[str, Any]:
    """preference.schema.json, which leaves packs to the model, with those of the packaged model; read-only."""
    schema = deepcopy(preference_schema())
    schema["properties"]["industry_pack"]["enum"] = [*DIVISIONS, *load_model().constants["packs"]]
    return schema
