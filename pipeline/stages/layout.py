"""Stage layout: places every product in space, by PCA, then UMAP of its fused vector to 3D and to 2D, and t-SNE.

Reads the embeddings, writes `layout.parquet`.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from pipeline.artifacts import RunPaths
from pipeline.config.build import Config
from pipeline.config.stages import LayoutConfig
from pipeline.data.schema import LAYOUT, read_products, write_table
from pipeline.data.vectors import read_vectors

_LOG = logging.getLogger(__name__)
_FEWEST_FOR_UMAP = 5  # UMAP to 3D needs more rows than dimensions
_FEWEST_FOR_TSNE = 16  # with fewer its steps are too long, and it flies apart
_FEWEST_FOR_SPECTRAL = 16  # below it the spectral start has too few eigenvectors


def outputs(run: RunPaths) -> list[Path]:
    """List the files that the stage writes."""
    return [run.layout]


def run(config: Config, run_dir: Path) -> None:
    """Lay out the products of a run."""
    paths = RunPaths(run_dir)
    product_ids = read_products(paths.products)["product_id"].tolist()
    columns = lay_out(read_vectors(paths.embeddings, product_ids).fused, config.layout, seed=config.seed)
    known = {name: pa.array(column, from_pandas=True) for name, column in columns.items()}  # NaN becomes null
    table = pa.table({"product_id": product_ids, **known}, schema=LAYOUT)
    write_table(paths.layout, table)


def lay_out(vectors: np.ndarray, config: LayoutConfig, *, seed: int) -> dict[str, np.ndarray]:
    """Coordinates of products.

    Args:
        vectors: float32 [n, d], L2-normalized.
        config: Sizes; clipped to what n rows allow, and the log says so.
        seed: Same seed, same layout.

    Returns:
        float32 [n] for each coordinate of `schema.LAYOUT`, each layout within about [-1, 1]; NaN for products that
        t-SNE did not place.
    """
    components = min(config.pca_components, *vectors.shape)
    if components < config.pca_components:
        _LOG.info("PCA to %d instead of %d: %d rows of %d", components, config.pca_components, *vectors.shape)
    reduced = PCA(components, svd_solver="full", random_state=seed).fit_transform(vectors).astype(np.float32)
    pca = np.zeros((len(vectors), 3), dtype=np.float32)
    pca[:, : min(3, components)] = reduced[:, :3]
    three, two = (_umap(reduced, size, config, seed) for size in (3, 2))
    layouts = {
        ("x", "y", "z"): three,
        ("umap2_x", "umap2_y"): two,
        ("pca_x", "pca_y", "pca_z"): pca,
        ("tsne_x", "tsne_y"): _tsne(reduced, config, seed),
    }
    return {
        name: column
        for names, points in layouts.items()
        for name, column in zip(names, scale_to_unit(points).T, strict=True)
    }


def _umap(reduced: np.ndarray, dimensions: int, config: LayoutConfig, seed: int) -> np.ndarray:
    n = len(reduced)
    if n < _FEWEST_FOR_UMAP:
        _LOG.info("%d products are too few for UMAP; the %dD layout is that of PCA", n, dimensions)
        return _first_components(reduced, dimensions)
    import umap  # compiles for seconds, which the other commands need not wait for

    neighbors = min(config.n_neighbors, n - 1)
    if neighbors < config.n_neighbors:
        _LOG.info("UMAP with %d neighbors instead of %d: %d products", neighbors, config.n_neighbors, n)
    mapper = umap.UMAP(
        n_components=dimensions,
        n_neighbors=neighbors,
        min_dist=config.min_dist,
        metric="cosine",
        init="spectral" if n >= _FEWEST_FOR_SPECTRAL else "random",
        random_state=seed,
        n_jobs=1,  # what a fixed random state allows
    )
    return mapper.fit_transform(reduced)


def _tsne(reduced: np.ndarray, config: LayoutConfig, seed: int) -> np.ndarray:
    """float32 [n, 2], NaN beyond a sample of rows (van der Maaten & Hinton 2008, "Visualizing data using t-SNE")."""
    n = len(reduced)
    if n < _FEWEST_FOR_TSNE or not reduced.any():  # all the same product: there is no direction to start from
        _LOG.info("%d products are too few or too alike for t-SNE; its layout is that of PCA", n)
        return _first_components(reduced, 2)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[: config.tsne_rows])
    if len(rows) < n:
        _LOG.info("t-SNE places %d of %d products", len(rows), n)
    perplexity = min(config.tsne_perplexity, (len(rows) - 1) / 3)
    points = np.full((n, 2), np.nan, dtype=np.float32)
    points[rows] = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(reduced[rows])
    return points


def _first_components(reduced: np.ndarray, dimensions: int) -> np.ndarray:
    points = np.zeros((len(reduced), dimensions), dtype=np.float32)
    points[:, : reduced.shape[1]] = reduced[:, :dimensions]
    return points


def scale_to_unit(points: np.ndarray) -> np.ndarray:
    """Points centered on their median and divided by one number, so that 99 % lie within [-1, 1] on every axis.

    Args:
        points: float32 [n, k]; rows of NaN stay so.
    """
    if not len(points):
        return points
    centered = points - np.nanmedian(points, axis=0)
    reach = np.nanquantile(np.abs(centered).max(axis=1), 0.99)
    return (centered / reach if reach > 0 else centered).astype(np.float32)
