"""The classes of a reconciled row, and the rules that decide which one it is in."""

from typing import NamedTuple

from sqlite_utils_personalization.billing.delivery import BY_DAY
from sqlite_utils_personalization.language import N_

# In order of precedence: a row is in the first class of which a rule holds.
CLASSES = {
    "unverifiable": N_("a source it needs cannot be read, or nothing joins it to a delivery"),
    "erased": N_("of an erased customer: which delivery a charge is of cannot be said any more"),
    "orphan": N_(
        "nothing upstream knows of it: a charge without a delivery, a delivery without a log row"
    ),
    "conflicting": N_("two sources, or a delivery and its own key, contradict each other"),
    "charged but not delivered": N_("the delivery failed or was reversed, and a charge stands"),
    "reversed": N_("taken back, and nothing is charged for it"),
    "duplicate": N_("charged more than once"),
    "wrong amount": N_("charged, but not what it costs"),
    "delivered but not charged": N_("delivered, and no source has a charge"),
    "missing downstream": N_("metered, but not in the source after that"),
    "late": N_("charged once and rightly, but metered in another Japanese month than delivered"),
    "matched": N_("charged exactly what is owed, which for a failed delivery is nothing"),
}
# What of a difference needs no one to look into it.
EXPLAINED = ("matched", "reversed", "late", "erased")


class Rule(NamedTuple):
    """A sentence for why a row is in its class, and when: SQL over the columns that join.sql gives."""

    kind: str
    because: str
    when: str


_CHARGED = "(usage_quantity > 0 OR stripe_quantity > 0 OR invoiced_yen > 0)"
_CREDITED = "(usage_quantity < 0 OR stripe_quantity < 0 OR invoiced_yen < 0)"
_UNMETERED = "usage_events + stripe_events = 0"

# In order: the first that holds decides. The last of matched always holds.
RULES = (
    Rule("unverifiable", N_("a source cannot be read"), ":unreadable"),
    Rule("unverifiable", N_("its event has no key to join it by"), "key IS NULL"),
    Rule("unverifiable", N_("a number or a time of its event is none"), "unreadable > 0"),
    Rule("unverifiable", N_("only sums were given of what was metered"), ":only_sums"),
    Rule(
        "erased",
        N_("charged under a key of an erased customer's"),
        "erased AND delivery_id IS NULL",
    ),
    Rule(
        "erased",
        N_("its customer was erased, and what related it to its charge"),
        "erased AND own_key AND usage_events + stripe_events + invoice_events = 0",
    ),
    Rule("orphan", N_("charged under a key that no delivery has"), "delivery_id IS NULL"),
    Rule("orphan", N_("its rec_id is not in the log"), "decided_at IS NULL"),
    Rule("conflicting", N_("the key of the delivery is not that of its content"), "NOT own_key"),
    Rule("conflicting", N_("delivered before it was logged"), "delivered_at < earliest"),
    Rule("conflicting", N_("delivered later than now"), "delivered_at > :now"),
    Rule(
        "conflicting",
        N_("the slot is not the Japanese day of the delivery"),
        f"channel IN {BY_DAY} AND slot <> date(delivered_at, '+9 hours')",
    ),
    Rule(
        "conflicting",
        N_("usage_events and Stripe have different quantities"),
        "usage_events = 1 AND stripe_events = 1 AND usage_quantity <> stripe_quantity",
    ),
    Rule(
        "conflicting",
        N_("in the Stripe export, but not in usage_events"),
        "billable AND :usage AND usage_events = 0 AND stripe_events > 0",
    ),
    Rule(
        "conflicting",
        N_("invoiced, but not metered"),
        f"billable AND {_UNMETERED} AND invoice_events > 0",
    ),
    Rule(
        "charged but not delivered",
        N_("reversed, but a charge stands"),
        f"reversed_at IS NOT NULL AND {_CHARGED}",
    ),
    Rule("charged but not delivered", N_("the delivery failed"), f"NOT billable AND {_CHARGED}"),
    Rule("reversed", N_("taken back"), f"reversed_at IS NOT NULL AND NOT {_CREDITED}"),
    Rule(
        "duplicate",
        N_("charged more than once"),
        "billable AND max(usage_events, stripe_events, invoice_events) > 1",
    ),
    Rule("wrong amount", N_("credited more than was charged"), f"NOT billable AND {_CREDITED}"),
    Rule(
        "wrong amount",
        N_("metered with another quantity than 1"),
        "billable AND (usage_events > 0 AND usage_quantity <> 1 OR stripe_events > 0 AND stripe_quantity <> 1)",
    ),
    Rule(
        "wrong amount",
        N_("invoiced with another amount than its price"),
        "billable AND invoice_events > 0 AND invoiced_yen <> unit_price_yen",
    ),
    Rule("delivered but not charged", N_("not charged"), f"billable AND {_UNMETERED}"),
    Rule(
        "missing downstream",
        N_("in usage_events, but not in the Stripe export"),
        "billable AND :stripe AND stripe_events = 0",
    ),
    Rule(
        "missing downstream",
        N_("metered, but not invoiced"),
        "billable AND :invoice AND invoice_events = 0",
    ),
    Rule(
        "late",
        N_("metered in another month than delivered"),
        "billable AND (first_month <> delivered_month OR last_month <> delivered_month)",
    ),
    Rule("matched", N_("charged once, what it costs"), "billable"),
    Rule("matched", N_("not delivered, not charged"), "1"),
)


def rule_number() -> str:
    """SQL for the number, from 0, of the first rule that holds."""
    cases = (f"WHEN {rule.when} THEN {number}" for number, rule in enumerate(RULES))
    return f"CASE {' '.join(cases)} END"
