"""Trains the stages of a configuration in order on cached features, chooses a WiSE-FT alpha, saves a bundle."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from pipeline.artifacts import RunPaths
from pipeline.bundle.aliases import alias_vectors
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.writer import save_bundle
from pipeline.config.build import Config
from pipeline.config.train import TrainStage
from pipeline.data.vectors import unit
from pipeline.models.class_names import class_names
from pipeline.models.encoding import encode_categories, encode_texts, make_tokens
from pipeline.models.feature_store import FeatureStore
from pipeline.models.two_tower import TwoTower
from pipeline.provenance import hash_ids, read_provenance
from pipeline.taxonomy.category_texts import read_category_texts
from pipeline.training.category_texts import (
    language_directions,
    title_features,
    with_category_texts,
)
from pipeline.training.dataset import Examples, FeatureSet, load_training_data
from pipeline.training.distributed import make_accelerator
from pipeline.training.interpolation import Choice, PretrainedFeatures, select_alpha
from pipeline.training.log import JsonLog, draw_curves
from pipeline.training.loop import run_stage
from pipeline.training.tasks.base import Task
from pipeline.training.tasks.matching import MatchingData, MatchingTask
from pipeline.training.tasks.vision import VisionData, VisionTask

_LOG = logging.getLogger(__name__)
_FEWEST_PHOTOS = 2  # batch normalization needs more than one


class Trainer:
    """One training: its model, its data and their cached features. Stages are trained in order."""

    def __init__(self, config: Config, paths: RunPaths, products: pd.DataFrame, log: JsonLog | None = None) -> None:
        """Set up; features by the pretrained text tower are encoded here, unless they are on disk.

        Args:
            config: Of the build.
            paths: Its run folder, with a finished ingest.
            products: Rows of `schema.PRODUCTS`.
            log: Takes the records of the training; by default the run's log.

        Raises:
            ArtifactError: If the bundle of a final fit cannot be read.
        """
        torch.manual_seed(config.seed)
        self.config, self.paths = config, paths
        self.products = read_provenance(paths.products).fingerprint
        self.accelerator: Accelerator = make_accelerator(config.train.mixed_precision)
        self.data = load_training_data(config, paths, products)
        self.seen = sorted({self.data.taxonomy.paths[row] for row in self.data.train.truth})
        self.texts = texts = read_category_texts(config.train.category_texts, self.data.taxonomy)
        self.data = replace(self.data, train=with_category_texts(self.data.train, texts)) if texts else self.data
        self.content = hash_ids([self.products, *(f"{text.path}\t{text.text}" for text in texts)])
        self.model = make_model(config).to(self.accelerator.device)
        self.tokens = make_tokens(config.model.text)
        self.log = log or JsonLog(paths.training_log, self.accelerator.is_main_process)
        self.features = FeatureStore(paths.features, config.seed, self.accelerator.main_process_first)
        self.path_features = self.features.categories(
            self.model.text_tower, self.tokens, self.data.taxonomy.paths, names=config.model.category_names
        )
        self.category_features = self.path_features
        if config.model.category_titles:
            titles = title_features(texts, self.data.taxonomy.paths, lambda each: self._text_features(each, "titles"))
            self.category_features = np.stack([unit(self.path_features), titles], axis=1)
        self.text_features = [self._text_features(examples.texts, "texts") for examples in self.data.sets]
        self._set_buffers()
        self.vision_state = ""  # identifies the vision tower's weights among the remembered features
        self._warn_of_absent_rows()

    def _set_buffers(self) -> None:
        """Give the model what is computed before training: centers, directions of languages, the names of classes."""
        model = self.model
        if self.config.model.centered:
            products = self.text_features[0][: self.data.train.product_count]
            texts = unit(products[self.data.train.has_text[: len(products)]])
            categories = unit(self.path_features)
            present = [features for features in (categories, texts) if len(features)]
            for center, features in ((model.category_center, present[:1]), (model.product_center, present[-1:])):
                center.copy_(torch.from_numpy(np.mean(features[0], axis=0)) if features else torch.zeros_like(center))
        if directions := self.config.model.language_directions:
            described = unit(self._text_features([text.text for text in self.texts], "texts of categories"))
            model.language_directions.copy_(torch.from_numpy(language_directions(self.texts, described, directions)))
        if model.class_names is not None:
            names = self._text_features(class_names(), "class-names")
            model.class_names.features.copy_(torch.from_numpy(names))

    def train(self, stage: TrainStage) -> None:
        """Train one stage; at its end the model has the best validated state, without validation rows the last.

        Without training rows of a known category nothing happens.
        """
        if not len(self.data.train):
            return
        pictured = int(self.data.train.has_image.sum())
        if stage.train == ("vision",) and pictured < _FEWEST_PHOTOS:
            count = "one" if pictured else "no"
            _LOG.warning("train: stage %s skipped: %s training row has a photo", stage.name, count)
            return
        fingerprint = self.config.training_fingerprint(stage.name, self.content)
        started = time.perf_counter()
        run_stage(
            self._task(stage),
            stage,
            self.config.train,
            seed=self.config.seed,
            accelerator=self.accelerator,
            folder=self.paths.training / fingerprint,
            log=self.log,
        )
        _LOG.info("train: stage %s took %.1f s", stage.name, time.perf_counter() - started)
        if {"vision", "vision_lora"} & set(stage.train):
            self.vision_state = fingerprint

    def finish(self) -> None:
        """Choose alpha and gate shift, encode the taxonomy, save the bundle."""
        choice, category_features = self.select()  # by every process: they wait for each other at the cached features
        if not self.accelerator.is_main_process:
            return
        self.log({"stage": "select", "step": 0, **asdict(choice)})
        _LOG.info(
            "chosen: alpha %.2f, image alpha %.2f, gate shift %+.1f, score %.4f",
            choice.alpha,
            choice.image_alpha,
            choice.gate_shift,
            choice.score,
        )
        self._save(choice, category_features)
        draw_curves(self.log.read(), self.paths.training_plot)

    def select(self) -> tuple[Choice, np.ndarray]:
        """Set the model to the alpha and gate shift that are best on the validation sets.

        Returns:
            The choice, and the features of all categories by the trained text tower, as
            `TwoTower.category_vectors` takes them.
        """
        self.model.eval()  # features are encoded on the device of the training
        adapted = any("text_lora" in stage.train for stage in self.config.train.stages)
        sets = [self._trained_features(number, adapted) for number in range(1, len(self.data.sets))]
        category_features = self._encode_paths(self.data.taxonomy.paths) if adapted else self.category_features
        pretrained = PretrainedFeatures(self.text_features[1:], self.path_features)
        choice = select_alpha(self.model.cpu(), sets, category_features, pretrained, self.config.train)
        return choice, category_features

    def _warn_of_absent_rows(self) -> None:
        if not len(self.data.train):
            _LOG.warning("train: no training row has a category: nothing is trained, the towers stay as they are")
            if not self.config.model.residual_text:
                _LOG.warning(
                    "train: the text head of preset '%s' then stays random; take preset compact, or a trained bundle "
                    "by --model",
                    self.config.preset,
                )
        elif not self.data.validation:
            _LOG.warning(
                "train: no validation row has a category: every stage keeps its last state; to choose the best, add "
                "products or raise ingest.validation_fraction"
            )

    def _save(self, choice: Choice, category_features: np.ndarray) -> None:
        taxonomy = self.data.taxonomy
        with torch.no_grad():
            vectors = self._project_categories(category_features)
            aliases = alias_vectors(self._encode_aliases, taxonomy.paths, taxonomy.names)
        meta: dict[str, Any] = {
            "preset": self.config.preset,
            "fingerprint": self.config.training_fingerprint(self.config.train.stages[-1].name, self.content),
            "seed": self.config.seed,
            "selection": asdict(choice),
        }
        save_bundle(
            self.paths.trained,
            self.model,
            self.tokens,
            categories=taxonomy.paths,
            category_vectors=vectors,
            seen=self.seen,
            meta=meta,
            aliases=aliases,
        )

    def _task(self, stage: TrainStage) -> Task:
        return self._vision_task(stage) if "vision" in stage.train else self._matching_task(stage)

    def _vision_task(self, stage: TrainStage) -> VisionTask:
        data = self.data
        vision = VisionData(data.train, data.validation, data.images, self.text_features[0], self.path_features)
        return VisionTask(self.model, stage, self.config.train, vision, device=self.accelerator.device)

    def _matching_task(self, stage: TrainStage) -> MatchingTask:
        train, *validation = [
            FeatureSet(examples, text, self._image_features(examples))
            for examples, text in zip(self.data.sets, self.text_features, strict=True)
        ]
        matching = MatchingData(train, validation, self.category_features, self.data.images, self.tokens)
        return MatchingTask(self.model, stage, self.config.train, matching, device=self.accelerator.device)

    def _trained_features(self, number: int, adapted: bool) -> FeatureSet:
        """Features of a validation set by the trained towers."""
        examples = self.data.sets[number]
        text = self._encode(examples.texts, "validation texts") if adapted else self.text_features[number]
        return FeatureSet(examples, text, self._image_features(examples))

    def _encode(self, texts: Sequence[str], label: str) -> np.ndarray:
        """Features by the current text tower, float32 [n, text width]."""
        return encode_texts(self.model.text_tower, self.tokens, texts, progress=label)

    def _encode_paths(self, paths: Sequence[str]) -> np.ndarray:
        """Features of category paths by the current text tower, float32 [n, text width]."""
        names = self.config.model.category_names
        return encode_categories(self.model.text_tower, self.tokens, paths, names=names, progress="categories")

    def _project_categories(self, features: np.ndarray) -> np.ndarray:
        return self.model.category_vectors(torch.from_numpy(features)).numpy()

    def _encode_aliases(self, paths: Sequence[str]) -> np.ndarray:
        return self._project_categories(self._encode_paths(paths))

    def _text_features(self, texts: Sequence[str], name: str) -> np.ndarray:
        return self.features.texts(self.model.text_tower, self.tokens, texts, progress=name)

    def _image_features(self, examples: Examples) -> np.ndarray:
        tower, images = self.model.vision_tower, self.data.images
        return self.features.photos(tower, images, examples.image_rows, state=self.vision_state, progress="photos")


def make_model(config: Config) -> TwoTower:
    """The model at the start of a training; a final fit starts a vision tower that is trained here from the bundle's.

    Raises:
        ArtifactError: If the bundle of a final fit cannot be read.
    """
    model = TwoTower(config.model)
    if config.train.final_fit and not config.model.vision.model_id:
        fitted = load_bundle(Path(config.train.final_fit)).model
        model.vision_tower.load_state_dict(fitted.vision_tower.state_dict())
        model.image_head.load_state_dict(fitted.image_head.state_dict())
    return model
