"""The order in which a day's samples come, as a pure function of (seed, day, epoch).

Nothing else has a say in it: not the number of workers, threads or ranks, nor what was drawn before. The numbers come from
Philox with these three for its key, taken raw, since numpy promises that those stay the same in every version, and does
not promise it of ``Generator.permutation``.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Optional

import numpy as np
import numpy.typing as npt

# Each use of random numbers has a stream of its own, so that keeping fewer negatives does not change the order of the rest.
_ORDER, _NEGATIVES = 0, 1


@dataclass(frozen=True)
class Epoch:
    """One pass over a day: what everything random in it depends on."""

    seed: int
    day: datetime.date
    epoch: int


def order(
    epoch: Epoch,
    samples: int,
    is_order: Optional[npt.NDArray[np.bool_]] = None,
    negatives_keep: float = 1.0,
) -> npt.NDArray[np.int64]:
    """The samples of an epoch, shuffled: all of them, or all positives and a share of the negatives."""
    shuffled = np.argsort(_random(epoch, samples, _ORDER), kind="stable")
    if negatives_keep == 1.0:
        return shuffled
    if is_order is None:
        raise ValueError("keeping a share of the negatives needs the day itself, not only its number of samples")
    # Below 1.0 the product is below 2**64, so nothing is cut off.
    kept = is_order | (_random(epoch, samples, _NEGATIVES) < np.uint64(int(negatives_keep * 2.0**64)))
    return shuffled[kept[shuffled]]


def weights(label: npt.NDArray[np.bool_], negatives_keep: float) -> npt.NDArray[np.float32]:
    """What a sample counts for, so that the kept negatives stand for all: 1 for positives, 1 / share for negatives."""
    return np.where(label, np.float32(1), np.float32(1 / negatives_keep))


def check(seed: int, batch_size: int, rank: int, world_size: int, negatives_keep: float) -> None:
    """Raises `ValueError` for what no order can be made of."""
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed}; it must be at least 0 and below 2**64")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
    if not 0 <= rank < world_size:
        raise ValueError(f"rank is {rank} of a world_size of {world_size}; ranks go from 0 to world_size - 1")
    if not 0.0 < negatives_keep <= 1.0:
        raise ValueError(
            f"negatives_keep is {negatives_keep}; it must be above 0 and at most 1, the share that is kept"
        )


def share_length(samples: int, batch_size: int, rank: int, world_size: int, drop_last: bool) -> int:
    """How many samples a rank gets; with ``drop_last`` as many as every other, and a whole number of batches."""
    if drop_last:
        return samples // (batch_size * world_size) * batch_size
    return len(range(rank, samples, world_size))


def share(
    shuffled: npt.NDArray[np.int64], batch_size: int, rank: int, world_size: int, drop_last: bool
) -> npt.NDArray[np.int64]:
    """The samples of a rank, in their order: ranks take turns, a sample each."""
    length = share_length(len(shuffled), batch_size, rank, world_size, drop_last)
    return np.ascontiguousarray(shuffled[rank::world_size][:length])


def _random(epoch: Epoch, count: int, stream: int) -> npt.NDArray[np.uint64]:
    if not 0 <= epoch.epoch < 2**32:
        raise ValueError(f"epoch is {epoch.epoch}; it must be at least 0 and below 2**32")
    key = np.array([epoch.seed, epoch.day.toordinal() << 32 | epoch.epoch], np.uint64)
    counter = np.array([0, 0, 0, stream], np.uint64)
    return np.asarray(np.random.Philox(key=key, counter=counter).random_raw(count), np.uint64)
