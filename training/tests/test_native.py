"""The native gather writes what numpy's does, to the byte."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import same
from files import DAY, Shop

from runner_training import Day, gather, native

pytestmark = pytest.mark.skipif(
    native.library() is None and shutil.which("cargo") is None,
    reason="there is no toolchain to build the native gather with",
)


def test_the_native_gather_is_built_where_it_can_be() -> None:
    assert native.library() is not None


def in_numpy(monkeypatch: pytest.MonkeyPatch, day: Day, samples: np.ndarray, length: int) -> tuple:
    with monkeypatch.context() as patch:
        patch.setenv(native.VARIABLE, "off")
        return gather.padded(day, samples, length), gather.jagged(day, samples, length)


@pytest.mark.parametrize("seed", range(8))
def test_both_ways_write_the_same_bytes(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    Shop.random(chance, samples=chance.randint(1, 900), longest=chance.randint(1, 60)).write_compact(tmp_path, DAY)
    day = Day.open(tmp_path, DAY)
    buffers = gather.Buffers(2000, 30)
    for _ in range(6):
        samples = np.array([chance.randrange(len(day)) for _ in range(chance.randint(0, 2000))], np.int64)
        threads = chance.randint(1, 5)
        for length in (1, 30, 61):
            padded, jagged = in_numpy(monkeypatch, day, samples, length)
            assert same(gather.padded(day, samples, length, threads=threads), padded)
            assert same(gather.jagged(day, samples, length, threads=threads), jagged)
        # Memory that holds another batch gives the same batch as memory that is new.
        used = gather.padded(day, samples, 30, buffers=buffers, threads=threads)
        assert same(used, in_numpy(monkeypatch, day, samples, 30)[0])


def test_numpy_too_leaves_nothing_of_an_earlier_batch(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.VARIABLE, "off")
    buffers = gather.Buffers(100, 20)
    for start in (0, 100, 200):
        samples = np.arange(start, start + 100)
        assert same(gather.padded(day, samples, 20, buffers=buffers), gather.padded(day, samples, 20))


def test_a_day_whose_numbers_lead_out_of_it_is_an_error_and_no_crash(day: Day) -> None:
    from dataclasses import replace

    beyond = np.array(day.offsets)
    beyond[1:] += 1 << 40
    for damaged in (
        replace(day, offsets=beyond),
        replace(day, offsets=day.offsets[::-1].copy()),
        replace(day, history_row=np.full(len(day), 2**32 - 1, np.uint32)),
    ):
        with pytest.raises(ValueError, match="is damaged"):
            gather.padded(damaged, np.arange(len(day)), 10)
        with pytest.raises(ValueError, match="is damaged"):
            gather.jagged(damaged, np.arange(len(day)), 10)


def test_buffers_of_another_size_are_refused(day: Day) -> None:
    with pytest.raises(ValueError, match="buffers for 10 x 5"):
        gather.padded(day, np.arange(11), 5, buffers=gather.Buffers(10, 5))
    with pytest.raises(ValueError, match="buffers for 10 x 5"):
        gather.padded(day, np.arange(10), 6, buffers=gather.Buffers(10, 5))


def test_arrays_of_other_types_never_reach_the_library(day: Day) -> None:
    from dataclasses import replace

    with pytest.raises(TypeError, match="expected a contiguous array of int32"):
        gather.padded(replace(day, actions=day.actions.astype(np.int64)), np.arange(3), 5)


def test_a_library_that_was_named_and_is_not_there_is_an_error(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.VARIABLE, "/nowhere/libgather.so")
    with pytest.raises(OSError, match="libgather"):
        gather.padded(day, np.arange(3), 5)
