"""How a change reads: its values and its title as a Japanese reader wants them, of bounded length."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlite_utils_personalization.catalogue.dates import first_day, last_day, may_be_cut
from sqlite_utils_personalization.catalogue.plain_text import cut

OPENS, CLOSES = "open_at", "close_at"
_DAYS = {OPENS: first_day, CLOSES: last_day}
LABELS = {
    OPENS: "受付開始日",
    CLOSES: "締切",
    "amount_max_yen": "上限額",
    "subsidy_rate": "補助率",
    "target_employees": "従業員要件",
    "name": "制度名",
    # As jpcite's diff names what its entities say.
    "program.application_period": "申請期間",
    "program.application_period_r7": "申請期間(令和7年度)",
    "subsidy_rate_max": "補助率の上限",
    "program.subsidy_rate": "補助率",
    "program.target_entity": "対象事業者",
    "program.target_business_size": "対象の事業規模",
    "program.prerequisite": "申請の要件",
    "program.application_channel": "申請窓口",
    "eligibility_text": "対象者の要件",
}
_UNSTATED = "記載なし"
_SPACE_NOT_BETWEEN_DIGITS = re.compile(r"(?<!\d) | (?!\d)")
_YEN = re.compile(r"¥?(\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.0+)?円?", re.ASCII)
# Placeholders for "not stated"; no other amount is special.
NO_AMOUNT = (0, 999_999_999_999_999)
_MAN, _OKU = 10**4, 10**8


class Told(NamedTuple):
    """A field that changed, from what to what, as plain gives them, and the day in Japan on which that was seen."""

    field: str
    before: str
    after: str
    seen: date


def said(field: str, text: str) -> str:
    """A plain value as one says it: 2026年7月31日, 300万円; empty if nothing is stated."""
    if field in _DAYS:
        day = _day(field, text)
        return f"{day.year}年{day.month}月{day.day}日" if day else text
    amount = _amount(field, text)
    if amount is None:
        return text
    return "" if amount in NO_AMOUNT else _yen(amount)


def reads_same(field: str, one: str, other: str) -> bool:
    """Whether a reader sees no difference between two plain values, or none but a date cut from UTC."""
    first, second = (_SPACE_NOT_BETWEEN_DIGITS.sub("", said(field, text)) for text in (one, other))
    return first == second or (field in _DAYS and may_be_cut(one, other))


def as_known_now(told: Told, opens_on: str | None, closes_on: str | None) -> Told:
    """The same, with the program's own day where what was seen may be that day cut from UTC."""
    day = {OPENS: opens_on, CLOSES: closes_on}.get(told.field)
    return told._replace(after=day) if day and may_be_cut(told.after, day) else told


def title(name: str, told: Sequence[Told], sizes: Mapping[str, Any]) -> str:
    """The title of an amendment to the program of that plain name; sizes are the model's constants for it."""
    phrases = list(_phrases(told, sizes["value_length"]))
    named = sizes["changes_named"]
    more = f"、ほか{len(phrases) - named}件" if len(phrases) > named else ""
    return f"{cut(name, sizes['name_length'])} ― {'、'.join(phrases[:named])}{more}"


def _day(field: str, text: str) -> date | None:
    day = _DAYS[field](text)
    return date.fromisoformat(day) if day else None


def _amount(field: str, text: str) -> int | None:
    match = _YEN.fullmatch(text) if field.startswith("amount") else None
    return int(match[1].replace(",", "")) if match else None


def _yen(amount: int) -> str:
    if amount % _MAN:
        return f"{amount:,}円"
    oku, man = amount // _OKU, amount % _OKU // _MAN
    return f"{f'{oku:,}億' if oku else ''}{f'{man:,}万' if man else ''}円"


def _phrases(told: Sequence[Told], size: int) -> Iterator[str]:
    changes = {one.field: one for one in told}
    window = _window(changes.get(OPENS), changes.get(CLOSES))
    if window:
        yield window
    yield from (_phrase(one, size) for one in told if not (window and one.field in _DAYS))


def _window(opens: Told | None, closes: Told | None) -> str | None:
    """Both ends that moved, as one change; None where they are no two periods."""
    if opens is None or closes is None:
        return None
    before = _period(opens.before, closes.before)
    after = _period(opens.after, closes.after)
    if before is None or after is None:
        return None
    if _is_next_round(closes):
        return f"新しい受付期間 {after}(前回 {before})"
    return f"受付期間を変更 {after}(変更前 {before})"


def _period(opens: str, closes: str) -> str | None:
    first, last = _day(OPENS, opens), _day(CLOSES, closes)
    if first is None or last is None or last < first:
        return None
    end = said(CLOSES, closes)
    return f"{said(OPENS, opens)}〜{end.split('年')[1] if first.year == last.year else end}"


def _is_next_round(closes: Told) -> bool:
    """Whether a deadline that was over when its change was seen was followed by a later one."""
    before, after = _day(CLOSES, closes.before), _day(CLOSES, closes.after)
    return bool(before and after and before < min(after, closes.seen))


def _phrase(one: Told, size: int) -> str:
    label = LABELS.get(one.field) or cut(one.field, size)
    before, after = (cut(said(one.field, text), size) for text in (one.before, one.after))
    if not before:
        return f"{label} {after}(これまで{_UNSTATED})" if after else f"{label} {_UNSTATED}"
    if before == after:
        return f"{label}を変更"
    heading, earlier = f"{label}を{_verb(one)}", "変更前"
    if one.field == CLOSES and _is_next_round(one):
        heading, earlier = "新しい締切", "前回"
    return f"{heading} {after or _UNSTATED}({earlier} {before})"


def _verb(one: Told) -> str:
    before, after = (_amount(one.field, text) for text in (one.before, one.after))
    if before is not None and after is not None and after not in NO_AMOUNT:
        return "引き上げ" if before < after else "引き下げ"
    if one.field == CLOSES:
        earlier, later = _day(CLOSES, one.before), _day(CLOSES, one.after)
        if earlier and later:
            return "延長" if earlier < later else "前倒し"
    return "変更"
