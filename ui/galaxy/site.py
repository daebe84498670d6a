"""The galaxy as files that any web server can host: no Python behind them, nothing from elsewhere; knows no Gradio.

What routes and server functions answer in the Space is computed beforehand and cut into chunks, which the script
`static/data/site.js` fetches as they are needed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.artifacts import atomic_path
from pipeline.catalog.catalog import Catalog
from pipeline.errors import InputError
from pipeline.search.neighbors import centroid_of
from pipeline.search.words.topics import texts
from pipeline.taxonomy.paths import SEPARATOR, levels
from ui.galaxy import blocks, facets
from ui.galaxy.page import template

SCRIPTS = Path(__file__).resolve().parent / "static"
TEXTS_AT_ONCE, PHOTOS_AT_ONCE = 500, 200
"""Products of a file."""

NOBODY = 2**32 - 1
"""In place of a row: a category has fewer products."""

_NEIGHBORS, _PER_END = 12, 6
_COSINES_AT_ONCE = 512
_TEXT_COLUMNS = ("product_id", "title", "brand", "language", "description", "category_path", "predicted_path")
_DESCRIPTION_LENGTH = 600  # characters
_PAGE = """<!doctype html>
<html lang="en" class="dark">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' blob: data:; connect-src 'self'">
<title>TITLE</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="galaxy.css">
<body class="dark galaxy-site">
<main><h1>TITLE</h1>GALAXY</main>
<script type="module" src="scripts/site.js"></script>
</html>
"""


def export_site(catalog: Catalog, out: Path, title: str = "Product Galaxy") -> int:
    """Write the site of a catalogue into a new or empty folder.

    Args:
        catalog: The catalogue.
        out: The folder; it is made.
        title: Of the page.

    Returns:
        The number of files.

    Raises:
        InputError: If the folder holds something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is no empty folder; name a new one, or empty it.")
    scripts = out / "scripts"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("*.css"))
    style = (SCRIPTS / "galaxy.css").read_text(encoding="utf-8") + (SCRIPTS / "site.css").read_text(encoding="utf-8")
    page = _PAGE.replace("GALAXY", template("site")).replace("TITLE", escape(title))
    _write(out / "galaxy.css", style.encode())
    _write(out / "index.html", page.encode())
    for name, block in _files(catalog):
        _write(out / "data" / f"{name}.bin", block)
    return sum(path.is_file() for path in out.rglob("*"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _files(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    products = catalog.products
    yield "points", blocks.points(products)
    yield "brands", blocks.brands(products)
    yield "facets", facets.facets(products)
    yield "titles", blocks.pack({"titles": texts(products["title"])}, {})
    for name in blocks.LAYOUTS:
        yield name, blocks.layout(products, name)
        yield f"regions-{name}", blocks.regions(products, name)
    yield "neighbors", neighbors(catalog.vectors("fused")[0][:])
    yield "ends", ends(catalog)
    for number, start in enumerate(range(0, len(products), TEXTS_AT_ONCE)):
        yield f"texts-{number}", blocks.pack({"products": _texts(products.iloc[start : start + TEXTS_AT_ONCE])}, {})
    for number, start in enumerate(range(0, len(products), PHOTOS_AT_ONCE)):
        yield f"photos-{number}", _photos(catalog, start)


def _texts(products: pd.DataFrame) -> list[Mapping[str, Any]]:
    columns = {name: texts(products[name]) for name in _TEXT_COLUMNS}
    columns["description"] = [text[:_DESCRIPTION_LENGTH] for text in columns["description"]]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _photos(catalog: Catalog, start: int) -> bytes:
    """Thumbnails of some products one after the other; header `ends`, where each ends."""
    ids = catalog.products["product_id"].iloc[start : start + PHOTOS_AT_ONCE]
    photos = [catalog.thumbnail(product_id) or b"" for product_id in ids]
    header = {"ends": np.cumsum([len(photo) for photo in photos]).tolist()}
    return blocks.pack(header, {"photos": np.frombuffer(b"".join(photos), np.uint8)})


def neighbors(vectors: np.ndarray) -> bytes:
    """Encode the products most similar to each: `rows` and `similarities` (0 to 254 for 0 to 1), [n x k].

    Args:
        vectors: float32 [n, d], L2-normalized.
    """
    k = min(_NEIGHBORS, len(vectors) - 1)
    rows = np.zeros((len(vectors), k), dtype="<u4")
    cosines = np.zeros((len(vectors), k))
    for start in range(0, len(vectors) if k > 0 else 0, _COSINES_AT_ONCE):
        part = vectors[start : start + _COSINES_AT_ONCE] @ vectors.T
        part[np.arange(len(part)), start + np.arange(len(part))] = -np.inf
        best = np.argpartition(-part, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(part, best, axis=1)
        order = np.lexsort((best, -found), axis=1)
        rows[start : start + len(part)] = np.take_along_axis(best, order, axis=1)
        cosines[start : start + len(part)] = np.take_along_axis(found, order, axis=1)
    shares = np.rint(254 * np.clip(cosines, 0, 1)).astype(np.uint8)
    return blocks.pack({"each": k}, {"rows": rows.ravel(), "similarities": shares.ravel()})


def ends(catalog: Catalog) -> bytes:
    """Encode the products nearest to the center of every category, and farthest from it.

    Header `paths`; columns `nearest`, `farthest` ([paths x 6] rows, NOBODY where there are fewer) and their distances
    (0 to 254 for 0 to 1).
    """
    members: dict[str, list[int]] = {}
    for row, path in enumerate(catalog.products["category_path"]):
        names = levels(path) if isinstance(path, str) else ()
        for depth in range(1, len(names) + 1):
            members.setdefault(SEPARATOR.join(names[:depth]), []).append(row)
    columns = {name: np.full((len(members), _PER_END), NOBODY, dtype="<u4") for name in ("nearest", "farthest")}
    away = {name: np.zeros((len(members), _PER_END), dtype=np.uint8) for name in columns}
    for place, rows in enumerate(members.values()):
        center = centroid_of(catalog, np.array(rows))
        for name, step in (("nearest", 1), ("farthest", -1)):
            found, distances = center.rows[::step][:_PER_END], center.distances[::step][:_PER_END]
            columns[name][place, : len(found)] = found
            away[name][place, : len(found)] = np.rint(254 * np.clip(distances, 0, 1))
    packed: dict[str, np.ndarray] = {name: column.ravel() for name, column in columns.items()}
    packed |= {f"{name}_distances": column.ravel() for name, column in away.items()}
    return blocks.pack({"paths": list(members), "each": _PER_END}, packed)
