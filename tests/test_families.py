"""Which items are one programme: pairs worked by hand, and what holds of any text."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue import families
from sqlite_utils_personalization.catalogue.areas import PREFECTURES
from sqlite_utils_personalization.catalogue.families import LENGTH, RAW_LENGTH, family, issuer
from sqlite_utils_personalization.catalogue.plain_text import normal

try:
    from re import _parser
except ImportError:  # Python 3.10
    import sre_parse as _parser

CITY_HALL = "city.mihon.lg.jp"
NATIONWIDE = "nationwide"


def key(title, prefectures="東京都", of=""):
    found = family(title, prefectures, of)
    return found and found.key


# The same programme in the same area: years, rounds, frames, papers of one application, reposts.
ONE = (
    ("設備更新補助金", "令和8年度設備更新補助金"),
    ("設備更新補助金", "令和 元 年度 設備更新補助金"),
    ("設備更新補助金", "R8年度第1回 設備更新補助金"),
    ("設備更新補助金", "R8設備更新補助金"),
    ("設備更新補助金", "2026年度「設備更新補助金」の公募"),
    ("設備更新補助金", "【令和7年度補正予算】設備更新補助金"),
    ("設備更新補助金", "令和5年度第2次補正予算案 設備更新補助金"),
    ("設備更新補助金", "令和6年度補正予算の二次公募および令和7年度予算の一次公募 設備更新補助金"),
    ("設備更新補助金", "設備更新補助金【令和7年度(補正予算)第3次公募及び令和8年度第2次公募】"),
    ("設備更新補助金", "設備更新補助金_令和4年度"),
    ("設備更新補助金", "設備更新補助金（第19回）"),
    ("設備更新補助金", "設備更新補助金 十三次公募"),
    ("設備更新補助金", "【二次募集】設備更新補助金"),
    ("設備更新補助金", "設備更新補助金(2次募集:期間延長)"),
    ("設備更新補助金", "(再公募)設備更新補助金"),
    ("設備更新補助金", "設備更新補助金(2025年4月公募)"),
    ("設備更新補助金", "設備更新補助金 第8回受付締切分"),
    ("設備更新補助金", "設備更新補助金(一般枠)"),
    ("設備更新補助金", "設備更新補助金〔グローバル展開型〕"),
    ("設備更新補助金", "設備更新補助金_PMI推進枠(事業統合投資類型)"),
    ("設備更新補助金", "設備更新補助金 一般型 通常枠"),
    ("設備更新補助金(一般コース)", "設備更新補助金(特例コースNEXT)"),
    ("設備更新補助金(生産設備)", "設備更新補助金(空調設備)"),
    ("設備更新補助金", "【応募申請】設備更新補助金"),
    ("設備更新補助金", "設備更新補助金~1年目申請用~"),
    ("設備更新補助金", "令和4年度【継続】設備更新補助金"),
    ("設備更新補助金1", "設備更新補助金3"),
    ("設備更新支援事業", "設備更新支援事業費補助金"),
    ("設備更新支援事業", "設備更新等支援事業"),
    ("設備更新補助金", "設備更新補助金 - 補助金等の情報 - 東京都ホームページ(企業支援課)"),
    ("設備更新補助金", "設備更新補助金｜東京都公式ホームページ"),
    ("設備更新補助金", "設備更新補助金について"),
    ("設備更新補助金", "設備更新補助⾦"),
    ("設備更新補助金", "東京都設備更新補助金"),
    ("設備更新補助金", "【東京都】設備更新補助金"),
    ("設備更新補助金", "東京 設備更新補助金"),
    ("設備更新補助金", "【東京都産業支援センター・2次募集】設備更新補助金"),
    ("設備更新補助金", "【経済産業省】設備更新補助金"),
)

# What reads alike, and is another programme.
APART = (
    ("設備更新補助金", "設備導入補助金"),
    ("設備更新補助金(第2回)", "設備導入補助金(第2回)"),
    ("6次産業化支援事業", "産業化支援事業"),
    ("6次産業化支援事業", "1次産業化支援事業"),
    ("二次電池導入補助金", "電池導入補助金"),
    ("三次元計測導入補助金", "元計測導入補助金"),
    ("二次交通整備補助金", "交通整備補助金"),
    ("第4世代通信補助金", "世代通信補助金"),
    ("被災者再建補助金令和2年7月豪雨型", "被災者再建補助金令和3年7月豪雨型"),
    ("被災者再建事業「補助金台風19号型」", "被災者再建事業「補助金令和2年7月豪雨型」"),
    ("R7.8大雨被災事業者支援", "R6.9大雨被災事業者支援"),
    ("令和7年度産業DX推進事業", "令和7年度DX推進事業"),
    ("地域振興ファンド事業(創業促進支援事業)", "地域振興ファンド事業(製品開発支援事業)"),
    ("商用車の電動化促進事業(トラック)", "商用車の電動化促進事業(建設機械)"),
    ("設備更新補助金(執行団体公募)", "設備更新補助金"),
    ("設備更新補助金(事務局公募)", "設備更新補助金(基金設置法人公募)"),
    ("設備更新奨励金", "設備更新支援金"),
    ("【品川区】設備更新補助金", "【江東区】設備更新補助金"),
    ("品川区設備更新補助金", "江東区設備更新補助金"),
    ("【東京都商工会連合会】設備更新補助金", "東京都設備更新補助金"),
    ("(個人の方へ)物価高騰への支援", "(事業者の方へ)物価高騰への支援"),
    ("電力会社への融資", "ガス会社への融資"),
)


@pytest.mark.parametrize(("one", "other"), ONE)
def test_rounds_frames_years_and_reposts_of_a_programme_are_one_family(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_only_reads_alike_is_two_families(one, other):
    assert None not in (key(one), key(other))
    assert key(one) != key(other)


def test_a_line_of_the_states_budget_is_no_name_of_a_programme():
    line = "新技術等推進対策費補助金"
    named = key("再エネ熱利用設備の導入支援事業", NATIONWIDE)
    assert key(f"令和8年度{line}(再エネ熱利用設備の導入支援事業)", NATIONWIDE) == named
    assert key(f"{line}　再エネ熱利用設備の導入支援事業", NATIONWIDE) == named
    assert key(f"{line}「再エネ熱利用設備の導入支援事業」の公募", NATIONWIDE) == named
    assert key(f"再エネ熱利用設備の導入支援事業({line})", NATIONWIDE) == named
    assert key(f"{line}(水素ステーションの保守点検支援事業)", NATIONWIDE) != named
    assert key(f"{line}(調査事業)", NATIONWIDE) != key("調査事業", NATIONWIDE)


def test_a_part_of_a_programme_is_known_by_the_part():
    part = (
        "燃料備蓄の推進事業費補助金(燃料供給拠点の整備事業のうち地下タンク備蓄促進事業に係るもの)"
    )
    assert key(part) == key("燃料備蓄の推進事業費補助金(地下タンク備蓄促進事業)")
    assert key(part) != key(part.replace("地下タンク備蓄", "自家発電設備導入"))


def test_no_family_spans_two_areas():
    keys = {key("設備更新補助金", area) for area in (*PREFECTURES, NATIONWIDE, "香川県,愛媛県")}
    assert len(keys) == len(PREFECTURES) + 2


def test_a_title_that_names_its_prefecture_is_of_that_prefecture_when_said_to_be_nationwide():
    assert key("【岡山県】設備更新補助金", NATIONWIDE) == key("設備更新補助金", "岡山県")
    assert key("岡山県設備更新補助金", NATIONWIDE) == key("設備更新補助金", "岡山県")
    assert key("設備更新補助金(岡山)", NATIONWIDE) == key("設備更新補助金", "岡山県")


def test_a_title_that_names_another_prefecture_than_its_area_is_not_the_areas_own():
    assert key("【岡山県】設備更新補助金", "広島県") != key("設備更新補助金", "広島県")
    assert key("【岡山県】設備更新補助金", "岡山県,広島県") != key(
        "設備更新補助金", "岡山県,広島県"
    )


def test_no_family_spans_two_issuers():
    issuers = (CITY_HALL, "town.mihon.lg.jp", "mihon-iju.jp", "pref.osaka.lg.jp")
    assert len({key("新規就農者支援事業", of=of) for of in issuers}) == len(issuers)


def test_a_prefectures_own_page_and_its_entry_in_jgrants_are_one_family():
    assert key("設備更新補助金", of="metro.tokyo.lg.jp") == key("設備更新補助金")
    assert key("設備更新補助金", "大阪府", "pref.osaka.lg.jp") == key("設備更新補助金", "大阪府")


def test_a_town_halls_page_names_its_town_or_not():
    assert key("見本市設備更新補助金", of=CITY_HALL) == key("設備更新補助金", of=CITY_HALL)
    assert key("見本市_見本市設備更新補助金", of=CITY_HALL) == key("設備更新補助金", of=CITY_HALL)


def test_on_a_site_of_many_towns_the_title_says_which():
    of = "mihon-iju.jp"
    assert key("見本市移住支援事業", of=of) != key("手本市移住支援事業", of=of)


def test_a_short_name_of_a_body_of_the_state_is_that_bodys_own():
    assert key("創業補助金", NATIONWIDE, "meti.go.jp") != key(
        "創業補助金", NATIONWIDE, "maff.go.jp"
    )
    long_name = "スタートアップ連携加速化補助金"
    assert key(long_name, NATIONWIDE, "nedo.go.jp") == key(long_name, NATIONWIDE)


def test_a_ministry_says_nothing_and_a_regional_office_is_an_issuer():
    title = "設備更新補助金"
    assert key(f"【国土交通省】{title}", NATIONWIDE) == key(title, NATIONWIDE)
    offices = ("近畿運輸局", "九州運輸局", "中部監督部", "東北支部", "見本財団", "手本財団")
    keys = {key(f"【{office}】{title}", NATIONWIDE) for office in offices}
    assert len(keys | {key(title, NATIONWIDE)}) == len(offices) + 1


def test_inside_a_prefecture_its_agencies_run_one_programme():
    found = family("【見本県民財団】設備更新補助金", "岡山県", "")
    assert found.key == key("設備更新補助金", "岡山県")
    assert found.frame == "見本県民財団"


def test_a_frame_is_told_apart_inside_its_family():
    found = family("令和8年度 設備更新補助金(第2回)_専門家活用枠(買い手支援類型)", "東京都", "")
    assert found.frame == "専門家活用枠 買い手支援類型"


def test_who_declared_no_area_knows_a_programme_by_its_name_where_that_is_long_enough():
    long_names = [family("中小企業等海外出願支援事業", area, "") for area in ("香川県", "愛媛県")]
    short_names = [family("創業助成事業", area, "") for area in ("香川県", "愛媛県")]
    assert long_names[0].name == long_names[1].name
    assert [found.name for found in short_names] == [found.key for found in short_names]


@pytest.mark.parametrize(
    "title",
    (
        "",
        "   ",
        "補助金",
        "令和4年度補助金",
        "補助・支援",
        "第2回公募",
        "【東京都】",
        "【】",
        "|",
        "助成金・補助金",
    ),
)
def test_a_title_that_names_nothing_is_of_no_family(title):
    assert family(title, "東京都", "") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    (
        ("https://www.city.mihon.lg.jp/sangyo/1.html", "city.mihon.lg.jp"),
        ("https://sangyo.city.mihon.nagano.jp/", "city.mihon.nagano.jp"),
        ("https://www.sangyo-rodo.metro.tokyo.lg.jp/", "metro.tokyo.lg.jp"),
        ("http://WWW.PREF.OSAKA.LG.JP:80/a", "pref.osaka.lg.jp"),
        ("https://www.meti.go.jp/policy/", "meti.go.jp"),
        ("https://mihon-iju.jp/x", "mihon-iju.jp"),
        ("https://www.mihon.example/", "mihon.example"),
        ("https://www1.g-reiki.net/mihon/reiki.html", "g-reiki.net/mihon"),
        ("https://www.jgrants-portal.go.jp/subsidy/a0W", ""),
        ("", ""),
        ("見本", ""),
        ("http://[::1", ""),
        ("//localhost", "localhost"),
    ),
)
def test_the_issuer_is_the_body_behind_an_address(url, expected):
    assert issuer(url) == expected


AREAS = st.sampled_from((NATIONWIDE, "東京都", "香川県,愛媛県", ""))
PIECES = st.sampled_from(
    (
        *(
            "設備更新",
            "6次産業化",
            "二次電池",
            "補助金",
            "支援事業",
            "対策費補助金",
            "一般枠",
            "のうち",
            "うち",
            "市",
            "県",
        ),
        *(
            "令和8年度",
            "第2次公募",
            "R7",
            "2026年",
            "補正予算",
            "東京都",
            "見本市",
            "商工会",
            "財団",
            "運輸局",
            "執行団体",
        ),
        *(
            "(",
            ")",
            "【",
            "】",
            "「",
            "」",
            "<",
            "_",
            " ",
            "|",
            " - ",
            "/",
            "~",
            "・",
            "の",
            "等",
            "公式サイト",
            "課",
        ),
    )
)
PIECED = st.lists(PIECES, max_size=30).map("".join)
TITLES = st.text() | PIECED | st.text().map(lambda text: text * 40)


@given(TITLES, AREAS, st.text() | st.sampled_from(("", CITY_HALL, "pref.", "metro.tokyo.lg.jp")))
def test_any_text_has_the_same_family_twice_and_its_key_begins_with_the_area(title, area, of):
    found = family(title, area, of)
    assert found == family(title, area, of)
    if found is not None:
        place = found.key.partition("@")[0]
        assert place == area or (area == NATIONWIDE and place in PREFECTURES)
        assert found.name
        assert found.key.startswith(f"{place}@")
        assert found.frame == normal(found.frame)


@given(st.text() | st.text().map("https://{}".format) | st.text().map("https://city.{}/".format))
def test_any_text_is_taken_for_an_address(text):
    assert issuer(text) == issuer(text)


FURNITURE = (
    "【令和8年度】",
    "令和8年度 ",
    "第2次公募 ",
    "【二次募集】",
    "(R7補正)",
    "令和7年度(補正予算) ",
    "【公募】",
)


@given(st.sampled_from(FURNITURE), PIECED | st.text(), AREAS)
def test_furniture_before_a_title_does_not_change_its_family(prefix, title, area):
    assume(len(normal(title)) < LENGTH - 20)
    assume(len(title) < RAW_LENGTH - 20)
    assert family(prefix + title, area, "") == family(title, area, "")


@given(PIECED, st.sampled_from(("香川県", "愛媛県")), st.sampled_from((CITY_HALL, "mihon.jp")))
def test_another_area_or_another_issuer_is_another_family(title, area, of):
    here = key(title, area, of)
    assume(here is not None)
    assert here not in (key(title, "徳島県", of), key(title, area, "city.tehon.lg.jp"))


HOSTILE = (
    "(",
    "【",
    ")",
    "|",
    " - ",
    "第1回",
    "令和1年",
    "補助金",
    "補助事業",
    "のうち",
    "市",
    "二次",
    "/ホームページ",
    "公募",
)


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("beginning", ("", "設備更新"))
def test_a_title_twice_as_long_costs_no_more_work(piece, beginning, monkeypatch):
    read = []
    timeless = families._timeless
    monkeypatch.setattr(
        families, "_timeless", lambda text: read.append(len(text)) or timeless(text)
    )
    found, work = set(), []
    for times in (RAW_LENGTH, 2 * RAW_LENGTH, 500 * RAW_LENGTH):
        read.clear()
        found.add(family(beginning + piece * times, "東京都", ""))
        work.append(sum(read))
    assert len(found) == 1
    assert len(set(work)) == 1
    assert max(read) <= LENGTH
    assert work[0] <= 4 * LENGTH


def test_only_the_beginning_of_a_title_counts():
    title = "設備更新" * (LENGTH // 4)
    assert key(title + "別の補助金") == key(title)


def repeats(parsed, inside=False):
    """Whether a pattern repeats what itself repeats: such a one can take exponential time."""
    for operation, argument in parsed:
        if operation in (_parser.MAX_REPEAT, _parser.MIN_REPEAT):
            unbounded = argument[1] == _parser.MAXREPEAT
            if (inside and argument[1] > 1) or repeats(argument[2], inside or unbounded):
                return True
        elif operation is _parser.SUBPATTERN:
            if repeats(argument[3], inside):
                return True
        elif operation is _parser.BRANCH:
            if any(repeats(branch, inside) for branch in argument[1]):
                return True
        elif operation in (_parser.ASSERT, _parser.ASSERT_NOT) and repeats(argument[1], inside):
            return True
    return False


def test_no_pattern_repeats_a_repetition():
    patterns = [value for value in vars(families).values() if isinstance(value, re.Pattern)]
    assert len(patterns) > 10
    assert repeats(_parser.parse("(?:a|b+)*c"))
    assert [found.pattern for found in patterns if repeats(_parser.parse(found.pattern))] == []
