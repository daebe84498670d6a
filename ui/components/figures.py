"""The look of Plotly figures: template, colors, texts; knows no Gradio.

Texts of products are escaped, since Plotly renders markup.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from html import escape

import plotly.graph_objects as go
import plotly.io as pio

TEMPLATE = "product_galaxy"
"""Name of the registered Plotly template with the dark look of the page."""

BACKGROUND = "#11141d"
ACCENT = "#8fb0ff"
CONTRAST = "#e0a06c"
_TEXT = "#cbd1dd"
_GRID = "#232938"
_COLORS, _HUES = 48, 36
_CALM = ((0.66, 0.14), (0.78, 0.11), (0.88, 0.08), (0.72, 0.06))  # lightness and chroma in Oklab
_FIRST = (0.74, -0.02, -0.11)  # near the accent


def _template() -> go.layout.Template:
    axis = {
        "gridcolor": _GRID,
        "zerolinecolor": _GRID,
        "linecolor": _GRID,
        "automargin": True,
        "title": {"standoff": 8},
    }
    return go.layout.Template(
        layout={
            "title": {"x": 0.01, "font": {"size": 14, "color": "#f2f4f8"}},
            "paper_bgcolor": BACKGROUND,
            "plot_bgcolor": BACKGROUND,
            "font": {"color": _TEXT, "family": "system-ui, sans-serif", "size": 11},
            "hoverlabel": {"bgcolor": "#171b26", "bordercolor": "#2a3040", "font": {"color": "#f2f4f8"}},
            "margin": {"l": 50, "r": 14, "t": 46, "b": 44},
            "legend": {"orientation": "h", "y": -0.22, "font": {"size": 10}},
            "bargap": 0.08,
            "xaxis": axis,
            "yaxis": axis,
        }
    )


pio.templates[TEMPLATE] = _template()


def colors(names: Iterable[str]) -> dict[str, str]:
    """Assign a color to each name in order, calm on a dark background: 48 that are told apart, then they repeat."""
    palette = _palette()
    return {name: palette[number % len(palette)] for number, name in enumerate(dict.fromkeys(names))}


@functools.cache
def _palette() -> list[str]:
    """Colors, each as far as possible from those before it: farthest points of a grid in Oklab (Ottosson 2020)."""
    turns = [2 * math.pi * step / _HUES for step in range(_HUES)]
    grid = [(light, chroma * math.cos(turn), chroma * math.sin(turn)) for light, chroma in _CALM for turn in turns]
    inside = {lab: rgb for lab in grid if (rgb := _rgb(lab)) is not None}
    chosen = [min(inside, key=lambda lab: math.dist(lab, _FIRST))]
    while len(chosen) < _COLORS:
        chosen.append(max(inside, key=lambda lab: min(math.dist(lab, other) for other in chosen)))
    return ["#" + "".join(f"{round(255 * part):02x}" for part in inside[lab]) for lab in chosen]


def _rgb(lab: tuple[float, float, float]) -> tuple[float, float, float] | None:
    """Color of Oklab in sRGB, each from 0 to 1; None outside of it."""
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    if min(linear) < 0 or max(linear) > 1:
        return None
    red, green, blue = (12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055 for x in linear)
    return red, green, blue


def plain(text: str, limit: int = 90) -> str:
    """Escape a text so that Plotly shows it letter by letter, shortened to `limit` characters."""
    cut = text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    return escape(cut, quote=False)
