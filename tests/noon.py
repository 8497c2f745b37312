"""Delivered is on one day, so that no test meets the midnight at which the same is charged again.

Run as a script, it runs a module as python -m does: python tests/noon.py MODULE ARGUMENT...
"""

import runpy
import sys

from sqlite_utils_personalization.clock import japan_day
from sqlite_utils_personalization.customer_api import recommendations

TODAY = "2026-04-04"


def noon_day(moment=None):
    """What japan_day says, if now is noon of TODAY."""
    return TODAY if moment is None else japan_day(moment)


if __name__ == "__main__":
    recommendations.japan_day = noon_day
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
