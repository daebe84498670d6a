"""The results of a file, as a table that people sort and filter: what is accepted follows from a target precision."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.sources.base import SPLIT_ORDER
from pipeline.prediction.batch_classifier import PREDICTIONS
from pipeline.prediction.bulk.judge import Judge
from pipeline.prediction.bulk.table import (
    BANDS,
    GUESS,
    PAGE_ROWS,
    RELATIONS,
    STATUSES,
    Choice,
    Counts,
    Order,
    Page,
    Row,
    relation_of,
)
from pipeline.prediction.confidence import accepted_depths, stricter
from pipeline.taxonomy.paths import levels

_TITLE_CHARACTERS = 160
_KEPT = (
    *("split", "source_row", "line", "title", "given_category"),
    *("path", "confidences", "probabilities", "in_distribution", "modality", "photo_flaw", "language", "contradiction"),
)
_TITLES = ("title", "product_title", "Title")


@dataclass(frozen=True)
class _Columns:
    """What is sorted and filtered, of n predictions and then m rejects."""

    confidences: np.ndarray
    """float64 [n, levels], NaN below the end of a path."""
    depths: np.ndarray
    """int [n], levels of each path."""
    modalities: np.ndarray
    """int [n], in the order of the judge."""
    outside: np.ndarray
    """bool [n], whether no level can be accepted."""
    strange: np.ndarray
    """bool [n], whether the text is in another language than most of the calibration."""
    tops: np.ndarray
    """Numbers of the top-level categories, int [n + m]; -1 for rejects."""
    top_names: tuple[str, ...]
    relations: np.ndarray
    """Numbers of `RELATIONS`, int [n + m]."""
    places: np.ndarray
    """Order of the source, int [n + m]."""
    last: np.ndarray
    """float64 [n + m], probability of the last level; `GUESS` where that means nothing, below it for rejects."""


class Results:
    """The results of a file so far; batches are added by one thread while others read.

    Args:
        judge: Of the predictor that makes them.
    """

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._lock = threading.Lock()
        kept = pa.schema([PREDICTIONS.field(name) for name in _KEPT])
        self._predictions = kept.empty_table()
        self._rejects: list[dict[str, Any]] = []
        self._batches: list[_Batch] = []
        self._top_numbers: dict[str, int] = {}
        self._columns: _Columns | None = None

    def add(self, predictions: pa.Table, rejects: pa.Table) -> None:
        """Add a batch: `PREDICTIONS` and `schema.REJECTS`."""
        kept = predictions.select(_KEPT)
        title = pc.utf8_slice_codeunits(kept["title"], 0, _TITLE_CHARACTERS)
        kept = kept.set_column(_KEPT.index("title"), PREDICTIONS.field("title"), title)
        with self._lock:
            self._predictions = pa.concat_tables([self._predictions, kept])
            self._rejects += [_reject(record) for record in rejects.to_pylist()]
            self._batches.append(_batch_of(kept, self.judge, self._top_numbers))
            self._columns = None

    def __len__(self) -> int:
        return len(self._predictions) + len(self._rejects)

    def counts(self, target_precision: float) -> Counts:
        """How many rows are accepted at a target precision, and how many are not."""
        with self._lock:
            columns = self._sorted_out()
            status = self._statuses(columns, target_precision)
            changed = int((columns.relations == RELATIONS.index("other")).sum())
        number = Counter(status.tolist())
        return Counts(number[0], number[1], number[2], number[3], changed)

    def tops(self) -> list[tuple[str, int]]:
        """The top-level categories with the number of their rows, the most frequent first."""
        with self._lock:
            columns = self._sorted_out()
        counts = Counter(columns.tops[columns.tops >= 0].tolist())
        return [(columns.top_names[top], number) for top, number in counts.most_common()]

    def page(self, choice: Choice, target_precision: float) -> Page:
        """A page of the rows that are chosen."""
        with self._lock:
            columns = self._sorted_out()
            status = self._statuses(columns, target_precision)
            mask = self._mask(columns, status, choice)
            chosen = np.flatnonzero(mask)
            chosen = chosen[np.argsort(self._keys(columns, choice.order, chosen), kind="stable")]
            if choice.descending:
                chosen = chosen[::-1]
            pages = max(1, -(-len(chosen) // PAGE_ROWS))
            number = min(max(1, choice.page), pages)
            shown = chosen[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
            rows = [self._row(int(one), columns, int(status[one]), target_precision) for one in shown]
        return Page(rows, number, len(chosen), pages)

    def _sorted_out(self) -> _Columns:
        if self._columns is None:
            self._columns = _columns_of(self._batches, self._rejects, tuple(self._top_numbers))
        return self._columns

    def _statuses(self, columns: _Columns, target_precision: float) -> np.ndarray:
        """Numbers of `STATUSES`, int [n + m]."""
        depths = self._accepted(columns, target_precision)
        status = np.select([depths == columns.depths, depths > 0], [0, 1], 2)
        return np.concatenate([status, np.full(len(self._rejects), STATUSES.index("rejected"))])

    def _accepted(self, columns: _Columns, target_precision: float) -> np.ndarray:
        targets = (target_precision, stricter(target_precision))
        usual, strict = (
            self.judge.thresholds(columns.confidences.shape[1], one)[columns.modalities] for one in targets
        )
        least = np.where(columns.strange[:, None], strict, usual)
        accepted: np.ndarray = np.where(columns.outside, 0, accepted_depths(columns.confidences, least))
        return accepted

    def _mask(self, columns: _Columns, status: np.ndarray, choice: Choice) -> np.ndarray:
        mask = np.ones(len(status), dtype=bool)
        if choice.status is not None:
            mask &= status == STATUSES.index(choice.status)
        if choice.top:
            known = columns.top_names.index(choice.top) if choice.top in columns.top_names else -2
            mask &= columns.tops == known
        if choice.band is not None:
            low, high = BANDS[choice.band]
            mask &= (columns.last >= low) & (columns.last < high)
        if choice.relation is not None:
            mask &= columns.relations == RELATIONS.index(choice.relation)
            mask &= columns.tops >= 0
        if choice.words:
            titles = self._predictions["title"].combine_chunks()
            found = pc.match_substring(titles, choice.words, ignore_case=True).to_numpy(zero_copy_only=False)
            rejected = [choice.words.casefold() in one["title"].casefold() for one in self._rejects]
            mask &= np.concatenate([found.astype(bool), np.array(rejected, dtype=bool)])
        return mask

    def _keys(self, columns: _Columns, order: Order, chosen: np.ndarray) -> np.ndarray:
        """What the chosen rows are sorted by, equal ones staying in the order of the source."""
        if order == "confidence":
            return columns.last[chosen]
        if order == "row":
            return columns.places[chosen]
        column = "title" if order == "title" else "path"
        texts = [
            *self._predictions[column].to_pylist(),
            *(one["title"] if order == "title" else "" for one in self._rejects),
        ]
        folded = np.array([texts[one].casefold() for one in chosen], dtype=object)
        return np.unique(folded.astype(str), return_inverse=True)[1] if len(folded) else folded

    def _row(self, place: int, columns: _Columns, status: int, target_precision: float) -> Row:
        if place >= len(self._predictions):
            reject = self._rejects[place - len(self._predictions)]
            return Row(reject["number"], reject["title"], "", 0, None, 1.0, None, "none", "rejected", reject["reason"])
        [record] = self._predictions.slice(place, 1).to_pylist()
        prediction = self.judge.prediction(record, target_precision)
        reason = self.judge.decided(record, target_precision)["reason"]
        return Row(
            record["line"] or record["source_row"] + 1,
            record["title"],
            record["path"],
            prediction.accepted_depth,
            None if columns.last[place] == GUESS else float(columns.last[place]),
            prediction.target_precision,
            record["given_category"],
            RELATIONS[columns.relations[place]],
            STATUSES[status],
            reason,
        )


def _reject(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a reject."""
    raw = json.loads(record["raw"])
    texts = (raw.get(name) for name in _TITLES)
    title = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    place = SPLIT_ORDER.index(record["split"]), record["source_row"]
    return {
        "title": title[:_TITLE_CHARACTERS],
        "reason": record["reason"],
        "number": raw.get("line") or record["source_row"] + 1,
        "place": place,
    }


