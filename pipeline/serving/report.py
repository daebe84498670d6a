"""The figures of `measure` as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_TITLES = {
    "rerank": "Rerank the candidates",
    "open": "Choose from the whole taxonomy",
    "retrieval": "Nearest products of the same top-level category",
}
_GROUPS = (("", "all rows"), ("seen", "categories seen in training"), ("unseen", "categories never seen"))
_KINDS = ("text", "image", "fused", "zero_shot", "random")


def render(figures: dict[str, Any]) -> str:
    """Aligned tables of figures in percent with their 95 % intervals (MRR as it is), and what was left out.

    Args:
        figures: What `measure` returns.
    """
    counts = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in figures["n"].items())
    lines = [f"n: {counts}"]
    for name, title in _TITLES.items():
        part = figures.get(name, {})
        for group, words in _GROUPS:
            members = part.get(group, {}) if group else part
            rows = [(kind, members[kind]) for kind in _KINDS if kind in members]
            if rows:
                lines += ["", title + ("" if name == "retrieval" else f": {words}"), *table(rows)]
    lines += [""] * bool(figures["skipped"]) + [f"left out: {sentence}" for sentence in figures["skipped"]]
    return "\n".join(lines)


def table(rows: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """Lines of a table: for each row its name and its figures by name, as `measure.intervals` gives them."""
    names = list(dict.fromkeys(name for _, figures in rows for name in figures))
    cells = [["", *names]]
    cells += [[kind, *(_cell(name, figures[name]) for name in names)] for kind, figures in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names) + 1)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cell(name: str, figure: dict[str, float]) -> str:
    if name == "mrr":
        return f"{figure['value']:.3f} [{figure['low']:.3f} {figure['high']:.3f}]"
    return f"{100 * figure['value']:.1f} [{100 * figure['low']:.1f} {100 * figure['high']:.1f}]"
