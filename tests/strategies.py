"""Hypothesis strategies for nights: few values, chosen to collide, so that every tie occurs."""

import json
from dataclasses import replace
from datetime import date, timedelta

import oracle
from hypothesis import strategies as st

AS_OF = date(2026, 7, 22)
HORIZONS = st.sampled_from((1, 14, 30, 60, 89, 90, 91, 365, 730)) | st.integers(1, 730)
LEVELS = st.sampled_from(oracle.RISKS)
PLACES = ("北海道", "東京都", "京都府", "大阪府", "沖縄県")
ODD_TEXTS = (
    *("{ ", "  ", "null", "[]", '"{}"', "{} {}", "{industry_pack: 'D'}", '{"note": NaN}'),
    *('{"note": "\\ud800"}', '{"risk_tolerance": "\\u006cow"}', '\n{"note": 1e999}\t'),
)
PACKS = ("pack_construction", "pack_two", "pack_nobody_knows")


def as_of_days():
    return st.integers(-15, 15).map(_day)


def _day(offset):
    return (AS_OF + timedelta(days=offset)).isoformat()


CLOSING = st.none() | st.integers(-15, 130).map(_day) | st.just("2124-03-31")
OPENING = st.none() | st.integers(-400, 15).map(_day)
LETTERS = st.sets(st.sampled_from("ADEGT"), min_size=1) | st.just(oracle.JSIC_LETTERS[:16])
INDUSTRIES = st.sampled_from(("any", "unknown")) | LETTERS.map(lambda some: "".join(sorted(some)))
SOME_PLACES = st.sets(st.sampled_from(PLACES), min_size=1).map(
    lambda some: ",".join(name for name in PLACES if name in some)
)
PREFECTURES = st.just("nationwide") | st.just("nationwide") | SOME_PLACES
# Of three programmes, two of which share their name in another area, and of one that is alone.
FAMILIES = (
    ("東京都@|設備導入", "設備導入"),
    ("大阪府@|設備導入", "設備導入"),
    ("東京都@|販路開拓", "販路開拓"),
    (None, None),
)
# Two rounds and a year of one programme, one that takes applications at any time, and two that name nothing.
TITLES = (
    *(
        "第1回生産性向上設備導入補助金",
        "第2回生産性向上設備導入補助金",
        "令和8年度 生産性向上設備導入補助金",
    ),
    *("地域商店街活性化支援事業(随時受付)", "補助金", "令和８年度 'DX'"),
)
# Short and alike, with characters that other collations than the binary one reorder.
ITEM_IDS = st.sampled_from([*"aAbB-910éＡ𠮷", "a-", "aA", "10", "9-"])


def items(names=oracle.TYPES, left_out=(None, None, None, "notice")):
    """Items of these types; a saved search may belong to profile 1 or 2."""
    return st.one_of(*(_items_of(name, left_out) for name in names))


def _items_of(name, left_out):
    found = st.builds(
        oracle.Item,
        recommendation_type=st.just(name),
        item_id=ITEM_IDS,
        title=st.sampled_from(TITLES),
        industries=INDUSTRIES,
        prefectures=PREFECTURES,
        opens_on=OPENING,
        closes_on=CLOSING,
        risk_level=st.none() | LEVELS,
        profile_id=st.sampled_from((None, 1, 2)) if name == "saved_search" else st.none(),
        left_out=st.sampled_from(left_out),
    )
    facts = st.tuples(st.sampled_from((None, 0, 1)), st.sampled_from(FAMILIES))
    return st.builds(_with_facts, found, facts) if name in ("program", "amendment") else found


def _with_facts(item, facts):
    rolling, (family, family_name) = facts
    rolling = rolling if item.closes_on is None else None
    return replace(item, rolling=rolling, family=family, family_name=family_name)


