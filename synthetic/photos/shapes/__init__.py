"""Shapes by name: each builds one kind of object with a `Kit`; `build` scales the result to unit size."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from synthetic.photos.solids import Kit

Builder = Callable[[Kit, str], None]
_BUILDERS: dict[str, Builder] = {}
_MODULES = {
    "goods": ("bags", "bottles", "food", "office", "printed"),
    "home": ("festive", "furniture", "home", "kitchen", "soft", "tools", "vehicles", "vessels"),
    "leisure": ("balls", "electronics", "music", "optics", "play", "sport"),
    "wear": ("body", "clothes", "worn"),
}


def shape(function: Builder) -> Builder:
    """Register a builder under its own name."""
    _BUILDERS[function.__name__] = function
    return function


def builders() -> dict[str, Builder]:
    """All builders by name."""
    for package, modules in _MODULES.items():
        for module in modules:
            importlib.import_module(f"{__name__}.{package}.{module}")
    return _BUILDERS


def build(name: str, rng: np.random.Generator) -> Kit:
    """Build the shape "name" or "name:variant", standing on z = 0, centered, its largest extent 1."""
    function, _, variant = name.partition(":")
    kit = Kit(rng)
    builders()[function](kit, variant)
    points = np.concatenate([part.vertices for part in kit.parts])
    low, high = points.min(0), points.max(0)
    scale = 1 / float((high - low).max())
    origin = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    kit.parts = [
        replace(
            part,
            vertices=(part.vertices - origin) * scale,
            uv=part.uv if part.uv is None or part.slot.startswith("img:") else part.uv * scale,
        )
        for part in kit.parts
    ]
    return kit
