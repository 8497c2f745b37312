"""What can go wrong with the data, in sentences for the person who has to mend it."""


class PersonalizationError(Exception):
    """A fault in the data or the file: the message says what is wrong, where, and what to do instead."""
