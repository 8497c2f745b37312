"""The peak of memory of a night, and of what reads it, as the number of customers grows."""

from benchmarks.database import create
from benchmarks.measure import night, plugin, report
from benchmarks.options import Options


def main(options: Options) -> None:
    report("customers        rows   night MB   verify MB")
    for customers in (options.sizes[-1] // part for part in (100, 10, 1)):
        path = options.work / f"{customers}.db"
        create(path, customers, options.catalogue)
        cost, rows = night(path, options.as_of)
        verified, _ = plugin("verify", path, "--silent")
        report(f"{customers:9,}{rows:12,}{cost.rss:11.0f}{verified.rss:12.0f}")
        path.unlink()
