"""Cards (README.md) of a catalogue and of a model bundle on the hub. Pure functions.

The part between the two marks is written anew by every publication; the rest of a card belongs to its owner.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pipeline.artifacts import RunPaths
from pipeline.catalog.catalog import Catalog
from pipeline.evaluation.report import render

START = "<!-- written by every publication: begin -->"
END = "<!-- written by every publication: end -->"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
"""The hub's names for numbers of rows below a bound."""


def renewed(card: str, fresh: str) -> str:
    """Renew the part between the marks of an existing card; a card without such a part stays as it is.

    A `fresh` card without marks was written by the owner and replaces the existing one.

    Args:
        card: The card in the repository.
        fresh: The card of this publication.
    """
    if START not in fresh:
        return fresh
    before, start, rest = card.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        return card
    return before + START + fresh.partition(START)[2].partition(END)[0] + END + after


def catalog_card(catalog: Catalog, repo: str, model: str) -> str:
    """Card of a catalogue; its front matter tells `datasets` and the hub's viewer which file to read.

    Args:
        catalog: The published catalogue.
        repo: Its repository, `user/name`.
        model: The bundle that made it, as `user/name@commit`.
    """
    name = repo.partition("/")[2]
    counts = catalog.products["split"].value_counts().sort_index()
    splits = ", ".join(f"{split} {number:,}" for split, number in counts.items())
    preset = catalog.meta.get("provenance", {}).get("preset", "unknown")
    demo = "\nThese products are made up and their photos rendered.\n" if catalog.meta.get("demo") else ""
    size = next((label for bound, label in _SIZES if len(catalog) < bound), "n>1M")
    return f"""---
pretty_name: {json.dumps(name)}
tags: [product-catalogue, product-categorization, embeddings]
size_categories: [{size}]
configs:
- config_name: default
  data_files:
  - split: train
    path: {RunPaths(catalog.path.parent).catalog.name}
---
# {name}

{START}
A product catalogue that Product Galaxy opens: {len(catalog):,} products ({splits}) in
{catalog.products["category_path"].nunique():,} categories, one row a product, made with the preset `{preset}`.
{demo}
A Space opens it with the variables `MODEL_REPO={model}` and `CATALOG_REPO={repo}@COMMIT`, where COMMIT is one from the
history of this repository.

| Columns | What they hold |
|---|---|
| `product_id`, `split`, `title`, `description`, `brand`, `language`, `is_secondhand` | the product |
| `product_type`, `tags`, `collections`, `options` | what its shop says of it beside that; each may be empty |
| `category_path`, `category_top`, `category_depth2` | its category as its source has it |
| `predicted_path`, `predicted_confidences` | the model's category, and how sure it is at each level |
| `candidates`, `candidate_scores` | candidate categories, and the cosine of the product with each |
| `thumbnail` | photo, WebP |
| `fused_embedding`, `text_embedding`, `image_embedding` | unit vectors, {catalog.meta["dimension"]} x float16 |
| `x`, `y`, `z`, `umap2_x`, `umap2_y`, `pca_x`, `pca_y`, `pca_z`, `tsne_x`, `tsne_y` | places in 3D and 2D |
| `cluster`, `dbscan` | k-means cluster, dense region of the galaxy |
{END}

Texts and photos belong to those whose products they are; name their licence in the front matter.
"""


def bundle_card(meta: dict[str, Any]) -> str:
    """Card of a model bundle.

    Args:
        meta: Its model.json.
    """
    towers = meta["towers"]
    bases = [name for name in (meta["model"][tower]["model_id"] for tower in ("text", "vision")) if _on_hub(name)]
    base = f"base_model: [{', '.join(bases)}]\n" if bases else ""
    rows = "\n".join(f"| {kind} | `{tower['id']}` | `{tower['revision']}` |" for kind, tower in towers.items())
    test = meta.get("metrics", {}).get("test")
    figures = f"\nMeasured on the test split:\n\n```\n{render(test)}\n```\n" if test else ""
    return f"""---
tags: [product-categorization, two-tower]
{base}---
# Product Galaxy model bundle

{START}
Two towers and one space of {meta["model"]["dimension"]} dimensions: a product is its photo and its text, a category is
its path read as text. Preset `{meta.get("preset", "unknown")}`; training had {len(meta["seen"]):,} categories.

| Tower | Weights | Revision |
|---|---|---|
{rows}

What was trained is in this repository, as safetensors; towers with a name of the hub or of a pip package are loaded
from there. `model.json` says how it was trained and measured. A Space opens it with the variable `MODEL_REPO`, and its
catalogue with `CATALOG_REPO`.
{figures}{END}
"""


def _on_hub(model_id: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w.-]+", model_id) is not None
