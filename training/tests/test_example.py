"""The example learns what is in histories, and its check fails where there is nothing in them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from conftest import REPOSITORY, run

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import target_attention  # noqa: E402
from target_attention import MARGIN, Outcome, Settings  # noqa: E402

SETTINGS = Settings(length=30)
# The last four days; three are trained on.
DAYS = ("--from", "2025-08-13", "--to", "2025-08-16")
SHOP = (
    "--customers 1000 --items 500 --days 30 --impression-days 4 --actions-per-day 2000 --impression-rows-per-day 4000"
)


def publish(programs: Path, folder: Path, taste: float) -> Path:
    """Makes a shop whose customers go so far by their taste, and gives back its compact days."""
    run(programs / "generate", "--out", folder / "data", "--taste", taste, *SHOP.split(), cwd=folder)
    places = [part for name in ("data", "cache", "output", "compact") for part in (f"--{name}", folder / name)]
    pipeline = ("--pipeline", REPOSITORY / "pipeline.yaml", "--layout", "compact")
    run(programs / "runner", "run", *pipeline, *DAYS, *places, cwd=folder)
    return folder / "compact"


def swap_histories(compact: Path) -> None:
    """Deals the histories of each day out anew, at random, and leaves everything else."""
    for path in compact.glob("dt=*/histories.parquet"):
        table = pq.read_table(path)
        others = pa.array(np.random.default_rng(4).permutation(len(table)))
        for name in ("actions", "action_types"):
            column = table.schema.get_field_index(name)
            table = table.set_column(column, table.schema.field(name), table[name].take(others))
        path.unlink()  # published files are not to be written to
        pq.write_table(table, path)


@pytest.fixture(scope="module")
def tasteful(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(programs, tmp_path_factory.mktemp("tasteful"), taste=0.8)


@pytest.fixture(scope="module")
def outcome(tasteful: Path) -> Outcome:
    return target_attention.learn(tasteful, SETTINGS)


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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_learns_as_well(tasteful):
    assert target_attention.learn(tasteful, SETTINGS._replace(device="cuda")).gain >= MARGIN


def test_where_customers_have_no_taste_nothing_is_learnt(programs, tmp_path):
    outcome = target_attention.learn(publish(programs, tmp_path, taste=0.0), SETTINGS)
    assert abs(outcome.gain) < MARGIN / 2
    assert abs(outcome.model.auc - 0.5) < MARGIN / 2


def test_with_the_histories_of_others_the_model_is_no_better_than_popularity(programs, tmp_path):
    compact = publish(programs, tmp_path, taste=0.8)
    swap_histories(compact)
    outcome = target_attention.learn(compact, SETTINGS)
    assert outcome.baseline.auc > 0.55, "popularity is still there"
    assert outcome.gain < MARGIN / 2


def test_the_exit_status_says_whether_the_margin_is_reached_and_a_seed_gives_the_same_numbers(
    tasteful, tmp_path, capsys
):
    picture = tmp_path / "curve.svg"
    arguments = [str(tasteful), "--days", "1", "--length", "10", "--picture", str(picture)]
    assert target_attention.main([*arguments, "--margin", "-1"]) == 0
    reached, drawn = capsys.readouterr().out.splitlines(), picture.read_bytes()
    assert target_attention.main([*arguments, "--margin", "0.5"]) == 1
    missed = capsys.readouterr().out.splitlines()
    assert reached[0] == "training on 1 days, 2025-08-15 .. 2025-08-15; 2025-08-16 is held out"
    assert reached[:-1] == missed[:-1] and picture.read_bytes() == drawn
    assert reached[-1].endswith("the margin of -1.0 is reached")
    assert missed[-1].endswith("the margin of 0.5 is not reached")


def test_a_folder_without_days_is_refused_by_name(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        target_attention.main([str(tmp_path / "nowhere")])
    assert "nowhere holds 0 published days" in capsys.readouterr().err
