"""A treemap of HTML buttons: rectangles sized by members and colored by accuracy, usable by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

_WIDE, _TALL = (100.0, 44.0), (100.0, 180.0)  # width and height of the map on a wide screen and on a phone
_STOPS = ((0.0, (138, 58, 74)), (0.5, (91, 79, 112)), (1.0, (44, 95, 158)))
"""Colors of the accuracies 0, 1/2 and 1; white text is readable on all."""

FIT = """
const fit = () => {
    const tiles = [...element.querySelectorAll('.treemap button')].map((tile) => [tile, ...tile.children]);
    for (const [, ...parts] of tiles) for (const part of parts) part.hidden = false;
    const hidden = tiles.map(([tile, ...parts]) => {
        const { bottom } = tile.getBoundingClientRect();
        const cut = parts.map((part) =>
            part.scrollWidth > part.clientWidth || part.getBoundingClientRect().bottom > bottom - 2);
        return [cut[0], cut[0] || cut[1]];
    });
    tiles.forEach(([, ...parts], i) => parts.forEach((part, j) => { part.hidden = hidden[i][j]; }));
};
new ResizeObserver(fit).observe(element);
new MutationObserver(fit).observe(element, {childList: true, subtree: true});
"""
"""Script that hides in each tile what does not fit: the note, or the name as well."""


@dataclass(frozen=True)
class Tile:
    """One rectangle.

    Attributes:
        value: Value of its event.
        label: Name, not escaped.
        size: Weight of its area, above 0.
        accuracy: 0 to 1.
        note: Text below the name.
        chosen: Whether it is outlined.
    """

    value: str
    label: str
    size: int
    accuracy: float
    note: str
    chosen: bool = False


class Box(NamedTuple):
    """A rectangle: its upper left corner and its extent."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[float], width: float, height: float) -> list[Box]:
    """Divide a rectangle into smaller ones with areas in proportion to the sizes, each as square as possible.

    Bruls et al. 2000, "Squarified treemaps".

    Args:
        sizes: Above 0, the largest first.
        width: Width of the whole.
        height: Height of the whole.
    """
    scale = width * height / sum(sizes) if sizes else 0.0
    areas = [size * scale for size in sizes]
    x = y = 0.0
    placed: list[Box] = []
    while areas:
        side = min(width, height)
        count = 1
        while count < len(areas) and _worst(areas[: count + 1], side) <= _worst(areas[:count], side):
            count += 1
        row, areas = areas[:count], areas[count:]
        thick = sum(row) / side
        offset = 0.0
        for area in row:
            long = area / thick
            box = Box(x, y + offset, thick, long) if width >= height else Box(x + offset, y, long, thick)
            placed.append(box)
            offset += long
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
    return placed


def _worst(row: Sequence[float], side: float) -> float:
    """Largest aspect ratio in a row of areas along `side`."""
    total = sum(row)
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row)))


def render(tiles: Sequence[Tile], basis: str) -> str:
    """Render the treemap with a legend of its colors.

    Every tile has two places; the style sheet takes one by the width of the screen.

    Args:
        tiles: The largest first.
        basis: Products that the accuracy is measured on, in words.
    """
    sizes = [tile.size for tile in tiles]
    places = zip(tiles, squarify(sizes, *_WIDE), squarify(sizes, *_TALL), strict=True)
    buttons = "".join(
        _button(tile, f"{_place(wide, _WIDE)};{_place(tall, _TALL, 'tall-')}") for tile, wide, tall in places
    )
    ramp = ", ".join(color(share) for share, _ in _STOPS)
    scale = (
        f'<p class="scale">Area: number of products. Color: predicted correctly, {escape(basis)} '
        f'<span>0%</span><i style="background:linear-gradient(90deg, {ramp})"></i><span>100%</span></p>'
    )
    return f'<div class="treemap" role="group" aria-label="Categories by size">{buttons}</div>{scale}'


def _place(box: Box, whole: tuple[float, float], prefix: str = "") -> str:
    """Write a rectangle as CSS variables, in percent of the whole."""
    shares = [100 * value / whole[axis % 2] for axis, value in enumerate(box)]
    return ";".join(f"--{prefix}{name}:{share:.3f}%" for name, share in zip("xywh", shares, strict=True))


def _button(tile: Tile, place: str) -> str:
    name, note = escape(tile.label), escape(tile.note)
    return (
        f'<button type="button" data-pick="{escape(tile.value)}" aria-pressed="{"true" if tile.chosen else "false"}" '
        f'title="{name}: {note}" style="{place};background:{color(tile.accuracy)}">'
        f"<b>{name}</b><span>{note}</span></button>"
    )


def color(accuracy: float) -> str:
    """Color of an accuracy from 0 to 1."""
    share = min(1.0, max(0.0, accuracy))
    (start, low), (end, high) = (_STOPS[0], _STOPS[1]) if share <= _STOPS[1][0] else (_STOPS[1], _STOPS[2])
    along = (share - start) / (end - start)
    mixed = [round(a + (b - a) * along) for a, b in zip(low, high, strict=True)]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"
