#!/usr/bin/env python3
"""What the runner itself costs, beside ninja on the same work: tests/bench/overhead.py [--repeat N]

It makes small pipelines in a temporary folder and prints a table:

* nothing to do: 14 days over 104 days of history, with the project's own pipeline.yaml on synthetic data
* nothing to do: 2,000 nodes (500 days of a chain of four tasks), beside `ninja` on 2,000 edges of the same shape
* a plan of 100,000 nodes (25,000 days of that chain), on which nothing ran, and its memory
* a node that does next to nothing, on one slot: a shell script that writes one word

Needs the programs in target/release, and ninja in PATH for the comparison. Times are medians of whole processes.
"""
import argparse
import datetime
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target" / "release"
CHAIN = ["first", "second", "third", "fourth"]


def seconds(command, folder, repeat):
    """The median time of a command, after one run to warm up."""
    times = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def days(count, first=datetime.date(1970, 1, 1)):
    return [(first + datetime.timedelta(days=number)).isoformat() for number in range(count)]


def chain(folder, count):
    """A pipeline of four tasks, each a script that copies one word, over so many days."""
    (folder / "data" / "raw").mkdir(parents=True)
    for day in days(count):
        (folder / "data" / "raw" / day).write_text(day + "\n")
    script = folder / "copy.sh"
    script.write_text('#!/bin/sh\nread -r word < "${4#*=}"\necho "$word" > "${6#*=}"\n')
    script.chmod(0o755)
    lines = ["sources:", "  raw: {path: 'raw/{day}'}", "tasks:"]
    for place, task in enumerate(CHAIN):
        origin = f"{{from: {CHAIN[place - 1]}.word}}" if place else "{source: raw}"
        lines += [f"  {task}:", "    run: ./copy.sh", f"    inputs: {{word: {origin}}}", "    outputs: {word: word.txt}"]
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    return [str(PROGRAMS / "runner"), "run", "--from", days(count)[0], "--to", days(count)[-1]]


def edges(folder, count):
    """The same for ninja."""
    lines = ["rule copy", "  command = cat $in > $out"]
    for day in days(count):
        before = f"data/raw/{day}"
        for task in CHAIN:
            lines.append(f"build out/{task}/{day}: copy {before}")
            before = f"out/{task}/{day}"
    (folder / "build.ninja").write_text("\n".join(lines) + "\n")
    return ["ninja"]


def backfill(folder):
    """The project's own pipeline over 104 days of small files."""
    generate = [str(PROGRAMS / "generate"), "--out", "data", "--customers", "200", "--items", "500", "--days", "104"]
    generate += ["--impression-days", "14", "--actions-per-day", "300", "--impression-rows-per-day", "20"]
    subprocess.run(generate, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.copy(ROOT / "pipeline.yaml", folder)
    shown = sorted(path.name.removeprefix("dt=") for path in (folder / "data" / "impressions").iterdir())
    return [str(PROGRAMS / "runner"), "run", "--from", shown[0], "--to", shown[-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=11, help="how often what is short is timed (default 11)")
    repeat = parser.parse_args().repeat
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for part in ["backfill", "chain", "plan"]:
            (folder / part).mkdir()

        command = backfill(folder / "backfill")
        subprocess.run(command, cwd=folder / "backfill", check=True, stderr=subprocess.DEVNULL)
        time.sleep(2)  # What changed within two seconds is read again by the next run; that is not what is timed.
        rows.append(("nothing to do, 14 days over 104", f"{seconds(command, folder / 'backfill', repeat) * 1000:.1f} ms"))

        command = chain(folder / "chain", 500)
        start = time.perf_counter()
        subprocess.run(command + ["--jobs", "1"], cwd=folder / "chain", check=True, stderr=subprocess.DEVNULL)
        each = (time.perf_counter() - start) / 2000
        script = seconds(["sh", "copy.sh", "", "", "", f"x=data/raw/{days(1)[0]}", "", "x=/dev/null"], folder / "chain", 101)
        rows.append(("a node that does nothing, one slot", f"{each * 1000:.2f} ms, {script * 1000:.2f} ms of it its own"))
        time.sleep(2)
        ours = seconds(command, folder / "chain", repeat)
        rows.append(("nothing to do, 2,000 nodes", f"{ours * 1000:.1f} ms"))
        if shutil.which("ninja"):
            ninja = edges(folder / "chain", 500)
            for task in CHAIN:
                (folder / "chain" / "out" / task).mkdir(parents=True)
            subprocess.run(ninja, cwd=folder / "chain", check=True, stdout=subprocess.DEVNULL)
            theirs = seconds(ninja, folder / "chain", repeat)
            rows.append(("  ninja, 2,000 edges", f"{theirs * 1000:.1f} ms: {ours / theirs:.1f} times as long"))

        command = chain(folder / "plan", 25_000)
        command[1] = "plan"
        taken = seconds(command, folder / "plan", 3)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
        rows.append(("a plan of 100,000 nodes", f"{taken:.2f} s, {memory:.0f} MB at most"))
    width = max(len(what) for what, _ in rows)
    for what, figure in rows:
        print(f"{what:{width}}  {figure}")


if __name__ == "__main__":
    main()
