"""The example learns what is in histories, and its check fails where there is nothing in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import target_attention  # noqa: E402
from target_attention import MARGIN, Outcome, Settings  # noqa: E402

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(length=30)
# The last four days; three are trained on.
DAYS = ("--from", "2025-08-13", "--to", "2025-08-16")
SHOP = (
    "--customers 1000 --items 500 --days 30 --impression-days 4 --actions-per-day 2000 --impression-rows-per-day 4000"
)


def publish(folder: Path, taste: float) -> Path:
    """Makes a shop whose customers go so far by their taste, and gives back its compact days."""
    programs = Path(os.environ.get("RUNNER_BIN", ROOT / "target" / "release"))
    run(programs / "generate", "--out", folder / "data", "--taste", taste, *SHOP.split())
    places = [part for name in ("data", "cache", "output", "compact") for part in (f"--{name}", folder / name)]
    run(programs / "runner", "run", "--pipeline", ROOT / "pipeline.yaml", "--layout", "compact", *DAYS, *places)
    return folder / "compact"


def run(*command: object) -> None:
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def swap_histories(compact: Path) -> None:
    """Gives every customer the history of another, the same on all days, and leaves everything else."""
    for path in compact.glob("dt=*/histories.parquet"):
        table = pq.read_table(path)
        others = pa.array(np.random.default_rng(4).permutation(len(table)))
        for name in ("actions", "action_types"):
            column = table.schema.get_field_index(name)
            table = table.set_column(column, table.schema.field(name), table[name].take(others))
        path.unlink()  # published files are not to be written to
        pq.write_table(table, path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("shop"), taste=0.8)


@pytest.fixture(scope="module")
def outcome(shop: Path) -> Outcome:
    return target_attention.learn(shop, SETTINGS)


def test_the_days_are_trained_on_in_order_and_the_last_is_not(outcome):
    assert [day.day for day in outcome.trained] == ["2025-08-13", "2025-08-14", "2025-08-15"]


def test_the_loss_falls(outcome):
    losses = [day.loss for day in outcome.trained]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9 * losses[0]


def test_the_model_beats_popularity_on_the_held_out_day_by_the_margin(outcome):
    assert outcome.baseline.auc > 0.55, "popularity tells something"
    assert outcome.gain >= MARGIN
    assert outcome.model.auc == outcome.trained[-1].held_out_auc
    assert outcome.model.log_loss < outcome.baseline.log_loss


def test_where_customers_have_no_taste_nothing_is_learnt(tmp_path):
    outcome = target_attention.learn(publish(tmp_path, taste=0.0), SETTINGS)
    assert abs(outcome.gain) < MARGIN / 2
    assert abs(outcome.model.auc - 0.5) < MARGIN / 2


def test_with_the_histories_of_others_the_model_is_no_better_than_popularity(tmp_path):
    compact = publish(tmp_path, taste=0.8)
    swap_histories(compact)
    outcome = target_attention.learn(compact, SETTINGS)
    assert outcome.baseline.auc > 0.55, "popularity is still there"
    assert outcome.gain < MARGIN / 2


def test_the_exit_status_says_whether_the_margin_is_reached_and_a_seed_gives_the_same_numbers(shop, tmp_path, capsys):
    picture = tmp_path / "curve.svg"
    arguments = [str(shop), "--days", "1", "--length", "10", "--picture", str(picture)]
    assert target_attention.main([*arguments, "--margin", "-1"]) == 0
    reached, drawn = capsys.readouterr().out.splitlines(), picture.read_bytes()
    assert target_attention.main([*arguments, "--margin", "0.5"]) == 1
    missed = capsys.readouterr().out.splitlines()
    assert reached[0] == "training on 1 days, 2025-08-15 .. 2025-08-15; 2025-08-16 is held out"
    assert reached[:-1] == missed[:-1] and picture.read_bytes() == drawn
    assert reached[-1].endswith("the margin of -1.0 is reached")
    assert missed[-1].endswith("the margin of 0.5 is not reached")
