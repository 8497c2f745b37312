"""What every command does when its output cannot be written, or when it is interrupted."""

import errno
import os
import sys
from contextlib import suppress
from typing import Any

import click

from sqlite_utils_personalization.commands.progress import say


class Command(click.Command):
    """A command that ends with a sentence and the exit status `unfinished` when its output cannot be written.

    Where 1 is an answer of its own, unfinished is another number, which an interruption gives too.
    """

    def __init__(self, *args: Any, unfinished: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unfinished = unfinished

    def invoke(self, ctx: click.Context) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                if sys.stdout:
                    sys.stdout.flush()
        except OSError as error:
            _drop_output()
            if error.errno != errno.EPIPE:
                say(f"Error: {_sentence(error)}")
        except KeyboardInterrupt:
            if self._unfinished == 1:
                raise
            say("interrupted before everything was checked")
        raise click.exceptions.Exit(self._unfinished)


def _sentence(error: OSError) -> str:
    what = error.filename or "the output"
    return f"{what} cannot be written ({error.strerror}) - mend that, then run this again: nothing is stored twice"


def _drop_output() -> None:
    # Python would try once more to write what is left, at its end and with a traceback.
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
