"""A day's arrays as files that are mapped into memory: opened in no time, and shared by the processes of a machine.

A copy belongs to the files that it was made from, by their path, size and time; when these change it is made anew, and the
old one is left for whoever still uses it. It can be deleted at any time. Reading the day itself is for `reading`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .day import Day
from .files import DayFiles
from .reading import read

_FORMAT = 1
_ARRAYS = ("customer_id", "item_id", "is_order", "history_row", "offsets", "actions", "action_types")


def open_cached(files: DayFiles, cache: Path) -> Day:
    """The day from its copy in ``cache``, which is made first if it is not there or cannot be read."""
    copy = cache / f"dt={files.day}-{_fingerprint(files)}"
    try:
        return _map(files, copy)
    except (OSError, ValueError, EOFError):
        _write(read(files), copy)
        return _map(files, copy)


def _map(files: DayFiles, copy: Path) -> Day:
    return Day(files.day, files.layout, files.folder, *(_load(copy / f"{name}.npy") for name in _ARRAYS))


def _load(path: Path) -> npt.NDArray[Any]:
    # What is empty cannot be mapped.
    array = np.load(path, allow_pickle=False, mmap_mode="r") if _has_values(path) else np.load(path)
    return np.asarray(array)


def _has_values(path: Path) -> bool:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    return shape != (0,)


def _write(day: Day, copy: Path) -> None:
    # Put together under another name, so that a copy is there whole or not at all, whoever else makes it.
    copy.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=copy.parent))
    try:
        for name in _ARRAYS:
            np.save(unfinished / f"{name}.npy", getattr(day, name))
        shutil.rmtree(copy, ignore_errors=True)
        try:
            os.rename(unfinished, copy)
        except OSError:
            if not copy.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fingerprint(files: DayFiles) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {files.layout}".encode())
    for path in files.paths:
        status = path.stat()
        digest.update(f"\n{path.resolve()} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
