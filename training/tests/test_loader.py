"""Days one after the other: what comes, in which order, where one is in it, and what becomes of the threads."""

from __future__ import annotations

import datetime
import gc
import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pytest
from conftest import same
from files import Shop

import runner_training
from runner_training import Batch, Day, DayBatchSampler, DayDataset, DayError, DayLoader, JaggedBatch, gather

DAYS = [datetime.date(2025, 8, day) for day in (13, 14, 16)]
EMPTY = datetime.date(2025, 8, 15)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three days with samples, and one without."""
    for number, day in enumerate(DAYS):
        Shop.random(random.Random(number), samples=40 + 13 * number, longest=12).write_compact(tmp_path, day)
    Shop([]).write_compact(tmp_path, EMPTY)
    return tmp_path


def loader(folder: Path, **options: Any) -> DayLoader:
    days = [*DAYS[:2], EMPTY, DAYS[2]]
    return DayLoader(folder, days, **{"batch_size": 16, "epochs": 2, "seed": 5, "length": 10, **options})


def kept(batches: Iterator[Any]) -> list[Any]:
    """Copies, as buffers may be used again."""
    return [type(one)(*(None if array is None else np.array(as_numpy(array)) for array in one)) for one in batches]


def as_numpy(array: Any) -> Any:
    return array if isinstance(array, np.ndarray) else array.numpy()


def assert_same(one: list[Any], two: list[Any]) -> None:
    assert len(one) == len(two)
    for number, (a, b) in enumerate(zip(one, two)):
        assert same(a, b), f"batch {number}"


def test_days_come_in_turn_and_each_pass_in_the_order_of_its_own(folder: Path, way: str) -> None:
    expected = []
    for day in DAYS:
        opened = Day.open(folder, day)
        for epoch in range(2):
            sampler = DayBatchSampler(opened, 16, seed=5, epoch=epoch)
            expected += [DayDataset(opened, 10).batch(samples) for samples in sampler]
    assert_same(kept(loader(folder)), expected)


@pytest.mark.parametrize(
    "options",
    [
        {"prefetch": 1},
        {"prefetch": 7},
        {"threads": 3},
        {"reuse_buffers": True},
        {"reuse_buffers": True, "prefetch": 1, "threads": 2},
        {"device": "cpu"},
        {"device": "cpu", "reuse_buffers": True},
        {"device": "cpu", "resident": True},
        {"cache": "cache"},
    ],
)
@pytest.mark.parametrize("negatives_keep", [1.0, 0.4])
def test_how_batches_are_made_does_not_change_them(
    folder: Path, options: dict, negatives_keep: float, way: str
) -> None:
    if "device" in options:
        pytest.importorskip("torch")
    if "cache" in options:
        options = {"cache": folder / "cache"}
    for layout in ("padded", "jagged"):
        plain = kept(loader(folder, layout=layout, negatives_keep=negatives_keep))
        assert_same(kept(loader(folder, layout=layout, negatives_keep=negatives_keep, **options)), plain)


def test_batches_are_of_the_types_that_are_promised(folder: Path, way: str) -> None:
    batch = next(iter(loader(folder, negatives_keep=0.5)))
    assert isinstance(batch, Batch)
    shapes = [(16,), (16, 10), (16, 10), (16,), (16,), (16,)]
    assert [array.shape for array in batch] == shapes
    types = [np.int32, np.int32, np.int8, np.bool_, np.int32, np.float32]
    assert [array.dtype for array in batch] == types
    jagged = next(iter(loader(folder, layout="jagged")))
    assert isinstance(jagged, JaggedBatch) and jagged.weight is None
    assert [array.dtype for array in jagged[:5]] == [np.int32, np.int32, np.int8, np.int64, np.bool_]


def test_jagged_batches_say_what_padded_ones_do(folder: Path, way: str) -> None:
    for padded, jagged in zip(kept(loader(folder)), kept(loader(folder, layout="jagged"))):
        assert np.array_equal(np.diff(jagged.offsets), padded.lengths)
        mask = np.arange(10) < padded.lengths[:, None]
        assert np.array_equal(padded.actions[mask], jagged.actions)
        assert np.array_equal(padded.action_types[mask], jagged.action_types)
        assert np.array_equal(padded.impressions, jagged.impressions) and np.array_equal(padded.label, jagged.label)
        assert not padded.actions[~mask].any() and not padded.action_types[~mask].any()


def test_ranks_share_a_day_without_overlap(folder: Path) -> None:
    def rows(**options: Any) -> list[tuple]:
        taken = []
        for batch in kept(loader(folder, epochs=1, **options)):
            taken += list(zip(batch.impressions.tolist(), batch.lengths.tolist(), map(bytes, batch.actions)))
        return taken

    ranks = [rows(rank=rank, world_size=3) for rank in range(3)]
    assert sorted(sum(ranks, [])) == sorted(rows())
    steps = [len(kept(loader(folder, rank=rank, world_size=2, drop_last=True))) for rank in range(2)]
    assert steps == [2 * sum(len(Day.open(folder, day)) // 32 for day in DAYS)] * 2


@pytest.mark.parametrize("options", [{}, {"rank": 1, "world_size": 2}, {"drop_last": True}, {"negatives_keep": 0.5}])
def test_it_resumes_exactly_at_any_batch_across_epochs_and_days(folder: Path, options: dict) -> None:
    uninterrupted, states = [], []
    whole = loader(folder, **options)
    states.append(whole.state_dict())
    for batch in whole:
        uninterrupted.append(batch)
        states.append(json.loads(json.dumps(whole.state_dict())))
    assert len({(state["day"], state["epoch"]) for state in states}) == 6
    for number, state in enumerate(states):
        resumed = loader(folder, prefetch=3, **options)
        resumed.load_state_dict(state)
        assert resumed.state_dict() == state
        assert_same(kept(resumed), uninterrupted[number:])


def test_only_what_was_handed_out_counts(folder: Path) -> None:
    ahead = loader(folder, prefetch=50)
    batches = iter(ahead)
    for number in range(1, 4):
        next(batches)
        assert ahead.state_dict()["batch"] == number
    batches.close()


def test_resuming_makes_no_batch_that_is_not_handed_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = loader(folder)
    for _ in whole:
        state = whole.state_dict()
        if (state["day"], state["epoch"], state["batch"]) == (str(DAYS[2]), 1, 2):
            break
    opened, made = [], []
    really_open, really_padded = Day.open, gather.padded

    def count_open(*arguments: Any, **options: Any) -> Day:
        opened.append(arguments[1])
        return really_open(*arguments, **options)

    def count_padded(*arguments: Any, **options: Any) -> Batch:
        made.append(len(arguments[1]))
        return really_padded(*arguments, **options)

    monkeypatch.setattr(Day, "open", staticmethod(count_open))
    monkeypatch.setattr(gather, "padded", count_padded)
    resumed = loader(folder)
    resumed.load_state_dict(state)
    assert len(list(resumed)) == len(made) == 3
    assert opened == [DAYS[2]]


def test_an_iteration_that_was_broken_off_begins_again(folder: Path) -> None:
    again = loader(folder)
    first = next(iter(again))
    assert same(next(iter(again)), first)
    assert len(list(again)) == len(list(again))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"seed": 6}, "seed 5, and here it is 6"),
        ({"batch_size": 8}, "batch_size 16, and here it is 8"),
        ({"world_size": 2}, "world_size 1, and here it is 2"),
        ({"drop_last": True}, "drop_last False, and here it is True"),
        ({"negatives_keep": 0.5}, "negatives_keep 1.0, and here it is 0.5"),
        ({"days": DAYS[1:]}, "days '4 days, 2025-08-13"),
    ],
)
def test_the_state_of_other_batches_is_refused(folder: Path, change: dict, words: str) -> None:
    state = loader(folder).state_dict()
    options: dict[str, Any] = {"days": [*DAYS[:2], EMPTY, DAYS[2]], "batch_size": 16, "seed": 5, **change}
    with pytest.raises(ValueError, match=words):
        DayLoader(folder, **options).load_state_dict(state)


def test_a_day_that_was_published_anew_since_is_refused(folder: Path) -> None:
    whole = loader(folder)
    next(iter(whole))
    Shop.random(random.Random(9), samples=41, longest=12).write_compact(folder, DAYS[0])
    resumed = loader(folder)
    resumed.load_state_dict(whole.state_dict())
    with pytest.raises(ValueError, match="had 40 samples when the state was saved: it was published anew"):
        next(iter(resumed))


def test_what_goes_wrong_in_the_background_is_raised_where_a_batch_is_awaited(folder: Path) -> None:
    (folder / f"dt={DAYS[1]}" / "samples.parquet").write_bytes(b"not a table")
    batches = []
    with pytest.raises(DayError, match="2025-08-14.*samples.parquet: cannot be read"):
        for batch in loader(folder, epochs=1):
            batches.append(batch)
    assert sum(len(batch.label) for batch in batches) == 40


def test_the_next_day_is_opened_while_a_day_is_trained_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = {day: threading.Event() for day in DAYS}
    really = Day.open

    def tell(folder: Any, day: datetime.date, **options: Any) -> Day:
        made = really(folder, day, **options)
        opened[day].set()
        return made

    monkeypatch.setattr(Day, "open", staticmethod(tell))
    batches = iter(DayLoader(folder, DAYS, 4, length=10, prefetch=1))
    next(batches)
    # Nine batches of the first day are still to come, and none is taken meanwhile.
    assert opened[DAYS[1]].wait(timeout=60)
    assert not opened[DAYS[2]].is_set()
    batches.close()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("day-")]


def test_no_thread_is_left_however_an_iteration_ends(folder: Path) -> None:
    assert threads() == []
    list(loader(folder))
    assert threads() == []

    for _ in loader(folder, prefetch=1):
        break
    gc.collect()
    assert threads() == []

    batches = iter(loader(folder))
    next(batches)
    assert threads() != []
    batches.close()
    assert threads() == []

    abandoned = iter(loader(folder))
    next(abandoned)
    del abandoned
    gc.collect()
    assert threads() == []

    with pytest.raises(DayError):
        list(DayLoader(folder, ["2025-01-01"], 16))
    assert threads() == []


def test_a_program_that_ends_in_the_middle_ends(folder: Path) -> None:
    code = f"""
