"""A day in a real DataLoader of real torch, and in torchdata's."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from conftest import same

from runner_training import Batch, Day, DayBatchSampler, DayDataset

torch = pytest.importorskip("torch")
DataLoader = torch.utils.data.DataLoader


def numpy_of(batch: Batch) -> Batch:
    return Batch(*(None if tensor is None else tensor.numpy() for tensor in batch))


def whole(batches: list[Batch]) -> list[tuple]:
    """All rows, sorted, so that orders do not matter."""
    rows = []
    for batch in map(numpy_of, batches):
        rows += zip(batch.impressions.tolist(), batch.label.tolist(), batch.lengths.tolist(), batch.actions.tolist())
    return sorted(rows)


def test_torch_is_not_imported_with_the_package() -> None:
    code = "import sys, runner_training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_plain_dataloader_that_shuffles_yields_whole_batches_of_tensors(day: Day, way: str) -> None:
    dataset = DayDataset(day, 30)
    batches = list(DataLoader(dataset, batch_size=64, shuffle=True))
    assert [len(batch.label) for batch in batches] == [64, 64, 64, 64, 44]
    first = batches[0]
    assert isinstance(first, Batch) and first.weight is None
    types = (torch.int32, torch.int32, torch.int8, torch.bool, torch.int32)
    shapes = ((64,), (64, 30), (64, 30), (64,), (64,))
    assert [(tensor.dtype, tuple(tensor.shape)) for tensor in first[:5]] == list(zip(types, shapes))
    everything = dataset.batch(np.arange(len(day)))
    rows = zip(everything.impressions.tolist(), everything.label.tolist(), everything.lengths.tolist())
    assert whole(batches) == sorted((*row, actions) for row, actions in zip(rows, everything.actions.tolist()))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_give_the_same_batches_as_none(day: Day, workers: int, method: str) -> None:
    def batches(**options: object) -> list[Batch]:
        sampler = DayBatchSampler(day, 50, seed=3)
        return [numpy_of(one) for one in DataLoader(DayDataset(day, 20), batch_sampler=sampler, **options)]

    alone, beside = batches(), batches(num_workers=workers, multiprocessing_context=method)
    assert len(alone) == len(beside) == 6
    assert all(same(one, two) for one, two in zip(alone, beside))


def test_a_single_row_is_the_row_of_the_batch_and_can_be_collated(day: Day, way: str) -> None:
    dataset = DayDataset(day, 30)
    batch = dataset.batch([5, 6])
    row = dataset[6]
    assert row.impressions == batch.impressions[1] and row.actions.tolist() == batch.actions[1].tolist()
    # A ConcatDataset knows nothing of whole batches.
    rows = list(DataLoader(torch.utils.data.ConcatDataset([dataset, dataset]), batch_size=len(day)))
    assert [same(numpy_of(one)[:5], dataset.batch(np.arange(len(day)))[:5]) for one in rows] == [True, True]
    subset = torch.utils.data.Subset(dataset, [6, 5])
    assert same(numpy_of(next(iter(DataLoader(subset, batch_size=2)))), dataset.batch([6, 5]))


def test_histories_padded_once_give_the_same_batches(day: Day, way: str) -> None:
    samples = np.arange(len(day))[::-1].copy()
    for length in (7, 40, 50):
        assert same(DayDataset(day, length, cache_padded=True).batch(samples), DayDataset(day, length).batch(samples))


def test_weights_come_with_a_share_of_the_negatives(day: Day) -> None:
    loader = DataLoader(
        DayDataset(day, 5, negatives_keep=0.5), batch_sampler=DayBatchSampler(day, 64, negatives_keep=0.5)
    )
    batches = [numpy_of(one) for one in loader]
    assert sum(len(one.label) for one in batches) < len(day)
    for batch in batches:
        assert batch.weight.dtype == np.float32
        assert batch.weight.tolist() == [1.0 if label else 2.0 for label in batch.label]


def test_a_collate_function_of_ones_own_still_gets_what_it_asks_for(day: Day) -> None:
    dataset = DayDataset(day, 5)
    picked = DataLoader(dataset, batch_size=10, collate_fn=lambda whole: whole[0].batch)
    assert same(next(iter(picked)), dataset.batch(np.arange(10)))


@pytest.mark.parametrize("workers", [0, 2])
def test_torchdata_resumes_at_any_batch_and_across_epochs(day: Day, workers: int) -> None:
    stateful = pytest.importorskip("torchdata.stateful_dataloader")

    def loader() -> object:
        sampler = DayBatchSampler(day, 60, seed=9)
        return stateful.StatefulDataLoader(DayDataset(day, 10), batch_sampler=sampler, num_workers=workers)

    def take(loader: object, passes: int) -> tuple[list[Batch], list[dict]]:
        batches, states = [], []
        for _ in range(passes):
            for batch in loader:  # type: ignore[attr-defined]
                batches.append(numpy_of(batch))
                states.append(loader.state_dict())  # type: ignore[attr-defined]
        return batches, states

    uninterrupted, states = take(loader(), 2)
    assert len(uninterrupted) == 10
    for number in (0, 2, 4, 5, 7):
        resumed = loader()
        resumed.load_state_dict(states[number])  # type: ignore[attr-defined]
        rest = take(resumed, 1 if number >= 5 else 2)[0]
        assert len(rest) == 9 - number, number
        assert all(same(one, two) for one, two in zip(rest, uninterrupted[number + 1 :])), number
