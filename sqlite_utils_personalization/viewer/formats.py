"""How numbers, amounts, days, moments, hashes and names are written for a person, in the language that is spoken."""

from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from sqlite_utils_personalization.catalogue.rule_names import rule_name
from sqlite_utils_personalization.clock import JAPAN, japan_time, parse_moment
from sqlite_utils_personalization.formula.declared import noted_reason
from sqlite_utils_personalization.formula.descriptions import Described
from sqlite_utils_personalization.formula.sentences import component_name as component_name
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import (
    language,
    message_of,
    message_of_many,
    pgettext,
)

# What stands where there is no number.
NONE = "–"
_MINUS = "\u2212"
_SHOWN_DIGITS = 12
# What stands before a change in the title of an amendment, and stood there in earlier versions.
_DASH = " ― "
_CHANGES = (_DASH, *(f" {field}: " for field in ("受付終了", "受付開始", "名称", "上限額")))


def markup(message: str, /, **values: object) -> Markup:
    """A message in the language that is spoken; its values are escaped, unless they are Markup themselves."""
    return Markup(message_of(message)).format(**values)


def count_markup(one: str, many: str, n: int, /, **values: object) -> Markup:
    """The same of a number n, which is written with separators."""
    return Markup(message_of_many(one, many, n)).format(n=number(n), **values)


def number(value: object) -> str:
    """41,448; what is no number as it is, since in a tampered file anything may stand anywhere."""
    if value is None:
        return NONE
    if isinstance(value, (int, float)):
        return f"{value:,}".replace("-", _MINUS)
    return str(value)


def change(value: int | None) -> str:
    """+376 or \u22123."""
    if value is None:
        return NONE
    return f"{value:+,}".replace("-", _MINUS) if value else "±0"


def yen(value: object, *, signed: bool = False) -> str:
    """¥56,895 or 56,895円; signed, as a difference has it."""
    if not isinstance(value, int):
        return number(value)
    sign = _MINUS if value < 0 else "+" if signed and value else ""
    amount = f"{abs(value):,}"
    return f"{sign}{amount}円" if language() == "ja" else f"{sign}¥{amount}"


def day(iso: object, *, weekday: bool = False) -> str:
    """2026-07-22 (Wed) or 2026年7月22日（水）, as in a sentence; tables have the ISO day. What is no day stays."""
    try:
        found = date.fromisoformat(str(iso))
    except ValueError:
        return str(iso)
    name = _weekdays()[found.weekday()]
    if language() == "ja":
        text = f"{found.year}年{found.month}月{found.day}日"
        return f"{text}（{name}）" if weekday else text
    return f"{found} ({name})" if weekday else str(found)


def weekday_of(iso: str) -> str:
    """Wed or 水."""
    return _weekdays()[date.fromisoformat(iso).weekday()]


def is_weekend(iso: str) -> bool:
    return date.fromisoformat(iso).weekday() >= 5


def month(name: object) -> str:
    """July 2026 or 2026年7月; what is no month stays."""
    try:
        found = datetime.strptime(str(name), "%Y-%m")
    except ValueError:
        return str(name)
    if language() == "ja":
        return f"{found.year}年{found.month}月"
    return f"{_MONTHS[found.month - 1]} {found.year}"


def moment(utc: str | None) -> Markup:
    """2026-08-01 11:12 JST, the time in Japan, with UTC for machines."""
    if not utc:
        return Markup(NONE)
    return Markup('<time class="w" datetime="{}">{}</time>').format(utc, moment_text(utc))


def moment_text(utc: str) -> str:
    """The same as text; what is no moment stays."""
    if language() != "ja":
        return japan_time(utc)
    try:
        found = parse_moment(utc).astimezone(JAPAN)
    except ValueError:
        return utc
    return f"{found.year}年{found.month}月{found.day}日 {found:%H:%M}"


def hash_short(text: object) -> Markup:
    """The first digits of a hash."""
    if not text:
        return Markup(NONE)
    return Markup('<span class="pa-hash w">{}…</span>').format(str(text)[:_SHOWN_DIGITS])


def hash_whole(text: object) -> Markup:
    return Markup('<span class="pa-hash">{}</span>').format(text)


def title(text: object) -> Markup:
    """A title as it is stored; on a page in another language, marked as Japanese."""
    if language() == "ja":
        return escape(text)
    return Markup('<span lang="ja">{}</span>').format(text)


def fact_text(fact: Described) -> Markup:
    """What is to be said of a fact; on a page in another language, marked as Japanese where it is."""
    return title(fact.text) if fact.is_japanese else escape(fact.text)


def title_lines(text: object) -> tuple[str, str]:
    """A title in two lines, only as it is displayed: the name, and what changed, where it is that of an amendment."""
    whole = str(text)
    at = max(whole.rfind(separator) for separator in _CHANGES)
    return (whole[:at], whole[at:].removeprefix(_DASH).strip()) if at > 0 else (whole, "")


def tag(state: str, word: str) -> Markup:
    """A word in a box: ok, fault, warn or open."""
    return Markup('<span class="pa-tag {}">{}</span>').format(state, word)


def type_name(recommendation_type: str) -> str:
    """The type of one recommendation, as one says it."""
    names = {
        "program": _("program"),
        "industry_pack": _("industry pack"),
        "saved_search": _("saved search"),
        "amendment": _("amendment"),
    }
    return names.get(recommendation_type, recommendation_type)


def channel_name(channel: str) -> str:
    names = {"rest": _("REST API"), "mcp": _("AI agent (MCP)"), "digest": _("Digest")}
    return names.get(channel, channel)


def capital(text: str) -> str:
    """With a capital letter, where there is one."""
    return f"{text[:1].upper()}{text[1:]}"


def _weekdays() -> tuple[str, ...]:
    return (
        pgettext("weekday", "Mon"),
        pgettext("weekday", "Tue"),
        pgettext("weekday", "Wed"),
        pgettext("weekday", "Thu"),
        pgettext("weekday", "Fri"),
        pgettext("weekday", "Sat"),
        pgettext("weekday", "Sun"),
    )


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# For every template, by these names.
FORMATS: dict[str, Any] = {
    "_": markup,
    "told": message_of,
    "noted": noted_reason,
    "ngettext": count_markup,
    "number": number,
    "change": change,
    "yen": yen,
    "day": day,
    "month": month,
    "moment": moment,
    "hash_short": hash_short,
    "hash_whole": hash_whole,
    "title_of": title,
    "title_lines": title_lines,
    "rule_name": rule_name,
    "tag": tag,
    "type_name": type_name,
    "component_name": component_name,
    "channel_name": channel_name,
    "capital": capital,
    "weekday_of": weekday_of,
    "is_weekend": is_weekend,
}
