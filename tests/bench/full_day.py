#!/usr/bin/env python3
"""One day of a large shop: tests/bench/full_day.py [--history DAYS] [--work DIR]

24 million actions a day of 5 million customers, and a day on which a million impression rows show them ten million items. Raw
files are Parquet (`generate --format parquet`), as JSON would be many times as large. It makes the training rows of that
day from nothing and prints what each task took. Needs some 45 GB of disk.
"""
import argparse
import collections
import json
import pathlib
import shutil
import subprocess

import compare

DAY = compare.DAYS[-1]
SHAPE = {
    "format": "parquet",
    "customers": 5_000_000,
    "items": 1_000_000,
    "actions-per-day": 24_000_000,
    "impression-rows-per-day": 1_000_000,
    "impression-days": 1,
}


def size(folder):
    """In gigabytes; a file that has two names counts once."""
    found = {path.stat().st_ino: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return sum(found.values()) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", type=int, default=30, help="days before the one that is made (default: 30)")
    parser.add_argument("--work", type=pathlib.Path, default=compare.ROOT / "target" / "compare")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    folder = work / "full day"
    data = folder / "data"
    if not data.exists():
        unfinished = folder / "unfinished"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shape = {**SHAPE, "days": arguments.history + 1}
        options = [f"--{name}={value}" for name, value in shape.items()]
        subprocess.check_call([compare.PROGRAMS / "generate", "--out", unfinished, *options], stdout=subprocess.DEVNULL)
        unfinished.rename(data)
    for name in ("cache", "output"):
        shutil.rmtree(folder / name, ignore_errors=True)
    cache = ["--cache", folder / "cache"]
    places = ["--data", data, "--output", folder / "output", *cache]
    command = [compare.PROGRAMS / "runner", "run", "--from", DAY, "--to", DAY, *places]
    seconds, processor, _ = compare.measured(command, work / "last.log")
    show = lambda *run: json.loads(subprocess.check_output([compare.PROGRAMS / "runner", "runs", *run, *cache, "--json"]))
    nodes = show(show()[0]["run"])["programs"]
    print(f"{size(data):.1f} GB of raw files, {size(folder / 'cache'):.1f} GB of results, {size(folder / 'output'):.2f} GB published")
    print(f"from nothing: {seconds:.0f} s, {processor:.0f} processor seconds\n")
    print("| task | nodes | seconds a node | processor seconds a node | memory, MB |\n|---|---:|---:|---:|---:|")
    tasks = collections.defaultdict(list)
    for node in nodes:
        tasks[node["node"].split("@")[0]].append(node)
    for task, made in tasks.items():
        mean = lambda name: sum(node[name] for node in made) / len(made)
        memory = max(node["peak_memory"] for node in made) / 1e6
        print(f"| `{task}` | {len(made)} | {mean('seconds'):.2f} | {mean('cpu_seconds'):.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
