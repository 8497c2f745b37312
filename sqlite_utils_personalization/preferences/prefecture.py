"""The official name of a prefecture, from however people write it."""

import unicodedata

from sqlite_utils_personalization.catalogue.areas import PREFECTURES

_ROMAN = (
    "hokkaido aomori iwate miyagi akita yamagata fukushima ibaraki tochigi gunma saitama chiba tokyo kanagawa "
    "niigata toyama ishikawa fukui yamanashi nagano gifu shizuoka aichi mie shiga kyoto osaka hyogo "
    "nara wakayama tottori shimane okayama hiroshima yamaguchi tokushima kagawa ehime kochi fukuoka saga nagasaki "
    "kumamoto oita miyazaki kagoshima okinawa"
)
_NAMES = (
    {name: name for name in PREFECTURES}
    | {name[:-1]: name for name in PREFECTURES if name != "北海道"}
    | dict(zip(_ROMAN.split(), PREFECTURES, strict=True))
)
_ENDINGS = (" prefecture", " metropolis", "-to", "-fu", "-ken", "-do")


def official_prefecture(text: str) -> str | None:
    """`東京`, `東京都`, `Tokyo`, `TOKYO-TO` and `Tōkyō` are 東京都; None for what names no prefecture; read-only."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    for name in (plain, _without_macrons(plain)):
        for ending in ("", *_ENDINGS):
            if name.endswith(ending) and (found := _NAMES.get(name.removesuffix(ending))):
                return found
    return None


def _without_macrons(text: str) -> str:
    # Of Latin letters only: taken apart, ギ would lose its voicing too.
    return unicodedata.normalize("NFD", text).replace("\u0304", "").replace("\u0302", "")
