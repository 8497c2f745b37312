"""A receipt as one page for people: no script, nothing fetched, printable."""

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Any

from sqlite_utils_personalization.canonical import canonical_json
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.clock import JAPAN, parse_moment
from sqlite_utils_personalization.formula.descriptions import (
    Described,
    describe_declared,
    describe_item,
)
from sqlite_utils_personalization.formula.evaluation import Evaluation, Points, evaluate_alone
from sqlite_utils_personalization.formula.sentences import (
    component_sentences,
    total_sentence,
)
from sqlite_utils_personalization.model.kinds import (
    COMPONENTS,
    KINDS,
    PLURALS,
    POINTS,
    Declared,
)

_HEADINGS = ("Row", "Item", *(name.capitalize() for name in COMPONENTS), "Score")
_JAPANESE = {kind.name: kind.japanese for kind in KINDS}


def receipt_html(receipt: Mapping[str, Any]) -> str:
    """Return the page, of what the customer got; it says nothing that is not in the receipt. Read-only."""
    page = files(__package__).joinpath("receipt.html").read_text(encoding="utf-8")
    seal = receipt["seal"]
    values = {
        **{name: receipt[name] for name in ("profile_id", "run_id", "as_of")},
        **{name: seal[name] for name in ("seal_id", "root")},
        **receipt["proof"],
        **dict(zip(("origin", "seals", "head"), receipt["head"].split("\n"), strict=False)),
    }
    return Template(page).substitute(
        {name: escape(str(value)) for name, value in values.items()},
        as_of_day=_day(receipt["as_of"]),
        served_at=_instant(receipt["served_at"]),
        declared=_declared(Declared(**receipt["declared"])),
        tables="\n".join(_tables(receipt)),
        disclaimer=_disclaimer(receipt.get("_disclaimer")),
    )


def _disclaimer(said: object) -> str:
    return f"<p>{escape(said)}</p>" if isinstance(said, str) else ""


def _declared(declared: Declared) -> str:
    return "\n".join(
        f"<dt>{fact.label.capitalize()}</dt><dd>{_shown(fact)}</dd>"
        for fact in describe_declared(declared)
    )


def _tables(receipt: Mapping[str, Any]) -> Iterator[str]:
    places = [place for listed in receipt["lists"] for place in listed["places"]]
    rows = [place for place in places if place["rec_id"] is not None]
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
    facts = describe_item(item)
    cells = "".join(f"<td>{escape(sentence)}</td>" for sentence in component_sentences(found))
    return (
        f'<tr><td>{row["rec_id"]}</td><th scope="row">{_japanese(item.title)}'
        f'<span class="note">{escape(item.item_id)}, {_shown(facts["prefectures"])}, {facts["closes_on"].phrase}'
        f"</span></th>{cells}<td><strong>{row['score']}</strong>"
        f'<span class="note">{escape(total_sentence(found))}</span></td></tr>'
    )


def _evaluation(receipt: Mapping[str, Any], row: Mapping[str, Any]) -> Evaluation:
    declared, item = Declared(**receipt["declared"]), Candidate(**row["candidate"])
    found = evaluate_alone(receipt["as_of"], declared, item, canonical_json(receipt["model"]))
    return found._replace(points=Points(tuple(row[name] for name in POINTS), row["score"]))


def _shown(fact: Described) -> str:
    return _japanese(fact.text) if fact.is_japanese else escape(fact.text)


def _day(day: str) -> str:
    return f'<time datetime="{day}">{day}</time>'


def _instant(instant: str) -> str:
    japan = parse_moment(instant).astimezone(JAPAN)
    return f'<time datetime="{instant}">{japan:%Y-%m-%d %H:%M:%S} JST (UTC+9)</time>'


def _japanese(text: str) -> str:
    return f'<span lang="ja">{escape(text)}</span>'
