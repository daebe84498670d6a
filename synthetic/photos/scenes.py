"""Surroundings of a product: light, ground, wall and a few props; a studio or a simple scene."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthetic.listings.tables import tables
from synthetic.photos.surfaces import reflector
from synthetic.photos.textures import grain


def _light(rng: np.random.Generator, studio: bool, outdoors: bool) -> dict[str, Any]:
    """A sky [16 x 32]: soft fill, one large bright window or the sun, and darker strips that metals mirror."""
    import mitsuba as mi

    sky = np.ones((16, 32, 3))
    sky *= np.linspace(1.1, 0.5, 16)[:, None, None]
    sky[:, ::8] *= 0.35
    column = int(rng.integers(32))
    wide, strength = (5, rng.uniform(7, 11)) if studio else (3, rng.uniform(12, 22))
    row = int(rng.integers(2, 5))
    columns = np.arange(column, column + wide) % 32
    sky[row : row + 4, columns] = strength
    sky[3:6, (column + 14 + np.arange(4)) % 32] = strength * 0.35
    if outdoors:
        sky[:8] *= (0.85, 0.95, 1.15)
    if not studio and not outdoors:
        sky *= 1 + np.outer([1, 0, -1], [0.08]).ravel() * rng.uniform(-1, 1.5)
    turn = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    return {"type": "envmap", "bitmap": mi.Bitmap(sky.astype(np.float32)), "to_world": turn, "scale": 0.6}


def _plane(bsdf: dict[str, Any], at: tuple[float, float, float], size: float, wall: bool = False) -> dict[str, Any]:
    import mitsuba as mi

    to_world = mi.ScalarTransform4f().translate(list(at))
    if wall:
        to_world = to_world @ mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    return {"type": "rectangle", "to_world": to_world @ mi.ScalarTransform4f().scale(size), "bsdf": bsdf}


def _textured(name: str, color: tuple[float, float, float], rng: np.random.Generator, tiles: float) -> dict[str, Any]:
    texture = grain(name, rng)
    assert texture is not None
    return reflector("cloth", np.clip(np.asarray(color) * texture[..., None], 0, 1), 1.0, tiles)


def _planks(rng: np.random.Generator) -> dict[str, Any]:
    base = np.asarray(
        ((0.72, 0.52, 0.33), (0.45, 0.30, 0.19), (0.80, 0.68, 0.52), (0.62, 0.58, 0.53))[int(rng.integers(4))]
    )
    texture = grain("wood", rng)
    assert texture is not None
    boards = np.repeat(rng.uniform(0.86, 1.08, 4), 24)[:, None]
    gaps = np.where(np.arange(96) % 24 == 0, 0.45, 1.0)[:, None]
    return reflector("matte", np.clip(base * (texture * boards * gaps)[..., None], 0, 1), 0.4, 6.0)


def _wall_color(rng: np.random.Generator) -> tuple[float, float, float]:
    choices = (
        (0.88, 0.86, 0.82),
        (0.72, 0.78, 0.80),
        (0.84, 0.76, 0.68),
        (0.62, 0.68, 0.62),
        (0.50, 0.55, 0.62),
        (0.90, 0.88, 0.86),
    )
    return choices[int(rng.integers(len(choices)))]


def _props(rng: np.random.Generator, outdoors: bool) -> dict[str, Any]:
    """Up to three plain things behind the product."""
    import mitsuba as mi

    colors = tables().colors
    names = [name for name in colors if name not in ("rainbow", "natural")]
    made: dict[str, Any] = {}
    for i in range(int(rng.integers(0, 4))):
        color = (0.25, 0.4, 0.2) if outdoors else colors[names[int(rng.integers(len(names)))]]
        x, y = float(rng.choice([-1, 1]) * rng.uniform(0.55, 1.1)), float(rng.uniform(0.75, 1.5))
        size = float(rng.uniform(0.12, 0.32))
        to_world = mi.ScalarTransform4f().translate([x, y, size]).scale(size)
        form = ("sphere", "cube", "cylinder")[int(rng.integers(3))]
        if form == "cylinder":
            to_world = mi.ScalarTransform4f().translate([x, y, 0]).scale([size * 0.7, size * 0.7, size * 3])
        elif form == "cube":
            to_world = to_world @ mi.ScalarTransform4f().rotate([0, 0, 1], float(rng.uniform(0, 90)))
        made[f"prop{i}"] = {"type": form, "to_world": to_world, "bsdf": reflector("cloth", color, 1.0)}
    return made


def scenery(studio: bool, flat: bool, outdoors: bool, rng: np.random.Generator) -> dict[str, Any]:
    """Light, ground and background as entries of a Mitsuba scene.

    Args:
        studio: A seamless white backdrop; otherwise one of the scenes.
        flat: The product lies down and is seen from above.
        outdoors: It may stand on a lawn.
        rng: Chance of this photo.
    """
    if studio:
        white = {"type": "twosided", "inner": {"type": "diffuse", "reflectance": 0.85}}
        return {
            "light": _light(rng, True, False),
            "ground": _plane(white, (0, 0, -0.002), 40),
            "wall": _plane(white, (0, 6, 0), 40, True),
        }
    lawn = outdoors and rng.random() < 0.6
    surroundings: dict[str, Any] = {"light": _light(rng, False, lawn)}
    if lawn:
        surroundings["ground"] = _plane(_textured("fur", (0.36, 0.48, 0.22), rng, 24), (0, 0, -0.002), 12)
    else:
        kind = ("planks", "planks", "marble", "speckle", "weave", "paper")[int(rng.integers(6))]
        if kind == "planks":
            surroundings["ground"] = _plane(_planks(rng), (0, 0, -0.002), 6)
        elif kind == "paper":
            palette = tables().palettes["pastel"]
            color = tables().colors[palette[int(rng.integers(len(palette)))]]
            paper = reflector("cloth", color, 1.0)
            surroundings["ground"] = _plane(paper, (0, 0, -0.002), 20)
            surroundings["wall"] = _plane(paper, (0, 3, 0), 20, True)
            return surroundings
        else:
            tone = {"marble": (0.9, 0.89, 0.87), "speckle": (0.62, 0.61, 0.6), "weave": (0.8, 0.75, 0.66)}[kind]
            surroundings["ground"] = _plane(_textured(kind, tone, rng, 8), (0, 0, -0.002), 6)
        surroundings["wall"] = _plane(
            _textured("felt", _wall_color(rng), rng, 6), (0, float(rng.uniform(1.2, 2.4)), 0), 12, True
        )
    if not flat:
        surroundings.update(_props(rng, lawn))
    return surroundings
