"""`python -m pipeline evaluate`, `evaluate-search`: figures of a bundle on any products, or of its search, printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.artifacts import write_json
from pipeline.bundle.bundle import load_bundle
from pipeline.config.stages import ANY_SOURCE, EvaluationConfig, SourceConfig
from pipeline.evaluation.dataset import CategoryTable, read_rows
from pipeline.evaluation.evaluate import BOOTSTRAP_SEED, evaluate
from pipeline.evaluation.report import render
from pipeline.evaluation.search_eval import evaluate_search, read_judged
from pipeline.evaluation.search_eval import render as render_search
from pipeline.taxonomy.paths import Taxonomy, read_taxonomy
from pipeline.taxonomy.resolve import Resolver


def evaluate_command(
    model: Path,
    products: str,
    taxonomy: Path | None = None,
    json_out: Path | None = None,
    split: str | None = None,
    reading: SourceConfig = ANY_SOURCE,
    *,
    without_fields: bool = False,
) -> dict[str, Any]:
    """Measure a bundle on any products: print a table, and write the figures as JSON if asked to.

    Args:
        model: Bundle folder.
        products: Data-set folder, parquet, table, export of a shop, or hub id.
        taxonomy: Taxonomy file; None takes the categories of the bundle.
        json_out: Where the JSON goes.
        split: None measures `test` where there is one, and else every row.
        reading: How the products are read, but for their location: columns, photos, encoding.
        without_fields: Leave type, tags, collections and options out of the texts.

    Returns:
        The figures.

    Raises:
        ArtifactError, SourceError: In one sentence, if something cannot be read.
    """
    bundle = load_bundle(model)
    given = None if taxonomy is None else read_taxonomy(taxonomy)
    whole = given or Taxonomy.of(bundle.categories, by_id={one: path for path, one in bundle.category_ids.items()})
    rows = read_rows(bundle, products, split, Resolver(whole), reading, without_fields=without_fields)
    if given is None:
        table = CategoryTable.of(bundle, bundle.categories, rows.candidates)
        table = replace(table, aliases=bundle.aliases)
    else:
        table = CategoryTable.of(bundle, given.paths, rows.candidates, given.names)
    figures = evaluate(bundle, rows, table, config=EvaluationConfig(), seed=BOOTSTRAP_SEED)
    print(render(figures))
    if json_out is not None:
        write_json(json_out, figures)
    return figures


def search_command(model: Path, folder: Path, json_out: Path | None = None) -> dict[str, Any]:
    """Measure a bundle's text search: print tables, and write the figures as JSON if asked to.

    Args:
        model: Bundle folder.
        folder: See `read_judged`.
        json_out: Where the JSON goes.

    Returns:
        The figures.

    Raises:
        ArtifactError, SourceError: In one sentence, if something cannot be read.
    """
    search = read_judged(folder)
    figures = evaluate_search(load_bundle(model), search, config=EvaluationConfig(), seed=BOOTSTRAP_SEED)
    print(render_search(figures))
    if json_out is not None:
        write_json(json_out, figures)
    return figures
