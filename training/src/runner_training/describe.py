"""What is in a day, as numbers and as a histogram of text. The picture is drawn by `picture`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List

import numpy as np

from .day import Day


@dataclass(frozen=True)
class Bin:
    """How many samples have a history of ``first`` to ``last`` actions."""

    first: int
    last: int
    samples: int

    @property
    def label(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Description:
    """The numbers of a day; lengths are those of samples, so a customer counts as often as something was shown."""

    day: str
    layout: str
    samples: int
    customers: int
    positives: int
    actions: int
    mean_length: float
    median_length: float
    longest: int
    without_history: int
    bytes: int
    histogram: List[Bin]


def describe(day: Day) -> Description:
    """The numbers of a day."""
    lengths = np.diff(day.offsets)[day.history_row]
    return Description(
        day=day.day.isoformat(),
        layout=day.layout,
        samples=len(day),
        customers=len(np.unique(day.customer_id)),
        positives=day.positives,
        actions=len(day.actions),
        mean_length=float(lengths.mean()) if len(day) else 0.0,
        median_length=float(np.median(lengths)) if len(day) else 0.0,
        longest=int(lengths.max()) if len(day) else 0,
        without_history=int(np.count_nonzero(lengths == 0)),
        bytes=day.nbytes,
        histogram=_histogram(lengths),
    )


def text(description: Description, width: int = 40) -> str:
    """The numbers and the histogram for a terminal."""
    one = description
    share = f" ({one.positives / one.samples:.2%})" if one.samples else ""
    lines = [
        f"{one.day} ({one.layout})",
        f"  samples     {one.samples:,}",
        f"  customers   {one.customers:,}",
        f"  positives   {one.positives:,}{share}",
        f"  actions     {one.actions:,} in {one.bytes / 1e6:,.1f} MB of memory with all else",
        f"  lengths     mean {one.mean_length:.1f}, median {one.median_length:.0f}, longest {one.longest}",
        f"  no history  {one.without_history:,}",
        "  history length by sample",
    ]
    most = max((one.samples for one in one.histogram), default=1) or 1
    for bar in description.histogram:
        lines.append(f"  {bar.label:>11} {bar.samples:>11,} {'#' * round(width * bar.samples / most)}".rstrip())
    return "\n".join(lines)


def _histogram(lengths: np.ndarray) -> List[Bin]:
    # Lengths follow a power law, so each bin is twice as wide as the one before it.
    edges = [0, 1]
    longest = int(lengths.max()) if len(lengths) else 0
    while edges[-1] <= longest:
        edges.append(edges[-1] * 2)
    counts = np.histogram(lengths, bins=[edge - 0.5 for edge in edges])[0].tolist()
    return [Bin(first, end - 1, count) for first, end, count in zip(edges, edges[1:], counts)]
