"""What the README shows can be run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Made

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_examples_of_the_readme_run(sample: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(sample.folder.parent)
    (sample.folder.parent / "data").symlink_to(sample.folder)

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.types = torch.nn.Embedding(4, 1, padding_idx=0)

        def forward(self, impressions: torch.Tensor, actions: torch.Tensor, action_types: torch.Tensor) -> torch.Tensor:
            assert impressions.shape == actions.shape[:1] and actions.shape == action_types.shape
            return self.types(action_types.int()).mean(dim=(1, 2))

    model = Model()
    names = {
        "model": model,
        "F": torch.nn.functional,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "DataLoader": torch.utils.data.DataLoader,
    }
    exec("from runner_training import *", names)
    examples = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        exec(example.replace('device="cuda"', 'device="cpu"'), names)
    expected = {"day": str(sample.days[-2]), "epoch": 1}
    assert {name: names["checkpoint"]["loader"][name] for name in expected} == expected
