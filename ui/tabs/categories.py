"""Tab "Categories": a category of any depth with its center, spread, nearest and farthest products and similar ones."""

from __future__ import annotations

import functools
from collections import Counter
from html import escape
from typing import Any

import gradio as gr
import numpy as np
import plotly.graph_objects as go

from pipeline.catalog.category_stats import Categories, chain
from pipeline.taxonomy.paths import levels
from ui import deep_links
from ui.api.answers import CategoryDetails, CategoryFigures, ConfusedCategory, SimilarProduct
from ui.components import cards, charts, treemap
from ui.components.picking import pick_button, pickable, picked
from ui.components.plots import drawing, plot
from ui.components.tree.picker import tree_picker
from ui.components.tree.trees import catalog_names
from ui.workspace import Workspace, bind, endpoint, refuse

_PRODUCTS = 6  # nearest, and as many farthest
_LISTED = 8
_BRANDS = 12
_ALL = "All categories"
_START = "Choose a category in the map or by name."
_TESTED = "share of the test products"
_UNTESTED = "share of all products where marked *, because none is a test product"


def category(workspace: Workspace, category: str) -> CategoryDetails:
    """Describe a category of the catalogue: figures, nearest and farthest products, similar and confused categories.

    Args:
        workspace: The open catalogue and its model.
        category: Path such as "Home & Garden > Decor", of any depth.

    Returns:
        "category_path", "category_id" (its id in the taxonomy, null without one), "depth", "members", "accuracy"
        (share predicted in it or below it, of its "tested" members, which training did not see, or of all members if
        none is tested), "dispersion" (1 - mean cosine to the centroid), "children"; "nearest" and "farthest" members
        with their "similarity" (cosine to the centroid); "similar" categories of the same depth (cosine of the
        centroids); "mistaken_for", categories wrongly predicted for its products, and "mistaken_from", categories
        whose products are predicted in it; "brands".
    """
    tree = workspace.categories
    node = _node(tree, category)
    rows, cosines = tree.by_distance(node)
    listed = list(zip(rows.tolist(), cosines.tolist(), strict=True))
    brands = Counter(
        brand for brand in workspace.catalog.products["brand"].iloc[rows] if isinstance(brand, str) and brand
    )
    return {
        "category_path": tree.taxonomy.paths[node],
        "category_id": workspace.category_ids.get(tree.taxonomy.paths[node]),
        "depth": int(tree.depths[node]),
        "members": int(tree.counts[node]),
        "accuracy": float(tree.accuracy[node]),
        "tested": int(tree.tested[node]),
        "dispersion": float(tree.dispersion[node]),
        "children": [_brief(tree, child) for child in tree.children(node)],
        "nearest": [_product(workspace, row, cosine) for row, cosine in listed[:_PRODUCTS]],
        "farthest": [_product(workspace, row, cosine) for row, cosine in listed[: -_PRODUCTS - 1 : -1]],
        "similar": [{**_brief(tree, other), "similarity": cosine} for other, cosine in tree.similar(node, _LISTED)],
        "mistaken_for": _named(tree.mistaken_for(node)),
        "mistaken_from": _named(tree.mistaken_from(node)),
        "brands": [{"brand": brand, "products": n} for brand, n in brands.most_common(_BRANDS)],
    }


def show(workspace: Workspace, chosen: str | None, other: str | None) -> tuple[str, str]:
    """Render the map around a category, and the category, beside another one if given."""
    if not chosen:
        start = cards.hint(_START) if len(workspace.categories) else ""
        return category_map(workspace, None), start
    drawn = category_map(workspace, _node(workspace.categories, chosen))
    if not other:
        return drawn, panel(workspace, category(workspace, chosen))
    tree = workspace.categories
    cosine = float(tree.centroids[_node(tree, chosen)] @ tree.centroids[_node(tree, other)])
    both = "".join(panel(workspace, category(workspace, path)) for path in (chosen, other))
    message = cards.hint(f"The centroids of the two have a cosine of {cosine:.2f}.")
    return drawn, f'{message}<div class="beside">{both}</div>'


