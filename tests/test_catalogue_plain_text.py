"""Text of sources as a reader sees it: one line, no markup, nothing invisible, of bounded length."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlite_utils_personalization.catalogue.plain_text import (
    cut,
    is_decodable,
    is_readable,
    normal,
    plain,
    visible_id,
)
from sqlite_utils_personalization.database import decoded

JOINER = "\u200d"

MARKUP = (
    ("<b>設備</b>更新補助金", "設備更新補助金"),
    ("設備更新<br>補助金", "設備更新 補助金"),
    ("設備更新<BR/>補助金", "設備更新 補助金"),
    ("<p class='a>b'>設備更新</p><p>補助金</p>", "設備更新 補助金"),
    (
        '<a href="https://example.com/?a=1&amp;b=2" title="x > y">設備更新補助金</a>',
        "設備更新補助金",
    ),
    ("<span\nstyle=color:red>設備</span>更新", "設備更新"),
    ("<font size=2 color='#f00'>設備</FONT>更新", "設備更新"),
    ("設備<!-- <b>旧</b> -->更新", "設備 更新"),
    ("設備<!-- 終わらない", "設備"),
    ("<!DOCTYPE html>設備", "設備"),
    ("<?xml version='1.0'?>設備", "設備"),
    ("<script>if (a<b) alert(1)</script>設備", "設備"),
    ("<style>p{color:red}</style >設備", "設備"),
    ("<ruby>設備<rp>(</rp><rt>せつび</rt><rp>)</rp></ruby>", "設備(せつび)"),
    ("<img src=x onerror='alert(1)'>設備", "設備"),
    ("<ul><li>設備</li><li>更新</li></ul>", "設備 更新"),
    ("CO<sub>2</sub>削減", "CO2削減"),
    ("&lt;b&gt;設備&lt;/b&gt;", "設備"),
    ("&amp;lt;b&amp;gt;設備", "設備"),
    ("省エネ&amp;再エネ", "省エネ&再エネ"),
    ("省エネ&#65286;再エネ&#x3000;補助金", "省エネ&再エネ 補助金"),
    ("設備&nbsp;&nbsp;更新", "設備 更新"),
    ("&#27;[31m設備&#0;", "[31m設備"),
    # what is no markup stays
    ("設備更新補助金<DX枠>", "設備更新補助金<DX枠>"),
    ("設備更新補助金<DX>", "設備更新補助金<DX>"),
    ("設備更新補助金<A>", "設備更新補助金<A>"),
    ("設備更新補助金<B>(第2回)", "設備更新補助金<B>(第2回)"),
    ("<B>設備</B>更新", "設備更新"),
    ("設備更新補助金＜br＞", "設備更新補助金<br>"),
    ("設備更新補助金<一般型>", "設備更新補助金<一般型>"),
    ("従業員<20名、資本金>3億円", "従業員<20名、資本金>3億円"),
    ("5 < 6 > 4", "5 < 6 > 4"),
    ("Q&A", "Q&A"),
    ("R&D補助金", "R&D補助金"),
    ("産学官&regional連携", "産学官&regional連携"),
    ("A&copyB", "A&copyB"),
    ("a<b", "a<b"),
)


@pytest.mark.parametrize(("text", "expected"), MARKUP)
def test_markup_is_not_read_and_what_is_none_stays(text, expected):
    assert plain(text) == expected


class _Reader(HTMLParser):
    """What the standard library sees of a page."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(" " if tag in ("br", "p", "div", "li") else "")

    def handle_endtag(self, tag):
        self.seen.append(" " if tag in ("br", "p", "div", "li") else "")

    def handle_data(self, data):
        self.seen.append(data)


