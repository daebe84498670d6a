"""Ours, its parts alone, and the published bi-encoder: systems that are a bundle of the pipeline."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.horse_race.race import MEASURED, MODEL, Answers, Opened, Race, System, count_parameters
from pipeline.artifacts import RunPaths, provenance_path
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.encode import RememberingEncoder, cached_photos, encode_products, further_photos
from pipeline.bundle.predictor_state import PredictorName
from pipeline.config.presets import PRESETS
from pipeline.prediction.margins import margins
from pipeline.prediction.predictor import CategoryPredictor, modalities_of
from pipeline.stages import embed, fit_predictor, train

_ROWS_AT_A_TIME = 512  # 512 x 10,281 probabilities are 21 MB


def open_bundle(bundle: Bundle, which: PredictorName, race: Race) -> Opened:
    """Answers of a bundle by one of its predictors; candidates by the fused vector, as `evaluate` ranks them.

    The classifier alone ranks candidates by their probability.
    """
    same = set(bundle.categories) == set(race.paths)
    predictor = CategoryPredictor(bundle, None if same else race.paths, which=which)
    encoder = bundle if race.store is None else RememberingEncoder(bundle, race.store)
    listed = race.paths if same else sorted({*race.paths, *bundle.categories})
    table, taken = bundle.encode_categories(listed), margins(bundle, listed, "fused")
    place = {path: number for number, path in enumerate(listed)}

    def answer(rows: pd.DataFrame) -> Answers:
        photos, more = cached_photos(rows, race.images), further_photos(rows, race.images)
        vectors = encode_products(encoder, rows["text"].tolist(), photos, more=more)
        modalities = modalities_of(vectors.has_text, vectors.has_image)
        predictions = predictor.decode(vectors.fused, modalities)
        if which == "classifier":
            candidates = _by_probability(predictor, vectors.fused, modalities, rows["candidates"].tolist())
        else:
            pairs = zip(vectors.fused, rows["candidates"], strict=True)
            numbered = ((vector, [place[path] for path in paths]) for vector, paths in pairs)
            candidates = [table[numbers] @ vector - taken[numbers] for vector, numbers in numbered]
        return Answers(
            [one.path for one in predictions],
            candidates,
            [np.array(one.confidences) for one in predictions],
            np.array([one.accepted_depth for one in predictions]),
            vectors.fused,
        )

    return Opened(answer, count_parameters(bundle.model), ("test",) if _has_seen(bundle, race) else MEASURED)


def _by_probability(
    predictor: CategoryPredictor, vectors: np.ndarray, modalities: Any, candidates: list[list[str]]
) -> list[np.ndarray]:
    scores: list[np.ndarray] = []
    for start in range(0, len(vectors), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        leaf = predictor.score(vectors[part], modalities[part]).leaf
        for row, paths in zip(leaf, candidates[part], strict=True):
            scores.append(row[[predictor.tree.node(path) for path in paths]].astype(np.float64))
    return scores


def _has_seen(bundle: Bundle, race: Race) -> bool:
    """Whether training had most of the categories that the race holds out: a final fit on all rows."""
    held = set(race.rows("heldout")["category_path"])
    return 2 * sum(map(bundle.was_seen, held)) > len(held)


def _ours(which: PredictorName, race: Race, folder: Path) -> Opened:
    return open_bundle(race.ours, which, race)


def _shipped(race: Race, folder: Path) -> Opened:
    return replace(open_bundle(load_bundle(MODEL), "default", race), splits=("test",))


def _train(preset: str, race: Race, folder: Path) -> dict[str, Any]:
    """Train, embed and calibrate a preset on the rows of the race."""
    recipe = PRESETS[preset]()
    config = replace(recipe, source=race.config.source, ingest=race.config.ingest, seed=race.config.seed)
    run = RunPaths(folder / "run")
    run.root.mkdir(parents=True, exist_ok=True)
    for given in (race.run.products, race.run.images, race.run.taxonomy):
        for path in (given, provenance_path(given)):
            link = run.root / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())
    for stage in (train, embed, fit_predictor):
        stage.run(config, run.root)
    return {"preset": preset}


def _trained(preset: str, race: Race, folder: Path) -> Opened:
    return open_bundle(load_bundle(RunPaths(folder / "run").calibrated), "default", race)


def preset_system(preset: str, title: str, *, needs_hub: bool) -> System:
    """A preset of the pipeline, trained on the rows of the race with all of its own epochs."""
    return System(title, functools.partial(_trained, preset), functools.partial(_train, preset), needs_hub=needs_hub)


BUNDLES = {
    "ours": System("ours", functools.partial(_ours, "default")),
    "ours-retrieval": System("ours: retrieval alone", functools.partial(_ours, "retrieval")),
    "ours-classifier": System("ours: classifier alone", functools.partial(_ours, "classifier")),
    "ours-shipped": System("ours, the weights that ship", _shipped),
    "siglip2-bge-published": preset_system(
        "siglip2-bge-published", "SigLIP2 + BGE bi-encoder, as published", needs_hub=True
    ),
}
