"""Titles that are no program one could apply for: forms, announcements, lists, page furniture.

Read off two thousand titles of jGrants and three thousand of municipal pages; each rule names what it
removes. An announcement is no candidate because nothing says whether its call is still open, so the
last four rules hold only for items without a closing date.
"""

import re

_ALWAYS = {
    "practice form": r"申請練習",
    "closed": r"(?:受付|募集|公募|申込|取り扱い)[はをが]?(?:終了|締め切り)|[【(]終了|終了した制度",
    "procedure": (
        r"実績報告|状況報告|控除税額|[【(]交付申請|交付申請手続|交付申請書|計画変更承認|事前着手"
        r"|[(]共同申請|[2-9]年目申請用|(?:撤回|変更|中止|廃止)届|(?<!生活)様式"
    ),
    "document": r"[(\[](?:PDF|Word|Excel|ワード|エクセル)",
}
_END = r"\s*(?:[(【<「].*|[-|/].*)?$"
_UNDATED = {
    "notice": (
        rf"(?:について|お知らせ|案内){_END}|交付決定|採択"
        r"|(?:決定|公表|募集|公募|開始|開催|掲載|更新|紹介|実施)し(?:ます|ました)"
    ),
    "case study": r"事例|実施状況|支出状況|結果報告|成果報告|効果検証",
    "directory": r"一覧|案内ハブ|リンク集",
    "navigation": r"^(?:page top|translate|音声よみあげ|https?://)|へ移動$|ジャンプします|^[^\s|]*[課班部局]$",
}
_DATED_RULES = {rule: re.compile(pattern, re.IGNORECASE) for rule, pattern in _ALWAYS.items()}
_ALL_RULES = _DATED_RULES | {
    rule: re.compile(pattern, re.IGNORECASE) for rule, pattern in _UNDATED.items()
}


def no_program(title: str, dated: bool) -> str | None:
    """Name of the rule by which a normalised title is no program, if any; read-only."""
    rules = _DATED_RULES if dated else _ALL_RULES
    return next((rule for rule, pattern in rules.items() if pattern.search(title)), None)
