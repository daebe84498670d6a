"""Makes reviews: of a file that was classified, and of the products of a catalogue that are wrong or unsure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.artifacts import ClassifyPaths
from pipeline.catalog.catalog import Catalog
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import read_table
from pipeline.data.vectors import unit
from pipeline.errors import check_writable
from pipeline.prediction.batch import FinishedFile
from pipeline.prediction.batch_classifier import PREDICTIONS
from pipeline.prediction.bulk.judge import Judge
from pipeline.prediction.confidence import Prediction, judge_confidences
from pipeline.prediction.explanation import explain
from pipeline.prediction.predictor import CategoryPredictor, modalities_of
from pipeline.prediction.scores import CategoryScore
from pipeline.provenance import content_of
from pipeline.review.groups import group
from pipeline.review.learning import RUNNERS
from pipeline.review.records import Reviewed, ReviewError
from pipeline.review.store import Store
from pipeline.types import Modality

MOST_OF_A_CATALOG = 5_000
"""Products of a catalogue's review: the wrong ones first, then the least sure ones."""
_ROWS_AT_A_TIME = 256


def new_review(path: Path) -> None:
    """Find out now whether a review can be written there, not when hours of work are to be saved.

    Raises:
        OSError: If it cannot.
        ReviewError: If one is there.
    """
    if path.exists():
        raise ReviewError(f"{path} is there already; name a new file, so that no decision is lost.")
    check_writable(path)


def review_of_file(
    path: Path, file: FinishedFile, target_precision: float | None = None, *, knows_source: bool = True
) -> Store:
    """Make a review of a classified file.

    Args:
        path: Of the new review.
        file: With what a review keeps of it (`BatchClassifier.for_review`).
        target_precision: At which its predictions are accepted; None: at that of the predictor.
        knows_source: Whether the review says where the file lies, so that its decisions can be written into it later.

    Raises:
        ReviewError: In one sentence, if it cannot be written.
    """
    judge, precision = Judge.of(file.predictor), target_precision or file.predictor.target_precision
    source = {"source": _source_of(file.config)} if knows_source else {}
    store = Store.create(path, {**_about(file.predictor, precision), **source})
    clusters, start = group(_vectors_of(file.paths)), 0
    for part, _, seen in file.paths.finished():
        products = list(_of_batch(part, seen, judge, precision))
        store.add(products, clusters[start : start + len(products)].tolist())
        start += len(products)
    store.back_up()
    return store


def review_of_catalog(path: Path, catalog: Catalog, predictor: CategoryPredictor) -> Store:
    """Make a review of the products of a catalogue that are predicted wrong or not accepted.

    Args:
        path: Of the new review.
        catalog: Published.
        predictor: Of its bundle.

    Raises:
        ReviewError: In one sentence, if it cannot be written.
    """
    predictions = _predictions_of(catalog, predictor)
    rows = _worst(catalog, predictions)
    vectors = catalog.vectors("fused")[0][rows] if len(rows) else np.zeros((0, 1), np.float32)
    modalities = _modalities(catalog)
    products: list[Reviewed] = []
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        part = rows[start : start + _ROWS_AT_A_TIME]
        scores = predictor.score(vectors[start : start + len(part)], [modalities[row] for row in part])
        for row, vector, runners in zip(part, vectors[start:], scores.top(RUNNERS), strict=False):
            products.append(_of_catalog(catalog, row, predictions[row], modalities[row], vector, runners, predictor))
    clusters = group(vectors).tolist()
    store = Store.create(path, {**_about(predictor, predictor.target_precision), "catalog": catalog.path.name})
    store.add(products, clusters)
    store.back_up()
    return store


def _about(predictor: CategoryPredictor, precision: float) -> dict[str, Any]:
    return {
        "taxonomy": [[path, predictor.ids.get(path, "")] for path in predictor.paths],
        "precision": precision,
    }


def _source_of(config: SourceConfig) -> dict[str, Any]:
    """How the file is found and read again, when the decisions are written into it."""
    path = Path(config.location)
    known = {"content": content_of(path)} if path.is_file() else {}
    return {"reading": asdict(config), "folder": str(Path.cwd()), **known}


def _vectors_of(paths: ClassifyPaths) -> np.ndarray:
    """Vectors float32 [n, d] of all batches."""
    vectors = [one for _, _, seen in paths.finished() for one in read_table(seen, ["vector"])["vector"].to_pylist()]
    flat = np.frombuffer(b"".join(vectors), dtype=np.float16).astype(np.float32)
    return unit(flat.reshape(len(vectors), -1) if vectors else np.zeros((0, 1), np.float32))


