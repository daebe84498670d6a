"""The two trees of a workspace: categories that the model can choose, and those of the catalogue."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from pipeline.search.vector_index import best_of
from ui.components.tree.names import CategoryNames
from ui.workspace import Tools, Workspace


@functools.lru_cache(maxsize=4)  # the same for every visitor
def model_names(workspace: Workspace) -> CategoryNames:
    """Names of the categories that the model can choose; loads it."""
    tools = workspace.tools
    return _names(tools, tools.bundle.categories, tools.bundle.category_vectors)


@functools.lru_cache(maxsize=4)
def catalog_names(workspace: Workspace) -> CategoryNames:
    """Names of the categories of the catalogue's products; loads the model, which finds them in any language."""
    tools, paths = workspace.tools, workspace.categories.taxonomy.paths
    return _names(tools, paths, tools.bundle.encode_categories(paths))


def _names(tools: Tools, paths: Sequence[str], vectors: np.ndarray) -> CategoryNames:
    def nearest(text: str, most: int) -> list[str]:
        cosines = vectors @ tools.encoder.encode_texts([text])[0]
        return [paths[row] for row in best_of(cosines, min(most, len(paths)))[1].tolist()]

    return CategoryNames(paths, tools.bundle.category_ids, nearest if len(paths) else None)