PIECES = st.sampled_from(
    (
        "設備",
        "更新 ",
        "<b>",
        "</b>",
        "<br>",
        "<p>",
        "</p>",
        '<a href="x?a=1">',
        "</a>",
        "<div class='a'>",
        "&amp;",
        "</div>",
    )
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_a_page_reads_as_the_standard_library_reads_it(text):
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert plain(text) == " ".join("".join(reader.seen).split())


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
def test_any_text_that_was_escaped_reads_as_it_is(text):
    if "<" not in text and "&" not in text and is_readable(text):
        assert plain(html.escape(text, quote=False)) == normal(text)


@pytest.mark.parametrize(
    "text",
    [
        "<" * 1_000_000,
        "<a " * 300_000,
        '<a "' * 300_000,
        "<script>" * 100_000,
        "<!--" * 200_000,
        "&" * 1_000_000,
        "&#" * 500_000,
        "<p>い</p>" * 100_000,
        "<div style='" + "x" * 100_000,
        "👨" + JOINER * 100_000,
        "\x1b" * 100_000,
    ],
)
def test_of_a_megabyte_a_line_is_read(text):
    assert len(plain(text)) <= 2000
    assert len(cut(plain(text))) <= 300
    assert len(visible_id(text)) <= 200


def test_a_tag_that_is_cut_off_is_not_shown():
    assert plain("設" * 1990 + "<a href='https://example.com/'>設備</a>") == "設" * 1990


JOINED = (
    "👨\u200d👩\u200d👧\u200d👦",
    "🏳\ufe0f\u200d🌈",
    "👩🏽\u200d🌾",
    "🙂\u200d↔\ufe0f",
    "🐈\u200d⬛",
    "❤\ufe0f\u200d🔥",
    "🧑\u200d⚕\ufe0f",
    "農業👩\u200d🌾補助金",
)


@pytest.mark.parametrize("text", JOINED)
def test_what_joins_two_emoji_to_one_stays(text):
    assert normal(text) == plain(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("設\u200d備", "設備"),
        ("\u200d設備\u200d", "設備"),
        ("👨\u200d", "👨"),
        ("\u200d👨", "👨"),
        ("👨\u200d設", "👨設"),
        ("👨\u200d\u200d👩", "👨👩"),
        ("👨\u200b\u200d👩", "👨\u200d👩"),
        ("a\ufe0f\u200d👩", "a\ufe0f👩"),
        ("か\u200d\u3099", "が"),
        ("1\u200d🈁", "1ココ"),
    ],
)
def test_a_joiner_that_joins_nothing_goes(text, expected):
    assert normal(text) == expected


@example("👨\u200d👩")
@example("👨\u200d\u200b\u200d👩")
@example("🈁\u200d👩\u200d↚")
@given(
    st.text(st.sampled_from("👨👩🈁⚕↔か\u3099\ufe0f\u200d\u200b\u202e\x1b <>&;ａ１補\U000e0067"))
)
def test_what_is_normal_stays_as_it_is_and_shows_all_it_has(text):
    once = normal(text)
    assert normal(once) == once
    assert once.replace(JOINER, "").isprintable()
    assert not once.startswith(JOINER)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff",
        "補助金".encode(),
        "補助\ufffd",
        "補助金".encode().decode("latin-1"),
        "è£œåŠ©é‡‘",
        "Ã©è£œ".replace("Ã©", ""),
    ],
)
def test_a_blob_and_what_was_decoded_wrongly_is_not_readable(value):
    assert not is_readable(value)


@pytest.mark.parametrize("value", [None, 7, 1.5, "", "補助金", "Café", "é", "ñandú £50", "§12 ±3°"])
def test_text_numbers_and_nothing_are_readable(value):
    assert is_readable(value)


@given(st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x9FFF), min_size=1, max_size=20))
def test_japanese_is_readable_and_not_in_the_letters_of_another_alphabet(text):
    assert is_readable(text)
    assert not is_readable(text.encode().decode("latin-1"))
    assert is_decodable(text.encode())


@given(st.binary())
def test_what_sqlite_stores_as_text_is_decoded_or_refused(raw):
    found = decoded(raw)
    try:
        assert found == raw.decode()
    except UnicodeDecodeError:
        assert not is_readable(found)
        assert not is_decodable(raw)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a0WJ200000CDdqoMAD", "a0WJ200000CDdqoMAD"),
        (" abc", " abc"),
        ("Ａ１", "Ａ１"),
        ("<b>1</b>", "<b>1</b>"),
        ("a\x1b[2Jb", "a[2Jb"),
        ("a\r\nb\tc\x00d", "abcd"),
        ("a\u202eb\u200bc\ufeffd\u2028e", "abcde"),
        ("x" * 201, "x" * 199 + "…"),
        (7, "7"),
        (None, ""),
        (b"abc", ""),
        ("\ufffd", ""),
    ],
)
def test_an_id_is_as_it_is_but_for_what_nobody_sees(value, expected):
    assert visible_id(value) == expected


@given(st.text(max_size=10), st.integers(1, 12))
def test_what_is_cut_is_no_longer_than_asked_and_says_so(text, size):
    found = cut(text, size)
    assert len(found) <= size
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))
