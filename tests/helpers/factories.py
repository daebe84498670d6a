"""Small data sets for the tests, written in the hub's parquet format: colored shapes with titles and categories."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from pipeline.data.vectors import unit

CATEGORIES: tuple[tuple[str, str, str], ...] = (
    ("Apparel & Accessories > Clothing > Shirts", "Shirt", "square"),
    ("Apparel & Accessories > Clothing > Dresses", "Dress", "triangle"),
    ("Apparel & Accessories > Shoes > Boots", "Boot", "ell"),
    ("Apparel & Accessories > Jewelry > Rings", "Ring", "ring"),
    ("Home & Garden > Decor > Vases", "Vase", "hourglass"),
    ("Home & Garden > Decor > Clocks > Wall Clocks", "Wall Clock", "clock"),
    ("Home & Garden > Kitchen & Dining > Plates", "Plate", "disc"),
    ("Electronics > Audio > Speakers", "Speaker", "tower"),
    ("Electronics > Computers > Tablets", "Tablet", "frame"),
    ("Electronics > Audio > Headphones", "Headphones", "arc"),
    ("Toys & Games > Puzzles", "Puzzle", "cross"),
    ("Toys & Games > Toys > Kites", "Kite", "diamond"),
)
"""(path, noun of the title, shape of the photo): twelve categories under four tops."""

COLORS: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("Red", (200, 40, 40)),
    ("Green", (40, 160, 60)),
    ("Blue", (40, 70, 200)),
    ("Yellow", (225, 200, 40)),
    ("Purple", (130, 50, 170)),
    ("Black", (30, 30, 30)),
)
BRANDS = ("Norvik", "Alemba", "Quorra", "Tessel", "")
MATERIALS = ("cotton", "oak", "steel", "ceramic", "recycled plastic", "leather", "wool", "glass")
_NAMES = ("Arden", "Bly", "Corin", "Dusk", "Elan", "Fenn", "Gale", "Hale", "Iris", "Juno", "Kite", "Lark", "Moss")

COLUMNS = pa.schema(
    [
        ("product_title", pa.string()),
        ("product_description", pa.string()),
        ("product_image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("potential_product_categories", pa.list_(pa.string())),
        ("ground_truth_category", pa.string()),
        ("ground_truth_brand", pa.string()),
        ("ground_truth_is_secondhand", pa.bool_()),
    ]
)


def draw(shape: str, color: tuple[int, int, int], rng: np.random.Generator, size: int = 96) -> Image.Image:
    """A shape on a light, slightly noisy ground; position, size and backdrop vary."""
    light = 255 - int(rng.integers(0, 60))
    image = Image.new("RGB", (size, size), (light, light, min(255, light + 8)))
    pen = ImageDraw.Draw(image)
    half = size * rng.uniform(0.24, 0.38)
    x, y = size / 2 + rng.uniform(-0.1, 0.1, 2) * size
    box = (x - half, y - half, x + half, y + half)
    thick = max(2, int(half * 0.35))
    if shape in ("square", "clock", "tower", "ell"):
        narrow = half * (0.5 if shape == "tower" else 1)
        pen.rectangle((x - narrow, y - half, x + narrow, y + half), fill=color)
    if shape == "ell":
        pen.rectangle((x, y - half, x + half + 1, y + half * 0.3), fill=(light, light, light))
    if shape == "clock":
        pen.ellipse((x - half * 0.7, y - half * 0.7, x + half * 0.7, y + half * 0.7), fill=(250, 250, 250))
        pen.line((x, y, x, y - half * 0.5), fill=(0, 0, 0), width=3)
    if shape == "tower":
        pen.ellipse((x - half * 0.35, y, x + half * 0.35, y + half * 0.7), fill=(240, 240, 240))
    if shape == "triangle":
        pen.polygon([(x, y - half), (x - half, y + half), (x + half, y + half)], fill=color)
    if shape == "hourglass":
        pen.polygon(
            [(x - half, y - half), (x + half, y - half), (x - half, y + half), (x + half, y + half)], fill=color
        )
    if shape == "diamond":
        pen.polygon([(x, y - half), (x - half, y), (x, y + half), (x + half, y)], fill=color)
    if shape == "disc":
        pen.ellipse(box, fill=color)
    if shape == "ring":
        pen.ellipse(box, outline=color, width=thick)
    if shape == "frame":
        pen.rectangle(box, outline=color, width=thick)
    if shape == "arc":
        pen.arc(box, 180, 360, fill=color, width=thick)
    if shape == "cross":
        pen.rectangle((x - half, y - half / 3, x + half, y + half / 3), fill=color)
        pen.rectangle((x - half / 3, y - half, x + half / 3, y + half), fill=color)
    noisy = np.asarray(image, dtype=np.float32) + rng.normal(0, 5, (size, size, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def encode(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """The image as the bytes of a file; format "HEIF" is that of phones."""
    buffer = io.BytesIO()
    if format == "HEIF":  # not by registering: what reads photos here is not what writes them
        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, format=format, **options)
    return buffer.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def raw_png(width: int, height: int, pixels: bytes, *, depth: int = 8, extra: bytes = b"") -> bytes:
    """A PNG file with any header; `pixels` are RGB rows, each after a zero byte, not necessarily `height` of them."""
    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", zlib.compress(pixels)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def make_row(number: int, rng: np.random.Generator, *, dirt: bool = True) -> dict[str, Any]:
    """One row of the input schema; with `dirt`, a tenth lacks a photo or has a broken one, and some texts hold HTML."""
    path, noun, shape = CATEGORIES[number % len(CATEGORIES)]
    color_name, color = COLORS[int(rng.integers(len(COLORS)))]
    brand = BRANDS[int(rng.integers(len(BRANDS)))]
    material = MATERIALS[int(rng.integers(len(MATERIALS)))]
    name = f"{_NAMES[number % len(_NAMES)]}{_NAMES[(number // len(_NAMES)) % len(_NAMES)].lower()}"
    title = f"{brand} {name} {color_name} {noun}".strip()
    description = f"A {color_name.lower()} {noun.lower()} of {material}, made to last. Model {name}."
    photo: dict[str, Any] | None = {
        "bytes": encode(draw(shape, color, rng), quality=88),
        "path": f"{number:05d}.jpg",
    }
    if dirt and number % 7 == 3:
        description = (
            f"<style>p {{color: red}}</style><div class='x'><p>A <b>{noun.lower()}</b> &amp; more, of {material}.</p>"
            f"<script>track('{name}')</script></div>"
        )
    if dirt and number % 11 == 5:
        description = ""
    if dirt and number % 20 == 9:
        photo = None
    if dirt and number % 20 == 19 and photo is not None:
        photo = {"bytes": photo["bytes"][:40], "path": photo["path"]}
    other_paths = [other for other, _, _ in CATEGORIES if other != path]
    picked = [other_paths[i] for i in rng.permutation(len(other_paths))[: int(rng.integers(7, 9))]]
    picked.insert(int(rng.integers(len(picked) + 1)), path)
    return {
        "product_title": title,
        "product_description": description,
        "product_image": photo,
        "potential_product_categories": picked,
        "ground_truth_category": path,
        "ground_truth_brand": brand,
        "ground_truth_is_secondhand": bool(rng.random() < 0.1),
    }


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows of the input schema as one parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=COLUMNS), path, row_group_size=50)
    return path


def write_dataset(folder: Path, n: int = 120, seed: int = 0, *, dirt: bool = True) -> Path:
    """A data set in the hub's format: `data/train-*.parquet` (about 80 %) and `data/test-*.parquet`.

    Args:
        folder: Created if missing.
        n: Total of rows, spread evenly over the categories.
        seed: Same seed, same bytes.
        dirt: Missing and broken photos, HTML, empty descriptions.

    Returns:
        `folder`, which `SourceConfig.location` takes.
    """
    rng = np.random.default_rng(seed)
    rows = [make_row(number, rng, dirt=dirt) for number in range(n)]
    block = len(CATEGORIES)
    train = [row for number, row in enumerate(rows) if (number // block) % 5 != 4]
    test = [row for number, row in enumerate(rows) if (number // block) % 5 == 4]
    write_rows(folder / "data" / "train-00000-of-00001.parquet", train)
    write_rows(folder / "data" / "test-00000-of-00001.parquet", test)
    return folder


def clustered(n: int, d: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n unit vectors float32 [n, d] in three tight groups, and the group of each, int [n]."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    return unit(rng.normal(size=(3, d))[labels] + 0.1 * rng.normal(size=(n, d))).astype(np.float32), labels
