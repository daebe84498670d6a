"""Colours of the figures; knows no Gradio and nothing of ours."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable

_GOLDEN = 0.6180339887


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in the order given: hues a golden angle apart, calm enough for a dark ground."""
    made = {}
    for number, name in enumerate(dict.fromkeys(names)):
        lightness, saturation = ((0.68, 0.62), (0.58, 0.48), (0.78, 0.55))[number % 3]
        red, green, blue = colorsys.hls_to_rgb((0.6 + number * _GOLDEN) % 1, lightness, saturation)
        made[name] = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    return made
