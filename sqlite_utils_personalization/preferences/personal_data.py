"""Does a text look like personal data? Erring towards yes: what is declared has no use for such text."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

from sqlite_utils_personalization.language import N_

E_MAIL, IP_ADDRESS = N_("an e-mail address"), N_("an IP address")
CORPORATE_NUMBER, PHONE_NUMBER = N_("a 13-digit corporate number"), N_("a phone number")

_DIGITS = str.maketrans("〇零一二三四五六七八九。", "00123456789.")
# Whatever is written between the digits of a number. No pattern here looks further than
# what it then takes, so that a text costs what its length does.
_NUMBER = re.compile(r"\d(?:[\s().,:;/_・|*#~'\-]{0,4}\d){8,}")
_AT = re.compile(r"[^@][\[({<](?:at|アット)[\])}>][^@]", re.IGNORECASE)
_E_MAIL = re.compile(r"[^\s@]\s?@\s?[^\s@]")
_IP = re.compile(r"[0-9a-fA-F.:]{3,}")
# With its zone left out, no address is longer.
_LONGEST_IP = 45


# What may be declared is short, and repeats from customer to customer.
_SHORT = 40


def personal_data(text: str) -> str | None:
    """What the text holds that looks personal, such as 'a phone number', or None; read-only.

    Full-width and other digits, kanji numerals, invisible characters and separators between digits hide nothing.
    """
    return _kind_in_short(text) if len(text) <= _SHORT else _kind_in(text)


def _kind_in(text: str) -> str | None:
    plain = _plain(text)
    if _E_MAIL.search(plain) or _AT.search("".join(plain.split())):
        return E_MAIL
    if any(_is_ip(found) for found in _IP.findall(plain)):
        return IP_ADDRESS
    lengths = [sum(map(str.isdigit, found)) for found in _NUMBER.findall(plain)]
    if 13 in lengths:
        return CORPORATE_NUMBER
    return PHONE_NUMBER if lengths else None


_kind_in_short = lru_cache(maxsize=1024)(_kind_in)


def _plain(text: str) -> str:
    return "".join(map(_shown, text)).translate(_DIGITS)


# One by one: to put a run of marks in order, as NFKC does for a text, takes the square of its length.
@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """What a reader sees of one character, of its compatible form."""
    return "".join(_characters(unicodedata.normalize("NFKC", character)))


def _characters(text: str) -> Iterator[str]:
    for character in text:
        category = unicodedata.category(character)
        if category == "Nd":
            yield str(unicodedata.decimal(character))
        elif category == "Pd" or character in "ー−‐":
            yield "-"
        # Marks and characters without a shape, which a reader does not see between two digits.
        elif category not in ("Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me") or character.isspace():
            yield character


def _is_ip(text: str) -> bool:
    # The point or colon of a sentence may stand beside it; "::1" begins with its own.
    for found in (text.strip("."), text.strip(".:")):
        if len(found) <= _LONGEST_IP:
            with suppress(ValueError):
                ip_address(found)
                return True
    return False
