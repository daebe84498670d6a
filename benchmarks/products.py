"""Made-up products for the benchmarks, as long and as alike as the real ones.

Of the real catalogue, in tokens of MiniLM: product texts have quartiles 30, 55 and 107, category paths a median of
18; a batch of 16 products names 133 candidates, 123 of them distinct.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.training.dataset import Examples

_NOUNS = (
    "apparel baby bag ball basket bath bead bed bench bike board bottle bowl box brush cable camera candle card care "
    "case chair clock coat coffee craft cup curtain desk dish door dress fabric fan filter frame game garden glass "
    "glove grill hair hat home hose jacket jewelry kitchen knife lamp light lock mat mirror mug music office oil "
    "paint pan paper pet pillow plant plate pump ring rope rug scale shelf shirt shoe sofa soap sport stand steel "
    "stone table tent tie tile tool towel toy tray vase wall watch water wheel window wood wool"
)
NOUNS = _NOUNS.split()
CANDIDATES = 9


@dataclass(frozen=True)
class Products:
    """Labeled products and their photos.

    Attributes:
        examples: n products; the i-th has the i-th photo.
        images: uint8 [n, size, size, 3].
    """

    examples: Examples
    images: np.ndarray


def make_products(n: int, *, image_size: int, paths: int, truths: int, seed: int = 0) -> Products:
    """Products with texts, photos and candidates.

    Args:
        n: Products.
        image_size: Side of the photos.
        paths: Size of the taxonomy.
        truths: Paths that are some product's truth, at most `paths`.
        seed: Same seed, same products.
    """
    rng = np.random.default_rng(seed)
    taxonomy = make_paths(paths, rng)
    texts = make_texts(n, rng)
    truth = rng.integers(0, truths, n)
    candidates = np.stack([_candidates(int(row), paths, rng) for row in truth])
    examples = Examples(
        texts=texts,
        image_rows=np.arange(n),
        truth=truth,
        candidates=candidates,
        target=(candidates == truth[:, None]).argmax(axis=1),
        paths=taxonomy,
    )
    return Products(examples, make_photos(n, image_size, rng))


def make_texts(count: int, rng: np.random.Generator) -> list[str]:
    """Product texts of realistic lengths."""
    words = np.clip(rng.lognormal(mean=np.log(50), sigma=0.9, size=count), 6, 400).astype(int)
    return [" ".join(rng.choice(NOUNS, length)) for length in words]


def make_photos(count: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Noise, uint8 [count, side, side, 3]."""
    return rng.integers(0, 255, (count, side, side, 3), dtype=np.uint8)


def make_paths(count: int, rng: np.random.Generator) -> tuple[str, ...]:
    """That many distinct category paths, of two to six levels."""
    paths: dict[str, None] = {}
    while len(paths) < count:
        depth = int(rng.integers(2, 7))
        levels = [f"{a} & {b}".title() for a, b in rng.choice(NOUNS, (depth, 2))]
        paths[" > ".join(levels)] = None
    return tuple(paths)


def _candidates(truth: int, paths: int, rng: np.random.Generator) -> np.ndarray:
    """The truth at a random place among others, int [CANDIDATES]."""
    drawn = rng.choice(paths, CANDIDATES, replace=False)
    others = drawn[drawn != truth][: CANDIDATES - 1]
    return np.insert(others, rng.integers(CANDIDATES), truth)
