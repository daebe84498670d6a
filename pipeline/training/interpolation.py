"""WiSE-FT after training, chosen on validation rows, held-out categories and held-out sources.

Training fits the categories that its rows name. Interpolating each residual head towards the pretrained towers
(`alpha` of texts, `image_alpha` of photos; Wortsman et al. 2022, "Robust fine-tuning of zero-shot models") and moving
the gate towards the text (`gate_shift`) restores what the towers knew of all others. The three are chosen one after
the other, each by the figures of what it changes: text alone, photo alone, both.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from pipeline.config.train import TrainConfig
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import Examples, FeatureSet, modality_mrr, open_hf1, project
from pipeline.types import Modality

_LOG = logging.getLogger(__name__)
TOLERANCE = 0.005
"""Differences of scores below it say nothing: about their standard error on three sets of a thousand rows."""


@dataclass(frozen=True)
class Setting:
    """What is chosen.

    Attributes:
        alpha: WiSE-FT alpha of the text head, in [0, 1].
        image_alpha: WiSE-FT alpha of the image head, in [0, 1].
        gate_shift: Added to the gate's bias.
    """

    alpha: float
    image_alpha: float
    gate_shift: float


@dataclass(frozen=True)
class Choice:
    """The chosen setting with its figures.

    Attributes:
        alpha: As in `Setting`.
        image_alpha: As in `Setting`.
        gate_shift: As in `Setting`.
        score: Mean over the validation sets of fused MRR among the candidates (where there are any) and fused open
            hF1 over all paths; 0 where there are no such sets.
        admissible: Whether fused open hF1 over all paths is nowhere below that of the pretrained text tower.
        tried: Every setting, with its figures.
    """

    alpha: float
    image_alpha: float
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
    """Try every alpha, then every image alpha, then every gate shift; leave the model set to the best of each.

    Args:
        model: Trained model.
        sets: Validation sets with features of the trained towers.
        path_features: Features of all p categories by the trained text tower, as `TwoTower.category_vectors` takes
            them.
        pretrained: Features by the pretrained text tower, for the floor.
        config: Names the settings to try.

    Returns:
        Of each, the best score among the settings whose open hF1 is at least the pretrained text tower's on every set;
        the best open hF1 where there is none. An image alpha has no such floor. Of gate shifts that score as well but
        for `TOLERANCE`, the smallest: a larger one costs products like the training's. Without validation sets, what
        was trained as it is: the largest alphas and the smallest gate shift, which is logged.
    """
    bias = model.fusion.linear.bias.detach().clone()
    setting = Setting(max(config.alphas), max(config.image_alphas), min(config.gate_shifts, key=abs))
    if not sets:
        _LOG.warning("no validation row has a category: %s are not measured", asdict(setting))
        _apply(model, bias, setting)
        return Choice(**asdict(setting), score=0.0, admissible=False)
    floors = _floors(model, sets, pretrained)
    chosen: dict[str, float] = {}
    tried = []
    for modality, options in _options(config).items():
        records = []
        for option in options:
            setting = replace(setting, **option)
            _apply(model, bias, setting)
            figures = [_measure(model, each, path_features) for each in sets]
            records.append({**asdict(setting), **_summary(figures, floors, modality)})
        chosen = _best(records, modality)
        setting = Setting(chosen["alpha"], chosen["image_alpha"], chosen["gate_shift"])
        tried += records
    _apply(model, bias, setting)
    return Choice(**asdict(setting), score=chosen["score"], admissible=chosen["margin"] >= 0, tried=tried)


def _options(config: TrainConfig) -> dict[Modality, list[dict[str, float]]]:
    """What is tried, in order, by the modality whose figures decide."""
    return {
        "text": [{"alpha": alpha} for alpha in config.alphas],
        "image": [{"image_alpha": alpha} for alpha in config.image_alphas],
        "fused": [{"gate_shift": shift} for shift in config.gate_shifts],
    }


def _best(records: Sequence[dict[str, float]], modality: Modality) -> dict[str, float]:
    admissible = [record for record in records if record["margin"] >= 0 or modality == "image"]
    if admissible:
        best = max(admissible, key=lambda record: record["score"])
        if modality != "fused":
            return best
        equal = [record for record in admissible if record["score"] >= best["score"] - TOLERANCE]
        return min(equal, key=lambda record: (abs(record["gate_shift"]), -record["score"]))
    return max(records, key=lambda record: record["margin"])


def _floors(model: TwoTower, sets: Sequence[FeatureSet], pretrained: PretrainedFeatures) -> list[float]:
    """Open hF1 of the products with a text by the pretrained text tower, 0 where no product has one."""
    device = model.product_center.device
    paths = model.text_base(torch.from_numpy(pretrained.paths).to(device), categories=True).cpu().numpy()
    floors = []
    for texts, each in zip(pretrained.texts, sets, strict=True):
        vectors = model.text_base(torch.from_numpy(texts).to(device)).cpu().numpy()
        has_text = each.examples.has_text
        floors.append(open_hf1(vectors, paths, each.examples, has_text) if has_text.any() else 0.0)
    return floors


def _apply(model: TwoTower, bias: Tensor, setting: Setting) -> None:
    model.text_head.alpha.fill_(setting.alpha)
    model.image_head.alpha.fill_(setting.image_alpha)
    model.fusion.linear.bias.copy_(bias + setting.gate_shift)


def _summary(figures: list[dict[str, float]], floors: list[float], modality: Modality) -> dict[str, float]:
    """Score and margin of a setting by a modality, and the figures of every validation set."""
    names = (f"{modality}_mrr", f"{modality}_open_hf1")
    scores = [np.mean([each[name] for name in names if name in each]) for each in figures if names[1] in each]
    margins = [each[names[1]] - floor for each, floor in zip(figures, floors, strict=True) if names[1] in each]
    summary = {"score": float(np.mean(scores)) if scores else 0.0, "margin": min(margins, default=0.0)}
    for number, (each, floor) in enumerate(zip(figures, floors, strict=True)):
        summary |= {f"set{number}_{name}": value for name, value in each.items()}
        summary[f"set{number}_open_hf1_untrained"] = floor
    return summary


def _measure(model: TwoTower, features: FeatureSet, path_features: np.ndarray) -> dict[str, float]:
    """Open hF1 over all paths and MRR among the candidates by text, image and both, where products have them."""
    vectors = project(model, features, path_features)
    examples: Examples = features.examples
    every = np.ones(len(examples), dtype=bool)
    present: dict[Modality, np.ndarray] = {"text": examples.has_text, "image": examples.has_image, "fused": every}
    figures = {f"{modality}_mrr": value for modality, value in modality_mrr(vectors, examples).items()}
    for modality, rows in present.items():
        if rows.any():
            figures[f"{modality}_open_hf1"] = open_hf1(vectors[modality], vectors["categories"], examples, rows)
    return figures
