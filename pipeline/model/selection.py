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

from pipeline.config import TrainConfig
from pipeline.data.taxonomy import levels
from pipeline.metrics import path_overlap
from pipeline.model.matching import FeatureSet, truth_ranks
from pipeline.model.two_tower import TwoTower


@dataclass(frozen=True)
class Choice:
    """The chosen setting and what it scores.

    Attributes:
        strength: Of the text head's learnt part, in [0, 1].
        gate_shift: Added to the gate's bias.
        score: Mean fused MRR over the validation sets.
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
        record = {"strength": strength, "gate_shift": shift, "score": float(np.mean([mrr for mrr, _ in figures]))}
        record["margin"] = min(found - floor for (_, found), floor in zip(figures, floors, strict=True))
        for number, (mrr, open_f1) in enumerate(figures):
            record |= {f"mrr{number}": mrr, f"open_hf1{number}": open_f1, f"open_hf1_untrained{number}": floors[number]}
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


def _measure(model: TwoTower, found: FeatureSet, path_features: np.ndarray) -> tuple[float, float]:
    """Fused MRR among the candidates, and fused open hF1 over all paths."""
    examples = found.examples
    arrays = (found.text, found.image, examples.has_text, examples.has_image, path_features)
    vectors = {name: value.numpy() for name, value in model(*(torch.from_numpy(array) for array in arrays)).items()}
    places, mask = np.maximum(examples.candidates, 0), examples.candidates >= 0
    rank = truth_ranks(vectors["fused"], vectors["categories"], places, mask, examples.target)
    return float((1 / rank).mean()), _open_f1(vectors["fused"], vectors["categories"], found)
