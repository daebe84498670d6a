"""Stage layout: places every product in space, by PCA and then UMAP of its fused vector to 3D and to 2D.

Reads the embeddings, writes `layout.parquet`.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.decomposition import PCA

from pipeline.artifacts import Provenance, RunPaths, require
from pipeline.config import Config, LayoutConfig
from pipeline.data.joining import read_vectors
from pipeline.data.schema import LAYOUT, read_products, write_table

STAGE = "layout"
_LOG = logging.getLogger(__name__)
_FEWEST_FOR_UMAP = 5  # UMAP to 3D needs more rows than dimensions
_FEWEST_FOR_SPECTRAL = 16  # below it the spectral start has too few eigenvectors


def outputs(run: RunPaths) -> list[Path]:
    """What the stage writes."""
    return [run.layout]


def run(config: Config, run_dir: Path) -> None:
    """Lay out the products of a run."""
    paths = RunPaths(run_dir)
    product_ids = read_products(paths.products)["product_id"].tolist()
    require(paths.embeddings, config, "embed", product_ids)
    columns = lay_out(read_vectors(paths.embeddings, product_ids).fused, config.layout, seed=config.seed)
    table = pa.table({"product_id": product_ids, **columns}, schema=LAYOUT)
    write_table(paths.layout, table, Provenance.of(config, STAGE, product_ids))


def lay_out(vectors: np.ndarray, config: LayoutConfig, *, seed: int) -> dict[str, np.ndarray]:
    """Coordinates of products.

    Args:
        vectors: float32 [n, d], L2-normalised.
        config: Sizes; clipped to what n rows allow, and the log says so.
        seed: Same seed, same layout.

    Returns:
        float32 [n] for each coordinate of `schema.LAYOUT`, each layout within about [-1, 1].
    """
    components = min(config.pca_components, *vectors.shape)
    if components < config.pca_components:
        _LOG.info("PCA to %d instead of %d: %d rows of %d", components, config.pca_components, *vectors.shape)
    reduced = PCA(components, svd_solver="full", random_state=seed).fit_transform(vectors).astype(np.float32)
    pca = np.zeros((len(vectors), 3), dtype=np.float32)
    pca[:, : min(3, components)] = reduced[:, :3]
    three, two = (_umap(reduced, size, config, seed) for size in (3, 2))
    layouts = {("x", "y", "z"): three, ("umap2_x", "umap2_y"): two, ("pca_x", "pca_y", "pca_z"): pca}
    return {
        name: column
        for names, points in layouts.items()
        for name, column in zip(names, scale_to_unit(points).T, strict=True)
    }


def _umap(reduced: np.ndarray, dimensions: int, config: LayoutConfig, seed: int) -> np.ndarray:
    n = len(reduced)
    if n < _FEWEST_FOR_UMAP:
        _LOG.info("%d products are too few for UMAP; the %dD layout is that of PCA", n, dimensions)
        points = np.zeros((n, dimensions), dtype=np.float32)
        points[:, : reduced.shape[1]] = reduced[:, :dimensions]
        return points
    import umap  # compiles for seconds, which the other commands need not wait for

    neighbours = min(config.n_neighbors, n - 1)
    if neighbours < config.n_neighbors:
        _LOG.info("UMAP with %d neighbours instead of %d: %d products", neighbours, config.n_neighbors, n)
    mapper = umap.UMAP(
        n_components=dimensions,
        n_neighbors=neighbours,
        min_dist=config.min_dist,
        metric="cosine",
        init="spectral" if n >= _FEWEST_FOR_SPECTRAL else "random",
        random_state=seed,
        n_jobs=1,  # what a fixed random state allows
    )
    return mapper.fit_transform(reduced)


def scale_to_unit(points: np.ndarray) -> np.ndarray:
    """Points centred on their median and divided by one number, so that 99 % lie within [-1, 1] on every axis.

    Args:
        points: float32 [n, k].
    """
    if not len(points):
        return points
    centred = points - np.median(points, axis=0)
    reach = np.quantile(np.abs(centred).max(axis=1), 0.99)
    return (centred / reach if reach > 0 else centred).astype(np.float32)
