"""Results of `classify-file` that no model made: predictions of a table's products as asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.config.stages import SourceConfig
from pipeline.data.schema import REJECTS
from pipeline.data.sources import BadRow, RawRow, layout_of, open_source
from pipeline.prediction.batch_classifier import PREDICTIONS
from pipeline.prediction.output.destination import Destination
from pipeline.prediction.output.parts import Parts

GID = "gid://shopify/TaxonomyCategory/"
MUGS = "Home & Garden > Kitchen > Mugs, Cups"
"""A path with a comma."""


@dataclass(frozen=True)
class Said:
    """What a model may say of a product."""

    path: str = MUGS
    category_id: str | None = f"{GID}hg-11-1"
    accepted: bool = True
    google_id: str | None = None
    google_path: str | None = None
    part: str = ""
    """Path down to which it is accepted, where it is not `accepted` as a whole."""


def record_of(row: RawRow, said: Said) -> dict[str, Any]:
    """The record of a product in the predictions."""
    confidences = [0.9 - 0.1 * level for level in range(said.path.count(">") + 1)]
    accepted = said.path if said.accepted else said.part
    return {
        **{"product_id": row.product_id or f"row {row.row}", "split": row.split, "source_row": row.row},
        **{"line": row.line or None, "title": row.title, "path": said.path, "category_id": said.category_id},
        **{
            "confidences": confidences,
            "probabilities": confidences,
            "accepted_path": accepted,
            "needs_review": not said.accepted,
        },
        **{
            "accepted_id": said.category_id if said.accepted else f"{GID}hg" if said.part else None,
            "reason": "Certain down to Mugs.",
        },
        **{"in_distribution": True, "photo_flaw": "", "evidence": [], "agreement": [], "alternatives": [MUGS]},
        **{"alternative_scores": [0.5], "google_id": said.google_id, "google_path": said.google_path},
    }


def write_result(
    source: Path,
    out: Path,
    say: Callable[[RawRow], Said] = lambda row: Said(),
    *,
    form: str | None = None,
    has_google: bool = False,
    **reading: Any,
) -> bytes:
    """Write the result of a file in which every product is said to be something; its bytes."""
    config = SourceConfig(location=str(source), **reading)
    destination = Destination.of(out, form, str(source), layout_of(config), has_google=has_google)
    items: Sequence[RawRow | BadRow] = list(open_source(config))
    records = [record_of(item, say(item)) for item in items if isinstance(item, RawRow)]
    destination.check([record["category_id"] or "" for record in records])
    rejects = [
        {"source_row": item.row, "split": item.split, "reason": item.reason, "raw": "{}"}
        for item in items
        if isinstance(item, BadRow)
    ]
    tables = pa.Table.from_pylist(records, schema=PREDICTIONS), pa.Table.from_pylist(rejects, schema=REJECTS)
    destination.write(*map(Parts.of, tables))
    return out.read_bytes()
