"""The options of a build on the command line, and the configuration that they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.artifacts import DEFAULT_TAXONOMY, ArtifactError
from pipeline.bundle.files import bundle_hash
from pipeline.bundle.meta import model_config, read_meta
from pipeline.config.build import Config
from pipeline.config.presets import PRESETS, with_final_fit
from pipeline.config.settings import with_settings
from pipeline.config.stages import ConfigError, SourceConfig

ROWS = "rows"
"""In place of a taxonomy file: the paths that the rows name."""


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of a build, and of each of its stages."""
    command.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    command.add_argument(
        "--source",
        required=True,
        nargs="+",
        action="extend",
        help="hub data-set id, folder, parquet, table (CSV, JSON, XML, XLSX) or shop export; several are read as one",
    )
    command.add_argument("--out", type=Path, required=True, help="run folder")
    command.add_argument("--revision", help="commit, tag or branch of a hub data set")
    command.add_argument(
        "--taxonomy",
        help="taxonomy file of Shopify, Google or your own; 'rows': the paths that the rows name, and their parents "
        f"(default: {DEFAULT_TAXONOMY or ROWS})",
    )
    add_reading(command)
    command.add_argument("--limit", type=int, default=0, help="at most that many rows of each split")
    command.add_argument("--model", type=Path, help="use this trained bundle instead of training one")
    command.add_argument(
        "--final-fit",
        type=Path,
        metavar="BUNDLE",
        help="final fit on all categories with the choices of this calibrated bundle",
    )
    command.add_argument("--seed", type=int, help="default: the preset's")
    command.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="any field of the configuration, such as train.stages.heads.batch_size=8 (may be repeated)",
    )


def add_reading(command: argparse.ArgumentParser) -> None:
    """The options of every command that reads tables: columns, photos and format, where not found out."""
    command.add_argument("--images", help="folder or zip of a table's images")
    command.add_argument("--fetch-images", action="store_true", help="download a table's image URLs")
    command.add_argument(
        "--columns", nargs="*", default=[], metavar="OURS=THEIRS", help="column map of a table; 'OURS=' leaves one out"
    )
    command.add_argument("--encoding", help="of a text table, such as windows-1252 (default: found out)")
    command.add_argument("--delimiter", help="of a text table, one character or 'tab' (default: found out)")


def reading_of(arguments: argparse.Namespace) -> SourceConfig:
    """How a source is read, as `add_reading` has it; without its location.

    Raises:
        ConfigError: If an option cannot be used.
    """
    columns = tuple(tuple(pair.split("=", 1)) for pair in arguments.columns)
    if any(len(pair) != 2 for pair in columns):
        raise ConfigError("--columns takes OURS=THEIRS pairs, for example product_title=Name.")
    return SourceConfig(
        columns=columns,  # type: ignore[arg-type]
        images=arguments.images,
        fetch_images=arguments.fetch_images,
        encoding=arguments.encoding,
        delimiter=arguments.delimiter,
    )


def parse_config(words: Sequence[str]) -> Config:
    """The configuration that the options of a build ask for, given as words of a command line.

    Raises:
        UserError: As `config_of`.
        SystemExit: If there is no such option, or one is missing that is needed.
    """
    parser = argparse.ArgumentParser()
    add_options(parser)
    return config_of(parser.parse_args(words))


def config_of(arguments: argparse.Namespace) -> Config:
    """The preset with what these options change.

    Raises:
        ArtifactError: If a bundle that they name cannot be used.
        ConfigError: If they do not go together, or a setting cannot be used.
    """
    location, *others = arguments.source
    source = replace(
        reading_of(arguments),
        location=location,
        others=tuple(others),
        revision=arguments.revision,
        taxonomy=_taxonomy(arguments.taxonomy),
        limit=arguments.limit,
    )
    config = replace(PRESETS[arguments.preset](), source=source)
    if arguments.seed is not None:
        config = replace(config, seed=arguments.seed)
    if arguments.final_fit is not None:
        if arguments.model is not None:
            raise ConfigError("--final-fit trains from the bundle it names, --model trains nothing: give one of them.")
        config = final_fit(config, arguments.final_fit)
    if arguments.model is not None:
        config = with_bundle(config, arguments.model)
    return with_settings(config, arguments.settings)


def _taxonomy(given: str | None) -> str | None:
    """The taxonomy file that is asked for, None for the paths that the rows name."""
    if given == ROWS:
        return None
    return given or (None if DEFAULT_TAXONOMY is None else str(DEFAULT_TAXONOMY))


def final_fit(config: Config, bundle: Path) -> Config:
    """The configuration that trains on every labeled row but test and validation, with the choices of a bundle.

    Raises:
        ArtifactError: If there is no bundle at that place, or it has no calibrated predictor.
        ConfigError: If it has another architecture.
    """
    meta = read_meta(bundle)
    if meta["predictor"] is None:
        raise ArtifactError(
            f"{bundle} has no predictor; --final-fit takes the bundle that stage 'fit-predictor' calibrated."
        )
    selection = meta["selection"]
    config = with_final_fit(config, model_config(meta["model"]), selection)
    return replace(config, train=replace(config.train, final_fit=str(bundle), final_fit_weights=bundle_hash(bundle)))


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
        train=replace(config.train, bundle=str(bundle)),
    )
