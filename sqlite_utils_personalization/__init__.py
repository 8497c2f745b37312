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
    "NotIntact",
    "PersonalizationError",
    "ReadOnly",
    "check_profiles",
    "create_example",
    "erase",
    "export_customer",
    "get_profile",
    "give_feedback",
    "head",
    "import_profiles",
    "list_feedback",
    "list_profiles",
    "metadata",
    "migrate",
    "migration_statuses",
    "receipt",
    "receipt_html",
    "record_delivery",
    "replay",
    "rollback",
    "rotate",
    "score",
    "seal",
    "set_preferences",
    "snapshot",
    "tlog_proof",
    "verify",
    "why_not",
]

_HOMES = {
    "Conflict": "errors",
    "Damaged": "errors",
    "InvalidInput": "errors",
    "KeyHashing": "preferences.key_hashing",
    "Locked": "errors",
    "NoSchema": "errors",
    "NotFound": "errors",
    "NotIntact": "errors",
    "PersonalizationError": "errors",
    "ReadOnly": "errors",
    "check_profiles": "api.customers",
    "create_example": "api.files",
    "erase": "api.customers",
    "export_customer": "api.customers",
    "get_profile": "api.customers",
    "give_feedback": "api.customers",
    "head": "api.auditing",
    "import_profiles": "api.customers",
    "list_feedback": "api.customers",
    "list_profiles": "api.customers",
    "metadata": "viewer.queries.metadata",
    "migrate": "api.files",
    "migration_statuses": "api.files",
    "receipt": "api.auditing",
    "receipt_html": "api.auditing",
    "record_delivery": "billing.record",
    "replay": "api.auditing",
    "rollback": "api.files",
    "rotate": "api.customers",
    "score": "scoring.night",
    "seal": "api.auditing",
    "set_preferences": "api.customers",
    "snapshot": "api.files",
    "tlog_proof": "api.auditing",
    "verify": "api.auditing",
    "why_not": "api.auditing",
}

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.auditing import head as head
    from sqlite_utils_personalization.api.auditing import receipt as receipt
    from sqlite_utils_personalization.api.auditing import receipt_html as receipt_html
    from sqlite_utils_personalization.api.auditing import replay as replay
    from sqlite_utils_personalization.api.auditing import seal as seal
    from sqlite_utils_personalization.api.auditing import tlog_proof as tlog_proof
    from sqlite_utils_personalization.api.auditing import verify as verify
    from sqlite_utils_personalization.api.auditing import why_not as why_not
    from sqlite_utils_personalization.api.customers import check_profiles as check_profiles
    from sqlite_utils_personalization.api.customers import erase as erase
    from sqlite_utils_personalization.api.customers import export_customer as export_customer
    from sqlite_utils_personalization.api.customers import get_profile as get_profile
    from sqlite_utils_personalization.api.customers import give_feedback as give_feedback
    from sqlite_utils_personalization.api.customers import import_profiles as import_profiles
    from sqlite_utils_personalization.api.customers import list_feedback as list_feedback
    from sqlite_utils_personalization.api.customers import list_profiles as list_profiles
    from sqlite_utils_personalization.api.customers import rotate as rotate
    from sqlite_utils_personalization.api.customers import set_preferences as set_preferences
    from sqlite_utils_personalization.api.files import create_example as create_example
    from sqlite_utils_personalization.api.files import migrate as migrate
    from sqlite_utils_personalization.api.files import migration_statuses as migration_statuses
    from sqlite_utils_personalization.api.files import rollback as rollback
    from sqlite_utils_personalization.api.files import snapshot as snapshot
    from sqlite_utils_personalization.billing.record import record_delivery as record_delivery
    from sqlite_utils_personalization.errors import Conflict as Conflict
    from sqlite_utils_personalization.errors import Damaged as Damaged
    from sqlite_utils_personalization.errors import InvalidInput as InvalidInput
    from sqlite_utils_personalization.errors import Locked as Locked
    from sqlite_utils_personalization.errors import NoSchema as NoSchema
    from sqlite_utils_personalization.errors import NotFound as NotFound
    from sqlite_utils_personalization.errors import NotIntact as NotIntact
    from sqlite_utils_personalization.errors import PersonalizationError as PersonalizationError
    from sqlite_utils_personalization.errors import ReadOnly as ReadOnly
    from sqlite_utils_personalization.preferences.key_hashing import KeyHashing as KeyHashing
    from sqlite_utils_personalization.scoring.night import score as score
    from sqlite_utils_personalization.viewer.queries.metadata import metadata as metadata
else:

    def __getattr__(name):
        # Every sqlite-utils command imports this package; only ours should pay for the rest of it.
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
