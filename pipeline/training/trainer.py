"""Trains the stages of a configuration in order on cached features, chooses among the results, saves a bundle."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from pipeline.artifacts import RunPaths, atomic_path
from pipeline.bundle.aliases import alias_vectors
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.writer import save_bundle
from pipeline.config.build import Config
from pipeline.config.train import TrainStage
from pipeline.model.distillation import Lessons
from pipeline.model.imitation_task import ImitationTask
from pipeline.model.startingtower import load_tower, save_tower
from pipeline.model.teaching import Teaching
from pipeline.models.encoding import TokenCache, encode_images, encode_texts
from pipeline.models.towers import load_tokenizer
from pipeline.models.two_tower import TwoTower
from pipeline.provenance import Provenance, hash_ids, write_provenance
from pipeline.taxonomy.paths import read_taxonomy
from pipeline.training.curves import draw_curves
from pipeline.training.dataset import Examples, FeatureSet, make_examples
from pipeline.training.distributed import make_accelerator
from pipeline.training.interpolation import Choice, select_strength
from pipeline.training.loop import JsonLog, run_stage
from pipeline.training.tasks.base import Task
from pipeline.training.tasks.matching import MatchingTask
from pipeline.training.tasks.vision import VisionTask

_LOG = logging.getLogger(__name__)

VALIDATION_SPLITS = ("validation", "heldout")
VALIDATION_ROWS = 1_000  # of each split: enough to tell states apart by 0.01


class Trainer:
    """The state of one training: model, examples, caches. Stages are trained in order."""

    def __init__(self, config: Config, paths: RunPaths, products: pd.DataFrame, log: JsonLog | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config, self.paths = config, paths
        self.accelerator: Accelerator = make_accelerator(config.train.mixed_precision)
        self.images = np.load(paths.images, mmap_mode="r")
        photos = np.load(paths.photos, mmap_mode="r")
        self.teaching = Teaching(config, self.accelerator, photos, paths.features)
        if not products.loc[products["split"] == "train", "category_path"].notna().any():
            raise ValueError("No training row has a category; there is nothing to learn from.")
        whole = read_taxonomy(paths.taxonomy)
        self.taxonomy, self.names = whole.paths, whole.names
        by_split = dict(iter(products.groupby("split")))
        empty = products.iloc[:0]
        self.train_examples = make_examples(by_split.get("train", empty), self.taxonomy)
        found = [make_examples(by_split.get(name, empty), self.taxonomy) for name in VALIDATION_SPLITS]
        self.validation = [rows.sample(VALIDATION_ROWS, config.seed) for rows in found if len(rows)]
        if not self.validation:
            raise ValueError("No validation row has a category; raise ingest.validation_fraction or add rows.")
        self.model = TwoTower(config.model)
        if config.train.tower:
            load_tower(Path(config.train.tower), self.model.vision_tower)
        if config.train.refit and not config.model.vision.model_id:
            start = load_bundle(Path(config.train.refit)).model
            self.model.vision_tower.load_state_dict(start.vision_tower.state_dict())
            self.model.image_head.load_state_dict(start.image_head.state_dict())
        self.model.to(self.accelerator.device)
        self.tokens = TokenCache(load_tokenizer(config.model.text), config.model.text.max_tokens)
        self.log = log or JsonLog(paths.training_log, self.accelerator.is_main_process)
        self.path_features = self._text_features(self.taxonomy, "paths")
        self.text_features = [self._text_features(rows.texts, f"texts-{i}") for i, rows in enumerate(self._examples)]
        self.vision_state = "untrained"

    @property
    def _examples(self) -> list[Examples]:
        return [self.train_examples, *self.validation]

    def train(self, stage: TrainStage) -> None:
        """One stage; at its end the model holds the best validated state."""
        started = time.perf_counter()
        task = self._task(stage)
        run_stage(
            task,
            stage,
            self.config.train,
            seed=self.config.seed,
            accelerator=self.accelerator,
            folder=self.paths.training / self.config.training_fingerprint(stage.name),
            log=self.log,
        )
        _LOG.info("train: stage %s took %.1f s", stage.name, time.perf_counter() - started)
        if {"imitation", "vision", "vision_lora"} & set(stage.train):
            self.vision_state = self.config.training_fingerprint(stage.name)
        if "imitation" in stage.train and self.accelerator.is_main_process:
            assert self.config.train.teacher is not None
            save_tower(self.paths.tower, self.model.vision_tower, Path(self.config.train.teacher.model_id).name)

    def finish(self, product_ids: Sequence[str]) -> None:
        """Choose the strength, encode the taxonomy, save."""
        chosen, path_features = self.select()  # by every process: they wait for each other at the cached features
        if not self.accelerator.is_main_process:
            return
        self.log({"stage": "select", "step": 0, **asdict(chosen)})
        _LOG.info(
            "chosen: strength %.2f, gate shift %+.1f, score %.4f", chosen.strength, chosen.gate_shift, chosen.score
        )
        with torch.no_grad():
            vectors = self.model.text_head(torch.from_numpy(path_features)).numpy()
            names = alias_vectors(self._vectors_of, self.taxonomy, self.names)
        meta: dict[str, Any] = {
            "preset": self.config.preset,
            "fingerprint": self.config.fingerprint("train"),
            "seed": self.config.seed,
            "selection": {**asdict(chosen), "alpha": chosen.strength},
        }
        seen = [self.taxonomy[row] for row in np.unique(self.train_examples.truth)]
        save_bundle(
            self.paths.trained,
            self.model,
            self.tokens,
            categories=self.taxonomy,
            category_vectors=vectors,
            seen=seen,
            meta=meta,
            aliases=names,
        )
        draw_curves(self.log.read(), self.paths.training_plot)
        write_provenance(self.paths.trained, Provenance.of(self.config, "train", product_ids))

    def select(self) -> tuple[Choice, np.ndarray]:
        """Set the model to the best strength on the validation sets.

        Returns:
            The choice, and the features of all paths by the text tower as trained, float32 [p, w].
        """
        self.model.eval()  # what is encoded is encoded where training was
        adapted = any("text_lora" in stage.train for stage in self.config.train.stages)
        sets = [self._final_features(number, adapted) for number in range(1, len(self._examples))]
        path_features = self._encode(list(self.taxonomy), "categories") if adapted else self.path_features
        chosen = select_strength(
            self.model.cpu(),
            sets,
            path_features,
            untrained=self.text_features[1:],
            untrained_paths=self.path_features,
            config=self.config.train,
        )
        return chosen, path_features

    def _task(self, stage: TrainStage) -> Task:
        if "imitation" in stage.train:
            lessons = [each for each in (self.lessons(stage), self.lessons_of_anything(stage)) if each is not None]
            return ImitationTask(
                self.model.vision_tower, stage, self.config.train, lessons, device=self.accelerator.device
            )
        return self._vision_task(stage) if "vision" in stage.train else self._matching_task(stage)

    def _vision_task(self, stage: TrainStage) -> VisionTask:
        return VisionTask(
            self.model,
            stage,
            self.config.train,
            train=self.train_examples,
            validation=self.validation,
            images=self.images,
            train_texts=self.text_features[0],
            path_features=self.path_features,
            lessons=self.lessons(stage),
            anything=self.lessons_of_anything(stage),
            device=self.accelerator.device,
        )

    def lessons(self, stage: TrainStage) -> Lessons | None:
        """What the configured teacher sees in views of the training products' photos, cached on disk."""
        examples = self.train_examples
        return self.teaching.of_products(stage, self.images, examples.image_rows[examples.has_image])

    def lessons_of_anything(self, stage: TrainStage) -> Lessons | None:
        """What it sees in views of photos of anything."""
        return self.teaching.of_anything(stage)

    def _matching_task(self, stage: TrainStage) -> MatchingTask:
        features = [
            FeatureSet(examples, text, self._image_features(examples, number))
            for number, (examples, text) in enumerate(zip(self._examples, self.text_features, strict=True))
        ]
        return MatchingTask(
            self.model,
            stage,
            self.config.train,
            train=features[0],
            validation=features[1:],
            path_features=self.path_features,
            images=self.images,
            tokens=self.tokens,
            device=self.accelerator.device,
        )

    def _final_features(self, number: int, adapted: bool) -> FeatureSet:
        examples = self._examples[number]
        text = self._encode(examples.texts, "validation texts") if adapted else self.text_features[number]
        return FeatureSet(examples, text, self._image_features(examples, number))

    def _encode(self, texts: list[str], label: str) -> np.ndarray:
        return encode_texts(self.model.text_tower, self.tokens, texts, progress=label)

    def _vectors_of(self, names: Sequence[str]) -> np.ndarray:
        vectors: np.ndarray = self.model.text_head(torch.from_numpy(self._encode(list(names), "names"))).numpy()
        return vectors

    def _text_features(self, texts: Sequence[str], name: str) -> np.ndarray:
        """Features by the untrained text tower (zeros without text), cached on disk."""

        def make() -> np.ndarray:
            features = self._encode(list(texts), name)
            features[[not text for text in texts]] = 0.0
            return features

        return self._cached(f"{name}-{self._key('text', hash_ids(texts))}", make)

    def _image_features(self, examples: Examples, number: int) -> np.ndarray:
        """Features by the vision tower as it stands (zeros without photo), cached on disk."""

        def make() -> np.ndarray:
            kept = examples.has_image
            features = np.zeros((len(examples), self.config.model.vision.width), dtype=np.float32)
            rows = examples.image_rows[kept]
            features[kept] = encode_images(self.model.vision_tower, self.images[rows], progress="photos")
            return features

        return self._cached(f"images-{number}-{self._key('vision', self.vision_state)}", make)

    def _key(self, tower: str, content: str) -> str:
        plain = replace(getattr(self.config.model, tower), lora_targets=(), lora_rank=0, lora_alpha=0)
        configured = repr(plain) + str(self.config.seed) + content
        return hashlib.sha256((configured + self.config.fingerprint("ingest")).encode()).hexdigest()[:16]

    def _cached(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        path = self.paths.features / f"{name}.npy"
        with self.accelerator.main_process_first():
            if not path.exists():
                with atomic_path(path) as temporary, temporary.open("wb") as file:
                    np.save(file, make())
        features: np.ndarray = np.load(path)
        return features
