"""Text of sources as one line that a reader can see: normal characters, no markup, of bounded length."""

import codecs
import html
import re
import unicodedata

from sqlite_utils_personalization.database import LOST

# Of a title and of an id no more is kept; of any text no more is read, so that a megabyte costs what a line does.
TITLE_LENGTH, ID_LENGTH, READ = 300, 200, 2000
_JOINER, _CUT = "\u200d", "…"
# None of these is another character in NFKC.
_EMOJI = "\u2194\u2195\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f0ff\U0001f300-\U0001faff"
_LOOSE_JOINER = re.compile(
    f"(?<![{_EMOJI}]){_JOINER}(?<![{_EMOJI}]\ufe0f{_JOINER})|{_JOINER}(?![{_EMOJI}])"
)
# With a semicolon: without one, &regional would be ®ional.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Those that part words; others stand within one.
_BREAKS = re.compile(
    "address|article|aside|blockquote|br|dd|div|dl|dt|figure|footer|form|h[1-6r]|header|li|main|nav|ol|option|p|pre"
    "|section|select|table|tbody|td|textarea|tfoot|th|thead|title|tr|ul"
)
_WITHIN = re.compile(
    "a|abbr|acronym|audio|b|base|bdi|bdo|big|body|button|caption|center|cite|code|col|colgroup|data|del|details|dfn|em"
    "|embed|fieldset|font|frame|head|html|i|iframe|img|input|ins|kbd|label|legend|link|mark|meta|noscript|object|param"
    "|picture|q|r[pt]|ruby|s|samp|script|small|source|span|strike|strong|style|sub|summary|sup|svg|time|tt|u|var|video|wbr"
)
# Each attempt ends before the next "<": a text costs what its length does.
_TAG = re.compile(
    r"</?([A-Za-z][A-Za-z0-9]*)((?:[\s/](?:[^<>\"']|\"[^<\"]*\"|'[^<']*')*)?)>|<[!?][^<>]*>"
)
# Never seen by a reader; without an end, to the end.
_UNSEEN = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL
)


def is_readable(value: object) -> bool:
    """Whether a value of a source is text or a number: no BLOB, nothing that was or is decoded wrongly."""
    if isinstance(value, bytes):
        return False
    return not isinstance(value, str) or not (LOST in value or _is_mojibake(value[:READ]))


def is_decodable(value: object) -> bool:
    """The same, but a BLOB is the text it holds, if it holds one."""
    return is_readable(_text_of(value) if isinstance(value, bytes) else value)


def _is_mojibake(text: str) -> bool:
    """Whether Japanese in UTF-8 was read as Latin-1 or Windows-1252: è£œåŠ© for 補助."""
    if text.isascii():
        return False
    try:
        raw = b"".join(_western(character) for character in text)
        return max(raw.decode("utf-8")) >= "\u3000"
    except UnicodeError:
        return False


def _western(character: str) -> bytes:
    return character.encode("latin-1" if character < "\u0100" else "cp1252")


def normal(value: object) -> str:
    """NFKC, each run of spaces one space, no control or invisible characters; None is empty.

    NFKC turns full-width digits, U+3000 and Kangxi radicals into the characters people search for. The invisible
    character that joins two emoji to one stays.
    """
    if value is None:
        return ""
    text = str(value)
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable() or c.isspace() or c == _JOINER)
        text = _LOOSE_JOINER.sub("", text)
    return " ".join(unicodedata.normalize("NFKC", text).split())


def plain(value: object) -> str:
    """A value of any type as text in one line, without markup and normal; empty if it cannot be decoded."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bytes):
        value = _text_of(value)
    if value is None or not is_readable(value):
        return ""
    text = str(value)
    if len(text) > READ:
        text = _up_to_a_tag(text[:READ])
    # Markup may have been escaped, once more than once; NFKC makes its brackets of full-width ones, which are none.
    for _ in range(2):
        text = _REFERENCE.sub(lambda one: html.unescape(one[0]).replace(LOST, ""), text)
    return normal(_without_markup(text))


def cut(text: str, size: int = TITLE_LENGTH) -> str:
    """text in at most size characters; what goes leaves a sign."""
    return text if len(text) <= size else f"{text[: size - 1].rstrip(f' {_JOINER}')}{_CUT}"


def visible_id(value: object) -> str:
    """An id without control and invisible characters, cut if too long; else as it is, for it is a key.

    Empty if it is not readable.
    """
    if value is None or not is_readable(value):
        return ""
    text = str(value)[:READ]
    return cut(text if text.isprintable() else "".join(filter(str.isprintable, text)), ID_LENGTH)


def _text_of(raw: bytes) -> str:
    try:
        # Of the last character that is read there may be less than all.
        is_all = len(raw) <= 4 * READ
        return codecs.getincrementaldecoder("utf-8")().decode(raw[: 4 * READ], final=is_all)
    except UnicodeDecodeError:
        return LOST


def _up_to_a_tag(text: str) -> str:
    """text without the beginning of a tag at its end."""
    head, _, tail = text.rpartition("<")
    return head if head and ">" not in tail else text


def _without_markup(text: str) -> str:
    if "<" not in text:
        return text
    return _TAG.sub(lambda tag: _instead(tag, text), _UNSEEN.sub(" ", text))


def _instead(tag: re.Match[str], text: str) -> str:
    name, attributes = tag[1], tag[2]
    if name is None:
        return ""
    element = name.lower()
    if _BREAKS.fullmatch(element):
        return " "
    # <A> and <DX> may be the names of a frame.
    is_name = len(name) == 1 and name.isupper() and not attributes and f"</{name}>" not in text
    return tag[0] if is_name or not _WITHIN.fullmatch(element) else ""
