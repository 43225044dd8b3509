#!/usr/bin/env python3
"""`runner` beside DuckDB and polars: tests/bench/compare.py [--size small|medium|large] [--repeat N] [--work DIR]

Makes raw files with `generate`, then training sets of 14 days from them with `runner` and with the scripts in
tests/bench/peers, which people would otherwise keep under cron. It checks that all made the same rows, and prints a
table:

* backfill: 14 days from nothing
* next day: 13 days are done and the 14th is asked for; a script has no memory and makes that day from raw files
* one file changed: one click of the fourth-last day is another, and 14 days are asked for
* again: nothing changed, and 14 days are asked for

Needs the programs in target/release. The first time it makes a virtual environment in the working folder (default:
target/compare). The programs take turns, files are in the page cache, times are medians of whole processes, memory is
that of the largest process.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target" / "release"
PACKAGES = ["duckdb==2.0.1", "polars==2.1.0", "pyarrow==26.0.1"]
DAYS = [f"2025-08-{day:02}" for day in range(3, 17)]
# customers, items, days of all, actions a day, impression rows a day (each of ten items)
SIZES = {
    "tiny": (200, 2_000, 24, 2_000, 50),
    "small": (5_000, 20_000, 74, 20_000, 1_000),
    "medium": (100_000, 200_000, 104, 300_000, 10_000),
    "large": (400_000, 400_000, 194, 1_000_000, 30_000),
}
PEERS = {"duckdb": "with_duckdb.py", "polars": "with_polars.py"}


def prepare(work, size):
    """The interpreter of the virtual environment and the folder of raw files, both made if they are not there."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.check_call([sys.executable, "-m", "venv", work / "venv"])
        subprocess.check_call([python, "-m", "pip", "-q", "--disable-pip-version-check", "install", *PACKAGES])
    data = work / "data" / size
    if not data.exists():
        unfinished = data.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        names = ("customers", "items", "days", "actions-per-day", "impression-rows-per-day")
        shape = [f"--{name}={number}" for name, number in zip(names, SIZES[size])]
        subprocess.check_call([PROGRAMS / "generate", "--out", unfinished, *shape], stdout=subprocess.DEVNULL)
        unfinished.rename(data)
    return python, data


def warm(data):
    """Brings the raw files into the page cache."""
    for path in data.rglob("*.*"):
        if path.is_file():
            with open(path, "rb", buffering=0) as file:
                while file.read(1 << 22):
                    pass


def measured(command, log):
    """Seconds, processor seconds and megabytes of the largest process of a command."""
    # What the program before has written is not to be waited for by this one.
    os.sync()
    with open(log, "w+") as out:
        start = time.perf_counter()
        child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = status
        if status:
            out.seek(0)
            sys.exit(f"failed: {' '.join(map(str, command))}\n{out.read()[-3000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Contest:
    def __init__(self, work, size):
        self.work = work
        self.python, self.data = prepare(work, size)
        self.ours = work / "runner"

    def runner(self, first, last):
        folders = ["--data", self.data, "--output", self.ours / "output", "--cache", self.ours / "cache"]
        command = [PROGRAMS / "runner", "run", "--from", first, "--to", last, *folders]
        return measured(command, self.work / "last.log")

    def peer(self, name, days):
        output = self.work / name
        shutil.rmtree(output, ignore_errors=True)
        script = ROOT / "tests" / "bench" / "peers" / PEERS[name]
        command = [self.python, script, "--data", self.data, "--output", output, "--days", ",".join(days)]
        return measured(command, self.work / "last.log")

    def start_anew(self, last=None):
        shutil.rmtree(self.ours, ignore_errors=True)
        if last:
            self.runner(DAYS[0], last)

    def with_another_click(self, measure):
        """Measures while the first click of the fourth-last day is of another item."""
        path = min((self.data / "clicks" / f"dt={DAYS[-4]}").iterdir())
        old = path.read_bytes()
        head, _, tail = old.partition(b"\n")
        click = json.loads(head)
        click["item_id"] = click["item_id"] % 1000 + 1
        path.write_bytes(json.dumps(click).encode() + b"\n" + tail)
        try:
            return measure()
        finally:
            path.write_bytes(old)

    def round(self, scenario):
        """One measurement of each program that takes part."""
        warm(self.data)
        days = DAYS[-1:] if scenario == "next day" else DAYS
        if scenario == "backfill":
            self.start_anew()
        else:
            self.start_anew(DAYS[-2] if scenario == "next day" else DAYS[-1])
        run = lambda: self.runner(days[0], days[-1])
        found = {"runner": self.with_another_click(run) if scenario == "one file changed" else run()}
        if scenario in ("backfill", "next day"):
            found.update({name: self.peer(name, days) for name in PEERS})
        return found

    def check(self):
        """Exits unless all made the same rows of all days, in whatever order."""
        self.start_anew(DAYS[-1])
        for name in PEERS:
            self.peer(name, DAYS)
        script = (
            "import sys, duckdb\n"
            "def rows(tree):\n"
            "    return duckdb.sql(f\"SELECT dt, count(*), sum(hash(customer_id::BIGINT, item_id::INTEGER, is_order, \"\n"
            "        f\"actions::INTEGER[], action_types::INTEGER[])::HUGEINT) FROM \"\n"
            "        f\"read_parquet('{tree}/dt=*/*.parquet', hive_partitioning = true) GROUP BY dt ORDER BY dt\").fetchall()\n"
            "found = [rows(tree) for tree in sys.argv[1:]]\n"
            "sys.exit(any(other != found[0] for other in found) or len(found[0]) != 14)\n"
        )
        trees = [self.ours / "output", *(self.work / name for name in PEERS)]
        if subprocess.run([self.python, "-c", script, *trees]).returncode:
            sys.exit(f"the rows differ: {', '.join(map(str, trees))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "compare")
    arguments = parser.parse_args()
    contest = Contest(arguments.work.resolve(), arguments.size)
    print(f"| {arguments.size} | program | seconds | processor seconds | memory, MB | times as long |")
    print("|---|---|---:|---:|---:|---:|")
    for scenario in ("backfill", "next day", "one file changed", "again"):
        rounds = [contest.round(scenario) for _ in range(arguments.repeat)]
        medians = {name: [statistics.median(part) for part in zip(*(r[name] for r in rounds))] for name in rounds[0]}
        for name, (seconds, processor, _) in medians.items():
            memory = max(found[name][2] for found in rounds)
            ratio = "" if name == "runner" else f"{seconds / medians['runner'][0]:.1f}"
            print(f"| {scenario} | {name} | {seconds:.3f} | {processor:.2f} | {memory:.0f} | {ratio} |", flush=True)
    contest.check()
    print(f"\nall made the same rows of all {len(DAYS)} days")


if __name__ == "__main__":
    main()
