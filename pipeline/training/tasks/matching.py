"""The main task: products to their categories, with whatever part of the model learns in the stage.

What is frozen is read from cached features; what learns is encoded in the batch, each distinct category path once.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.config.train import TrainConfig, TrainStage
from pipeline.model.relatives import Relatives
from pipeline.models.encoding import TokenCache, encode_images, encode_texts, to_pixels
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import FeatureSet, candidate_ranks
from pipeline.training.distributed import gather_others
from pipeline.training.losses import (
    PairQueue,
    anchor_divergence,
    listwise_softmax,
    multi_positive_infonce,
    taxonomy_softmax,
)

ANCHOR_SCALE = 20.0  # of the untrained cosines: sharp enough to tell near paths from far ones, not one-hot
BUCKET_BATCHES = 50  # batches within which products are sorted by length


class MatchingModule(nn.Module):
    """Runs the towers that learn, then heads and gate; one forward for `accelerate` to wrap."""

    def __init__(self, model: TwoTower) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Unit vectors of a batch, and the logit scale.

        Args:
            batch: `has_text`, `has_image` bool [b]; either `text_features` [b, w] and `path_features` [m, w], or
                `text_ids`, `text_mask`, `path_ids`, `path_mask`; either `image_features` [b, v] or `pixels`.
        """
        if "text_ids" in batch:
            text = self.model.text_tower(batch["text_ids"], batch["text_mask"])
            paths = self.model.text_tower(batch["path_ids"], batch["path_mask"])
        else:
            text, paths = batch["text_features"], batch["path_features"]
        image = self.model.vision_tower(batch["pixels"]) if "pixels" in batch else batch["image_features"]
        vectors = self.model(text, image, batch["has_text"], batch["has_image"], paths)
        return {**vectors, "scale": self.model.logit_scale}


