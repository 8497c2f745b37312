"""The last nights as a page of HTML: python dashboard.py http://localhost:8001/jpcite > dashboard.html"""

import json
import sys
from html import escape
from urllib.request import urlopen

TYPES = ("program", "industry_pack", "saved_search", "amendment")


def ask(question, **form):
    given = "&".join(f"{name}={value}" for name, value in form.items())
    with urlopen(f"{sys.argv[1]}/{question}.json?_shape=array&{given}") as answer:
        return json.load(answer)


def table(names, rows):
    lines = ("".join(f"<td>{escape(str(row[name]))}</td>" for name in names) for row in rows)
    heads = "".join(f"<th>{name}</th>" for name in names)
    return f"<table><tr>{heads}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


print("<!doctype html><title>Nights</title><h1>The last 14 nights</h1>")
print(table(("as_of", "state", "profiles", "logged", *TYPES), ask("nights", size=14)))
bands = {low: dict.fromkeys(TYPES, 0) for low in range(91, 0, -10)}
for row in ask("night_scores", night="latest"):
    bands[(row["score"] - 1) // 10 * 10 + 1][row["recommendation_type"]] += row["logged"]
print("<h1>Scores of the latest</h1>")
print(table(("from", *TYPES), [{"from": low, **band} for low, band in bands.items()]))
