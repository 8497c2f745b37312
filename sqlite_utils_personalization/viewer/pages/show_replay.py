"""The page of one recommendation as HTML shows it: links, the waterfall, and times in Japan."""

from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.clock import japan_time
from sqlite_utils_personalization.formula.descriptions import describe_declared, describe_item
from sqlite_utils_personalization.model.kinds import COMPONENTS, Declared
from sqlite_utils_personalization.viewer.connections import file_name
from sqlite_utils_personalization.viewer.links import question_url, replay_url
from sqlite_utils_personalization.viewer.pages.charts import Step, waterfall

VERDICTS = {
    "reproduced": "The formula gives the same points and the same score again, from what that night stored.",
    "differs": "The formula does not give what was logged, from what that night stored.",
    "no evidence": "Another program wrote this row: the log says that something was recommended, nothing says what.",
    "evidence": "No night accounts for this row, nor do the rows of other programs, and the log was sealed beyond it.",
    "evidence broken": "The evidence of this row leads nowhere: something it was decided from is not in the file.",
}


def show_replay(datasette: Any, database: str, data: dict[str, Any]) -> dict[str, Any]:
    """What personalization_replay.html needs beside the data of the page."""
    run, item = data["run"], data["item"]
    return {
        "japan_time": japan_time,
        "meaning": VERDICTS.get(data["missing"]) or VERDICTS[data["verdict"]],
        "chart": _chart(data),
        "stored_differ": any(part["points"] != part["decided"] for part in data["components"]),
        "weights": _weights(data["model"]),
        "declared_rows": _declared(data["declared"]),
        "item_rows": _item(data["recommendation_type"], item),
        "changed": [fact for fact in (data["now"] or {}).get("facts", ()) if fact["changed"]],
        # By number, because a hash in an address ends up in logs.
        "customer_url": data["user_token_hash"]
        and question_url(
            datasette, database, "customer_recommendations", customer=data["profile_id"]
        ),
        "item_url": item
        and question_url(
            datasette,
            database,
            "item_recommendations",
            item_id=item["item_id"],
            type=data["recommendation_type"],
            night=run["run_id"],
        ),
        "night_url": run
        and question_url(datasette, database, "night_integrity", night=run["run_id"]),
        "now_url": f"{replay_url(datasette, database, data['rec_id'])}&now=on",
        "file": file_name(datasette, database),
    }


def _chart(data: dict[str, Any]) -> Markup | None:
    total, model = data["total"], data["model"]
    parts = data["components"]
    if not total or not all(
        isinstance(points, int)
        for points in (model["cap"], total["score"], *(part["points"] for part in parts))
    ):
        return None
    steps, end = [], 0
    for part in parts:
        steps.append(Step(part["name"], end, end + part["points"]))
        end += part["points"]
    if end > total["score"]:
        steps.append(Step(f"cap at {model['cap']}", end, total["score"]))
    steps.append(Step("score", 0, total["score"], is_total=True))
    return waterfall("points", "Points of this recommendation", total["sentence"], steps, 100)


def _declared(declared: dict[str, Any] | None) -> list[tuple[str, str]]:
    found = describe_declared(Declared(**declared)) if declared else ()
    return [(fact.label.capitalize(), fact.text) for fact in found]


def _item(kind: str, item: dict[str, Any] | None) -> list[tuple[str, str]]:
    if not item:
        return []
    given = {name: item[name] for name in Candidate._fields if name in item}
    found = describe_item(Candidate(kind, **given), item["days_left"])
    return [(fact.label.capitalize(), fact.text) for fact in found.values()]


def _weights(model: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {model[f'{name}_weight']}" for name in COMPONENTS) if model else ""
