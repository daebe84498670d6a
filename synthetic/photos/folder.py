"""The folder of rendered photos: made in any number of processes, one file at a time; what is there is kept."""

from __future__ import annotations

import importlib.util
import logging
import multiprocessing
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tqdm import tqdm

from synthetic.listings.products import Look, Product

logger = logging.getLogger(__name__)
REQUIREMENTS = ("mitsuba", "trimesh", "shapely", "mapbox_earcut")
HOW_TO = "`pip install -e '.[synthetic]'` and `python -m synthetic` render them"


def missing_photos(products: Iterable[Product], folder: Path) -> dict[str, Look]:
    """File name and look of every photo that is not there yet, each once, in the order of the products."""
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {p.photo: p.look for p in products if p.photo is not None and p.photo not in there}


def can_render() -> bool:
    """Whether the packages of the extra `synthetic` are installed."""
    return all(importlib.util.find_spec(name) is not None for name in REQUIREMENTS)


def _single_threaded() -> None:
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    import drjit as dr

    dr.set_thread_count(1)


def _make(item: tuple[str, Look], folder: Path) -> str:
    from synthetic.photos.render import encode, render

    name, look = item
    temporary = folder / f".{name}.tmp"
    temporary.write_bytes(encode(render(look)))
    temporary.replace(folder / name)
    return name


def render_photos(products: Iterable[Product], folder: Path, processes: int = 1) -> int:
    """Render the photos that are missing; resumes where it was stopped.

    Args:
        products: Whose photos are wanted.
        folder: Where they lie.
        processes: Renderers at work, each on one core.

    Returns:
        How many were made.

    Raises:
        ModuleNotFoundError: If the packages of the extra `synthetic` are not installed.
    """
    missing = missing_photos(products, folder)
    if not missing:
        return 0
    if not can_render():
        raise ModuleNotFoundError(f"{len(missing):,} photos of the demo catalogue are not in {folder}; {HOW_TO}.")
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, initializer=_single_threaded) as pool:
        made = pool.imap_unordered(partial(_make, folder=folder), missing.items())
        for name in tqdm(made, total=len(missing), desc="render", unit="photo"):
            logger.debug("rendered %s", name)
    return len(missing)
