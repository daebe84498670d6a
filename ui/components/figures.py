"""Colours and texts for Plotly figures; knows no Gradio. Texts of products are escaped: Plotly reads markup in them."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable
from html import escape

_GOLDEN = 0.6180339887


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in the order given: hues a golden angle apart, calm enough for a dark ground."""
    made = {}
    for number, name in enumerate(dict.fromkeys(names)):
        lightness, saturation = ((0.68, 0.62), (0.58, 0.48), (0.78, 0.55))[number % 3]
        red, green, blue = colorsys.hls_to_rgb((0.6 + number * _GOLDEN) % 1, lightness, saturation)
        made[name] = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    return made


def plain(text: str, limit: int = 90) -> str:
    """A text as Plotly shows it letter by letter, shortened."""
    cut = text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    return escape(cut, quote=False)
