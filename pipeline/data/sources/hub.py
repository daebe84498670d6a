"""Data sets of the Hugging Face hub, through `datasets`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.data.sources.base import (
    COLUMNS,
    CONTENT_COLUMNS,
    SPLIT_ORDER,
    Item,
    Part,
    Reader,
    Source,
    SourceError,
    split_name,
)
from pipeline.data.sources.cells import to_item
from pipeline.data.sources.profiles.mapping import check_headings

UNKNOWN_COMMIT = "unknown commit"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SECONDS = 10.0  # to wait for the hub


def open_hub(name: str, revision: str | None, renamed: Mapping[str, str], limit: int, max_photo_bytes: int) -> Source:
    """A data set by its id; photos stay encoded, so that a broken one costs its row the photo only.

    Args:
        name: Like "Shopify/product-catalogue"; a local folder in the hub's layout works too.
        revision: Branch, tag or commit.
        renamed: The data set's column for each of ours, where they differ.
        limit: Rows of each split, 0 for all.
        max_photo_bytes: A photo of more bytes is left out.
    """
    import datasets  # slow to import, and no other source needs it

    try:
        loaded = datasets.load_dataset(name, revision=revision)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise SourceError(
            f"The data set '{name}' could not be loaded ({type(error).__name__}: {error}); check its id, "
            "its revision and the connection, or give a local copy's folder."
        ) from error
    by_split: dict[str, list[Any]] = {}
    for theirs, rows in loaded.items():
        by_split.setdefault(split_name(str(theirs)), []).append(_undecoded(rows))
    parts = [
        Part(
            split,
            sum(len(rows) for rows in by_split[split]),
            _reader(name, by_split[split], split, renamed, max_photo_bytes),
        )
        for split in sorted(by_split, key=SPLIT_ORDER.index)
    ]
    return Source(name, "hub", parts, limit)


def hub_commit(name: str, revision: str | None) -> str:
    """The commit that a hub data set is read at: the pinned one, or else where its branch stands now.

    Without a connection it is the one that the local cache holds, which is what is read then.

    Returns:
        40 hex digits; `UNKNOWN_COMMIT` where nobody knows.
    """
    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    import httpx2
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.file_download import repo_folder_name

    try:
        return HfApi().dataset_info(name, revision=revision, timeout=_SECONDS).sha or UNKNOWN_COMMIT
    except (HfHubHTTPError, OfflineModeIsEnabled, httpx2.HTTPError, OSError):
        folder = repo_folder_name(repo_id=name, repo_type="dataset")
        cached = Path(constants.HF_HUB_CACHE, folder, "refs", revision or constants.DEFAULT_REVISION)
    return cached.read_text(encoding="utf-8").strip() if cached.is_file() else UNKNOWN_COMMIT


def _undecoded(rows: Any) -> Any:
    import datasets

    for column, feature in rows.features.items():
        if isinstance(feature, datasets.Image):
            rows = rows.cast_column(column, datasets.Image(decode=False))
    return rows


def _reader(name: str, tables: list[Any], split: str, renamed: Mapping[str, str], max_photo_bytes: int) -> Reader:
    columns = {ours: renamed.get(ours, ours) for ours in COLUMNS}
    for rows in tables:
        check_headings(f"The data set '{name}'", renamed, rows.column_names)
        if not any(columns[ours] in rows.column_names for ours in CONTENT_COLUMNS):
            raise SourceError(
                f"The data set '{name}' has none of the columns {', '.join(CONTENT_COLUMNS)} (it has "
                f"{', '.join(rows.column_names)}); name its own ones with a column map."
            )

    def read(start: int = 0) -> Iterator[Item]:
        before = 0
        for rows in tables:
            first = min(max(0, start - before), len(rows))
            for place, raw in enumerate(rows.skip(first) if first else rows, start=first):
                row = {ours: raw.get(theirs) for ours, theirs in columns.items()}
                yield to_item(split, before + place, row, max_photo_bytes=max_photo_bytes)
            before += len(rows)

    return read
