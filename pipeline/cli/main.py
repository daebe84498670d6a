"""The command line: its commands with their options, and what each of them runs."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from pipeline import errors
from pipeline.artifacts import CATEGORY_NAMES, SHOPIFY_TAXONOMY, RunPaths
from pipeline.bundle.predictor_state import PREDICTORS
from pipeline.cli.adapt import adapt_command
from pipeline.cli.classify import classify_product
from pipeline.cli.evaluate import evaluate_command, search_command
from pipeline.cli.options import add_options, add_reading, config_of, reading_of
from pipeline.cli.push import upload_command
from pipeline.cli.site import export_command
from pipeline.cli.taxonomy import add_taxonomy
from pipeline.config.presets import PRESETS
from pipeline.errors import UserError
from pipeline.prediction.batch import classify_catalog
from pipeline.prediction.output.formats import FORMATS
from pipeline.prediction.predictor import PredictionRequest
from pipeline.review.filling import new_review, review_of_file
from pipeline.stages.runner import STAGES, build


def parser() -> argparse.ArgumentParser:
    """The whole command line; each command has the function that runs it as its default `run`."""
    whole = argparse.ArgumentParser(prog="python -m pipeline", description="Build and measure a product catalogue.")
    commands = whole.add_subparsers(dest="command", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary)

    _add_build(add("build", "every stage, in order; what is complete is skipped, what was killed resumes"))
    _add_stage(add("stage", "one stage of a run folder, complete or not"))
    _add_classify(add("classify", "the category of one product"))
    _add_classify_file(add("classify-file", "the category of every product of a file or data set"))
    _add_evaluate(add("evaluate", "figures of a model bundle on any products"))
    _add_evaluate_search(add("evaluate-search", "figures of a bundle's text search on judged queries"))
    add_taxonomy(add("taxonomy", "import, compare and change taxonomies"))
    _add_adapt(add("adapt-text-tower", "adapters of a preset's text tower, learned from titles of categories"))
    _add_site(add("export-site", "the galaxy of a catalogue as files that any web server can host"))
    _add_push(add("push", "send a published catalogue and its bundle to the Hugging Face hub"))
    return whole


def main(argv: list[str] | None = None) -> int:
    """Run a command; bad input, and a place that cannot be written, is one sentence on stderr and exit code 2.

    Returns:
        The exit code: 0, 2, or 130 if it was interrupted.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    for client in ("httpx", "httpx2"):
        logging.getLogger(client).setLevel(logging.WARNING)
    arguments = parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return errors.EXIT_CODE
    except OSError as error:
        message = errors.sentence(error)
        if message is None:
            raise
        print(f"error: {message}", file=sys.stderr)
        return errors.EXIT_CODE
    except KeyboardInterrupt:
        print(errors.INTERRUPTED, file=sys.stderr)
        return errors.INTERRUPTED_CODE
    return 0


def _add_build(command: argparse.ArgumentParser) -> None:
    add_options(command)
    command.set_defaults(run=_build, stage=None)


def _add_stage(command: argparse.ArgumentParser) -> None:
    command.add_argument("stage", choices=[stage.name for stage in STAGES], metavar="NAME", help="%(choices)s")
    add_options(command)
    command.set_defaults(run=_build)


def _build(arguments: argparse.Namespace) -> None:
    build(config_of(arguments), arguments.out, arguments.stage)


def _add_adapt(command: argparse.ArgumentParser) -> None:
    command.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    command.add_argument("--taxonomy", type=Path, default=SHOPIFY_TAXONOMY, help="taxonomy whose ids the titles name")
    command.add_argument("--folder", type=Path, required=True, help="folder for checkpoints and remembered features")
    command.add_argument("--out", type=Path, required=True, help="the adapters (.safetensors)")
    command.set_defaults(run=_adapt)


def _adapt(arguments: argparse.Namespace) -> None:
    config = PRESETS[arguments.preset]()
    adapt_command(config, arguments.taxonomy, arguments.folder, arguments.out, [str(CATEGORY_NAMES)])


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, required=True, help="model bundle (a folder)")


def _add_request(command: argparse.ArgumentParser) -> None:
    command.add_argument("--taxonomy", type=Path, help="taxonomy file (default: the categories of the bundle)")
    command.add_argument("--catalog", type=Path, help="catalogue whose products are the evidence")
    command.add_argument("--predictor", choices=PREDICTORS, default="default")
    command.add_argument("--precision", type=float, help="share of the accepted levels that are to be right")
    command.add_argument("--branch", nargs="*", default=[], help="only these branches of the taxonomy")
    command.add_argument("--candidates", nargs="*", default=[], help="only these category paths")


def _request(arguments: argparse.Namespace) -> PredictionRequest:
    return PredictionRequest(
        which=arguments.predictor,
        target_precision=arguments.precision,
        branches=tuple(arguments.branch),
        candidates=tuple(arguments.candidates),
    )


