"""Configuration of training: its stages in order, the losses and the optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pipeline.config.stages import require

OPTIMIZER_FIELDS = (
    "weight_decay",
    "warmup_fraction",
    "clip_norm",
    "evaluations",
    "sampling_exponent",
    "category_texts",
    "category_text_share",
    "field_dropout",
)
"""Fields of `TrainConfig` that every training stage depends on."""

ViewStrength = Literal["everywhere", "shop", "plain"]


@dataclass(frozen=True)
class TrainStage:
    """One stage of training.

    Attributes:
        name: Shown in the log; unique within the list.
        train: Trained parts: "vision" alone (the whole vision tower and its head), or any of "heads", "text_lora",
            "vision_lora".
        epochs: Passes over the training rows.
        max_steps: Stop the stage after that many optimizer steps (0: no limit).
        batch_size: Products in a batch, in each process.
        learning_rate: Peak learning rate of AdamW.
        muon_learning_rate: Peak learning rate of Muon for the weights of convolutions; 0 leaves them to AdamW.
        negatives: Random paths of the taxonomy drawn in every step, for the taxonomy loss.
        ema_decay: Decay of the exponential moving average of the weights that is validated and kept (0: the weights
            themselves).
        view_schedule: Augmentation of the photos as training goes on: pairs (until this fraction of the steps, a name
            in `augment.STRENGTHS`).
        size_schedule: Side of the augmented photos as training goes on: pairs (until this fraction of the steps, side
            in pixels); empty: the vision tower's own. Small photos first show a tower more of them in the same time
            (Tan & Le 2021, "EfficientNetV2").
    """

    name: str
    train: tuple[str, ...]
    epochs: float = 1.0
    max_steps: int = 0
    batch_size: int = 16
    learning_rate: float = 2e-4
    muon_learning_rate: float = 0.0
    negatives: int = 0
    ema_decay: float = 0.0
    view_schedule: tuple[tuple[float, ViewStrength], ...] = ((1.0, "shop"),)
    size_schedule: tuple[tuple[float, int], ...] = ()

    PARTS: ClassVar[tuple[str, ...]] = ("vision", "heads", "text_lora", "vision_lora")

    def __post_init__(self) -> None:
        where = f"train stage '{self.name}'"
        unknown = [part for part in self.train if part not in self.PARTS]
        require(not unknown, f"{where}: unknown parts {unknown}; known: {', '.join(self.PARTS)}")
        require(bool(self.train), f"{where} trains nothing")
        require("vision" not in self.train or len(self.train) == 1, f"{where}: 'vision' is trained alone")
        require(self.epochs > 0 and self.batch_size > 0, f"{where}: epochs and batch_size must be positive")
        require(0 <= self.ema_decay < 1, f"{where}: ema_decay must lie in [0, 1)")
        require(bool(self.view_schedule), f"{where}: view_schedule must not be empty")
        for name, ends in (
            ("view_schedule", [end for end, _ in self.view_schedule]),
            ("size_schedule", [end for end, _ in self.size_schedule]),
        ):
            require(_rises_to_one(ends), f"{where}: the fractions of {name} must rise to 1.0")

    def size_at(self, done: float, tower_size: int) -> int:
        """Side of the augmented photos after a fraction `done` of the steps, in [0, 1)."""
        return next((size for end, size in self.size_schedule if done < end), tower_size)

    def views_at(self, done: float) -> ViewStrength:
        """Augmentation after a fraction `done` of the steps, in [0, 1)."""
        return next(strength for end, strength in self.view_schedule if done < end)


def _rises_to_one(fractions: Sequence[float]) -> bool:
    return not fractions or (list(fractions) == sorted(fractions) and fractions[-1] == 1.0)


@dataclass(frozen=True)
class TrainConfig:
    """Losses, optimizer and stages of training.

    Attributes:
        stages: In order.
        infonce_weight: Weight of the symmetric multi-positive InfoNCE with the queue.
        taxonomy_weight: Weight of the softmax over the truth and random paths of the whole taxonomy.
        text_weight: Weight of the listwise and the taxonomy loss of the text vector alone, beside the fused one.
        image_weight: The same of the image vector alone.
        queue_size: Pairs that the InfoNCE queue holds.
        text_dropout: Probability that a product loses its text.
        image_dropout: Probability that a product loses its photo; never both.
        field_dropout: Share of the training products whose text is learned without type, tags, collections and options.
        weight_decay: Not on norms, biases and adapters.
        warmup_fraction: Fraction of a stage's steps in which the learning rate rises.
        clip_norm: Largest gradient norm.
        sampling_exponent: A row whose category has n training rows is drawn for an epoch with weight
            n ** -sampling_exponent: 0 shows every row once, 0.5 draws categories by the square root of their size, 1
            draws all alike.
        category_texts: Files of texts that describe categories, learned beside the products.
        category_text_share: Share of them in the rows of an epoch.
        evaluations: Validations in a stage; the best state is kept.
        checkpoint_steps: Steps between checkpoints inside a stage.
        alphas: WiSE-FT alphas to choose from after training, on validation and held-out categories: 0 is the
            pretrained text tower, 1 the trained one (Wortsman et al. 2022).
        image_alphas: The same for the image head, where it is residual.
        gate_shifts: Candidates for a shift of the trained gate's bias, chosen likewise; above 0 favors the text.
        bundle: Folder of a trained model bundle to use as it is; nothing is trained then.
        final_fit: Folder of a calibrated bundle whose choices are taken over for a final fit on all categories: alpha
            and gate shift, how its predictor combines, its calibrations and thresholds. A vision tower that is trained
            here starts from the bundle's.
        final_fit_weights: Hash of its weights.
        mixed_precision: "no", "bf16" or "fp16"; "auto" takes bf16 or fp16 where the device is fast with it.
    """

    stages: tuple[TrainStage, ...]
    infonce_weight: float = 0.10
    taxonomy_weight: float = 0.0
    text_weight: float = 0.0
    image_weight: float = 0.0
    queue_size: int = 2048
    text_dropout: float = 0.05
    image_dropout: float = 0.02
    field_dropout: float = 0.0
    weight_decay: float = 0.01
    warmup_fraction: float = 0.05
    clip_norm: float = 1.0
    sampling_exponent: float = 0.0
    category_texts: tuple[str, ...] = ()
    category_text_share: float = 0.3
    evaluations: int = 4
    checkpoint_steps: int = 200
    alphas: tuple[float, ...] = (1.0,)
    image_alphas: tuple[float, ...] = (1.0,)
    gate_shifts: tuple[float, ...] = (0.0,)
    bundle: str = ""
    final_fit: str = ""
    final_fit_weights: str = ""
    mixed_precision: str = "auto"

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        require(bool(names), "train.stages is empty")
        require(len(set(names)) == len(names), f"train.stages: names repeat: {names}")
        require(0 <= self.text_dropout + self.image_dropout <= 1, "modality dropouts must add up to at most 1")
        require(0 <= self.field_dropout <= 1, "train.field_dropout must lie in [0, 1]")
        require(0 <= self.category_text_share < 1, "train.category_text_share must lie in [0, 1)")
        require(0 <= self.sampling_exponent <= 1, "train.sampling_exponent must lie in [0, 1]")
        for name in ("alphas", "image_alphas", "gate_shifts"):
            require(bool(getattr(self, name)), f"train.{name} must not be empty")
        alphas = (*self.alphas, *self.image_alphas)
        require(all(0 <= alpha <= 1 for alpha in alphas), "train.alphas and train.image_alphas must lie in [0, 1]")
        require(self.mixed_precision in ("auto", "no", "bf16", "fp16"), "train.mixed_precision: auto, no, bf16, fp16")
        require(self.evaluations >= 1 and self.checkpoint_steps >= 1, "evaluations and checkpoint_steps >= 1")
