"""The JSON twin of every page as a reader gets it, of a file that shows what there is to be shown."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.viewer.settings import PLUGIN

HOME = "/-/personalization"
MONTH = AS_OF[:7]
# Below HOME, of each page by its name: how its twin is called, and addresses that together have every key.
PAGES = {
    "overview": (".json", (".json",)),
    "search": ("/search.json", ("", *(f"?q={text}" for text in ("1", AS_OF, "EX-104", "補助金")))),
    "nights": ("/nights.json", ("",)),
    "night": ("/night/RUN_ID.json", ("/night/1.json", "/night/2.json")),
    "sample": ("/night/RUN_ID/sample.json", ("/night/1/sample.json?n=5",)),
    "compare": ("/compare/RUN_ID/RUN_ID.json", ("/compare/1/2.json?full=on",)),
    "customer": ("/customer/PROFILE_ID.json", ("/customer/1.json", "/customer/8.json")),
    "item": ("/item/TYPE/ITEM_ID.json", ("/item/program/EX-104.json?now=on",)),
    "recommendation": (
        "/replay/REC_ID.json",
        ("/replay/1.json?now=on&proof=on", "/replay/2.json"),
    ),
    "why_not": (
        "/why-not.json",
        ("?customer=1&item=EX-105&nearest=on", "?customer=1&item=補助金"),
    ),
    "money": ("/money/MONTH.json", (f"/money/{MONTH}.json",)),
    "money_class": (
        "/money/MONTH/CLASS.json",
        (f"/money/{MONTH}/delivered-but-not-charged.json",),
    ),
    "verification": ("/verification.json", ("",)),
    "accesses": ("/access.json", ("",)),
    "questions": ("/questions.json", ("",)),
    "question": (
        "/q/NAME.json",
        ("/q/nights.json", "/q/customer_recommendations.json?customer=1", "/q/deliveries.json"),
    ),
}
# These lead on, or give a receipt.
WITHOUT_TWIN = {"money_none", "receipt", "replay"}
# A verification finds it.
_FORGED = """
DROP TRIGGER am_personalization_recommendation_log_no_update;
UPDATE am_personalization_recommendation_log SET score = score - 1 WHERE rec_id = 2
"""


async def answers(path: Path, run: Callable[..., Any]) -> dict[str, tuple[list[Any], list[str]]]:
    """Of each page by the address of its twin: what that says, and the parameters it takes."""
    from viewer_fixtures import METADATA, close_served, serve

    from sqlite_utils_personalization.viewer.pages.parameters import EVERYWHERE
    from sqlite_utils_personalization.viewer.pages.routes import PAGES as OURS

    file = path.parent / "pages" / path.name
    file.parent.mkdir()
    shutil.copy(path, file)
    run("personalization-reconcile", file, "--month", MONTH, "--endpoint", "*", "--keep")
    with closing(sqlite3.connect(file)) as db:
        db.executescript(_FORGED)
    run("personalization-verify", file, "--keep", "-s")
    log = {"file": str(file.with_name("access.db")), "allow": True}
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    metadata["plugins"] = {PLUGIN: {"access_log": log}}
    datasette = await serve(file, metadata=metadata)
    taken = {page.name: [one.name for one in page.parameters] for page in OURS}
    found = {}
    for name, (twin, addresses) in PAGES.items():
        said = []
        for address in addresses:
            url = address if "json" in address else f"{twin}{address}"
            response = await datasette.client.get(f"{HOME}{url}")
            assert response.status_code == 200, (url, response.text)
            said.append(response.json())
        found[f"{HOME}{twin}"] = said, [*taken[name], *EVERYWHERE]
    close_served()
    return found
