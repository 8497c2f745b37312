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
    "check_model",
    "check_profiles",
    "compare_models",
    "create_example",
    "create_tour",
    "doctor",
    "erase",
    "explain",
    "export_customer",
    "export_customers",
    "get_profile",
    "give_feedback",
    "head",
    "health",
    "impact",
    "impact_html",
    "import_profiles",
    "list_feedback",
    "list_profiles",
    "metadata",
    "migrate",
    "migration_statuses",
    "model_constants",
    "new_since",
    "receipt",
    "receipt_html",
    "recommendations",
    "reconcile",
    "record_deliveries",
    "record_delivery",
    "record_digests",
    "replay",
    "report",
    "reverse_deliveries",
    "reverse_delivery",
    "rollback",
    "rotate",
    "score",
    "seal",
    "serve_mcp",
    "set_preferences",
    "snapshot",
    "statement",
    "tlog_proof",
    "verify",
    "why_not",
    "write_digests",
    "write_metrics",
]

_HOMES = {
    "Conflict": "errors",
    "Damaged": "errors",
    "InvalidInput": "errors",
    "KeyHashing": "preferences.customer",
    "Locked": "errors",
    "NoSchema": "errors",
    "NotFound": "errors",
    "NotIntact": "errors",
    "PersonalizationError": "errors",
    "ReadOnly": "errors",
    "check_model": "api.model_files",
    "check_profiles": "api.declarations",
    "compare_models": "api.model_files",
    "create_example": "api.files",
    "create_tour": "api.files",
    "doctor": "api.doctor",
    "erase": "api.rights",
    "explain": "api.handing_over",
    "export_customer": "api.rights",
    "export_customers": "api.rights",
    "get_profile": "api.declarations",
    "give_feedback": "api.feedback",
    "head": "api.auditing",
    "health": "api.health",
    "impact": "api.impact",
    "impact_html": "api.impact",
    "import_profiles": "api.declarations",
    "list_feedback": "api.feedback",
    "list_profiles": "api.declarations",
    "metadata": "viewer.queries.metadata",
    "migrate": "api.files",
    "migration_statuses": "api.files",
    "model_constants": "api.model_files",
    "new_since": "viewer.queries.new_since",
    "receipt": "api.auditing",
    "receipt_html": "api.auditing",
    "recommendations": "api.handing_over",
    "reconcile": "api.delivering",
    "record_deliveries": "api.delivering",
    "record_delivery": "api.delivering",
    "record_digests": "api.handing_over",
    "replay": "api.auditing",
    "report": "api.reporting",
    "reverse_deliveries": "api.delivering",
    "reverse_delivery": "api.delivering",
    "rollback": "api.files",
    "rotate": "api.rights",
    "score": "api.scoring",
    "seal": "api.auditing",
    "serve_mcp": "mcp_server.serve",
    "set_preferences": "api.declarations",
    "snapshot": "api.files",
    "statement": "api.handing_over",
    "tlog_proof": "api.auditing",
    "verify": "api.auditing",
    "why_not": "api.auditing",
    "write_digests": "api.handing_over",
    "write_metrics": "api.metrics",
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
    from sqlite_utils_personalization.api.declarations import check_profiles as check_profiles
    from sqlite_utils_personalization.api.declarations import get_profile as get_profile
    from sqlite_utils_personalization.api.declarations import import_profiles as import_profiles
    from sqlite_utils_personalization.api.declarations import list_profiles as list_profiles
    from sqlite_utils_personalization.api.declarations import set_preferences as set_preferences
    from sqlite_utils_personalization.api.delivering import reconcile as reconcile
    from sqlite_utils_personalization.api.delivering import record_deliveries as record_deliveries
    from sqlite_utils_personalization.api.delivering import record_delivery as record_delivery
    from sqlite_utils_personalization.api.delivering import reverse_deliveries as reverse_deliveries
    from sqlite_utils_personalization.api.delivering import reverse_delivery as reverse_delivery
    from sqlite_utils_personalization.api.doctor import doctor as doctor
    from sqlite_utils_personalization.api.feedback import give_feedback as give_feedback
    from sqlite_utils_personalization.api.feedback import list_feedback as list_feedback
    from sqlite_utils_personalization.api.files import create_example as create_example
    from sqlite_utils_personalization.api.files import create_tour as create_tour
    from sqlite_utils_personalization.api.files import migrate as migrate
    from sqlite_utils_personalization.api.files import migration_statuses as migration_statuses
    from sqlite_utils_personalization.api.files import rollback as rollback
    from sqlite_utils_personalization.api.files import snapshot as snapshot
    from sqlite_utils_personalization.api.handing_over import explain as explain
    from sqlite_utils_personalization.api.handing_over import recommendations as recommendations
    from sqlite_utils_personalization.api.handing_over import record_digests as record_digests
    from sqlite_utils_personalization.api.handing_over import statement as statement
    from sqlite_utils_personalization.api.handing_over import write_digests as write_digests
    from sqlite_utils_personalization.api.health import health as health
    from sqlite_utils_personalization.api.impact import impact as impact
    from sqlite_utils_personalization.api.impact import impact_html as impact_html
    from sqlite_utils_personalization.api.metrics import write_metrics as write_metrics
    from sqlite_utils_personalization.api.model_files import check_model as check_model
    from sqlite_utils_personalization.api.model_files import compare_models as compare_models
    from sqlite_utils_personalization.api.model_files import model_constants as model_constants
    from sqlite_utils_personalization.api.reporting import report as report
    from sqlite_utils_personalization.api.rights import erase as erase
    from sqlite_utils_personalization.api.rights import export_customer as export_customer
    from sqlite_utils_personalization.api.rights import export_customers as export_customers
    from sqlite_utils_personalization.api.rights import rotate as rotate
    from sqlite_utils_personalization.api.scoring import score as score
    from sqlite_utils_personalization.errors import Conflict as Conflict
    from sqlite_utils_personalization.errors import Damaged as Damaged
    from sqlite_utils_personalization.errors import InvalidInput as InvalidInput
    from sqlite_utils_personalization.errors import Locked as Locked
    from sqlite_utils_personalization.errors import NoSchema as NoSchema
    from sqlite_utils_personalization.errors import NotFound as NotFound
    from sqlite_utils_personalization.errors import NotIntact as NotIntact
    from sqlite_utils_personalization.errors import PersonalizationError as PersonalizationError
    from sqlite_utils_personalization.errors import ReadOnly as ReadOnly
    from sqlite_utils_personalization.mcp_server.serve import serve_mcp as serve_mcp
    from sqlite_utils_personalization.preferences.customer import KeyHashing as KeyHashing
    from sqlite_utils_personalization.viewer.queries.metadata import metadata as metadata
    from sqlite_utils_personalization.viewer.queries.new_since import new_since as new_since
else:

    def __getattr__(name):
        # Every sqlite-utils command imports this package; only ours should pay for the rest of it.
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
