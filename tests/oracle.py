"""The scoring rules once more, in plain Python, for the tests to hold the night against.

Written from the design alone; imports nothing from the package, so constants are repeated on
purpose. Obvious where the package is fast. tests/test_oracle.py works its rules out by hand.
"""

import json
import re
import unicodedata
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
# A model with the rules that MODEL is older than.
NEW_MODEL: dict[str, Any] = {
    **MODEL,
    "lead_days": {"program": 14, "amendment": 7},
    "date_points": {"rolling": 15, "unknown": 0},
    "rolling_words": ["随時"],
    "rank_band": 10,
    "places_per_family": 1,
    "depth": 30,
    "repeat_days": 30,
    "amendments": {
        "fields": ["close_at", "open_at", "amount_max_yen", "subsidy_rate", "target_employees"],
        "changes_named": 2,
        "name_length": 60,
        "value_length": 24,
    },
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
    # Of an item without a closing date: at any time (1), or nobody knows (0).
    rolling: int | None = None
    family: str | None = None
    family_name: str | None = None
    why: str = "{}"


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


class Delivery(NamedTuple):
    """That a recommended item reached its customer, or with reversal_of, that another delivery did not."""

    delivery_id: int
    profile_id: int
    item: Item
    delivered_at: str
    status: int = 200
    reversal_of: int | None = None


class Feedback(NamedTuple):
    """What a customer said of an item, which belonged to that family and had those days when it was said."""

    feedback_id: int
    profile_id: int
    recommendation_type: str
    item_id: str
    feedback: str
    family: str | None
    opens_on: str | None
    closes_on: str | None
    given_at: str


class Handed(NamedTuple):
    """What one customer had already, or did not want: an item with its days, and the day of that."""

    recommendation_type: str
    item_id: str
    family: str | None
    opens_on: str | None
    closes_on: str | None
    day: date


class Past(NamedTuple):
    """What a night knows of one customer: items to spare, and ids of the programs to follow."""

    handed: tuple[Handed, ...] = ()
    followed: frozenset[str] = frozenset()


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
        prefecture=_prefecture(stated),
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
    if pack in model["packs"]:
        return frozenset(model["packs"][pack])
    # Letters, and the two-digit groups of the classification, in any width and either case.
    letters = [
        _letter(one) for one in re.split(r"[/,、;\s]+", unicodedata.normalize("NFKC", pack)) if one
    ]
    return frozenset() if None in letters else frozenset(letters)


def _letter(name: str) -> str | None:
    if len(name) == 1 and name.upper() in JSIC_LETTERS:
        return name.upper()
    if not re.fullmatch("[0-9]{2}", name) or name == "00":
        return None
    # The last group of each division, A to T: JSIC, revision of 2013.
    last = (2, 4, 5, 8, 32, 36, 41, 49, 61, 67, 70, 74, 77, 80, 82, 85, 87, 96, 98, 99)
    return next(letter for letter, end in zip(JSIC_LETTERS, last, strict=True) if int(name) <= end)


def _one_of(allowed: Iterable[str], stated: Mapping[str, Any], key: str) -> str | None:
    if key not in stated:
        return None
    if stated[key] not in list(allowed):
        raise InvalidPreference(f"{key} is none of the allowed values")
    return stated[key]


# By the numbers of JIS X 0401, from 01.
_ROMAN = (
    "hokkaido aomori iwate miyagi akita yamagata fukushima ibaraki tochigi gunma saitama chiba "
    "tokyo kanagawa niigata toyama ishikawa fukui yamanashi nagano gifu shizuoka aichi mie shiga "
    "kyoto osaka hyogo nara wakayama tottori shimane okayama hiroshima yamaguchi tokushima kagawa "
    "ehime kochi fukuoka saga nagasaki kumamoto oita miyazaki kagoshima okinawa "
)


def _prefecture(stated: Mapping[str, Any]) -> str | None:
    """By the official name, without its last character, or in Latin letters, in any case and width."""
    said = stated.get("prefecture")
    if isinstance(said, str):
        plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", said)).strip().lower()
        latin = plain.replace("ō", "o").replace("ū", "u").replace("ô", "o").replace("û", "u")
        latin = re.sub("( prefecture| metropolis|-to|-fu|-ken|-do)$", "", latin)
        for name, roman in zip(PREFECTURES, _ROMAN.split(), strict=True):
            if plain in {name, name[:-1]} - {"北海"} or latin == roman:
                return name
    return _one_of(PREFECTURES, stated, "prefecture")


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


def days_left(item: Item, as_of: str) -> int | None:
    if item.closes_on is None:
        return None
    return (date.fromisoformat(item.closes_on) - date.fromisoformat(as_of)).days


def lead_days(item: Item, customer: Declared, model: Mapping[str, Any]) -> int:
    """The notice kept for a type, at most half of the declared horizon; none by an old model."""
    lead = model.get("lead_days", {}).get(item.recommendation_type, 0)
    return lead if customer.horizon_days is None else min(lead, customer.horizon_days // 2)


def is_in_time(item: Item, customer: Declared, model: Mapping[str, Any], as_of: str) -> bool:
    """Whether there is no closing date, or as much notice as is kept."""
    left = days_left(item, as_of)
    return left is None or left >= lead_days(item, customer, model)


def deadline_points(item: Item, customer: Declared, model: Mapping[str, Any], as_of: str) -> int:
    weight, horizon = model["weights"]["deadline"], customer.horizon_days
    if horizon is None:
        return 0
    left = days_left(item, as_of)
    if left is None and item.rolling is not None:
        return model["date_points"]["rolling" if item.rolling else "unknown"]
    if left is None:
        return weight if horizon <= model["urgent_days"] else 0
    # All of it on the last day that keeps the notice, nothing at the horizon.
    lead = lead_days(item, customer, model)
    return weight * max(0, horizon - max(left, lead)) // (horizon - lead)


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


def order(
    item: Item, given: Place, customer: Declared, model: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Best first: the uncapped sum, then fewer industries, closing sooner (never last), item_id.

    With a band, sums within one count as equal at first: then items of the declared prefecture come
    before nationwide ones and, for who declared no industry, those for everyone before those for some.
    """
    uncapped = given.industry_points + given.deadline_points + given.risk_points
    breadth = {"any": 20, "unknown": 21}.get(item.industries, len(item.industries))
    # SQLite's binary collation compares UTF-8 bytes.
    last = (item.closes_on is None, item.closes_on or "", item.item_id.encode())
    band = model.get("rank_band")
    if band is None:
        return (-uncapped, breadth, *last)
    is_far = customer.prefecture is not None and item.prefectures == "nationwide"
    if customer.industries is not None:
        return (-(uncapped // band), is_far, -uncapped, breadth, *last)
    is_narrow = item.industries not in ("any", "unknown")
    return (-(uncapped // band), is_far, is_narrow, -uncapped, *last)


def eligible(
    item: Item,
    customer: Declared,
    model: Mapping[str, Any],
    as_of: str,
    profile_id: int | None = None,
) -> bool:
    """Whether the item is a candidate for this customer; saved searches only for their owner."""
    return (
        item.left_out is None
        and item.profile_id in (None, profile_id)
        and is_open(item, as_of)
        and is_in_time(item, customer, model, as_of)
        and fits_prefecture(item, customer.prefecture)
        and fits_industry(item, customer.industries)
    )


def kin(item: Item, customer: Declared) -> str | None:
    """The family, wherever it is offered if no prefecture was declared; None for an item alone."""
    return item.family_name if customer.prefecture is None else item.family


def best(
    items: Iterable[Item], customer: Declared, model: Mapping[str, Any], as_of: str, top_k: int
) -> dict[str, list[Place]]:
    """Each type's list: the first top_k of the eligible items given, a score of 0 left out.

    Leaving out zeros before or after cutting is the same: either the cap is 0 and so is every
    score, or a score of 0 is a sum of 0, and those sort last.
    """
    ranked = ranking(items, customer, model, as_of)
    return {name: [given for _, given in ranked[name][:top_k]] for name in TYPES}


def ranking(
    items: Iterable[Item], customer: Declared, model: Mapping[str, Any], as_of: str
) -> dict[str, list[tuple[Item, Place]]]:
    """All of each type that scored, best first; of a family the best-placed alone."""
    placed = [(item, place(item, customer, model, as_of)) for item in items]
    placed.sort(key=lambda pair: order(*pair, customer, model))
    ranked: dict[str, list[tuple[Item, Place]]] = {name: [] for name in TYPES}
    seen = set()
    for item, given in placed:
        family = item.recommendation_type, kin(item, customer)
        if given.score > 0 and family not in seen:
            ranked[item.recommendation_type].append((item, given))
            if family[1] is not None:
                seen.add(family)
    return ranked


def known_of(
    profile_id: int,
    deliveries: Iterable[Delivery],
    feedback: Iterable[Feedback],
    model: Mapping[str, Any],
    as_of: str,
) -> Past:
    """What the night as_of spares the customer, and what it puts first; nothing by an old model."""
    if "repeat_days" not in model:
        return Past()
    deliveries = [one for one in deliveries if one.profile_id == profile_id]
    reversed_ids = {one.reversal_of for one in deliveries}
    since = date.fromisoformat(as_of) - timedelta(model["repeat_days"])
    handed = [
        _handed(one.item, japanese_day(one.delivered_at))
        for one in deliveries
        if 200 <= one.status < 300
        and one.reversal_of is None
        and one.delivery_id not in reversed_ids
        # So many days end with as_of; later ones count as well.
        and japanese_day(one.delivered_at) > since
        # What stands for a type that nothing lists is no item.
        and not json.loads(one.item.why).get("wildcard")
    ]
    last = {}
    for said in sorted(feedback, key=lambda one: one.feedback_id):
        if said.profile_id == profile_id:
            last[said.recommendation_type, said.item_id] = said
    for said in last.values():
        if said.feedback in ("dismissed", "applied"):
            handed.append(_handed(said, japanese_day(said.given_at)))
    return Past(
        tuple(handed),
        frozenset(
            said.item_id
            for said in last.values()
            if (said.recommendation_type, said.feedback) == ("program", "interested")
        ),
    )


def _handed(item: Item | Feedback, day: date) -> Handed:
    return Handed(
        item.recommendation_type,
        item.item_id,
        item.family,
        item.opens_on,
        item.closes_on,
        day,
    )


def japanese_day(moment: str) -> date:
    """The day in Japan of a moment in UTC."""
    return (datetime.fromisoformat(moment.replace("Z", "+00:00")) + timedelta(hours=9)).date()


def is_spared(item: Item, past: Past) -> bool:
    """Whether the customer had it, or another of its family that is no older, or did not want it."""
    return any(_is_repeat(item, handed) for handed in past.handed)


def _is_repeat(item: Item, handed: Handed) -> bool:
    if item.recommendation_type != handed.recommendation_type:
        return False
    if item.item_id == handed.item_id:
        return (item.opens_on, item.closes_on) == (handed.opens_on, handed.closes_on)
    if (
        item.family is None
        or item.family != handed.family
        or item.recommendation_type == "amendment"
    ):
        return False
    return item.opens_on is None or date.fromisoformat(item.opens_on) <= handed.day


def own_list(
    ranked: Mapping[str, list[tuple[Item, Place]]],
    past: Past,
    model: Mapping[str, Any],
    top_k: int,
) -> dict[str, list[Place]]:
    """What is left of the first depth places of each type: top_k, followed programs' changes first."""
    found = {}
    for name, places in ranked.items():
        left = [
            (item, given)
            for item, given in places[: max(model.get("depth", 0), top_k)]
            if not is_spared(item, past)
        ]
        # Sorting keeps the order of equals.
        left.sort(key=lambda pair: not _is_followed(pair[0], past))
        found[name] = [given for _, given in left[:top_k]]
    return found


def _is_followed(item: Item, past: Past) -> bool:
    changed = json.loads(item.why).get("program")
    return item.recommendation_type == "amendment" and changed in past.followed


def recommendations(
    items: Iterable[Item],
    preferences: Mapping[int, str],
    model: Mapping[str, Any],
    as_of: str,
    top_k: int,
    deliveries: Iterable[Delivery] = (),
    feedback: Iterable[Feedback] = (),
) -> tuple[dict[int, dict[str, list[Place]]], set[int]]:
    """Each customer's lists by profile_id and type, and the profile_ids that cannot be scored."""
    served, rejected = {}, set()
    candidates_of = _candidates_by_customer(items, model, as_of)
    for profile_id, preference_json in preferences.items():
        try:
            customer = declared(preference_json, model)
        except InvalidPreference:
            rejected.add(profile_id)
            continue
        candidates = candidates_of(profile_id, customer)
        past = known_of(profile_id, deliveries, feedback, model, as_of)
        if past == Past():
            served[profile_id] = best(candidates, customer, model, as_of, top_k)
        else:
            ranked = ranking(candidates, customer, model, as_of)
            served[profile_id] = own_list(ranked, past, model, top_k)
    return served, rejected


def _candidates_by_customer(
    items: Iterable[Item], model: Mapping[str, Any], as_of: str
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
        found = suitable(customer.prefecture, customer.industries)
        own = [
            item
            for item in owned_by(profile_id)
            if eligible(item, customer, model, as_of, profile_id)
        ]
        return [item for item in found if is_in_time(item, customer, model, as_of)] + own

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
