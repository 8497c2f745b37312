"""What is stored and cannot be read, in a file that was tampered with, is said to be so: a page, and no traceback."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlite_utils_personalization.formula.evaluation import NOT_READABLE
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.failure import Failure

P = ParamSpec("P")
T = TypeVar("T")


def readable(function: Callable[P, T]) -> Callable[P, T]:
    """The function, which raises Failure 409 where what it reads is nothing that any version of ours stores."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (*NOT_READABLE, AttributeError) as error:
            raise Failure(
                409,
                _("What is stored cannot be read"),
                _("Something that this page is about is stored as no night stores it."),
                _("Keep the file as it is, and run: sqlite-utils personalization-verify"),
            ) from error

    return run