def as_seen_by(model, item):
    """The item as a night of the model stores it, which knows only what the model asks."""
    return replace(
        item,
        rolling=item.rolling if "date_points" in model else None,
        family=item.family if "places_per_family" in model else None,
        family_name=item.family_name if "places_per_family" in model else None,
    )


def items_of_a_night(*args):
    """Few distinct items under many ids, so that most of them tie; an id may be repeated."""
    return st.lists(items(*args), min_size=4, max_size=8).flatmap(
        lambda found: st.lists(
            st.builds(replace, st.sampled_from(found), item_id=ITEM_IDS), min_size=10, max_size=24
        )
    )


POINTS_FOR = {
    "industry_pack": st.sampled_from((*"ADEGT", *PACKS)),
    "deadline_horizon_days": HORIZONS | HORIZONS.map(float),
    "risk_tolerance": LEVELS,
}
NONE_FOR = {
    "prefecture": st.sampled_from(PLACES),
    "note": st.sampled_from((None, "", "高橋", 1e300)),  # unknown to the scorer
}
DECLARED = POINTS_FOR | NONE_FOR
WRONG = (None, True, False, 0, -1, 731, 30.5, "", "d", "30", [], ["low"], {}, 1e999)


def valid_texts():
    """Stored preferences that are scored, half of them declaring all that earns points."""
    much = st.fixed_dictionaries(POINTS_FOR, optional=NONE_FOR)
    little = st.fixed_dictionaries({}, optional=DECLARED)
    return st.builds(json.dumps, much | little, ensure_ascii=st.booleans())


def odd_texts():
    """Stored preferences as they may be found too: most are invalid, some are not even JSON."""
    spoilt = st.builds(
        lambda key, valid, wrong: {**valid, key: wrong},
        st.sampled_from([key for key in DECLARED if key != "note"]),
        st.fixed_dictionaries({}, optional=DECLARED),
        st.sampled_from(WRONG),
    )
    return spoilt.map(json.dumps) | st.sampled_from(ODD_TEXTS)


DAYS = st.sampled_from((0, 1, 7, 14, 30, 365))
# What a model may say beside, or not: then the old rule holds.
NEW_RULES = (
    st.fixed_dictionaries(
        {"lead_days": st.fixed_dictionaries({"program": DAYS, "amendment": DAYS})}
    ),
    st.fixed_dictionaries(
        {
            "date_points": st.fixed_dictionaries(
                {name: st.sampled_from((15, 0, 30, 120)) for name in ("rolling", "unknown")}
            ),
            "rolling_words": st.sampled_from((["随時"], [], ["随時", "DX"])),
        }
    ),
    st.fixed_dictionaries({"rank_band": st.sampled_from((10, 1, 25, 1000))}),
    st.just({"places_per_family": 1}),
    st.fixed_dictionaries({"depth": st.sampled_from((3, 1, 2, 30)), "repeat_days": DAYS}),
)


NEW_NAMES = frozenset(oracle.NEW_MODEL) - frozenset(oracle.MODEL)


def old(model):
    """The model without the rules that came later."""
    return {name: value for name, value in model.items() if name not in NEW_NAMES}


@st.composite
def models(draw, base):
    """The model given with other numbers and packs, by old rules, new ones, or some; the rest as it is."""
    weights = st.sampled_from((50, 20, 30, 15, 0, 120))
    caps = st.sampled_from((100, 90, 75, 60, 0))
    which = draw(st.sampled_from(("old", "new", "new", "some")))
    rules = {}
    for rule in NEW_RULES:
        if which == "new" or (which == "some" and draw(st.booleans())):
            rules |= draw(rule)
    return {
        **old(base),
        "weights": {name: draw(weights) for name in ("industry", "deadline", "risk")},
        "caps": {name: draw(caps) for name in oracle.TYPES},
        "urgent_days": draw(st.sampled_from((90, 1, 60, 730))),
        "packs": {"pack_construction": "D", "pack_two": draw(st.sampled_from(("AE", "DG", "T")))},
        **rules,
    }
