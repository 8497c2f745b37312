"""Families: the rounds, frames, years and reposts of one programme, told by title, area and issuer.

In doubt two families: an item shown twice costs a place, a programme hidden behind another is lost to the customer.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlite_utils_personalization.catalogue.areas import PREFECTURES, official_prefecture
from sqlite_utils_personalization.catalogue.candidate import NATIONWIDE
from sqlite_utils_personalization.catalogue.plain_text import normal

# Characters read of a title as it comes, and of the same normalised: no title costs more than these.
RAW_LENGTH, LENGTH = 2000, 300
# A shorter name tells a programme from no other by itself; endings are cut while this much of it stays.
DISTINCT, SHORTEST = 8, 6
# How many places are tried at which the name of a page might end and that of its site begin.
BARS = 9

_N = "(?:[0-9]{1,3}|[一二三四五六七八九十元]{1,3})"
_CALL = "(?:公募|募集|受付|締)"
_PART = r"(?:分(?=[\W_]|$))?"
_TIMES = re.compile(
    # Before a month it is the name of a disaster: 令和2年7月豪雨.
    rf"(?:(?:令和|平成)\s?{_N}|(?<!\d)20[12]\d)(?!\d)(?!年\d+月(?!{_CALL}))\s?(?:年産(?=[\W_]|$)|年?度?)(?:における)?"
    r"|(?<![A-Za-z0-9])R\s?\d{1,2}(?:\.\d{1,2}(?=[\W_]|$)|(?![\d.A-Za-z]))年?度?"
    rf"|第\d年度|(?:(?:第?{_N}次)?補正(?:予算)?案?|当初(?:予算)?){_PART}"
)
_ROUNDS = re.compile(
    rf"(?:第\s?{_N}\s?[回次期弾]目?(?!産業|元|世代|電池|総合|計画)"
    # Without 第 only where a call follows, or nothing: 6次産業, 二次電池 and 三次元 are names.
    rf"|(?<![0-9一二三四五六七八九十第]){_N}(?:[回次期]目|[回次期](?=公募|募集|締|受付|申請|登録|分|[\s_:]|$)))"
    rf"(?:受付|申請)?(?:公募|募集|締め?切り?|申請受付|申請|受付)?{_PART}"
    r"|(?:追加|再|最終)(?:公募|募集|申請受付|受付)|[前後上下]半?期(?:公募|募集|受付|分)"
    rf"|受付\d(?!\d)|\d{{1,2}}月(?:{_CALL}|\d{{1,2}}日)|(?:{_N}|初)年[目度](?:申請用)?"
)
# Of an application or a page: a word or a bracket with nothing else in it names nothing.
_FURNITURE = re.compile(
    "(?:代表|間接補助|補助|応募)?事業者|(?:企業)?登録|(?:事業)?執行団体|基金設置法人|団体公募|事務局|事業完了後|国庫債務負担行為"
    "|(?:新規|継続|単年度|複数年度|補助)事業|複数年度|単年度|後年度|期間延長|早期着手|(?:単独|共同|個別|一括|支給)?申請"
    "|応募|公募|募集|交付|受付|予告|開始|継続|新規|施行|試行|繰越|締切|案内|間接|補助金|助成金|補助|助成|予算"
    "|および|及び|並びに|^新$|[用中案分のとに]"
)
_ENDING = re.compile(
    "(?:に係るもの|(?:に係る)?補助事業者|申請受付|公募|募集|申請|受付|開始|をします|しました|について|のお知らせ|のご案内|の概要|とは"
    "|補助金|助成金|交付金|事業|制度|補助|助成|[費等の])$"
)
_EMPTY = re.compile(
    "補助|助成|支援|融資|入札|公募|募集|事業|制度|情報|一覧|電子|手続|申請|交付|[金費用き]"
)
# Who runs a programme for its ministry applies elsewhere than who is paid by it.
_ROLES = {"執行団体": re.compile("執行団体|事務局"), "基金": re.compile("基金設置法人")}

_STATE = re.compile("(?:省|庁|内閣府|日本商工会議所|全国商工会連合会分?)$")
_AGENCY = re.compile(
    "(?:局|監[督理]部|支部|機構|センター|財団|公社|協会|協議会|企業会|連合会分?|会議所|プラザ|産業21|[A-Z]{4})$"
)
_BUDGET_LINE = re.compile("(?:(?:事業|対策|研究)費等?(?:補助金|交付金|助成金|委託費)|事業費)$")
_GRANT = re.compile("(?:補助金|助成金|奨励金|交付金|支援金|給付金|協力金)$")
_NAME = re.compile("(?:事業|もの|支援|調査|助成|補助|プログラム)$|^うち")
_FRAME_WORD = re.compile("(?:枠|型|タイプ|部門|クラス|メニュー|コース|版)$")
_FRAME = re.compile(
    f"{_FRAME_WORD.pattern}|コース|^(?:事業|区分|フェーズ)[IVX0-9]"
    "|(?:区分|分野|地域|地区|[者等用分]|向け|以外|のみ|除く|特例|ローン|ボンド|公募|募集)$"
)

_PREFECTURE = re.compile("|".join(PREFECTURES))
_SHORT = {name.removesuffix(name[-1]): name for name in PREFECTURES if name != "北海道"}
_CITY = re.compile(
    r"(?!都市|農村|山村|漁村|市[区町]|区市)[^\W\d_]{0,5}?[^\W\d_地特全同各農漁][市区町村](?![場街町村内民立営道市区])"
)
_PLACE = re.compile(rf"({'|'.join((*PREFECTURES, *_SHORT))})?({_CITY.pattern})?(?:内|内企業)?")
_SITE = re.compile(r"\||\s[-–]\s|/(?=[^/]*(?:公式サイト|ホームページ)[^/]*$|[^/]{0,5}[都道府県]$)")
_OPEN, _CLOSE, _LABEL = "【[〔(<≪《〈〖", "】]〕)>≫》〉〗", "【[〔"
# One character by another; a quoted name begins a word of its own.
_ALIKE = str.maketrans("靭厶髙﨑「『“", "靱ム高崎   ", '」』”"')
_EDGES = " ・_、,./:|~-‐–"
_TOWN_HALLS = ("city", "town", "vill")
_HALLS = ("pref", "metro", *_TOWN_HALLS)
_PORTALS = ("jgrants-portal.go.jp",)
_KINDS = ("ac", "ad", "co", "ed", "go", "gr", "lg", "ne", "or")


class Family(NamedTuple):
    """What an item belongs to.

    key: one programme of one area and issuer; it begins with the area. name: the same wherever it is offered, for
    who declared no area; the key, where the name is too short to tell. frame: which part of it the item is.
    """

    key: str
    name: str
    frame: str


class _Source(NamedTuple):
    area: str
    city: str = ""
    agency: str = ""
    desk: str = ""


def family(title: str, prefectures: str, issuer: str) -> Family | None:
    """The family of an item, or None where its title names nothing: then it is its own; read-only.

    prefectures as a candidate has them, issuer as issuer() says, empty where not known. Of a title only the
    first LENGTH characters count.
    """
    text = normal(title[:RAW_LENGTH])[:LENGTH].translate(_ALIKE)
    head, brackets = _apart(text)
    words = list(filter(None, map(_bare, re.split(r"[\s_~]+", _timeless(head)))))
    source, words, said = _placed(_Source(prefectures), words, brackets)
    core, frames = _core(words, said)
    if len(core) < 2 or not _EMPTY.sub("", core):
        return None
    core += "".join(f"+{role}" for role, sign in _ROLES.items() if sign.search(text))
    key = f"{source.area}@{_who(source, issuer, core)}|{core}"
    frame = " ".join(" ".join((source.desk, *frames)).split())
    return Family(key, core if len(core) >= DISTINCT else key, frame)


def issuer(url: str) -> str:
    """The public body behind an address, city.chino.lg.jp; empty where it is a portal of everybody's; read-only."""
    try:
        parts = urlsplit(url[:RAW_LENGTH])
        labels = [re.sub(r"[^\w-]", "", label) for label in (parts.hostname or "").split(".")]
    except ValueError:
        return ""
    for at, label in enumerate(labels):
        if label in _HALLS:
            return ".".join(labels[at:])
        if label == "g-reiki":
            # A register of by-laws: the first folder is the town.
            return "/".join([".".join(labels[at:]), *re.findall(r"^/*([\w.-]+)", parts.path)])
    # co.jp, lg.jp and their like say what a body is, not which.
    host = ".".join(labels[-3 if labels[-2:-1] and labels[-2] in _KINDS else -2 :])
    return "" if host in _PORTALS else host


