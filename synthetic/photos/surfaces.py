"""Surfaces of the slots of a shape: Mitsuba BSDF dictionaries from materials, fixed finishes and printed pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthetic.listings.products import Look
from synthetic.listings.tables import NATURAL, Material, hex_color, tables
from synthetic.photos.drawing import Print
from synthetic.photos.pictures import picture
from synthetic.photos.textures import Color, grain, pattern

ALBEDO = 0.78
"""Of a surface as bright as paper; things stay darker than the studio's backdrop."""

TILES = 1.6
"""Repeats of a grain over a length of 1."""

_FINISHES: dict[str, tuple[str, str, float, str]] = {
    "chrome": ("metal", "#dfe1e4", 0.06, ""),
    "steel": ("metal", "#c9ccd0", 0.22, ""),
    "brass": ("metal", "#d2ab4f", 0.2, ""),
    "gold": ("metal", "#e0b54c", 0.14, ""),
    "foil": ("metal", "#d5d6d8", 0.3, ""),
    "rainbow-steel": ("metal", "#d8cfe6", 0.12, ""),
    "mirror": ("metal", "#dbe3e6", 0.03, ""),
    "glass": ("clear", "#6f7d80", 0.05, ""),
    "water": ("clear", "#4a9cc0", 0.05, ""),
    "visor": ("gloss", "#4a5c78", 0.04, ""),
    "lens": ("gloss", "#1f3058", 0.04, ""),
    "glass-blue": ("gloss", "#8fb9d6", 0.05, ""),
    "diamond": ("gloss", "#e6f2f6", 0.03, ""),
    "ruby": ("gloss", "#a3102c", 0.04, ""),
    "sapphire": ("gloss", "#153a9c", 0.04, ""),
    "emerald": ("gloss", "#0f7a4a", 0.04, ""),
    "wine": ("gloss", "#5a0f22", 0.05, ""),
    "honeyed": ("gloss", "#e8d48a", 0.05, ""),
    "frosted": ("gloss", "#ecd99c", 0.2, ""),
    "milk": ("gloss", "#f3f0e6", 0.15, ""),
    "teat": ("matte", "#e9d9b4", 0.3, ""),
    "black": ("gloss", "#1b1c1f", 0.25, ""),
    "dark": ("matte", "#242528", 0.5, ""),
    "key": ("gloss", "#3a3d42", 0.3, ""),
    "wood": ("matte", "#c79f68", 0.35, "wood"),
    "darkwood": ("matte", "#5e3d26", 0.35, "wood"),
    "paper": ("matte", "#f3efe4", 0.7, ""),
    "tape": ("gloss", "#c9a36a", 0.2, ""),
    "soil": ("cloth", "#3d2c20", 0.9, "fur"),
    "leaf": ("gloss", "#4f8a3d", 0.35, "skin"),
    "fur": ("cloth", "#d9cdbb", 0.9, "fur"),
    "muzzle": ("cloth", "#e8d6b8", 0.9, "fur"),
    "fringe": ("cloth", "#e9e2d2", 0.9, ""),
    "bristle": ("cloth", "#d9c08a", 0.9, ""),
    "gravel": ("cloth", "#c7a97a", 0.9, "fur"),
    "kibble": ("matte", "#8a5a30", 0.5, ""),
    "crust": ("matte", "#b8783a", 0.5, "fur"),
    "crumb": ("cloth", "#f0dfba", 0.9, "speckle"),
    "toast": ("cloth", "#c98f4e", 0.9, "speckle"),
    "carton": ("cloth", "#9fa39a", 0.9, "fur"),
    "cheese-hole": ("matte", "#b5851f", 0.5, ""),
    "coffee": ("gloss", "#3a2114", 0.1, ""),
    "candy": ("gloss", "#f5eee6", 0.08, ""),
    "reflective": ("gloss", "#e9ecee", 0.3, ""),
    "drumhead": ("matte", "#f1eee6", 0.5, ""),
    "shade": ("cloth", "#f2e6cc", 0.9, "weave"),
    "glow": ("light", "#fff1cf", 0, ""),
    "flame": ("light", "#ffc45e", 0, ""),
    "led": ("light", "#6dff8a", 0, ""),
}


@dataclass(frozen=True)
class Surface:
    """A Mitsuba BSDF, and the emitter of a surface that glows."""

    bsdf: dict[str, Any]
    emitter: dict[str, Any] | None = None


