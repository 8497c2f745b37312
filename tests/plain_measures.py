"""What a night was like, counted row by row in log, evidence and catalogue; no SQL or formula of the package."""

import json
import math
from collections import Counter, defaultdict
from datetime import date
from statistics import median

P = "am_personalization_"
TYPES = ("program", "industry_pack", "saved_search", "amendment")
GONE = "profile deleted while the run was under way"
NOTHING_NEW = "all of it was handed over before"


def dicts(db, sql, *parameters):
    cursor = db.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def table(db, name):
    return dicts(db, f"SELECT * FROM {P}{name}")


class File:
    """All of a small file in memory."""

    def __init__(self, db):
        self.runs = {one["run_id"]: one for one in table(db, "run")}
        self.cohorts = {one["cohort_id"]: one for one in table(db, "cohort")}
        self.candidates = {one["candidate_id"]: one for one in table(db, "candidate")}
        self.lists = {one["list_id"]: one for one in table(db, "list")}
        self.decisions = {(one["list_id"], one["seq"]): one for one in table(db, "decision")}
        self.log = {one["rec_id"]: one for one in table(db, "recommendation_log")}
        self.evidence = table(db, "evidence")
        self.unserved = table(db, "unserved")
        self.seals = [one["run_id"] for one in table(db, "seal") if one["run_id"]]
        self.seen = defaultdict(list)
        for one in table(db, "run_candidate"):
            self.seen[one["run_id"]].append(self.candidates[one["candidate_id"]])

    def nights(self):
        """Of each day the latest run that is finished, oldest first."""
        latest = {}
        for run_id in sorted(self.seals):
            latest[self.runs[run_id]["as_of"]] = run_id
        return [latest[day] for day in sorted(latest)]

    def before(self, run_id):
        """The latest night of a day before that was frozen before; None if there is none."""
        as_of = self.runs[run_id]["as_of"]
        frozen = [(self.runs[one]["as_of"], one) for one in self.seals if one < run_id]
        return max(((day, one) for day, one in frozen if day < as_of), default=(None, None))[1]

    def rows(self, run_id):
        """Of each row that the run logged: the customer, the list, the candidate, and the score."""
        for one in self.evidence:
            if self.lists[one["list_id"]]["run_id"] != run_id:
                continue
            for at in range(one["n"]):
                row = self.log[one["first_rec_id"] + at]
                place = self.decisions[one["list_id"], one["first_seq"] + at]
                found = self.candidates[place["candidate_id"]]
                assert (row["score"], row["recommendation_type"]) == (
                    place["score"],
                    found["recommendation_type"],
                )
                yield row["profile_id"], one["list_id"], found, row["score"]

    def due(self, run_id):
        """The same of what was due to who was gone before it was logged."""
        by_digest = {
            one["list_sha256"]: one["list_id"]
            for one in self.lists.values()
            if one["run_id"] == run_id
        }
        for one in self.unserved:
            if one["run_id"] == run_id and one["reason"] == GONE:
                for digest, first, n in json.loads(one["due_json"] or "[]"):
                    for seq in range(first, first + n):
                        place = self.decisions[by_digest[digest], seq]
                        found = self.candidates[place["candidate_id"]]
                        yield one["profile_id"], by_digest[digest], found, place["score"]

    def unserved_of(self, run_id, reason):
        return sum(
            one["run_id"] == run_id and one["cohort_id"] is not None and one["reason"] == reason
            for one in self.unserved
        )


def is_item(candidate):
    return candidate["item_id"] != "*"


def is_open(candidate, as_of):
    first, last = candidate["opens_on"] or as_of, candidate["closes_on"] or as_of
    return candidate["left_out"] is None and first <= as_of <= last


