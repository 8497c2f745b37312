"""How large, how often, and where: the options that every measurement shares."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.database import FIRST_NIGHT


@dataclass(frozen=True)
class Options:
    """sizes are customers; nights are those of growth and of lists; sample is the customers of the obvious loop, and
    the daily readers of lists; model and before are for lists.
    """

    work: Path
    sizes: tuple[int, ...]
    repeats: int
    nights: int
    sample: int
    as_of: date
    catalogue: Path | None
    full: bool
    model: Path | None
    before: bool


def add_to(parser: ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, nargs="+", help="sizes, by default 20000")
    parser.add_argument("--repeats", type=int, default=3, help="how often each variant is run")
    parser.add_argument("--nights", type=int, default=30, help="nights of growth and lists")
    parser.add_argument(
        "--sample", type=int, default=100, help="customers of the obvious loop, readers of lists"
    )
    parser.add_argument("--catalogue", type=Path, help="a database whose catalogue to use")
    parser.add_argument(
        "--as-of", type=date.fromisoformat, default=FIRST_NIGHT, help="the night to score"
    )
    parser.add_argument("--work", type=Path, help="where to put the databases, by default /tmp")
    parser.add_argument(
        "--model", type=Path, help="the model of lists, by default the packaged one"
    )
    parser.add_argument(
        "--before", action="store_true", help="lists beside those of a model without their rules"
    )
    parser.add_argument(
        "--full", action="store_true", help="the sizes that the goals name: hours, and 20 GB"
    )


def options(given: Namespace, folder: str) -> Options:
    return Options(
        Path(folder),
        tuple(given.customers or ((200_000, 1_000_000) if given.full else (20_000,))),
        given.repeats,
        given.nights,
        given.sample,
        given.as_of,
        given.catalogue,
        given.full,
        given.model,
        given.before,
    )
