"""The command line: `python -m pipeline COMMAND`. The STAGES table is the recipe.

build      every stage, in order; what is complete is skipped, what was killed resumes
STAGE      one stage of a run folder (ingest, train, embed, predict, layout, cluster, analyse, evaluate-run, publish)
publish --to-hub   a published catalogue and its bundle, on the Hugging Face hub
evaluate   the figures of a model bundle on any products, or of its search on judged queries
classify   the category of a product, or of every row of a catalogue
"""

from __future__ import annotations

import sys

from pipeline import errors

if __name__ == "__main__":
    sys.excepthook = errors.excepthook  # what follows takes seconds to import, in which it may be interrupted

import argparse
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.predictor_state import PREDICTORS
from pipeline.cli.classify import classify_product
from pipeline.cli.evaluate import evaluate_command, search_command
from pipeline.cli.options import add_options, config_of
from pipeline.cli.push import upload_command
from pipeline.config.build import Config
from pipeline.data.sources import SourceError
from pipeline.prediction.batch import classify_catalogue
from pipeline.prediction.request import PredictionRequest
from pipeline.provenance import is_complete
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


class _LogFile(logging.FileHandler):
    """A log whose disk may be full: that ends the build as any other file does, and is not a traceback a line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        error = sys.exception()
        if isinstance(error, OSError):
            error.filename = error.filename or self.baseFilename
            raise error
        super().handleError(record)


def build(config: Config, run_dir: Path, only: str | None = None) -> None:
    """Run the stages of a build in order.

    Args:
        config: The whole configuration.
        run_dir: Run folder; what it holds of this very configuration is not made again.
        only: Run just that stage, complete or not.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    paths = RunPaths(run_dir)
    handler = _LogFile(paths.log, encoding="utf-8")
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
    except BaseException as error:
        for unfinished in run_dir.glob(".*.tmp"):
            if unfinished.is_dir():
                shutil.rmtree(unfinished, ignore_errors=True)
        told = errors.of_rust(error, run_dir)
        if told is not None:
            raise told from error
        raise
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
    add_options(commands.add_parser("build", help="every stage, in order; resumes what was killed"))
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
            add_options(command)
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
    request = PredictionRequest(arguments.predictor, arguments.precision, *only)
    against: dict[str, Any] = {"taxonomy": arguments.taxonomy, "catalog": arguments.catalog, "request": request}
    if arguments.input is None:
        product = (arguments.title, arguments.description, arguments.image)
        classify_product(arguments.model, *product, **against)
    elif arguments.out is None:
        raise ValueError("--input needs --out, the parquet file that the predictions go to.")
    else:
        errors.check_writable(arguments.out)
        classify_catalogue(arguments.model, arguments.input, arguments.out, **against)


def _add_to_hub(command: argparse.ArgumentParser) -> None:
    command.add_argument("--catalog", type=Path, required=True, help="a published catalog.parquet")
    command.add_argument("--model", type=Path, required=True, help="the model bundle that made it")
    command.add_argument("--catalog-repo", required=True, metavar="USER/NAME", help="data-set repository to publish to")
    command.add_argument("--model-repo", required=True, metavar="USER/NAME", help="model repository to publish to")
    command.add_argument("--private", action="store_true", help="make new repositories private")


def main(argv: list[str] | None = None) -> int:
    """Run a command; bad input, and a place that cannot be written, is one sentence on stderr and exit code 2.

    Returns:
        The exit code: 0, 2, or 130 if it was interrupted.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    for client in ("httpx", "httpx2"):
        logging.getLogger(client).setLevel(logging.WARNING)
    words = sys.argv[1:] if argv is None else argv
    arguments = parser("--to-hub" in words).parse_args(words)
    try:
        _run(arguments)
    except (ArtifactError, SourceError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return errors.EXIT_CODE
    except OSError as error:
        said = errors.sentence(error)
        if said is None:
            raise
        print(f"error: {said}", file=sys.stderr)
        return errors.EXIT_CODE
    except KeyboardInterrupt:
        print(errors.INTERRUPTED, file=sys.stderr)
        return errors.INTERRUPTED_CODE
    return 0


def _run(arguments: argparse.Namespace) -> None:
    if arguments.command == "evaluate" and arguments.json is not None:
        errors.check_writable(arguments.json)
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


if __name__ == "__main__":
    sys.exit(main())
