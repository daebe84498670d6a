"""Where a result goes, and in which format: what can be refused before the work begins is refused there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.artifacts import ClassifyPaths
from pipeline.data.sources import Layout
from pipeline.data.sources.files.packed import PACKED_SUFFIXES
from pipeline.prediction.output.formats import GOOGLE_FEED, REJECTS_AS, SAME, SHOPIFY_BULK, choose_format
from pipeline.prediction.output.parts import Parts
from pipeline.prediction.output.same import write_same
from pipeline.prediction.output.shop_files import check_bulk, check_feed, write_bulk, write_feed
from pipeline.prediction.output.tables import write_new

_REASONS = (
    *("product_id", "title", "path", "accepted_path", "reason", "photo_flaw", "in_distribution"),
    *("alternatives", "alternative_scores", "evidence"),
)
"""Columns of the second sheet of an XLSX file."""
_REJECTS_ENDING = {".json": ".jsonl", ".xml": ".csv", ".xlsm": ".xlsx"}
_LISTS = ("alternatives", "alternative_scores", "evidence", "agreement")
"""Columns that its first sheet has not."""


@dataclass(frozen=True)
class Destination:
    """Where a result goes.

    Attributes:
        paths: Of the result and of what lies beside it.
        form: One of `FORMATS`.
        layout: Of the table that came in, None for other sources.
        has_google: Whether there are Google's categories of a mapping.
    """

    paths: ClassifyPaths
    form: str
    layout: Layout | None
    has_google: bool

    @classmethod
    def of(
        cls, out: Path, wanted: str | None, source: str, layout: Layout | None, *, has_google: bool = False
    ) -> Destination:
        """The destination of a result; `choose_format` has the arguments and the errors."""
        return cls(ClassifyPaths(out), choose_format(out, wanted, source, layout), layout, has_google)

    def check(self, ids: Iterable[str]) -> None:
        """Make sure that a taxonomy with these ids has what the format needs.

        Raises:
            InputError: If it has not.
        """
        if self.form == SHOPIFY_BULK:
            check_bulk(self.layout, ids)
        elif self.form == GOOGLE_FEED:
            check_feed(self.layout, ids, has_google=self.has_google)

    def write(self, predictions: Parts, rejects: Parts | None) -> None:
        """Write the rejects, unless they are None, and then the result, each atomically; a part is in memory at a time.

        Raises:
            InputError: If the format cannot hold them.
        """
        if rejects is not None:
            write_new(self.rejects, self._rejects_form, rejects)
        out = self.paths.out
        if self.form == SAME:
            assert self.layout is not None
            write_same(out, self.layout, predictions, has_google=self.has_google)
        elif self.form == SHOPIFY_BULK:
            write_bulk(out, self.layout, predictions)
        elif self.form == GOOGLE_FEED:
            write_feed(out, predictions)
        else:
            if self.form != "xlsx":
                write_new(out, self.form, predictions)
                return
            first = predictions.select([name for name in predictions.schema.names if name not in _LISTS])
            write_new(out, self.form, first, {"Reasons": predictions.select(_REASONS)})

    @property
    def rejects(self) -> Path:
        """Rejects beside the result, unpacked, with an ending of their own where none are written in its format."""
        out = self.paths.out
        if self.form != SAME:
            return self.paths.rejects
        plain = out.with_suffix("") if out.suffix.lower() in PACKED_SUFFIXES else out
        suffix = plain.suffix or ("" if plain == out else ".csv")
        return plain.with_name(f"{plain.stem}.rejects{_REJECTS_ENDING.get(suffix.lower(), suffix)}")

    @property
    def _rejects_form(self) -> str:
        if self.form != SAME:
            return REJECTS_AS.get(self.form, self.form)
        assert self.layout is not None
        written, suffix = self.layout.file.written, self.layout.file.path.suffix.lower()
        if written is not None:
            return written.dialect.delimiter
        return "xlsx" if suffix in (".xlsx", ".xlsm") else "jsonl" if "JSON" in self.layout.file.form else "csv"
