"""How tests of sources open them and check what they read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import RawRow, Source, open_source
from tests.helpers.factories import CATEGORIES, COLORS, draw, encode

CASES = Path(__file__).parents[1] / "data" / "sources" / "cases"
"""Files as people of this trade reported them."""


def disc_photo() -> bytes:
    """A JPEG of a disc."""
    return encode(draw("disc", COLORS[0][1], np.random.default_rng(0)))


def open_location(location: Path | str, **options: Any) -> Source:
    """The source at a location, with further fields of `SourceConfig`."""
    return open_source(SourceConfig(location=str(location), **options))


def check_dataset(source: Source, n: int) -> list[RawRow]:
    """Check that a source has the n rows of `write_dataset`, and return them."""
    rows = [row for row in source if isinstance(row, RawRow)]
    assert len(rows) == source.total == n
    assert source.splits == ("train", "test")
    assert [row.row for row in rows if row.split == "train"] == list(range(sum(row.split == "train" for row in rows)))
    assert {row.category for row in rows} == {path for path, _, _ in CATEGORIES}
    assert all(row.category in row.candidates for row in rows)
    assert any(row.image is None for row in rows)
    assert sum((row.image or b"")[:2] == b"\xff\xd8" for row in rows) > 0.9 * n
    return rows
