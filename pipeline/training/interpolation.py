"""WiSE-FT after training: alpha and gate shift are chosen on validation rows, held-out categories and held-out sources.

Training fits the categories that its rows name. Interpolating the text head towards the pretrained tower (`alpha`;
Wortsman et al. 2022, "Robust fine-tuning of zero-shot models") and moving the gate towards the text (`gate_shift`)
restores what the pretrained tower knew of all others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import torch
from torch import Tensor

from pipeline.config.train import TrainConfig
from pipeline.data.vectors import unit
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import Examples, FeatureSet, modality_mrr, open_hf1, project

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The chosen setting with its figures.

    Attributes:
        alpha: WiSE-FT alpha of the text head, in [0, 1].
        gate_shift: Added to the gate's bias.
        score: Mean over the validation sets of fused MRR among the candidates (where there are any) and fused open
            hF1 over all paths; 0 where there are no such sets.
        admissible: Whether open hF1 over all paths is nowhere below that of the pretrained text tower.
        tried: Every setting, with its figures.
    """

    alpha: float
    gate_shift: float
    score: float
    admissible: bool
    tried: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class PretrainedFeatures:
    """Features by the pretrained text tower.

    Attributes:
        texts: float32 [n, w] of each validation set.
        paths: float32 [p, w] of all category paths.
    """

    texts: Sequence[np.ndarray]
    paths: np.ndarray


@torch.no_grad()
def select_alpha(
    model: TwoTower,
    sets: Sequence[FeatureSet],
    path_features: np.ndarray,
    pretrained: PretrainedFeatures,
    config: TrainConfig,
) -> Choice:
    """Try every alpha and gate shift; leave the model set to the best admissible setting.

    Args:
        model: Trained model.
        sets: Validation sets with features of the trained towers.
        path_features: float32 [p, w], features of all paths by the trained text tower.
        pretrained: Features by the pretrained text tower, for the floor.
        config: Names the settings to try.

    Returns:
        The best score among the settings whose open hF1 is at least the pretrained tower's on every set; the best open
        hF1 where there is none. Without validation sets, what was trained as it is: the largest alpha and the smallest
        gate shift, which is logged.
    """
    if not sets:
        return _unvalidated(model, config)
    pretrained_paths = unit(pretrained.paths)
    floors = [
        _open_hf1(unit(texts), pretrained_paths, each.examples)
        for texts, each in zip(pretrained.texts, sets, strict=True)
    ]
    bias = model.fusion.linear.bias.detach().clone()
    tried = []
    for alpha, shift in product(config.alphas, config.gate_shifts):
        _apply(model, bias, alpha, shift)
        figures = [_measure(model, each, path_features) for each in sets]
        tried.append({"alpha": alpha, "gate_shift": shift, **_summary(figures, floors)})
    admissible = [record for record in tried if record["margin"] >= 0]
    best = max(admissible, key=lambda record: record["score"]) if admissible else max(tried, key=lambda r: r["margin"])
    _apply(model, bias, best["alpha"], best["gate_shift"])
    return Choice(best["alpha"], best["gate_shift"], best["score"], bool(admissible), tried)


def _unvalidated(model: TwoTower, config: TrainConfig) -> Choice:
    alpha, shift = max(config.alphas), min(config.gate_shifts, key=abs)
    _LOG.warning("no validation row has a category: alpha %.2f and gate shift %+.1f are not measured", alpha, shift)
    _apply(model, model.fusion.linear.bias.detach().clone(), alpha, shift)
    return Choice(alpha, shift, score=0.0, admissible=False)


def _apply(model: TwoTower, bias: Tensor, alpha: float, shift: float) -> None:
    model.text_head.alpha.fill_(alpha)
    model.fusion.linear.bias.copy_(bias + shift)


def _summary(figures: list[dict[str, float]], floors: list[float]) -> dict[str, float]:
    """Score and margin of a setting, and the figures of every validation set."""
    scores = [float(np.mean([each[name] for name in ("fused_mrr", "open_hf1") if name in each])) for each in figures]
    margins = [each["open_hf1"] - floor for each, floor in zip(figures, floors, strict=True)]
    summary = {"score": float(np.mean(scores)), "margin": min(margins)}
    for number, (each, floor) in enumerate(zip(figures, floors, strict=True)):
        summary |= {f"set{number}_{name}": value for name, value in each.items()}
        summary[f"set{number}_open_hf1_untrained"] = floor
    return summary


def _open_hf1(products: np.ndarray, paths: np.ndarray, examples: Examples) -> float:
    """Hierarchical F1 of the nearest of all paths."""
    return open_hf1(products, paths, examples, np.ones(len(examples), dtype=bool))


def _measure(model: TwoTower, features: FeatureSet, path_features: np.ndarray) -> dict[str, float]:
    """Fused open hF1 over all paths; MRR among the candidates by text, image and both, where products have some."""
    vectors = project(model, features, path_features)
    hf1 = _open_hf1(vectors["fused"], vectors["categories"], features.examples)
    mrr = modality_mrr(vectors, features.examples)
    return {"open_hf1": hf1, **{f"{modality}_mrr": value for modality, value in mrr.items()}}
