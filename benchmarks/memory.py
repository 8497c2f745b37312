"""The peak of memory of a night, and of what reads it, as the number of customers grows."""

from benchmarks.database import create
from benchmarks.measure import night, plugin, report
from benchmarks.options import Options


def main(options: Options) -> None:
    sizes = (10_000, 100_000, 1_000_000) if options.full else (1_000, 10_000, 50_000)
    report("customers        rows   night MB   verify MB")
    for customers in sizes:
        path = options.work / f"{customers}.db"
        create(path, customers, options.catalogue)
        cost, rows = night(path, options.as_of)
        verified, _ = plugin("verify", path, "--silent")
        report(f"{customers:9,}{rows:12,}{cost.rss:11.0f}{verified.rss:12.0f}")
        path.unlink()
