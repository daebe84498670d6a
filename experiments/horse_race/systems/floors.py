"""Floors: what needs next to no training: chance, the most frequent category, words in common, towers alone."""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from experiments.horse_race.race import Answers, Opened, Race, System, count_parameters
from pipeline.artifacts import write_json
from pipeline.errors import InputError
from pipeline.search.words.bm25 import LexicalIndex
from pipeline.types import Modality

_COUNTS = "counts.json"


def _random(race: Race, folder: Path) -> Opened:
    """Any path; any order of the candidates."""
    generator = np.random.default_rng(race.budget.seed)

    def answer(rows: pd.DataFrame) -> Answers:
        paths = [race.paths[number] for number in generator.integers(len(race.paths), size=len(rows))]
        return Answers(paths, [generator.random(len(one)) for one in rows["candidates"]])

    return Opened(answer, 0)


def _count(race: Race, folder: Path) -> dict[str, Any]:
    counts = Counter(race.rows("train")["category_path"])
    write_json(folder / _COUNTS, dict(counts.most_common()))
    return {"most frequent": counts.most_common(1)[0][0]}


def _most_frequent(race: Race, folder: Path) -> Opened:
    """The category of most training rows; candidates by how many training rows each has."""
    counts: dict[str, int] = json.loads((folder / _COUNTS).read_text(encoding="utf-8"))
    first = max(counts, key=counts.__getitem__)

    def answer(rows: pd.DataFrame) -> Answers:
        candidates = [np.array([counts.get(path, 0) for path in paths], dtype=float) for paths in rows["candidates"]]
        return Answers([first] * len(rows), candidates)

    return Opened(answer, len(counts))


def _bm25(race: Race, folder: Path) -> Opened:
    """Names of all levels of a path as a document, a product's text as the query."""
    index = LexicalIndex.of(race.paths)
    place = {path: number for number, path in enumerate(race.paths)}

    def answer(rows: pd.DataFrame) -> Answers:
        scores = [index.scores(text) for text in rows["text"]]
        paths = [race.paths[int(row.argmax())] if row.any() else "" for row in scores]
        pairs = zip(scores, rows["candidates"], strict=True)
        candidates = [np.array([row[place[path]] for path in listed]) for row, listed in pairs]
        return Answers(paths, candidates)

    return Opened(answer, 0)


def _zero_shot(modality: Modality, race: Race, folder: Path) -> Opened:
    """The path nearest to the text or photo by our towers without heads, centered as in our model."""
    model = race.ours.model
    if modality == "image" and model.class_names is None:
        raise InputError("The photo tower of this model has no names of classes, so it says nothing without training.")
    table = race.ours.encode_categories_untrained(race.paths)
    place = {path: number for number, path in enumerate(race.paths)}

    @torch.inference_mode()
    def vectors(rows: pd.DataFrame) -> np.ndarray:
        if modality == "text":
            return model.text_base(torch.from_numpy(race.texts(rows))).numpy()
        assert model.class_names is not None
        names = model.text_base(model.class_names.features, categories=True)
        shown = model.class_names(torch.from_numpy(race.photos(rows)), model.vision_tower.backbone, names)
        return shown.numpy() * (rows["image_row"].to_numpy() >= 0)[:, None]

    def answer(rows: pd.DataFrame) -> Answers:
        own = vectors(rows)
        scores = own @ table.T
        paths = [race.paths[int(row.argmax())] if row.any() else "" for row in scores]
        pairs = zip(scores, rows["candidates"], strict=True)
        return Answers(paths, [row[[place[path] for path in listed]] for row, listed in pairs], vectors=own)

    return Opened(answer, count_parameters(model.text_tower if modality == "text" else model.vision_tower))


FLOORS = {
    "random": System("random choice", _random),
    "most-frequent": System("most frequent category", _most_frequent, _count),
    "bm25": System("BM25 over category names", _bm25),
    "zero-shot-text": System("zero-shot: text tower", functools.partial(_zero_shot, "text")),
    "zero-shot-photo": System("zero-shot: photo tower by class names", functools.partial(_zero_shot, "image")),
}
