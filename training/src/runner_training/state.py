"""States to resume from: plain dicts that say what they are of, so that one of something else is refused."""

from __future__ import annotations

from typing import Any, Dict

State = Dict[str, Any]


def check_same(state: State, expected: State) -> None:
    """Raises `ValueError` if a state is not of what is ``expected``; says the first difference."""
    for name, here in expected.items():
        if name not in state:
            raise ValueError(f"this state has no {name}: it is not one of ours, or from another version")
        if state[name] != here:
            raise ValueError(
                f"this state was saved with {name} {state[name]!r}, and here it is {here!r}: the same place would be "
                f"other samples; resume with {name} {state[name]!r}, or start anew without the state"
            )