def _of_batch(part: Path, seen: Path, judge: Judge, precision: float) -> Iterator[Reviewed]:
    records = judge.judged(read_table(part), precision).to_pylist()
    for record, kept in zip(records, read_table(seen).to_pylist(), strict=True):
        yield Reviewed(
            record["product_id"],
            record["title"] or "",
            kept["text"],
            record["path"],
            judge.prediction(record, precision).probabilities[-1],  # a guess has none in the table
            not record["needs_review"],
            json.dumps(record, ensure_ascii=False),
            list(zip(kept["runners"], kept["masses"], strict=True)),
            np.frombuffer(kept["vector"], dtype=np.float16),
            kept["thumbnail"],
            record["in_distribution"],
        )


def _modalities(catalog: Catalog) -> list[Modality]:
    return modalities_of(catalog.vectors("text")[1], catalog.vectors("image")[1])


def _predictions_of(catalog: Catalog, predictor: CategoryPredictor) -> list[Prediction | None]:
    """The predictions of all products, judged; None for one that the catalogue has no prediction of."""
    columns = (catalog.products[name].tolist() for name in ("predicted_path", "predicted_confidences"))
    modalities = _modalities(catalog)
    outside = [known is False for known in predictor.are_products(catalog.vectors("fused")[0][:], modalities)]
    return [
        judge_confidences(
            path,
            np.asarray(confidences, dtype=np.float64),
            predictor.calibrations[modality],
            predictor.target_precision,
            not strange,
        )
        if isinstance(path, str)
        else None
        for path, confidences, modality, strange in zip(*columns, modalities, outside, strict=True)
    ]


def _worst(catalog: Catalog, predictions: Sequence[Prediction | None]) -> list[int]:
    """Rows that are predicted wrong, and then those that are not accepted, the least sure first."""
    labels = catalog.products["category_path"].tolist()
    wrong, unsure = [], []
    for row, (prediction, label) in enumerate(zip(predictions, labels, strict=True)):
        if prediction is None:
            continue
        if isinstance(label, str) and label != prediction.path:
            wrong.append(row)
        elif prediction.needs_review:
            unsure.append((prediction.probabilities[-1], row))
    return [*wrong, *(row for _, row in sorted(unsure))][:MOST_OF_A_CATALOG]


def _of_catalog(
    catalog: Catalog,
    row: int,
    prediction: Prediction | None,
    modality: Modality,
    vector: np.ndarray,
    runners: Sequence[CategoryScore],
    predictor: CategoryPredictor,
) -> Reviewed:
    assert prediction is not None
    values = catalog.products.iloc[row]
    record = record_of(
        prediction,
        predictor,
        product_id=str(values["product_id"]),
        title=_text(values["title"]),
        modality=modality,
        given=values["category_path"] if isinstance(values["category_path"], str) else None,
        row=row,
    )
    return Reviewed(
        record["product_id"],
        record["title"],
        "\n".join(filter(None, (_text(values["title"]), _text(values["description"])))),
        prediction.path,
        prediction.probabilities[-1],
        False,
        json.dumps(record, ensure_ascii=False),
        [(one.path, one.score) for one in runners],
        vector,
        catalog.thumbnail(record["product_id"]),
        prediction.in_distribution,
    )


def record_of(
    prediction: Prediction,
    predictor: CategoryPredictor,
    *,
    product_id: str,
    title: str,
    modality: str,
    given: str | None = None,
    row: int = 0,
    alternatives: Sequence[CategoryScore] = (),
) -> dict[str, Any]:
    """A record of `PREDICTIONS` of a product that is no row of a file."""
    accepted = prediction.accepted_path
    known = {
        "product_id": product_id,
        "split": "",
        "source_row": row,
        "title": title,
        "given_category": given,
        "path": prediction.path,
        "category_id": predictor.ids.get(prediction.path),
        "confidences": list(prediction.confidences),
        "probabilities": list(prediction.probabilities),
        "accepted_path": accepted,
        "accepted_id": predictor.ids.get(accepted),
        "needs_review": prediction.needs_review,
        "reason": explain(prediction, "", photo_is_read=modality != "text"),
        "in_distribution": prediction.in_distribution,
        "modality": modality,
        "photo_flaw": "",
        "language": "",
        "evidence": [],
        "agreement": [],
        "alternatives": [one.path for one in alternatives] or [prediction.path],
        "alternative_scores": [one.score for one in alternatives] or [prediction.probabilities[-1]],
    }
    return {name: known.get(name) for name in PREDICTIONS.names}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
