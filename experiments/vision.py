"""What each idea brought the vision tower, on sources that it has never seen a photo of; and what its teacher can do.

    python -m experiments.vision --run RUN --source SOURCE... --teacher FILE [--photos SOURCE...] [--steps N] [--side N]

RUN is a folder whose ingest was done with the same flags. Whole sources are left out of training: the fashion shop and
the grocery shelves, told by their photos and texts, since the rows do not name their source. Each variant trains a new
vision tower for N steps, with `--side` on smaller photos. Then it is frozen, as the teacher is, and measured: a linear
head, learnt from the photos of the same rows, maps its features to the category names' vectors, and the share of right
first candidates by photo alone is printed, of categories that these rows have; and, since the shelves have none of
them, how often the most similar photo of the same source shows the same category. The test split is not touched. What
was stopped goes on where it was. With `--tower FILE` no tower is trained: that one is measured beside the teacher.
Where FILE has learnt from the photos of the sources left out, though from no label, its row says less.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.probe import COLUMNS, FASHION, GROCERY, HEAD_BATCH, REST, Rows, probe, source_of
from pipeline.artifacts import RunPaths
from pipeline.cli.options import parse_config
from pipeline.config.build import Config
from pipeline.config.train import TrainStage
from pipeline.data.schema import read_products
from pipeline.model.distillation import Lessons
from pipeline.model.imitation_task import ImitationTask
from pipeline.model.teachers import load_teacher
from pipeline.models.encoding import encode_images, resized, to_pixels
from pipeline.training.loop import JsonLog, run_stage
from pipeline.training.tasks.base import Task
from pipeline.training.tasks.vision import VisionTask
from pipeline.training.trainer import Trainer

TEACHER = "the teacher, frozen, with a linear head"
STARTED = "the tower of --tower, frozen, with a linear head"
RECIPE = "the recipe"


@dataclass(frozen=True)
class Variant:
    """What is other than in the recipe.

    Attributes:
        imitates: Share of the steps in which the teacher teaches alone; the rest is for the categories.
        taught: Whether the teacher also teaches beside the categories.
        anything: Whether it shows photos of anything too.
        alone: Changes of the stage in which the teacher teaches alone.
        stage: Changes of the stage of the categories.
        tower: Changes of the vision tower.
    """

    imitates: float = 0.7
    taught: bool = True
    anything: bool = True
    alone: Mapping[str, Any] = field(default_factory=dict)
    stage: Mapping[str, Any] = field(default_factory=dict)
    tower: Mapping[str, Any] = field(default_factory=dict)


PLAIN, SHOP, EVERYWHERE = ({"views": ((1.0, name),)} for name in ("plain", "shop", "everywhere"))
LATE = {"views": ((0.7, "everywhere"), (1.0, "plain"))}
ADAMW = {"learning_rate": 1e-3, "muon_rate": 0.0}
SCRATCH = Variant(imitates=0.0, taught=False, anything=False, stage=SHOP)
MOBILE = {
    "model_class": "MobileNetV2Model",
    "width": 1280,
    "architecture": (("depth_multiplier", 0.5), ("tf_padding", False)),
}
VARIANTS = {
    "MobileNet-V2 from scratch, views of a shop": replace(SCRATCH, tower=MOBILE),
    "residual tower from scratch, views of a shop": SCRATCH,
    "the same by AdamW alone": replace(SCRATCH, stage={**SHOP, **ADAMW}),
    "teacher beside the categories, views of everywhere": Variant(imitates=0.0, stage=EVERYWHERE),
    "teacher alone, then beside the categories, views of everywhere": Variant(alone=EVERYWHERE, stage=EVERYWHERE),
    "the same, the last views of both nearly as uploaded": Variant(alone=LATE, stage=LATE),
    "teacher alone, then categories alone": Variant(imitates=0.5, taught=False, alone=PLAIN, stage=SHOP),
    "teacher alone, then beside the categories, all views nearly as uploaded": Variant(
        imitates=0.5, alone=PLAIN, stage=PLAIN
    ),
    f"{RECIPE}: the teacher's views from everywhere, then as uploaded; those of the categories as uploaded": Variant(),
    f"{RECIPE} by AdamW alone": Variant(alone=ADAMW, stage=ADAMW),
    f"{RECIPE} with half of the steps alone": Variant(imitates=0.5),
    f"{RECIPE} without photos of anything": Variant(anything=False),
    f"{RECIPE} with MobileNet-V2": Variant(tower=MOBILE),
    "teacher alone": Variant(imitates=1.0),
}


def main(argv: list[str] | None = None) -> None:
    """Train the variants, print the table."""
    own = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("--run", required=True, help="run folder whose ingest is done")
    own.add_argument("--steps", type=int, default=2_000)
    own.add_argument("--side", type=int, help="of the photos that towers see, in pixels; views grow towards it")
    own.add_argument("--only", nargs="*", choices=[*VARIANTS, STARTED, TEACHER])
    arguments, build = own.parse_known_args(argv)
    logging.basicConfig(level=logging.WARNING)
    config = parse_config([*build, "--out", arguments.run])
    if arguments.side is not None:
        config = _at_side(config, arguments.side)
    paths = RunPaths(Path(arguments.run))
    products = read_products(paths.products)
    labelled = products[(products["split"] == "train") & products["category_path"].notna()]
    sources = source_of(products)[products.index.get_indexer(labelled.index)]
    rows = Rows.of(sources, config.seed)
    print("rows: " + ", ".join(f"{name} {(sources == name).sum():,}" for name in (REST, FASHION, GROCERY)))
    print(f"| {arguments.steps:,} steps | " + " | ".join(COLUMNS) + " | seconds |\n" + "|---" * 6 + "|")
    known = [STARTED, TEACHER] if config.train.tower else [*VARIANTS, TEACHER]
    for name in arguments.only or known:
        if name not in known:
            own.error(f"'{name}' goes {'without' if config.train.tower else 'with'} --tower")
        started = time.perf_counter()
        if name == TEACHER:
            figures = _teach(config, paths, products, rows)
        elif name == STARTED:
            trainer = _trainer(config, paths, products)
            figures = _probe(partial(encode_images, trainer.model.vision_tower), trainer, rows)
        else:
            figures = _train(VARIANTS[name], config, paths, products, rows, arguments.steps)
        took = time.perf_counter() - started
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + f" | {took:.0f} |", flush=True)


def _train(
    variant: Variant, config: Config, paths: RunPaths, products: pd.DataFrame, rows: Rows, steps: int
) -> list[float]:
    alone = round(variant.imitates * steps)
    first, then = _vision_stages(config)
    stages = tuple(
        replace(stage, **changes, epochs=1_000, max_steps=share)
        for stage, changes, share in ((first, variant.alone, alone), (then, variant.stage, steps - alone))
        if share
    )
    model = replace(config.model, vision=replace(config.model.vision, **variant.tower))
    teacher = config.train.teacher if alone or variant.taught else None
    photos = config.train.photo_share if variant.anything else 0.0
    train = replace(config.train, stages=stages, teacher=teacher, photo_share=photos, evaluations=2)
    changed = replace(config, model=model, train=train)
    trainer = _trainer(changed, paths, products)
    for stage in stages:
        folder = paths.training / f"held-out-sources-{changed.training_fingerprint(stage.name, trainer.fingerprint)}"
        task = _task(variant, trainer, stage, rows)
        run_stage(
            task,
            stage,
            changed.train,
            seed=config.seed,
            accelerator=trainer.accelerator,
            folder=folder,
            log=lambda record: None,
        )
    return _probe(partial(encode_images, trainer.model.vision_tower), trainer, rows)


def _task(variant: Variant, trainer: Trainer, stage: TrainStage, rows: Rows) -> Task:
    """As the trainer's own, with the photos of these rows only."""
    alone = stage.train == ("imitation",)
    taught = alone or variant.taught
    lessons = _lessons(trainer, stage, rows) if taught else None
    anything = trainer.lessons_of_anything(stage) if taught and variant.anything else None
    if alone:
        shown = [each for each in (lessons, anything) if each is not None]
        return ImitationTask(trainer.model.vision_tower, stage, trainer.config.train, shown)
    return VisionTask(
        trainer.model,
        stage,
        trainer.config.train,
        train=trainer.train_examples.of_rows(rows.train),
        validation=[trainer.train_examples.of_rows(rows.measured[REST])],
        images=trainer.images,
        train_texts=trainer.text_features[0][rows.train],
        path_features=trainer.path_features,
        lessons=lessons,
        anything=anything,
    )


