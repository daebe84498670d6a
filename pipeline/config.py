"""The configuration of a build: frozen dataclasses, checked when they are made.

A preset (`presets.py`) is a function that returns one whole `Config`. Each stage's artifacts carry the
fingerprint of the part of the configuration they depend on, so that a changed setting redoes what it must
and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

STAGE_ORDER = ("ingest", "train", "embed", "predict", "layout", "cluster", "analyse", "evaluate", "publish")
"""Names of the stages, in the order of work."""

OPTIMISER = ("weight_decay", "warmup_fraction", "clip_norm", "evaluations")
"""Settings of training that every stage depends on."""

Pooling = Literal["cls", "mean", "pooler"]
ViewStrength = Literal["everywhere", "shop", "plain"]
SourceKind = Literal["auto", "hub", "dataset", "table", "shopify-export"]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class SourceConfig:
    """Where the input rows come from.

    Attributes:
        location: A Hugging Face data-set id, a folder, or a parquet, CSV or TSV file.
        kind: How to read it; "auto" decides by what `location` is.
        revision: Branch, tag or commit of a hub data set.
        columns: Pairs (our column, the source's column) for tables with other headings.
        images: Folder in which a table's image names are looked up.
        fetch_images: Whether image URLs of a table may be downloaded.
        others: More locations, read with the same settings; their rows join those of `location`.
        photos: Locations of photos of anything, without category (columns `product_image` or `image`), from which a
            vision tower that has a teacher learns too; they are no products.
        taxonomy: Text file of category paths, one a line; None takes the paths that the rows name.
        limit: Read only that many rows of each split (0: all of them).
    """

    location: str = ""
    kind: SourceKind = "auto"
    revision: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    images: str | None = None
    fetch_images: bool = False
    others: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    taxonomy: str | None = None
    limit: int = 0

    def __post_init__(self) -> None:
        _require(self.limit >= 0, f"source.limit must not be negative, got {self.limit}")


@dataclass(frozen=True)
class IngestConfig:
    """How raw rows become clean ones.

    Attributes:
        image_size: Side of the square cached image, in pixels.
        photo_size: Side of the square cached photos of `source.photos`, in pixels.
        thumbnail_size: Longest side of a thumbnail, in pixels.
        max_image_bytes: An encoded image above this is rejected.
        max_image_pixels: A decoded image above this is rejected before it is decoded.
        max_text_characters: Longer descriptions are cut at a word boundary.
        validation_fraction: Share of the training groups that become the validation split.
        heldout_category_fraction: Share of the training categories whose rows become the `heldout` split.
        heldout_max_share: A category with more than this share of the training rows is never held out.
        near_duplicate_bits: Perceptual hashes this close (Hamming distance of 64 bits) mean the same photo.
    """

    image_size: int = 128
    photo_size: int = 64
    thumbnail_size: int = 128
    max_image_bytes: int = 20_000_000
    max_image_pixels: int = 40_000_000
    max_text_characters: int = 5_000
    validation_fraction: float = 0.08
    heldout_category_fraction: float = 0.15
    heldout_max_share: float = 0.02
    near_duplicate_bits: int = 3

    def __post_init__(self) -> None:
        _require(16 <= self.image_size <= 1024, f"ingest.image_size must be 16 to 1024, got {self.image_size}")
        _require(0 <= self.validation_fraction < 1, "ingest.validation_fraction must lie in [0, 1)")
        _require(0 <= self.heldout_category_fraction < 1, "ingest.heldout_category_fraction must lie in [0, 1)")
        _require(0 < self.heldout_max_share <= 1, "ingest.heldout_max_share must lie in (0, 1]")


@dataclass(frozen=True)
class TowerConfig:
    """One tower, as data: the code has no branch for a particular model.

    Attributes:
        model_id: Hub id, local folder, or "package:NAME/FOLDER" for weights inside a pip package.
            Empty: built from `architecture` with random weights and trained in full here.
        model_class: Name of the transformers class that the checkpoint is loaded with.
        pooling: How token states become one vector.
        width: Size of the pooled vector.
        tokenizer: Text tower only: where its tokenizer is, if not at `model_id`.
        revision: Pinned commit on the hub.
        sha256: Expected hash of the weights file of a packaged model.
        architecture: Keyword pairs of the transformers configuration for a tower made here.
        options: Keyword pairs given to the class itself.
        max_tokens: Text tower only: longer texts are cut.
        image_size: Vision tower only: side of its square input.
        image_mean: Vision tower only: per-channel mean, of values in [0, 1].
        image_std: Vision tower only: per-channel deviation.
        lora_targets: Names of the linear layers that LoRA adapts.
        lora_rank: Rank of the adapters.
        lora_alpha: Scale of the adapters; the update is multiplied by alpha / rank.
    """

    model_id: str
    model_class: str
    pooling: Pooling
    width: int
    tokenizer: str = ""
    revision: str | None = None
    sha256: str | None = None
    architecture: tuple[tuple[str, Any], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    max_tokens: int = 128
    image_size: int = 0
    image_mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    image_std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    lora_targets: tuple[str, ...] = ()
    lora_rank: int = 0
    lora_alpha: int = 0

    def __post_init__(self) -> None:
        _require(self.width > 0, "tower.width must be positive")
        _require(bool(self.model_id) or bool(self.architecture), "a tower needs a model_id or an architecture")
        _require(self.max_tokens >= 8, f"tower.max_tokens must be at least 8, got {self.max_tokens}")
        _require((self.lora_rank > 0) == bool(self.lora_targets), "tower.lora_rank and lora_targets go together")


@dataclass(frozen=True)
class ModelConfig:
    """The two-tower model.

    Attributes:
        dimension: Size d of the shared space.
        hidden: Width of the projection heads' hidden layer.
        residual_text: The text head adds to the tower's own vector and starts as the identity
            (needs `text.width == dimension`).
        dropout: In the projection heads.
        gate_bias: Initial bias of the fusion gate; above 0 favours the text.
    """

    text: TowerConfig
    vision: TowerConfig
    dimension: int = 512
    hidden: int = 1024
    residual_text: bool = False
    dropout: float = 0.0
    gate_bias: float = 0.0

    def __post_init__(self) -> None:
        _require(self.dimension > 0 and self.hidden > 0, "model.dimension and model.hidden must be positive")
        _require(0 <= self.dropout < 1, "model.dropout must lie in [0, 1)")
        _require(
            not self.residual_text or self.text.width == self.dimension,
            f"a residual text head needs text.width == dimension, got {self.text.width} and {self.dimension}",
        )


@dataclass(frozen=True)
class TrainStage:
    """One stage of training.

    Attributes:
        name: Shown in the log; unique within the list.
        train: What learns: any of "vision", "heads", "text_lora", "vision_lora".
        epochs: Passes over the training rows.
        max_steps: Stop the stage after that many optimiser steps (0: no limit).
        batch_size: Products in a batch, in each process.
        learning_rate: Peak rate of AdamW.
        negatives: Random paths of the taxonomy drawn a step, for the taxonomy and the anchor terms.
        siblings: Random siblings of every true path that join them: hard negatives.
        average: Decay of the running average of the weights that is validated and kept (0: the weights themselves).
        views: How far random views of photos go as training goes on, as (until which share of the steps, a name in
            `augment.STRENGTHS`); a teacher is shown views of the first kind only.
        sizes: Side of the views as training goes on, as (until which share of the steps, side); none: the tower's own.
            A tower that starts on small views sees more of them in the same time (Tan & Le 2021, "EfficientNetV2").
    """

    name: str
    train: tuple[str, ...]
    epochs: float = 1.0
    max_steps: int = 0
    batch_size: int = 16
    learning_rate: float = 2e-4
    negatives: int = 0
    siblings: int = 0
    average: float = 0.0
    views: tuple[tuple[float, ViewStrength], ...] = ((1.0, "shop"),)
    sizes: tuple[tuple[float, int], ...] = ()

    PARTS: ClassVar[tuple[str, ...]] = ("vision", "heads", "text_lora", "vision_lora")

    def __post_init__(self) -> None:
        unknown = [part for part in self.train if part not in self.PARTS]
        _require(not unknown, f"train stage '{self.name}': unknown parts {unknown}; known: {', '.join(self.PARTS)}")
        _require(bool(self.train), f"train stage '{self.name}' trains nothing")
        _require(self.epochs > 0 and self.batch_size > 0, f"train stage '{self.name}': epochs and batch_size > 0")
        _require(0 <= self.average < 1, f"train stage '{self.name}': average must lie in [0, 1)")
        for what, schedule in (("sizes", self.sizes), ("views", self.views)):
            shares = [share for share, _ in schedule]
            _require(
                shares == sorted(shares) and (not shares or shares[-1] == 1.0),
                f"train stage '{self.name}': the shares of {what} must rise to 1.0",
            )
        _require(bool(self.views), f"train stage '{self.name}': views must not be empty")


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
        teacher_views: Views that the teacher is shown of every product's photo.
        photo_views: Views that it is shown of every photo of `source.photos`.
        photo_share: Share of the photos of `source.photos` in a batch.
        bundle: Folder of a trained model bundle to use as it is; nothing is trained then.
        bundle_weights: Hash of its weights.
        refit: Folder of a finished bundle whose choices are taken over: the strength and the gate shift, how its
            predictor combines, its calibrations and thresholds. A vision tower that is trained here starts from its.
        refit_weights: Hash of its weights.
        mixed_precision: "no", "bf16" or "fp16"; "auto" takes bf16 or fp16 where the device has it.
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
    teacher_views: int = 3
    photo_views: int = 1
    photo_share: float = 0.4
    bundle: str = ""
    bundle_weights: str = ""
    refit: str = ""
    refit_weights: str = ""
    mixed_precision: str = "auto"

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        _require(bool(names), "train.stages is empty")
        _require(len(set(names)) == len(names), f"train.stages: names repeat: {names}")
        _require(0 <= self.text_dropout + self.image_dropout <= 1, "modality dropouts must add up to at most 1")
        _require(self.mixed_precision in ("auto", "no", "bf16", "fp16"), "train.mixed_precision: auto, no, bf16, fp16")
        _require(0 <= self.parent_smoothing < 1, "train.parent_smoothing must lie in [0, 1)")
        _require(0 <= self.photo_share < 1, "train.photo_share must lie in [0, 1)")
        _require(min(self.teacher_views, self.photo_views) >= 1, "teacher_views and photo_views must be at least 1")
        _require(self.evaluations >= 1 and self.checkpoint_steps >= 1, "evaluations and checkpoint_steps >= 1")


@dataclass(frozen=True)
class EmbedConfig:
    """Attributes: batch_size: rows encoded at a time."""

    batch_size: int = 64


@dataclass(frozen=True)
class PredictConfig:
    """The category predictor: its classifier, how it is combined with retrieval, how confidences are made honest.

    Attributes:
        hidden: Width of the classifier's hidden layer at every level.
        dropout: In it.
        epochs: Passes over the training products.
        batch_size: Products in a batch.
        learning_rate: Peak rate of AdamW.
        level_decay: Weight of a level's loss over that of the level above it.
        class_weights: Exponents to choose from: a class with n rows counts n ** -exponent.
        sharpness: Factors on the logit scale of the retrieval to choose from.
        shares: Shares of the classifier in the combination to choose from.
        unseen_share: Share of products in categories that training did not have, in the mixture of validation and
            held-out rows on which all is chosen.
        precision: How often a level that is shown as certain shall be right.
        branches: Pairs (category path, precision) for branches that want another one.
    """

    hidden: int = 256
    dropout: float = 0.1
    epochs: int = 24
    batch_size: int = 512
    learning_rate: float = 2e-3
    level_decay: float = 1.0
    class_weights: tuple[float, ...] = (0.0, 0.5)
    sharpness: tuple[float, ...] = (1.0, 2.0, 4.0)
    shares: tuple[float, ...] = (0.0, 0.3, 0.5, 0.7, 0.9)
    unseen_share: float = 0.2
    precision: float = 0.9
    branches: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        _require(self.hidden > 0 and self.epochs > 0 and self.batch_size > 0, "predict.hidden, epochs, batch_size > 0")
        _require(0 <= self.dropout < 1, "predict.dropout must lie in [0, 1)")
        _require(bool(self.class_weights and self.sharpness), "predict.class_weights and sharpness must not be empty")
        _require(min(self.sharpness, default=1.0) > 0, "predict.sharpness must be positive")
        _require(0.0 in self.shares, "predict.shares must hold 0, the retrieval alone")
        _require(all(0 <= share <= 1 for share in self.shares), "predict.shares must lie in [0, 1]")
        _require(0 <= self.unseen_share <= 1, "predict.unseen_share must lie in [0, 1]")
        asked = [self.precision, *(precision for _, precision in self.branches)]
        _require(all(0 < precision <= 1 for precision in asked), "predict.precision must lie in (0, 1]")


@dataclass(frozen=True)
class LayoutConfig:
    """PCA, then UMAP (cosine) to three and to two dimensions, and t-SNE to two.

    Attributes:
        pca_components: Dimensions that UMAP and t-SNE start from.
        n_neighbors: Of UMAP.
        min_dist: Of UMAP.
        tsne_perplexity: About how many neighbours t-SNE keeps together.
        tsne_rows: Products that t-SNE places, drawn at random; it takes too long for more, and a plot shows no more.
    """

    pca_components: int = 64
    n_neighbors: int = 30
    min_dist: float = 0.05
    tsne_perplexity: float = 30.0
    tsne_rows: int = 10_000

    def __post_init__(self) -> None:
        _require(self.pca_components >= 3, "layout.pca_components must be at least 3")
        _require(self.n_neighbors >= 2, "layout.n_neighbors must be at least 2")
        _require(self.tsne_perplexity >= 1, "layout.tsne_perplexity must be at least 1")
        _require(self.tsne_rows >= 16, "layout.tsne_rows must be at least 16")


@dataclass(frozen=True)
class ClusterConfig:
    """k-means on the vectors, and DBSCAN on the 3D layout.

    Attributes:
        k_candidates: Numbers of clusters; the one with the best silhouette is taken.
        silhouette_sample: Rows that the silhouette looks at.
        dbscan_min_samples: Products, itself included, within reach of one that makes it the core of a dense region;
            the reach is where their sorted distances bend.
    """

    k_candidates: tuple[int, ...] = (10, 15, 20, 25, 30, 40, 50)
    silhouette_sample: int = 5_000
    dbscan_min_samples: int = 10

    def __post_init__(self) -> None:
        _require(self.dbscan_min_samples >= 2, "cluster.dbscan_min_samples must be at least 2")


@dataclass(frozen=True)
class EvaluateConfig:
    """How figures are made.

    Attributes:
        bootstrap: Resamples for a 95 % interval.
        near_duplicate: Cosine above which two products count as the same one.
    """

    bootstrap: int = 1_000
    near_duplicate: float = 0.985


@dataclass(frozen=True)
class PublishConfig:
    """How the catalogue is written.

    Attributes:
        row_group_size: Rows in a row group of catalog.parquet.
        demo: The products are made up, which the Space then says.
    """

    row_group_size: int = 256
    demo: bool = False


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
            learning = ("teacher", "teacher_weight", "teacher_views", "photo_views", "photo_share", "refit_weights")
            train = {name: train[name] for name in (*learning, *OPTIMISER)}
        train["stages"] = upto
        return _hash({"ingest": self.fingerprint("ingest"), "model": model, "train": train})


def _hash(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
