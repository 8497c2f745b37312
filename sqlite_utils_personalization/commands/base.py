"""What every command does with sentences, progress, faults of the data, signals, and output that cannot be written."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any

import click

from sqlite_utils_personalization.errors import PersonalizationError


class Command(click.Command):
    """A command that ends with a sentence and the exit status `unfinished` on a fault of the data or of its output.

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
        except PersonalizationError as error:
            say(f"Error: {error}")
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


class Stopped(BaseException):
    """A signal that asks the command to end; not an Exception, so that nothing takes it for a fault."""


@contextmanager
def stoppable(sentence: str) -> Iterator[None]:
    """End with the sentence and exit status 128 + the signal's number, as a shell has it; transactions are undone."""

    asked: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        raise Stopped(number)

    # Only the main thread may say how signals are handled.
    wanted = (
        (signal.SIGINT, signal.SIGTERM)
        if threading.current_thread() is threading.main_thread()
        else ()
    )
    before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    except BaseException:
        # Raised while SQLite is at work, it reaches us as an interrupted statement.
        if not asked:
            raise
        number = asked[0]
        say(f"stopped by {signal.Signals(number).name}: {sentence}")
        raise click.exceptions.Exit(128 + number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(sentence: str) -> None:
    """Print a sentence for the operator."""
    click.echo(sentence, err=True)


class Progress:
    """A bar per stage, shown on a terminal only; call it with stage, done and total."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stage = ""
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stack.close()
            hidden = not sys.stderr.isatty()
            bar = click.progressbar(length=total, label=stage, file=sys.stderr, hidden=hidden)
            self._bar = self._stack.enter_context(bar)
            self._stage = stage
        self._bar.update(done - self._bar.pos)
