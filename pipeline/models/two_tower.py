"""The two-tower model: projection heads, gated fusion, one space for products and categories.

Towers give features, heads and gate turn features into unit vectors. Nothing here depends on the training loop.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config.model import ModelConfig
from pipeline.models.class_names import ClassNames
from pipeline.models.towers import TextTower, VisionTower

INITIAL_TEMPERATURE = 0.07  # CLIP, Radford et al. 2021, section 2.5
MAX_LOGIT_SCALE = 100.0


class ProjectionHead(nn.Module):
    """LayerNorm, Linear, GELU, Linear, L2 norm; optionally added to a vector that is known without training.

    A residual head starts as that vector, so that a product or category that training says nothing about keeps its
    pretrained one. `alpha` in [0, 1] scales the learned part (WiSE-FT, Wortsman et al. 2022): 0 is the pretrained
    tower.
    """

    alpha: Tensor

    def __init__(
        self, width: int, hidden: int, dimension: int, *, residual: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.residual = residual
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.dropout = nn.Dropout(dropout)
        self.contract = nn.Linear(hidden, dimension)
        self.register_buffer("alpha", torch.ones(()))
        if residual:
            nn.init.zeros_(self.contract.weight)
            nn.init.zeros_(self.contract.bias)

    def forward(self, features: Tensor, base: Tensor | None = None) -> Tensor:
        """Unit vectors [n, dimension].

        Args:
            features: [n, width].
            base: [n, dimension], what a residual head adds to; None takes the features themselves.
        """
        learned = self.contract(self.dropout(F.gelu(self.expand(self.norm(features)))))
        if self.residual:
            learned = F.normalize(features if base is None else base, dim=-1) + self.alpha * learned
        return F.normalize(learned, dim=-1)


class GatedFusion(nn.Module):
    """g = sigmoid(W [z_text; z_image] + b), e = normalize(g * z_text + (1 - g) * z_image), per dimension.

    W starts at zero: every dimension begins with the same weight, sigmoid(`bias`), on the text.
    """

    def __init__(self, dimension: int, bias: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * dimension, dimension)
        nn.init.zeros_(self.linear.weight)
        nn.init.constant_(self.linear.bias, bias)

    def gate(self, text: Tensor, image: Tensor) -> Tensor:
        """Weight of the text in every dimension, [n, dimension] in (0, 1)."""
        return torch.sigmoid(self.linear(torch.cat([text, image], dim=-1)))

    def forward(self, text: Tensor, image: Tensor, has_text: Tensor, has_image: Tensor) -> Tensor:
        """Fused unit vectors.

        Args:
            text: [n, d] unit vectors; ignored where `has_text` is False.
            image: [n, d] unit vectors; ignored where `has_image` is False.
            has_text: bool [n].
            has_image: bool [n].

        Returns:
            [n, d]; the one modality alone where the other is missing, zeros where both are.
        """
        text = text * has_text.unsqueeze(-1)
        image = image * has_image.unsqueeze(-1)
        gate = self.gate(text, image)
        both = (has_text & has_image).unsqueeze(-1)
        return F.normalize(torch.where(both, gate * text + (1 - gate) * image, text + image), dim=-1)


class TwoTower(nn.Module):
    """Product = (photo, text); category = its path as text; the text tower and its head serve both.

    Attributes:
        product_center: [text width], mean unit feature of product texts; zeros where vectors are not centered.
        category_center: [text width], mean unit feature of categories, likewise.
        language_directions: [k, text width], orthonormal, taken out of centered vectors; zeros where there are fewer.
        class_names: Gives photos their vectors before training, where the model has it.
    """

    product_center: Tensor
    category_center: Tensor
    language_directions: Tensor

    def __init__(self, config: ModelConfig, *, weights: bool = True, lora: bool = True) -> None:
        """Build it; arguments as of `Tower`."""
        super().__init__()
        self.config = config
        self.text_tower = TextTower(config.text, weights=weights, lora=lora)
        self.vision_tower = VisionTower(config.vision, weights=weights, lora=lora)
        self.text_head = ProjectionHead(
            config.text.width, config.hidden, config.dimension, residual=config.residual_text, dropout=config.dropout
        )
        self.image_head = ProjectionHead(
            config.vision.width, config.hidden, config.dimension, residual=config.class_names, dropout=config.dropout
        )
        for name in ("product_center", "category_center"):
            self.register_buffer(name, torch.zeros(config.text.width), persistent=config.centered)
        directions = torch.zeros(config.language_directions, config.text.width)
        self.register_buffer("language_directions", directions, persistent=len(directions) > 0)
        self.class_names = ClassNames(config.text.width) if config.class_names else None
        self._names: Tensor | None = None
        self.fusion = GatedFusion(config.dimension, config.gate_bias)
        self.log_logit_scale = nn.Parameter(torch.tensor(math.log(1 / INITIAL_TEMPERATURE)))

    @property
    def logit_scale(self) -> Tensor:
        """Factor on cosines before a softmax, in [1, 100]."""
        return self.log_logit_scale.exp().clamp(1.0, MAX_LOGIT_SCALE)

    def forward(
        self, text_features: Tensor, image_features: Tensor, has_text: Tensor, has_image: Tensor, categories: Tensor
    ) -> dict[str, Tensor]:
        """Vectors of a batch from tower features.

        Args:
            text_features: [b, text width].
            image_features: [b, vision width].
            has_text: bool [b].
            has_image: bool [b].
            categories: Features of m categories, as `category_vectors` takes them.

        Returns:
            Unit vectors: `text`, `image`, `fused` [b, d] and `categories` [m, d].
        """
        text, image = self.text_vectors(text_features), self.image_vectors(image_features)
        fused = self.fusion(text, image, has_text, has_image)
        return {"text": text, "image": image, "fused": fused, "categories": self.category_vectors(categories)}

    def text_vectors(self, features: Tensor) -> Tensor:
        """Unit vectors [n, d] of texts that describe a product, from text-tower features [n, w]."""
        vectors: Tensor = self.text_head(self._centered(features, self.product_center))
        return vectors

    def category_vectors(self, features: Tensor) -> Tensor:
        """Unit vectors [n, d] of categories.

        Args:
            features: [n, w] of `encoding.encode_categories`; or [n, 2, w], with the mean features of typical titles
                behind them, zeros for a category without.
        """
        vectors: Tensor = self.text_head(self._read_category(features))
        return vectors

    def image_vectors(self, features: Tensor) -> Tensor:
        """Unit vectors [n, d] of photos, from vision-tower features [n, v]."""
        base = None if self.class_names is None else self.image_base(features)
        vectors: Tensor = self.image_head(features, base)
        return vectors

    def image_base(self, features: Tensor) -> Tensor:
        """Unit vectors [n, d] of photos by the names of the vision tower's classes; needs `class_names`.

        The names are nouns, and read as categories are.
        """
        assert self.class_names is not None, "this model has no class names"
        names = self.category_vectors(self.class_names.features) if self._names is None else self._names
        vectors: Tensor = self.class_names(features, self.vision_tower.backbone, names)
        return vectors

    def text_base(self, features: Tensor, *, categories: bool = False) -> Tensor:
        """Unit vectors [n, w] by the text tower before its head: of categories, or of texts that describe a product."""
        read = self._read_category(features) if categories else self._centered(features, self.product_center)
        return F.normalize(read, dim=-1)

    def remember_names(self) -> None:
        """Compute the vectors of the class names once; for inference, where the text head stays as it is."""
        if self.class_names is not None:
            self._names = self.category_vectors(self.class_names.features).detach()

    def _read_category(self, features: Tensor) -> Tensor:
        """What the head reads of categories, [n, w], from features as `category_vectors` takes them.

        Typical titles are texts of products and are centered like these; both readings count the same.
        """
        if features.ndim == 2:
            return self._centered(features, self.category_center)
        called, titles = features.unbind(dim=1)
        return F.normalize(
            self._centered(called, self.category_center) + self._centered(titles, self.product_center), dim=-1
        )

    def _centered(self, features: Tensor, center: Tensor) -> Tensor:
        if not self.config.centered:
            return features
        present = features.abs().sum(dim=-1, keepdim=True) > 0  # a product without text has zeros
        centered = F.normalize(features, dim=-1) - center
        if len(self.language_directions):
            centered = centered - (centered @ self.language_directions.T) @ self.language_directions
        return F.normalize(centered, dim=-1) * present

    def trainable(self, parts: tuple[str, ...]) -> dict[str, nn.Parameter]:
        """Freeze everything but `parts` ("vision", "heads", "text_lora", "vision_lora").

        Returns:
            The trained parameters, by name.
        """
        self.requires_grad_(False)
        groups = {
            "vision": self.vision_tower.named_parameters(prefix="vision_tower"),
            "heads": self._head_parameters(),
            "text_lora": _prefixed("text_tower", self.text_tower),
            "vision_lora": _prefixed("vision_tower", self.vision_tower),
        }
        chosen: dict[str, nn.Parameter] = {}
        for part in parts:
            parameters = dict(groups[part])
            if not parameters:
                raise ValueError(f"This model has nothing to train for '{part}'; check the tower's LoRA settings.")
            chosen.update(parameters)
        for parameter in chosen.values():
            parameter.requires_grad_(True)
        return chosen

    def _head_parameters(self) -> list[tuple[str, nn.Parameter]]:
        towers = ("text_tower", "vision_tower")
        return [(name, value) for name, value in self.named_parameters() if not name.startswith(towers)]


def _prefixed(prefix: str, tower: TextTower | VisionTower) -> list[tuple[str, nn.Parameter]]:
    return [(f"{prefix}.{name}", value) for name, value in tower.adapters()]
