"""The nearest labeled products, and how far they agree."""

import numpy as np
import pytest

from pipeline.data.vectors import ProductVectors
from pipeline.search.evidence import NEAR_DUPLICATE, NEIGHBORS, NeighborEvidence, nearest_evidence
from tests.helpers.fakes import unit


def test_agreement_by_hand() -> None:
    evidence = NeighborEvidence(("A > B > C", "A > B", "D", "A > X"), (0.8, 0.4, 0.4, -0.2))
    assert evidence.common("A > B > C") == (3, 2, 0, 1)
    assert evidence.agreement("A > B > C") == pytest.approx((1.2 / 1.6, 1.2 / 1.6, 0.8 / 1.6))
    assert NeighborEvidence((), ()).agreement("A > B") == (0, 0)


@pytest.mark.parametrize("kind", ["text", "image", "fused"])
def test_the_nearest_are_those_of_a_scan(kind: str) -> None:
    rng = np.random.default_rng(0)

    def vectors(n: int) -> ProductVectors:
        parts = [unit(rng.normal(size=(n, 6))) for _ in range(3)]
        has_text, has_image = rng.random(n) < 0.8, rng.random(n) < 0.7
        return ProductVectors(*parts, has_text, has_image)

    queries, products, labels = vectors(300), vectors(40), [f"A > {number}" for number in range(40)]
    evidence = nearest_evidence(kind, queries, products, labels)
    text = np.where(products.has_text[:, None], products.text, products.fused)
    image = np.where(products.has_image[:, None], products.image, products.fused)
    cosines = {"text": queries.text @ text.T, "image": queries.image @ image.T}
    cosines["fused"] = (cosines["text"] + cosines["image"]) / 2
    for row, neighbors in enumerate(evidence):
        best = sorted(range(40), key=lambda number: -cosines[kind][row, number])[:NEIGHBORS]
        assert neighbors.categories == tuple(labels[number] for number in best)
        assert neighbors.similarities == pytest.approx(cosines[kind][row, best])


def test_a_product_is_no_evidence_for_itself() -> None:
    text, image = unit(np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 1, 0]])), unit(np.array([[0, 1, 0]] * 3))
    both, yes = unit(text + image), np.ones(3, dtype=bool)
    products, labels = ProductVectors(both, text, image, yes, yes), ["A", "B", "C"]

    def first(kind: str) -> NeighborEvidence:
        return nearest_evidence(kind, products, products, labels)[0]

    assert first("text").categories == first("fused").categories == ("B", "C")  # the photos alone are the same
    assert first("image") == NeighborEvidence((), ())
    assert max(first("fused").similarities) < NEAR_DUPLICATE
