"""Which format a result is written in: by the ending of its name, or as asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.data.sources import Layout
from pipeline.data.sources.files.base import TableFile
from pipeline.errors import InputError

SAME = "same"
SHOPIFY_BULK = "shopify-bulk"
GOOGLE_FEED = "google-feed"
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet",),
    "xlsx": (".xlsx",),
    SHOPIFY_BULK: (".jsonl",),
    GOOGLE_FEED: (".tsv", ".txt"),
}
"""Endings of the files of each format."""
_ASKED_FOR = (SHOPIFY_BULK, GOOGLE_FEED)
"""Formats that no ending means by itself."""
FORMATS = (SAME, *ENDINGS)
REJECTS_AS = {SHOPIFY_BULK: "jsonl", GOOGLE_FEED: "tsv"}
"""Format of the rejects beside a result, where it is not that of the result."""


def choose_format(out: Path, wanted: str | None, source: str, layout: Layout | None) -> str:
    """The format of a result.

    Args:
        out: Its file.
        wanted: One of `FORMATS`; None: as the ending says, `SAME` where the source is a delimited table (packed or not)
            with it.
        source: Where the rows come from.
        layout: Of the table there, None for other sources.

    Raises:
        InputError: If the ending is unknown or of another format, or the table cannot be written back.
    """
    ending, came_with = out.suffix.lower(), Path(source).suffix.lower()
    if out.exists() and out.resolve() == Path(source).expanduser().resolve():
        raise InputError(f"{out} is the file that is read; name another one with --out.")
    file = None if layout is None else layout.file
    by_itself = file is not None and file.written is not None and bool(ending) and ending == came_with
    if wanted == SAME or (wanted is None and by_itself):
        _check(file, out, source)
        return SAME
    by_ending = next((name for name, endings in ENDINGS.items() if ending in endings and name not in _ASKED_FOR), None)
    if wanted is None and by_ending is None:
        raise InputError(
            f"{out} ends in {ending or 'nothing'}, which is no format of results; end it in {_listed()}, or name the "
            "format with --format."
        )
    if wanted is not None and ending and ending not in ENDINGS[wanted]:
        raise InputError(f"{out} ends in {ending}, but --format {wanted} ends in {' or '.join(ENDINGS[wanted])}.")
    return wanted or str(by_ending)


def _check(file: TableFile | None, out: Path, source: str) -> None:
    """Make sure that a table can be written back."""
    ending = Path(source).suffix.lower()
    if file is None or (file.written is None and file.edited is None):
        formats = ", ".join(ENDINGS)
        raise InputError(
            f"{source} is no table that can be written back as it came (CSV or the like, JSON, XML or XLSX); give "
            f"--format one of {formats}."
        )
    if out.suffix.lower() != ending:
        raise InputError(f"{out} does not end in {ending or 'nothing'}, as --format same asks: {source} does.")
    if file.written is not None:
        file.written.check()


def _listed() -> str:
    endings = [endings[0] for name, endings in ENDINGS.items() if name not in _ASKED_FOR]
    return f"{', '.join(endings[:-1])} or {endings[-1]}"
