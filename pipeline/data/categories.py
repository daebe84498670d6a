"""Categories of all rows of a source together: one spelling each, and a warning of what may be several levels."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.data.rows import CleanRow
from pipeline.taxonomy.paths import SEPARATOR, Taxonomy
from pipeline.taxonomy.resolve import Spelling

_LOG = logging.getLogger(__name__)
_OTHER_SEPARATOR = re.compile(r"\S\s*\|\s*\S|\w/\w|\w\\\w")


def one_spelling(rows: Sequence[CleanRow], taxonomy: Taxonomy) -> list[CleanRow]:
    """The rows with one spelling for categories that differ in case alone; says in the log how many there were.

    Args:
        rows: All rows of a source.
        taxonomy: The one that is given, whose spelling counts; may be empty.
    """
    used = [path for row in rows for path in (row.category, *row.candidates) if path is not None]
    spelling = Spelling.of(taxonomy, used)
    changed = {path: spelled for path in dict.fromkeys(used) if (spelled := spelling.spell(path)) != path}
    if changed:
        example = next(iter(changed))
        _LOG.warning(
            "%d category paths differ from another in case alone and are taken for it (for example '%s' for '%s')",
            *(len(changed), example, changed[example]),
        )
    doubtful = [path for path in dict.fromkeys(used) if SEPARATOR not in path and _OTHER_SEPARATOR.search(path)]
    if doubtful := [path for path in doubtful if path not in taxonomy]:
        _LOG.warning(
            "%d categories hold '|' or '/' and no '>' and are read as one level (for example '%s'); "
            "write ' > ' between levels",
            *(len(doubtful), doubtful[0]),
        )
    return [_respelled(row, changed) for row in rows] if changed else list(rows)


def _respelled(row: CleanRow, changed: dict[str, str]) -> CleanRow:
    category = None if row.category is None else changed.get(row.category, row.category)
    candidates = list(dict.fromkeys(changed.get(path, path) for path in row.candidates))
    return replace(row, category=category, candidates=candidates)
