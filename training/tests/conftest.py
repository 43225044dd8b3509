"""Days for the tests: made by the pipeline's own programs, or written here value by value."""

from __future__ import annotations

import datetime
import os
import random
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from files import DAY, Shop

from runner_training import Day

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("RUNNER_BIN", REPOSITORY / "target" / "release"))


class Made(NamedTuple):
    """What the pipeline made: raw files in ``data``, days in ``folder``/output and ``folder``/compact."""

    data: Path
    folder: Path
    days: list[datetime.date]
    history_length: int
    lookback_days: int


def run(*command: object, cwd: Path) -> None:
    """Runs a program of the pipeline; what it says is shown if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def programs() -> Path:
    # Not skipped, as these are the tests that hold all of this against the pipeline.
    if not (PROGRAMS / "runner").exists():
        pytest.fail(
            f"no runner in {PROGRAMS}: `cargo build --release --workspace` makes it, RUNNER_BIN names another folder"
        )
    return PROGRAMS


@pytest.fixture(scope="session")
def sample(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The days of the committed sample."""
    at = tmp_path_factory.mktemp("sample")
    days = [datetime.date(2025, 8, 14) + datetime.timedelta(days=number) for number in range(3)]
    return _publish(programs, at, REPOSITORY / "data", days, 1000, 365)


@pytest.fixture(scope="session")
def generated(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Random days: many ties, histories that are too long, and a look-back that cuts some off."""
    seed = int(os.environ.get("TEST_SEED") or random.randrange(1 << 32))
    print(f"random days: TEST_SEED={seed}")
    chance = random.Random(seed)
    at = tmp_path_factory.mktemp("generated")
    shape = {
        "customers": chance.randint(20, 120),
        "items": chance.randint(5, 500),
        "days": chance.randint(6, 40),
        "impression-days": 3,
        "actions-per-day": chance.randint(50, 600),
        "impression-rows-per-day": chance.randint(5, 60),
        "seed": seed,
    }
    arguments = [part for name, value in shape.items() for part in (f"--{name}", value)]
    run(programs / "generate", "--out", at / "data", *arguments, cwd=at)
    days = [datetime.date(2025, 8, 14) + datetime.timedelta(days=number) for number in range(3)]
    return _publish(programs, at, at / "data", days, chance.choice([7, 40, 1000]), chance.choice([2, 5, 365]))


def _publish(programs: Path, at: Path, data: Path, days: list[datetime.date], length: int, lookback: int) -> Made:
    pipeline = (REPOSITORY / "pipeline.yaml").read_text()
    for name, value in (("&history_length 1000", length), ("&lookback_days 365", lookback)):
        assert name in pipeline
        pipeline = pipeline.replace(name, f"{name.split()[0]} {value}")
    (at / "pipeline.yaml").write_text(pipeline)
    folders = ["--data", data, "--cache", at / "cache", "--output", at / "output", "--compact", at / "compact"]
    run(programs / "runner", "run", "--from", days[0], "--to", days[-1], "--layout", "both", *folders, cwd=at)
    return Made(data, at, days, length, lookback)


@pytest.fixture
def shop() -> Shop:
    """A few hundred samples of customers with long, short and no histories."""
    return Shop.random(random.Random(5), samples=300, longest=40)


@pytest.fixture
def day(shop: Shop, tmp_path: Path) -> Day:
    shop.write_compact(tmp_path / "compact", DAY)
    return Day.open(tmp_path, DAY)


@pytest.fixture(params=["native", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of gathering; the native one is skipped where it was not built."""
    from runner_training import native

    if request.param == "numpy":
        monkeypatch.setenv(native.VARIABLE, "off")
    elif native.library() is None:
        pytest.skip("the native gather was not built")
    return str(request.param)


def same(one: object, two: object) -> bool:
    """Whether two batches are the same, to the byte and the type."""
    assert isinstance(one, tuple) and isinstance(two, tuple)
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(one, two) if a is not None or b is not None]
    return type(one) is type(two) and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)
