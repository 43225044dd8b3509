"""The parts of the example: its measures, the popularity it is held against, its model and its picture."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from runner_training import Day

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import curve  # noqa: E402
from measures import auc, log_loss  # noqa: E402
from model import TargetAttention  # noqa: E402
from popularity import Popularity  # noqa: E402


def test_auc_is_the_share_of_pairs_in_the_right_order_and_a_tie_is_half_a_pair():
    rng = np.random.default_rng(5)
    for values in (2, 7, 1000):
        label = rng.random(200) < 0.2
        score = rng.integers(0, values, 200) / values
        pairs = [(up > down) + (up == down) / 2 for up in score[label] for down in score[~label]]
        assert auc(label, score) == pytest.approx(np.mean(pairs))


def test_auc_is_1_for_the_labels_themselves_and_half_for_no_opinion():
    label = np.array([True, False, False, True])
    assert auc(label, label.astype(float)) == 1.0
    assert auc(label, -label.astype(float)) == 0.0
    assert auc(label, np.zeros(4)) == 0.5


def test_auc_of_labels_of_one_kind_is_refused():
    with pytest.raises(ValueError, match="0 of 3 were ordered"):
        auc(np.zeros(3, bool), np.arange(3.0))


def test_log_loss_is_the_mean_cost_and_finite_for_those_who_are_sure_and_wrong():
    assert log_loss(np.array([True, False]), np.array([0.5, 0.75])) == pytest.approx((np.log(2) + np.log(4)) / 2)
    assert 10 < log_loss(np.array([True]), np.array([0.0])) < 20


def test_popularity_counts_what_was_shown_ordered_and_acted_on():
    day = Day(
        day=datetime.date(2025, 8, 16),
        layout="compact",
        folder=Path("."),
        customer_id=np.array([1, 1, 2], np.int64),
        item_id=np.array([10, 20, 10], np.int32),
        is_order=np.array([True, False, False]),
        history_row=np.array([0, 0, 1], np.uint32),
        offsets=np.array([0, 3, 3], np.int64),
        actions=np.array([20, 30, 20], np.int32),
        action_types=np.array([1, 1, 3], np.int8),
    )
    popularity = Popularity.of([day, day])
    asked = np.array([30, 20, 10, 5, 99], np.int32)
    usual = 2 / 6
    expected = [usual, (20 * usual) / 22, (2 + 20 * usual) / 24, usual, usual]
    assert popularity.order_rates(asked) == pytest.approx(expected)
    assert popularity.times_acted_on(asked).tolist() == [2, 4, 0, 0, 0]


@pytest.fixture
def model() -> TargetAttention:
    torch.manual_seed(3)
    return TargetAttention(torch.tensor([10, 20, 30], dtype=torch.int32), width=8)


def logits(model: TargetAttention, shown: list[int], actions: list[list[int]], kind: int = 1) -> list[float]:
    histories = torch.tensor(actions, dtype=torch.int32)
    kinds = ((histories != 0) * kind).to(torch.int8)
    return model(torch.tensor(shown, dtype=torch.int32), histories, kinds).tolist()


def test_padding_says_nothing_to_the_model(model):
    short = logits(model, [10, 20], [[20, 30], [30, 0]])
    assert logits(model, [10, 20], [[20, 30, 0, 0, 0], [30, 0, 0, 0, 0]]) == pytest.approx(short, abs=1e-6)


def test_the_model_looks_at_the_item_the_history_and_the_types(model):
    (usual,) = logits(model, [10], [[20, 30]])
    for shown, history, kind in (([20], [20, 30], 1), ([10], [20, 20], 1), ([10], [20, 30], 3)):
        assert abs(logits(model, shown, [history], kind)[0] - usual) > 1e-4


def test_a_customer_without_a_history_gets_a_number_and_gradients_stay_finite(model):
    without = model(torch.tensor([10, 20]).int(), torch.zeros(2, 4).int(), torch.zeros(2, 4, dtype=torch.int8))
    assert torch.isfinite(without).all()
    without.sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters() if weight.grad is not None)


def test_items_that_are_not_among_the_known_are_one_to_the_model(model):
    first, second, known = logits(model, [15, 99, 30], [[40, 5], [1, 77], [1, 77]])
    assert first == pytest.approx(second)
    assert first != pytest.approx(known)


def test_the_picture_is_well_formed_and_has_every_point_and_the_baseline():
    losses, aucs = [(100.0, 0.4), (200.0, 0.25), (300.0, 0.2)], [(150.0, 0.6), (300.0, 0.7)]
    root = ElementTree.fromstring(curve.svg(losses, aucs, 0.55))
    name = "{http://www.w3.org/2000/svg}"
    loss, auc_line = (line.get("points").split() for line in root.iter(f"{name}polyline"))
    heights = [float(point.split(",")[1]) for point in loss]
    assert len(auc_line) == len(list(root.iter(f"{name}circle"))) == 2
    assert heights == sorted(heights) and len(set(heights)) == 3, "lower losses lie lower on the page"
    assert "popularity" in [text.text for text in root.iter(f"{name}text")]
