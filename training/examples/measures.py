"""How good predictions are: area under the curve and log loss, by numpy alone. Knows labels and scores, and no model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def auc(label: npt.NDArray[np.bool_], score: npt.NDArray[np.floating]) -> float:
    """How often something ordered is scored above something that is not; a tie counts half. 0.5 is chance, 1 perfect."""
    positives = int(np.count_nonzero(label))
    negatives = len(label) - positives
    if not positives or not negatives:
        raise ValueError(f"{positives} of {len(label)} were ordered: an area under the curve needs some of either kind")
    _, place, ties = np.unique(score, return_inverse=True, return_counts=True)
    # The mean of the ranks, from 1, that equal scores take up together.
    rank = np.cumsum(ties) - (ties - 1) / 2
    above = rank[place][label].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def log_loss(label: npt.NDArray[np.bool_], probability: npt.NDArray[np.floating]) -> float:
    """The mean of what each label costs, in nats. Lower is better."""
    kept = np.clip(np.asarray(probability, np.float64), 1e-7, 1 - 1e-7)
    return float(-np.where(label, np.log(kept), np.log1p(-kept)).mean())
