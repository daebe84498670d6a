"""Render the photos of the demo catalogue: `python -m pipeline.demo [--count 4200] [--processes 2]`.

Reads the tables in `data/`, writes JPEGs to runs/demo/photos; what is there is kept, so it can be stopped at any time.
`--sheet FILE` writes a contact sheet of the first product of every type instead.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from pipeline.artifacts import DEMO
from pipeline.demo.photos import missing_photos, render_photos
from pipeline.demo.products import COUNT, SEED, Product, make_products
from pipeline.demo.render import SIZE
from pipeline.demo.tables import tables

COLUMNS = 12
CAPTION = 14


def contact_sheet(products: list[Product], folder: Path) -> Image.Image:
    """The products' photos with their types, in rows of twelve; white where one is not rendered yet."""
    there = [product for product in products if product.photo is not None]
    rows = -(-len(there) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIZE + 4), rows * (SIZE + CAPTION)), "#666666")
    draw = ImageDraw.Draw(sheet)
    missing = missing_photos(there, folder)
    for i, product in enumerate(there):
        x, y = i % COLUMNS * (SIZE + 4), i // COLUMNS * (SIZE + CAPTION)
        if product.photo is not None and product.photo not in missing:
            with Image.open(folder / product.photo) as photo:
                sheet.paste(photo, (x, y))
        draw.text((x + 2, y + SIZE), f"{product.kind.name} {product.look.colors[0]}", fill="white")
    return sheet


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.demo", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="photos of the first so many products")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--photos", type=Path, default=DEMO.photos, help="folder of the photos")
    parser.add_argument("--processes", type=int, default=1, help="renderers, one a core")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of one product a type there, render nothing")
    given = parser.parse_args(arguments)
    if given.sheet is not None:
        contact_sheet(make_products(given.seed, len(tables().types)), given.photos).save(given.sheet)
        return 0
    try:
        render_photos(make_products(given.seed, given.count), given.photos, given.processes)
    except ModuleNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
