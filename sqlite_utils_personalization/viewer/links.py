"""Addresses of our pages, and the links to them that Datasette's own pages show."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from sqlite_utils_personalization.viewer.settings import PLUGIN

HOME = "/-/personalization"
LABEL = "Personalization audit (パーソナライズ監査)"


@dataclass(frozen=True)
class Links:
    """Addresses of the pages about one database; it is named in them where several can be audited."""

    datasette: Any
    database: str
    is_named: bool = True

    def page(self, path: str = "", **query: object) -> str:
        """A page of ours by its path below HOME; what is None or empty in query is left out."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        if self.is_named and self.database:
            given["database"] = self.database
        address: str = self.datasette.urls.path(f"{HOME}{path}")
        return f"{address}?{urlencode(given)}" if given else address

    def home(self) -> str:
        return self.page()

    def plain_home(self) -> str:
        address: str = self.datasette.urls.path(HOME)
        return address

    def nights(self, **query: object) -> str:
        return self.page("/nights", **query)

    def night(self, run: object, **query: object) -> str:
        return self.page(f"/night/{quote(str(run))}", **query)

    def compare(self, before: object, after: object, **query: object) -> str:
        return self.page(f"/compare/{before}/{after}", **query)

    def customer(self, profile_id: object, **query: object) -> str:
        return self.page(f"/customer/{profile_id}", **query)

    def receipt(self, profile_id: object, run_id: object, suffix: str, **query: object) -> str:
        return self.page(f"/customer/{profile_id}/receipt/{run_id}{suffix}", **query)

    def item(self, recommendation_type: str, item_id: object, **query: object) -> str:
        name = quote(str(item_id), safe="")
        # Else it would be the JSON of another item.
        if name.endswith(".json"):
            name = f"{name.removesuffix('.json')}%2Ejson"
        return self.page(f"/item/{recommendation_type}/{name}", **query)

    def recommendation(self, rec_id: object, **query: object) -> str:
        return self.page(f"/replay/{rec_id}", **query)

    def why_not(self, **query: object) -> str:
        return self.page("/why-not", **query)

    def money(self, month: object = None, kind: str | None = None, **query: object) -> str:
        parts = [quote(str(part)) for part in (month, kind) if part]
        return self.page("/".join(["/money", *parts]), **query)

    def verification(self, **query: object) -> str:
        return self.page("/verification", **query)

    def search(self, **query: object) -> str:
        # A form takes the place of what its action has after the question mark.
        return self.page("/search", **query) if query else self.page("/search").partition("?")[0]

    def questions(self) -> str:
        return self.page("/questions")

    def question(self, name: str, suffix: str = "", **query: object) -> str:
        """The form of a question and its answer; suffix is .json or .csv."""
        return self.page(f"/q/{name}{suffix}", **query)

    def canned(self, name: str, suffix: str = "", **query: object) -> str:
        """The question as Datasette answers it, and as .json and .csv."""
        given = {key: value for key, value in query.items() if value not in (None, "")}
        address: str = self.datasette.urls.query(self.database, name)
        return f"{address}{suffix}{f'?{urlencode(given)}' if given else ''}"

    def static(self, name: str) -> str:
        address: str = self.datasette.urls.static_plugins(PLUGIN, name)
        return address

    @staticmethod
    def to(url: str, text: object) -> Markup:
        """A link, to put into a sentence."""
        return Markup('<a href="{}">{}</a>').format(url, text)

    def hidden(self) -> Markup:
        """What a form has to carry on."""
        if not (self.is_named and self.database):
            return Markup("")
        return Markup('<input type="hidden" name="database" value="{}">').format(self.database)


def home_url(datasette: Any, database: str, suffix: str = "") -> str:
    """The home page of a database; suffix is '.json' for its twin."""
    return Links(datasette, database).page(suffix)


def replay_url(datasette: Any, database: str, rec_id: object, suffix: str = "") -> str:
    """The replay of one recommendation; suffix is '.json' for its twin."""
    return Links(datasette, database).recommendation(f"{rec_id}{suffix}")


def question_url(datasette: Any, database: str, name: str, **form: object) -> str:
    """A question on Datasette's own page, its form filled in with what is given."""
    query = f"?{urlencode(form)}" if form else ""
    return f"{datasette.urls.query(database, name)}{query}"
