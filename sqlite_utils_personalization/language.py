"""In which language a person is told something: English, or what speaking() chose.

The English text is its own key in the catalogue of every other language, locale/*/LC_MESSAGES/personalization.po.
A sentence is one text with its values in braces, never put together of parts, since their order is the language's.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations, translation
from importlib.resources import files

LANGUAGES = ("en", "ja")
_DOMAIN = "personalization"
_chosen: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def language() -> str:
    """The language that is spoken, one of LANGUAGES."""
    return _chosen.get()


def accepted(header: str) -> str:
    """The one of LANGUAGES that an Accept-Language likes best, or the first; what is malformed in it does not count."""
    best, most = LANGUAGES[0], 0.0
    for part in header.split(","):
        name, _semicolon, weight = part.partition(";")
        code = name.strip().lower().partition("-")[0]
        try:
            liked = float(weight.strip().lower().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if code in LANGUAGES and most < liked <= 1:
            best, most = code, liked
    return best


def of_locale(environment: Mapping[str, str]) -> str:
    """The one of LANGUAGES that the locale is of, as gettext reads the environment; the first if it is of none."""
    names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, names), "C")
    # Whoever asks for no language has none translated, whatever LANGUAGE prefers.
    is_none = re.split("[.@]", locale)[0] in ("C", "POSIX")
    preferred = "" if is_none else environment.get("LANGUAGE") or locale
    codes = (re.split("[_.@]", name)[0].lower() for name in preferred.split(":"))
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Say everything in that one of LANGUAGES meanwhile. KeyError if it is none of them."""
    _catalogue(chosen)
    before = _chosen.set(chosen)
    try:
        yield
    finally:
        _chosen.reset(before)


def N_(message: str) -> str:  # as everybody calls it
    """The message itself, which is said in another place: marks it for the catalogues."""
    return message


def gettext(message: str, /, **values: object) -> str:
    """The message in the language that is spoken, with its values."""
    return message_of(message).format(**values)


def message_of(message: str) -> str:
    """The message in the language that is spoken, its braces still in it."""
    return _catalogue(language()).gettext(message)


def message_of_many(one: str, many: str, n: int) -> str:
    """The same of a number."""
    return _catalogue(language()).ngettext(one, many, n)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """The same of a number, which is also the value n: one or many, as the language has it."""
    return message_of_many(one, many, n).format(n=n, **values)


def pgettext(context: str, message: str, /, **values: object) -> str:
    """The same of a message that means different things in different places; context says which."""
    return _catalogue(language()).pgettext(context, message).format(**values)


@cache
def _catalogue(chosen: str) -> NullTranslations:
    if chosen not in LANGUAGES:
        raise KeyError(chosen)
    if chosen == LANGUAGES[0]:
        return NullTranslations()
    folder = files(__package__).joinpath("locale")
    return translation(_DOMAIN, str(folder), [chosen])
