"""The page of a search: every reading of a text is tried and shown, in the same order whatever is found."""

import sqlite3
from functools import partial
from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.links import Links
from sqlite_utils_personalization.viewer.pages.audit_page import (
    AuditPage,
    Found,
    WrongField,
)
from sqlite_utils_personalization.viewer.pages.csv_export import PageList
from sqlite_utils_personalization.viewer.pages.found_things import things
from sqlite_utils_personalization.viewer.pages.named_rows import named_rows
from sqlite_utils_personalization.viewer.pages.parameters import PageParameter, after, one_of, words
from sqlite_utils_personalization.viewer.pages.readable import readable
from sqlite_utils_personalization.viewer.pages.readings import KINDS, READINGS, look_up
from sqlite_utils_personalization.viewer.pages.title_search import TITLES, search_titles

_SIZE = 12
_KINDS = (*(kind.kind for kind in KINDS), *TITLES)
# What is there to be found: the newest of each.
_EXAMPLES = """
SELECT (SELECT max(rec_id) FROM am_personalization_recommendation_log) AS rec_id,
    (SELECT as_of FROM am_personalization_run ORDER BY run_id DESC LIMIT 1) AS as_of,
    (SELECT substr(tree_root, 1, 8) FROM am_personalization_seal ORDER BY seal_id DESC LIMIT 1) AS head
"""


@readable
def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """q; read_as, the readings it can have; results by kind, of what can be read so: rows, total and next.

    after is the number of rows before those that are shown, of the kind that is asked for, of title if none is. total
    is None where only what is shown was counted.
    """
    text, kind, start = found.asked["q"] or "", found.asked["kind"], found.asked["after"] or 0
    if not text:
        (examples,) = named_rows(db, _EXAMPLES, {})
        return {"q": "", "read_as": [], "results": {}, "examples": examples}
    starts = {name: start if name == (kind or "title") else 0 for name in _KINDS}
    results: dict[str, Any] = {}
    read_as = [name for name, reading in READINGS.items() if reading(text) is not None]
    for one in KINDS:
        if one.reading in read_as and kind in (None, one.kind):
            rows, more = look_up(db, one, text, starts[one.kind], _SIZE)
            is_all = more is None and not starts[one.kind]
            results[one.kind] = {"rows": rows, "total": len(rows) if is_all else None, "next": more}
    titles = {name: starts[name] for name in TITLES if kind in (None, name)}
    for name, titled in search_titles(db, text, titles, _SIZE).items():
        results[name] = titled._asdict()
    return {"q": text, "read_as": read_as, "results": results, "examples": None}


def _read_titles(name: str, db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """rows, the items of a kind whose title has every word, from after on; next, and total, how many there are."""
    text = found.asked["q"]
    if not text:
        raise WrongField("q", _("say what to look for"), 400)
    starts = {name: found.asked["after"] or 0}
    return search_titles(db, text, starts, found.asked["size"])[name]._asdict()


@readable
def show(found: Found, data: dict[str, Any]) -> dict[str, Any]:
    """What each reading found, as sentences with links, the lists of items, and hints where nothing was asked."""
    links, results = found.links, data["results"]
    texts = {"q": data["q"], "kind": found.asked["kind"]}
    return {
        "title": _("Search: {q}", q=data["q"]) if data["q"] else _("Search"),
        "has_search": True,
        "crumbs": [(_("Overview"), links.home()), (_("Search"), "")],
        "readings": _readings(links, data),
        "totals": {kind: results[kind]["total"] for kind in TITLES if kind in results},
        "lists": [
            {
                "kind": kind,
                "start": (
                    found.asked["after"] or 0 if kind == (found.asked["kind"] or "title") else 0
                ),
                "next_url": results[kind]["next"]
                and links.search(**{**texts, "kind": kind, "after": results[kind]["next"]}),
                **results[kind],
            }
            for kind in TITLES
            if kind in results
        ],
        "all_url": found.asked["kind"] and links.search(q=data["q"]),
        "first_url": found.asked["after"] and links.search(**texts),
    }


def _readings(links: Links, data: dict[str, Any]) -> list[tuple[str, list[Markup]]]:
    labels = {
        "day": (_("As a day"), _("It is not a day.")),
        "number": (_("As a number"), _("It is not a number.")),
        "hash": (
            _("As a hash"),
            _("It is not the beginning of a hash: those are 4 or more of 0-9 and a-f."),
        ),
        "text": (_("As an item id"), ""),
    }
    shown = []
    for reading, (label, no) in labels.items():
        kinds = [
            kind.kind for kind in KINDS if kind.reading == reading and kind.kind in data["results"]
        ]
        lines: list[Markup] = []
        for kind in kinds:
            lines += things(links, kind, data["results"][kind], data["q"])
        if reading not in data["read_as"] and data["q"]:
            lines = [Markup.escape(no)]
        if lines:
            shown.append((label, lines))
    return shown


_Q = PageParameter("q", words, lambda: _("Search"))
PAGE = AuditPage(
    "search",
    "/search",
    read,
    show,
    (
        _Q,
        PageParameter("kind", one_of(*_KINDS), lambda: _("Kind")),
        after(),
    ),
    "overview",
    lists={name: PageList(partial(_read_titles, name), (_Q, after())) for name in TITLES},
)
