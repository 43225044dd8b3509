#!/usr/bin/env python3
"""What one more day costs as the history behind it grows: tests/bench/growth.py [--size medium] [--work DIR]

Makes raw files of a year and two weeks with `generate`, at the daily volume of a size of tests/bench/compare.py, and a
training set over the last 30, 90, 180 and 360 days of them: the first day from nothing, then day after day as they would come.
Times are medians of these next days, in whole processes; files are in the page cache.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess

import compare

HISTORIES = [30, 90, 180, 360]
NEXT_DAYS = compare.DAYS[1:8]


def prepare(work, size):
    """The folder of raw files of all days, made if it is not there."""
    data = work / "data" / f"{size}-year"
    if not data.exists():
        unfinished = data.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        customers, items, _, actions, impressions = compare.SIZES[size]
        shape = {
            "customers": customers,
            "items": items,
            "days": HISTORIES[-1] + len(compare.DAYS),
            "actions-per-day": actions,
            "impression-rows-per-day": impressions,
        }
        command = [compare.PROGRAMS / "generate", "--out", unfinished]
        command += [f"--{name}={number}" for name, number in shape.items()]
        subprocess.check_call(command, stdout=subprocess.DEVNULL)
        unfinished.rename(data)
    return data


def part(data, folder, days):
    """A folder with the last days of the raw files, by links."""
    shutil.rmtree(folder, ignore_errors=True)
    for source in ("clicks", "add_to_carts", "impressions"):
        (folder / source).mkdir(parents=True)
        for day in sorted((data / source).iterdir())[-days:]:
            shutil.copytree(day, folder / source / day.name, copy_function=lambda old, new: pathlib.Path(new).hardlink_to(old))
    (folder / "previous_orders").symlink_to(data / "previous_orders")
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=compare.SIZES, default="medium")
    parser.add_argument("--work", type=pathlib.Path, default=compare.ROOT / "target" / "compare")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    data = prepare(work, arguments.size)
    print("| days of history | one more day, seconds | processor seconds | memory, MB | the first day, seconds | times 30 days |")
    print("|---:|---:|---:|---:|---:|---:|")
    base = None
    for history in HISTORIES:
        folder = work / "growth"
        shutil.rmtree(folder, ignore_errors=True)
        raw = part(data, folder / "data", history + len(compare.DAYS))
        compare.warm(raw)
        folders = ["--data", raw, "--output", folder / "output", "--cache", folder / "cache"]
        command = [compare.PROGRAMS / "runner", "run", *folders]
        run = lambda day: compare.measured([*command, "--from", day, "--to", day], work / "last.log")
        first = run(compare.DAYS[0])
        seconds, processor, memory = map(list, zip(*(run(day) for day in NEXT_DAYS)))
        base = base or statistics.median(seconds)
        print(
            f"| {history} | {statistics.median(seconds):.3f} | {statistics.median(processor):.2f} | {max(memory):.0f} "
            f"| {first[0]:.2f} | {statistics.median(seconds) / base:.2f} |",
            flush=True,
        )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
