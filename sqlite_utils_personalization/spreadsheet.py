"""CSV whose texts a spreadsheet takes for text: titles and ids are other people's, and =HYPERLINK(...) is a formula."""

import codecs
import re
from typing import Any

# Full-width signs too, which spreadsheets in Japanese take for the others; and what one passes over before them.
_FORMULA = re.compile(
    "[\\s\\x00-\\x1f\\xa0\\u200b-\\u200f\\u2060\\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]"
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_CELL = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n)')


def as_text(value: Any) -> Any:
    """The value of a cell, with a ' before a text that would be a formula; any other value as it is."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


class TextCells:
    """The same for CSV that comes in pieces, where a number is not told from its text."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._left = ""

    def feed(self, piece: bytes, *, is_last: bool) -> bytes:
        """What can be sent on once the piece is there: all that is left after the last."""
        text = self._left + self._decode(piece, is_last)
        at, cells = 0, []
        while found := _CELL.match(text, at):
            cells.append(_cell(found[1]) + found[2])
            at = found.end()
        self._left = text[at:]
        if is_last:
            cells.append(_cell(self._left))
        return "".join(cells).encode()


def _cell(written: str) -> str:
    if written.startswith('"'):
        return f'"{as_text(written[1:])}'
    return written if _NUMBER.fullmatch(written) else str(as_text(written))
