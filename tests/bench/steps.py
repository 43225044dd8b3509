#!/usr/bin/env python3
"""`history` and `join` alone, beside DuckDB and polars: tests/bench/steps.py [--size medium] [--repeat N] [--work DIR]

Takes raw files and a virtual environment from tests/bench/compare.py (and makes them the same way if they are not there),
makes the tables that the two steps read with `runner`, and then each step with each program, in turn, from the same Parquet
files:

* histories: the newest 1000 actions of each customer who is shown something on the last day, from the actions of all days
* histories of everyone: the same if every customer were shown something
* training rows: what was shown on the last two days (medium: about 200,000 rows of 1000 actions), from impressions and
  histories

Times are medians of whole processes, and, of a script that writes training rows, of the call that joins and writes alone;
contents are compared. Of training rows it says as well how large the files are and how long pyarrow, polars and DuckDB take
to read them back.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import compare

DAY = compare.DAYS[-1]
SCRIPT = pathlib.Path(__file__).parent / "peers" / "steps_with.py"


class Steps:
    def __init__(self, work, size):
        self.python, self.data = compare.prepare(work, size)
        self.folder = work / "steps"
        self.folder.mkdir(exist_ok=True)
        self.log = work / "last.log"
        self.cache = ["--data", self.data, "--cache", self.folder / "cache"]
        outputs = ["--output", self.folder / "output"]
        compare.measured([compare.PROGRAMS / "runner", "run", "--from", compare.DAYS[-2], "--to", DAY, *self.cache, *outputs], self.log)
        self.inputs = self.inputs_of_history()

    def paths(self, node, output):
        command = [compare.PROGRAMS / "runner", "path", node, "--output", output, *self.cache]
        return subprocess.check_output(command, cwd=compare.ROOT, text=True).splitlines()

    def path(self, node, output):
        return self.paths(node, output)[0]

    def inputs_of_history(self):
        """The arguments that the runner gave to the last day's history, and all actions as tables of a day."""
        all_days = sorted(folder.name[3:] for folder in (self.data / "clicks").iterdir() if folder.name[3:] < DAY)
        days = {day: self.path(f"unify@{day}", "actions") for day in all_days}
        over = {day[:7] for day in all_days if day[:7] < DAY[:7]}
        months = [self.path(f"merge@{month}-01", "actions") for month in sorted(over)]
        orders = [path for path in self.paths("unify_orders", "actions") if pathlib.Path(path).stem[3:] < DAY]
        rest = [path for day, path in days.items() if day[:7] not in over]
        arguments = [f"months={path}" for path in months] + [f"actions={path}" for path in rest]
        # Those of the months that are over are in their tables.
        arguments += [f"orders={path}" for path in orders if pathlib.Path(path).stem[3:10] not in over]
        return {"arguments": arguments, "tables": [*days.values(), *orders]}

    def script(self, step, peer, output, **paths):
        """The seconds of the process, and those that the script says the step itself took."""
        # To cut off an old file takes longer than to write a new one.
        if step not in ("read", "same"):
            output.unlink(missing_ok=True)
        paths = {name: str(path) for name, path in paths.items()}
        command = [self.python, SCRIPT, step, peer, json.dumps({**paths, "output": str(output), "day": DAY})]
        seconds, _, memory = compare.measured(command, self.log)
        return seconds, memory, float(self.log.read_text().split()[-1])

    def program(self, name, inputs, **outputs):
        for path in outputs.values():
            path.unlink(missing_ok=True)
        command = [compare.PROGRAMS / name, "--day", DAY]
        command += [argument for given in inputs for argument in ("--in", given)]
        command += [argument for key, path in outputs.items() for argument in ("--out", f"{key}={path}")]
        seconds, _, memory = compare.measured(command, self.log)
        return seconds, memory, seconds


def line(name, program, found):
    seconds, memory, step = (statistics.median(part) for part in zip(*found))
    print(f"| {name} | {program} | {seconds:.3f} | {step:.3f} | {memory:.0f} |", flush=True)
    return seconds, step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=compare.SIZES, default="medium")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, default=compare.ROOT / "target" / "compare")
    arguments = parser.parse_args()
    steps = Steps(arguments.work.resolve(), arguments.size)
    folder = steps.folder
    tables = folder / "tables.json"
    tables.write_text(json.dumps(steps.inputs["tables"]))
    impressions = steps.path(f"impressions@{DAY}", "impressions")
    everyone, some = folder / "everyone.parquet", folder / "some.parquet"
    steps.script("everyone", "polars", everyone, tables=tables)
    steps.script("some", "polars", some, impressions=impressions, others=steps.path(f"impressions@{compare.DAYS[-2]}", "impressions"))
    print("| step | program | seconds | of them the step | memory, MB |\n|---|---|---:|---:|---:|")
    for name, shown in [("histories", impressions), ("histories of everyone", everyone)]:
        peers = ["polars sort", "polars group", "duckdb"]
        found = {peer: [] for peer in ["history", *peers]}
        for _ in range(arguments.repeat):
            given = [f"impressions={shown}", *steps.inputs["arguments"]]
            found["history"].append(steps.program("history", given, histories=folder / "history.parquet"))
            for peer in peers:
                output = folder / f"{peer}.parquet"
                found[peer].append(steps.script("history", peer, output, impressions=shown, tables=tables))
        for program, times in found.items():
            line(name, program, times)
        steps.script("same", "duckdb", folder / "history.parquet", others=folder / "polars sort.parquet")
        steps.script("same", "duckdb", folder / "history.parquet", others=folder / "polars group.parquet")
        steps.script("same", "duckdb", folder / "history.parquet", others=folder / "duckdb.parquet")
    histories = folder / "histories.parquet"
    steps.program("history", [f"impressions={some}", *steps.inputs["arguments"]], histories=histories)
    found = {program: [] for program in ["join", "polars", "duckdb"]}
    for _ in range(arguments.repeat):
        given = [f"impressions={some}", f"histories={histories}"]
        found["join"].append(steps.program("join", given, rows=folder / "join rows.parquet"))
        for peer in ["polars", "duckdb"]:
            output = folder / f"{peer} rows.parquet"
            found[peer].append(steps.script("join", peer, output, impressions=some, histories=histories))
    for program, times in found.items():
        line("training rows", program, times)
        if program != "join":
            steps.script("same", "duckdb", folder / "join rows.parquet", others=folder / f"{program} rows.parquet")
    print("\n| training rows by | MB | read by pyarrow, s | by polars | by DuckDB |\n|---|---:|---:|---:|---:|")
    found = {(program, reader): [] for program in found for reader in ["pyarrow", "polars", "duckdb"]}
    for _ in range(arguments.repeat + 2):
        for (program, reader), times in found.items():
            times.append(steps.script("read", reader, folder / f"{program} rows.parquet")[2])
    for program in ["join", "polars", "duckdb"]:
        times = [statistics.median(found[program, reader]) for reader in ["pyarrow", "polars", "duckdb"]]
        size = (folder / f"{program} rows.parquet").stat().st_size / 1e6
        print(f"| {program} | {size:.1f} | {' | '.join(f'{seconds:.2f}' for seconds in times)} |")
    print("\nall made the same histories and the same rows")


if __name__ == "__main__":
    sys.exit(main())
