"""SIGINT and SIGTERM, told to the operator in a sentence instead of a traceback."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from sqlite_utils_personalization.commands.progress import say


class Stopped(BaseException):
    """A signal that asks the command to end; not an Exception, so that nothing takes it for a fault."""


@contextmanager
def stoppable(sentence: str) -> Iterator[None]:
    """End with the sentence and exit status 128 + the signal's number, as a shell has it; transactions are undone."""

    def stop(number: int, frame: FrameType | None) -> None:
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
    except Stopped as stopped:
        (number,) = stopped.args
        say(f"stopped by {signal.Signals(number).name}: {sentence}")
        raise click.exceptions.Exit(128 + number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
