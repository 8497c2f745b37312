"""The sentences of a digest in each language, from texts.json."""

import json
from importlib.resources import files

from sqlite_utils_personalization.catalogue.change_titles import said

LANGUAGES = ("ja", "en")


class Texts:
    """The texts of one language, by name."""

    def __init__(self, language: str) -> None:
        self.language = language
        text = files(__package__).joinpath("texts.json").read_text(encoding="utf-8")
        self._texts: dict[str, str] = json.loads(text)[language]

    def __call__(self, name: str, **values: object) -> str:
        return self._texts[name].format(**values)

    def date(self, day: str) -> str:
        """An ISO day as one writes it."""
        return said("close_at", day) if self.language == "ja" else day

    def amount(self, yen: int) -> str:
        return said("amount", str(yen)) if self.language == "ja" else f"{yen:,} yen"
