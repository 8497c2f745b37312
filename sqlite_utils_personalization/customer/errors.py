"""What an entrance has to tell apart to give each its own answer."""

from sqlite_utils_personalization.errors import PersonalizationError


class InvalidRequest(PersonalizationError):
    """An argument that cannot be; the sentence names it and never repeats its value."""


class NotFound(PersonalizationError):
    """What this customer does not have; whether another has it is not said."""
