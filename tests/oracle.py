"""The scoring rules once more, in plain Python, for the tests to hold the night against.

Written from the design alone; imports nothing from the package, so constants are repeated on
purpose. Obvious where the package is fast. tests/test_oracle.py works its rules out by hand.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any, NamedTuple

TYPES = ("program", "industry_pack", "saved_search", "amendment")
JSIC_LETTERS = "ABCDEFGHIJKLMNOPQRST"
RISKS = ("low", "medium", "high")
# fmt: off
PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県",
    "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県",
    "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県",
    "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県",
    "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)
# fmt: on

MODEL: dict[str, Any] = {
    "weights": {"industry": 50, "deadline": 30, "risk": 20},
    "caps": {"program": 100, "amendment": 90, "industry_pack": 75, "saved_search": 60},
    "urgent_days": 90,
    "packs": {"pack_construction": "D", "pack_manufacturing": "E"},
}


class InvalidPreference(ValueError):
    """A stored preference that must not be scored, not even as an empty one."""


@dataclass(frozen=True)
class Item:
    """What can be recommended; fields as in am_personalization_candidate."""

    recommendation_type: str
    item_id: str
    title: str = ""
    industries: str = "unknown"
    prefectures: str = "nationwide"
    opens_on: str | None = None
    closes_on: str | None = None
    risk_level: str | None = None
    profile_id: int | None = None
    left_out: str | None = None


class Declared(NamedTuple):
    """What a customer declared, None where nothing; no industries for a pack nobody knows."""

    industries: frozenset[str] | None = None
    prefecture: str | None = None
    horizon_days: int | None = None
    risk_tolerance: str | None = None


class Place(NamedTuple):
    """One place on a customer's list of one type."""

    item_id: str
    industry_points: int
    deadline_points: int
    risk_points: int
    score: int