class MatchingTask:
    """Products against categories: listwise over candidates, InfoNCE with a queue, taxonomy and anchor terms."""

    def __init__(
        self,
        model: TwoTower,
        stage: TrainStage,
        config: TrainConfig,
        *,
        train: FeatureSet,
        validation: list[FeatureSet],
        path_features: np.ndarray,
        images: np.ndarray | None,
        tokens: TokenCache,
        device: torch.device | str = "cpu",
    ) -> None:
        """Set up.

        Args:
            model: What learns.
            stage: Says which parts learn.
            config: Loss weights.
            train: Training products with features of the untrained text tower and the vision tower as it stands.
            validation: Sets whose mean fused MRR is the score (validation rows; held-out categories).
            path_features: float32 [p, w], features of all paths by the untrained text tower.
            images: Image cache, needed where the vision tower learns.
            tokens: Tokeniser of the text tower.
            device: Where batches go.
        """
        self.module: nn.Module = MatchingModule(model)
        self.model, self.stage, self.config, self.device = model, stage, config, device
        self.train, self.validation, self.path_features = train, validation, path_features
        self.images, self.tokens = images, tokens
        self.text_learns = "text_lora" in stage.train
        self.vision_learns = "vision_lora" in stage.train
        self.queue = PairQueue(config.queue_size, model.config.dimension, device)
        self._relatives = Relatives(train.examples.paths)
        self._has_text, self._has_image = train.examples.has_text, train.examples.has_image
        self._lengths = [len(ids) for ids in tokens(train.examples.texts)] if self.text_learns else []

    def parameters(self) -> dict[str, nn.Parameter]:
        """The stage's parts, by their names in `module`."""
        return {f"model.{name}": value for name, value in self.model.trainable(self.stage.train).items()}

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Shuffled rows; where texts are encoded, products of like length share a batch."""
        order = generator.permutation(len(self.train.examples))
        if self.text_learns:
            lengths = np.array(self._lengths)
            chunks = np.array_split(order, max(1, round(len(order) / (size * BUCKET_BATCHES))))
            order = np.concatenate([chunk[np.argsort(lengths[chunk], kind="stable")] for chunk in chunks])
        whole = [order[start : start + size] for start in range(0, len(order) - size + 1, size)]
        if self.text_learns:
            whole = [whole[turn] for turn in generator.permutation(len(whole))]
        return whole or [order]

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of the products `rows`."""
        examples, config = self.train.examples, self.config
        paths, position = self._paths(rows)
        has_text, has_image = self._drop_modalities(rows)
        batch = self._inputs(rows, paths, has_text, has_image)
        out = module(batch)
        scale, categories = out["scale"], out["categories"]
        truth = torch.from_numpy(position[examples.truth[rows]]).to(self.device)
        candidates = examples.candidates[rows]
        mask = torch.from_numpy(candidates >= 0).to(self.device)
        places = torch.from_numpy(np.maximum(position[candidates], 0)).to(self.device)  # padding: any, it is masked
        target = torch.from_numpy(examples.target[rows]).to(self.device)

        def listwise(vectors: Tensor, kept: Tensor) -> Tensor:
            scores = scale * (vectors @ categories.T).gather(1, places)
            return listwise_softmax(scores[kept], mask[kept], target[kept]) if bool(kept.any()) else 0.0 * scores.sum()

        everything = torch.ones_like(has_text)
        terms = {"listwise": listwise(out["fused"], everything)}
        if config.infonce_weight:
            terms["infonce"] = config.infonce_weight * self._infonce(out, categories[truth], rows, accelerator)
        if config.taxonomy_weight:
            terms["taxonomy"] = config.taxonomy_weight * taxonomy_softmax(
                out["fused"], categories, truth, scale, self._parents(rows, position), config.parent_smoothing
            )
        known_text = torch.from_numpy(self._has_text[rows]).to(self.device)
        if config.text_weight:
            terms["text"] = config.text_weight * listwise(out["text"], known_text)
        if config.image_weight:
            terms["image"] = config.image_weight * listwise(
                out["image"], torch.from_numpy(self._has_image[rows]).to(self.device)
            )
        if config.anchor_weight and bool(known_text.any()):
            terms["anchor"] = config.anchor_weight * self._anchor(out["text"], categories, rows, paths, known_text)
        return terms

    def validate(self) -> dict[str, float]:
        """Mean reciprocal ranks on every validation set; the score is the mean of the fused ones."""
        self.module.eval()
        metrics: dict[str, float] = {}
        scores = []
        path_features = self._present_path_features()
        for number, features in enumerate(self.validation):
            found = self._measure(features, path_features)
            scores.append(found["fused"])
            metrics.update({f"validation{number}_{kind}_mrr": value for kind, value in found.items()})
        metrics["score"] = float(np.mean(scores)) if scores else 0.0
        return metrics

    def state(self) -> dict[str, Tensor]:
        """The queue."""
        return self.queue.state()

    def load(self, state: dict[str, Tensor]) -> None:
        """Take the queue back."""
        self.queue.load({name: value.to(self.device) for name, value in state.items()})

    def _paths(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distinct paths of the batch (candidates, random ones, relatives), and the place of every path among them."""
        examples, truth = self.train.examples, self.train.examples.truth[rows]
        named = examples.candidates[rows].ravel()
        if self.config.parent_smoothing:
            named = np.concatenate([named, self._relatives.parents[truth]])
        if self.stage.siblings:
            named = np.concatenate([named, self._relatives.siblings(truth, self.stage.siblings)])
        drawn = torch.randperm(len(examples.paths))[: self.stage.negatives].numpy()
        paths = np.union1d(named[named >= 0], drawn)
        position = np.full(len(examples.paths), -1, dtype=np.int64)
        position[paths] = np.arange(len(paths))
        return paths, position

    def _parents(self, rows: np.ndarray, position: np.ndarray) -> Tensor | None:
        """Places of the truths' parents, where a part of the target is theirs."""
        if not self.config.parent_smoothing:
            return None
        truth = self.train.examples.truth[rows]
        parents = self._relatives.parents[truth]
        return torch.from_numpy(position[np.where(parents >= 0, parents, truth)]).to(self.device)

    def _drop_modalities(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Which modality each product keeps; one that has a single modality never loses it."""
        has_text, has_image = torch.from_numpy(self._has_text[rows]), torch.from_numpy(self._has_image[rows])
        draw = torch.rand(len(rows))
        both = has_text & has_image
        lose_text = both & (draw < self.config.text_dropout)
        lose_image = both & (draw > 1 - self.config.image_dropout)
        return (has_text & ~lose_text).to(self.device), (has_image & ~lose_image).to(self.device)

    def _inputs(self, rows: np.ndarray, paths: np.ndarray, has_text: Tensor, has_image: Tensor) -> dict[str, Tensor]:
        examples = self.train.examples
        batch = {"has_text": has_text, "has_image": has_image}
        if self.text_learns:
            texts = self.tokens([examples.texts[row] for row in rows])
            batch["text_ids"], batch["text_mask"] = self.tokens.pad(texts, self.device)
            named = self.tokens([examples.paths[path] for path in paths])
            batch["path_ids"], batch["path_mask"] = self.tokens.pad(named, self.device)
        else:
            batch["text_features"] = torch.from_numpy(self.train.text[rows]).to(self.device)
            batch["path_features"] = torch.from_numpy(self.path_features[paths]).to(self.device)
        if self.vision_learns:
            assert self.images is not None, "a vision tower that learns needs the image cache"
            batch["pixels"] = to_pixels(self.images[np.maximum(examples.image_rows[rows], 0)]).to(self.device)
        else:
            batch["image_features"] = torch.from_numpy(self.train.image[rows]).to(self.device)
        return batch

    def _infonce(
        self, out: dict[str, Tensor], categories: Tensor, rows: np.ndarray, accelerator: Accelerator
    ) -> Tensor:
        ids = torch.from_numpy(self.train.examples.truth[rows]).to(self.device)
        products = out["fused"]
        others = gather_others(accelerator, {"products": products, "categories": categories, "ids": ids})

        def columns(own: Tensor, name: str, queued: Tensor) -> Tensor:
            return torch.cat([own, others[name], queued.to(own.dtype)])

        loss = multi_positive_infonce(
            products,
            categories,
            ids,
            columns(products, "products", self.queue.products),
            columns(categories, "categories", self.queue.categories),
            columns(ids, "ids", self.queue.ids),
            out["scale"],
        )
        self.queue.push(*(accelerator.gather(tensor.detach()) for tensor in (products, categories, ids)))  # type: ignore[arg-type]
        return loss

    def _anchor(self, text: Tensor, categories: Tensor, rows: np.ndarray, paths: np.ndarray, known: Tensor) -> Tensor:
        untrained_text = F.normalize(torch.from_numpy(self.train.text[rows]).to(self.device), dim=-1)
        untrained_paths = F.normalize(torch.from_numpy(self.path_features[paths]).to(self.device), dim=-1)
        return anchor_divergence(text[known], categories, untrained_text[known], untrained_paths, ANCHOR_SCALE)

    @torch.no_grad()
    def _present_path_features(self) -> np.ndarray:
        """Features [p, w] by the text tower as it stands, of the paths that some validation set names."""
        if not self.text_learns:
            return self.path_features
        named = np.unique(np.concatenate([features.examples.candidates.ravel() for features in self.validation]))
        named = named[named >= 0]
        present = np.zeros_like(self.path_features)
        paths = self.train.examples.paths
        present[named] = encode_texts(self.model.text_tower, self.tokens, [paths[path] for path in named])
        return present

    @torch.no_grad()
    def _measure(self, features: FeatureSet, path_features: np.ndarray) -> dict[str, float]:
        """MRR of the truth among the candidates, by text, image and both."""
        examples = features.examples
        text, image = features.text, features.image
        if self.text_learns:
            text = encode_texts(self.model.text_tower, self.tokens, examples.texts)
        if self.vision_learns:
            assert self.images is not None
            image = encode_images(self.model.vision_tower, self.images[np.maximum(examples.image_rows, 0)])
        masks = {"text": examples.has_text, "image": examples.has_image}
        inputs = [
            torch.from_numpy(a).to(self.device) for a in (text, image, masks["text"], masks["image"], path_features)
        ]
        vectors = {name: value.float().cpu().numpy() for name, value in self.model(*inputs).items()}
        found = {}
        for kind in ("text", "image", "fused"):
            kept = masks.get(kind, np.ones(len(examples), dtype=bool))
            rank = candidate_ranks(vectors[kind], vectors["categories"], examples, kept)
            found[kind] = float((1 / rank).mean()) if len(rank) else 0.0
        return found
