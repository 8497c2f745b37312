"""One spelling for text that was typed, scraped or exported in many."""

import unicodedata


def normal(value: object) -> str:
    """NFKC, each run of spaces one space, no control or invisible characters; None is empty.

    NFKC turns full-width digits, U+3000 and Kangxi radicals into the characters people search for.
    """
    if value is None:
        return ""
    text = str(value)
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable() or c.isspace())
    return " ".join(unicodedata.normalize("NFKC", text).split())
