"""A receipt as one page for people: no script, nothing fetched, printable."""

from collections.abc import Iterable, Iterator, Mapping
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
    component_name,
    component_sentences,
    kinds,
    total_sentence,
)
from sqlite_utils_personalization.language import N_, language, message_of, pgettext
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import COMPONENTS, KINDS, POINTS, Declared

_JAPANESE = {kind.name: kind.japanese for kind in KINDS}
_CHECK = "python verify_receipt.py receipt.json --head heads.txt"


def receipt_html(receipt: Mapping[str, Any]) -> str:
    """Return the page, of what the customer got; it says nothing that is not in the receipt. Read-only.

    In the language that is spoken.
    """
    page = files(__package__).joinpath("receipt.html").read_text(encoding="utf-8")
    return Template(page).substitute(
        language=language(),
        title=escape(
            _(
                "Receipt of profile {profile_id}, night of {as_of}",
                profile_id=receipt["profile_id"],
                as_of=receipt["as_of"],
            )
        ),
        heading=_heading(_("Recommendation receipt"), "推薦の控え"),
        night=_terms(_night(receipt)),
        declared=_terms(_declared(Declared(**receipt["declared"]))),
        days=escape(_("All dates are calendar days in Japan (JST, UTC+9).")),
        tables="\n".join(_tables(receipt)),
        disclaimer=_disclaimer(receipt.get("_disclaimer")),
        proof_heading=_heading(_("Proof"), "証明"),
        proof=_terms(_proof(receipt)),
        for_reading=_for_reading(),
    )


def _terms(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"<dt>{escape(name)}</dt><dd>{shown}</dd>" for name, shown in rows)


def _night(receipt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("Customer"), escape(_("profile {profile_id}", profile_id=receipt["profile_id"]))
    day, run_id = _day(receipt["as_of"]), escape(str(receipt["run_id"]))
    yield _("Night"), escape(message_of(N_("{day}, run {run_id}"))).format(day=day, run_id=run_id)
    yield _("Recommended at"), _instant(receipt["served_at"])


def _declared(declared: Declared) -> Iterator[tuple[str, str]]:
    return ((fact.label.capitalize(), _shown(fact)) for fact in describe_declared(declared))


def _proof(receipt: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    origin, seals, head, *_signatures = receipt["head"].split("\n")
    seal, proof = receipt["seal"], receipt["proof"]
    covered = _("{seal_id} of the {seals} under that head", seal_id=seal["seal_id"], seals=seals)
    leaf = _(
        "{leaf_index} of {tree_size}, counted from 0",
        leaf_index=proof["leaf_index"],
        tree_size=proof["tree_size"],
    )
    yield _("Log"), _code(origin)
    yield _("Head"), _code(head)
    yield _("Seal"), escape(covered)
    yield _("Merkle root"), _code(seal["root"])
    yield _("Leaf"), escape(leaf)
    yield _("Path"), _code(proof["path"])


def _for_reading() -> str:
    text = N_(
        "This page is for reading. The same receipt as a JSON file is checked by {command}, which needs nothing but"
        " Python and recomputes every score. The head is worth what it is compared with: one that was kept where nobody"
        " could change it."
    )
    return escape(message_of(text)).format(command=_code(_CHECK))


def _disclaimer(said: object) -> str:
    return f"<p>{escape(said)}</p>" if isinstance(said, str) else ""


def _tables(receipt: Mapping[str, Any]) -> Iterator[str]:
    places = [place for listed in receipt["lists"] for place in listed["places"]]
    rows = [place for place in places if place["rec_id"] is not None]
    parts = (component_name(name).capitalize() for name in COMPONENTS)
    headings = (_("Row"), _("Item"), *parts, _("Score"))
    heads = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    for kind, found in groupby(rows, key=lambda row: row["candidate"]["recommendation_type"]):
        title = kinds(kind).capitalize()
        caption = _("{kinds}, best first; the row is the number in the log", kinds=title)
        yield f"<h2>{_heading(title, _JAPANESE[kind])}</h2>\n<table>"
        yield f"<caption>{escape(caption)}</caption>"
        yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
        yield from (_row(row, _evaluation(receipt, row)) for row in found)
        yield "</tbody>\n</table>"


def _row(row: Mapping[str, Any], found: Evaluation) -> str:
    item = found.candidate
    facts = describe_item(item)
    note = pgettext("list", ", ").join(
        (escape(item.item_id), _shown(facts["prefectures"]), escape(facts["closes_on"].phrase))
    )
    cells = "".join(f"<td>{escape(sentence)}</td>" for sentence in component_sentences(found))
    return (
        f'<tr><td>{escape(str(row["rec_id"]))}</td><th scope="row">{_japanese(item.title)}'
        f'<span class="note">{note}'
        f"</span></th>{cells}<td><strong>{escape(str(row['score']))}</strong>"
        f'<span class="note">{escape(total_sentence(found))}</span></td></tr>'
    )


def _evaluation(receipt: Mapping[str, Any], row: Mapping[str, Any]) -> Evaluation:
    declared, item = Declared(**receipt["declared"]), Candidate(**row["candidate"])
    found = evaluate_alone(receipt["as_of"], declared, item, canonical_json(receipt["model"]))
    return found._replace(points=Points(tuple(row[name] for name in POINTS), row["score"]))


def _shown(fact: Described) -> str:
    return _japanese(fact.text) if fact.is_japanese else escape(fact.text)


def _day(day: str) -> str:
    return f'<time datetime="{escape(day)}">{escape(day)}</time>'


def _instant(instant: str) -> str:
    japan = parse_moment(instant).astimezone(JAPAN)
    text = _("{time} JST (UTC+9)", time=japan.strftime("%Y-%m-%d %H:%M:%S"))
    return f'<time datetime="{escape(instant)}">{escape(text)}</time>'


def _code(text: object) -> str:
    return f"<code>{escape(str(text))}</code>"


def _heading(text: str, japanese: str) -> str:
    """A heading; on a page in another language with what a Japanese reader looks for."""
    return escape(text) if language() == "ja" else f"{escape(text)} {_japanese(f'({japanese})')}"


def _japanese(text: str) -> str:
    return escape(text) if language() == "ja" else f'<span lang="ja">{escape(text)}</span>'