def linear(color: np.ndarray | Color) -> np.ndarray:
    """Linear RGB of sRGB (IEC 61966-2-1)."""
    c = np.asarray(color, dtype=np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _reflectance(color: np.ndarray | Color, tiles: float = 1.0) -> dict[str, Any]:
    import mitsuba as mi

    value = np.clip(linear(color) * ALBEDO, 0.003, 0.85)
    if value.ndim == 1:
        return {"type": "rgb", "value": value.tolist()}
    bitmap = mi.Bitmap(np.ascontiguousarray(value[::-1], dtype=np.float32))
    to_uv = mi.ScalarTransform4f().scale([tiles, tiles, 1])
    return {"type": "bitmap", "bitmap": bitmap, "raw": True, "to_uv": to_uv}


def reflector(kind: str, color: np.ndarray | Color, roughness: float, tiles: float = 1.0) -> dict[str, Any]:
    """BSDF of a kind of material (matte, gloss, metal, clear, cloth) in an sRGB color or texture [h, w, 3]."""
    reflectance = _reflectance(color, tiles)
    if kind == "cloth":
        inner: dict[str, Any] = {"type": "diffuse", "reflectance": reflectance}
    elif kind == "metal":
        inner = {
            "type": "roughconductor",
            "material": "none",
            "alpha": max(roughness, 0.03),
            "specular_reflectance": reflectance,
        }
    else:
        inner = {
            "type": "principled",
            "base_color": reflectance,
            "roughness": max(roughness, 0.15) ** 0.5,
            "specular": 0.5,
        }
    twosided = {"type": "twosided", "inner": inner}
    return {"type": "mask", "opacity": 0.38, "inner": twosided} if kind == "clear" else twosided


def own_color(material: Material, name: str) -> Color:
    """SRGB of a color name on a material; "natural" is the material's own color."""
    return material.base if name in (NATURAL, "rainbow") else tables().colors[name]


def _swirled(color: Color, rng: np.random.Generator) -> np.ndarray:
    veins = grain("marble", rng)
    assert veins is not None
    return np.clip(np.asarray(color) * (0.5 + 0.6 * veins[..., None]), 0, 1)


def surface(slot: str, look: Look, noun: str, rng: np.random.Generator) -> Surface:
    """The surface of a slot on a product that looks like `look`.

    Raises:
        KeyError: If no finish of that name is known.
    """
    data = tables()
    material = data.materials[look.material]
    main, second = (own_color(material, name) for name in look.colors)
    if slot.startswith("img:"):
        printed = Print(main, second, look.brand, noun)
        return Surface(reflector("matte", picture(slot[4:], printed, rng), 0.3))
    if slot in ("body", "second"):
        color: np.ndarray | Color = main if slot == "body" else second
        if slot == "body" and look.pattern:
            color = pattern(look.pattern, main, second, rng)
        texture = grain(material.texture, rng)
        if texture is not None:
            shaded = np.asarray(color) * texture[..., None]
            color = np.clip(shaded, 0, 1)
        return Surface(reflector(material.kind, color, material.roughness, TILES))
    if slot == "liquid":
        return Surface(reflector("gloss", 0.35 + 0.65 * np.asarray(main), 0.04))
    if slot == "swirl":
        return Surface(reflector("gloss", _swirled(main, rng), 0.06))
    if slot in ("plain", "satin", "pip"):
        tone = {"plain": main, "satin": second, "pip": (0.1, 0.1, 0.1) if np.mean(main) > 0.4 else (0.95, 0.95, 0.95)}[
            slot
        ]
        return Surface(reflector("gloss", tone, 0.25))
    if slot == "groove":
        return Surface(reflector("matte", 0.6 * np.asarray(main), 0.5))
    if slot.startswith("#"):
        return Surface(reflector("matte", hex_color(slot), 0.5))
    if slot in data.colors and slot not in _FINISHES:
        return Surface(reflector("gloss", data.colors[slot], 0.2))
    kind, base, roughness, texture_name = _FINISHES[slot]
    tint = hex_color(base)
    if kind == "light":
        radiance = {"type": "rgb", "value": (linear(tint) * 4).tolist()}
        return Surface(reflector("cloth", tint, 1), {"type": "area", "radiance": radiance})
    texture = grain(texture_name, rng)
    if texture is None:
        return Surface(reflector(kind, tint, roughness))
    return Surface(reflector(kind, np.clip(np.asarray(tint) * texture[..., None], 0, 1), roughness, TILES))
