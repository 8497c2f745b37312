"""Days and amounts of a digest as its reader writes them."""

from sqlite_utils_personalization.catalogue.change_titles import said
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import language


def date_text(day: str) -> str:
    """An ISO day as one writes it."""
    return said("close_at", day) if language() == "ja" else day


def amount_text(yen: int) -> str:
    return (
        said("amount", str(yen))
        if language() == "ja"
        else _("{amount} yen", amount=format(yen, ","))
    )
