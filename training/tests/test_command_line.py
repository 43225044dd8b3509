"""verify, describe and bench, as they are called."""

from __future__ import annotations

import datetime
import json
import random
import xml.etree.ElementTree
from pathlib import Path

import pytest
from conftest import Made
from files import DAY, HISTORIES, WIDE, Shop, write

from runner_training.__main__ import main

LATER = DAY + datetime.timedelta(days=1)


def test_verify_finds_nothing_wrong_with_what_the_pipeline_made(
    sample: Made, generated: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    for made in (sample, generated):
        assert main(["verify", str(made.folder)]) == 0
        said = capsys.readouterr().out
        assert said.count("compact and wide") == 3 and said.endswith("nothing wrong\n")
        assert main(["verify", str(made.folder / "compact"), str(made.folder / "output")]) == 0
        assert capsys.readouterr().out == said


def both(folder: Path) -> Shop:
    shop = Shop([(5, [(7, 1), (8, 2)], [(9, True), (8, False)]), (6, [], [(1, False)])])
    shop.write_compact(folder / "compact", DAY)
    shop.write_wide(folder / "output", DAY, 3)
    return shop


@pytest.mark.parametrize(
    "name, row, value, words",
    [
        ("item_id", 1, 3, "item_id of row 1 is 8 in"),
        ("is_order", 0, False, "is_order of row 0 is True in"),
        ("customer_id", 2, 7, "customer_id of row 2 is 6 in"),
        ("actions", 1, [7, 9, 0], "the history of customer 5 in row 1 differs"),
        ("action_types", 0, [1, 1, 0], "the history of customer 5 in row 0 differs"),
    ],
)
def test_verify_finds_where_the_layouts_differ(
    tmp_path: Path, name: str, row: int, value: object, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = both(tmp_path).wide(3)
    columns[name][row] = value
    write(tmp_path / "output" / f"dt={DAY}" / "rows.parquet", columns, WIDE)
    assert main(["verify", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"wrong: {DAY}: {words}" in said and said.endswith("1 wrong\n")


def test_verify_finds_rows_and_days_that_only_one_layout_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = both(tmp_path)
    shop.write_compact(tmp_path / "compact", LATER)
    Shop(shop.customers[:1]).write_wide(tmp_path / "output", DAY, 3)
    assert main(["verify", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"wrong: {DAY}: 3 samples in" in said and f"wrong: {LATER}: there is no wide day in" in said


def test_verify_goes_on_after_a_day_that_is_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = both(tmp_path)
    shop.write_compact(tmp_path / "compact", LATER)
    shop.write_wide(tmp_path / "output", LATER, 3)
    for day, other in ((DAY, LATER), (LATER, DAY)):
        lost = tmp_path / "compact" / f"dt={day}" / "samples.parquet"
        kept = lost.rename(tmp_path / "kept")
        assert main(["verify", str(tmp_path)]) == 1
        said = capsys.readouterr().out
        assert "is half a day" in said and f"{day}: wide, 3 samples" in said and f"{other}: compact and wide" in said
        kept.rename(lost)


@pytest.mark.parametrize(
    "earlier, later, right",
    [
        ([(1, 1), (2, 1), (3, 1)], [(9, 1), (1, 1), (2, 1), (3, 1)], True),
        ([(1, 1), (2, 1), (3, 1)], [(1, 1), (2, 1), (3, 1)], True),
        # The oldest have left the look-back.
        ([(1, 1), (2, 1), (3, 1)], [(9, 1), (1, 1)], True),
        ([], [(9, 1)], True),
        # What was known on the earlier day happened in the middle of it.
        ([(8, 1), (1, 1), (2, 1), (3, 1)], [(9, 1), (8, 1), (7, 1), (1, 1), (2, 1), (3, 1)], False),
        ([(8, 1), (1, 1), (2, 1)], [(1, 1), (2, 1)], False),
    ],
)
def test_verify_sees_a_history_that_does_not_go_on_from_the_day_before(
    tmp_path: Path,
    earlier: list[tuple[int, int]],
    later: list[tuple[int, int]],
    right: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Somebody else's long history says that these are not cut to fit.
    other = (6, [(number, 1) for number in range(1, 20)], [(1, False)])
    Shop([(5, earlier, [(9, True)]), other]).write_compact(tmp_path, DAY)
    Shop([(5, later, [(9, True)]), other]).write_compact(tmp_path, LATER)
    assert main(["verify", str(tmp_path)]) == (0 if right else 1)
    said = capsys.readouterr().out
    assert f"2 of them held against {DAY}" in said
    assert ("do not go on from those of" in said) == (not right)


def test_verify_says_what_it_cannot_see(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "Published files hold no timestamps" in said and "is not seen at all" in said


def test_describe_counts_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = [(7, 1)] * 5
    shop = Shop([(3, [], [(9, True)]), (5, history[:1], [(9, False)] * 2), (6, history, [(9, False), (8, True)])])
    shop.write_compact(tmp_path, DAY)
    picture = tmp_path / "picture.svg"
    assert main(["describe", str(tmp_path), "--json", "--picture", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)[0]
    expected = {"samples": 5, "customers": 3, "positives": 2, "actions": 6, "longest": 5, "without_history": 1}
    assert {name: found[name] for name in expected} == expected
    assert (found["mean_length"], found["median_length"]) == (12 / 5, 1)
    bins = [(one["first"], one["last"], one["samples"]) for one in found["histogram"]]
    assert bins == [(0, 0, 1), (1, 1, 2), (2, 3, 0), (4, 7, 2)]
    root = xml.etree.ElementTree.parse(picture).getroot()
    heights = [float(bar.get("height", 0)) for bar in root.iter() if bar.tag.endswith("rect")][1:]
    assert heights == [110, 220, 0, 220]
    assert main(["describe", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "positives   2 (40.00%)" in said and "4-7           2 ########" in said


def test_describe_of_an_empty_day_and_of_no_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Shop([]).write_compact(tmp_path, DAY)
    picture = tmp_path / "picture.svg"
    assert main(["describe", str(tmp_path), "--day", str(DAY), "--picture", str(picture)]) == 0
    assert "samples     0" in capsys.readouterr().out
    assert xml.etree.ElementTree.parse(picture).getroot() is not None
    assert main(["describe", str(tmp_path / "elsewhere")]) == 1
    assert "no published days" in capsys.readouterr().err
    assert main(["describe", str(tmp_path), "--picture", "picture.png"]) == 1
    assert "an .svg file" in capsys.readouterr().err


def test_a_day_that_is_not_there_is_an_error_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both(tmp_path)
    assert main(["describe", str(tmp_path), "--day", "2025-01-01"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: day 2025-01-01: ") and said.count("\n") == 1


def test_bench_measures_every_line_that_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    from runner_training import native
    from runner_training.bench import LINES, text

    shop = Shop.random(random.Random(3), samples=200, longest=20)
    shop.write_compact(tmp_path / "compact", DAY)
    shop.write_wide(tmp_path / "output", DAY, 20)
    assert main(["bench", str(tmp_path), "--seconds", "0.05", "--rounds", "1", "--length", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = [line.title for line in LINES if native.library() is not None or not line.native]
    assert [line["title"] for line in found["lines"]] == expected
    assert found["lines"][0]["ratio"] == 1 and all(line["rate"] > 0 for line in found["lines"])
    assert set(found["opening"]) == {"compact", "wide"}
    assert text(found).count("\n|") == len(expected) + 2


def test_bench_says_when_there_is_nothing_to_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Shop([]).write_compact(tmp_path, DAY)
    assert main(["bench", str(tmp_path)]) == 1
    assert "is empty: there is nothing to measure" in capsys.readouterr().err


def test_verify_refuses_a_folder_without_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "histories.parquet", Shop([]).histories(), HISTORIES)
    assert main(["verify", str(tmp_path)]) == 1
    assert "no published days" in capsys.readouterr().out
