"""Japanese names in sources: areas, industries, keywords in titles."""

from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.areas import PREFECTURES, prefectures
from sqlite_utils_personalization.catalogue.candidate import LeftOut
from sqlite_utils_personalization.catalogue.industries import (
    Keywords,
    industries,
    industries_stated,
)
from sqlite_utils_personalization.catalogue.plain_text import normal
from sqlite_utils_personalization.model.model import load_model

KANTO_KOSHINETSU = "茨城県,栃木県,群馬県,埼玉県,千葉県,東京都,神奈川県,新潟県,山梨県,長野県"

AREAS = (
    ("東京都", "東京都"),
    ("福井県 / 新潟県 / 石川県", "新潟県,石川県,福井県"),
    ("全国", "nationwide"),
    ("全国 / 石川県", "nationwide"),
    (" / ".join(PREFECTURES), "nationwide"),
    (None, "nationwide"),
    ("　", "nationwide"),
    ("北海道 / 北海道地方", "北海道"),
    ("東北地方", "青森県,岩手県,宮城県,秋田県,山形県,福島県"),
    ("関東・甲信越地方", KANTO_KOSHINETSU),
    ("東海・北陸地方", "富山県,石川県,福井県,岐阜県,静岡県,愛知県,三重県"),
    ("近畿地方", "滋賀県,京都府,大阪府,兵庫県,奈良県,和歌山県"),
    ("中国地方", "鳥取県,島根県,岡山県,広島県,山口県"),
    ("四国地方", "徳島県,香川県,愛媛県,高知県"),
    ("九州・沖縄地方", "福岡県,佐賀県,長崎県,熊本県,大分県,宮崎県,鹿児島県,沖縄県"),
    ("四国地方 / 香川県 / 大阪府", "大阪府,徳島県,香川県,愛媛県,高知県"),
    ("海外 / 福岡県", "福岡県"),
    ("大阪、京都", "京都府,大阪府"),
    ("東京都　/　千葉県", "千葉県,東京都"),
    # a name that is no area says nothing beside one that is
    ("東京都 / 島しょ地域", "東京都"),
)


@pytest.mark.parametrize(("text", "expected"), AREAS)
def test_an_area_is_prefectures_in_their_usual_order(text, expected):
    assert prefectures(text) == expected


def test_the_blocks_of_jgrants_share_out_the_country():
    blocks = ("北海道", "東北", "関東・甲信越", "東海・北陸", "近畿", "中国", "四国", "九州・沖縄")
    shares = [prefectures(f"{block}地方").split(",") for block in blocks]
    assert sorted(chain(*shares)) == sorted(PREFECTURES)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("海外", "overseas only"),
        ("札幌市", "area not readable"),
        ("海外 / アジア", "area not readable"),
    ],
)
def test_an_area_outside_the_prefectures_is_left_out(text, rule):
    with pytest.raises(LeftOut, match=f"^{rule}$"):
        prefectures(text)


def test_a_strict_reader_takes_no_name_it_does_not_know():
    with pytest.raises(LeftOut, match=r"^area not readable$"):
        prefectures("東京都 / 島しょ地域", strict=True)


@given(st.one_of(st.text(), st.lists(st.sampled_from((*PREFECTURES, "全国"))).map("/".join)))
def test_any_area_is_prefectures_nationwide_or_left_out(text):
    try:
        found = prefectures(text)
    except LeftOut:
        found = "left out"
    known = [prefecture for prefecture in PREFECTURES if prefecture in found.split(",")]
    assert found in ("nationwide", "left out", ",".join(known))


ALL_BUT_PUBLIC_SERVICE = (
    "漁業 / 建設業 / 製造業 / 電気・ガス・熱供給・水道業 / 情報通信業 / 複合サービス事業 / "
    "サービス業（他に分類されないもの） / 分類不能の産業 / 農業、林業 / 鉱業、採石業、砂利採取業 / 運輸業、郵便業 / "
    "卸売業、小売業 / 金融業、保険業 / 不動産業、物品賃貸業 / 学術研究、専門・技術サービス業 / "
    "宿泊業、飲食サービス業 / 生活関連サービス業、娯楽業 / 教育、学習支援業 / 医療、福祉"
)

INDUSTRIES = (
    ("農業、林業", "A"),
    ("医療、福祉 / 建設業", "DP"),
    # cut at the 、 that belongs to the name
    ("農業 / 林業", "A"),
    ("卸売業 / 小売業 / 運輸業 / 郵便業", "HI"),
    ("サービス業（他に分類されないもの） / 公務（他に分類されるものを除く）", "RS"),
    ("サービス業(他に分類されないもの)", "R"),
    ("分類不能の産業", "T"),
    ("D", "D"),
    ("E,D", "DE"),
    ("DE", "DE"),
    ("any", "any"),
    ("", "unknown"),
    (None, "unknown"),
    ("宇宙産業", "unknown"),
    (ALL_BUT_PUBLIC_SERVICE, "any"),
    ("ABCDEFGHIJKLMNOPQ", "any"),
    ("ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
)


@pytest.mark.parametrize(("text", "expected"), INDUSTRIES)
def test_industries_are_letters_in_order_from_seventeen_on_any(text, expected):
    assert industries(text, 17) == expected


@pytest.mark.parametrize("text", ["宇宙産業", "D / 宇宙産業", "Z", "it", "IT", "D IT", "100"])
def test_a_strict_reader_takes_no_industry_it_does_not_know(text):
    with pytest.raises(LeftOut, match=r"^industry not readable$"):
        industries_stated(text, 17, {})


@given(st.text())
def test_any_text_has_industries(text):
    found = industries(text, 17)
    assert found in ("any", "unknown") or sorted(set(found) & set("ABCDEFGHIJKLMNOPQRST")) == list(
        found
    )


KEYWORDS = Keywords(
    {"農業": "A", "福祉": "P", "農福連携": "AP", "細胞農業": "L", "６次産業": "AB"}, 17
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("スマート農業導入支援", ("A", "農業")),
        ("農業と福祉の農業支援", ("AP", "福祉,農業")),
        # the longer keyword stands for itself alone
        ("細胞農業の調査", ("L", "細胞農業")),
        ("第6次産業化", ("AB", "6次産業")),
        ("中小企業の賃上げ", ("unknown", "")),
    ],
)
def test_keywords_tell_the_industry_of_a_title(title, expected):
    assert KEYWORDS.read(title) == expected


def test_a_model_without_keywords_finds_none():
    assert (
        Keywords({}, 17).read("農業") == Keywords({"　": "A"}, 17).read("農業") == ("unknown", "")
    )


def test_the_packaged_keywords_are_normalised_text():
    keywords = load_model().constants["keywords"]
    assert [keyword for keyword in keywords if normal(keyword) != keyword] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和８年度　補助\u2fa6", "令和8年度 補助金"),
        ("  a\t b\r\n c  ", "a b c"),
        ("見え\u200bない\x1b[31m", "見えない[31m"),
        (None, ""),
        (7, "7"),
    ],
)
def test_text_has_one_spelling(text, expected):
    assert normal(text) == expected


@example("か\u200b\u3099")
@given(st.text())
def test_normal_text_is_printable_and_stays_as_it_is(text):
    once = normal(text)
    assert once.isprintable()
    assert normal(once) == once
