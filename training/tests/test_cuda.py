"""The same batches on a GPU, where there is one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import same
from files import Shop

from runner_training import DayLoader

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")

DAYS = ["2025-08-13", "2025-08-14"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import datetime

    for number, day in enumerate(DAYS):
        shop = Shop.random(random.Random(number), samples=3000, longest=90)
        shop.write_compact(tmp_path, datetime.date.fromisoformat(day))
    return tmp_path


@pytest.mark.parametrize("layout", ["padded", "jagged"])
@pytest.mark.parametrize(
    "options", [{}, {"resident": True}, {"negatives_keep": 0.5}, {"resident": True, "negatives_keep": 0.5}]
)
def test_batches_on_a_gpu_are_those_in_memory(folder: Path, layout: str, options: dict[str, Any]) -> None:
    shared = {"epochs": 3, "length": 100, "layout": layout, "negatives_keep": options.get("negatives_keep", 1.0)}
    host = DayLoader(folder, DAYS, 64, **shared)
    there = DayLoader(folder, DAYS, 64, device="cuda", **{**shared, **options})
    count = 0
    for one, two in zip(host, there):
        assert all(tensor is None or tensor.is_cuda for tensor in two)
        assert same(one, type(two)(*(None if tensor is None else tensor.cpu().numpy() for tensor in two)))
        count += 1
    assert count > 200


def test_pinned_batches_are_the_same_and_are_pinned(folder: Path) -> None:
    plain = DayLoader(folder, DAYS, 64, length=100)
    pinned = DayLoader(folder, DAYS, 64, length=100, device="cpu", pin_memory=True, reuse_buffers=True)
    for one, two in zip(plain, pinned):
        assert two.actions.is_pinned()
        assert same(one, type(two)(*(None if tensor is None else np.array(tensor) for tensor in two)))
