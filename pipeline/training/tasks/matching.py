"""The main task: matching products with their categories, with the heads and the adapters of the towers.

The features of a frozen tower are cached; a trained tower encodes in the batch, each distinct category path once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.config.train import TrainConfig, TrainStage
from pipeline.models.encoding import TokenCache, encode_categories, encode_images, encode_texts, to_pixels
from pipeline.models.two_tower import TwoTower
from pipeline.taxonomy.paths import levels
from pipeline.training.dataset import FeatureSet, modality_mrr, named_paths, project, selection_score
from pipeline.training.distributed import gather_others
from pipeline.training.losses import PairQueue, listwise_softmax, multi_positive_infonce, taxonomy_softmax
from pipeline.training.tasks.base import Task
from pipeline.training.tasks.negatives import CandidateLists
from pipeline.training.tasks.sampling import draw_epoch

BUCKET_BATCHES = 50  # batches within which products are sorted by length


class MatchingModule(nn.Module):
    """The trained towers, then heads and gate, as one forward for `accelerate` to wrap."""

    def __init__(self, model: TwoTower) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Unit vectors of a batch, and the logit scale.

        Args:
            batch: `has_text`, `has_image` bool [b]; either `text_features` [b, w] and `path_features` of m categories,
                or ids and mask of `text`, `path` and, where last names are read too, `name`; either `image_features`
                [b, v] or `pixels`.
        """
        if "text_ids" in batch:
            text = self.model.text_tower(batch["text_ids"], batch["text_mask"])
            paths = self.model.text_tower(batch["path_ids"], batch["path_mask"])
            if "name_ids" in batch:
                names = self.model.text_tower(batch["name_ids"], batch["name_mask"])
                paths = F.normalize(F.normalize(paths, dim=-1) + F.normalize(names, dim=-1), dim=-1)
        else:
            text, paths = batch["text_features"], batch["path_features"]
        image = self.model.vision_tower(batch["pixels"]) if "pixels" in batch else batch["image_features"]
        vectors = self.model(text, image, batch["has_text"], batch["has_image"], paths)
        return {**vectors, "scale": self.model.logit_scale}


@dataclass(frozen=True)
class MatchingData:
    """Examples with the features of the towers before the stage.

    Attributes:
        train: Training products with features of the pretrained text tower and of the current vision tower.
        validation: Sets whose mean `selection_score` is the score (validation rows; held-out categories; sources).
        paths: Features of all p categories by the pretrained text tower, as `TwoTower.category_vectors` takes them.
        images: Image cache, uint8 [photos, side, side, 3]; needed where the vision tower is trained.
        tokens: Tokenizer of the text tower.
    """

    train: FeatureSet
    validation: list[FeatureSet]
    paths: np.ndarray
    images: np.ndarray | None
    tokens: TokenCache


