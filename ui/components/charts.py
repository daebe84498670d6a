"""Plotly figures of the tabs Categories and Analysis, in one dark look. Texts of products are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipeline.catalog.analysis import Histogram, LevelTrust
from ui.components.figures import colours, plain

_GROUND = "#11141d"
_TEXT = "#cbd1dd"
_GRID = "#232938"
_ACCENT = "#8fb0ff"
_WARM = "#e0a06c"
_SCALE = [[0, "#151a26"], [0.35, "#2b3b64"], [0.7, "#6282d6"], [1, "#dfe8ff"]]
_SHORT = 26  # characters of a name on an axis
_MANY = 2_500  # points above which a map is drawn with WebGL


def dark(figure: go.Figure, title: str, height: int = 340) -> go.Figure:
    """The figure in the look of the page."""
    axis = {
        "gridcolor": _GRID,
        "zerolinecolor": _GRID,
        "linecolor": _GRID,
        "automargin": True,
        "title": {"standoff": 8},
    }
    figure.update_layout(
        template="none",
        title={"text": title, "x": 0.01, "font": {"size": 14, "color": "#f2f4f8"}},
        paper_bgcolor=_GROUND,
        plot_bgcolor=_GROUND,
        font={"color": _TEXT, "family": "system-ui, sans-serif", "size": 11},
        hoverlabel={"bgcolor": "#171b26", "bordercolor": "#2a3040", "font": {"color": "#f2f4f8"}},
        margin={"l": 50, "r": 14, "t": 46, "b": 44},
        height=height,
        legend={"orientation": "h", "y": -0.22, "font": {"size": 10}},
        bargap=0.08,
    )
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def short(names: Sequence[str]) -> list[str]:
    """Names for an axis: shortened, escaped, and no two the same."""
    made: list[str] = []
    for name in names:
        one = plain(name, _SHORT)
        while one in made:
            one += "\u200b"
        made.append(one)
    return made


def bars(counted: Sequence[tuple[str, int]], title: str) -> go.Figure:
    """Names with counts, the first on top."""
    names, counts = short([name for name, _ in counted]), [n for _, n in counted]
    hover = [f"{plain(name)}: {n:,}" for name, n in counted]
    trace = go.Bar(x=counts, y=names, orientation="h", marker_color=_ACCENT, hovertext=hover, hoverinfo="text")
    figure = dark(go.Figure(trace), title, height=max(220, 70 + 19 * len(names)))
    figure.update_yaxes(autorange="reversed")
    return figure


def histograms(parts: Sequence[tuple[str, Histogram]], title: str) -> go.Figure:
    """One or more histograms side by side; the last bin holds all above it."""
    figure = make_subplots(rows=1, cols=len(parts), horizontal_spacing=0.14)
    for column, (name, found) in enumerate(parts, start=1):
        edges = np.array(found["edges"])
        middles = (edges[:-1] + edges[1:]) / 2 if len(edges) else []
        spans = [f"{low:g} to {high:g}: {n:,}" for low, high, n in zip(edges, edges[1:], found["counts"], strict=False)]
        figure.add_trace(
            go.Bar(x=middles, y=found["counts"], marker_color=_ACCENT, hovertext=spans, hoverinfo="text"), 1, column
        )
        figure.update_xaxes(title_text=name, row=1, col=column)
    figure.update_layout(showlegend=False)
    dark(figure, title)
    return figure.update_layout(bargap=0.02)


def tails(curves: Sequence[tuple[str, Sequence[tuple[int, int]]]], title: str) -> go.Figure:
    """Products over rank, both logarithmic."""
    figure = go.Figure()
    for (name, points), shade in zip(curves, (_ACCENT, _WARM), strict=False):
        ranks, sizes = [p[0] for p in points], [p[1] for p in points]
        hover = [f"{name}, rank {rank:,}: {size:,} products" for rank, size in points]
        figure.add_trace(
            go.Scatter(x=ranks, y=sizes, mode="lines+markers", name=name, hovertext=hover, hoverinfo="text").update(
                line={"color": shade, "width": 2}, marker={"size": 4}
            )
        )
    dark(figure, title)
    figure.update_xaxes(type="log", title_text="rank", dtick=1)
    return figure.update_yaxes(type="log", title_text="products", dtick=1)


def heatmap(
    values: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str, *, unit: str, percent: bool = False
) -> go.Figure:
    """A table of numbers as colours.

    Args:
        values: float [rows, columns].
        rows: Names, from the top.
        columns: Names; where they are those of the rows, in the same order, they are written once, at the rows.
        title: Of the figure.
        unit: What a number is, for its label.
        percent: Whether numbers are shares.
    """
    said = [
        [
            f"{plain(row)}<br>{plain(column)}<br>{unit} {_number(value, percent)}"
            for column, value in zip(columns, line, strict=True)
        ]
        for row, line in zip(rows, values, strict=True)
    ]
    trace = go.Heatmap(
        z=values, x=short(columns), y=short(rows), colorscale=_SCALE, hovertext=said, hoverinfo="text", xgap=1, ygap=1
    )
    trace.colorbar = {"orientation": "h", "y": 1, "yanchor": "bottom", "thickness": 8, "nticks": 6, "ypad": 4}
    trace.colorbar.update(outlinewidth=0, tickformat=".0%" if percent else ".1f")
    figure = dark(go.Figure(trace), title, height=max(340, 170 + 19 * len(rows)))
    figure.update_layout(margin_t=78)
    if list(rows) == list(columns):
        order = {"text": "in the order of the rows", "standoff": 14}
        figure.update_xaxes(title=order, showticklabels=False, ticks="", showgrid=False)
    else:
        figure.update_xaxes(tickangle=-50, showgrid=False)
    return figure.update_yaxes(autorange="reversed", showgrid=False)


def _number(value: float, percent: bool) -> str:
    return f"{100 * value:.1f} %" if percent else f"{value:.2f}"


def line(
    points: Sequence[tuple[float, float]], title: str, x: str, y: str, mark: tuple[float, float, str] | None = None
) -> go.Figure:
    """A curve with, at most, one point of it marked (x, y, what it is)."""
    figure = go.Figure(
        go.Scatter(x=[p[0] for p in points], y=[p[1] for p in points], mode="lines+markers", showlegend=False).update(
            line={"color": _ACCENT, "width": 2}, marker={"size": 4}
        )
    )
    if mark is not None:
        figure.add_trace(
            go.Scatter(x=[mark[0]], y=[mark[1]], mode="markers+text", text=[mark[2]], showlegend=False).update(
                marker={"size": 11, "color": _WARM},
                textposition="top left",
                textfont={"color": _WARM},
                cliponaxis=False,
            )
        )
    dark(figure, title)
    figure.update_xaxes(title_text=x)
    return figure.update_yaxes(title_text=y)


def space_map(x: np.ndarray, y: np.ndarray, groups: Sequence[str], labels: Sequence[str], title: str) -> go.Figure:
    """Products as points on a plane, one trace a group.

    Args:
        x: float [n].
        y: float [n].
        groups: Name of each point's group; "" is grey dust without a label in the legend.
        labels: Product texts, escaped here.
        title: Of the figure.
    """
    figure = go.Figure()
    points = go.Scattergl if len(groups) > _MANY else go.Scatter
    names = np.array(groups, dtype=object)
    hover = np.array([plain(label) for label in labels], dtype=object)
    sizes = {name: int((names == name).sum()) for name in dict.fromkeys(groups)}
    ordered = sorted((name for name in sizes if name), key=lambda name: (-sizes[name], name))
    palette = {**colours(ordered), "": "rgba(110,118,138,0.35)"}
    for name in [*([""] if "" in sizes else []), *ordered]:
        found = names == name
        figure.add_trace(
            points(
                x=x[found].round(3),
                y=y[found].round(3),
                mode="markers",
                name=plain(name, 40) or "none",
                hovertext=[f"{text}<br>{plain(name) or 'in none'}" for text in hover[found]],
                hoverinfo="text",
            ).update(marker={"size": 4 if len(names) > 1_500 else 6, "color": palette[name], "opacity": 0.8})
        )
    dark(figure, title, height=560)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return figure.update_layout(
        showlegend=len(sizes) <= 30,
        legend={"orientation": "h", "y": -0.02, "itemsizing": "constant"},
        margin={"l": 8, "r": 8, "b": 8},
    )


def reliability(levels: Sequence[LevelTrust], title: str) -> go.Figure:
    """Share that is right over confidence, a line a level."""
    return _by_level(
        [level["reliability"] for level in levels], title, "confidence", "share that is right", diagonal=True
    )


def coverage(levels: Sequence[LevelTrust], title: str) -> go.Figure:
    """Precision over coverage, a line a level."""
    return _by_level([level["coverage"] for level in levels], title, "coverage", "precision", diagonal=False)


def _by_level(lines: Sequence[Sequence[Any]], title: str, x: str, y: str, *, diagonal: bool) -> go.Figure:
    figure = go.Figure()
    if diagonal:
        honest = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", showlegend=False)
        figure.add_trace(honest.update(line={"color": "#4b5366", "width": 1, "dash": "dot"}))
    palette = list(colours([str(level) for level in range(len(lines))]).values())
    for level, points in enumerate(lines):
        drawn = go.Scatter(
            x=[p[0] for p in points], y=[p[1] for p in points], mode="lines+markers", name=f"level {level + 1}"
        )
        figure.add_trace(drawn.update(line={"color": palette[level], "width": 2}, marker={"size": 5}))
    dark(figure, title, height=380)
    figure.update_xaxes(title_text=x, range=[0, 1.02])
    return figure.update_yaxes(title_text=y, range=[0, 1.04])


def intervals(rows: Sequence[tuple[str, str, float, float, float]], title: str) -> go.Figure:
    """Figures with their intervals: (series, name, value, low, high)."""
    figure = go.Figure()
    series = list(dict.fromkeys(row[0] for row in rows))
    palette = colours(series)
    for name in series:
        own = [row for row in rows if row[0] == name]
        values = [row[2] for row in own]
        error = {
            "type": "data",
            "symmetric": False,
            "array": [row[4] - row[2] for row in own],
            "arrayminus": [row[2] - row[3] for row in own],
            "thickness": 1.4,
            "width": 3,
        }
        drawn = go.Scatter(x=[row[1] for row in own], y=values, mode="markers", name=name, error_y=error)
        figure.add_trace(drawn.update(marker={"size": 8, "color": palette[name]}))
    dark(figure, title, height=360)
    return figure.update_layout(scattermode="group").update_yaxes(range=[0, 1.04], tickformat=".0%")
