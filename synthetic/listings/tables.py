"""The demo catalogue's tables (TOML files in `data/`), read once and checked."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
LANGUAGES = ("en", "de", "fr", "es", "it", "ja", "ru", "zh", "ar")
NATURAL = "natural"
"""Name of a material's own color."""
BARE = ("wood", "marble", "speckle")
"""Surfaces that nobody paints: a type's other colors do not apply to them."""


@dataclass(frozen=True)
class ProductType:
    """A row of the table of product types.

    Attributes:
        name: Its id.
        path: Category path of its products, in Shopify's taxonomy.
        department: Of the shop that sells it; decides which brands it may have, so a change renders its photos anew.
        outdoors: Whether a scene around it is outdoors.
        shape: Function of `shapes` that builds it, with a variant after a colon.
        materials: Names of materials it comes in.
        colors: Names of colors or palettes; empty: the material's own palette.
        patterns: Patterns it may be printed with.
        say: Which words of its look a listing names: "both" (color and material), "color" or "nothing".
        nouns: Its names in English listings.
        sizes: Sizes it comes in.
        facts: Short claims, in English.
        local: Its names in listings of other languages.
    """

    name: str
    path: str
    department: str
    outdoors: bool
    shape: str
    materials: tuple[str, ...]
    colors: tuple[str, ...]
    patterns: tuple[str, ...]
    say: str
    nouns: tuple[str, ...]
    sizes: tuple[str, ...]
    facts: tuple[str, ...]
    local: dict[str, str]


@dataclass(frozen=True)
class Material:
    """How a material looks and what it is called.

    Attributes:
        name: Its id.
        kind: Way of reflecting light: matte, gloss, metal, clear or cloth.
        roughness: In [0, 1].
        texture: Name of a surface texture.
        base: Its own color, sRGB in [0, 1].
        palette: Palette that products of it come in.
        words: Its name in each language, "" where a listing would not name it.
    """

    name: str
    kind: str
    roughness: float
    texture: str
    base: tuple[float, float, float]
    palette: str
    words: dict[str, str]


@dataclass(frozen=True)
class Tables:
    """All tables. `color_words`, `pattern_words`: language to word."""

    types: dict[str, ProductType]
    materials: dict[str, Material]
    colors: dict[str, tuple[float, float, float]]
    color_words: dict[str, dict[str, str]]
    palettes: dict[str, tuple[str, ...]]
    pattern_words: dict[str, dict[str, str]]
    phrases: dict[str, Any]

    def colors_of(self, kind: ProductType, material: Material) -> tuple[str, ...]:
        """Names of the colors that a type in a material may have."""
        named = kind.colors or (material.palette,)
        found = tuple(color for name in named for color in self.palettes.get(name, (name,)))
        bare = material.palette == NATURAL and material.texture in BARE and NATURAL not in found
        return (NATURAL,) if bare else found


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def hex_color(text: str) -> tuple[float, float, float]:
    """SRGB in [0, 1] of "#rrggbb"."""
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _type(name: str, row: dict[str, Any]) -> ProductType:
    return ProductType(
        name=name,
        path=row["path"],
        department=row["department"],
        outdoors=row.get("outdoors", False),
        shape=row["shape"],
        materials=tuple(row["materials"]),
        colors=tuple(row.get("colors", ())),
        patterns=tuple(row.get("patterns", ())),
        say=row.get("say", "both"),
        nouns=tuple(row["nouns"]),
        sizes=tuple(row["sizes"]),
        facts=tuple(row["facts"]),
        local=row["local"],
    )


@functools.cache
def tables() -> Tables:
    """All tables of the demo catalogue."""
    colors = _read("colors")
    materials = {
        name: Material(
            name, row["kind"], row["roughness"], row["texture"], hex_color(row["base"]), row["palette"], row["words"]
        )
        for name, row in _read("materials").items()
    }
    return Tables(
        types={name: _type(name, row) for name, row in _read("types").items()},
        materials=materials,
        colors={name: hex_color(row["rgb"]) for name, row in colors["colors"].items()},
        color_words={name: row["words"] for name, row in colors["colors"].items()},
        palettes={name: tuple(row) for name, row in colors["palettes"].items()},
        pattern_words={name: row["words"] for name, row in colors["patterns"].items()},
        phrases=_read("phrases"),
    )