def pick(workspace: Workspace, other: str | None, event: gr.EventData) -> tuple[str, str, str]:
    """Answer a click on a category, or on a link up to its parents."""
    path = picked(event)
    return (path, *show(workspace, path, other))  # no update, for which Gradio would make the field anew


def category_map(workspace: Workspace, node: int | None) -> str:
    """Render the treemap of a node's children, or of its siblings if it has none, below the links up."""
    tree = workspace.categories
    if not len(tree):
        return cards.hint("No product of this catalogue has a category.")
    inside = node
    if node is not None and not tree.children(node):
        parent = int(tree.taxonomy.parent_index[node])
        inside = None if parent < 0 else parent
    inner = tree.children(inside)
    tiles = [
        treemap.Tile(
            value=tree.taxonomy.paths[child],
            label=levels(tree.taxonomy.paths[child])[-1],
            size=int(tree.counts[child]),
            accuracy=float(tree.accuracy[child]),
            note=_note(tree, child),
            photo=_photo(workspace, child),
            chosen=child == node,
        )
        for child in inner
    ]
    tested = tree.tested[inner]
    basis = []
    if any(tested):
        basis.append(_TESTED)
    if not all(tested):
        basis.append(_UNTESTED)
    above = () if inside is None else tree.taxonomy.ancestors(tree.taxonomy.paths[inside])
    way = [pick_button("", _ALL), *(pick_button(path, escape(levels(path)[-1])) for path in above)]
    return (
        f'<nav class="way" aria-label="Way up">{" <i>›</i> ".join(way)}</nav>{treemap.render(tiles, "; ".join(basis))}'
    )


def panel(workspace: Workspace, details: CategoryDetails) -> str:
    """Render a category."""
    members = details["members"]
    facts = (
        ("products", f"{members:,}"),
        (f"predicted correctly, {_basis(details)}", cards.percent(details["accuracy"])),
        ("dispersion", f"{details['dispersion']:.2f}"),
        ("categories below", f"{len(details['children']):,}"),
    )
    numbers = "".join(f"<li><b>{value}</b> {name}</li>" for name, value in facts)
    similar = "".join(
        cards.bar(
            pick_button(one["category_path"], cards.breadcrumb(one["category_path"])),
            max(0.0, one["similarity"]),
            f"{one['similarity']:.2f}",
        )
        for one in details["similar"]
    )
    brands = "".join(
        cards.bar(escape(one["brand"]), one["products"] / members, f"{one['products']:,}") for one in details["brands"]
    )
    photos = (
        ("Nearest to its center", cards.product_cards(workspace.catalog, details["nearest"])),
        ("Farthest from its center", cards.product_cards(workspace.catalog, details["farthest"])),
    )
    counted = (
        ("Most similar categories", similar or cards.hint("No other category has this depth.")),
        ("Its products are mistaken for", _mistakes(details["mistaken_for"], members)),
        ("Products mistaken for it are from", _mistakes(details["mistaken_from"], members)),
        ("Brands", brands or cards.hint("No product has a brand.")),
    )
    shown = "".join(f"<h4>{title}</h4>{html}" for title, html in photos)
    listed = "".join(f"<section><h4>{title}</h4>{html}</section>" for title, html in counted)
    ids = cards.ids({"Category id": details["category_id"]})
    head = f'<h3>{cards.breadcrumb(details["category_path"])}</h3>{ids}<ul class="facts">{numbers}</ul>'
    return f'<section class="category">{head}{shown}<div class="columns">{listed}</div></section>'


