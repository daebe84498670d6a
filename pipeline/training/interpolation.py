"""How much of what was learnt is used: chosen after training, on validation rows and on held-out categories.

Training fits the categories that its rows name. Fading the learnt part of the text head (`strength`) and leaning the
gate towards the text (`gate_shift`) gives back what the untrained tower knew of all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
import torch
from torch import Tensor

from pipeline.config.train import TrainConfig
from pipeline.metrics.ratios import path_overlap
from pipeline.models.two_tower import TwoTower
from pipeline.taxonomy.paths import levels
from pipeline.training.dataset import FeatureSet, candidate_ranks


@dataclass(frozen=True)
class Choice:
    """The chosen setting and what it scores.

    Attributes:
        strength: Of the text head's learnt part, in [0, 1].
        gate_shift: Added to the gate's bias.
        score: Mean over the validation sets of fused MRR among the candidates and fused open hF1 over all paths.
        admissible: Whether open hF1 over all paths is nowhere below that of the untrained tower.
        tried: Every setting, with its figures.
    """

    strength: float
    gate_shift: float
    score: float
    admissible: bool
    tried: list[dict[str, float]] = field(default_factory=list)


@torch.no_grad()
def select_strength(
    model: TwoTower,
    sets: list[FeatureSet],
    path_features: np.ndarray,
    *,
    untrained: list[np.ndarray],
    untrained_paths: np.ndarray,
    config: TrainConfig,
) -> Choice:
    """Try every strength and gate shift; leave the model set to the best admissible one.

    Args:
        model: Trained model.
        sets: Validation sets with features of the trained towers.
        path_features: float32 [p, w], features of all paths by the trained text tower.
        untrained: Features of each set's texts by the untrained text tower.
        untrained_paths: float32 [p, w], likewise.
        config: Names what to try.

    Returns:
        The choice: the best score among the settings whose open hF1 is at least the untrained tower's on every
        set; the best open hF1 where none is.
    """
    floors = [_open_f1(_unit(text), _unit(untrained_paths), found) for text, found in zip(untrained, sets, strict=True)]
    bias = model.fusion.linear.bias.detach().clone()
    tried = []
    for strength, shift in product(config.interpolations, config.gate_shifts):
        _set(model, bias, strength, shift)
        figures = [_measure(model, found, path_features) for found in sets]
        record = {"strength": strength, "gate_shift": shift}
        record["score"] = float(np.mean([(found["fused_mrr"] + found["open_hf1"]) / 2 for found in figures]))
        record["margin"] = min(found["open_hf1"] - floor for found, floor in zip(figures, floors, strict=True))
        for number, (found, floor) in enumerate(zip(figures, floors, strict=True)):
            record |= {f"set{number}_{name}": value for name, value in found.items()}
            record[f"set{number}_open_hf1_untrained"] = floor
        tried.append(record)
    admissible = [record for record in tried if record["margin"] >= 0]
    best = max(admissible, key=lambda record: record["score"]) if admissible else max(tried, key=lambda r: r["margin"])
    _set(model, bias, best["strength"], best["gate_shift"])
    return Choice(best["strength"], best["gate_shift"], best["score"], bool(admissible), tried)


def _set(model: TwoTower, bias: Tensor, strength: float, shift: float) -> None:
    model.text_head.strength.fill_(strength)
    model.fusion.linear.bias.copy_(bias + shift)


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def _open_f1(products: np.ndarray, paths: np.ndarray, found: FeatureSet) -> float:
    examples = found.examples
    nearest = (products @ paths.T).argmax(axis=1)
    predicted = [levels(examples.paths[row]) for row in nearest]
    return path_overlap(predicted, [levels(examples.paths[row]) for row in examples.truth]).f1.value


def _measure(model: TwoTower, found: FeatureSet, path_features: np.ndarray) -> dict[str, float]:
    """MRR among the candidates by text, image and both, and fused open hF1 over all paths."""
    examples = found.examples
    masks = {"text": examples.has_text, "image": examples.has_image}
    arrays = (found.text, found.image, masks["text"], masks["image"], path_features)
    vectors = {name: value.numpy() for name, value in model(*(torch.from_numpy(array) for array in arrays)).items()}
    figures = {"open_hf1": _open_f1(vectors["fused"], vectors["categories"], found)}
    for kind in ("text", "image", "fused"):
        kept = masks.get(kind, np.ones(len(examples), dtype=bool))
        ranks = candidate_ranks(vectors[kind], vectors["categories"], examples, kept)
        figures[f"{kind}_mrr"] = float((1 / ranks).mean()) if len(ranks) else 0.0
    return figures
