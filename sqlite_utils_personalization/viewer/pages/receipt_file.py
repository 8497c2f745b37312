"""The receipt of one customer and night as a file: what personalization-receipt prints, as JSON or as its page."""

import json
import re
import sqlite3
from typing import Any

from datasette import Response

from sqlite_utils_personalization.audit.receipt import receipt
from sqlite_utils_personalization.audit.receipt_html import receipt_html
from sqlite_utils_personalization.customer_api.envelope import read_envelope
from sqlite_utils_personalization.errors import NotFound, PersonalizationError, sentence
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.formats import number
from sqlite_utils_personalization.viewer.pages.audit_page import AuditPage, Found
from sqlite_utils_personalization.viewer.pages.walk import PROOF, takes, walk_ms
from sqlite_utils_personalization.viewer.settings import PLUGIN

_LEAVES = "SELECT leaves FROM am_personalization_seal WHERE run_id = ?"


def read(db: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """profile_id, and the receipt with what the setting envelope adds.

    Failure 404 if there is none, 409 if it cannot be made, and 400 where the night is long and proof=on is not said.
    """
    number, run_id = found.vars["profile_id"], int(found.vars["run_id"])
    links = {_("This customer"): found.links.customer(number)}
    settings = found.datasette.plugin_config(PLUGIN) or {}
    try:
        if not re.fullmatch(r"[0-9]{1,16}", number, re.ASCII):
            raise NotFound("no customer has this number", "see the page of the customer")
        _need_time(db, found, run_id)
        made = receipt(db, int(number), run_id)
        made = read_envelope(settings.get("envelope", {})).receipt(db, made)
    except PersonalizationError as error:
        status = 404 if isinstance(error, NotFound) else 409
        what, todo = sentence(error.what), error.todo
        raise Failure(status, _("No receipt"), what, todo, links) from None
    return {"profile_id": made["profile_id"], "receipt": made}


def _need_time(db: sqlite3.Connection, found: Found, run_id: int) -> None:
    (leaves,) = db.execute(_LEAVES, (run_id,)).fetchone() or (0,)
    time = takes(leaves)
    if not time or found.asked["proof"] == "on":
        return
    url = found.links.receipt(
        found.vars["profile_id"], run_id, f".{found.vars['form']}", proof="on"
    )
    raise Failure(
        400,
        _("A receipt that takes its time"),
        _(
            "The proof goes through the {n} customers of the night, which takes {time}.",
            n=number(leaves),
            time=time,
        ),
        _("ask for it with proof=on"),
        {_("Make the receipt ({time})", time=time): url},
        "proof",
    )


def send(found: Found, data: dict[str, Any]) -> Response:
    """As a file to keep: the page has a script, which is to run on the reader's own machine and never here."""
    name = f"receipt-{data['profile_id']}-{found.vars['run_id']}.{found.vars['form']}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if found.vars["form"] == "html":
        return Response.html(receipt_html(data["receipt"]), headers=headers)
    text = json.dumps(data["receipt"], ensure_ascii=False, separators=(",", ":"))
    return Response(f"{text}\n", headers=headers, content_type="application/json; charset=utf-8")


PAGE = AuditPage(
    "receipt",
    r"/customer/(?P<profile_id>[^/]+)/receipt/(?P<run_id>[0-9]{1,16})\.(?P<form>json|html)",
    read,
    send,
    (PROOF,),
    "nights",
    walk_ms,
    is_personal=True,
)
