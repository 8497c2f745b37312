"""Delivered is at one noon, so that no test meets the midnight at which the same is charged again.

Run as a script, it runs a module as python -m does: python tests/noon.py MODULE ARGUMENT...
"""

import runpy
import sys
from datetime import datetime, timedelta, timezone

from sqlite_utils_personalization.customer_api import recommendations

TODAY = "2026-04-04"


class Noon(datetime):
    @classmethod
    def now(cls, tz=None):
        japan = timezone(timedelta(hours=9))
        return datetime.fromisoformat(f"{TODAY}T12:00").replace(tzinfo=japan).astimezone(tz)


if __name__ == "__main__":
    recommendations.datetime = Noon
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
