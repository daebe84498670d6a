"""What the configured teacher sees in the photos of a build: seen once, by the first of its processes, kept on disk."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from accelerate import Accelerator

from pipeline.config.build import Config
from pipeline.config.train import TrainStage
from pipeline.model.distillation import Lessons, Photos, make_lessons
from pipeline.model.teachers import load_teacher
from pipeline.provenance import hash_ids
from pipeline.training.augment import STRENGTHS


@dataclass(frozen=True)
class Teaching:
    """The teacher of one build.

    Attributes:
        config: Of the build; without a teacher there are no lessons.
        accelerator: Of its processes; the others wait for the first one.
        anything: uint8 [m, side, side, 3], photos of anything, which are seen too and fill white grounds.
        folder: Where features are kept.
        products: Fingerprint of the products.
    """

    config: Config
    accelerator: Accelerator
    anything: np.ndarray
    folder: Path
    products: str

    def of_products(self, stage: TrainStage, images: np.ndarray, rows: np.ndarray) -> Lessons | None:
        """Lessons of the photos uint8 [n, side, side, 3] in these rows, int64 [p], for the views of a stage."""
        return self._lessons(stage, images, rows, self.config.train.teacher_views)

    def of_anything(self, stage: TrainStage) -> Lessons | None:
        """Lessons of the photos of anything, for the views of a stage."""
        return self._lessons(stage, self.anything, np.arange(len(self.anything)), self.config.train.photo_views)

    def _lessons(self, stage: TrainStage, images: np.ndarray, rows: np.ndarray, turns: int) -> Lessons | None:
        teacher = self.config.train.teacher
        if teacher is None or not len(rows):
            return None
        key = repr((teacher, self.products, images.shape, hash_ids(map(str, rows))))
        with self.accelerator.main_process_first():
            return Lessons.joined(
                [
                    make_lessons(
                        functools.partial(load_teacher, teacher),
                        key,
                        Photos(images, rows, self.anything),
                        turns=turns,
                        strength=STRENGTHS[name],
                        seed=self.config.seed,
                        folder=self.folder,
                    )
                    for _, name in stage.views
                ]
            )
