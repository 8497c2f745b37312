"""Progress and sentences on standard error, so that standard output holds rows only."""

import sys
from contextlib import ExitStack
from typing import Any

import click


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