@dataclass(frozen=True)
class _Batch:
    """What `_Columns` has of the predictions of a batch; `places` are splits and rows of the source, int [n, 2]."""

    confidences: np.ndarray
    depths: np.ndarray
    modalities: np.ndarray
    outside: np.ndarray
    strange: np.ndarray
    tops: np.ndarray
    relations: np.ndarray
    places: np.ndarray
    last: np.ndarray


def _batch_of(predictions: pa.Table, judge: Judge, top_numbers: dict[str, int]) -> _Batch:
    """Sort out a batch; new top-level categories get the next numbers."""
    confidences: list[list[float]] = predictions["confidences"].to_pylist()
    depths = np.array([len(one) for one in confidences], dtype=int)
    table = np.full((len(confidences), int(depths.max(initial=1))), np.nan)
    for row, one in enumerate(confidences):
        table[row, : len(one)] = one
    paths, given = predictions["path"].to_pylist(), predictions["given_category"].to_pylist()
    order = {split: number for number, split in enumerate(SPLIT_ORDER)}
    splits = [order[split] for split in predictions["split"].to_pylist()]
    modality = {name: number for number, name in enumerate(judge.modalities)}
    pairs = zip(predictions["in_distribution"].to_pylist(), predictions["contradiction"].to_pylist(), strict=True)
    return _Batch(
        table,
        depths,
        np.array([modality[name] for name in predictions["modality"].to_pylist()], dtype=int),
        np.array([known is False or bool(torn) for known, torn in pairs], dtype=bool),
        np.array([bool(one) for one in predictions["language"].to_pylist()], dtype=bool),
        np.array([top_numbers.setdefault(levels(path)[0], len(top_numbers)) for path in paths], dtype=int),
        np.array([RELATIONS.index(relation_of(*pair)) for pair in zip(paths, given, strict=True)], dtype=int),
        np.array([splits, predictions["source_row"].to_pylist()], dtype=int).T,
        np.array([one[-1] if one else GUESS for one in predictions["probabilities"].to_pylist()], dtype=float),
    )


