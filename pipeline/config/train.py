"""Configuration of training: its stages in order, the losses and the optimiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.config.model import TowerConfig
from pipeline.config.stages import require

OPTIMISER = ("weight_decay", "warmup_fraction", "clip_norm", "evaluations")
"""Settings of training that every stage depends on."""

ViewStrength = Literal["everywhere", "shop", "plain"]


@dataclass(frozen=True)
class TrainStage:
    """One stage of training.

    Attributes:
        name: Shown in the log; unique within the list.
        train: What learns: any of "vision", "heads", "text_lora", "vision_lora"; or "imitation" alone: the vision
            tower, from the teacher only, without any category.
        epochs: Passes over the training rows.
        max_steps: Stop the stage after that many optimiser steps (0: no limit).
        batch_size: Products in a batch, in each process.
        learning_rate: Peak rate of AdamW.
        muon_rate: Peak rate of Muon, which then has the weights of convolutions; 0 leaves them to AdamW.
        negatives: Random paths of the taxonomy drawn a step, for the taxonomy and the anchor terms.
        siblings: Random siblings of every true path that join them: hard negatives.
        average: Decay of the running average of the weights that is validated and kept (0: the weights themselves).
        views: How far random views of photos go as training goes on, as (until which share of the steps, a name in
            `augment.STRENGTHS`).
        sizes: Side of the views as training goes on, as (until which share of the steps, side); none: the tower's own.
            A tower that starts on small views sees more of them in the same time (Tan & Le 2021, "EfficientNetV2").
    """

    name: str
    train: tuple[str, ...]
    epochs: float = 1.0
    max_steps: int = 0
    batch_size: int = 16
    learning_rate: float = 2e-4
    muon_rate: float = 0.0
    negatives: int = 0
    siblings: int = 0
    average: float = 0.0
    views: tuple[tuple[float, ViewStrength], ...] = ((1.0, "shop"),)
    sizes: tuple[tuple[float, int], ...] = ()

    PARTS: ClassVar[tuple[str, ...]] = ("imitation", "vision", "heads", "text_lora", "vision_lora")

    def __post_init__(self) -> None:
        unknown = [part for part in self.train if part not in self.PARTS]
        require(not unknown, f"train stage '{self.name}': unknown parts {unknown}; known: {', '.join(self.PARTS)}")
        require(bool(self.train), f"train stage '{self.name}' trains nothing")
        require(
            "imitation" not in self.train or len(self.train) == 1, f"train stage '{self.name}': imitation stands alone"
        )
        require(self.epochs > 0 and self.batch_size > 0, f"train stage '{self.name}': epochs and batch_size > 0")
        require(0 <= self.average < 1, f"train stage '{self.name}': average must lie in [0, 1)")
        for what, schedule in (("sizes", self.sizes), ("views", self.views)):
            shares = [share for share, _ in schedule]
            require(
                shares == sorted(shares) and (not shares or shares[-1] == 1.0),
                f"train stage '{self.name}': the shares of {what} must rise to 1.0",
            )
        require(bool(self.views), f"train stage '{self.name}': views must not be empty")

    def size_at(self, done: float, own: int) -> int:
        """Side of the views that is due after a share of the steps, in [0, 1); by default the tower's `own`."""
        return next((size for until, size in self.sizes if done < until), own)

    def kind_at(self, done: float) -> int:
        """Which of `views` is due after a share of the steps, in [0, 1)."""
        return next(kind for kind, (until, _) in enumerate(self.views) if done < until)


@dataclass(frozen=True)
class TrainConfig:
    """Losses, optimiser and stages of training.

    Attributes:
        stages: In order.
        infonce_weight: Weight of the symmetric multi-positive InfoNCE with the queue.
        taxonomy_weight: Weight of the softmax over the truth and random paths of the whole taxonomy.
        parent_smoothing: Share of the taxonomy term's target that goes to the true path's parent.
        anchor_weight: Weight of the KL term that holds the text tower to its untrained distribution.
        text_weight: Weight of the listwise loss of the text vector alone, beside the fused one.
        image_weight: Weight of the listwise loss of the image vector alone.
        queue_size: Pairs remembered for InfoNCE.
        text_dropout: Probability that a product loses its text.
        image_dropout: Probability that a product loses its photo; never both.
        weight_decay: Not on norms, biases and adapters.
        warmup_fraction: Share of a stage's steps with a rising rate.
        clip_norm: Largest gradient norm.
        evaluations: Validations in a stage; the best state is kept.
        checkpoint_steps: Steps between checkpoints inside a stage.
        interpolations: Strengths of the trained part to choose from after training, on validation and held-out
            categories; 1 is as trained.
        gate_shifts: Added to the trained gate's bias, likewise; above 0 leans towards the text.
        teacher: Vision model whose features a vision tower made here learns to match; None: it learns without.
        teacher_weight: Weight of that term.
        teacher_views: Views of each kind that the teacher is shown of every product's photo.
        photo_views: Views of each kind that it is shown of every photo of `dataset.photos`.
        photo_share: Share of the photos of `dataset.photos` in a batch.
        bundle: Folder of a trained model bundle to use as it is; nothing is trained then.
        bundle_weights: Hash of its weights.
        tower: File of a vision tower that has left its teacher, or a bundle, whose tower this one starts as; empty:
            it starts anew.
        tower_weights: Hash of it.
        refit: Folder of a finished bundle whose choices are taken over: the strength and the gate shift, how its
            predictor combines, its calibrations and thresholds. A vision tower that is trained here starts from its.
        refit_weights: Hash of its weights.
        mixed_precision: "no", "bf16" or "fp16"; "auto" takes bf16 or fp16 where the device is fast with it.
    """

    stages: tuple[TrainStage, ...]
    infonce_weight: float = 0.10
    taxonomy_weight: float = 0.0
    parent_smoothing: float = 0.0
    anchor_weight: float = 0.0
    text_weight: float = 0.0
    image_weight: float = 0.0
    queue_size: int = 2048
    text_dropout: float = 0.05
    image_dropout: float = 0.02
    weight_decay: float = 0.01
    warmup_fraction: float = 0.05
    clip_norm: float = 1.0
    evaluations: int = 4
    checkpoint_steps: int = 200
    interpolations: tuple[float, ...] = (1.0,)
    gate_shifts: tuple[float, ...] = (0.0,)
    teacher: TowerConfig | None = None
    teacher_weight: float = 4.0
    teacher_views: int = 2
    photo_views: int = 1
    photo_share: float = 0.4
    bundle: str = ""
    bundle_weights: str = ""
    tower: str = ""
    tower_weights: str = ""
    refit: str = ""
    refit_weights: str = ""
    mixed_precision: str = "auto"

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        require(bool(names), "train.stages is empty")
        require(len(set(names)) == len(names), f"train.stages: names repeat: {names}")
        imitating = any("imitation" in stage.train for stage in self.stages)
        require(self.teacher is not None or not imitating, "train.stages: an imitation stage needs train.teacher")
        require(0 <= self.text_dropout + self.image_dropout <= 1, "modality dropouts must add up to at most 1")
        require(self.mixed_precision in ("auto", "no", "bf16", "fp16"), "train.mixed_precision: auto, no, bf16, fp16")
        require(0 <= self.parent_smoothing < 1, "train.parent_smoothing must lie in [0, 1)")
        require(0 <= self.photo_share < 1, "train.photo_share must lie in [0, 1)")
        require(min(self.teacher_views, self.photo_views) >= 1, "teacher_views and photo_views must be at least 1")
        require(self.evaluations >= 1 and self.checkpoint_steps >= 1, "evaluations and checkpoint_steps >= 1")
