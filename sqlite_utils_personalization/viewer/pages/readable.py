"""What is stored and cannot be read, in a file that was tampered with, is said to be so: a page, and no traceback."""

import shlex
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlite_utils_personalization.formula.evaluation import NOT_READABLE
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.viewer.failure import Failure
from sqlite_utils_personalization.viewer.pages.audit_page import Found

P = ParamSpec("P")
T = TypeVar("T")


def readable(function: Callable[P, T]) -> Callable[P, T]:
    """The function, which raises Failure 409 where what it reads is nothing that any version of ours stores."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (*NOT_READABLE, AttributeError) as error:
            file = next(one.file for one in args if isinstance(one, Found))
            command = f"sqlite-utils personalization-verify {shlex.quote(file)}"
            raise Failure(
                409,
                _("What is stored cannot be read"),
                _("Something that this page is about is stored as no night stores it."),
                _("Keep the file as it is, and run: {command}", command=command),
            ) from error

    return run
