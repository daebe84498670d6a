"""List of the products of the demo catalogue: each is a pure function of (seed, type, serial number).

Products are numbered round robin over the types, so that any prefix is a balanced sample. Chance is drawn from
streams by name; a changed text recipe therefore leaves every photo as it is.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass

import numpy as np

from synthetic.listings.tables import LANGUAGES, NATURAL, ProductType, Tables, tables

SEED = 17
COUNT = 4200
PATTERN_SHARE = 0.4
NON_ENGLISH_SHARE = 0.2
DUPLICATE_SHARE = 0.05
PHOTOLESS_SHARE = 0.006
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Look:
    """Everything that a photo shows; its hash names the photo's file.

    Attributes:
        type_name: Id of the product type.
        shape: As in the table of types.
        material: Name of the material.
        colors: Main and second color, by name.
        pattern: Print on the main color, "" for none.
        brand: Printed on labels.
        seed: Of shape, camera, light and scene.
    """

    type_name: str
    shape: str
    material: str
    colors: tuple[str, str]
    pattern: str
    brand: str
    seed: int

    def file_name(self, serial: int) -> str:
        """Name of the photo's file."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:10]
        return f"{self.type_name}-{serial:03d}-{digest}.jpg"


@dataclass(frozen=True)
class Product:
    """One product before its texts are written.

    Attributes:
        number: Place in the catalogue, from 0.
        kind: Its type.
        serial: Number among the products of its type.
        look: Shape, colors and scene of its photo.
        photo: File name of its photo, None if it has none.
        language: Of its listing.
        split: train or test.
        copy_of: Serial of the product that it nearly repeats, None if it is its own.
    """

    number: int
    kind: ProductType
    serial: int
    look: Look
    photo: str | None
    language: str
    split: str
    copy_of: int | None


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The random stream of that name; the same on every machine."""
    words = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def brands_of(department: str, tables: Tables) -> list[str]:
    """Invented brands that sell products of a department."""
    departments = sorted({kind.department for kind in tables.types.values()})
    names = tables.phrases["brands"]
    return [name for i, name in enumerate(names) if i % len(departments) == departments.index(department)]


def _look(seed: int, kind: ProductType, serial: int, data: Tables) -> Look:
    chance = stream(seed, "look", kind.name, serial)
    material = data.materials[kind.materials[chance.integers(len(kind.materials))]]
    colors = data.colors_of(kind, material)
    first = colors[chance.integers(len(colors))]
    others = [name for name in data.palettes["vivid"] if name != first]
    second = others[chance.integers(len(others))]
    printed = bool(kind.patterns) and chance.random() < PATTERN_SHARE and first not in (NATURAL, "rainbow")
    pattern = kind.patterns[chance.integers(len(kind.patterns))] if printed else ""
    brands = brands_of(kind.department, data)
    brand = brands[chance.integers(len(brands))]
    return Look(kind.name, kind.shape, material.name, (first, second), pattern, brand, int(chance.integers(2**31)))


def _copies(seed: int, kind: ProductType, serial: int) -> bool:
    return serial > 0 and stream(seed, "copy", kind.name, serial).random() < DUPLICATE_SHARE


def make_product(seed: int, number: int, data: Tables | None = None) -> Product:
    """The product of that number; depends on nothing but the seed, the number and the tables."""
    data = data or tables()
    names = list(data.types)
    kind, serial = data.types[names[number % len(names)]], number // len(names)
    chance = stream(seed, "listing", kind.name, serial)
    copies = _copies(seed, kind, serial) and not _copies(seed, kind, serial - 1)
    original = serial - 1 if copies else serial
    look = _look(seed, kind, original, data)
    photo_serial = original
    if copies and chance.random() < 0.5:  # the same product in a photo of its own
        look = Look(**{**asdict(look), "seed": look.seed + 1, "colors": look.colors})
        photo_serial = serial
    photoless = chance.random() < PHOTOLESS_SHARE
    foreign = chance.random() < NON_ENGLISH_SHARE
    return Product(
        number=number,
        kind=kind,
        serial=serial,
        look=look,
        photo=None if photoless else look.file_name(photo_serial),
        language=LANGUAGES[1 + chance.integers(len(LANGUAGES) - 1)] if foreign else "en",
        split="test" if chance.random() < TEST_SHARE else "train",
        copy_of=original if copies else None,
    )


def make_products(seed: int = SEED, count: int = COUNT) -> list[Product]:
    """The first `count` products of the catalogue with that seed."""
    data = tables()
    return [make_product(seed, number, data) for number in range(count)]
