"""Titles that name no program one could apply for, and titles that only look so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.no_program import no_program
from sqlite_utils_personalization.catalogue.plain_text import normal

# title, rule when nothing says when it closes, rule when a closing date is known
TITLES = (
    ("申請練習用補助金【お支払いはありません】", "practice form", "practice form"),
    ("【受付終了】設備更新補助金", "closed", "closed"),
    ("設備更新補助金（募集は終了しました）", "closed", "closed"),
    ("設備更新補助金の募集終了について", "closed", "closed"),
    ("※受付を終了しました　設備更新補助金", "closed", "closed"),
    ("［第三回］設備更新補助金（交付申請等）", "procedure", "procedure"),
    ("【交付申請】設備更新補助金", "procedure", "procedure"),
    ("設備更新補助金【実績報告】", "procedure", "procedure"),
    ("職場環境改善奨励金　撤回届", "procedure", "procedure"),
    ("職場環境改善奨励金 変更届", "procedure", "procedure"),
    ("設備更新補助金【事前着手届出】", "procedure", "procedure"),
    ("【２年目申請用】若手定着助成金", "procedure", "procedure"),
    ("設備更新補助金に係る仕入控除税額について", "procedure", "procedure"),
    ("参考様式２（就業証明書）", "procedure", "procedure"),
    ("設備更新補助金交付要綱（PDF：195KB）", "document", "document"),
    ("設備更新補助金チラシ ［PDFファイル／1MB］", "document", "document"),
    ("設備更新補助金の公募について", "notice", None),
    ("設備更新補助金について（令和8年度）｜ある県ホームページ", "notice", None),
    ("設備更新補助金 募集のお知らせ", "notice", None),
    ("設備更新補助金の募集を開始します！", "notice", None),
    ("設備更新補助金の採択結果", "notice", None),
    ("技能継承に関する取組事例2025 - ある県", "case study", None),
    ("主な補助金等一覧", "directory", None),
    ("page top", "navigation", None),
    # of a site, an office, a law
    ("しごと・産業・農林・土木 - 補助金等の情報 - ある県ホームページ", "navigation", None),
    ("富山県/支援・相談", "navigation", None),
    ("企業支援(助成・融資)|静岡県公式ホームページ", "navigation", None),
    ("奈良県公式ホームページ", "navigation", None),
    ("令和4年度補助金", "navigation", None),
    ("中文(繁體字)", "navigation", None),
    ("概要 URL", "navigation", None),
    ("ある市暴力団排除条例", "by-law", None),
    ("ある市宿泊税条例(令和8年改定)", "by-law", None),
    ("産業廃棄物処理業許可(収集運搬)", "licence", None),
    ("ある県 競争入札参加資格(物品等)", "tender", None),
    ("補助金審査業務委託の公募型プロポーザルの実施", "tender", None),
    ("【5/7〆】造園科(6か月訓練)受講生募集中!", "recruitment", None),
    ("「なりわい支援補助金」を活用された事業者の皆様へ", "notice", None),
    # no call that pays whoever answers it, whenever it closes
    ("「AI技術の動向に関する調査」の公募", "survey", "survey"),
    ("再エネ導入実態調査業務の公募", "survey", "survey"),
    ("「省エネ技術に関する調査(2026年度の定点観測調査)」の公募", "survey", "survey"),
    ("「事業の効果的な運用に向けた調査・分析」の公募", "survey", "survey"),
    ("省エネ実態調査(二次公募)", "survey", "survey"),
    ("産業振興条例の考え方への御意見を募集", "survey", "survey"),
    ("設備更新補助金交付要綱", "grant rules", "grant rules"),
    ("設備更新補助金交付要綱の一部改正", "grant rules", "grant rules"),
    ("産業振興課関係補助金実施要領等", "grant rules", "grant rules"),
    ("ある市産業振興計画", "plan", "plan"),
    ("ある県環境基本計画(第5次)", "plan", "plan"),
    ("水田収益力強化ビジョン(令和7年度)", "plan", "plan"),
    ("ある県水道広域化推進プラン (令和5年3月策定)", "plan", "plan"),
    ("補助金検索結果", "search page", "search page"),
    ("検索結果一覧 | 補助金の窓", "search page", "search page"),
    ("支援制度を検索", "search page", "search page"),
    ("事業完了後の各種申請", "procedure", "procedure"),
    ("令和7年_設備投資_事業完了後申請", "procedure", "procedure"),
    ("設備更新補助金 変更承認申請", "procedure", "procedure"),
    ("設備更新補助金_精算払請求書", "procedure", "procedure"),
    ("設備更新補助金(採択後の手続)", "procedure", "procedure"),
    ("設備更新補助金 事業化状況報告", "procedure", "procedure"),
    ("設備更新補助金 辞退届", "procedure", "procedure"),
    ("設備更新補助金実績報告書(様式第8号)", "procedure", "procedure"),
    *(
        (title, "closed", "closed")
        for title in (
            "設備更新補助金 ※申請受付は終了いたしました",
            "設備更新補助金(予算に達したため受付を終了しました)",
            "設備更新補助金は令和7年度をもって終了しました",
            "設備更新補助金(締め切りました)",
            "設備更新補助金【〆切済】",
            "【受付終了】令和8年度設備更新補助金(7月31日締切)",
            "設備更新補助金(申込受付を停止しています)",
            "設備更新補助金(募集を打ち切りました)",
            "（終了）設備更新補助金",
            "設備更新補助金～受付終了～",
            "設備更新補助金は廃止しました",
            "【締切】設備更新補助金",
            "設備更新補助金(7月31日で受付を終了しました)",
            "設備更新補助金(エントリー終了)",
        )
    ),
    ("経営支援課", "navigation", None),
)

PROGRAMS = (
    "設備更新補助金",
    "小規模事業者持続化補助金（第19回）",
    # words of the rules inside names of real programs
    "新しい生活様式対応補助金",
    "交付申請デジタル化支援補助金",
    "貿易手続デジタル化推進事業費補助金",
    "若手定着助成金～１年目申請用～",
    "【令和8年度募集開始】陸上養殖システム導入支援事業（補助金）",
    "新規就農者支援（新規就農者を応援します！）",
    "知的財産活用への助成|産業労働局",
    "終了間際の設備更新補助金",
    # it closes, but it has not closed
    "終了間近 設備更新補助金",
    "設備更新補助金【受付終了間近】",
    "設備更新補助金(募集終了は7月31日)",
    "設備更新補助金 受付終了日を延長",
    "設備更新補助金(受付終了を延期します)",
    "設備更新補助金(受付終了予定:9月30日)",
    "受付終了まであと3日 設備更新補助金",
    "設備更新補助金(予算上限に達し次第受付終了)",
    "設備更新補助金 ※予算額に達した場合は受付を終了します",
    "まもなく募集終了!設備更新補助金",
    "受付終了迫る!設備更新補助金",
    "設備更新補助金の受付終了が近づいています",
    "設備更新補助金 受付終了：2026年9月30日",
    "設備更新補助金(受付終了 9月30日)",
    "設備更新補助金(9月30日に募集終了)",
    "設備更新補助金 受付は終了していません",
    "【1次募集は終了しました】設備更新補助金(2次募集中)",
    "設備更新補助金(一部受付終了)",
    "設備更新補助金【5月7日締切】",
    "設備更新補助金 第3回受付締切分",
    "設備更新補助金(募集締め切り:7月31日)",
    "事業終了後の雇用継続助成金",
    "化石燃料利用終了促進補助金",
    # a form, a plan, a survey inside a name
    "実績報告書作成支援補助金",
    "様式電子化推進補助金",
    "変更届オンライン化助成金",
    "交付申請書作成支援事業",
    "仕入控除税額計算システム導入補助金",
    "行動様式変容促進事業",
    "交付要綱整備支援補助金",
    "検索システム導入補助金",
    "各種申請電子化補助金",
    "入札参加資格取得支援補助金",
    "プロポーザル参加支援補助金",
    "概算払対応資金貸付",
    "調査研究費補助金",
    "地熱発電の資源量調査事業費助成金交付事業_第3回公募",
    "海外展開促進事業費補助金(インフラ海外展開促進調査)",
    "経営計画策定補助金",
    "認定新規就農者制度(青年等就農計画認定)",
    "条例対応設備補助金",
    "狩猟免許及び猟銃等所持許可取得等補助金",
    "企業立地促進費補助金(産業振興条例)",
    # general words, and yet a name
    "障がい者支援事業",
    "小規模事業経営支援事業(大阪府)",
    "経営所得安定対策",
    "ぐんま技術革新チャレンジ補助金 - 補助金等の情報 - 群馬県ホームページ",
    "個別申請用 電子処方箋普及補助金",
)


@pytest.mark.parametrize(("title", "undated", "_"), TITLES)
def test_what_is_no_program_is_named_by_its_rule(title, undated, _):
    assert no_program(normal(title), dated=False) == undated


@pytest.mark.parametrize(("title", "_", "dated"), TITLES)
def test_an_announcement_with_a_closing_date_is_a_call_one_can_answer(title, _, dated):
    assert no_program(normal(title), dated=True) == dated


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_program_stays_whatever_words_its_name_has(title):
    assert no_program(normal(title), dated=False) is None


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_program_with_a_closing_date_stays_too(title):
    assert no_program(normal(title), dated=True) is None


@given(
    st.text(
        st.sampled_from("受付募集終了公募について調査の補助金計画様式報告を(【】) 、12月日"),
        max_size=300,
    )
)
def test_any_title_has_one_rule_or_none_and_what_closes_it_does_so_with_a_date_too(title):
    undated, dated = no_program(title, dated=False), no_program(title, dated=True)
    assert dated in (None, undated)