def declared(preference_json: str, model: Mapping[str, Any]) -> Declared:
    """Read a stored preference, ignoring unknown keys; InvalidPreference if it cannot be scored."""
    try:
        # Numbers as floats: 30.0 is the integer 30, 4301 digits are still JSON, true is no number.
        stated = json.loads(preference_json, parse_int=float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidPreference("not JSON") from None
    if not isinstance(stated, dict):
        raise InvalidPreference("not an object")
    return Declared(
        industries=_industries(stated, model),
        prefecture=_one_of(PREFECTURES, stated, "prefecture"),
        horizon_days=_horizon_days(stated),
        risk_tolerance=_one_of(RISKS, stated, "risk_tolerance"),
    )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _industries(stated: Mapping[str, Any], model: Mapping[str, Any]) -> frozenset[str] | None:
    if "industry_pack" not in stated:
        return None
    pack = stated["industry_pack"]
    if not isinstance(pack, str):
        raise InvalidPreference("industry_pack is not a string")
    if not pack:
        raise InvalidPreference("industry_pack is empty: neither a letter nor a name")
    if len(pack) == 1 and pack in JSIC_LETTERS:
        return frozenset(pack)
    return frozenset(model["packs"].get(pack, ""))


def _one_of(allowed: Iterable[str], stated: Mapping[str, Any], key: str) -> str | None:
    if key not in stated:
        return None
    if stated[key] not in list(allowed):
        raise InvalidPreference(f"{key} is none of the allowed values")
    return stated[key]


def _horizon_days(stated: Mapping[str, Any]) -> int | None:
    if "deadline_horizon_days" not in stated:
        return None
    days = stated["deadline_horizon_days"]
    if not (isinstance(days, float) and days.is_integer() and 1 <= days <= 730):
        raise InvalidPreference("deadline_horizon_days is not an integer from 1 to 730")
    return int(days)


def is_open(item: Item, as_of: str) -> bool:
    """opens_on <= as_of <= closes_on where known."""
    day = date.fromisoformat(as_of)
    if item.opens_on is not None and day < date.fromisoformat(item.opens_on):
        return False
    return item.closes_on is None or day <= date.fromisoformat(item.closes_on)


def fits_prefecture(item: Item, prefecture: str | None) -> bool:
    """Prefecture undeclared, item nationwide, or equal to one of the item's."""
    if prefecture is None or item.prefectures == "nationwide":
        return True
    return prefecture in item.prefectures.split(",")


def lists_industry(item: Item, industries: frozenset[str]) -> bool:
    if item.industries in ("any", "unknown"):
        return False
    return any(letter in industries for letter in item.industries)


def fits_industry(item: Item, industries: frozenset[str] | None) -> bool:
    """Industry undeclared, or the item lists it, is open to any, or its industry is unknown."""
    if industries is None or item.industries in ("any", "unknown"):
        return True
    return lists_industry(item, industries)


def industry_points(item: Item, customer: Declared, model: Mapping[str, Any]) -> int:
    if customer.industries is None:
        return 0
    if item.industries == "any" or lists_industry(item, customer.industries):
        return model["weights"]["industry"]
    return 0


def deadline_points(item: Item, customer: Declared, model: Mapping[str, Any], as_of: str) -> int:
    weight, horizon = model["weights"]["deadline"], customer.horizon_days
    if horizon is None:
        return 0
    if item.closes_on is None:
        return weight if horizon <= model["urgent_days"] else 0
    days_left = (date.fromisoformat(item.closes_on) - date.fromisoformat(as_of)).days
    return weight * max(0, horizon - days_left) // horizon


def risk_points(item: Item, customer: Declared, model: Mapping[str, Any]) -> int:
    weight, tolerance = model["weights"]["risk"], customer.risk_tolerance
    if tolerance is None:
        return 0
    if item.risk_level is None:
        return 0 if tolerance == "high" else weight
    distance = abs(RISKS.index(item.risk_level) - RISKS.index(tolerance))
    return {0: weight, 1: weight // 2, 2: 0}[distance]


def place(item: Item, customer: Declared, model: Mapping[str, Any], as_of: str) -> Place:
    """The formula, for an item already known to be eligible."""
    points = (
        industry_points(item, customer, model),
        deadline_points(item, customer, model, as_of),
        risk_points(item, customer, model),
    )
    return Place(item.item_id, *points, min(model["caps"][item.recommendation_type], sum(points)))


def order(item: Item, given: Place) -> tuple[Any, ...]:
    """Best first: the uncapped sum, then fewer industries, closing sooner (never last), item_id."""
    uncapped = given.industry_points + given.deadline_points + given.risk_points
    industries = {"any": 20, "unknown": 21}.get(item.industries, len(item.industries))
    # SQLite's binary collation compares UTF-8 bytes.
    return (
        -uncapped,
        industries,
        item.closes_on is None,
        item.closes_on or "",
        item.item_id.encode(),
    )


def eligible(item: Item, customer: Declared, as_of: str, profile_id: int | None = None) -> bool:
    """Whether the item is a candidate for this customer; saved searches only for their owner."""
    return (
        item.left_out is None
        and item.profile_id in (None, profile_id)
        and is_open(item, as_of)
        and fits_prefecture(item, customer.prefecture)
        and fits_industry(item, customer.industries)
    )


def best(
    items: Iterable[Item], customer: Declared, model: Mapping[str, Any], as_of: str, top_k: int
) -> dict[str, list[Place]]:
    """Each type's list: the first top_k of the eligible items given, a score of 0 left out.

    Leaving out zeros before or after cutting is the same: either the cap is 0 and so is every
    score, or a score of 0 is a sum of 0, and those sort last.
    """
    placed = [(item, place(item, customer, model, as_of)) for item in items]
    lists: dict[str, list[Place]] = {name: [] for name in TYPES}
    for item, given in sorted(placed, key=lambda pair: order(*pair)):
        if given.score > 0 and len(lists[item.recommendation_type]) < top_k:
            lists[item.recommendation_type].append(given)
    return lists


def recommendations(
    items: Iterable[Item],
    preferences: Mapping[int, str],
    model: Mapping[str, Any],
    as_of: str,
    top_k: int,
) -> tuple[dict[int, dict[str, list[Place]]], set[int]]:
    """Each customer's lists by profile_id and type, and the profile_ids that cannot be scored."""
    served, rejected = {}, set()
    candidates_of = _candidates_by_customer(items, as_of)
    for profile_id, preference_json in preferences.items():
        try:
            customer = declared(preference_json, model)
        except InvalidPreference:
            rejected.add(profile_id)
            continue
        candidates = candidates_of(profile_id, customer)
        served[profile_id] = best(candidates, customer, model, as_of, top_k)
    return served, rejected


def _candidates_by_customer(
    items: Iterable[Item], as_of: str
) -> Callable[[int, Declared], list[Item]]:
    """eligible(), with the filters that customers have in common applied once."""
    running = [item for item in items if item.left_out is None and is_open(item, as_of)]
    common = [item for item in running if item.profile_id is None]

    @cache
    def nearby(prefecture: str | None) -> list[Item]:
        return [item for item in common if fits_prefecture(item, prefecture)]

    @cache
    def suitable(prefecture: str | None, industries: frozenset[str] | None) -> list[Item]:
        return [item for item in nearby(prefecture) if fits_industry(item, industries)]

    @cache
    def owned_by(profile_id: int) -> list[Item]:
        return [item for item in running if item.profile_id == profile_id]

    def candidates(profile_id: int, customer: Declared) -> list[Item]:
        own = [item for item in owned_by(profile_id) if eligible(item, customer, as_of, profile_id)]
        return suitable(customer.prefecture, customer.industries) + own

    return candidates


JAPAN = timezone(timedelta(hours=9))
# Amounts by which sources say that they do not know.
NO_AMOUNTS = ("0", "999999999999999")


class Seen(NamedTuple):
    """One change as am_amendment_diff has it; at is aware, known says whether something had been observed before."""

    diff_id: int
    program: str
    field: str
    before: str | None
    after: str | None
    at: datetime
    known: bool

    @property
    def day(self) -> date:
        return self.at.astimezone(JAPAN).date()


def amendment_rules(
    changes: Iterable[Seen], as_of: str, days: int, fields: Iterable[str]
) -> dict[int, str | None]:
    """What each change is left out as, None for the one of its program that stands for them all.

    Values are plain: dates and timestamps in ISO 8601, amounts in digits, words without spaces.
    """
    changes, fields, night = list(changes), list(fields), date.fromisoformat(as_of)
    past = [one for one in changes if one.day <= night and one.field in fields]
    own = {one.diff_id: _own_rule(one, past, days) for one in past}
    rules: dict[int, str | None] = {}
    for one in changes:
        standing = [
            other for other in past if other.program == one.program and not own[other.diff_id]
        ]
        if not 0 <= (night - one.day).days < days:
            rules[one.diff_id] = f"not seen in the last {days} days"
        elif one.field not in fields:
            rules[one.diff_id] = "field not followed"
        elif own[one.diff_id]:
            rules[one.diff_id] = own[one.diff_id]
        else:
            is_newest = one == max(standing, key=_seen_order)
            rules[one.diff_id] = None if is_newest else "told with a newer change"
    return rules


def _seen_order(change: Seen) -> tuple[datetime, int]:
    return change.at, change.diff_id


def _own_rule(change: Seen, past: list[Seen], days: int) -> str | None:
    """The rule by which a followed change does not even stand for its own field."""
    alike = [one for one in past if (one.program, one.field) == (change.program, change.field)]
    alike.sort(key=_seen_order)
    if not _is_known(change):
        return "first observation"
    if not _differs(change.field, change.before, change.after):
        return "reads the same"
    real = [one for one in alike if _is_known(one) and _differs(one.field, one.before, one.after)]
    if real[-1] != change:
        return "superseded"
    recent = [one for one in real if change.day - one.day < timedelta(days=days)]
    now = alike[-1].after
    if not _differs(change.field, recent[0].before, now):
        return "changed back"
    return None if _stated(change.field, now) else "no longer stated"


def _is_known(change: Seen) -> bool:
    return change.known or change.before is not None


def _stated(field: str, value: str | None) -> str:
    if value is None or (field.startswith("amount") and value in NO_AMOUNTS):
        return ""
    return value


def _differs(field: str, one: str | None, other: str | None) -> bool:
    first, second = _stated(field, one), _stated(field, other)
    if field not in ("open_at", "close_at") or not first or not second:
        return first != second
    days, others = _days_of(field, first), _days_of(field, second)
    if len(days) == len(others) == 1:
        # Either may have been cut from a UTC timestamp, which loses a day.
        return abs(days[0] - others[0]) > timedelta(days=1)
    if len(days) == len(others):
        return days[0] != others[0]
    return not set(days) & set(others)


def _days_of(field: str, text: str) -> list[date]:
    """A plain date itself; of a timestamp its day in Japan, then the one that a cut in UTC leaves."""
    if len(text) == 10:
        return [date.fromisoformat(text)]
    moment = datetime.fromisoformat(text)
    # A deadline at midnight is over with the day before.
    last = moment - timedelta(seconds=1) if field == "close_at" else moment
    return [last.astimezone(JAPAN).date(), moment.astimezone(timezone.utc).date()]
