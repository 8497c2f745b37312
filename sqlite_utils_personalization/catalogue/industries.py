"""Industries: the twenty divisions of the Japan Standard Industrial Classification, as letters."""

import re
from collections.abc import Iterable, Mapping

from sqlite_utils_personalization.catalogue.candidate import ANY, UNKNOWN, LeftOut
from sqlite_utils_personalization.catalogue.plain_text import normal

# Official names of 2013 and 2023. The 、 is inside a name: 農業、林業 is one division.
DIVISIONS = {
    "A": "農業、林業",
    "B": "漁業",
    "C": "鉱業、採石業、砂利採取業",
    "D": "建設業",
    "E": "製造業",
    "F": "電気・ガス・熱供給・水道業",
    "G": "情報通信業",
    "H": "運輸業、郵便業",
    "I": "卸売業、小売業",
    "J": "金融業、保険業",
    "K": "不動産業、物品賃貸業",
    "L": "学術研究、専門・技術サービス業",
    "M": "宿泊業、飲食サービス業",
    "N": "生活関連サービス業、娯楽業",
    "O": "教育、学習支援業",
    "P": "医療、福祉",
    "Q": "複合サービス事業",
    "R": "サービス業(他に分類されないもの)",
    "S": "公務(他に分類されるものを除く)",
    "T": "分類不能の産業",
}
# jGrants also gives names cut at their 、 and no two divisions share a piece.
_PIECES = {piece: letter for letter, name in DIVISIONS.items() for piece in name.split("、")}


_BETWEEN = re.compile(r"[/,、;\s]+")
_RUN = re.compile("[A-T]+")
# Letters to nobody who writes it.
_NO_RUN = {"IT"}


def industries(text: object, any_from: int) -> str:
    """Letters in order, ANY from any_from of them on, UNKNOWN where none is stated; read-only.

    Takes official names, whole or in pieces, letters, or `any`. What is none of these is passed over.
    """
    if normal(text) == ANY:
        return ANY
    found = {letter for name in _BETWEEN.split(normal(text)) for letter in _named(name)}
    return _spelt(found, any_from)


def industries_stated(text: object, any_from: int, packs: Mapping[str, str]) -> str:
    """The same of what a person wrote for this: also what certain() takes, packs by name, and `unknown`; read-only.

    LeftOut where any of it is none of these.
    """
    said = normal(text)
    if said.casefold() in (ANY, UNKNOWN):
        return said.casefold()
    letters: set[str] = set()
    for name in filter(None, _BETWEEN.split(said)):
        found = packs.get(name) or _named(name) or certain(name)
        if not found:
            raise LeftOut("industry not readable")
        letters.update(found)
    return _spelt(letters, any_from)


def _named(name: str) -> str:
    is_run = _RUN.fullmatch(name) and name not in _NO_RUN
    return name if is_run else _PIECES.get(name, "")


# The last of the standard's two-digit groups in each division.
_LAST_GROUPS = (2, 4, 5, 8, 32, 36, 41, 49, 61, 67, 70, 74, 77, 80, 82, 85, 87, 96, 98, 99)
_GROUP = {
    f"{number:02}": letter
    for letter, first, last in zip(DIVISIONS, (0, *_LAST_GROUPS), _LAST_GROUPS, strict=False)
    for number in range(first + 1, last + 1)
}


def certain(text: str) -> str:
    """Letters in order of what a person or another program wrote, none unless all of it can only mean those; read-only.

    Takes letters in either case, official names, whole or in pieces, and two-digit groups, in any width, separated.
    """
    letters: set[str] = set()
    for name in filter(None, _BETWEEN.split(normal(text).upper())):
        letter = name if name in DIVISIONS else _PIECES.get(name) or _GROUP.get(name)
        if letter is None:
            return ""
        letters.add(letter)
    return "".join(sorted(letters))


def _spelt(letters: Iterable[str], any_from: int) -> str:
    spelt = "".join(sorted(letters))
    return ANY if len(spelt) >= any_from else spelt or UNKNOWN


class Keywords:
    """The model's keywords, for titles of items that state no industry."""

    def __init__(self, letters: Mapping[str, str], any_from: int) -> None:
        self._letters = {normal(word): found for word, found in letters.items() if normal(word)}
        self._any_from = any_from
        longest_first = sorted(self._letters, key=lambda word: (-len(word), word))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def read(self, title: str) -> tuple[str, str]:
        """Industries of the keywords in title, and those keywords joined by commas; read-only.

        A keyword inside a longer one does not count, so that the longer can correct the shorter.
        """
        found = sorted(set(self._pattern.findall(title)))
        letters = {letter for keyword in found for letter in self._letters[keyword]}
        return _spelt(letters, self._any_from), ",".join(found)
