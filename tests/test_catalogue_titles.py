"""Titles that name no program one could apply for, and titles that only look so."""

import pytest

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
