"""The pages and their JSON in Datasette, see viewer.py, on a database of this run."""

from benchmarks.database import build
from benchmarks.options import Options
from benchmarks.viewer import measure


def main(options: Options) -> None:
    path = options.work / "pages.db"
    build(path, 10_000_000 if options.full else 100_000, options.sizes[0] // 4)
    measure(path)
