"""What every command does with sentences, progress, faults of the data, signals, and output that cannot be written."""

import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any

import click
from click.core import ParameterSource

from sqlite_utils_personalization.errors import NotFound, NotIntact, PersonalizationError
from sqlite_utils_personalization.language import LANGUAGES, message_of, of_locale, speaking
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.private_files import narrow_if_empty

# Control characters but tab and line feed, marks that turn the direction of what is read, halves of surrogate pairs.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


# What a command that looks into the evidence ends with: could not look, a finding, or a row, run or customer that is
# not there.
COULD_NOT, FOUND, UNKNOWN = 2, 1, 3
LOOKS: dict[str, Any] = {"unfinished": COULD_NOT, "statuses": {NotFound: UNKNOWN, NotIntact: FOUND}}


_LANG = f"{__name__}.lang"
# What other programs read: in English, unless a language is asked for.
_FOR_PROGRAMS = ("as_json", "nl", "arrays", "csv", "tsv")
_FOR_PEOPLE = ("table", "fmt", "html")


def note_language(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The callback of --lang, which notes for asked_for() that it was given."""
    if ctx.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        ctx.meta[_LANG] = value
    return value


_SPOKEN = click.Option(
    ["--lang"],
    type=click.Choice(LANGUAGES),
    callback=note_language,
    expose_value=False,
    help="Language of what a person reads, by default the locale's for text, and English beside JSON and CSV",
)


def asked_for(ctx: click.Context) -> str | None:
    """The one of LANGUAGES that --lang names, None without it."""
    found: str | None = ctx.meta.get(_LANG)
    return found


def of_person(ctx: click.Context) -> str:
    """The language of what only a person reads: that of --lang, or the locale's."""
    return asked_for(ctx) or of_locale(os.environ)


class Command(click.Command):
    """A command that takes --lang, and ends with a sentence and the exit status `unfinished` on a fault of the data or
    of its output.

    With is_text it prints text where no format is chosen. Where 1 is an answer of its own, unfinished is another
    number, which an interruption gives too; statuses are those of faults that are answers themselves.
    """

    def __init__(
        self,
        *args: Any,
        unfinished: int = 1,
        statuses: Mapping[type[PersonalizationError], int] = MappingProxyType({}),
        is_text: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._unfinished = unfinished
        self._statuses = statuses
        self._is_text = is_text

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        params = super().get_params(ctx)
        is_own = any(param.name == "lang" for param in params)
        at = len(self.params)
        return params if is_own else [*params[:at], _SPOKEN, *params[at:]]

    def _language(self, ctx: click.Context) -> str:
        given = {name for name, value in ctx.params.items() if value}
        is_text = given & {*_FOR_PEOPLE} or (self._is_text and not given & {*_FOR_PROGRAMS})
        return of_person(ctx) if is_text else asked_for(ctx) or LANGUAGES[0]

    def invoke(self, ctx: click.Context) -> Any:
        with speaking(self._language(ctx)):
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> Any:
        if "path" in ctx.params:
            _narrow_output(ctx)
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
            found = (status for kind, status in self._statuses.items() if isinstance(error, kind))
            raise click.exceptions.Exit(next(found, self._unfinished)) from None
        except KeyboardInterrupt:
            if self._unfinished == 1:
                raise
            say(_("interrupted before everything was checked"))
        raise click.exceptions.Exit(self._unfinished)


def _narrow_output(ctx: click.Context) -> None:
    """What a shell makes for > is for no more eyes than the database, of which it is about to hold something."""
    # There may be no standard output, and in tests it is none of a process.
    with suppress(OSError, ValueError, AttributeError):
        narrow_if_empty(sys.stdout.fileno(), str(ctx.params["path"]))


def _sentence(error: OSError) -> str:
    return _(
        "{what} cannot be written ({why}) - mend that, then run this again: nothing is stored twice",
        what=error.filename or _("the output"),
        why=error.strerror,
    )


def _drop_output() -> None:
    # Python would try once more to write what is left, at its end and with a traceback.
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def load_extension_option(command: Any) -> Any:
    """--load-extension as sqlite-utils has it, for commands that read what other programs made."""

    def load(ctx: click.Context, parameter: click.Parameter, paths: tuple[str, ...]) -> None:
        if paths:
            from sqlite_utils_personalization.database import loading_extensions

            ctx.with_resource(loading_extensions(paths))

    return click.option(
        "--load-extension",
        multiple=True,
        expose_value=False,
        callback=load,
        help="Path to SQLite extension, with optional :entrypoint",
    )(command)


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
        name = signal.Signals(number).name
        say(_("stopped by {signal}: {sentence}", signal=name, sentence=sentence))
        raise click.exceptions.Exit(128 + number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


envelope_option = click.option(
    "--envelope",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="PERSONALIZATION_ENVELOPE",
    show_envvar=True,
    help="JSON file of what your answers carry besides: _disclaimer and the like, source_url of each item",
)


def say(sentence: str) -> None:
    """Print a sentence for the operator."""
    click.echo(visible(sentence), err=True)


def visible(text: str) -> str:
    r"""The text with what a terminal would obey, or hide, as \u001b: other people's names and titles are in it.

    Lines and tabs stay, and JSON stays the same JSON.
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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
            label = message_of(stage)
            bar = click.progressbar(length=total, label=label, file=sys.stderr, hidden=hidden)
            self._bar = self._stack.enter_context(bar)
            self._stage = stage
        self._bar.update(done - self._bar.pos)


def progress_in(stack: ExitStack, silent: bool) -> Callable[[str, int, int], None]:
    """A Progress that ends with stack, or nothing."""
    return (lambda stage, done, total: None) if silent else Progress(stack)
