"""The things that `bench` measures, each in a process of its own, so that its memory is its own.

    python -m runner_training.bench_cases NAME FOLDER DAY SECONDS BATCH_SIZE LENGTH

prints one line of JSON. Knows how to do a thing for some seconds, and not what it is compared with.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import numpy.typing as npt

from . import native
from .dataset import DayDataset
from .day import Day
from .files import COMPACT, WIDE, find, layouts
from .loader import DayLoader
from .reading import wide_portions

Result = Dict[str, float]
_SLICES = 8


@dataclass(frozen=True)
class Task:
    """What is to be done, how long, and with which day."""

    folder: str
    day: datetime.date
    seconds: float
    batch_size: int
    length: int

    def open(self) -> Day:
        return Day.open(self.folder, self.day)


class _Rows:
    """The naive dataset: a decoded wide day as tensors, and a row of each when it is asked for one."""

    def __init__(self, columns: Dict[str, npt.NDArray[Any]]) -> None:
        import torch

        self._columns = {name: torch.from_numpy(array) for name, array in columns.items()}

    def __len__(self) -> int:
        return len(self._columns["item_id"])

    def __getitem__(self, index: int) -> Dict[str, Any]:
        return {name: column[index] for name, column in self._columns.items()}


def rows(task: Task) -> Result:
    """Per-row ``__getitem__`` over the decoded wide day."""
    from torch.utils.data import DataLoader

    dataset: Any = _Rows(_dense(task))
    return _rate(
        task, _passes(DataLoader(dataset, batch_size=task.batch_size, shuffle=True)), lambda b: len(b["item_id"])
    )


def bare(task: Task) -> Result:
    """Nothing at all, with torch imported: what the memory of the others is counted from."""
    import torch.utils.data  # noqa: F401

    return {}


def dataset(task: Task) -> Result:
    """`DayDataset` in a plain `DataLoader`."""
    return _plain(task, DayDataset(task.open(), task.length))


def dataset_two_threads(task: Task) -> Result:
    """`DayDataset` in a plain `DataLoader`, two threads."""
    return _plain(task, DayDataset(task.open(), task.length, threads=2))


def dataset_cached(task: Task) -> Result:
    """`DayDataset` with every history padded once, in a plain `DataLoader`."""
    return _plain(task, DayDataset(task.open(), task.length, cache_padded=True))


def loader(task: Task) -> Result:
    """`DayLoader` with buffers used over and over, two threads."""
    return _own(task, reuse_buffers=True, threads=2)


def jagged(task: Task) -> Result:
    """`DayLoader` with jagged batches, one thread."""
    return _own(task, layout="jagged", threads=1)


def busy(task: Task) -> Result:
    """`DayLoader` beside a main thread that is busy in Python; the share of its steps that this keeps."""
    # A step that takes a batch this often asks for a tenth more than 300,000 samples a second.
    pause = task.batch_size / 330_000
    spin = _calibrate(pause)
    batches = iter(_loader(task, reuse_buffers=True, threads=1))
    next(batches)
    # In turn, as other programs do not keep still for long. While no batch is taken, the loader waits.
    alone, beside = [], []
    for _ in range(_SLICES):
        alone.append(_steps(spin, task.seconds / _SLICES, itertools.repeat(None)))
        beside.append(_steps(spin, task.seconds / _SLICES, batches))
    return {"rate": sum(beside) / _SLICES * task.batch_size, "kept": sum(beside) / sum(alone)}


def open_compact(task: Task) -> Result:
    """Opening the compact day."""
    return _opening(task, COMPACT)


def open_wide(task: Task) -> Result:
    """Opening the wide day: decoding all its lists."""
    files = find(layouts(task.folder)[WIDE], task.day)

    def decode() -> None:
        for _ in wide_portions(files):
            pass

    return _best_of(task, decode)


CASES: Dict[str, Callable[[Task], Result]] = {
    case.__name__: case
    for case in (
        bare,
        rows,
        dataset,
        dataset_two_threads,
        dataset_cached,
        loader,
        jagged,
        busy,
        open_compact,
        open_wide,
    )
}


def _dense(task: Task) -> Dict[str, npt.NDArray[Any]]:
    there = layouts(task.folder)
    if WIDE in there:
        parts: Dict[str, List[npt.NDArray[Any]]] = {}
        for _, portion in wide_portions(find(there[WIDE], task.day)):
            for name, array in portion.items():
                parts.setdefault(name, []).append(array.copy())
        return {name: np.concatenate(arrays) for name, arrays in parts.items() if name != "customer_id"}
    day = task.open()
    batch = DayDataset(day, task.length).batch(np.arange(len(day)))
    return {
        "item_id": batch.impressions,
        "is_order": batch.label,
        "actions": batch.actions,
        "action_types": batch.action_types,
    }


def _plain(task: Task, dataset: DayDataset) -> Result:
    from torch.utils.data import DataLoader

    return _rate(task, _passes(DataLoader(dataset, batch_size=task.batch_size, shuffle=True)), lambda b: len(b.label))


def _loader(task: Task, **options: Any) -> DayLoader:
    passes = 10_000  # more than any machine does in the time
    return DayLoader(task.folder, [task.day], task.batch_size, epochs=passes, length=task.length, **options)


def _own(task: Task, **options: Any) -> Result:
    import torch  # noqa: F401  (as in the other cases, so that memory can be compared)

    return _rate(task, iter(_loader(task, **options)), lambda b: len(b.label))


def _passes(loader: Any) -> Iterator[Any]:
    while True:
        yield from loader


def _rate(task: Task, batches: Iterator[Any], count: Callable[[Any], int]) -> Result:
    next(batches)
    samples, start = 0, time.perf_counter()
    while time.perf_counter() - start < task.seconds:
        samples += count(next(batches))
    return {"rate": samples / (time.perf_counter() - start)}


def _opening(task: Task, layout: str) -> Result:
    folder = layouts(task.folder)[layout]
    return _best_of(task, lambda: Day.open(folder, task.day))


def _best_of(task: Task, work: Callable[[], object]) -> Result:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return {"seconds": min(times)}


def _spin(count: int) -> int:
    total = 0
    for number in range(count):
        total += number & 3
    return total


def _calibrate(seconds: float) -> int:
    count, taken = 1000, 0.0
    while taken < seconds / 2:
        count *= 2
        start = time.perf_counter()
        _spin(count)
        taken = time.perf_counter() - start
    return round(count * seconds / min(taken, *(_timed(count) for _ in range(5))))


def _timed(count: int) -> float:
    start = time.perf_counter()
    _spin(count)
    return time.perf_counter() - start


def _steps(spin: int, seconds: float, batches: Iterator[Any]) -> float:
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(batches)
        _spin(spin)
        steps += 1
    return steps / (time.perf_counter() - start)


def _peak_memory() -> int:
    # Not getrusage, whose peak is also that of the process from which this one was started.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def _main(arguments: List[str]) -> None:
    name, folder, day, seconds, batch_size, length = arguments
    task = Task(folder, datetime.date.fromisoformat(day), float(seconds), int(batch_size), int(length))
    result = CASES[name](task)
    # At once, as loaders in the middle of an epoch have nothing to say.
    print(json.dumps({**result, "peak": _peak_memory(), "native": native.library() is not None}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    _main(sys.argv[1:])