def _apart(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands outside of brackets, up to the name of the site; how each bracket opens and what it says."""
    bars = [found.start() for found in _SITE.finditer(text)][:BARS]
    ends = {at for at in bars if _tells(text[:at])}
    pending: list[str] = [""]
    brackets: list[tuple[str, str]] = []
    for at, character in enumerate(text + _CLOSE[0] * sum(map(text.count, _OPEN))):
        if at in ends and len(pending) == 1:
            break
        if character in _OPEN:
            pending.append(character)
        elif character not in _CLOSE:
            pending[-1] += character
        elif len(pending) > 1:
            bracket = pending.pop()
            said = _bare(bracket[1:])
            if len(pending) > 1:
                pending[-1] += said
            else:
                pending[0] += " "
                brackets.append((bracket[0], said))
    return pending[0], brackets


def _tells(text: str) -> bool:
    """Whether text names more than a prefecture."""
    return len(_squeezed(_FURNITURE.sub("", _PREFECTURE.sub("", _timeless(text))))) > 1


def _timeless(text: str) -> str:
    return _ROUNDS.sub(" ", _TIMES.sub(" ", text))


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def _bare(text: str) -> str:
    """text without years and rounds; empty where furniture is all it has."""
    said = _timeless(text).strip(_EDGES)
    return said if _squeezed(_FURNITURE.sub("", said)) else ""


def _placed(
    source: _Source, words: list[str], brackets: list[tuple[str, str]]
) -> tuple[_Source, list[str], list[str]]:
    """Where the item comes from, and the words and brackets that say something else."""
    rests = []
    for opening, rest in brackets:
        for piece in re.split("[_:/|]", rest):
            found = _place(source, piece.strip(_EDGES), opening in _LABEL)
            if found is not None:
                source, rest = found, rest.replace(piece, "", 1)
        rests.append(rest.strip(_EDGES))
    if len(words) > 1 and _SHORT.get(words[0], words[0]) == source.area:
        words = words[1:]
    head = words[0] if words else ""
    prefecture = _PREFECTURE.match(head)
    if prefecture and source.area in (NATIONWIDE, prefecture.group()):
        source, head = source._replace(area=prefecture.group()), head[prefecture.end() :]
    if not source.city and (city := _CITY.match(head)):
        source = source._replace(city=city.group())
    words = [re.sub(f"^(?:{re.escape(source.city)})+", "", word) for word in (head, *words[1:])]
    return source, list(filter(None, words)), list(filter(None, rests))


def _place(source: _Source, said: str, is_label: bool) -> _Source | None:
    """source with the place or the office that is all that a bracket says; None where it says something else."""
    if said.endswith("課") or (is_label and _STATE.search(said)):
        return source._replace(desk=said)
    if is_label and _AGENCY.search(said):
        inside = _PREFECTURE.search(said)
        # A prefecture's agencies run its programmes, its chambers of commerce the state's.
        if "商工" in said or (source.area == NATIONWIDE and not inside):
            source = source._replace(agency=_squeezed(said))
        return _at(source._replace(desk=said), inside.group() if inside else "", "")
    found = _PLACE.fullmatch(said)
    return _at(source, found[1] or "", found[2] or "") if found and any(found.groups()) else None


def _at(source: _Source, prefecture: str, city: str) -> _Source:
    prefecture = _SHORT.get(prefecture, prefecture)
    if prefecture and source.area == NATIONWIDE:
        source = source._replace(area=prefecture)
    elif prefecture != source.area:
        city = city or prefecture
    return source._replace(city=source.city or city)


def _core(words: list[str], brackets: list[str]) -> tuple[str, list[str]]:
    """The name of the programme, and which frames of it the title names."""
    if not words:
        words, brackets = brackets[-1:], brackets[:-1]
    last = len(words)
    while last > 1 and _FRAME_WORD.search(words[last - 1]) and "補助金" not in words[last - 1]:
        last -= 1
    frames, words = words[last:], words[:last]
    if words and _BUDGET_LINE.search(words[0]) and len(_name("".join(words[1:]))) >= DISTINCT:
        words = words[1:]
    head = "".join(words)
    is_line, is_grant = _BUDGET_LINE.search(head), _GRANT.search(head)
    names, details = [], []
    for said in brackets:
        if _NAME.search(said):
            names.append(_name(said))
        elif _FRAME.search(said) or (is_grant and not is_line):
            frames.append(said)
        elif not _BUDGET_LINE.search(said):
            details.append(_name(said))
    # A line of a budget says only where the money of what it names in brackets comes from.
    is_named = is_line and len("".join(names)) >= DISTINCT
    return "+".join(filter(None, ("" if is_named else _name(head), *names, *details))), frames


def _name(text: str) -> str:
    """text without what is said around a name, and without 補助金, 事業 and their like at its end."""
    part = re.split("(?:^|[の業費金])うち", text)[-1]
    name = _squeezed(part if len(part) > DISTINCT else text).lower()
    name = re.sub(r"(?<=金)\d$", "", name)
    while SHORTEST <= len(shorter := _ENDING.sub("", name)) < len(name):
        name = shorter
    # One year's X等の導入 is another's X導入.
    return re.sub("[等の]", "", name)


def _who(source: _Source, issuer: str, core: str) -> str:
    kind, _, place = issuer.partition(".")
    if kind in _TOWN_HALLS:
        return issuer
    is_own = kind in _HALLS and official_prefecture(place.partition(".")[0]) == source.area
    # A body of the state is known by its programmes; jGrants does not name it.
    is_known = kind not in _HALLS and source.area == NATIONWIDE and len(core) >= DISTINCT
    issuer = "" if is_own or is_known else issuer
    return "+".join(filter(None, (issuer, source.city or source.agency)))
