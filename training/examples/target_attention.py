"""Trains a small sequence model day by day on published days, and holds it against popularity on the last of them.

    python target_attention.py FOLDER [--days 10] [--device cuda] [--picture curve.svg]

The last day is held out. The exit status is 0 if the model beats popularity there by the stated margin, else 1. This file
owns the order of things: what the model is stands in `model`, what popularity is in `popularity`, and the picture in `curve`.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from itertools import groupby
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple

import curve
import numpy as np
import torch
from measures import auc, log_loss
from model import TargetAttention
from popularity import Popularity
from torch.nn.functional import binary_cross_entropy_with_logits

from runner_training import Day, DayLoader, days, split

MARGIN = 0.1
# Batches to a point of the curve of losses.
_POINT = 40


class Settings(NamedTuple):
    """How the model is trained. ``length``: how many of a customer's newest actions it sees."""

    days: Optional[int] = None
    length: int = 50
    batch_size: int = 256
    learning_rate: float = 0.01
    seed: int = 1
    device: str = "cpu"


class TrainedDay(NamedTuple):
    """A day that was trained on, and how good the model was after it."""

    day: str
    samples: int
    losses: List[float]
    held_out_auc: float

    @property
    def loss(self) -> float:
        """The mean of the day's batches."""
        return float(np.mean(self.losses))


class Score(NamedTuple):
    """How good something is on the held-out day."""

    name: str
    auc: float
    log_loss: Optional[float]  # None for what is no probability


class Outcome(NamedTuple):
    """What came of it."""

    trained: List[TrainedDay]
    model: Score
    baseline: Score

    @property
    def gain(self) -> float:
        """By how much area the model is better than popularity."""
        return self.model.auc - self.baseline.auc


def learn(folder: Path, settings: Settings) -> Outcome:
    """Trains on all days but the last, each once and in order, and prints a line for each."""
    train, held_out = split(days(folder))
    train = train if settings.days is None else train[-settings.days :]
    print(f"training on {len(train)} days, {train[0]} .. {train[-1]}; {held_out[0]} is held out")
    popularity = Popularity.of(Day.open(folder, day) for day in train)

    # The same seed gives the same numbers on a CPU; on one thread also when other programs take the cores.
    torch.manual_seed(settings.seed)
    torch.set_num_threads(1)
    model = TargetAttention(torch.from_numpy(popularity.items)).to(settings.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    loader = _loader(folder, train, settings)
    trained: List[TrainedDay] = []
    print("day          samples    loss  held-out AUC", flush=True)
    for day, batches in groupby(loader, key=lambda _: str(loader.state_dict()["day"])):
        samples, losses = 0, []
        for batch in batches:
            logit = model(batch.impressions, batch.actions, batch.action_types)
            loss = binary_cross_entropy_with_logits(logit, batch.label.float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            samples += len(batch.label)
            losses.append(loss.detach())  # a number would make a GPU wait for it
        _, label, probability = _predict(model, folder, held_out, settings)
        trained.append(TrainedDay(day, samples, torch.stack(losses).tolist(), auc(label, probability)))
        print(f"{day}  {samples:8,}  {trained[-1].loss:6.4f}        {trained[-1].held_out_auc:6.4f}", flush=True)

    items, label, probability = _predict(model, folder, held_out, settings)
    score = Score("model", auc(label, probability), log_loss(label, probability))
    return Outcome(trained, score, _baseline(popularity, items, label))


def _loader(folder: Path, days: Sequence[datetime.date], settings: Settings) -> DayLoader:
    return DayLoader(
        folder, days, settings.batch_size, seed=settings.seed, length=settings.length, device=settings.device
    )


def _predict(
    model: TargetAttention, folder: Path, days: Sequence[datetime.date], settings: Settings
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items shown, whether they were ordered, and the model's probability of that."""
    parts: List[Tuple[torch.Tensor, ...]] = []
    with torch.no_grad():
        for batch in _loader(folder, days, settings._replace(batch_size=2048)):
            logit = model(batch.impressions, batch.actions, batch.action_types)
            parts.append((batch.impressions, batch.label, torch.sigmoid(logit)))
    items, label, probability = (torch.cat(part).cpu().numpy() for part in zip(*parts))
    return items, label, probability


def _baseline(popularity: Popularity, items: np.ndarray, label: np.ndarray) -> Score:
    """The better of two, chosen in hindsight: that is in favour of popularity."""
    rates = popularity.order_rates(items)
    by_orders = Score("popularity, by orders", auc(label, rates), log_loss(label, rates))
    by_actions = Score("popularity, by actions", auc(label, popularity.times_acted_on(items)), None)
    return max(by_orders, by_actions, key=lambda score: score.auc)


def _draw(outcome: Outcome, path: Path) -> None:
    losses, aucs, samples = [], [], 0
    for day in outcome.trained:
        size = day.samples / len(day.losses)
        for start in range(0, len(day.losses), _POINT):
            point = day.losses[start : start + _POINT]
            losses.append((samples + (start + len(point)) * size, float(np.mean(point))))
        samples += day.samples
        aucs.append((float(samples), day.held_out_auc))
    path.write_text(curve.svg(losses, aucs, outcome.baseline.auc), encoding="utf-8")


def _report(outcome: Outcome, margin: float) -> bool:
    print(f"\n{'held-out day':22}     AUC  log loss")
    for score in (outcome.baseline, outcome.model):
        cost = "-" if score.log_loss is None else f"{score.log_loss:.4f}"
        print(f"{score.name:22}  {score.auc:.4f}  {cost:>8}")
    reached = outcome.gain >= margin
    verdict = "reached" if reached else "not reached"
    print(f"\nmodel - popularity: {outcome.gain:+.4f} AUC; the margin of {margin} is {verdict}")
    return reached


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command."""
    usual = Settings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="published days, such as data/compact")
    parser.add_argument("--days", type=int, help="train on so many days before the last one (default: all)")
    parser.add_argument("--length", type=int, default=usual.length, help="actions of a history (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=usual.batch_size, help="(default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=usual.learning_rate, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=usual.seed, help="(default: %(default)s)")
    parser.add_argument("--device", default=usual.device, help="(default: %(default)s)")
    parser.add_argument("--margin", type=float, default=MARGIN, help="AUC above popularity (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help="write the curve to this SVG file")
    given = vars(parser.parse_args(arguments))
    if given["days"] is not None and given["days"] < 1:
        parser.error(f"--days is {given['days']}; it must be at least 1")
    folder, margin, picture = (given.pop(name) for name in ("folder", "margin", "picture"))
    if len(days(folder)) < 2:
        parser.error(f"{folder} holds {len(days(folder))} published days; it takes one to train on and one to hold out")
    outcome = learn(folder, Settings(**given))
    if picture:
        _draw(outcome, picture)
    return 0 if _report(outcome, margin) else 1


if __name__ == "__main__":
    sys.exit(main())
