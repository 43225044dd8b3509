"""`bench`: how fast a day comes, beside a naive per-row dataset, on this machine. The cases are in `bench_cases`."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Dict, List, Optional

from . import native
from .day import Day
from .files import WIDE, Folder, layouts


@dataclass(frozen=True)
class Line:
    """A line of the table: a case, its batch size, whether natively gathered, and what is aimed at as multiple of the first."""

    title: str
    case: str
    batch_size: int
    native: bool
    target: Optional[float] = None


LINES = [
    Line("per-row dataset, DataLoader", "rows", 1024, False),
    Line("DayDataset, numpy only, DataLoader", "dataset", 1024, False, 3.5),
    Line("DayDataset, numpy, padded once, DataLoader", "dataset_cached", 1024, False, 10),
    Line("DayDataset, native, DataLoader", "dataset", 1024, True, 12),
    Line("DayDataset, native, 2 threads, DataLoader", "dataset_two_threads", 4096, True, 18),
    Line("DayLoader, native, 2 threads, buffers reused", "loader", 4096, True, 25),
    Line("DayLoader, native, jagged", "jagged", 4096, True, 8),
    Line("DayLoader, numpy only, jagged", "jagged", 4096, False, 8),
]
BUSY = Line("DayLoader beside a busy main thread", "busy", 4096, True)


@dataclass(frozen=True)
class Settings:
    """What is measured, and how often."""

    folder: Folder
    day: Day
    length: int
    seconds: float
    rounds: int


def bench(settings: Settings) -> Dict[str, Any]:
    """Measures everything and gives back numbers; rounds go through all cases in turn, so that a busy minute hits all alike."""
    if importlib.util.find_spec("torch") is None:
        raise RuntimeError("bench compares with a torch DataLoader, and torch is not installed: pip install torch")
    there = layouts(settings.folder)
    library = native.library()
    lines = [line for line in [*LINES, BUSY] if library is not None or not line.native]
    opening = ["open_compact", "open_wide"] if WIDE in there and len(there) == 2 else []
    results: Dict[Any, List[Dict[str, float]]] = {}
    for _ in range(settings.rounds):
        results.setdefault("bare", []).append(_run(settings, "bare", 1, False))
        for line in lines:
            results.setdefault(line, []).append(_run(settings, line.case, line.batch_size, line.native))
        for case in opening:
            results.setdefault(case, []).append(_run(settings, case, 1, False))
    medians = {key: _medians(found) for key, found in results.items()}
    base = medians[LINES[0]]["rate"]
    bare = medians["bare"]["peak"]
    return {
        "machine": _machine(),
        "day": {
            "day": settings.day.day.isoformat(),
            "samples": len(settings.day),
            "histories": settings.day.histories,
            "actions": len(settings.day.actions),
            "length": settings.length,
        },
        "rounds": settings.rounds,
        "seconds": settings.seconds,
        "lines": [
            {
                "title": line.title,
                "batch_size": line.batch_size,
                "rate": medians[line]["rate"],
                "ratio": medians[line]["rate"] / base,
                "target": line.target,
                "memory": medians[line]["peak"] - bare,
            }
            for line in lines
            if line is not BUSY
        ],
        "busy": {"rate": medians[BUSY]["rate"], "kept": medians[BUSY]["kept"]} if BUSY in medians else None,
        "opening": {case[5:]: medians[case]["seconds"] for case in opening} or None,
    }


def text(found: Dict[str, Any]) -> str:
    """The numbers as a table in Markdown."""
    machine, day = found["machine"], found["day"]
    lines = [
        f"{machine['cores']} cores, {machine['model']}; "
        + ", ".join(f"{k} {v}" for k, v in machine["versions"].items()),
        f"{day['day']}: {day['samples']:,} samples, {day['histories']:,} histories of {day['actions']:,} actions, "
        f"padded to {day['length']}; medians of {found['rounds']} rounds of {found['seconds']:g} s",
        "",
        "| | batch | samples/s | x | target | memory |",
        "|---|---|---|---|---|---|",
    ]
    for line in found["lines"]:
        target = f">= {line['target']:g}" if line["target"] else ""
        memory = f"{line['memory'] / 1e6:,.0f} MB"
        lines.append(
            f"| {line['title']} | {line['batch_size']} | {line['rate']:,.0f} | {line['ratio']:.1f} | {target} | {memory} |"
        )
    lines += ["", "x: times the first line; memory: the most that was used above a process that has imported torch"]
    busy, opening = found["busy"], found["opening"]
    if busy:
        lines.append(
            f"beside a main thread that is busy in Python: {busy['rate']:,.0f} samples/s (target >= 300,000), and it keeps "
            f"{busy['kept']:.1%} of its steps (target >= 90 %)"
        )
    else:
        lines.append("no native gather here: see training/README.md; numpy's was measured alone")
    if opening:
        ratio = opening["wide"] / opening["compact"]
        lines.append(
            f"opening the day: compact {opening['compact'] * 1e3:,.0f} ms, wide {opening['wide'] * 1e3:,.0f} ms: "
            f"{ratio:.0f} times as long (target >= 20)"
        )
    else:
        lines.append("opening was not compared: that takes a folder with both layouts")
    return "\n".join(lines)


def _run(settings: Settings, case: str, batch_size: int, with_native: bool) -> Dict[str, float]:
    environment = dict(os.environ)
    if not with_native:
        environment[native.VARIABLE] = "off"
    arguments = [case, str(settings.folder), settings.day.day.isoformat()]
    arguments += [str(settings.seconds), str(batch_size), str(settings.length)]
    command = [sys.executable, "-m", "runner_training.bench_cases", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{case} failed: {done.stderr.strip()[-2000:]}")
    found: Dict[str, float] = json.loads(done.stdout)
    return found


def _medians(found: List[Dict[str, float]]) -> Dict[str, float]:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _machine() -> Dict[str, Any]:
    versions = {name: metadata.version(name) for name in ("numpy", "pyarrow", "torch")}
    return {
        "cores": os.cpu_count(),
        "model": _model(),
        "versions": {"Python": platform.python_version(), **versions},
    }


def _model() -> str:
    try:
        with open("/proc/cpuinfo") as cpus:
            names = [line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()
