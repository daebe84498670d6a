"""Train the two-tower model. Reads the products, the taxonomy and the image cache; writes the trained bundle.

Runs in one process or under `accelerate launch -m pipeline stage train …`. What is frozen is encoded once and cached;
every training stage has a checkpoint and resumes.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.artifacts import RunPaths
from pipeline.bundle.writer import add_ids, adopt_bundle
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.provenance import content_of
from pipeline.taxonomy.paths import read_taxonomy
from pipeline.training.trainer import Trainer


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.trained]


def content(config: Config, run_dir: Path) -> dict[str, str]:
    """Describe the bundles and the towers' folders that training starts from, or that take its place."""
    towers = {"text tower": config.model.text.model_id, "vision tower": config.model.vision.model_id}
    texts = {f"texts {number}": file for number, file in enumerate(config.train.category_texts)}
    named = {"bundle": config.train.bundle, "final fit": config.train.final_fit, **towers, **texts}
    return {name: content_of(Path(place), run_dir) for name, place in named.items() if place and Path(place).exists()}


def run(config: Config, run_dir: Path) -> None:
    """Train, choose the WiSE-FT alpha on validation and held-out categories, save the bundle.

    A configuration that names a bundle gets that one instead, with this run's taxonomy as its category table.
    """
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    if config.train.bundle:
        taxonomy = read_taxonomy(paths.taxonomy, may_be_empty=True)
        adopt_bundle(Path(config.train.bundle), paths.trained, taxonomy)
        return
    trainer = Trainer(config, paths, products)
    for stage in config.train.stages:
        trainer.train(stage)
    trainer.finish()
    if trainer.data.taxonomy.ids:
        add_ids(paths.trained, trainer.data.taxonomy.ids)