def likeness(workspace: Workspace) -> go.Figure | None:
    """Heatmap of the cosines between the centroids of the top-level categories, similar ones side by side.

    None without categories.
    """
    tree = workspace.categories
    tops = tree.children(None)
    if not tops:
        return None
    cosines = tree.centroids[tops] @ tree.centroids[tops].T
    order = chain(cosines)
    names = [tree.taxonomy.paths[tops[place]] for place in order]
    return charts.heatmap(
        cosines[np.ix_(order, order)], names, names, "Similarity of top-level categories", unit="cosine"
    )


def build(workspace: Workspace, tab: gr.Tab) -> None:
    """Lay out the tab; its map and figure are drawn when it is opened."""
    names = functools.partial(catalog_names, workspace)
    with gr.Row():
        chosen = tree_picker(names, "Category", "category-chosen", single=True)
        other = tree_picker(names, "Compare with", "category-other", single=True)
    drawn = pickable(elem_id="category-map", script=treemap.FIT)
    detail = pickable(cards.hint(_START), elem_id="category-detail")
    figure = plot("category-likeness")
    private: dict[str, Any] = {"api_visibility": "private"}
    update, choose = bind(show, workspace), bind(pick, workspace)
    tab.select(update, [chosen, other], [drawn, detail], **private).then(
        drawing(likeness, workspace), None, figure, **private
    )
    for field in (chosen, other):
        field.picked(update, [chosen, other], [drawn, detail], **private)
    for part in (drawn, detail):
        part.select(choose, other, [chosen, drawn, detail], **private)
    deep_links.offer(
        deep_links.Target(
            "categories",
            ["category"],
            lambda path: [workspace.categories.taxonomy.paths[_node(workspace.categories, path)]],
            [chosen],
            update,
            [chosen, other],
            [drawn, detail],
            "#category-detail",
        )
    )
    path = gr.Textbox(
        visible=False,
        label="category",
        placeholder=next(iter(workspace.catalog.products["category_path"].dropna()), ""),
    )
    endpoint(bind(category, workspace), [path])


def _node(tree: Categories, path: str) -> int:
    if path not in tree.taxonomy:
        raise refuse("No product of this catalogue has this category.")
    return tree.taxonomy.index[path]


def _brief(tree: Categories, node: int) -> CategoryFigures:
    return {
        "category_path": tree.taxonomy.paths[node],
        "members": int(tree.counts[node]),
        "accuracy": float(tree.accuracy[node]),
        "tested": int(tree.tested[node]),
    }


def _note(tree: Categories, node: int) -> str:
    """Text of a tile below its name; * marks an accuracy that includes training products."""
    accuracy = cards.percent(float(tree.accuracy[node]))
    return f"{tree.counts[node]:,} · {accuracy} correct{'' if tree.tested[node] else '*'}"


@functools.lru_cache(maxsize=4_096)
def _photo(workspace: Workspace, node: int) -> str:
    """Address of a photo of the product nearest to a category's center that has one, "" if none has."""
    rows, _ = workspace.categories.by_distance(node)
    _, has_photo = workspace.catalog.vectors("image")
    with_photo = rows[has_photo[rows]]
    return f"galaxy/thumbnail/{with_photo[0]}" if len(with_photo) else ""


def _basis(details: CategoryDetails) -> str:
    """Products that the accuracy is measured on, in words."""
    if not details["tested"]:
        return "of all products including training, because none is a test product"
    return f"of {details['tested']:,} test products, which training did not see"


def _named(counted: list[tuple[str, int]]) -> list[ConfusedCategory]:
    return [{"category_path": path, "products": n} for path, n in counted[:_LISTED]]


def _product(workspace: Workspace, row: int, cosine: float) -> SimilarProduct:
    product = workspace.product(row)
    return {**product, "strength": None, "similarity": cosine, "text_similarity": None, "image_similarity": None}


def _mistakes(confused: list[ConfusedCategory], members: int) -> str:
    """Render bars without buttons, because a category without products cannot be chosen."""
    if not confused:
        return cards.hint("No other category.")
    return "".join(
        cards.bar(cards.breadcrumb(one["category_path"]), one["products"] / members, f"{one['products']:,}")
        for one in confused
    )
