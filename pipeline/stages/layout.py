"""Stage layout: places every product in space, by PCA, then UMAP of its fused vector to 3D and to 2D, and t-SNE.

UMAP draws alike products into heaps; for the galaxy they are spread over the sky, as little as it takes. Reads the
embeddings, writes `layout.parquet`.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.special import ndtri
from scipy.stats import qmc
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from pipeline.artifacts import RunPaths
from pipeline.config.build import Config
from pipeline.config.stages import LayoutConfig
from pipeline.data.schema import LAYOUT, read_products, write_table
from pipeline.data.vectors import read_vectors
from pipeline.layout.sampled import fit_on_some
from pipeline.metrics.places import crowding

_LOG = logging.getLogger(__name__)
_FEWEST_FOR_UMAP = 5  # UMAP to 3D needs more rows than dimensions
_FEWEST_FOR_TSNE = 16  # with fewer its steps are too long, and it flies apart
_FEWEST_FOR_SPECTRAL = 16  # below it the spectral start has too few eigenvectors
_FEWEST_TO_SPREAD = 16
_ROUNDS, _TURNS, _STEP = 120, 12, 0.5  # at most; sets of axes of a round; share of the way to the sky's own places
_FLATNESS = 0.45  # height of the galaxy over its width
_BULGE = {2: 0.55, 3: 0.42}  # exponent of the radii; 1/2 and 1/3 would fill disc and ball evenly


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
        ("x", "y", "z"): spread(three, config.crowding, seed=seed),
        ("umap2_x", "umap2_y"): spread(two, config.crowding, seed=seed),
        ("heap_x", "heap_y", "heap_z"): three,
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
    return fit_on_some(mapper, reduced, config.umap_rows, seed=seed)


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


def spread(points: np.ndarray, most: float, *, seed: int) -> np.ndarray:
    """Push products apart until the densest tenth of the sky holds at most a part of them.

    Gradient flow of the sliced Wasserstein distance to an evenly filled disc or flat ball (Rabin et al. 2011; Bonneel
    et al. 2015): along many axes every product moves towards the place of its rank, which keeps their order along each
    of them, so neighbors stay neighbors. It stops as soon as the sky is filled.

    Args:
        points: float [n, 2] or [n, 3].
        most: That part, 0 to 1.
        seed: Same seed, same axes.

    Returns:
        float32 [n, k] along the principal axes of `points`; few points stay as they are.
    """
    n, dimensions = points.shape
    if n < _FEWEST_TO_SPREAD or not np.ptp(points, axis=0).any():
        return points.astype(np.float32)
    sky = _sky(n, dimensions)
    placed = PCA(dimensions, svd_solver="full", random_state=seed).fit_transform(points.astype(np.float64))
    placed *= sky.std(axis=0) / np.maximum(placed.std(axis=0), np.finfo(np.float32).tiny)
    rng = np.random.default_rng(seed)
    for _ in range(_ROUNDS):
        if crowding(placed) <= most:
            break
        step = np.zeros_like(placed)
        for _ in range(_TURNS):
            axes, _ = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))
            along = placed @ axes
            wanted = np.empty_like(along)
            np.put_along_axis(wanted, np.argsort(along, axis=0, kind="stable"), np.sort(sky @ axes, axis=0), axis=0)
            step += (wanted - along) @ axes.T
        placed += _STEP / _TURNS * step
    else:
        _LOG.info("the densest tenth of the sky still holds %.0f%% of the products", 100 * crowding(placed))
    return placed.astype(np.float32)


def _sky(n: int, dimensions: int) -> np.ndarray:
    """Places that fill a disc or a flat ball, somewhat denser in the middle: float64 [n, k], by Halton's sequence."""
    even = qmc.Halton(dimensions + 1, scramble=False).random(n + 1)[1:]
    directions = ndtri(even[:, :dimensions])
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    places = directions * even[:, dimensions:] ** _BULGE[dimensions]
    if dimensions == 3:
        places[:, 2] *= _FLATNESS
    return places


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
