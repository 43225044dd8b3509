"""What a model is fed is what the raw events say."""

from __future__ import annotations

import numpy as np
import slow_reference
from conftest import Made, same

from runner_training import Day, DayDataset, days

ARRAYS = ("customer_id", "item_id", "is_order", "history_row", "offsets", "actions", "action_types")


def test_every_row_is_what_the_raw_events_make_of_it(generated: Made, way: str) -> None:
    for day in generated.days:
        expected = slow_reference.rows(generated.data, day, generated.history_length, generated.lookback_days)
        opened = Day.open(generated.folder / "compact", day)
        batch = DayDataset(opened, generated.history_length).batch(np.arange(len(opened)))
        assert opened.customer_id.tolist() == [row[0] for row in expected]
        assert batch.impressions.tolist() == [row[1] for row in expected]
        assert batch.label.tolist() == [row[2] for row in expected]
        assert batch.actions.tolist() == [row[3] for row in expected]
        assert batch.action_types.tolist() == [row[4] for row in expected]


def test_both_layouts_give_the_same_day(generated: Made, sample: Made) -> None:
    for made in (generated, sample):
        assert days(made.folder / "compact") == days(made.folder / "output") == made.days
        for day in made.days:
            compact, wide = Day.open(made.folder / "compact", day), Day.open(made.folder / "output", day)
            assert (compact.layout, wide.layout) == ("compact", "wide")
            for name in ARRAYS:
                one, two = getattr(compact, name), getattr(wide, name)
                assert one.dtype == two.dtype and np.array_equal(one, two), name


def test_the_compact_layout_goes_first_where_there_are_both(sample: Made) -> None:
    assert days(sample.folder) == sample.days
    assert Day.open(sample.folder, sample.days[0]).layout == "compact"


def test_the_sample_has_customers_without_and_with_too_much_history(sample: Made, way: str) -> None:
    lengths = np.concatenate([np.diff(Day.open(sample.folder, day).offsets) for day in sample.days])
    assert lengths.min() == 0 and lengths.max() == 1000


def test_a_shorter_length_keeps_the_newest(generated: Made, way: str) -> None:
    opened = Day.open(generated.folder, generated.days[-1])
    everything = np.arange(len(opened))
    full, short = DayDataset(opened, 1000).batch(everything), DayDataset(opened, 3).batch(everything)
    assert np.array_equal(short.actions, full.actions[:, :3])
    assert np.array_equal(short.lengths, np.minimum(full.lengths, 3))


def test_a_day_mapped_from_a_cache_is_the_same(generated: Made) -> None:
    cache = generated.folder / "mapped"
    for _ in ("made", "found"):
        for day in generated.days:
            read, mapped = Day.open(generated.folder, day), Day.open(generated.folder, day, cache=cache)
            assert all(np.array_equal(getattr(read, name), getattr(mapped, name)) for name in ARRAYS)
            everything = np.arange(len(read))
            assert same(DayDataset(read).batch(everything), DayDataset(mapped).batch(everything))
