"""The classification of one file: a batch at a time, stopped and resumed, written at any time.

It reads, classifies and writes by the functions of `classify-file`, so that its result is the same.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.artifacts import ClassifyPaths
from pipeline.data.schema import read_table
from pipeline.data.sources.files.packed import PACKED_SUFFIXES
from pipeline.errors import UserError
from pipeline.prediction.batch import classify_batches, finished_batches
from pipeline.prediction.batch_classifier import BatchClassifier
from pipeline.prediction.bulk.judge import Judge
from pipeline.prediction.bulk.recognized import Recognized
from pipeline.prediction.bulk.results import Results
from pipeline.prediction.output.destination import Destination
from pipeline.prediction.output.formats import ENDINGS, FORMATS, SAME

_USUAL = {".xlsx": "xlsx", ".xlsm": "xlsx", ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl", ".tsv": "tsv"}
"""Format of a result where that of the file cannot be written, by its ending; others become CSV."""


@dataclass(frozen=True)
class Progress:
    """How far a file is.

    Attributes:
        done: Rows that are classified or rejected.
        total: Rows of the file.
        fresh: Those done since it was started the last time.
        seconds: Since then.
    """

    done: int
    total: int
    fresh: int = 0
    seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether all rows are done."""
        return self.done >= self.total

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take at the pace so far; None before anything is known of it."""
        return self.seconds / self.fresh * (self.total - self.done) if self.fresh else None


@dataclass(frozen=True)
class WrittenFiles:
    """Files of a result: itself, and the rows that could not be read, with their number."""

    out: Path
    rejects: Path
    rejected: int


class FileJob:
    """A file that is classified in a folder of its own.

    Args:
        folder: Its batches and results are written there.
        recognized: The file.
        judge: Of the predictor that will classify it.

    Attributes:
        recognized: The file.
        results: Of the batches so far.
        done: Rows of them.
        batches: Their files.
    """

    def __init__(self, folder: Path, recognized: Recognized, judge: Judge) -> None:
        self.recognized = recognized
        self.results = Results(judge)
        self.done = 0
        self._judge = judge
        self._folder = folder
        self.batches = ClassifyPaths(folder / "batches")
        self._read = 0  # batches that the results have
        self._lock = threading.Lock()

    def run(self, classifier: BatchClassifier) -> Generator[int]:
        """Classify what is left, a batch each time something is asked for; its rows, none for one that was done.

        Raises:
            UserError: If the file cannot be read any further.
        """
        for batch in classify_batches(self.recognized.source, self.batches, classifier):
            if batch.number >= self._read:
                part, rejects = self.batches.part(batch.number), self.batches.part(batch.number, "rejects")
                self.results.add(read_table(part), read_table(rejects))
                self._read, self.done = batch.number + 1, self.done + batch.rows
            yield batch.rows if batch.is_new else 0

    def formats(self) -> dict[str, str]:
        """The formats of results: why one cannot be written of this file, "" where it can."""
        known, reasons = tuple(self._judge.ids.values()), {}
        for form in FORMATS:
            try:
                self._destination(form).check(known)
                reasons[form] = ""
            except UserError as error:
                reasons[form] = str(error)
        return reasons

    def usual_format(self, formats: dict[str, str]) -> str:
        """The format that is offered first, of those of `formats` that can be written."""
        if not formats[SAME]:
            return SAME
        suffixes = [suffix.lower() for suffix in self.recognized.path.suffixes if suffix.lower() not in PACKED_SUFFIXES]
        return _USUAL.get(suffixes[-1] if suffixes else "", "csv")

    def write(self, form: str, target_precision: float) -> WrittenFiles:
        """Write what is classified so far, judged at a target precision, and the rejects; earlier results are deleted.

        Args:
            form: One of `FORMATS`.
            target_precision: In (0, 1].

        Raises:
            UserError: If the format cannot hold it.
        """
        with self._lock:
            for left in self._results.glob("*"):
                left.unlink()
            destination = self._destination(form)
            destination.check(self._judge.ids.values())
            predictions, rejects = finished_batches(self.batches)
            judged = predictions.changed(partial(self._judge.judged, target_precision=target_precision))
            destination.write(judged, rejects)
            return WrittenFiles(destination.paths.out, destination.rejects, len(rejects))

    @property
    def _results(self) -> Path:
        """Folder of the files that are written."""
        return self._folder / "results"

    def _destination(self, form: str) -> Destination:
        path = self.recognized.path
        came_with = "".join(path.suffixes[-2:] if path.suffix.lower() in PACKED_SUFFIXES else path.suffixes[-1:])
        stem, ending = path.name.removesuffix(came_with), came_with if form == SAME else ENDINGS[form][0]
        out = self._results / f"{stem}.categories{ending}"
        return Destination.of(out, form, str(path), self.recognized.layout, has_google=self._judge.google is not None)
