"""The command line: `python -m pipeline COMMAND`. The STAGES table is the recipe.

build      every stage, in order; what is complete is skipped, what was killed resumes
STAGE      one stage of a run folder (ingest, train, embed, predict, layout, cluster, analyse, evaluate-run, publish)
publish --to-hub   a published catalogue and its bundle, on the Hugging Face hub
evaluate   the figures of a model bundle on any products, or of its search on judged queries
classify   the category of a product, or of every row of a catalogue
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.config import Config
from pipeline.data.sources import SourceError
from pipeline.model.bundle import bundle_hash, model_config, read_meta
from pipeline.model.predictor import PREDICTORS
from pipeline.model.startingtower import tower_hash
from pipeline.model.teachers import teacher_tower
from pipeline.presets import PRESETS, with_refit, with_teacher, with_tower
from pipeline.provenance import is_complete
from pipeline.serving.bulk import classify_catalogue
from pipeline.serving.classify import Classify, classify_product
from pipeline.serving.hubupload import upload_command
from pipeline.serving.measure import evaluate_command
from pipeline.serving.relevance import search_command
from pipeline.stageconfig import SourceConfig
from pipeline.stages import analyse, cluster, embed, evaluate, ingest, layout, predict, publish, train

logger = logging.getLogger("pipeline")


@dataclass(frozen=True)
class Stage:
    """One stage of a build.

    Attributes:
        name: As in `config.STAGE_ORDER`.
        outputs: The artifacts it writes.
        run: Does the work.
    """

    name: str
    outputs: Callable[[RunPaths], list[Path]]
    run: Callable[[Config, Path], None]

    @classmethod
    def of(cls, name: str, module: ModuleType) -> Stage:
        """The stage that a module of `pipeline.stages` holds."""
        return cls(name, module.outputs, module.run)


STAGES = (
    Stage.of("ingest", ingest),
    Stage.of("train", train),
    Stage.of("embed", embed),
    Stage.of("predict", predict),
    Stage.of("layout", layout),
    Stage.of("cluster", cluster),
    Stage.of("analyse", analyse),
    Stage.of("evaluate", evaluate),
    Stage.of("publish", publish),
)

RUN_COMMANDS = {"evaluate": "evaluate-run"}
"""Stages whose command has another name than the stage: `evaluate` measures any bundle on any products."""


def build(config: Config, run_dir: Path, only: str | None = None) -> None:
    """Run the stages of a build in order.

    Args:
        config: The whole configuration.
        run_dir: Run folder; what it holds of this very configuration is not made again.
        only: Run just that stage, complete or not.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    paths = RunPaths(run_dir)
    handler = logging.FileHandler(paths.log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        for stage in STAGES:
            if only is not None and stage.name != only:
                continue
            if only is None and is_complete(stage.outputs(paths), config, stage.name):
                logger.info("%s: complete, skipped", stage.name)
                continue
            started = time.perf_counter()
            logger.info("%s: started", stage.name)
            stage.run(config, run_dir)
            logger.info("%s: took %.1f s", stage.name, time.perf_counter() - started)
    finally:
        logger.removeHandler(handler)
        handler.close()


def parser(to_hub: bool = False) -> argparse.ArgumentParser:
    """The whole command line.

    Args:
        to_hub: Whether it is `publish --to-hub` that is read, which has other options than the stage.
    """
    whole = argparse.ArgumentParser(prog="python -m pipeline", description="Build and measure a product catalogue.")
    commands = whole.add_subparsers(dest="command", required=True)
    _add_build(commands.add_parser("build", help="every stage, in order; resumes what was killed"))
    for stage in STAGES:
        name = RUN_COMMANDS.get(stage.name, stage.name)
        command = commands.add_parser(name, help=f"only the stage '{stage.name}' of a run folder")
        if stage.name == publish.STAGE:
            command.add_argument(
                "--to-hub",
                action="store_true",
                help="send what a run has published to the Hugging Face hub; see publish --to-hub --help",
            )
        if stage.name == publish.STAGE and to_hub:
            _add_to_hub(command)
        else:
            _add_build(command)
    measure = commands.add_parser("evaluate", help="figures of a model bundle on any products, or of its search")
    measure.add_argument("--model", type=Path, required=True, help="model bundle (a folder)")
    rows = measure.add_mutually_exclusive_group(required=True)
    rows.add_argument("--products", help="data-set folder, parquet, CSV or hub id in the input schema")
    rows.add_argument("--search", type=Path, metavar="FOLDER", help="products and judged queries: measures text search")
    measure.add_argument(
        "--taxonomy", type=Path, help="with --products: category paths, one a line (default: those of the bundle)"
    )
    measure.add_argument(
        "--split", help="with --products: split to measure (default: test where there is one, else all)"
    )
    measure.add_argument("--json", type=Path, help="also write the figures there")
    _add_classify(commands.add_parser("classify", help="the category of a product, or of every row of a catalogue"))
    return whole


def _add_build(command: argparse.ArgumentParser) -> None:
    command.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    command.add_argument(
        "--source", required=True, nargs="+", help="hub data-set id, folder, parquet, CSV/TSV, product export or demo"
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
    command.add_argument("--tower", type=Path, help="start the vision tower as this one, which has left its teacher")
    command.add_argument("--model", type=Path, help="use this trained bundle instead of training one")
    command.add_argument(
        "--refit", type=Path, help="train on the held-out categories too, with what this calibrated bundle chose"
    )
    command.add_argument("--seed", type=int, help="default: the preset's")


def _add_classify(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, required=True, help="model bundle (a folder)")
    command.add_argument("--title", default="", help="of one product")
    command.add_argument("--description", default="", help="of it")
    command.add_argument("--image", type=Path, help="photo of it")
    command.add_argument("--input", help="or: data-set folder, parquet, CSV or hub id in the input schema")
    command.add_argument("--out", type=Path, help="parquet file of the predictions of --input")
    command.add_argument("--taxonomy", type=Path, help="category paths, one a line (default: those of the bundle)")
    command.add_argument("--catalog", type=Path, help="catalogue whose products are the evidence")
    command.add_argument("--predictor", choices=PREDICTORS, default="default")
    command.add_argument("--precision", type=float, help="how often a certain level shall be right")
    command.add_argument("--branch", nargs="*", default=[], help="only these branches of the taxonomy")
    command.add_argument("--candidates", nargs="*", default=[], help="only these category paths")


def _classify(arguments: argparse.Namespace) -> None:
    only = (tuple(arguments.branch), tuple(arguments.candidates))
    asked = Classify(arguments.predictor, arguments.precision, *only)
    against: dict[str, Any] = {"taxonomy": arguments.taxonomy, "catalog": arguments.catalog, "asked": asked}
    if arguments.input is None:
        product = (arguments.title, arguments.description, arguments.image)
        classify_product(arguments.model, *product, **against)
    elif arguments.out is None:
        raise ValueError("--input needs --out, the parquet file that the predictions go to.")
    else:
        classify_catalogue(arguments.model, arguments.input, arguments.out, **against)


def _add_to_hub(command: argparse.ArgumentParser) -> None:
    command.add_argument("--catalog", type=Path, required=True, help="a published catalog.parquet")
    command.add_argument("--model", type=Path, required=True, help="the model bundle that made it")
    command.add_argument("--catalog-repo", required=True, metavar="USER/NAME", help="data-set repository to publish to")
    command.add_argument("--model-repo", required=True, metavar="USER/NAME", help="model repository to publish to")
    command.add_argument("--private", action="store_true", help="make new repositories private")


def config_of(arguments: argparse.Namespace) -> Config:
    """The preset with what the command line says of the source."""
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
    if all(name.partition(":")[0] == "demo" for name in arguments.source):
        config = replace(config, publish=replace(config.publish, demo=True))
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
    """The configuration whose vision tower starts as the one of a file.

    Raises:
        ArtifactError: If there is no such file.
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
    config = with_refit(config, model_config(meta["model"]), selection["strength"], selection["gate_shift"])
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


def main(argv: list[str] | None = None) -> int:
    """Run a command; bad input is one sentence on stderr and exit code 2."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    for client in ("httpx", "httpx2"):
        logging.getLogger(client).setLevel(logging.WARNING)
    words = sys.argv[1:] if argv is None else argv
    arguments = parser("--to-hub" in words).parse_args(words)
    try:
        if arguments.command == "evaluate" and arguments.search is not None:
            if arguments.taxonomy is not None or arguments.split is not None:
                raise ValueError("--taxonomy and --split go with --products; --search reads its whole folder.")
            search_command(arguments.model, arguments.search, arguments.json)
        elif arguments.command == "evaluate":
            evaluate_command(arguments.model, arguments.products, arguments.taxonomy, arguments.json, arguments.split)
        elif arguments.command == "classify":
            _classify(arguments)
        elif getattr(arguments, "to_hub", False):
            chosen = (arguments.catalog, arguments.model, arguments.catalog_repo, arguments.model_repo)
            upload_command(*chosen, private=arguments.private)
        else:
            stages = {RUN_COMMANDS.get(stage.name, stage.name): stage.name for stage in STAGES}
            build(config_of(arguments), arguments.out, stages.get(arguments.command))
    except (ArtifactError, SourceError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
