"""Plotly figures of the tabs Categories and Analysis. Texts of products are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipeline.catalog.analysis import Histogram, LevelTrust
from ui.components.figures import ACCENT, CONTRAST, TEMPLATE, colors, plain

_SCALE = [[0, "#151a26"], [0.35, "#2b3b64"], [0.7, "#6282d6"], [1, "#dfe8ff"]]
_NAME_LENGTH = 26  # characters of a name on an axis
_WEBGL_ABOVE = 2_500  # points


@dataclass(frozen=True)
class Mark:
    """A point of a curve that is marked with a label."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Interval:
    """A figure of an evaluation with its confidence interval, all from 0 to 1."""

    series: str
    name: str
    value: float
    low: float
    high: float


def titled(figure: go.Figure, title: str, height: int = 340) -> go.Figure:
    """Give a figure the look of the page, a title and a height in pixels."""
    return figure.update_layout(template=TEMPLATE, title_text=title, height=height)


def short(names: Sequence[str]) -> list[str]:
    """Shorten and escape names for an axis; no two come out the same."""
    labels: list[str] = []
    for name in names:
        label = plain(name, _NAME_LENGTH)
        while label in labels:
            label += "\u200b"
        labels.append(label)
    return labels


def bars(counted: Sequence[tuple[str, int]], title: str) -> go.Figure:
    """Bar chart of names with counts, the first at the top."""
    names, counts = short([name for name, _ in counted]), [n for _, n in counted]
    hover = [f"{plain(name)}: {n:,}" for name, n in counted]
    trace = go.Bar(x=counts, y=names, orientation="h", marker_color=ACCENT, hovertext=hover, hoverinfo="text")
    figure = titled(go.Figure(trace), title, height=max(220, 70 + 19 * len(names)))
    figure.update_yaxes(autorange="reversed")
    return figure


def histograms(parts: Sequence[tuple[str, Histogram]], title: str) -> go.Figure:
    """Histograms side by side; the last bin of each holds everything above it."""
    figure = make_subplots(rows=1, cols=len(parts), horizontal_spacing=0.14)
    for column, (name, histogram) in enumerate(parts, start=1):
        edges = np.array(histogram["edges"])
        middles = (edges[:-1] + edges[1:]) / 2 if len(edges) else []
        counts = histogram["counts"]
        spans = [f"{low:g} to {high:g}: {n:,}" for low, high, n in zip(edges, edges[1:], counts, strict=False)]
        figure.add_trace(go.Bar(x=middles, y=counts, marker_color=ACCENT, hovertext=spans, hoverinfo="text"), 1, column)
        figure.update_xaxes(title_text=name, row=1, col=column)
    figure.update_layout(showlegend=False)
    titled(figure, title)
    return figure.update_layout(bargap=0.02)


def tails(curves: Sequence[tuple[str, Sequence[tuple[int, int]]]], title: str) -> go.Figure:
    """Number of products over rank, both logarithmic, one line a curve."""
    figure = go.Figure()
    for (name, points), shade in zip(curves, (ACCENT, CONTRAST), strict=False):
        ranks, sizes = [p[0] for p in points], [p[1] for p in points]
        hover = [f"{name}, rank {rank:,}: {size:,} products" for rank, size in points]
        figure.add_trace(
            go.Scatter(x=ranks, y=sizes, mode="lines+markers", name=name, hovertext=hover, hoverinfo="text").update(
                line={"color": shade, "width": 2}, marker={"size": 4}
            )
        )
    titled(figure, title)
    figure.update_xaxes(type="log", title_text="rank", dtick=1)
    return figure.update_yaxes(type="log", title_text="products", dtick=1)


