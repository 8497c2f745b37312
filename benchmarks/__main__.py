"""python -m benchmarks [NAME ...]: measures, and prints ratios; see README.md beside this file."""

from argparse import ArgumentParser
from importlib import import_module
from tempfile import TemporaryDirectory

from benchmarks import options
from benchmarks.measure import report

NAMES = (
    "nights",
    "growth",
    "deciding",
    "reading",
    "memory",
    "waits",
    "pages",
    "rest",
    "lists",
    "models",
)


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all")
    options.add_to(parser)
    given = parser.parse_args()
    if unknown := set(given.names) - {*NAMES}:
        parser.error(f"{', '.join(sorted(unknown))} is none of {', '.join(NAMES)}")
    for name in given.names or NAMES:
        report(f"\n== {name}")
        with TemporaryDirectory(dir=given.work) as folder:
            import_module(f"benchmarks.{name}").main(options.options(given, folder))


if __name__ == "__main__":
    main()
