"""A proof goes through every customer of its night: up to which night at once, and how long a longer one takes."""

from math import ceil

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext
from sqlite_utils_personalization.viewer.pages.audit_page import Found
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, one_of

# Up to these many customers, a tenth of a second, without being asked.
PROVED_LEAVES = 5_000
# Of one customer, measured at 2,000 and 1,000,000, and some more for a slower machine.
_LEAF_S = 0.000_03
# A night of up to PROVED_LEAVES customers; and one of a million where it is asked for.
_WALK_MS, _PROOF_MS = 2_000, 60_000


def walk_ms(found: Found) -> int:
    """How long the proof that is asked for may take."""
    return _PROOF_MS if found.asked["proof"] == "on" else _WALK_MS


def takes(leaves: object) -> str:
    """How long the proof of a night with so many customers takes, where it is only made when asked for; else empty."""
    return duration(leaves) if isinstance(leaves, int) and leaves > PROVED_LEAVES else ""


def duration(leaves: int) -> str:
    """How long a night of so many customers takes."""
    return ngettext("about {n} second", "about {n} seconds", ceil(leaves * _LEAF_S))


PROOF = PageParameter("proof", one_of("on"), lambda: _("Prove it"))
