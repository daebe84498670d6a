"""Writes a review out: its products in the format of their file with who decided each, and the decisions themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.artifacts import atomic_path
from pipeline.config.stages import SourceConfig
from pipeline.data.sources import Layout, layout_of
from pipeline.errors import InputError
from pipeline.prediction.batch_classifier import PREDICTIONS
from pipeline.prediction.output.destination import Destination
from pipeline.prediction.output.formats import SAME
from pipeline.prediction.output.parts import Parts
from pipeline.prediction.output.same import DECIDED_BY
from pipeline.prediction.output.tables import safe_cell, write_delimited
from pipeline.provenance import content_of
from pipeline.review.records import Decision
from pipeline.review.review import Review
from pipeline.review.second_look import second_look
from pipeline.taxonomy.paths import levels

_HEADINGS = ("product_id", "title", "before", "after", "after_id", "action", "role", "name", "at", "why")
_OF_GOOGLE = ("google_id", "google_path", "accepted_google_id", "accepted_google_path")


@dataclass(frozen=True)
class Exported:
    """Files that were written.

    Attributes:
        out: The products.
        decisions: Every decision, undone ones too, as CSV.
        summary: Who decided how many, and what the second look says, as text.
        said: The sentences of the summary.
    """

    out: Path
    decisions: Path
    summary: Path
    said: tuple[str, ...]


def export(review: Review, out: Path, form: str | None = None, layout: Layout | None = None) -> Exported:
    """Write a review.

    Args:
        review: As it is now.
        out: Of the products; the other two lie beside it.
        form: One of `FORMATS`; None: as the name of `out` says.
        layout: Of the file that was classified, for `SAME` and the formats of shops; None finds it by the review.

    Raises:
        InputError: If the format cannot hold it.
    """
    if layout is None:
        layout = layout_of_review(review)
    source = "" if layout is None else str(layout.file.path)
    destination = Destination.of(out, form, source, layout)
    destination.check(review.ids.values())
    review.refresh()
    destination.write(Parts.of(decided_predictions(review)), None)
    decisions = out.with_name(f"{out.name}.decisions.csv")
    write_delimited(decisions, _HEADINGS, _decision_rows(review), ",")
    said, summary = summary_of(review), out.with_name(f"{out.name}.review.txt")
    with atomic_path(summary) as temporary:
        temporary.write_text("\n".join([*said, ""]), encoding="utf-8")
    return Exported(out, decisions, summary, said)


def layout_of_review(review: Review) -> Layout | None:
    """The file that the products came from, None where that is another source, or it is gone or changed."""
    source = review.about.get("source")
    if not isinstance(source, dict) or "content" not in source:
        return None
    known = source["reading"]
    pairs = tuple((ours, theirs) for ours, theirs in known["columns"])
    config = replace(SourceConfig(**{**known, "columns": pairs, "others": ()}))
    path = Path(source["folder"], config.location).resolve()
    if not path.is_file() or content_of(path) != source["content"]:
        return None
    return layout_of(replace(config, location=str(path)))


def check_same(review: Review, form: str | None) -> None:
    """Make sure that a review can be written into the file it came from, where that is asked for.

    Raises:
        InputError: If the file is gone or changed.
    """
    if form == SAME and layout_of_review(review) is None:
        raise InputError("The file that was classified is not there any more, or has changed; name another format.")


def decided_predictions(review: Review) -> pa.Table:
    """`PREDICTIONS` with what is decided in place of what was predicted, and who did, in a column `DECIDED_BY`."""
    records = []
    for product, text in enumerate(review.store.records()):
        record, decision = json.loads(text), review.state.decided.get(product)
        if decision is not None and decision.after is not None:
            record |= _decided(record, decision, review.ids)
        elif not review.products.is_accepted[product] and (path := review.path(product)) != record["path"]:
            record |= _learned(record, path, review)
        records.append({**record, DECIDED_BY: "model" if decision is None else decision.decider.role})
    return pa.Table.from_pylist(records, schema=PREDICTIONS.append(pa.field(DECIDED_BY, pa.string())))


def summary_of(review: Review) -> tuple[str, ...]:
    """Who decided how many, and what the second look says, a sentence each."""
    now, look = review.progress(), second_look(review)
    people, assistants = now.by.get("person", 0), now.by.get("assistant", 0)
    return (
        f"Of {now.products:,} products, {people:,} were decided by people, {assistants:,} by assistants and "
        f"{now.accepted:,} accepted without review; {now.to_decide - now.decided:,} still need review.",
        f"{now.changed:,} decisions name another category than the model did.",
        look.bound.said,
    )


def _decided(record: dict[str, Any], decision: Decision, ids: dict[str, str]) -> dict[str, Any]:
    """Fields of a record that a decision changes."""
    path = str(decision.after)
    day = datetime.fromtimestamp(decision.at, UTC).strftime("%Y-%m-%d")
    kept = {name: record.get(name) for name in _OF_GOOGLE} if path == record["path"] else {}
    sure = [1.0] * len(levels(path))
    why = f": {decision.why}" if decision.why else ""
    return {
        **{"path": path, "category_id": ids.get(path), "accepted_path": path, "accepted_id": ids.get(path)},
        **{"confidences": sure, "probabilities": sure, "needs_review": False},
        "reason": f"Decided by {'an assistant' if decision.decider.role == 'assistant' else 'a person'} on {day}{why}.",
        **dict.fromkeys(_OF_GOOGLE),
        **kept,
        **({"accepted_google_id": kept["google_id"], "accepted_google_path": kept["google_path"]} if kept else {}),
    }


def _learned(record: dict[str, Any], path: str, review: Review) -> dict[str, Any]:
    """Fields of a record that the decisions about other products change: nothing of it is accepted."""
    nothing = [0.0] * len(levels(path))
    return {
        **{"path": path, "category_id": review.ids.get(path), "accepted_path": "", "accepted_id": None},
        **{"confidences": nothing, "probabilities": nothing, "needs_review": True},
        "reason": f"Predicted anew from {len(review.state.decided):,} decisions about other products; not decided.",
        **dict.fromkeys(_OF_GOOGLE),
    }


def _decision_rows(review: Review) -> Iterator[list[str]]:
    for one in review.store.decisions():
        texts = (
            *(review.products.titles[one.product], one.before or "", one.after or ""),
            *(review.ids.get(one.after or "", ""), one.action, one.decider.role, one.decider.name),
            *(datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds"), one.why),
        )
        yield [review.products.ids[one.product], *map(safe_cell, texts)]