from runner_training import DayLoader
batches = iter(DayLoader({str(folder)!r}, {[str(day) for day in DAYS]!r}, 4, epochs=50))
next(batches)
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reused_batch_is_good_until_the_next_one_is_taken(folder: Path, way: str) -> None:
    plain = kept(loader(folder))
    for prefetch in (1, 2, 5):
        memory = set()
        for number, batch in enumerate(loader(folder, reuse_buffers=True, prefetch=prefetch)):
            assert same(batch, plain[number])
            memory.add(batch.actions.ctypes.data)
        assert len(memory) <= prefetch + 2
        assert number + 1 == len(plain)


def test_no_days_and_only_empty_days_give_no_batches(folder: Path) -> None:
    assert list(DayLoader(folder, [], 16)) == []
    empty = DayLoader(folder, [EMPTY], 16, epochs=3)
    assert list(empty) == []
    assert empty.state_dict()["day"] == str(EMPTY)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"prefetch": 0}, "prefetch is 0"),
        ({"length": 0}, "length is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"layout": "wide"}, "layout is 'wide'"),
        ({"resident": True}, "needs a device"),
        ({"rank": 1}, "rank is 1 of a world_size of 1"),
    ],
)
def test_what_no_batches_can_be_made_of_is_refused(folder: Path, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        loader(folder, **options)
    with pytest.raises(ValueError, match="a day is given more than once"):
        DayLoader(folder, [DAYS[0], str(DAYS[0])], 16)


def test_memory_is_not_pinned_where_there_is_no_gpu(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    for device in (None, "cpu"):
        with pytest.raises(ValueError, match="pin_memory=True needs a GPU"):
            next(iter(loader(folder, pin_memory=True, device=device)))


def test_a_device_without_torch_is_an_error_that_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("runner_training.device", "runner_training.tensors", "runner_training.resident"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr(runner_training, name.split(".")[1], raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"need torch.*training\[torch\]"):
        next(iter(loader(folder, device="cpu")))
