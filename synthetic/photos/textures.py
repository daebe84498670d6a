"""Grain of materials and printed patterns: arrays [h, w] or [h, w, 3] that tile, sRGB in [0, 1]."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

Color = tuple[float, float, float]
GRAIN_SIZE = 96


def _noise(rng: np.random.Generator, sigma: float | tuple[float, float], size: int = GRAIN_SIZE) -> np.ndarray:
    field = gaussian_filter(rng.normal(size=(size, size)), sigma, mode="wrap")
    return field / (field.std() + 1e-9)


def _grid(size: int = GRAIN_SIZE) -> tuple[np.ndarray, np.ndarray]:
    v, u = np.meshgrid(np.arange(size) / size, np.arange(size) / size, indexing="ij")
    return u, v


def grain(name: str, rng: np.random.Generator) -> np.ndarray | None:
    """Brightness factor [h, w] of a material's surface; None where it is even."""
    u, v = _grid()
    turn = 2 * np.pi
    if name == "wood":
        rings = np.sin(turn * (3 * v + 0.35 * _noise(rng, (3, 30)))) + 0.5 * _noise(rng, (0.6, 14))
        return 1 + 0.10 * rings
    if name == "weave":
        return 1 + 0.05 * np.sign(np.sin(turn * 24 * u)) * np.sign(np.sin(turn * 24 * v)) + 0.02 * _noise(rng, 1)
    if name == "denim":
        return 1 + 0.10 * np.sin(turn * (20 * u + 20 * v)) + 0.06 * _noise(rng, 1) + 0.06 * _noise(rng, 14)
    if name == "knit":
        return 1 + 0.14 * np.cos(turn * (16 * u + 0.25 * np.abs(((v * 16) % 1) - 0.5) * 4)) + 0.05 * _noise(rng, 1)
    if name == "basket":
        return 1 + 0.16 * np.sign(np.sin(turn * 8 * u)) * np.sin(turn * 8 * v) + 0.06 * _noise(rng, 1)
    if name == "speckle":
        return 1 - 0.18 * (_noise(rng, 0.7) > 1.9) + 0.025 * _noise(rng, 4)
    if name == "marble":
        return 1 - 0.35 * np.exp(-np.abs(_noise(rng, 12)) * 9) + 0.03 * _noise(rng, 6)
    if name in ("felt", "leather", "fur", "skin"):
        strength = {"felt": 0.05, "leather": 0.07, "fur": 0.16, "skin": 0.05}[name]
        return 1 + strength * _noise(rng, 0.8 if name != "skin" else 3) + 0.03 * _noise(rng, 8)
    return None


def pattern(name: str, main: Color, second: Color, rng: np.random.Generator) -> np.ndarray:
    """A printed pattern that tiles, [h, w, 3]."""
    u, v = _grid()
    if name == "striped":
        mask = (np.sin(2 * np.pi * 3 * v) > 0.2).astype(float)
    elif name == "dotted":
        away = [np.hypot((4 * u + shift) % 1 - 0.5, (4 * v + shift) % 1 - 0.5) for shift in (0.0, 0.5)]
        mask = (np.minimum(*away) < 0.245).astype(float)
    elif name == "checked":
        mask = 0.5 * (np.sin(2 * np.pi * 3 * u) > 0) + 0.5 * (np.sin(2 * np.pi * 3 * v) > 0)
    else:
        mask = np.zeros_like(u)
        for _ in range(9):
            x, y, r, petals = rng.random(), rng.random(), rng.uniform(0.08, 0.14), 5
            dx, dy = (u - x + 0.5) % 1 - 0.5, (v - y + 0.5) % 1 - 0.5
            mask = np.maximum(mask, np.hypot(dx, dy) < r * (0.65 + 0.35 * np.cos(petals * np.arctan2(dy, dx))))
    return np.asarray(main) * (1 - mask[..., None]) + np.asarray(second) * mask[..., None]
