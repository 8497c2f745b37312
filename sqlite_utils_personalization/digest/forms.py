"""A document as plain text and as one page of HTML: no script, nothing fetched, fit for a mail."""

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from sqlite_utils_personalization.customer_api.envelope import DISCLAIMER
from sqlite_utils_personalization.digest.texts import amount_text, date_text
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import ngettext, pgettext

# Titles of the same family that are named.
_NAMED = 3


def text(document: Mapping[str, Any]) -> str:
    """The document as plain text, in the language that is spoken, which is its own; one blank line between items."""
    lines = [document["subject"], ""]
    for heading, items in _sections(document):
        lines += [f"■ {heading}", ""]
        for number, item in enumerate(items, 1):
            lines.append(f"{number}. {item['title']}")
            lines += [f"   {line}" for line, _ in _lines(item)]
            lines.append("")
    lines += [line for part in _end(document) for line in (part, "")]
    return "\n".join(lines[:-1]) + "\n"


def html(document: Mapping[str, Any]) -> str:
    """The document as a page, with the same sentences."""
    page = files(__package__).joinpath("digest.html").read_text(encoding="utf-8")
    return Template(page).substitute(
        language=document["language"],
        subject=escape(document["subject"]),
        sections="\n".join(
            f"<h2>{escape(heading)}</h2>\n<ol>\n{''.join(_html_item(one) for one in items)}</ol>"
            for heading, items in _sections(document)
        ),
        end="\n".join(f"<p>{escape(part)}</p>" for part in _end(document)),
    )


def _sections(document: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    if document["programs"]:
        yield _("New programs"), document["programs"]
    if document["changes"]:
        yield _("Changes in programs that interest you"), document["changes"]


def _end(document: Mapping[str, Any]) -> Iterator[str]:
    if document["more"]:
        yield ngettext("{n} more is new.", "{n} more are new.", document["more"])
    if document["dismiss"]:
        yield document["dismiss"]
    yield document["note"]
    if isinstance(said := document.get(DISCLAIMER), str):
        yield said


def _lines(item: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The lines below a title, and where each leads."""
    between = pgettext("digest", "; ")
    yield " / ".join(_facts(item)), None
    if item["reasons"]:
        yield _("Why: {reasons}", reasons=between.join(item["reasons"])), None
    if item["others"]:
        values = {"n": len(item["others"]), "titles": between.join(item["others"][:_NAMED])}
        if item["others"][_NAMED:]:
            yield _("and {n} more of this program: {titles}; ...", **values), None
        else:
            yield _("and {n} more of this program: {titles}", **values), None
    if item["url"]:
        yield _("Details: {url}", url=item["url"]), item["url"]
    if item["dismiss_url"]:
        yield _("Not for us: {url}", url=item["dismiss_url"]), item["dismiss_url"]


def _facts(item: Mapping[str, Any]) -> Iterator[str]:
    if item["closes_on"]:
        yield _closes(date_text(item["closes_on"]), item["days_left"])
    elif item["closing"] == "rolling":
        yield _("applications at any time")
    else:
        yield _("no closing date is published")
    if item["amount_yen"]:
        yield _("up to {amount}", amount=amount_text(item["amount_yen"]))
    yield item["area"]


def _closes(date: str, left: int) -> str:
    if not left:
        return _("closes on {date} (today)", date=date)
    return ngettext(
        "closes on {date} ({n} day left)", "closes on {date} ({n} days left)", left, date=date
    )


def _html_item(item: Mapping[str, Any]) -> str:
    lines = "".join(
        f'<p><a href="{escape(url)}">{escape(line)}</a></p>' if url else f"<p>{escape(line)}</p>"
        for line, url in _lines(item)
    )
    return f'<li><h3 lang="ja">{escape(item["title"])}</h3>{lines}</li>\n'
