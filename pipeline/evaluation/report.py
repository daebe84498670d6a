"""The figures of `evaluate` as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_TITLES = {
    "rerank": "Rerank the candidates",
    "open": "Choose from the whole taxonomy",
    "retrieval": "Nearest products of the same top-level category",
}
_GROUPS = (("", "all rows"), ("seen", "categories seen in training"), ("unseen", "categories never seen"))
_MODALITIES = ("text", "image", "fused", "zero_shot", "random")
_PREDICTORS = ("default", "retrieval", "classifier", "zero_shot", "most_frequent")
_NARROW = ("hf1", "hf1_strict", "hf1_lenient", "macro_f1", "acc1", "coverage", "precision", "ece")
"""Figures of the open prediction that are printed; the others are in the JSON."""


def render(figures: dict[str, Any]) -> str:
    """Aligned tables of figures in percent with 95 % intervals (MRR as it is), and the reasons for those left out.

    Args:
        figures: From `evaluate`.
    """
    counts = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in figures["n"].items())
    lines = [f"n: {counts}"]
    for name, title in _TITLES.items():
        part = figures.get(name, {})
        for group, words in _GROUPS:
            members = part.get(group, {}) if group else part
            rows = _open_rows(members) if name == "open" else [(k, members[k]) for k in _MODALITIES if k in members]
            if rows:
                lines += ["", title + ("" if name == "retrieval" else f": {words}"), *table(rows)]
        if name == "open":
            lines += _levels(part.get("default", {}))
    lines += _by_source(figures.get("sources", {}))
    if figures["skipped"]:
        lines += ["", *(f"left out: {sentence}" for sentence in figures["skipped"])]
    return "\n".join(lines)


def _open_rows(members: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """A row for every predictor and modality."""
    return [
        (f"{name} {kind}", {figure: values[figure] for figure in _NARROW if figure in values})
        for name in _PREDICTORS
        for kind, values in members.get(name, {}).items()
    ]


def _by_source(sources: dict[str, Any]) -> list[str]:
    """For every source, what each modality reaches over the whole taxonomy and among the candidates."""
    opened: list[tuple[str, dict[str, Any]]] = []
    ranked: list[tuple[str, dict[str, Any]]] = []
    for source, part in sources.items():
        for name in ("default", "zero_shot"):
            opened += [(f"{source}, {name} {kind}", one) for kind, one in part.get("open", {}).get(name, {}).items()]
        ranked += [(f"{source}, {kind}", one) for kind, one in part.get("rerank", {}).items()]
    lines = []
    if sources:
        counts = (f"{name} {part['n']['rows']:,}" for name, part in sources.items())
        lines += ["", f"By source: {', '.join(counts)}"]
    for title, rows in ((_TITLES["open"], opened), (_TITLES["rerank"], ranked)):
        lines += ["", f"{title}: by source", *table(rows)] if rows else []
    return lines


def _levels(kinds: dict[str, Any]) -> list[str]:
    """The default predictor level by level."""
    rows = []
    for kind, values in kinds.items():
        by_level = {name: figure["levels"] for name, figure in values.items() if "levels" in figure}
        for level in sorted({level for figures in by_level.values() for level in figures}, key=int):
            here = {name: figures[level] for name, figures in by_level.items() if level in figures}
            rows.append((f"{kind}, level {level}", here))
    return ["", "The default predictor, level by level", *table(rows)] if rows else []


def table(rows: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Lines of a table: for each row its name and its figures by name, as `evaluate.intervals` gives them."""
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    cells = [["", *names]]
    for kind, figures in rows:
        cells.append([kind, *(_cell(name, figures[name]) if name in figures else "" for name in names)])
    widths = [max(len(row[column]) for row in cells) for column in range(len(names) + 1)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cell(name: str, figure: dict[str, float]) -> str:
    if name == "mrr":
        return f"{figure['value']:.3f} [{figure['low']:.3f} {figure['high']:.3f}]"
    return f"{100 * figure['value']:.1f} [{100 * figure['low']:.1f} {100 * figure['high']:.1f}]"
