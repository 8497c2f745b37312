"""Which titles name no program that one could apply for, and by which rule.

A word tells only where it is no part of a program's own name: 実績報告 is a form, 実績報告書作成支援補助金 a program.
"""

import re
from collections.abc import Callable

from sqlite_utils_personalization.catalogue.areas import PREFECTURES

_GRANT = r"(?:(?:補助|助成|奨励|交付|給付|支援|協力|資)金|補助|助成|支援|事業|制度|融資|貸付|プログラム|プロジェクト)"
# What ends a name, and what follows a form's name within it.
_BREAKS = r"\s()\[\]【】〔〕「」『』<>《》、。,:;/|~_*※!?"
_REST = re.compile(rf"[^{_BREAKS}]*")
_NAME = re.compile(rf"{_GRANT}等?$")
_MONEY = re.compile(r"補助金|補助事業|助成金|助成事業|交付金|奨励金|給付金|支援金")

_PREFECTURE = f"(?:{'|'.join(PREFECTURES)})"
_SITE = re.compile(
    rf"(?:\||\s[-–]\s|/(?=[^/]*(?:ホームページ|公式サイト|とりネット)|\s?{_PREFECTURE}$)|\(トップ /).*$"
)
_SITE_FIRST = re.compile(rf"^{_PREFECTURE}\s?(?:[/:|]|-\s)\s?(?:[^:]{{0,10}}:)?")
_YEAR_FIRST = re.compile(r"^(?:令和|平成)(?:\d{1,2}|元)年度?\s?")
_BRACKET = re.compile(r"\s*[(【<「][^()【】<>「」]*[)】>」]$")

_CALL = r"(?:受付|募集|公募|申込み?|応募|申請|取り扱い|予約|エントリー)(?:期間)?"
_END = r"(?:終了|休止|停止|中止|打ち?切り?)"
_OVER = re.compile(
    rf"{_CALL}[はをが]?{_END}|(?:^|[【(\[<※*!\s]){_END}(?=[】)\]>※*!\s]|$|しま|いたしま|致しま|済)"
    r"|終了した(?:制度|事業|補助金|支援)|(?:終了|廃止)(?:し|いたし|致し|となり)ました"
    r"|(?:締め?切り?|〆切り?)(?:ました|済)|(?:締め?切|〆切)った|[【(\[](?:受付|募集|申請)?(?:締め?切り?|〆切り?)[】)\]]"
)
# After it, and before it: closing soon, on a day, when the money is spent, or not.
_PAST = re.compile(r"(?:し|いたし|致し|となり)ました|済|した")
_NOT_OVER = re.compile(
    r"[のが]?(?:間近|間際|直前|目前|迫|近|前|まで|まであと|日|月|時[期刻間]|予定|見込|次第|見通し)"
    r"|を?(?:延期?長?|見送|撤回|先送|繰り?延)|[はがも:]\s?(?!しま|いたしま|致しま|済)|に(?:ご注意|近)"
    r"|\s?(?:(?:令和|R)?\d{1,4}[年./-])?\d{1,2}[月/]\d|し(?:ない|ておりません|ていません|そう)|しません|せず"
)
_NOT_YET = re.compile(
    r"(?:まもなく|間もなく|もうすぐ|近日中?に?|近く|本日|明日|今週末?で?|今月末?で?|月末で?|一部(?:で|の)?|次第|場合は?|\d日(?:で|に|付で|をもって)?)"
    r"[、,]?\s?(?:新規)?$"
)
_STILL = re.compile(r"(?:募集|受付|公募)(?:期間)?中(?![止断])|(?:募集|受付|公募)を?再開")


def _is_over(title: str) -> bool:
    if _STILL.search(title):
        return False
    for found in _OVER.finditer(title):
        is_past = _PAST.match(title, found.end()) or found[0].endswith("ました")
        before = title[max(0, found.start() - 20) : found.start()]
        if is_past or not (_NOT_OVER.match(title, found.end()) or _NOT_YET.search(before)):
            return True
    return False


