"""Japanese areas: prefectures, regional blocks, the whole country, abroad."""

import re
import unicodedata
from functools import lru_cache

from sqlite_utils_personalization.catalogue.candidate import NATIONWIDE, LeftOut
from sqlite_utils_personalization.catalogue.plain_text import normal

_NAMES = (
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 "
    "新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 "
    "奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 "
    "熊本県 大分県 宮崎県 鹿児島県 沖縄県"
)
PREFECTURES = tuple(_NAMES.split())

# The eight blocks of jGrants, taken apart at the ・ inside three of them.
_BLOCKS = {
    "東北": "青森県 岩手県 宮城県 秋田県 山形県 福島県",
    "関東": "茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県",
    "甲信越": "新潟県 山梨県 長野県",
    "東海": "岐阜県 静岡県 愛知県 三重県",
    "北陸": "富山県 石川県 福井県",
    "近畿": "滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県",
    "中国": "鳥取県 島根県 岡山県 広島県 山口県",
    "四国": "徳島県 香川県 愛媛県 高知県",
    "九州": "福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県",
}
_AREAS: dict[str, tuple[str, ...]] = {
    **{name: tuple(members.split()) for name, members in _BLOCKS.items()},
    "全国": PREFECTURES,
    NATIONWIDE: PREFECTURES,
    "海外": (),
}
# Tokyo Metropolis is one name.
_BETWEEN = re.compile(r"(?:[/,、;・]|\s(?!(?:prefecture|metropolis)\b))+", re.IGNORECASE)


@lru_cache(maxsize=10_000)
def prefectures(text: object, strict: bool = False) -> str:
    """Official names in the usual order, joined by commas, or NATIONWIDE; read-only.

    Takes what official_prefecture takes, blocks, 全国 and `nationwide`. No area stated excludes nobody: NATIONWIDE.
    LeftOut where the text names nothing in Japan; a name that is no area is passed over beside one that is, unless
    strict.
    """
    names = [name.removesuffix("地方") for name in _BETWEEN.split(normal(text)) if name]
    areas = list(map(_area, names))
    if not areas:
        return NATIONWIDE
    known = {prefecture for area in areas if area for prefecture in area}
    if None in areas and (strict or not known):
        raise LeftOut("area not readable")
    if not known:
        raise LeftOut("overseas only")
    everywhere = len(known) == len(PREFECTURES)
    return NATIONWIDE if everywhere else ",".join(p for p in PREFECTURES if p in known)


def _area(name: str) -> tuple[str, ...] | None:
    """The prefectures of one area, none of one abroad; None if it is not known as an area."""
    found = official_prefecture(name)
    return (found,) if found else _AREAS.get(name.casefold())


_ROMAN = (
    "hokkaido aomori iwate miyagi akita yamagata fukushima ibaraki tochigi gunma saitama chiba tokyo kanagawa "
    "niigata toyama ishikawa fukui yamanashi nagano gifu shizuoka aichi mie shiga kyoto osaka hyogo "
    "nara wakayama tottori shimane okayama hiroshima yamaguchi tokushima kagawa ehime kochi fukuoka saga nagasaki "
    "kumamoto oita miyazaki kagoshima okinawa"
)
_SPELT = (
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
            if name.endswith(ending) and (found := _SPELT.get(name.removesuffix(ending))):
                return found
    return None


def _without_macrons(text: str) -> str:
    # Of Latin letters only: taken apart, ギ would lose its voicing too.
    return unicodedata.normalize("NFD", text).replace("\u0304", "").replace("\u0302", "")
