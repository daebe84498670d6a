"""The demo catalogue as a source: `--source demo`, `demo:COUNT` or `demo:COUNT:SEED`, read like any other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pipeline.artifacts import DEMO
from pipeline.config.stages import SourceConfig
from pipeline.data.sources.base import Item, Part, RawRow, Source, SourceError
from pipeline.demo.candidates import candidates_of
from pipeline.demo.photos import HOW_TO, can_render, missing_photos, render_photos
from pipeline.demo.products import COUNT, SEED, Product, make_products
from pipeline.demo.texts import write_listing

NAME = "demo"
SPLITS = ("train", "test")


def _numbers(location: str) -> tuple[int, int]:
    """Count and seed of a location."""
    given = location.split(":")[1:]
    if len(given) > 2 or not all(number.isdecimal() for number in given):
        raise SourceError(f"'{location}' is no demo catalogue; write demo, demo:COUNT or demo:COUNT:SEED.")
    count = int(given[0]) if given else COUNT
    seed = int(given[1]) if len(given) == 2 else SEED
    if count < 1:
        raise SourceError(f"'{location}' asks for no products; write a count of at least 1.")
    return count, seed


def _read(products: list[Product], seed: int, folder: Path, split: str) -> Iterator[Item]:
    for row, product in enumerate(products):
        listing = write_listing(seed, product)
        yield RawRow(
            split=split,
            row=row,
            title=listing.title,
            description=listing.description,
            image=None if product.photo is None else (folder / product.photo).read_bytes(),
            candidates=candidates_of(seed, product),
            category=product.kind.path,
            brand=listing.brand,
            is_secondhand=listing.is_secondhand,
            product_id=f"demo-{seed}-{product.kind.name}-{product.serial:03d}",
        )


def open_demo(config: SourceConfig) -> Source:
    """Open the demo catalogue; photos that are missing are rendered where that is possible.

    Args:
        config: `location` names count and seed, `images` the folder of photos (default runs/demo/photos).

    Raises:
        SourceError: If photos are missing and the packages that render them too.
    """
    count, seed = _numbers(config.location)
    folder = DEMO.photos if config.images is None else Path(config.images).expanduser()
    products = make_products(seed, count)
    split = {name: [product for product in products if product.split == name] for name in SPLITS}
    wanted = [product for name in SPLITS for product in split[name][: config.limit or None]]
    missing = missing_photos(wanted, folder)
    if missing and not can_render():
        raise SourceError(f"{len(missing):,} photos of the demo catalogue are not in {folder}; {HOW_TO}.")
    render_photos(wanted, folder)
    parts = [Part(name, len(split[name]), partial(_read, split[name], seed, folder, name)) for name in SPLITS]
    return Source(name=config.location, kind=NAME, parts=parts, limit=config.limit)
