"""What the functions of deliveries give: objects as they stand in JSON. Keys are only ever added.

Yen are without tax, moments UTC, days Japanese calendar days.
"""

from typing import TypedDict


class RecordedDelivery(TypedDict):
    """One delivery, and what the call did.

    outcome is 'delivered', 'failed' where the status is not 2xx, or 'reversed', with 'already ' before it where it was
    recorded before. reversal_of is the delivery_id that a reversal takes back, charge_key what makes a delivery the one
    that is charged of its item that day. billing_key is what other programs name it by, None once its customer was
    erased.
    """

    delivery_id: int
    delivery_key: str
    rec_id: int
    channel: str
    slot: str
    delivered_at: str
    recorded_at: str
    status: int
    unit_price_yen: int
    reversal_of: int | None
    charge_key: str | None
    billing_key: str | None
    outcome: str


class PreviewedRecommendation(TypedDict):
    """What a preview shows of a recommendation.

    closing is 'dated', 'rolling' for applications at any time, 'unknown', or None of what does not close; days_left are
    days from today, negative once it has closed.
    """

    rec_id: int
    as_of: str
    recommendation_type: str
    title: str
    closes_on: str | None
    days_left: int | None
    closed: bool
    closing: str | None


class SameProgramme(TypedDict):
    """Another round, frame or year of the programme that is recommended."""

    item_id: str
    title: str


class HandedRecommendation(PreviewedRecommendation):
    """A whole recommendation: points per component, and the sentences that say why.

    saved_search is the product's own id of a saved search, None of anything else.
    """

    run_id: int
    served_at: str
    item_id: str
    rank: int
    score: int
    points: dict[str, int]
    reasons: list[str]
    verdict: str
    same_programme: list[SameProgramme]
    saved_search: str | None


class RecommendationsPage(TypedDict):
    """One page, and what it was charged; next is the value for after of the next one, None at the end.

    passed_over counts what is not handed over, by why. Of a preview there are titles and closing dates only.
    """

    recommendations: list[HandedRecommendation] | list[PreviewedRecommendation]
    next: str | None
    passed_over: dict[str, int]
    preview: bool
    delivered_new: int
    delivered_before: int
    charged_yen: int
    unit_price_yen: int
    sentence: str


class StatementLine(TypedDict):
    """One delivery to a customer; charge is charged, free, failed or reversed, charged_yen what it costs now."""

    rec_id: int
    recommendation_type: str
    channel: str
    slot: str
    delivered_at: str
    status: int
    charge: str
    charged_yen: int
    reversed_at: str | None


class CustomersStatement(TypedDict):
    """What a customer was handed over in a month, and what that costs."""

    month: str
    deliveries: list[StatementLine]
    charged_yen: int


class DeclaredThen(TypedDict):
    """What a customer had declared on a night, as the formula read it."""

    industries: str | None
    prefecture: str | None
    deadline_horizon_days: int | None
    risk_tolerance: str | None


class ExplainedAnswer(TypedDict):
    """Why one recommendation was made; recommendation, declared and places are None where that cannot be said."""

    rec_id: int
    verdict: str
    differences: list[str]
    recommendation: HandedRecommendation | None
    declared: DeclaredThen | None
    places: int | None
    deliveries: list[StatementLine]


class ReconciledTotal(TypedDict):
    """The number of rows, and their yen; None where no source says anything of single deliveries."""

    rows: int
    owed_yen: int
    metered_yen: int | None
    invoiced_yen: int | None


ReconciledSum = TypedDict(
    "ReconciledSum",
    {
        "class": str,
        "source": str,
        "unit": str,
        "said": int,
        "compared_with": str,
        "expected": int,
    },
)


class ReconciledMonth(TypedDict):
    """A month from start, inclusive, to end, exclusive; totals per class, total their sum.

    exit_status is 0 where all is explained, 1 where something is not, 2 where something could not be verified. sources
    says of each 'read', 'only sums', 'not given', 'not asked for' or 'cannot be read', and faults why not. left_aside
    and left_aside_exports count what is not of a delivery, test_mode records that charge nobody, decided the
    recommendations that were logged in the month; sums are compared as sums only.
    """

    month: str
    start: str
    end: str
    exit_status: int
    sources: dict[str, str]
    faults: list[str]
    left_aside: int
    left_aside_exports: dict[str, int]
    test_mode: int
    decided: int
    totals: dict[str, ReconciledTotal]
    total: ReconciledTotal
    sums: list[ReconciledSum]


# One delivery, or a charge that no delivery has: its class, and by which of the sentences of the class it is in it.
ReconciledDelivery = TypedDict(
    "ReconciledDelivery",
    {
        "class": str,
        "reason": str,
        "delivery_key": str | None,
        "delivery_id": int | None,
        "rec_id": int | None,
        "channel": str | None,
        "slot": str | None,
        "status": int | None,
        "decided_at": str | None,
        "delivered_at": str | None,
        "recorded_at": str | None,
        "reversed_at": str | None,
        "metered_at": str | None,
        "metered_recorded_at": str | None,
        "usage_quantity": int | None,
        "stripe_quantity": int | None,
        "owed_yen": int,
        "metered_yen": int | None,
        "invoiced_yen": int | None,
    },
)


class WrittenDigests(TypedDict):
    """Digests of a night as of the day on which they are read; all else are numbers of customers.

    unnamed are those whose user_token_hash is not 64 hex digits.
    """

    run_id: int
    as_of: str
    day: str
    folder: str
    digests: int
    nothing_new: int
    unnamed: int


class RecordedDigests(TypedDict):
    """What was recorded: numbers of recommendations that were delivered now, before, or free because handed over
    otherwise or closed before; of digests that were not sent, and of results that were refused.
    """

    delivered: int
    already_delivered: int
    free: int
    not_sent: int
    refused: int
