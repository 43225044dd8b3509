"""The order of an epoch, its ranks, and what is left out of it."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from runner_training import Day, DayBatchSampler, order

EPOCH = order.Epoch(seed=7, day=datetime.date(2025, 8, 16), epoch=0)


def drawn(sampler: DayBatchSampler) -> list[list[int]]:
    return [batch.tolist() for batch in sampler]


def test_an_order_is_the_same_on_every_machine_and_with_every_numpy() -> None:
    # Written down, so that a change of it is noticed: states that were saved before would lead elsewhere.
    assert order.order(EPOCH, 10).tolist() == [3, 8, 1, 0, 4, 5, 6, 2, 7, 9]
    label = np.arange(10) % 5 == 0
    assert order.order(EPOCH, 10, label, 0.5).tolist() == [1, 0, 5, 6, 2, 7]


def test_every_row_comes_once_an_epoch() -> None:
    for samples in (0, 1, 99, 100, 1000):
        assert sorted(sum(drawn(DayBatchSampler(samples, 100, day="2025-08-16")), [])) == list(range(samples))


def test_seed_day_and_epoch_each_make_another_order() -> None:
    orders = [
        order.order(epoch, 1000).tolist()
        for epoch in (
            EPOCH,
            replace(EPOCH, seed=8),
            replace(EPOCH, epoch=1),
            replace(EPOCH, day=datetime.date(2025, 8, 17)),
        )
    ]
    assert len({tuple(one) for one in orders}) == 4
    assert order.order(EPOCH, 1000).tolist() == orders[0]


@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
def test_ranks_are_disjoint_and_complete(world_size: int) -> None:
    ranks = [DayBatchSampler(1000, 8, day="2025-08-16", rank=rank, world_size=world_size) for rank in range(world_size)]
    batches = [drawn(sampler) for sampler in ranks]
    assert sorted(sample for rank in batches for batch in rank for sample in batch) == list(range(1000))
    assert [len(rank) for rank in batches] == [len(sampler) for sampler in ranks]
    assert max(map(len, batches)) - min(map(len, batches)) <= 1


def test_ranks_together_go_through_the_order_of_a_single_one() -> None:
    single = drawn(DayBatchSampler(24, 8, day="2025-08-16"))
    ranks = [drawn(DayBatchSampler(24, 4, day="2025-08-16", rank=rank, world_size=2)) for rank in range(2)]
    together = [[sample for pair in zip(one, two) for sample in pair] for one, two in zip(*ranks)]
    assert together == single


def test_with_drop_last_all_ranks_have_as_many_full_batches() -> None:
    ranks = [DayBatchSampler(1003, 8, day="2025-08-16", rank=rank, world_size=3, drop_last=True) for rank in range(3)]
    batches = [drawn(sampler) for sampler in ranks]
    assert [len(rank) for rank in batches] == [len(sampler) for sampler in ranks] == [1003 // 24] * 3
    assert all(len(batch) == 8 for rank in batches for batch in rank)
    assert len({sample for rank in batches for batch in rank for sample in batch}) == 1003 // 24 * 24


def test_all_positives_and_a_share_of_the_negatives_are_kept(day: Day) -> None:
    label = np.arange(10_000) % 10 == 0
    kept = order.order(EPOCH, 10_000, label, 0.25)
    assert len(set(kept.tolist())) == len(kept) and label[kept].sum() == 1000
    # Nine thousand negatives; six standard deviations either way.
    assert abs((~label[kept]).sum() - 2250) < 250
    assert np.array_equal(order.order(EPOCH, 10_000, label, 0.25), kept)
    other = order.order(replace(EPOCH, epoch=1), 10_000, label, 0.25)
    assert set(other.tolist()) != set(kept.tolist())
    # The order of what is kept is the order that there is without leaving any out.
    whole = order.order(EPOCH, 10_000)
    assert np.array_equal(kept, whole[np.isin(whole, kept)])
    sampler = DayBatchSampler(day, 16, negatives_keep=0.3)
    batches = drawn(sampler)
    assert len(batches) == len(DayBatchSampler(day, 16, negatives_keep=0.3))
    assert set(np.flatnonzero(day.is_order)) <= set(sum(batches, []))


def test_weights_let_the_kept_negatives_stand_for_all() -> None:
    weights = order.weights(np.array([True, False, False]), 0.25)
    assert weights.dtype == np.float32 and weights.tolist() == [1, 4, 4]


def test_a_pass_that_ends_moves_on_to_the_next_epoch() -> None:
    sampler = DayBatchSampler(100, 10, day="2025-08-16")
    first, second = drawn(sampler), drawn(sampler)
    assert first != second and sampler.epoch == 2
    sampler.set_epoch(0)
    assert drawn(sampler) == first
    assert drawn(DayBatchSampler(100, 10, day="2025-08-16", epoch=1)) == second


def test_a_pass_that_was_broken_off_begins_again() -> None:
    sampler = DayBatchSampler(100, 10, day="2025-08-16")
    first = next(iter(sampler)).tolist()
    assert drawn(sampler)[0] == first
    # Also one that had begun at a loaded state.
    sampler.set_epoch(0)
    sampler.load_state_dict({**sampler.state_dict(), "batch": 4})
    assert next(iter(sampler)).tolist() != first
    assert drawn(sampler)[0] == first


def test_a_sampler_resumes_at_any_batch() -> None:
    sampler = DayBatchSampler(95, 10, day="2025-08-16", rank=1, world_size=2)
    states, batches = [sampler.state_dict()], []
    for _ in range(2):
        for batch in sampler:
            batches.append(batch.tolist())
            states.append(sampler.state_dict())
    for number, state in enumerate(states):
        resumed = DayBatchSampler(95, 10, day="2025-08-16", rank=1, world_size=2)
        resumed.load_state_dict(state)
        rest = drawn(resumed)
        if resumed.epoch == 1:
            rest += drawn(resumed)
        assert rest == batches[number:], state


def test_set_epoch_to_the_epoch_of_a_loaded_state_goes_on_from_it() -> None:
    sampler = DayBatchSampler(100, 10, day="2025-08-16", epoch=3)
    whole = drawn(sampler)
    sampler.load_state_dict({**sampler.state_dict(), "epoch": 3, "batch": 4})
    sampler.set_epoch(3)
    assert drawn(sampler) == whole[4:]
    sampler.load_state_dict({**sampler.state_dict(), "epoch": 2, "batch": 4})
    sampler.set_epoch(3)
    assert drawn(sampler) == whole


@pytest.mark.parametrize(
    "name, value",
    [
        ("seed", 1),
        ("day", "2025-08-15"),
        ("samples", 99),
        ("batch_size", 5),
        ("world_size", 2),
        ("drop_last", True),
        ("negatives_keep", 0.5),
        ("version", 0),
    ],
)
def test_the_state_of_another_order_is_refused(name: str, value: object) -> None:
    sampler = DayBatchSampler(100, 10, day="2025-08-16")
    with pytest.raises(ValueError, match=f"{name} {value!r}"):
        sampler.load_state_dict({**sampler.state_dict(), name: value})
    with pytest.raises(ValueError, match=f"no {name}"):
        sampler.load_state_dict({key: one for key, one in sampler.state_dict().items() if key != name})


@pytest.mark.parametrize(
    "options, words",
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"rank": 2, "world_size": 2}, "rank is 2 of a world_size of 2"),
        ({"negatives_keep": 0.0}, "negatives_keep is 0.0"),
        ({"negatives_keep": 0.5}, "needs the day itself"),
        ({"day": None}, "depends on the day"),
        ({"day": "yesterday"}, "'yesterday' is not a day"),
    ],
)
def test_what_no_order_can_be_made_of_is_refused(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DayBatchSampler(100, **{"batch_size": 10, "day": "2025-08-16", **options})
