"""A treemap of HTML buttons: rectangles sized by members and colored by accuracy, usable by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

_WIDE, _TALL = (100.0, 44.0), (100.0, 180.0)  # width and height of the map on a wide screen and on a phone
_LOW_WIDE, _LOW_TALL = (100.0, 18.0), (100.0, 70.0)  # the same of a map with few tiles, which would be slabs
_FEW = 4  # tiles
_LEAST_RANGE = 0.1  # of the accuracies that the colors span, so that a point of difference is no contrast
_STOPS = ((0.0, (138, 58, 74)), (0.5, (91, 79, 112)), (1.0, (44, 95, 158)))
"""Colors of the lowest accuracy of a map, of the middle and of the highest; white text is readable on all."""

FIT = """
const fit = () => {
    const buttons = [...element.querySelectorAll('.treemap button')];
    const tiles = buttons.map((tile) => [tile, ...tile.querySelectorAll('b, span')]);
    for (const [, ...parts] of tiles) for (const part of parts) part.hidden = false;
    const hidden = tiles.map(([tile, ...parts]) => {
        const { bottom } = tile.getBoundingClientRect();
        const cut = parts.map((part) =>
            part.scrollWidth > part.clientWidth || part.getBoundingClientRect().bottom > bottom - 2);
        return [cut[0], cut[0] || cut[1]];
    });
    tiles.forEach(([tile, ...parts], i) => {
        parts.forEach((part, j) => { part.hidden = hidden[i][j]; });
        const photo = tile.querySelector('img');
        if (!photo) return;
        photo.hidden = false;
        const { top, left, width } = photo.getBoundingClientRect();
        photo.hidden = width < 24 || parts.some((part) => {
            const words = part.getBoundingClientRect();
            return !part.hidden && words.bottom > top && words.right > left;
        });
    });
};
new ResizeObserver(fit).observe(element);
new MutationObserver(fit).observe(element, {childList: true, subtree: true});
"""
"""Script that hides in each tile what does not fit: the note, or the name as well, and a photo under words."""


@dataclass(frozen=True)
class Tile:
    """One rectangle.

    Attributes:
        value: Value of its event.
        label: Name, not escaped.
        size: Weight of its area, above 0.
        accuracy: 0 to 1.
        note: Text below the name.
        photo: Address of a photo, not escaped; "" for none.
        chosen: Whether it is outlined.
    """

    value: str
    label: str
    size: int
    accuracy: float
    note: str
    photo: str = ""
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
    few = len(tiles) <= _FEW
    width, height = (_LOW_WIDE, _LOW_TALL) if few else (_WIDE, _TALL)
    places = zip(tiles, squarify(sizes, *width), squarify(sizes, *height), strict=True)
    low, high = span([tile.accuracy for tile in tiles])
    buttons = "".join(
        _button(tile, color(tile.accuracy, low, high), f"{_place(wide, width)};{_place(tall, height, 'tall-')}")
        for tile, wide, tall in places
    )
    ramp = ", ".join(color(share) for share, _ in _STOPS)
    scale = (
        f'<p class="scale">Area: number of products. Color: predicted correctly, {escape(basis)} '
        f'<span>{low:.0%}</span><i style="background:linear-gradient(90deg, {ramp})"></i><span>{high:.0%}</span></p>'
    )
    style = "treemap few" if few else "treemap"
    return f'<div class="{style}" role="group" aria-label="Categories by size">{buttons}</div>{scale}'


def _place(box: Box, whole: tuple[float, float], prefix: str = "") -> str:
    """Write a rectangle as CSS variables, in percent of the whole."""
    shares = [100 * value / whole[axis % 2] for axis, value in enumerate(box)]
    return ";".join(f"--{prefix}{name}:{share:.3f}%" for name, share in zip("xywh", shares, strict=True))


def span(accuracies: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest accuracy that the colors of a map tell apart, within 0 and 1, not too near each other."""
    low, high = min(accuracies, default=0.0), max(accuracies, default=1.0)
    if high - low < _LEAST_RANGE:
        high = min(1.0, max(high, low + _LEAST_RANGE))
        low = max(0.0, high - _LEAST_RANGE)
    return low, high


def _button(tile: Tile, shade: str, place: str) -> str:
    name, note = escape(tile.label), escape(tile.note)
    photo = f'<img alt="" loading="lazy" decoding="async" src="{escape(tile.photo)}">' if tile.photo else ""
    return (
        f'<button type="button" data-pick="{escape(tile.value)}" aria-pressed="{"true" if tile.chosen else "false"}" '
        f'title="{name}: {note}" style="{place};--shade:{shade}">'
        f"{photo}<b>{name}</b><span>{note}</span></button>"
    )


def color(accuracy: float, low: float = 0.0, high: float = 1.0) -> str:
    """Color of an accuracy from 0 to 1, on a scale from `low` to `high`."""
    share = min(1.0, max(0.0, (accuracy - low) / (high - low)))
    (start, first), (end, last) = (_STOPS[0], _STOPS[1]) if share <= _STOPS[1][0] else (_STOPS[1], _STOPS[2])
    along = (share - start) / (end - start)
    mixed = [round(a + (b - a) * along) for a, b in zip(first, last, strict=True)]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"
