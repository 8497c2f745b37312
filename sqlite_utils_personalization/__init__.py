"""Recommendations an auditor can replay: declared preferences, one formula, an append-only log.

`score()` runs a night, `record_delivery()` records what of it reached a customer, `rotate()` gives a customer a new
key, hashed as `KeyHashing` says. Everything they write lies in the SQLite file they are given; nothing here imports
Datasette.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1a0"

__all__ = ["KeyHashing", "PersonalizationError", "migrate", "record_delivery", "rotate", "score"]

_HOMES = {
    "KeyHashing": "sqlite_utils_personalization.preferences.customer",
    "PersonalizationError": "sqlite_utils_personalization.errors",
    "migrate": "sqlite_utils_personalization.schema",
    "record_delivery": "sqlite_utils_personalization.billing.record",
    "rotate": "sqlite_utils_personalization.preferences.rotation",
    "score": "sqlite_utils_personalization.scoring.night",
}


def __getattr__(name: str) -> Any:
    # Every sqlite-utils command imports this package; only ours should pay for the rest of it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