def measures(file, run_id, *, with_due):
    """What a night keeps; with what was due to who was gone, as it was decided, or without, as it was logged."""
    as_of = file.runs[run_id]["as_of"]
    every = [*file.rows(run_id), *(file.due(run_id) if with_due else [])]
    rows = [row for row in every if is_item(row[2])]
    times = Counter(found["candidate_id"] for _, _, found, _ in rows)
    left = sorted(
        (date.fromisoformat(found["closes_on"]) - date.fromisoformat(as_of)).days
        for _, _, found, _ in rows
        if found["closes_on"]
    )
    own = []
    for _, list_id, found, _ in rows:
        prefecture = file.cohorts[file.lists[list_id]["cohort_id"]]["prefecture"]
        if prefecture is not None and found["recommendation_type"] == "program":
            own.append(prefecture in found["prefectures"].split(","))
    lists = defaultdict(list)
    for profile_id, list_id, found, _ in every:
        lists[profile_id, list_id].append(found)
    return {
        "rows": len(rows),
        "lists": len(lists),
        "near_duplicate_lists": sum(map(has_near, lists.values())),
        "open_items": sum(is_item(one) and is_open(one, as_of) for one in file.seen[run_id]),
        "shown_items": len(times),
        "top_rows": sum(sorted(times.values(), reverse=True)[:10]),
        "dated_rows": len(left),
        "median_days_left": left[(len(left) - 1) // 2] if left else None,
        "soon_rows": sum(days <= 14 for days in left),
        "area_rows": len(own),
        "own_area_rows": sum(own),
        "nothing_fits": file.unserved_of(run_id, None),
        "nothing_new": file.unserved_of(run_id, NOTHING_NEW),
    }


def has_near(shown):
    names = [
        (one["recommendation_type"], one["family_name"] or one["title"])
        for one in shown
        if is_item(one)
    ]
    return len({*names}) < len(names)


def repeats(file, run_id, before, *, with_due):
    """How many rows show a customer what a night before showed the same customer, whatever changed of it."""

    def items(rows):
        return [
            (profile_id, found["recommendation_type"], found["item_id"], found["profile_id"])
            for profile_id, _, found, _ in rows
            if is_item(found)
        ]

    known = {*items(file.rows(before))}
    due = items(file.due(run_id)) if with_due else []
    return sum(one in known for one in [*items(file.rows(run_id)), *due])


def held_against(file, run_id):
    """What a night keeps of the one before it, where nights were scored one after the other."""
    before = file.before(run_id)
    n = None if before is None else repeats(file, run_id, before, with_due=True)
    return {"before_run_id": before, "repeated_rows": n}


def scores(file, run_id, *, with_due=True):
    """Scores of every row, by type."""
    found = {kind: [] for kind in TYPES}
    for _, _, candidate, score in (
        *file.rows(run_id),
        *(file.due(run_id) if with_due else []),
    ):
        found[candidate["recommendation_type"]].append(score)
    return found


def psi(now, then):
    """With half a row more in each of ten bins."""
    if not now or not then:
        return None
    total = 0.0
    for low in range(1, 100, 10):
        p, q = (
            (sum(low <= score < low + 10 for score in of) + 0.5) / (len(of) + 5)
            for of in (now, then)
        )
        total += (p - q) * math.log(p / q)
    return total


def report(file, at, nights=14):
    """Every number of a night's report, by the name of its measure, against the median of so many nights before."""
    order = file.nights()
    place = order.index(at)
    shown = order[max(0, place - nights) : place + 1]
    values = [_values(file, order, run_id, nights) for run_id in shown]
    names = set().union(*values)
    history = {
        name: [one.get(name, 0 if name.startswith("left_out.") else None) for one in values]
        for name in names
    }
    usual = {}
    for name, numbers in history.items():
        known = [number for number in numbers[:-1] if number is not None]
        usual[name] = median(known) if known else None
    return history, usual


def _values(file, order, run_id, nights):
    run = file.runs[run_id]
    as_of, scored = run["as_of"], run["profiles"] - run["rejected"]
    kept = measures(file, run_id, with_due=True) | held_against(file, run_id)
    place = order.index(run_id)
    by_type = scores(file, run_id)
    found = {
        "candidates": sum(is_open(one, as_of) for one in file.seen[run_id]),
        "coverage": share(kept["shown_items"], kept["open_items"]),
        "concentration": share(kept["top_rows"], kept["rows"]),
        "median_days_left": kept["median_days_left"],
        "closing_soon": share(kept["soon_rows"], kept["dated_rows"]),
        "near_duplicates": share(kept["near_duplicate_lists"], kept["lists"]),
        "own_prefecture": share(kept["own_area_rows"], kept["area_rows"]),
        "repeats": share(kept["repeated_rows"], kept["rows"]),
        "nothing_fits": share(kept["nothing_fits"], scored),
        "nothing_new": share(kept["nothing_new"], scored),
        "rejected": share(run["rejected"], run["profiles"]),
        "left_out": 0,
    }
    for one in file.seen[run_id]:
        rule = one["left_out"]
        if rule is None and not is_open(one, as_of):
            rule = "not yet open" if (one["opens_on"] or "") > as_of else "closed"
        if rule is not None:
            name = f"left_out.{one['recommendation_type']}.{rule.replace(' ', '_')}"
            found[name] = found.get(name, 0) + 1
            found["left_out"] += 1
    pooled = {kind: [] for kind in TYPES}
    for other in order[max(0, place - nights) : place]:
        for kind, of in scores(file, other).items():
            pooled[kind] += of
    for kind, of in by_type.items():
        of = sorted(of)
        found[f"mean_score.{kind}"] = sum(of) / len(of) if of else None
        for name, tenths in (("low", 1), ("middle", 5), ("high", 9)):
            found[f"{name}_score.{kind}"] = of[math.ceil(len(of) * tenths / 10) - 1] if of else None
        found[f"score_drift.{kind}"] = psi(of, pooled[kind])
    return found


def share(part, whole):
    return None if part is None or not whole else part / whole
