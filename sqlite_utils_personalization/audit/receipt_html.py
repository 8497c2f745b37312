"""A receipt as one page for people: to read, to print, and to open offline, where it checks itself.

It says each sentence of the check in both languages, since whoever is handed it may not have chosen its language.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
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
from sqlite_utils_personalization.language import LANGUAGES, language, ngettext, pgettext, speaking
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.kinds import COMPONENTS, KINDS, POINTS, Declared

_JAPANESE = {kind.name: kind.japanese for kind in KINDS}


def receipt_html(receipt: Mapping[str, Any]) -> str:
    """Return the page, of what the customer got; it says nothing that is not in the receipt. Read-only.

    Its script states once more what verify_receipt.py checks, and holds the page to the receipt that is in it as JSON.
    """
    seal, proof = receipt["seal"], receipt["proof"]
    origin, seals, head, *_end = receipt["head"].split("\n")
    values = {
        "title": _(
            "Receipt of profile {profile_id}, night of {as_of}",
            profile_id=receipt["profile_id"],
            as_of=receipt["as_of"],
        ),
        "origin": origin,
        "head": head,
        "root": seal["root"],
        "path": proof["path"],
        "seal": _("{seal_id} of the {seals} under that head", seal_id=seal["seal_id"], seals=seals),
        "leaf": _(
            "{leaf_index} of {tree_size}, counted from 0",
            leaf_index=proof["leaf_index"],
            tree_size=proof["tree_size"],
        ),
        "json": canonical_json(receipt),
        **_labels(),
    }
    page, script = _packaged("receipt.html"), _packaged("receipt.js")
    return Template(page).substitute(
        {name: escape(str(value)) for name, value in values.items()},
        language=language(),
        policy=policy(),
        heading=_both(lambda: _("Recommendation receipt")),
        customer=_("profile {profile_id}", profile_id=_bound(receipt, "profile_id")),
        night=_(
            "{day}, run {run_id}", day=_day(receipt["as_of"]), run_id=_bound(receipt, "run_id")
        ),
        served_at=_instant(receipt["served_at"]),
        declared=_declared(Declared(**receipt["declared"])),
        tables="\n".join(_tables(receipt)),
        disclaimer=_disclaimer(receipt.get("_disclaimer")),
        unchecked=_both(lambda: _("Not checked yet: a browser checks this page when it opens it.")),
        steps="\n".join(_steps(receipt, seals)),
        templates="\n".join(_templates()),
        script=script,
    )


def policy() -> str:
    """What the page allows itself: its own style and script, by their digests, and nothing else."""
    _, _, styled = _packaged("receipt.html").partition("<style>")
    style, _, _ = styled.partition("</style>")
    allowed = f"style-src {_source(style)}; script-src {_source(_inline_script())}"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _inline_script() -> str:
    return f"\n{_packaged('receipt.js')}"


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _packaged(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _labels() -> dict[str, str]:
    return {
        "customer_label": _("Customer"),
        "night_label": _("Night"),
        "served_label": _("Recommended at"),
        "dates": _("All dates are calendar days in Japan (JST, UTC+9)."),
        "check_heading": _("Check"),
        "kept_label": _(
            "A head that was kept where nobody could change it, as personalization-seal printed it:"
        ),
        "worth": _(
            "The receipt alone cannot tell whether it was made up as a whole: a head that was kept elsewhere can. Who"
            " signed a head is not checked here. The check is a script in this page, and worth as much as whoever gave"
            " it to you; its digest, {digest}, is the same in every page of this version.",
            digest=_source(_inline_script()).strip("'"),
        ),
        "proof_heading": _("Proof"),
        "log_label": _("Log"),
        "head_label": _("Head"),
        "seal_label": _("Seal"),
        "root_label": _("Merkle root"),
        "leaf_label": _("Leaf"),
        "path_label": _("Path"),
        "trust_nobody": _(
            "Whoever trusts nobody saves the JSON below and checks it with a program of their own, or with this one,"
            " which needs nothing but Python:"
        ),
        "json_label": _("The receipt as JSON"),
    }


def _steps(receipt: Mapping[str, Any], seals: str) -> Iterator[str]:
    """Each step of the check: what is claimed, and room for whether it holds and where it does not."""
    state = _both(lambda: _("not checked"))
    for name, say in _claims(receipt, seals).items():
        yield f'<li data-step="{name}"><b>{state}</b><div>{_both(say)}<code></code></div></li>'


def _claims(receipt: Mapping[str, Any], seals: str) -> dict[str, Callable[[], str]]:
    """What each step of receipt.js confirms."""
    seal, proof = receipt["seal"], receipt["proof"]
    n = sum(len(listed["places"]) for listed in receipt["lists"])
    of = {"first": seal["first_rec_id"], "last": seal["last_rec_id"]}
    leaf = {"customer": receipt["profile_id"], "n": proof["leaf_index"], "of": proof["tree_size"]}
    return {
        "shown": lambda: _("What this page shows is what was checked."),
        "night": lambda: _("The night is the one that was sealed."),
        "model": lambda: _("The constants of the formula are those of the sealed night."),
        "items": lambda: ngettext(
            "{n} item is what its digest was taken of.",
            "{n} items are what their digests were taken of.",
            n,
        ),
        "scores": lambda: ngettext(
            "{n} score follows from what was declared, the item and the constants.",
            "{n} scores follow from what was declared, the items and the constants.",
            n,
        ),
        "ranking": lambda: _("Every list is in the order of rank, and no longer than it may be."),
        "lists": lambda: _("The lists are what their digests were taken of."),
        "rows": lambda: _(
            "Every row is within the rows that the seal covers, {first} to {last}.", **of
        ),
        "counts": lambda: _("The seal covers no more rows and customers than the night counted."),
        "proof": lambda: _(
            "Customer {customer} is leaf {n} of {of} under the sealed root.", **leaf
        ),
        "seal": lambda: _(
            "The seal is number {n} of {of} under the head.", n=seal["seal_id"], of=seals
        ),
        "head": lambda: _("The head continues every earlier one that is in the receipt."),
    }


def _templates() -> Iterator[str]:
    """What the script puts where it has looked, by name; a word with a shape and a colour."""
    said: dict[str, tuple[str, str, Callable[[], str]]] = {
        "holds": ("ok", "✓", lambda: _("holds")),
        "fault": ("fault", "✕", lambda: _("does not hold")),
        "intact": ("ok", "✓", lambda: _("Intact, as far as the receipt alone can tell.")),
        "broken": ("fault", "✕", lambda: _("Broken: a step of the check does not hold.")),
        "unreadable": (
            "fault",
            "✕",
            lambda: _("Not a receipt: what is in this page cannot be read."),
        ),
        "nothing": ("note", "", lambda: ""),
        "same": ("ok", "✓", lambda: _("The receipt is under the head that was kept.")),
        "other": (
            "fault",
            "✕",
            lambda: _("Another head was kept: this receipt, or its whole log, was made up anew."),
        ),
        "silent": (
            "note",
            "",
            lambda: _(
                "That head tells nothing of this receipt: take a later one, or ask for a receipt made with it."
            ),
        ),
        "no-head": ("note", "", lambda: _("That is no head.")),
    }
    for name, (css, shape, say) in said.items():
        yield f'<template id="{name}"><strong class="{css}">{shape} {_both(say)}</strong></template>'


def _both(say: Callable[[], str]) -> str:
    """What is said, in the language that is spoken, and under it in the other."""
    (other,) = (code for code in LANGUAGES if code != language())
    here = say()
    with speaking(other):
        there = say()
    return f'{escape(here)} <span class="note" lang="{other}">{escape(there)}</span>'


def _bound(receipt: Mapping[str, Any], name: str) -> str:
    # The script holds it to the receipt.
    return f'<b data-is="{name}">{escape(str(receipt[name]))}</b>'


def _disclaimer(said: object) -> str:
    return f"<p>{escape(said)}</p>" if isinstance(said, str) else ""


def _declared(declared: Declared) -> str:
    return "\n".join(
        f"<dt>{escape(_capital(fact.label))}</dt><dd>{_shown(fact)}</dd>"
        for fact in describe_declared(declared)
    )


def _tables(receipt: Mapping[str, Any]) -> Iterator[str]:
    places = [place for listed in receipt["lists"] for place in listed["places"]]
    rows = [place for place in places if place["rec_id"] is not None]
    names = (_("Row"), _("Item"), *_parts(), _("Score"))
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    for kind, found in groupby(rows, key=lambda row: row["candidate"]["recommendation_type"]):
        title = escape(_capital(kinds(kind)))
        also = "" if language() == "ja" else f" {_japanese(f'({_JAPANESE[kind]})')}"
        caption = _("{kinds}, best first; the row is the number in the log", kinds=title)
        yield f"<h2>{title}{also}</h2>\n<table>"
        yield f"<caption>{caption}</caption>"
        yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
        yield from (_row(row, _evaluation(receipt, row)) for row in found)
        yield "</tbody>\n</table>"


def _parts() -> tuple[str, ...]:
    return tuple(_capital(component_name(name)) for name in COMPONENTS)


def _row(row: Mapping[str, Any], found: Evaluation) -> str:
    item = found.candidate
    facts = describe_item(item)
    # In an element of its own and with every character, because the script holds it to the receipt.
    title = f'<span lang="ja">{escape(item.title)}</span>'.replace("\r", "&#13;")
    note = (escape(item.item_id), _shown(facts["prefectures"]), escape(facts["closes_on"].phrase))
    cells = "".join(
        f'<td data-label="{escape(name)}">{escape(sentence)}</td>'
        for name, sentence in zip(_parts(), component_sentences(found), strict=True)
    )
    of_score, between = escape(_("Score")), pgettext("list", ", ")
    return (
        f'<tr><td>{escape(str(row["rec_id"]))}</td><th scope="row">{title}'
        f'<span class="note">{between.join(note)}'
        f'</span></th>{cells}<td data-label="{of_score}"><strong>{escape(str(row["score"]))}</strong>'
        f'<span class="note">{escape(total_sentence(found))}</span></td></tr>'
    )


def _evaluation(receipt: Mapping[str, Any], row: Mapping[str, Any]) -> Evaluation:
    declared, item = Declared(**receipt["declared"]), Candidate(**row["candidate"])
    found = evaluate_alone(receipt["as_of"], declared, item, canonical_json(receipt["model"]))
    return found._replace(points=Points(tuple(row[name] for name in POINTS), row["score"]))


def _shown(fact: Described) -> str:
    return _japanese(fact.text) if fact.is_japanese else escape(fact.text)


def _day(day: str) -> str:
    return f'<time data-is="as_of" datetime="{escape(day)}">{escape(day)}</time>'


def _instant(instant: str) -> str:
    japan = f"{parse_moment(instant).astimezone(JAPAN):%Y-%m-%d %H:%M:%S}"
    text = _("{time} JST (UTC+9)", time=japan)
    return f'<time datetime="{escape(instant)}">{escape(text)}</time>'


def _japanese(text: str) -> str:
    return escape(text) if language() == "ja" else f'<span lang="ja">{escape(text)}</span>'


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
