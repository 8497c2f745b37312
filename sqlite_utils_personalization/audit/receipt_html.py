"""A receipt as one page for people: no script, nothing fetched, printable."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Any

from sqlite_utils_personalization.catalogue.candidate import NATIONWIDE, Candidate
from sqlite_utils_personalization.clock import JAPAN
from sqlite_utils_personalization.formula.declared import NO_INDUSTRY, Declared
from sqlite_utils_personalization.formula.evaluation import Constants, Evaluation, Points
from sqlite_utils_personalization.formula.sentences import (
    PLURALS,
    component_sentences,
    days,
    industries,
    total_sentence,
)

_JAPANESE = {
    "program": "制度",
    "industry_pack": "業種パック",
    "saved_search": "保存した検索",
    "amendment": "制度の変更",
}
_HEADINGS = ("Row", "Item", "Industry", "Deadline", "Risk", "Score")


def receipt_html(receipt: Mapping[str, Any]) -> str:
    """Return the page; it says nothing that is not in the receipt. Read-only."""
    page = files(__package__).joinpath("receipt.html").read_text(encoding="utf-8")
    seal = receipt["seal"]
    values = {
        **{name: receipt[name] for name in ("profile_id", "run_id", "as_of", "head")},
        **{name: seal[name] for name in ("seal_id", "root")},
        **receipt["proof"],
    }
    return Template(page).substitute(
        {name: escape(str(value)) for name, value in values.items()},
        as_of_day=_day(receipt["as_of"]),
        served_at=_instant(receipt["served_at"]),
        declared=_declared(Declared(**receipt["declared"])),
        tables="\n".join(_tables(receipt)),
    )


def _declared(declared: Declared) -> str:
    industry, horizon = declared.industries, declared.horizon_days
    stated = {
        "Industry": (
            "a pack that the model does not know"
            if industry == NO_INDUSTRY
            else industry and _japanese(industries(industry))
        ),
        "Prefecture": declared.prefecture and _japanese(declared.prefecture),
        "Deadline horizon": horizon and days(horizon),
        "Risk tolerance": declared.risk_level,
    }
    return "\n".join(
        f"<dt>{name} declared</dt><dd>{value or 'none'}</dd>" for name, value in stated.items()
    )


def _tables(receipt: Mapping[str, Any]) -> Iterator[str]:
    rows = [row for listed in receipt["lists"] for row in listed["rows"]]
    for kind, found in groupby(rows, key=lambda row: row["candidate"]["recommendation_type"]):
        title = PLURALS[kind].capitalize()
        heads = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
        yield f"<h2>{title} {_japanese(f'({_JAPANESE[kind]})')}</h2>\n<table>"
        yield f"<caption>{title}, best first; the row is the number in the log</caption>"
        yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
        yield from (_row(row, _evaluation(receipt, row)) for row in found)
        yield "</tbody>\n</table>"


def _row(row: Mapping[str, Any], found: Evaluation) -> str:
    item = found.candidate
    cells = "".join(f"<td>{escape(sentence)}</td>" for sentence in component_sentences(found))
    return (
        f'<tr><td>{row["rec_id"]}</td><th scope="row">{_japanese(item.title)}'
        f'<span class="note">{escape(item.item_id)}, {_area(item.prefectures)}, {_closing(item.closes_on)}'
        f'</span></th>{cells}<td><strong>{row["score"]}</strong>'
        f'<span class="note">{escape(total_sentence(found))}</span></td></tr>'
    )


def _evaluation(receipt: Mapping[str, Any], row: Mapping[str, Any]) -> Evaluation:
    item, model = Candidate(**row["candidate"]), receipt["model"]
    weights = model["weights"]
    return Evaluation(
        receipt["as_of"],
        Declared(**receipt["declared"]),
        item,
        Constants(
            industry_weight=weights["industry"],
            deadline_weight=weights["deadline"],
            risk_weight=weights["risk"],
            urgent_days=model["urgent_days"],
            cap=model["caps"][item.recommendation_type],
        ),
        days_left=_days_between(receipt["as_of"], item.closes_on),
        is_open=True,
        in_area=True,
        in_industry=True,
        points=Points(
            row["industry_points"], row["deadline_points"], row["risk_points"], row["score"]
        ),
    )


def _days_between(as_of: str, closes_on: str | None) -> int | None:
    if closes_on is None:
        return None
    return (date.fromisoformat(closes_on) - date.fromisoformat(as_of)).days


def _area(prefectures: str) -> str:
    return prefectures if prefectures == NATIONWIDE else _japanese(prefectures.replace(",", "、"))


def _closing(closes_on: str | None) -> str:
    return f"closes {_day(closes_on)}" if closes_on else "no closing date"


def _day(day: str) -> str:
    return f'<time datetime="{day}">{day}</time>'


def _instant(instant: str) -> str:
    # Before Python 3.11 fromisoformat knows no Z.
    japan = datetime.fromisoformat(instant.replace("Z", "+00:00")).astimezone(JAPAN)
    return f'<time datetime="{instant}">{japan:%Y-%m-%d %H:%M:%S} JST (UTC+9)</time>'


def _japanese(text: str) -> str:
    return f'<span lang="ja">{escape(text)}</span>'
