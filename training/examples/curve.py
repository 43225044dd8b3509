"""A picture of how a model learns, as SVG text: the loss, and beside it the AUC. Knows points, and not what made them."""

from __future__ import annotations

from typing import List, Sequence, Tuple

Points = Sequence[Tuple[float, float]]

_WIDTH, _HEIGHT = 380, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 34, 42
_LINE, _BASELINE, _TEXT, _GRID = "#2563a8", "#b4531f", "#333333", "#dddddd"


def svg(losses: Points, aucs: Points, baseline: float) -> str:
    """Both curves over the samples seen; ``baseline`` is a dashed line in that of the AUC."""
    values = [auc for _, auc in aucs] + [baseline]
    samples = max(seen for seen, _ in (*losses, *aucs))
    left = _Panel(0, samples, *_span([loss for _, loss in losses]))
    right = _Panel(_WIDTH, samples, *_span(values))
    marks = [f'<circle cx="{right.x(seen):.1f}" cy="{right.y(auc):.1f}" r="3" fill="{_LINE}"/>' for seen, auc in aucs]
    level = right.y(baseline)
    parts = [
        *left.frame("loss in training"),
        left.line(losses),
        *right.frame("AUC on the held-out day"),
        right.line(aucs),
        *marks,
        _line(right.x(0), right.x(samples), level, f'stroke="{_BASELINE}" stroke-width="1.5" stroke-dasharray="6 4"'),
        _text(2 * _WIDTH - _RIGHT - 4, level - 6, "popularity", "end", _BASELINE),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}" width="{2 * _WIDTH}"'
        f' height="{_HEIGHT}" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


class _Panel:
    """A pair of axes, from 0 to ``samples`` and from ``low`` to ``high``."""

    def __init__(self, at: int, samples: float, low: float, high: float, step: float) -> None:
        self.at, self.samples, self.low, self.high, self.step = at, samples, low, high, step

    def x(self, samples: float) -> float:
        return self.at + _LEFT + samples / self.samples * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)

    def frame(self, title: str) -> List[str]:
        parts = [_text(self.at + _LEFT, 20, title, "start")]
        for number in range(round((self.high - self.low) / self.step) + 1):
            value = self.low + number * self.step
            y = self.y(value)
            parts.append(_line(self.x(0), self.x(self.samples), y, f'stroke="{_GRID}"'))
            parts.append(_text(self.at + _LEFT - 6, y + 4, f"{value:.2f}", "end"))
        below = _HEIGHT - _BOTTOM + 16
        parts.append(_text(self.x(0), below, "0", "middle"))
        parts.append(_text(self.x(self.samples), below, f"{self.samples:,.0f}", "end"))
        parts.append(_text(self.x(self.samples / 2), below + 16, "samples seen", "middle"))
        return parts

    def line(self, points: Points) -> str:
        path = " ".join(f"{self.x(samples):.1f},{self.y(value):.1f}" for samples, value in points)
        return f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="1.5"/>'


def _span(values: Sequence[float]) -> Tuple[float, float, float]:
    """Round numbers around the values, and the step between the lines of the grid."""
    low, high = min(values), max(values)
    step = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if high - low <= 6 * step), 1.0)
    first = low // step * step
    return first, max(-(-high // step) * step, first + step), step


def _line(left: float, right: float, y: float, style: str) -> str:
    return f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" {style}/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = _TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
