"""Sources of rows: hub data sets, data-set folders, parquet, tables of any format, exports of shops.

`open_source` opens what the configuration names; every source is then read row by row, and several are read as one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.config.stages import SourceConfig
from pipeline.data.sources.base import (
    BadRow,
    Item,
    Part,
    RawRow,
    Source,
    SourceError,
    UnknownHeadingError,
    join_sources,
    named,
)
from pipeline.data.sources.cells import MAX_PHOTO_BYTES, shorten
from pipeline.data.sources.fetching import PhotoFetcher
from pipeline.data.sources.files import SUFFIXES, Format
from pipeline.data.sources.hub import hub_commit, open_hub
from pipeline.data.sources.parquet import open_file, open_folder
from pipeline.data.sources.photos import PhotoFinder
from pipeline.data.sources.profiles.mapping import check_fields
from pipeline.data.sources.tables import Layout, open_layout, open_table
from pipeline.provenance import content_of

__all__ = [
    "BadRow",
    "Item",
    "Layout",
    "Part",
    "RawRow",
    "Source",
    "SourceError",
    "content_of_source",
    "layout_of",
    "open_source",
    "shorten",
]

_LOG = logging.getLogger(__name__)
_TABLE = "auto"
"""A table whose headings say what it is."""
_DELIMITERS = {"tab": "\t", "\\t": "\t"}
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")


def open_source(
    config: SourceConfig, *, max_photo_bytes: int = MAX_PHOTO_BYTES, fetcher: PhotoFetcher | None = None
) -> Source:
    """Open the source, or the sources, that the configuration names.

    Args:
        config: What to read.
        max_photo_bytes: A photo of more bytes is left out of its row, with a note.
        fetcher: Fetches the photos' URLs where the configuration allows it; None: one that asks public hosts alone.

    Raises:
        SourceError: In one sentence, if there is nothing to read there or it cannot be read.
    """
    if not config.location:
        raise SourceError("No source is given; name a data set, a folder or a file with --source.")
    if not config.fetch_images:
        fetcher = None
    elif fetcher is None:
        fetcher = PhotoFetcher(max_photo_bytes)
    locations = (config.location, *config.others)
    if len(locations) == 1:
        return _only(named(_open(config, max_photo_bytes, fetcher), _name(config.location)), config.splits)
    return _only(join_sources(list(_open_several(config, locations, max_photo_bytes, fetcher))), config.splits)


def _only(source: Source, splits: Sequence[str]) -> Source:
    """The source with these of its splits; with all of them, if none is named."""
    if missing := [split for split in splits if split not in source.splits]:
        raise SourceError(f"{source.name} has no split '{missing[0]}'; it has {', '.join(source.splits)}.")
    return replace(source, parts=[part for part in source.parts if part.split in splits]) if splits else source


def _open_several(
    config: SourceConfig, locations: Sequence[str], max_photo_bytes: int, fetcher: PhotoFetcher | None
) -> Iterator[Source]:
    """Sources with one column map, each heading of which at least one of them has."""
    lacking: list[UnknownHeadingError] = []
    for location in locations:
        one = replace(config, location=location)
        try:
            source = _open(one, max_photo_bytes, fetcher)
        except UnknownHeadingError as error:
            lacking.append(error)
            _LOG.info("%s has no column %s and is read without it", location, ", ".join(sorted(error.headings)))
            present = tuple(pair for pair in config.columns if pair[1] not in error.headings)
            source = _open(replace(one, columns=present), max_photo_bytes, fetcher)
        yield named(source, _name(location))
    if len(lacking) == len(locations) and frozenset.intersection(*(error.headings for error in lacking)):
        raise lacking[0]


def _name(location: str) -> str:
    """Last part of a path or of a data set's id."""
    return Path(location).name or Path(location).resolve().name


def content_of_source(config: SourceConfig, leave_out: Path | None = None) -> dict[str, str]:
    """Describe the content of what the configuration names: a changed file has another description.

    Files and folders are hashed, that of a table's photos too where the configuration names one; of a hub data set it
    is the commit. Photos that are fetched from their URLs, or that lie beside a table without being named, are not
    looked at.

    Args:
        config: What would be read.
        leave_out: A folder whose files do not count, such as the run folder that lies among the sources.

    Returns:
        A description (`provenance.content_of`) for each part.
    """
    contents = {}
    for number, location in enumerate((config.location, *config.others), start=1):
        path = Path(location).expanduser()
        at_hub = config.kind == "hub" or (config.kind == "auto" and not path.exists() and _HUB_ID.match(location))
        contents[f"source {number}"] = hub_commit(location, config.revision) if at_hub else content_of(path, leave_out)
    if config.images is not None:
        contents["images"] = content_of(Path(config.images).expanduser(), leave_out)
    return contents


def _open(config: SourceConfig, max_photo_bytes: int, fetcher: PhotoFetcher | None = None) -> Source:
    path = Path(config.location).expanduser()
    kind = config.kind if config.kind != "auto" else _detect(config.location, path)
    columns = dict(config.columns)
    if kind in ("hub", "dataset"):
        check_fields(columns)
    if kind == "hub":
        return open_hub(config.location, config.revision, columns, config.limit, max_photo_bytes)
    _check_file(path)
    if kind == "dataset":
        opener = open_folder if path.is_dir() else open_file
        return opener(path, columns, config.limit, max_photo_bytes)
    if path.is_dir():
        raise SourceError(f"{path} is a folder, which kind '{kind}' does not read; give the CSV file itself.")
    images = None if config.images is None else Path(config.images).expanduser()
    if images is not None and not (images.is_dir() or images.is_file()):
        raise SourceError(f"The folder of photos {images} does not exist; name an existing one, or a zip.")

    def photos_in(folder: Path | None) -> PhotoFinder:
        return PhotoFinder(images or folder, fetcher, max_photo_bytes)

    return open_table(path, columns, photos_in, config.limit, kind, _form(config))


def _form(config: SourceConfig) -> Format:
    return Format(config.encoding or "", _DELIMITERS.get(config.delimiter or "", config.delimiter or ""))


def layout_of(config: SourceConfig) -> Layout | None:
    """The table that the configuration names, with what its headings mean; None where it names another source.

    Raises:
        SourceError: If there is nothing to read there or it cannot be read.
    """
    path = Path(config.location).expanduser()
    kind = config.kind if config.kind != "auto" else _detect(config.location, path)
    if kind in ("hub", "dataset") or config.others:
        return None
    _check_file(path)
    return open_layout(path, dict(config.columns), kind, _form(config))


def _check_file(path: Path) -> None:
    """Refuse what is neither a file nor a folder, such as a FIFO, which would be waited for without end."""
    if not path.exists():
        raise SourceError(f"{path} does not exist; give an existing folder or file, or a data-set id with kind 'hub'.")
    if not (path.is_file() or path.is_dir()):
        raise SourceError(f"{path} is neither a file nor a folder; give an existing folder or file.")


def _detect(location: str, path: Path) -> str:
    if path.is_dir() or path.suffix.lower() == ".parquet":
        return "dataset"
    if path.is_file() or any(location.lower().endswith(suffix) for suffix in SUFFIXES):
        return _TABLE
    if not path.exists() and _HUB_ID.match(location):
        return "hub"
    raise SourceError(f"{location} is neither an existing folder or file, nor a data-set id like 'owner/name'.")
