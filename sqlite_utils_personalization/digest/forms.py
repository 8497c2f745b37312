"""A document as plain text and as one page of HTML: no script, nothing fetched, fit for a mail."""

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from sqlite_utils_personalization.customer_api.envelope import DISCLAIMER
from sqlite_utils_personalization.digest.texts import Texts

# Titles of the same family that are named.
_NAMED = 3
_SECTIONS = (("programs", "new"), ("changes", "changes"))


def text(document: Mapping[str, Any], texts: Texts) -> str:
    """The document as plain text; one blank line between items."""
    lines = [document["subject"], ""]
    for heading, items in _sections(document, texts):
        lines += [f"■ {heading}", ""]
        for number, item in enumerate(items, 1):
            lines.append(f"{number}. {item['title']}")
            lines += [f"   {line}" for line, _ in _lines(item, texts)]
            lines.append("")
    lines += [line for part in _end(document, texts) for line in (part, "")]
    return "\n".join(lines[:-1]) + "\n"


def html(document: Mapping[str, Any], texts: Texts) -> str:
    """The document as a page, with the same sentences."""
    page = files(__package__).joinpath("digest.html").read_text(encoding="utf-8")
    return Template(page).substitute(
        language=document["language"],
        subject=escape(document["subject"]),
        sections="\n".join(
            f"<h2>{escape(heading)}</h2>\n<ol>\n{''.join(_html_item(one, texts) for one in items)}</ol>"
            for heading, items in _sections(document, texts)
        ),
        end="\n".join(f"<p>{escape(part)}</p>" for part in _end(document, texts)),
    )


def _sections(
    document: Mapping[str, Any], texts: Texts
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for name, heading in _SECTIONS:
        if document[name]:
            yield texts(heading), document[name]


def _end(document: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    if document["more"]:
        yield texts("more", count=document["more"])
    if document["dismiss"]:
        yield document["dismiss"]
    yield document["note"]
    if isinstance(said := document.get(DISCLAIMER), str):
        yield said


def _lines(item: Mapping[str, Any], texts: Texts) -> Iterator[tuple[str, str | None]]:
    """The lines below a title, and where each leads."""
    yield " / ".join(_facts(item, texts)), None
    if item["reasons"]:
        yield texts("why", reasons=texts("and").join(item["reasons"])), None
    if item["others"]:
        named = texts("and").join(item["others"][:_NAMED])
        rest = texts("others_rest") if item["others"][_NAMED:] else ""
        yield texts("others", count=len(item["others"]), titles=named + rest), None
    for name, heading in (("url", "details"), ("dismiss_url", "dismiss_link")):
        if item[name]:
            yield texts(heading, url=item[name]), item[name]


def _facts(item: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    if item["closes_on"]:
        left = texts("days_left", days=item["days_left"]) if item["days_left"] else texts("today")
        yield texts("closes", date=texts.date(item["closes_on"]), left=left)
    else:
        yield texts("rolling" if item["closing"] == "rolling" else "unknown")
    if item["amount_yen"]:
        yield texts("amount", amount=texts.amount(item["amount_yen"]))
    yield item["area"]


def _html_item(item: Mapping[str, Any], texts: Texts) -> str:
    lines = "".join(
        f'<p><a href="{escape(url)}">{escape(line)}</a></p>' if url else f"<p>{escape(line)}</p>"
        for line, url in _lines(item, texts)
    )
    return f'<li><h3 lang="ja">{escape(item["title"])}</h3>{lines}</li>\n'
