"""What each idea brought the vision tower, on sources that it has never seen a photo of.

    python -m benchmarks.vision --run RUN --source SOURCE... --teacher FILE [--photos SOURCE...] [--steps N]

RUN is a folder whose ingest was done with the same flags. Whole sources are left out of training: the fashion shop and
the grocery shelves, told by their photos and texts, since the rows do not name their source. Each variant trains a new
vision tower for N steps; printed is the share of right first candidates by photo alone. The test split is not touched.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pipeline.__main__ import config_of, parser
from pipeline.artifacts import RunPaths
from pipeline.config import Config, TrainStage
from pipeline.data.schema import read_products
from pipeline.model.examples import Examples
from pipeline.model.features import encode_images
from pipeline.model.matching import candidate_ranks
from pipeline.model.training import JsonLog, run_stage
from pipeline.model.vision_task import VisionTask
from pipeline.stages.train import Trainer

FASHION, GROCERY, REST = "fashion shop", "grocery shelves", "rest"
ROWS = 1_000  # measured at most, of each source
SHARED_DESCRIPTION = 5  # rows of one class of grocery share their description; so many do, elsewhere, by accident

Change = Callable[[TrainStage], TrainStage]
VARIANTS: dict[str, tuple[bool, float, Change]] = {
    "from scratch, views of a shop": (False, 0.0, lambda stage: replace(stage, augmentation="shop", average=0.0)),
    "from scratch, views of everywhere": (False, 0.0, lambda stage: replace(stage, average=0.0)),
    "teacher": (True, 0.0, lambda stage: replace(stage, average=0.0)),
    "teacher, photos of anything": (True, 0.4, lambda stage: replace(stage, average=0.0)),
    "teacher, photos of anything, average": (True, 0.4, lambda stage: stage),
}
"""With the teacher or without, share of photos of anything, and the changed stage."""


def source_of(products: pd.DataFrame) -> np.ndarray:
    """Which source each product is from, as far as its photo and texts tell.

    The fashion shop's photos are three wide to four high; the grocery's are food with a description that many share.
    """
    shape = products["image_width"] / products["image_height"].clip(lower=1)
    portrait = (shape - 0.75).abs() < 0.01
    top = products["category_path"].fillna("").str.partition(" > ")[0]
    shared = products.groupby("description")["product_id"].transform("size") >= SHARED_DESCRIPTION
    grocery = (top == "Food, Beverages & Tobacco") & shared & (products["description"] != "")
    clothed = top.isin(("Apparel & Accessories", "Health & Beauty", "Luggage & Bags"))
    return np.select([grocery, portrait & clothed], [GROCERY, FASHION], REST)


def _rows(examples: Examples, rows: np.ndarray) -> Examples:
    arrays = {name: getattr(examples, name)[rows] for name in ("image_rows", "truth", "candidates", "target")}
    return Examples(texts=[examples.texts[row] for row in rows], paths=examples.paths, **arrays)


def measure(trainer: Trainer, examples: Examples) -> float:
    """Share of right first candidates by photo alone."""
    kept = examples.has_image
    model = trainer.model.eval()
    features = encode_images(model.vision_tower, trainer.images[examples.image_rows[kept]])
    with torch.no_grad():
        vectors = np.zeros((len(examples), model.config.dimension), dtype=np.float32)
        vectors[kept] = model.image_head(torch.from_numpy(features)).numpy()
    names = torch.nn.functional.normalize(torch.from_numpy(trainer.path_features), dim=-1).numpy()
    return float((candidate_ranks(vectors, names, examples, kept) == 1).mean())


def main(argv: list[str] | None = None) -> None:
    """Train the variants, print the table."""
    own = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own.add_argument("--run", required=True, help="run folder whose ingest is done")
    own.add_argument("--steps", type=int, default=2_000)
    own.add_argument("--only", nargs="*", choices=sorted(VARIANTS))
    arguments, build = own.parse_known_args(argv)
    logging.basicConfig(level=logging.WARNING)
    config = config_of(parser().parse_args(["ingest", *build, "--out", arguments.run]))
    paths = RunPaths(Path(arguments.run))
    products = read_products(paths.products)
    labelled = products[(products["split"] == "train") & products["category_path"].notna()]
    sources = source_of(products)[products.index.get_indexer(labelled.index)]
    print("rows: " + ", ".join(f"{name} {(sources == name).sum():,}" for name in (REST, FASHION, GROCERY)))
    print(f"| {arguments.steps:,} steps | {REST}, validation | {FASHION} | {GROCERY} |\n|---|---|---|---|")
    for name in arguments.only or VARIANTS:
        figures = _train(name, config, paths, products, sources, arguments.steps)
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |", flush=True)


def _train(
    name: str, config: Config, paths: RunPaths, products: pd.DataFrame, sources: np.ndarray, steps: int
) -> list[float]:
    taught, share, change = VARIANTS[name]
    stage = change(next(stage for stage in config.train.stages if stage.train == ("vision",)))
    stage = replace(stage, name="trial", epochs=1_000, max_steps=steps)
    log = JsonLog(paths.training_log, enabled=False)  # the log of the run itself stays as it is
    trainer = Trainer(replace(config, train=replace(config.train, photo_share=share)), paths, products, log)
    examples = trainer.train_examples
    rest, rng = np.flatnonzero(sources == REST), np.random.default_rng(config.seed)
    validation = np.sort(rng.choice(rest, min(ROWS, len(rest) // 10), replace=False))
    train = np.setdiff1d(rest, validation)
    lessons = trainer.lessons(stage) if taught else None
    anything = trainer.lessons_of_anything(stage) if taught and share else None
    if lessons is not None:
        position = np.cumsum(examples.has_image) - 1
        lessons = lessons.of_photos(position[train[examples.has_image[train]]])
    task = VisionTask(
        trainer.model,
        stage,
        trainer.config.train,
        train=_rows(examples, train),
        validation=[_rows(examples, validation)],
        images=trainer.images,
        train_texts=trainer.text_features[0][train],
        path_features=trainer.path_features,
        lessons=lessons,
        anything=anything,
    )
    with tempfile.TemporaryDirectory() as folder:
        run_stage(
            task,
            stage,
            replace(trainer.config.train, evaluations=2),
            seed=config.seed,
            accelerator=trainer.accelerator,
            folder=Path(folder),
            log=lambda record: None,
        )
    sets = [validation]
    for source in (FASHION, GROCERY):
        rows = np.flatnonzero(sources == source)
        sets.append(np.sort(rng.choice(rows, min(ROWS, len(rows)), replace=False)))
    return [measure(trainer, _rows(examples, rows)) for rows in sets]


if __name__ == "__main__":
    main()
