"""What looks at a change of the model costs: impact, report and shadow, beside the night that they are about."""

import json
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from statistics import median

from benchmarks.database import create
from benchmarks.measure import Cost, number, plugin, ratios, report, seconds
from benchmarks.options import Options

_MILLION = 1_000_000


def main(options: Options) -> None:
    for customers in options.sizes:
        model = options.work / "other.json"
        model.write_text(other_model(), encoding="utf-8")
        _measure(options, customers, model)


def other_model() -> str:
    """The packaged model, with half of the notice and half of the points for risk."""
    text = files("sqlite_utils_personalization").joinpath("model/model.json").read_text("utf-8")
    model = json.loads(text)
    model["lead_days"] = {kind: days // 2 for kind, days in model["lead_days"].items()}
    model["weights"]["risk"] //= 2
    return json.dumps(model, ensure_ascii=False)


def _measure(options: Options, customers: int, model: Path) -> None:
    costs: dict[str, list[Cost]] = {"night": [], "night and shadow": [], "impact": [], "report": []}
    for number_ in range(options.repeats):
        path = options.work / f"models-{customers}-{number_}.db"
        create(path, customers, options.catalogue)
        shadowed = path.with_suffix(".shadow.db")
        create(shadowed, customers, options.catalogue)
        # Two nights, so that a report has one to compare with.
        days = [options.as_of + timedelta(days=each) for each in range(2)]
        plugin("score", path, "--as-of", days[0], "--silent")
        plugin("score", shadowed, "--as-of", days[0], "--silent")
        commands = {
            "night": ("score", path, "--as-of", days[1], "--silent"),
            "night and shadow": (
                "score",
                shadowed,
                "--as-of",
                days[1],
                "--shadow",
                model,
                "--silent",
            ),
            "impact": ("impact", path, "--model", model, "--nights", 1, "--silent"),
            "report": ("report", path, "--night", days[1]),
        }
        for name, command in commands.items():
            costs[name].append(plugin(*command)[0])
        path.unlink()
        shadowed.unlink()
    night = costs.pop("night")
    report(f"{customers:,} customers, a night: {seconds(night)}")
    for name, found in costs.items():
        each = median(cost.cpu for cost in found) * _MILLION / customers
        rss = number(max(cost.rss for cost in found))
        report(f"{name}: {seconds(found)}, {number(each)} s cpu a million customers, {rss} MB")
        report(f"  / night  {ratios(found, night)}")