def heatmap(
    values: np.ndarray, rows: Sequence[str], columns: Sequence[str], title: str, *, unit: str, percent: bool = False
) -> go.Figure:
    """Table of numbers as colors.

    Args:
        values: float [rows, columns].
        rows: Names, from the top.
        columns: Names; if they equal the rows, they are written at the rows only.
        title: Title of the figure.
        unit: Unit of the numbers, for the hover text.
        percent: Whether the numbers are shares from 0 to 1.
    """
    hover = [
        [
            f"{plain(row)}<br>{plain(column)}<br>{unit} {_number(value, percent)}"
            for column, value in zip(columns, line, strict=True)
        ]
        for row, line in zip(rows, values, strict=True)
    ]
    trace = go.Heatmap(
        z=values, x=short(columns), y=short(rows), colorscale=_SCALE, hovertext=hover, hoverinfo="text", xgap=1, ygap=1
    )
    trace.colorbar = {"orientation": "h", "y": 1, "yanchor": "bottom", "thickness": 8, "nticks": 6, "ypad": 4}
    trace.colorbar.update(outlinewidth=0, tickformat=".0%" if percent else ".1f")
    figure = titled(go.Figure(trace), title, height=max(340, 170 + 19 * len(rows)))
    figure.update_layout(margin_t=78)
    if list(rows) == list(columns):
        order = {"text": "same order as the rows", "standoff": 14}
        figure.update_xaxes(title=order, showticklabels=False, ticks="", showgrid=False)
    else:
        figure.update_xaxes(tickangle=-50, showgrid=False)
    return figure.update_yaxes(autorange="reversed", showgrid=False)


def _number(value: float, percent: bool) -> str:
    return f"{100 * value:.1f}%" if percent else f"{value:.2f}"


def line(points: Sequence[tuple[float, float]], title: str, x: str, y: str, mark: Mark | None = None) -> go.Figure:
    """Curve with axis titles `x` and `y`, and at most one marked point."""
    figure = go.Figure(
        go.Scatter(x=[p[0] for p in points], y=[p[1] for p in points], mode="lines+markers", showlegend=False).update(
            line={"color": ACCENT, "width": 2}, marker={"size": 4}
        )
    )
    if mark is not None:
        figure.add_trace(
            go.Scatter(x=[mark.x], y=[mark.y], mode="markers+text", text=[mark.label], showlegend=False).update(
                marker={"size": 11, "color": CONTRAST},
                textposition="top left",
                textfont={"color": CONTRAST},
                cliponaxis=False,
            )
        )
    titled(figure, title)
    figure.update_xaxes(title_text=x)
    return figure.update_yaxes(title_text=y)


def space_map(places: np.ndarray, groups: Sequence[str], labels: Sequence[str], title: str) -> go.Figure:
    """Map of products as points on a plane or in space, one trace a group.

    Args:
        places: float [n, 2] or [n, 3].
        groups: Name of each point's group; "" is drawn in gray, without a name in the legend.
        labels: Product texts, escaped here.
        title: Title of the figure.
    """
    figure = go.Figure()
    flat = go.Scattergl if len(groups) > _WEBGL_ABOVE else go.Scatter
    deep = places.shape[1] == 3
    points, small, large = (go.Scatter3d, 2, 4) if deep else (flat, 4, 6)
    names = np.array(groups, dtype=object)
    hover = np.array([plain(label) for label in labels], dtype=object)
    sizes = {name: int((names == name).sum()) for name in dict.fromkeys(groups)}
    ordered = sorted((name for name in sizes if name), key=lambda name: (-sizes[name], name))
    palette = {**colors(ordered), "": "rgba(110,118,138,0.35)"}
    for name in [*([""] if "" in sizes else []), *ordered]:
        members = names == name
        figure.add_trace(
            points(
                **dict(zip("xyz", places[members].T.round(3), strict=False)),
                mode="markers",
                name=plain(name, 40) or "none",
                hovertext=[f"{text}<br>{plain(name) or 'in no group'}" for text in hover[members]],
                hoverinfo="text",
            ).update(marker={"size": small if len(names) > 1_500 else large, "color": palette[name], "opacity": 0.8})
        )
    titled(figure, title, height=560)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    hidden = {"visible": False}
    figure.update_scenes(aspectmode="data", xaxis=hidden, yaxis=hidden, zaxis=hidden)
    return figure.update_layout(
        showlegend=len(sizes) <= 30,
        legend={"orientation": "h", "y": -0.02, "itemsizing": "constant"},
        margin={"l": 8, "r": 8, "b": 8},
    )


