"""The options of a build on the command line, and the configuration that they ask for."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from pipeline.artifacts import ArtifactError
from pipeline.bundle.files import bundle_hash
from pipeline.bundle.meta import model_config, read_meta
from pipeline.config.build import Config
from pipeline.config.presets import PRESETS, with_refit, with_teacher, with_tower
from pipeline.config.stages import SourceConfig
from pipeline.model.startingtower import tower_hash
from pipeline.model.teachers import teacher_tower


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of a build, and of each of its stages."""
    command.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    command.add_argument(
        "--source", required=True, nargs="+", help="hub data-set id, folder, parquet, CSV/TSV, or product export"
    )
    command.add_argument("--out", type=Path, required=True, help="run folder")
    command.add_argument("--revision", help="commit, tag or branch of a hub data set")
    command.add_argument(
        "--taxonomy", help="category paths, one a line (default: those the rows name, and their parents)"
    )
    command.add_argument("--images", help="folder of a table's images")
    command.add_argument("--fetch-images", action="store_true", help="download a table's image URLs")
    command.add_argument("--columns", nargs="*", default=[], metavar="OURS=THEIRS", help="column map of a table")
    command.add_argument("--limit", type=int, default=0, help="at most that many rows of each split")
    command.add_argument("--teacher", help="vision model to learn from: .tflite file, hub id or folder")
    command.add_argument("--photos", nargs="*", default=[], help="photos of anything, for learning from it")
    command.add_argument("--tower", type=Path, help="start the vision tower as that of this file or bundle")
    command.add_argument("--model", type=Path, help="use this trained bundle instead of training one")
    command.add_argument(
        "--refit", type=Path, help="train on the held-out categories too, with what this calibrated bundle chose"
    )
    command.add_argument("--seed", type=int, help="default: the preset's")


def config_of(arguments: argparse.Namespace) -> Config:
    """The preset with what these options change.

    Raises:
        ArtifactError: If a bundle or a tower that they name cannot be used.
        ValueError: In one sentence, if they do not go together.
    """
    columns = tuple(tuple(pair.split("=", 1)) for pair in arguments.columns)
    if any(len(pair) != 2 for pair in columns):
        raise ValueError("--columns takes OURS=THEIRS pairs, for example product_title=Name.")
    location, *others = arguments.source
    source = SourceConfig(
        location=location,
        others=tuple(others),
        photos=tuple(arguments.photos),
        revision=arguments.revision,
        columns=columns,  # type: ignore[arg-type]
        images=arguments.images,
        fetch_images=arguments.fetch_images,
        taxonomy=arguments.taxonomy,
        limit=arguments.limit,
    )
    config = replace(PRESETS[arguments.preset](), source=source)
    if arguments.teacher is not None:
        config = with_teacher(config, teacher_tower(arguments.teacher))
    if arguments.tower is not None:
        config = started(config, arguments.tower)
    if arguments.seed is not None:
        config = replace(config, seed=arguments.seed)
    if arguments.refit is not None:
        if arguments.model is not None:
            raise ValueError("--refit trains from the bundle it names, --model trains nothing: give one of them.")
        if arguments.tower is not None:
            raise ValueError("--refit starts as the tower of the bundle it names: leave --tower out.")
        config = refitted(config, arguments.refit)
    return config if arguments.model is None else with_bundle(config, arguments.model)


def started(config: Config, tower: Path) -> Config:
    """The configuration whose vision tower starts as the one of a file or a bundle.

    Raises:
        ArtifactError: If there is none.
        ValueError: If the preset has no vision tower of its own.
    """
    config = with_tower(config)
    return replace(config, train=replace(config.train, tower=str(tower), tower_weights=tower_hash(tower)))


def refitted(config: Config, bundle: Path) -> Config:
    """The configuration that trains on every labelled row but test and validation, with the choices of a bundle.

    Raises:
        ArtifactError: If there is no bundle at that place, or one that is not finished.
    """
    meta = read_meta(bundle)
    if meta["predictor"] is None:
        raise ArtifactError(f"{bundle} has no predictor; --refit takes the bundle that stage 'predict' calibrated.")
    selection = meta["selection"]
    config = with_refit(config, model_config(meta["model"]), selection["alpha"], selection["gate_shift"])
    return replace(config, train=replace(config.train, refit=str(bundle), refit_weights=bundle_hash(bundle)))


def with_bundle(config: Config, bundle: Path) -> Config:
    """The configuration with a trained bundle in place of training.

    Raises:
        ArtifactError: If there is no bundle at that place.
    """
    model = model_config(read_meta(bundle)["model"])
    return replace(
        config,
        model=model,
        ingest=replace(config.ingest, image_size=model.vision.image_size),
        train=replace(config.train, bundle=str(bundle), bundle_weights=bundle_hash(bundle)),
    )
