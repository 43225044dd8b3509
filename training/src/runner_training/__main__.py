"""The command line: ``python -m runner_training verify | describe | bench DIR``. Parses, prints, and chooses the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import List, Optional

from .day import Day
from .errors import DayError
from .files import as_day, days


def main(arguments: Optional[List[str]] = None) -> int:
    """0 if all is well, 1 if `verify` found something wrong or a day cannot be used, 2 for a wrong command line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except (DayError, ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    from .verify import CANNOT_SEE

    parser = argparse.ArgumentParser(prog="runner-training", description="Looks at published training days.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    folder = "a folder of dt= folders, or one with such folders in compact/ or output/"

    one = commands.add_parser(
        "verify",
        help="whether published days are right, as far as the files can tell",
        description="Opens every day: columns, types, ids, padding, the order of rows, and whether files go together. Where "
        "there are both layouts, they must say the same. " + CANNOT_SEE,
    )
    one.add_argument("folder", metavar="DIR", help=folder)
    one.add_argument("other", metavar="DIR2", nargs="?", help="another one, which must say the same")
    one.set_defaults(run=_verify)

    one = commands.add_parser("describe", help="rows, customers, positives, and how long histories are")
    one.add_argument("folder", metavar="DIR", help=folder)
    one.add_argument("--day", help="one day; without it all of them")
    one.add_argument(
        "--picture", metavar="FILE.svg", type=Path, help="draw the histogram of the (last) day into a file"
    )
    one.add_argument("--json", action="store_true", help="for scripts")
    one.set_defaults(run=_describe)

    one = commands.add_parser(
        "bench",
        help="samples a second, beside a naive per-row dataset, on this machine",
        description="Each case runs in a process of its own. Needs torch, and both layouts to compare opening them.",
    )
    one.add_argument("folder", metavar="DIR", help=folder)
    one.add_argument("--day", help="the day to use; without it the last one")
    one.add_argument("--length", type=int, default=1000, help="what histories are padded to (%(default)s)")
    one.add_argument("--seconds", type=float, default=2.0, help="of each case in each round (%(default)s)")
    one.add_argument("--rounds", type=int, default=3, help="of which the medians are taken (%(default)s)")
    one.add_argument("--json", action="store_true", help="for scripts")
    one.set_defaults(run=_bench)
    return parser


def _verify(options: argparse.Namespace) -> int:
    from .verify import verify

    report = verify(options.folder, options.other)
    for line in report.seen:
        print(line)
    for line in report.wrong:
        print(f"wrong: {line}")
    print("nothing wrong" if not report.wrong else f"{len(report.wrong)} wrong")
    return 1 if report.wrong else 0


def _describe(options: argparse.Namespace) -> int:
    from .describe import describe, text
    from .picture import draw

    if options.picture is not None and options.picture.suffix != ".svg":
        raise ValueError(f"{options.picture}: a picture is an .svg file")
    chosen = [as_day(options.day)] if options.day else days(options.folder)
    if not chosen:
        raise ValueError(f"{options.folder}: no published days")
    described = [describe(Day.open(options.folder, day)) for day in chosen]
    if options.json:
        print(json.dumps([asdict(one) for one in described], indent=2))
    else:
        print("\n\n".join(text(one) for one in described))
    if options.picture is not None:
        options.picture.write_text(draw(described[-1]), encoding="utf-8")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from . import bench

    there = days(options.folder)
    if not there:
        raise ValueError(f"{options.folder}: no published days")
    day = Day.open(options.folder, options.day or there[-1])
    if not len(day):
        raise ValueError(f"{day!r} is empty: there is nothing to measure")
    found = bench.bench(bench.Settings(options.folder, day, options.length, options.seconds, options.rounds))
    print(json.dumps(found, indent=2) if options.json else bench.text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
