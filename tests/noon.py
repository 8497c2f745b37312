"""Delivered is on one day, so that no test meets the midnight at which the same is charged again.

Run as a script, it runs a module as python -m does: python tests/noon.py MODULE ARGUMENT...
"""

import runpy
import sys
from datetime import datetime, timezone

from sqlite_utils_personalization.customer_api import explain, recommendations

TODAY = "2026-04-04"
MODULES = (explain, recommendations)


def noon():
    """Noon of TODAY in Japan."""
    return datetime(2026, 4, 4, 3, tzinfo=timezone.utc)


if __name__ == "__main__":
    for module in MODULES:
        module.right_now = noon
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
