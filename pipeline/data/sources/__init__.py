"""Where rows come from: hub data sets, data-set folders, parquet, CSV and TSV tables, Shopify product exports.

`open_source` decides by the configuration; every source is then read in the same way, row by row, and several are read
as one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from pipeline.data.sources.base import BadRow, Item, Part, RawRow, Source, SourceError, join_sources
from pipeline.data.sources.hub import open_hub
from pipeline.data.sources.parquet import open_file, open_folder
from pipeline.data.sources.shopify import is_shopify_export, open_shopify
from pipeline.data.sources.tables import DELIMITERS, open_table
from pipeline.stageconfig import SourceConfig

__all__ = ["BadRow", "Item", "Part", "RawRow", "Source", "SourceError", "open_photos", "open_source"]

_PHOTO_COLUMNS = ("product_image", "image")
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")


def open_source(config: SourceConfig) -> Source:
    """Open the source, or the sources, that the configuration names.

    Raises:
        SourceError: In one sentence, if there is nothing to read there or it cannot be read.
    """
    if not config.location:
        raise SourceError("No source is given; name a data set, a folder or a file with --source.")
    opened = [_open(replace(config, location=location)) for location in (config.location, *config.others)]
    return opened[0] if len(opened) == 1 else join_sources(opened)


def open_photos(location: str) -> Source:
    """Open a source of photos of anything: its rows matter for their photo alone, in `product_image` or `image`.

    Raises:
        SourceError: If it cannot be read or has neither column.
    """
    for column in _PHOTO_COLUMNS:
        try:
            return _open(SourceConfig(location=location, columns=(("product_image", column),)))
        except SourceError as error:
            refused = error
    raise refused


def _open(config: SourceConfig) -> Source:
    if config.location.split(":")[0] == "demo":
        from pipeline.demo.source import open_demo  # here, because that module reads `sources.base`

        return open_demo(config)
    path = Path(config.location).expanduser()
    kind = config.kind if config.kind != "auto" else _detect(config.location, path)
    columns = dict(config.columns)
    if kind == "hub":
        return open_hub(config.location, config.revision, columns, config.limit)
    if not path.exists():
        raise SourceError(f"{path} does not exist; give an existing folder or file, or a data-set id with kind 'hub'.")
    if kind == "dataset":
        opener = open_folder if path.is_dir() else open_file
        return opener(path, columns, config.limit)
    if path.is_dir():
        raise SourceError(f"{path} is a folder, which kind '{kind}' does not read; give the CSV file itself.")
    images = None if config.images is None else Path(config.images).expanduser()
    opener_of_table = open_shopify if kind == "shopify-export" else open_table
    return opener_of_table(path, columns, images, config.fetch_images, config.limit)


def _detect(location: str, path: Path) -> str:
    if path.is_dir() or path.suffix.lower() == ".parquet":
        return "dataset"
    if path.suffix.lower() in DELIMITERS:
        return "shopify-export" if path.exists() and is_shopify_export(path) else "table"
    if not path.exists() and _HUB_ID.match(location):
        return "hub"
    raise SourceError(
        f"{location} is neither an existing folder, a .parquet, .csv or .tsv file, nor a data-set id like 'owner/name'."
    )
