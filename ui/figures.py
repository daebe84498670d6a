"""Tables to Plotly figures; knows no Gradio. Texts of products are escaped: Plotly reads markup in them."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

_DUST = "rgba(110, 118, 138, 0.25)"
_TEXT = "#cbd1dd"
_GROUND = "#11141d"
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


def galaxy(products: pd.DataFrame, palette: dict[str, str], *, only: str | None = None) -> go.Figure:
    """Products in three dimensions, coloured by top-level category.

    Args:
        products: Columns x, y, z, title, category_path, category_top.
        palette: Colour of each top-level category.
        only: A top-level category; all others become grey dust. None shows all.

    Returns:
        A figure with one trace.
    """
    tops = products["category_top"].fillna("")
    shown = np.ones(len(products), dtype=bool) if only is None else (tops == only).to_numpy()
    colour = np.where(shown, tops.map(palette).fillna(_DUST), _DUST)
    hover = [
        f"{plain(title or 'untitled')}<br>{plain(path)}" if visible else ""
        for title, path, visible in zip(
            products["title"].fillna(""), products["category_path"].fillna("no category"), shown, strict=True
        )
    ]
    points = go.Scatter3d(
        x=products["x"].to_numpy(np.float32),
        y=products["y"].to_numpy(np.float32),
        z=products["z"].to_numpy(np.float32),
        mode="markers",
        marker={"size": _point_size(len(products)), "color": colour, "opacity": 0.85, "line": {"width": 0}},
        hovertext=hover,
        hoverinfo="text",
        showlegend=False,
    )
    axis = {"visible": False, "showspikes": False}
    return go.Figure(
        points,
        layout={
            "template": "none",
            "paper_bgcolor": _GROUND,
            "font": {"color": _TEXT, "family": "system-ui, sans-serif"},
            "hoverlabel": {"bgcolor": "#171b26", "bordercolor": "#2a3040", "font": {"color": "#f2f4f8"}},
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "height": 600,
            "scene": {
                "xaxis": axis,
                "yaxis": axis,
                "zaxis": axis,
                "bgcolor": _GROUND,
                "camera": {"eye": {"x": 1.1, "y": 1.1, "z": 0.7}},
            },
        },
    )


def _point_size(n: int) -> float:
    """Diameter in pixels: smaller the more there are."""
    return float(np.clip(26 / max(n, 1) ** 0.25, 1.8, 7.0))
