"""The latest night of all customers as one table: python night_in_pandas.py http://localhost:8001/jpcite"""

import json
import sys
from urllib.request import urlopen

import sqlite_utils


def pages(url):
    """Yield the rows of every page: the last one has no next."""
    after = ""
    while after is not None:
        with urlopen(f"{url}&_shape=objects&size=1000&after={after}") as answer:
            page = json.load(answer)
        yield from page["rows"]
        after = page["next"]


rows = list(pages(f"{sys.argv[1]}/recent_recommendations.json?night=latest"))
# With pandas: table = pandas.DataFrame(rows)
db = sqlite_utils.Database(memory=True)
db["night"].insert_all(rows, pk="rec_id")
for row in db.query("""
    SELECT as_of, recommendation_type, count(*) AS logged, count(DISTINCT profile_id) AS profiles,
        round(avg(score), 1) AS average, sum(rank = 1 AND score < 50) AS weak_first FROM night GROUP BY 1, 2
"""):
    print(json.dumps(row))
