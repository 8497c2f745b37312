"""What a model and its user are told of each tool before it is called, in Japanese and in English."""

from dataclasses import dataclass

from mcp.types import ToolAnnotations

from sqlite_utils_personalization.billing.delivery import UNIT_PRICE_YEN


@dataclass(frozen=True)
class Described:
    """Name, title, description and hints of one tool."""

    name: str
    title: str
    description: str
    annotations: ToolAnnotations


SET_PREFERENCE = Described(
    "personalization.set_preference",
    "希望条件を設定 / Set what you are looking for",
    "補助金などの推薦に使う希望条件を宣言します。渡した項目だけが変わり、次の夜の推薦から有効です。"
    "引数なしで呼ぶと現在の宣言を返します。同じ呼び出しを繰り返しても結果は変わりません。無料。\n"
    "Declares what recommendations are made by. Only what is given changes, null takes it back, and it counts from the"
    " next night on. Without arguments it tells what is declared. The same call again changes nothing. Free of charge.",
    # It overwrites what was declared before.
    ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
    ),
)
LIST_RECOMMENDATIONS = Described(
    "personalization.list_recommendations",
    "推薦を受け取る / Receive recommendations",
    f"推薦を新しい夜から順に、理由つきで受け取ります。有料: 1件{UNIT_PRICE_YEN}円(税抜)。同じ推薦は日本時間の1日に"
    "1回だけ課金され、やり直しても二重に課金されません。preview=true は題名だけで無料です。\n"
    f"Hands over recommendations with their reasons, newest night first. Each costs {UNIT_PRICE_YEN} yen, tax excluded,"
    " once a day in Japan however often it is asked for, so a call may be repeated safely. With preview=true it shows"
    " titles only, free of charge.",
    # Not idempotent: the same call on another day is charged again.
    ToolAnnotations(
        read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
    ),
)
EXPLAIN = Described(
    "personalization.explain",
    "推薦の理由 / Why this recommendation",
    "受け取った推薦1件について、その夜に保存された記録から点数を計算し直し、なぜ推薦されたか、次点は何かを説明します。無料。\n"
    "Explains one recommendation that you were given: its score computed again from what its night stored, what you had"
    " declared, and what came next. Free of charge.",
    ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    ),
)
