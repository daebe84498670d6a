"""Train the two-tower model. Reads the products, the taxonomy and the image cache; writes the trained bundle.

Runs in one process or under `accelerate launch -m pipeline train …`. What is frozen is encoded once and cached;
every training stage has a checkpoint and resumes.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.artifacts import RunPaths
from pipeline.bundle.writer import adopt_bundle
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.provenance import Provenance, require, write_provenance
from pipeline.taxonomy.paths import read_taxonomy
from pipeline.training.trainer import Trainer


def outputs(run: RunPaths) -> list[Path]:
    """What this stage writes."""
    return [run.trained]


def run(config: Config, run_dir: Path) -> None:
    """Train, choose the WiSE-FT alpha on validation and held-out categories, save the bundle.

    A configuration that names a bundle gets that one instead, with this run's taxonomy as its category table.
    """
    paths = RunPaths(run_dir)
    products = read_products(paths.products)
    require(paths.products, config, "ingest", products["product_id"])
    require(paths.images, config, "ingest")
    if config.train.bundle:
        adopt_bundle(Path(config.train.bundle), paths.trained, read_taxonomy(paths.taxonomy))
        write_provenance(paths.trained, Provenance.of(config, "train", products["product_id"]))
        return
    trainer = Trainer(config, paths, products)
    for stage in config.train.stages:
        trainer.train(stage)
    trainer.finish(products["product_id"].tolist())