def _outside_names(pattern: str) -> Callable[[str], bool]:
    """Whether the pattern stands somewhere in a title where it is no part of a program's name."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def search(title: str) -> bool:
        return any(_is_outside(found) for found in compiled.finditer(title))

    return search


def _is_outside(found: re.Match[str]) -> bool:
    rest = _REST.match(found.string, found.end())
    return not (rest and _NAME.search(rest[0]))


def _anywhere(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda title: bool(compiled.search(title))


def _without_money(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda title: not _MONEY.search(title) and bool(compiled.search(title))


_PROCEDURE = (
    r"(?:実績|状況|完了|終了|年次|中間|遂行|事業化|企業化)報告|控除税額|[【(]交付申請|交付申請手続|交付申請書|計画変更承認|事前着手"
    r"|[(]共同申請|[2-9]年目申請用|(?:撤回|変更|中止|廃止|辞退|取下げ?|着手)届|(?<!生活)(?<!行動)様式"
    r"|完了後の?(?:各種)?(?:申請|手続|報告|提出)|各種(?:変更)?(?:申請|届出?|手続)|変更(?:承認)?申請|(?:採択|交付決定)後の"
    r"|(?:精算|概算)払|額の確定|財産(?:の?処分|等?の?管理台帳)|取下げ?書|(?:補助金|助成金|交付)請求"
)
_RULES = r"(?:交付|実施|補助金)(?:要綱|要領|要項|規則)|要綱名|施行細則"
_TENDER = (
    r"競争入札|入札参加|プロポーザル|企画競争|企画提案(?:競技|コンペ)|受託(?:候補)?者|委託(?:業務|事業)?(?:者|先)?の?(?:公募|募集|選定)"
    r"|委託事業者|委託(?:$|\s*[(])"
)
_SURVEY = (
    r"調査(?:事業|業務|研究)?[)」』】\s]*(?:に係る|に関する|等)?[)」』】\s]*の?(?:公募|募集|委託|企画競争)|調査[)」』】\s]*(?:[(_]?[\d一二三四]次公募\)?)?$"
    r"|[「『][^」』]*調査[^」』]*[」』]+の公募|意見を?(?:の)?募集|パブリックコメント|アンケート(?!.*支援)"
)
_SEARCH = r"検索(?:結果|ページ|画面|一覧|サイト|$)|(?:補助金|助成金|支援)[^\s]{0,6}(?:を|から)検索"

_PLAN = re.compile(
    r"^(?!.*(?:補助|助成|奨励|給付|支援金|認定|作成|策定)).*"
    r"(?:計画|ビジョン|(?<!応援)(?<!支援)(?<!サポート)プラン|ガイドライン|指針|確保方針|広域化|コンセッション|PPP|企業団|連携協定)$"
)
_LICENCE = re.compile(r"(?:許可|登録|届出|免許)(?=$|\s*[(/|]|\s-\s)")
_GIVES = re.compile("補助|助成|支援|奨励|取得|制度|資金")

_HEADINGS = re.compile(
    r"^(?:page top|translate|音声よみあげ|https?://)|へ移動$|ジャンプします|^[^\s|]*[課班部局]$|[課部局]トップ$|^\S{1,8}G$"
    r"|細事項名|(?:問い?合わ?せ先?|リンク先?|URL)$|^(?:概\s要|摘\s要|称)(?:\s|$)|^詳しくは|^動画メニュー$|のページ$"
    r"|^サイトマップ|^よくある|^Q&A$|^404|Not Found$|ポリシー$|^令和\d+年度$|に関すること$|元気な企業$"
    r"|(?:セミナー|イベント)情報$|(?:に関する|に対する)(?:支援(?:制度|策)?|助成制度)$|への支援制度$|支援ナビ$|料金表$|譲与税$|支援機関$|各種支援事業$"
    r"|^(?:Bahasa Indonesia|Portugu[eê]s|Tagalog|Español|English|Tiếng Việt|中文.*|한국어|नेपाली.*|မြန်မာ.*)$"
    r"|^(?:やさしい)?日本語$"
    r"|(?:マルシェ|全国大会|甲子園|パンフレット|ハンドブック|メールマガジン|に関するデータ|審議会|(?:審査|実行)委員会|連携会議|ラウンドテーブル)$",
    re.IGNORECASE,
)
# A heading of a site is made of these alone; a program is named by something else.
_GENERAL = re.compile(
    "補助金|助成金|補助|助成|支援|制度|融資|事業|相談|情報|一覧|関連|関係|入札|電子|手続き?|申請|届出|公募|募集|コンペ"
    "|中小企業|小規模|企業|事業者|産業|商工業|商工|商業|農林|農業|林業|畜産|水産業?|土木|しごと|労働|就職|雇用|健康|福祉|医療|介護|保健"
    "|暮らし|くらし|生活|環境|エネルギー|廃棄物|グリーンイノベーション|防災|安全|安心|危機管理|レジリエンス|教育|子育て|青少年|育成|児童"
    "|文化|スポーツ|芸術|活動|観光|魅力|リトリート|県政|計画|DX|デジタル化?|男女共同参画|女性|DV|障がい者|障害者|活躍|推進|センター|窓口"
    "|人権|金融|共済|減税|税|その他|取り?組み?|各種|ページ|トップ|サイト|ホームページ|公式|リンク|概要|広告|寄附|地域|まちづくり|づくり"
    "|国際|交流|食|技術|研究会|フォーラム|特別|施策|支援策|おすすめ|主な|ポータル|総合|統合|優遇|向け|みなさまへ|皆様へ|振興|業種|全般|貸付金?"
    "|経営|創業|ベンチャー|誘致|サービス業?|目的別|施設|こども|子ども|里親|養子縁組|生活困窮者|帰宅困難者|就業|就労|立地|対策|活用|等|の|と|や|へ|に関すること|[()・、,/\\s:>-]"
)
_SEVERAL = re.compile(
    "[・、,/]|(?:支援|情報|関連|関係|相談|センター|窓口|教育|活躍|推進|振興|(?<!事)業|づくり|取り組み|活動|対策)$"
)
_ONLY_MONEY = re.compile(
    "(?:各種|主な|その他の?|おすすめの?)?(?:補助金?|助成金?|支援(?:策|制度)?)(?:等|関係)?"
)


def _core(title: str) -> str:
    """title without the name of its site, and without brackets at its end."""
    core = _SITE.sub("", _SITE_FIRST.sub("", title)).strip()
    core = _YEAR_FIRST.sub("", core) or core
    return _BRACKET.sub("", core) or core


def _is_navigation(title: str) -> bool:
    core = _core(title)
    if not core or _HEADINGS.search(title) or _HEADINGS.search(core):
        return True
    if re.fullmatch(rf"{_PREFECTURE}(?:公式)?(?:ホームページ|サイト)?", core):
        return True
    if _ONLY_MONEY.fullmatch(core):
        return True
    return bool(_SEVERAL.search(core)) and not _GENERAL.sub("", core)


_ALWAYS: dict[str, Callable[[str], bool]] = {
    "practice form": _anywhere("申請練習"),
    "closed": _is_over,
    "procedure": _outside_names(_PROCEDURE),
    "document": _anywhere(r"[(\[](?:PDF|Word|Excel|ワード|エクセル)"),
    "grant rules": _outside_names(_RULES),
    "search page": _outside_names(_SEARCH),
    "survey": _without_money(_SURVEY),
    "plan": lambda title: bool(_PLAN.search(_core(title))),
}
_TO_THE_END = r"\s*(?:[(【<「].*|[-|/].*)?$"
_UNDATED: dict[str, Callable[[str], bool]] = {
    "notice": _anywhere(
        rf"(?:について|お知らせ|案内|(?:皆様|みなさま|皆さま|(?:お考えの|ご検討の|受けたい)方)へ){_TO_THE_END}|交付決定|採択"
        r"|ご相談ください|お願いします|(?:実施|設置)しています|しませんか|を受賞|質問への回答"
        r"|(?:決定|公表|募集|公募|開始|開催|掲載|更新|紹介|実施)し(?:ます|ました)"
    ),
    "case study": _anywhere("事例|実施状況|支出状況|結果報告|成果報告|効果検証"),
    "directory": _anywhere("一覧|案内ハブ|リンク集|(?:補助金|支援制度)の?概要"),
    "tender": _outside_names(_TENDER),
    "recruitment": _anywhere(
        "(?:訓練生|受講生|受講者|職員|入居者|利用者|入植者|委員|モニター|ボランティア)(?:を|の)?募集"
    ),
    "by-law": _anywhere(
        r"(?:条例|規則)(?:$|\s*[(|/・-]|\s*(?:の?一部)?(?:改正|改定|制定|施行))|に関する法律$"
        r"|(?:宿泊税|入湯税)(?:$|\s)|措置命令|罰則化|規制強化|行政処分|連座制|投票制度"
    ),
    "licence": lambda title: bool(_LICENCE.search(title) and not _GIVES.search(title)),
    "navigation": lambda title: _is_navigation(title),
}


def no_program(title: str, dated: bool) -> str | None:
    """Name of the rule by which a plain title is no program, if any; read-only.

    dated says that it has a closing date: then an announcement is a call one can answer.
    """
    rules = _ALWAYS if dated else _ALWAYS | _UNDATED
    return next((rule for rule, holds in rules.items() if holds(title)), None)
