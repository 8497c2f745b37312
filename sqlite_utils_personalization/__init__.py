"""Recommendations an auditor can replay: declared preferences, one formula, an append-only log.

One function for each command: docs/python.md. Everything they write lies in the SQLite file they are given; nothing
here imports Datasette.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1a0"

__all__ = [
    "Conflict",
    "Damaged",
    "InvalidInput",
    "KeyHashing",
    "Locked",
    "NoSchema",
    "NotFound",
    "PersonalizationError",
    "ReadOnly",
    "check_profiles",
    "export_customer",
    "get_profile",
    "give_feedback",
    "import_profiles",
    "list_feedback",
    "list_profiles",
    "migrate",
    "record_delivery",
    "rotate",
    "score",
    "set_preferences",
]

_HOMES = {
    "Conflict": "errors",
    "Damaged": "errors",
    "InvalidInput": "errors",
    "KeyHashing": "preferences.customer",
    "Locked": "errors",
    "NoSchema": "errors",
    "NotFound": "errors",
    "PersonalizationError": "errors",
    "ReadOnly": "errors",
    "check_profiles": "api.customers",
    "export_customer": "api.customers",
    "get_profile": "api.customers",
    "give_feedback": "api.customers",
    "import_profiles": "api.customers",
    "list_feedback": "api.customers",
    "list_profiles": "api.customers",
    "migrate": "schema",
    "record_delivery": "billing.record",
    "rotate": "api.customers",
    "score": "scoring.night",
    "set_preferences": "api.customers",
}

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.customers import check_profiles as check_profiles
    from sqlite_utils_personalization.api.customers import export_customer as export_customer
    from sqlite_utils_personalization.api.customers import get_profile as get_profile
    from sqlite_utils_personalization.api.customers import give_feedback as give_feedback
    from sqlite_utils_personalization.api.customers import import_profiles as import_profiles
    from sqlite_utils_personalization.api.customers import list_feedback as list_feedback
    from sqlite_utils_personalization.api.customers import list_profiles as list_profiles
    from sqlite_utils_personalization.api.customers import rotate as rotate
    from sqlite_utils_personalization.api.customers import set_preferences as set_preferences
    from sqlite_utils_personalization.billing.record import record_delivery as record_delivery
    from sqlite_utils_personalization.errors import Conflict as Conflict
    from sqlite_utils_personalization.errors import Damaged as Damaged
    from sqlite_utils_personalization.errors import InvalidInput as InvalidInput
    from sqlite_utils_personalization.errors import Locked as Locked
    from sqlite_utils_personalization.errors import NoSchema as NoSchema
    from sqlite_utils_personalization.errors import NotFound as NotFound
    from sqlite_utils_personalization.errors import PersonalizationError as PersonalizationError
    from sqlite_utils_personalization.errors import ReadOnly as ReadOnly
    from sqlite_utils_personalization.preferences.customer import KeyHashing as KeyHashing
    from sqlite_utils_personalization.schema import migrate as migrate
    from sqlite_utils_personalization.scoring.night import score as score
else:

    def __getattr__(name):
        # Every sqlite-utils command imports this package; only ours should pay for the rest of it.
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
