"""The look of Plotly figures: template, colors, texts; knows no Gradio.

Texts of products are escaped, since Plotly renders markup.
"""

from __future__ import annotations

import colorsys
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
_GOLDEN = 0.6180339887


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
    """Assign a color to each name in order: hues a golden angle apart, calm enough for a dark background."""
    assigned = {}
    for number, name in enumerate(dict.fromkeys(names)):
        lightness, saturation = ((0.68, 0.62), (0.58, 0.48), (0.78, 0.55))[number % 3]
        red, green, blue = colorsys.hls_to_rgb((0.6 + number * _GOLDEN) % 1, lightness, saturation)
        assigned[name] = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    return assigned


def plain(text: str, limit: int = 90) -> str:
    """Escape a text so that Plotly shows it letter by letter, shortened to `limit` characters."""
    cut = text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    return escape(cut, quote=False)
