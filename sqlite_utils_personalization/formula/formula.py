"""The formula as SQL text: `formula.sql` is its only statement, this module the only reader.

The night, the replay view, replay and verification all splice these expressions over the same aliases
r (run), k (cohort) and c (candidate), so none of them can disagree with another.
"""

import re
from functools import cache
from importlib.resources import files

_HEADING = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def expressions(computed: tuple[str, ...] = ()) -> dict[str, str]:
    """Every named expression of formula.sql, each complete in itself; read-only.

    Those named in computed are taken for columns of the query, and cost nothing to repeat.
    """
    text = files(__package__).joinpath("formula.sql").read_text(encoding="utf-8")
    _, *parts = _HEADING.split(text)
    found: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        grouped = {earlier: f"({sql})" for earlier, sql in found.items()}
        found[name] = name if name in computed else " ".join(body.split()).format(**grouped)
    return found


def splice(sql: str, computed: tuple[str, ...] = ()) -> str:
    """Return sql with each {name} replaced by that expression of the formula.

    Example:

        splice("select {score} from run r, cohort k, candidate c")
    """
    found = expressions(computed)
    # rank_order is a list of terms, and a list in parentheses would be a row value.
    grouped = {name: text if name == "rank_order" else f"({text})" for name, text in found.items()}
    return sql.format(**grouped)


def replay_view() -> str:
    """The view v_personalization_replay, which 288 carries word for word; read-only."""
    return splice(
        files(__package__).joinpath("replay_view.sql").read_text(encoding="utf-8")
    ).strip()