class MatchingTask(Task):
    """Products against categories: listwise over candidates, InfoNCE with a queue, softmax over the taxonomy."""

    def __init__(
        self,
        model: TwoTower,
        stage: TrainStage,
        config: TrainConfig,
        data: MatchingData,
        device: torch.device | str = "cpu",
    ) -> None:
        """Set up.

        Args:
            model: The model to train.
            stage: Names the trained parts.
            config: Loss weights.
            data: Examples and features.
            device: Where batches go.
        """
        self.module: nn.Module = MatchingModule(model)
        self.model, self.stage, self.config, self.data, self.device = model, stage, config, data, device
        self.trains_text, self.trains_vision = "text_lora" in stage.train, "vision_lora" in stage.train
        self.queue = PairQueue(config.queue_size, model.config.dimension, device)
        examples = data.train.examples
        untrained = model.text_base(torch.from_numpy(data.paths).to(device), categories=True)
        self._lists = CandidateLists(examples, untrained.cpu().numpy())
        self._has_text, self._has_image = examples.has_text, examples.has_image
        self._lengths = [len(ids) for ids in data.tokens(examples.texts)] if self.trains_text else []

    def parameters(self) -> dict[str, nn.Parameter]:
        """The parameters of the stage's parts, by their names in `module`."""
        return {f"model.{name}": value for name, value in self.model.trainable(self.stage.train).items()}

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Rows by `draw_epoch`; where the text tower is trained, texts of similar length share a batch."""
        examples, config = self.data.train.examples, self.config
        order = draw_epoch(
            examples.truth,
            examples.product_count,
            exponent=config.sampling_exponent,
            text_share=config.category_text_share,
            generator=generator,
        )
        if self.trains_text:
            lengths = np.array(self._lengths)
            chunks = np.array_split(order, max(1, round(len(order) / (size * BUCKET_BATCHES))))
            order = np.concatenate([chunk[np.argsort(lengths[chunk], kind="stable")] for chunk in chunks])
        batches = [order[start : start + size] for start in range(0, len(order) - size + 1, size)]
        if self.trains_text:
            batches = [batches[number] for number in generator.permutation(len(batches))]
        return batches or [order]

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of the products `rows`."""
        examples, config = self.data.train.examples, self.config
        lists = self._lists.of(rows)
        paths, position = self._paths(lists.candidates)
        has_text, has_image = self._drop_modalities(rows)
        out = module(self._inputs(rows, paths, has_text, has_image))
        scale, categories = out["scale"], out["categories"]
        truth = torch.from_numpy(position[examples.truth[rows]]).to(self.device)
        candidates = lists.candidates
        mask = torch.from_numpy(candidates >= 0).to(self.device)
        columns = torch.from_numpy(np.maximum(position[candidates], 0)).to(self.device)  # padding: any, it is masked
        target = torch.from_numpy(lists.target).to(self.device)

        def listwise(vectors: Tensor, used: Tensor) -> Tensor:
            scores = scale * (vectors @ categories.T).gather(1, columns)
            return listwise_softmax(scores[used], mask[used], target[used]) if bool(used.any()) else 0.0 * scores.sum()

        def alone(vectors: Tensor, used: Tensor) -> Tensor:
            """Losses of one modality, over the products that have it."""
            loss = listwise(vectors, used)
            if config.taxonomy_weight and bool(used.any()):
                loss = loss + config.taxonomy_weight * taxonomy_softmax(vectors[used], categories, truth[used], scale)
            return loss

        terms = {"listwise": listwise(out["fused"], torch.ones_like(has_text))}
        if config.infonce_weight:
            terms["infonce"] = config.infonce_weight * self._infonce(out, categories[truth], rows, accelerator)
        if config.taxonomy_weight:
            terms["taxonomy"] = config.taxonomy_weight * taxonomy_softmax(out["fused"], categories, truth, scale)
        if config.text_weight:
            terms["text"] = config.text_weight * alone(out["text"], self._mask(self._has_text[rows]))
        if config.image_weight:
            terms["image"] = config.image_weight * alone(out["image"], self._mask(self._has_image[rows]))
        return terms

    def validate(self) -> dict[str, float]:
        """Mean reciprocal ranks on every validation set, and the mean of their fused `selection_score` as the score.

        Products without candidates choose among all paths that a validation set names: to encode the whole taxonomy at
        every validation would take longer than to train.
        """
        if not self.data.validation:
            return {}
        self.module.eval()
        metrics: dict[str, float] = {}
        scores = []
        path_features = self._current_path_features()
        among = named_paths([each.examples for each in self.data.validation])
        for number, features in enumerate(self.data.validation):
            vectors, examples = self._validated(features, path_features), features.examples
            every = np.ones(len(examples), dtype=bool)
            scores.append(selection_score(vectors["fused"], vectors["categories"], examples, every, among))
            metrics[f"validation{number}_score"] = scores[-1]
            mrr = modality_mrr(vectors, examples)
            metrics.update({f"validation{number}_{modality}_mrr": value for modality, value in mrr.items()})
        metrics["score"] = float(np.mean(scores))
        return metrics

    def state(self) -> dict[str, Tensor]:
        """The InfoNCE queue."""
        return self.queue.state()

    def load(self, state: dict[str, Tensor]) -> None:
        """Restore the InfoNCE queue."""
        self.queue.load({name: value.to(self.device) for name, value in state.items()})

    def _paths(self, candidates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distinct paths of a batch: the candidates [b, c] of its products, and random ones.

        Returns:
            Their numbers, int64 [m], and the position of every path among them, int64 [p], -1 = not in the batch.
        """
        examples = self.data.train.examples
        random = torch.randperm(len(examples.paths))[: self.stage.negatives].numpy()
        paths = np.union1d(candidates[candidates >= 0], random)
        position = np.full(len(examples.paths), -1, dtype=np.int64)
        position[paths] = np.arange(len(paths))
        return paths, position

    def _mask(self, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(rows).to(self.device)

    def _drop_modalities(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Modality masks, bool [b] each; a product with a single modality never loses it."""
        has_text, has_image = torch.from_numpy(self._has_text[rows]), torch.from_numpy(self._has_image[rows])
        draw = torch.rand(len(rows))
        both = has_text & has_image
        lose_text = both & (draw < self.config.text_dropout)
        lose_image = both & (draw > 1 - self.config.image_dropout)
        return (has_text & ~lose_text).to(self.device), (has_image & ~lose_image).to(self.device)

    def _inputs(self, rows: np.ndarray, paths: np.ndarray, has_text: Tensor, has_image: Tensor) -> dict[str, Tensor]:
        """The batch for `MatchingModule`."""
        data, examples = self.data, self.data.train.examples
        batch = {"has_text": has_text, "has_image": has_image}
        if self.trains_text:
            batch["text_ids"], batch["text_mask"] = self._padded([examples.texts[row] for row in rows])
            batch["path_ids"], batch["path_mask"] = self._padded([examples.paths[path] for path in paths])
            if self.model.config.category_names:
                last = [levels(examples.paths[path])[-1] for path in paths]
                batch["name_ids"], batch["name_mask"] = self._padded(last)
        else:
            batch["text_features"] = torch.from_numpy(data.train.text[rows]).to(self.device)
            batch["path_features"] = torch.from_numpy(data.paths[paths]).to(self.device)
        if self.trains_vision:
            batch["pixels"] = to_pixels(self._photos(examples.image_rows[rows])).to(self.device)
        else:
            batch["image_features"] = torch.from_numpy(data.train.image[rows]).to(self.device)
        return batch

    def _padded(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Token ids and attention mask, int64 [n, longest]."""
        tokens = self.data.tokens
        return tokens.pad(tokens(texts), self.device)

    def _photos(self, image_rows: np.ndarray) -> np.ndarray:
        """uint8 [n, side, side, 3]; any photo stands in for a missing one, since it is masked."""
        images = self.data.images
        assert images is not None, "training the vision tower needs the image cache"
        if not len(images):
            return np.zeros((len(image_rows), *images.shape[1:]), dtype=np.uint8)
        return images[np.maximum(image_rows, 0)]

    def _infonce(
        self, out: dict[str, Tensor], categories: Tensor, rows: np.ndarray, accelerator: Accelerator
    ) -> Tensor:
        ids = torch.from_numpy(self.data.train.examples.truth[rows]).to(self.device)
        products = out["fused"]
        others = gather_others(accelerator, {"products": products, "categories": categories, "ids": ids})

        def columns(local: Tensor, name: str, queued: Tensor) -> Tensor:
            return torch.cat([local, others[name], queued.to(local.dtype)])

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

    @torch.no_grad()
    def _current_path_features(self) -> np.ndarray:
        """Features [p, w] by the current text tower of all paths that a validation set names; zeros for others."""
        if not self.trains_text:
            return self.data.paths
        candidates = named_paths([each.examples for each in self.data.validation])
        names = [self.data.train.examples.paths[path] for path in candidates]
        features = np.zeros_like(self.data.paths)
        both = self.model.config.category_names
        features[candidates] = encode_categories(self.model.text_tower, self.data.tokens, names, names=both)
        return features

    @torch.no_grad()
    def _validated(self, features: FeatureSet, path_features: np.ndarray) -> dict[str, np.ndarray]:
        """Vectors of a validation set and of the paths by the current model, as `project` returns them."""
        examples = features.examples
        if self.trains_text:
            text = encode_texts(self.model.text_tower, self.data.tokens, examples.texts)
            features = replace(features, text=text)
        if self.trains_vision:
            image = encode_images(self.model.vision_tower, self._photos(examples.image_rows))
            features = replace(features, image=image)
        return project(self.model, features, path_features)
