"""The configuration of a build: frozen dataclasses, checked when they are made.

Its parts are in `model.py`, `train.py` and `stages.py`. A preset (`presets.py`) is a function that
returns one whole `Config`. Each stage's artifacts carry the fingerprint of the part of the configuration they depend
on, so that a changed setting redoes what it must and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.config.model import ModelConfig
from pipeline.config.stages import (
    ClusterConfig,
    EmbedConfig,
    EvaluateConfig,
    IngestConfig,
    LayoutConfig,
    PredictConfig,
    PublishConfig,
    SourceConfig,
)
from pipeline.config.train import OPTIMIZER_FIELDS, TrainConfig

STAGE_ORDER = ("ingest", "train", "embed", "predict", "layout", "cluster", "analyse", "evaluate", "publish")
"""Names of the stages, in the order of work."""


@dataclass(frozen=True)
class Config:
    """One whole build."""

    preset: str
    model: ModelConfig
    train: TrainConfig
    seed: int = 17
    source: SourceConfig = field(default_factory=SourceConfig)
    ingest: IngestConfig = field(default_factory=IngestConfig)
    embed: EmbedConfig = field(default_factory=EmbedConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    layout: LayoutConfig = field(default_factory=LayoutConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    publish: PublishConfig = field(default_factory=PublishConfig)

    def fingerprint(self, stage: str) -> str:
        """Hash of everything `stage` depends on: its own part and those of the stages before it.

        Returns:
            The first 16 hex digits of a SHA-256.
        """
        parts: dict[str, tuple[str, ...]] = {
            "ingest": ("source", "ingest"),
            "train": ("model", "train"),
            "embed": ("embed",),
            "predict": ("predict",),
            "layout": ("layout",),
            "cluster": ("cluster",),
            "analyse": (),
            "evaluate": ("evaluate",),
            "publish": ("publish",),
        }
        upto = STAGE_ORDER[: STAGE_ORDER.index(stage) + 1]
        whole = asdict(self)
        return _hash(
            {name: whole[name] for name in ["preset", "seed", *(n for earlier in upto for n in parts[earlier])]}
        )

    def training_fingerprint(self, stage: str) -> str:
        """Hash of everything the checkpoint of one training stage depends on.

        A stage that trains only the vision tower does not depend on the losses of the stages after it, so those can
        be changed without training the tower again.
        """
        names = [step.name for step in self.train.stages]
        upto = [asdict(step) for step in self.train.stages[: names.index(stage) + 1]]
        train, model = asdict(self.train), asdict(self.model)
        if all(step["train"] == ("vision",) for step in upto):
            model = {name: model[name] for name in ("vision", "dimension", "hidden", "dropout")}
            train = {name: train[name] for name in ("final_fit_weights", "image_weight", *OPTIMIZER_FIELDS)}
        train["stages"] = upto
        return _hash({"ingest": self.fingerprint("ingest"), "model": model, "train": train})


def _hash(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