def _columns_of(
    batches: Sequence[_Batch], rejects: Sequence[Mapping[str, Any]], top_names: tuple[str, ...]
) -> _Columns:
    depth = max((batch.confidences.shape[1] for batch in batches), default=1)
    padded = [
        np.pad(batch.confidences, ((0, 0), (0, depth - batch.confidences.shape[1])), constant_values=np.nan)
        for batch in batches
    ]

    def joined(name: str, rest: Sequence[Any] = (), kind: type = int) -> np.ndarray:
        return np.concatenate([*(getattr(batch, name) for batch in batches), np.array(rest, dtype=kind)])

    places = np.concatenate(
        [*(batch.places for batch in batches), np.array([one["place"] for one in rejects], dtype=int).reshape(-1, 2)]
    )
    rank = np.empty(len(places), dtype=int)
    rank[np.lexsort(places.T[::-1])] = np.arange(len(places))
    return _Columns(
        np.concatenate([np.empty((0, depth)), *padded]),
        joined("depths"),
        joined("modalities"),
        joined("outside", kind=bool),
        joined("strange", kind=bool),
        joined("tops", [-1] * len(rejects)),
        top_names,
        joined("relations", [0] * len(rejects)),
        rank,
        joined("last", [GUESS - 1] * len(rejects), float),
    )
