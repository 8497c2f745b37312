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
# Short and alike, with characters that other collations than the binary one reorder.
ITEM_IDS = st.sampled_from([*"aAbB-910éＡ𠮷", "a-", "aA", "10", "9-"])


def items(names=oracle.TYPES, left_out=(None, None, None, "notice")):
    """Items of these types; a saved search may belong to profile 1 or 2."""
    return st.one_of(*(_items_of(name, left_out) for name in names))


def _items_of(name, left_out):
    return st.builds(
        oracle.Item,
        recommendation_type=st.just(name),
        item_id=ITEM_IDS,
        title=st.sampled_from(("補助金", "令和８年度 'DX'")),
        industries=INDUSTRIES,
        prefectures=PREFECTURES,
        opens_on=OPENING,
        closes_on=CLOSING,
        risk_level=st.none() | LEVELS,
        profile_id=st.sampled_from((None, 1, 2)) if name == "saved_search" else st.none(),
        left_out=st.sampled_from(left_out),
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


@st.composite
def models(draw, base):
    """The model given with other numbers and packs; everything else as it is."""
    weights = st.sampled_from((50, 20, 30, 15, 0, 120))
    caps = st.sampled_from((100, 90, 75, 60, 0))
    return {
        **base,
        "weights": {name: draw(weights) for name in ("industry", "deadline", "risk")},
        "caps": {name: draw(caps) for name in oracle.TYPES},
        "urgent_days": draw(st.sampled_from((90, 1, 60, 730))),
        "packs": {"pack_construction": "D", "pack_two": draw(st.sampled_from(("AE", "DG", "T")))},
    }