def _teach(config: Config, paths: RunPaths, products: pd.DataFrame, rows: Rows) -> list[float]:
    assert config.train.teacher is not None
    teacher = load_teacher(config.train.teacher)

    def encode(photos: np.ndarray) -> np.ndarray:
        parts = np.array_split(photos, max(1, len(photos) // HEAD_BATCH))
        return np.concatenate([teacher(resized(to_pixels(part), teacher.config.image_size).float()) for part in parts])

    return _probe(encode, _trainer(config, paths, products), rows)


def _probe(encode: Callable[[np.ndarray], np.ndarray], trainer: Trainer, rows: Rows) -> list[float]:
    return probe(encode, trainer.train_examples, trainer.images, trainer.path_features, rows, trainer.config.seed)


def _at_side(config: Config, side: int) -> Config:
    """The configuration with a vision tower for smaller photos, the views that grow towards it as much smaller."""
    vision, factor = config.model.vision, side / config.model.vision.image_size
    architecture = tuple((name, side if name == "image_size" else value) for name, value in vision.architecture)
    stages = tuple(
        replace(stage, sizes=tuple((until, round(factor * size)) for until, size in stage.sizes))
        for stage in config.train.stages
    )
    model = replace(config.model, vision=replace(vision, image_size=side, architecture=architecture))
    return replace(config, model=model, train=replace(config.train, stages=stages))


def _vision_stages(config: Config) -> tuple[TrainStage, TrainStage]:
    """The imitation stage, and the one of the categories."""
    first, then, *_ = config.train.stages
    return first, then


def _trainer(config: Config, paths: RunPaths, products: pd.DataFrame) -> Trainer:
    """A new model; the log of the run itself stays as it is."""
    return Trainer(config, paths, products, JsonLog(paths.training_log, enabled=False))


def _lessons(trainer: Trainer, stage: TrainStage, rows: Rows) -> Lessons | None:
    """Those of the rows that are learnt from."""
    lessons, has_image = trainer.lessons(stage), trainer.train_examples.has_image
    if lessons is None:
        return None
    position = np.cumsum(has_image) - 1
    return lessons.of_photos(position[rows.train[has_image[rows.train]]])


if __name__ == "__main__":
    main()
