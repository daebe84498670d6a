"""The configuration of a build: frozen dataclasses, checked when they are made.

Its parts are in `model.py`, `train.py` and `stages.py`. A preset (`presets.py`) is a function that
returns one whole `Config`. Which stage depends on which part is in the table of `pipeline.stages.runner`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.config.model import ModelConfig
from pipeline.config.stages import (
    ClusterConfig,
    EvaluationConfig,
    IngestConfig,
    LayoutConfig,
    PredictorConfig,
    PublishConfig,
    SourceConfig,
    require,
)
from pipeline.config.train import OPTIMIZER_FIELDS, TrainConfig


@dataclass(frozen=True)
class Config:
    """One whole build."""

    preset: str
    model: ModelConfig
    train: TrainConfig
    seed: int = 17
    source: SourceConfig = field(default_factory=SourceConfig)
    ingest: IngestConfig = field(default_factory=IngestConfig)
    predictor: PredictorConfig = field(default_factory=PredictorConfig)
    layout: LayoutConfig = field(default_factory=LayoutConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    publish: PublishConfig = field(default_factory=PublishConfig)

    def __post_init__(self) -> None:
        trains_vision = any("vision" in stage.train for stage in self.train.stages)
        require(
            not (trains_vision and self.model.vision.model_id),
            "a stage trains the whole vision tower, which a bundle stores only where it starts from scratch; "
            "adapt a pretrained one by vision_lora",
        )
        for part, tower in (("text_lora", self.model.text), ("vision_lora", self.model.vision)):
            require(
                not (tower.adapter and any(part in stage.train for stage in self.train.stages)),
                f"a stage trains {part} of a tower whose adapter is given and stays; leave out one of the two",
            )
        require(
            not (self.model.category_titles and any("text_lora" in stage.train for stage in self.train.stages)),
            "model.category_titles needs a text tower that no stage adapts: titles are encoded once, before training",
        )

    def parts(self, names: Iterable[str]) -> dict[str, Any]:
        """Some of the fields, as JSON."""
        whole = asdict(self)
        return {name: whole[name] for name in names}

    def training_fingerprint(self, stage: str, products: str) -> str:
        """Hash of everything the checkpoint of one training stage depends on.

        Args:
            stage: Name of the training stage.
            products: Fingerprint of the products that it learns from.

        A stage that trains only the vision tower does not depend on the losses of the stages after it, so those can
        be changed without training the tower again.

        Returns:
            The first 16 hex digits of a SHA-256.
        """
        names = [step.name for step in self.train.stages]
        upto = [asdict(step) for step in self.train.stages[: names.index(stage) + 1]]
        train, model = asdict(self.train), asdict(self.model)
        if all(step["train"] == ("vision",) for step in upto):
            model = {name: model[name] for name in ("vision", "dimension", "hidden", "dropout")}
            train = {name: train[name] for name in ("final_fit_weights", "image_weight", *OPTIMIZER_FIELDS)}
        train["stages"] = upto
        return _hash({"products": products, "seed": self.seed, "model": model, "train": train})


def _hash(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
