"""Draws a day's histogram as SVG. Knows bars and text, and nothing of days beyond their description."""

from __future__ import annotations

from xml.sax.saxutils import escape

from .describe import Description

_BAR, _GAP, _HEIGHT, _LEFT, _TOP, _BOTTOM = 56, 12, 220, 24, 64, 48


def draw(description: Description) -> str:
    """An SVG picture of how long histories are."""
    one = description
    bars = one.histogram
    width = max(_LEFT * 2 + len(bars) * (_BAR + _GAP), 480)
    most = max((bar.samples for bar in bars), default=1) or 1
    base = _TOP + _HEIGHT
    subtitle = (
        f"{one.samples:,} samples of {one.customers:,} customers, {one.positives:,} positives; "
        f"mean {one.mean_length:.0f}, median {one.median_length:.0f}, longest {one.longest}"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {base + _BOTTOM}" font-family="sans-serif">',
        f'<rect width="{width}" height="{base + _BOTTOM}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">History length by sample, {escape(one.day)}</text>',
        f'<text x="{_LEFT}" y="42" font-size="11" fill="#555">{escape(subtitle)}</text>',
    ]
    for number, bar in enumerate(bars):
        height = round(_HEIGHT * bar.samples / most, 1)
        left = _LEFT + number * (_BAR + _GAP)
        middle = left + _BAR / 2
        parts += [
            f'<rect x="{left}" y="{base - height}" width="{_BAR}" height="{height}" fill="#3b6fb6"/>',
            f'<text x="{middle}" y="{base - height - 4}" font-size="10" text-anchor="middle">{bar.samples:,}</text>',
            f'<text x="{middle}" y="{base + 16}" font-size="10" text-anchor="middle">{bar.label}</text>',
        ]
    parts += [
        f'<line x1="{_LEFT}" y1="{base}" x2="{width - _LEFT}" y2="{base}" stroke="#333"/>',
        f'<text x="{_LEFT}" y="{base + 36}" font-size="11" fill="#555">actions in the history</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
