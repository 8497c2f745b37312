"""Night after night on one file, beside the plain inserts of the same rows on another."""

from datetime import timedelta
from shutil import copyfile
from statistics import median

from benchmarks.database import create, create_plain
from benchmarks.measure import night, number, report, yardstick
from benchmarks.options import Options


def main(options: Options) -> None:
    customers = 100_000 if options.full else options.sizes[0]
    ours, plain = options.work / "ours.db", options.work / "plain.db"
    create(ours, customers, options.catalogue)
    create_plain(plain, ours)
    copyfile(plain, empty := options.work / "empty.db")
    start = ours.stat().st_size, empty.stat().st_size
    report(
        f"{customers:,} customers; microseconds of processor per row, and the file's bytes per row"
    )
    report("night        rows        ours  plain inserts  ratio    bytes ours  bytes plain")
    costs, rows = [], 0
    for number_of_night in range(1, options.nights + 1):
        cost, logged = night(ours, options.as_of + timedelta(days=number_of_night - 1))
        rows += logged
        per_row = [each * 1e6 / logged for each in (cost.cpu, yardstick("floor", plain, ours).cpu)]
        costs.append(per_row)
        sizes = [
            (file.stat().st_size - before) / rows
            for file, before in zip((ours, plain), start, strict=True)
        ]
        report(
            f"{number_of_night:5}{rows:12,}{per_row[0]:12.2f}{per_row[1]:15.2f}{per_row[0] / per_row[1]:7.2f}"
            f"{sizes[0]:14.1f}{sizes[1]:13.1f}"
        )
    first, last = costs[:3], costs[-3:]
    curves = [
        median(each[way] for each in last) / median(each[way] for each in first) for way in (0, 1)
    ]
    report(
        f"last three nights / first three: ours {number(curves[0])}, plain inserts {number(curves[1])}"
    )