def reliability(levels: Sequence[LevelTrust], title: str) -> go.Figure:
    """Share of correct predictions over confidence, one line a level."""
    return _by_level([level["reliability"] for level in levels], title, "confidence", "share correct", diagonal=True)


def coverage(levels: Sequence[LevelTrust], title: str) -> go.Figure:
    """Precision over coverage, one line a level."""
    return _by_level([level["coverage"] for level in levels], title, "coverage", "precision", diagonal=False)


def _by_level(lines: Sequence[Sequence[Any]], title: str, x: str, y: str, *, diagonal: bool) -> go.Figure:
    figure = go.Figure()
    if diagonal:
        perfect = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", showlegend=False)
        figure.add_trace(perfect.update(line={"color": "#4b5366", "width": 1, "dash": "dot"}))
    palette = list(colors([str(level) for level in range(len(lines))]).values())
    for level, points in enumerate(lines):
        drawn = go.Scatter(
            x=[p[0] for p in points], y=[p[1] for p in points], mode="lines+markers", name=f"level {level + 1}"
        )
        figure.add_trace(drawn.update(line={"color": palette[level], "width": 2}, marker={"size": 5}))
    titled(figure, title, height=380)
    figure.update_xaxes(title_text=x, range=[0, 1.02])
    return figure.update_yaxes(title_text=y, range=[0, 1.04])


def intervals(rows: Sequence[Interval], title: str) -> go.Figure:
    """Figures of an evaluation with error bars, one color a series."""
    figure = go.Figure()
    series = list(dict.fromkeys(row.series for row in rows))
    palette = colors(series)
    for name in series:
        members = [row for row in rows if row.series == name]
        values = [row.value for row in members]
        error = {
            "type": "data",
            "symmetric": False,
            "array": [row.high - row.value for row in members],
            "arrayminus": [row.value - row.low for row in members],
            "thickness": 1.4,
            "width": 3,
        }
        drawn = go.Scatter(x=[row.name for row in members], y=values, mode="markers", name=name, error_y=error)
        figure.add_trace(drawn.update(marker={"size": 8, "color": palette[name]}))
    titled(figure, title, height=360)
    return figure.update_layout(scattermode="group").update_yaxes(range=[0, 1.04], tickformat=".0%")


def labeled(points: Sequence[tuple[str, float, float]], title: str, x: str, y: str) -> go.Figure:
    """Named points, x logarithmic and y a share; one color each, named in the legend and on hovering."""
    figure = go.Figure()
    palette = colors([name for name, *_ in points])
    for name, across, up in points:
        hover = f"{plain(name)}<br>{x} {across:,.0f}<br>{y} {100 * up:.1f}%"
        drawn = go.Scatter(x=[across], y=[up], mode="markers", name=plain(name), hovertext=hover, hoverinfo="text")
        figure.add_trace(drawn.update(marker={"size": 11, "color": palette[name]}))
    titled(figure, title, height=460)
    figure.update_xaxes(title_text=x, type="log", dtick=1)
    figure.update_yaxes(title_text=y, range=[0, 1.04], tickformat=".0%")
    return figure.update_layout(legend={"orientation": "h", "y": -0.22})


def lines(curves: Sequence[tuple[str, Sequence[tuple[float, float]]]], title: str, x: str, y: str) -> go.Figure:
    """Shares over whole numbers, one line a curve."""
    figure = go.Figure()
    palette = colors([name for name, _ in curves])
    for name, points in curves:
        drawn = go.Scatter(x=[p[0] for p in points], y=[p[1] for p in points], mode="lines+markers", name=plain(name))
        figure.add_trace(drawn.update(line={"color": palette[name], "width": 2}, marker={"size": 6}))
    titled(figure, title, height=460)
    figure.update_xaxes(title_text=x, dtick=1)
    figure.update_yaxes(title_text=y, range=[0, 1.04], tickformat=".0%")
    return figure.update_layout(legend={"orientation": "h", "y": -0.22})
