"""Plots that belong to one system: learning curves, projections colored by top-level category, a heatmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from pipeline.artifacts import atomic_path
from pipeline.taxonomy.paths import levels


def save(path: Path, figure: Figure) -> None:
    """Write a figure as PNG."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120, bbox_inches="tight")


def plot_curves(path: Path, curve: Sequence[Mapping[str, float]], names: Sequence[str]) -> None:
    """Values by epoch; the first of the names has an axis of its own."""
    figure = Figure(figsize=(7, 4))
    left = figure.subplots()
    right = left.twinx()
    epochs = [point["epoch"] for point in curve]
    left.plot(epochs, [point[names[0]] for point in curve], color="gray", label=names[0])
    for name in names[1:]:
        right.plot(epochs, [point[name] for point in curve], marker="o", label=f"macro-F1, {name}")
    left.set(xlabel="epoch", ylabel=names[0])
    figure.legend(loc="outside upper center", ncols=len(names))
    save(path, figure)


def plot_tsne(path: Path, vectors: np.ndarray, categories: Sequence[str], seed: int) -> None:
    """Vectors [n, d] by t-SNE (van der Maaten & Hinton 2008), colored by the top level of their category."""
    perplexity = min(30.0, max(1.0, (len(vectors) - 1) / 3))
    plot_places(path, TSNE(perplexity=perplexity, random_state=seed).fit_transform(vectors), categories)


def plot_places(path: Path, places: np.ndarray, categories: Sequence[str]) -> None:
    """Points [n, 2], colored by the top level of their category."""
    tops = np.array([levels(category)[0] for category in categories])
    figure = Figure(figsize=(8, 6))
    axes = figure.subplots()
    names = sorted(set(tops.tolist()), key=lambda top: -int((tops == top).sum()))
    colors = matplotlib.colormaps["tab20"]
    for number, top in enumerate(names):
        x, y = places[tops == top].T
        axes.scatter(x, y, s=5, color=colors(number % 20), label=top)
    axes.legend(fontsize=6, markerscale=2, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set(xticks=[], yticks=[])
    save(path, figure)


def plot_heatmap(path: Path, counts: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Shares of each row, [rows, columns] of counts."""
    figure = Figure(figsize=(1 + 0.4 * len(columns), 1.5 + 0.4 * len(rows)))
    axes = figure.subplots()
    axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), aspect="auto", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), rows, fontsize=7)
    save(path, figure)
