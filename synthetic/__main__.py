"""Make the demo's products: `python -m synthetic --out runs/synthetic [--count 4200] [--processes 2]`.

Reads the tables in `listings/data/`, renders JPEGs to OUT/photos and writes OUT/data/*.parquet, which a build reads as
`--source OUT`. Photos that are there are kept, so it can be stopped at any time. `--sheet FILE` writes a contact sheet
of the first product of every type instead.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from synthetic.dataset import write_dataset
from synthetic.listings.products import COUNT, SEED, Product, make_products
from synthetic.listings.tables import tables
from synthetic.photos.folder import missing_photos, render_photos
from synthetic.photos.render import SIZE

COLUMNS = 12
CAPTION = 14


def contact_sheet(products: list[Product], folder: Path) -> Image.Image:
    """The products' photos with their types, in rows of twelve; white where one is not rendered yet."""
    pictured = [product for product in products if product.photo is not None]
    rows = -(-len(pictured) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIZE + 4), rows * (SIZE + CAPTION)), "#666666")
    draw = ImageDraw.Draw(sheet)
    missing = missing_photos(pictured, folder)
    for i, product in enumerate(pictured):
        x, y = i % COLUMNS * (SIZE + 4), i // COLUMNS * (SIZE + CAPTION)
        if product.photo is not None and product.photo not in missing:
            with Image.open(folder / product.photo) as photo:
                sheet.paste(photo, (x, y))
        draw.text((x + 2, y + SIZE), f"{product.kind.name} {product.look.colors[0]}", fill="white")
    return sheet


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of products; give 1 or more.")
    return count


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m synthetic", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/synthetic"), help="folder of the data set")
    parser.add_argument("--photos", type=Path, help="folder of the photos (default: OUT/photos)")
    parser.add_argument("--count", type=_count, default=COUNT, help="number of products")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=_count, default=1, help="renderers, one a core")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of one product a type there, render nothing")
    given = parser.parse_args(arguments)
    photos = given.photos or given.out / "photos"
    if given.sheet is not None:
        contact_sheet(make_products(given.seed, len(tables().types)), photos).save(given.sheet)
        return 0
    products = make_products(given.seed, given.count)
    try:
        render_photos(products, photos, given.processes)
    except ModuleNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in write_dataset(given.out, products, given.seed, photos):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