def _add_classify(command: argparse.ArgumentParser) -> None:
    _add_model(command)
    command.add_argument("--title", default="", help="of the product")
    command.add_argument("--description", default="", help="of it")
    command.add_argument("--image", type=Path, help="photo of it")
    _add_request(command)
    command.set_defaults(run=_classify)


def _classify(arguments: argparse.Namespace) -> None:
    classify_product(
        arguments.model,
        arguments.title,
        arguments.description,
        arguments.image,
        taxonomy=arguments.taxonomy,
        catalog=arguments.catalog,
        request=_request(arguments),
    )


def _add_classify_file(command: argparse.ArgumentParser) -> None:
    _add_model(command)
    command.add_argument("--input", required=True, help="data-set folder, parquet, table, shop export, or hub id")
    command.add_argument("--out", type=Path, required=True, help="the result: .csv, .tsv, .jsonl, .xlsx or .parquet")
    command.add_argument(
        "--format",
        choices=FORMATS,
        help="of the result (default: by the ending of --out; 'same', the table with its categories, where it is that "
        "of --input)",
    )
    add_reading(command)
    _add_request(command)
    command.add_argument(
        "--google-mapping",
        type=Path,
        metavar="FILE",
        help="Shopify's mapping to Google's taxonomy (.json with ids, or .txt): gives Google's categories too",
    )
    command.add_argument(
        "--review",
        type=Path,
        metavar="REVIEWS.sqlite",
        help="also write a review of the result, which `python app.py --review REVIEWS.sqlite` opens",
    )
    command.set_defaults(run=_classify_file)


def _classify_file(arguments: argparse.Namespace) -> None:
    errors.check_writable(arguments.out)
    request, review = _request(arguments), arguments.review
    if review is not None:
        new_review(review)
    classify_catalog(
        arguments.model,
        arguments.input,
        arguments.out,
        taxonomy=arguments.taxonomy,
        catalog=arguments.catalog,
        google_mapping=arguments.google_mapping,
        form=arguments.format,
        request=request,
        reading=reading_of(arguments),
        write_review=None if review is None else lambda file: review_of_file(review, file).close(),
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", type=Path, help="also write the figures there")


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    _add_model(command)
    command.add_argument("--products", required=True, help="data-set folder, parquet, table, shop export, or hub id")
    add_reading(command)
    command.add_argument("--taxonomy", type=Path, help="taxonomy file (default: the categories of the bundle)")
    command.add_argument("--split", help="split to measure (default: test where there is one, else all)")
    command.add_argument(
        "--without-fields", action="store_true", help="leave type, tags, collections and options out of the texts"
    )
    _add_json(command)
    command.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> None:
    if arguments.json is not None:
        errors.check_writable(arguments.json)
    evaluate_command(
        arguments.model,
        arguments.products,
        arguments.taxonomy,
        arguments.json,
        arguments.split,
        reading_of(arguments),
        without_fields=arguments.without_fields,
    )


def _add_evaluate_search(command: argparse.ArgumentParser) -> None:
    _add_model(command)
    command.add_argument(
        "--queries", type=Path, required=True, metavar="FOLDER", help="folder of products and judged queries"
    )
    _add_json(command)
    command.set_defaults(run=_evaluate_search)


def _evaluate_search(arguments: argparse.Namespace) -> None:
    if arguments.json is not None:
        errors.check_writable(arguments.json)
    search_command(arguments.model, arguments.queries, arguments.json)


def _add_site(command: argparse.ArgumentParser) -> None:
    shipped = RunPaths(Path()).catalog
    command.add_argument("--catalog", type=Path, default=shipped, help="a published catalogue (default: %(default)s)")
    command.add_argument("--out", type=Path, required=True, help="the folder, new or empty")
    command.add_argument("--title", default="Product Galaxy", help="of the page")
    command.set_defaults(run=lambda arguments: export_command(arguments.catalog, arguments.out, arguments.title))


def _add_push(command: argparse.ArgumentParser) -> None:
    command.add_argument("--catalog", type=Path, required=True, help="a published catalog.parquet")
    command.add_argument("--model", type=Path, required=True, help="the model bundle that made it")
    command.add_argument("--catalog-repo", required=True, metavar="USER/NAME", help="data-set repository to publish to")
    command.add_argument("--model-repo", required=True, metavar="USER/NAME", help="model repository to publish to")
    command.add_argument("--private", action="store_true", help="make new repositories private")
    command.set_defaults(run=_push)


def _push(arguments: argparse.Namespace) -> None:
    upload_command(
        arguments.catalog,
        arguments.model,
        arguments.catalog_repo,
        arguments.model_repo,
        private=arguments.private,
    )
