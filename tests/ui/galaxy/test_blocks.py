import numpy as np
import pandas as pd
import pytest

from tests.helpers.space.blocks import unpack
from ui.galaxy import blocks
from ui.workspace import Workspace


def test_a_block_round_trips() -> None:
    columns = {
        "a": np.array([0, 255], "u1"),
        "b": np.array([1, 65_535, 258], "<u2"),
        "c": np.array([-32_767, 5], "<i2"),
        "d": np.array([70_000], "<u4"),
    }
    header, unpacked = unpack(blocks.pack({"name": "ü"}, columns))
    assert header["name"] == "ü"
    assert {name: column.tolist() for name, column in unpacked.items()} == {k: v.tolist() for k, v in columns.items()}


def test_the_points_block_contains_every_product(workspace: Workspace) -> None:
    products = workspace.catalog.products
    header, columns = unpack(blocks.points(products))
    assert header["rows"] == len(products)
    assert {len(column) for column in columns.values()} == {len(products)}
    for name, numbers in (("category_path", "category"), ("split", "split"), ("language", "language")):
        names = [None, *header[{"category": "categories"}.get(numbers, f"{numbers}s")]]
        decoded = [names[number] for number in columns[numbers]]
        assert decoded == [value or None for value in products[name]]
    brands = [None, *unpack(blocks.brands(products))[0]["brands"]]
    assert [brands[number] for number in columns["brand"]] == [value or None for value in products["brand"]]


def test_quantized_points_keep_their_proportions(workspace: Workspace) -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(50, 3)) * [5, 1, 0.1] + [100, 0, -7]
    quantized = blocks.quantize(points).astype(float)
    assert np.abs(quantized).max() == 32_767
    step = (points[1:] - points[0]) / (quantized[1:] - quantized[0])
    assert np.median(step, axis=0) == pytest.approx(np.full(3, np.median(step)), rel=0.05)
    assert blocks.quantize(np.array([[np.nan, 1.0], [np.inf, 2.0]]))[:, 0].tolist() == [0, 0]
    assert not blocks.quantize(np.full((4, 2), 3.0)).any()
    _, columns = unpack(blocks.layout(workspace.catalog.products, "umap2"))
    assert set(columns) == {"x", "y"}
    with pytest.raises(KeyError):
        blocks.layout(workspace.catalog.products, "nothing")


def test_correctness_says_at_which_level_a_prediction_goes_wrong() -> None:
    products = pd.DataFrame(
        {
            "category_path": ["A > B", "A > B", "A > B", None, "A > B"],
            "predicted_path": ["A > B", "A > C", "D > B", "A > B", None],
        }
    )
    expected = [blocks.RIGHT, blocks.NEAR, blocks.WRONG, blocks.UNKNOWN, blocks.UNKNOWN]
    assert blocks.correctness(products).tolist() == expected


def test_columns_that_are_missing_or_empty_are_named(workspace: Workspace) -> None:
    products = workspace.catalog.products.drop(columns=["predicted_path", "predicted_confidences"]).assign(brand="")
    header, columns = unpack(blocks.points(products))
    assert {"predictions", "confidences", "brands"} <= set(header["missing"])
    assert set(columns["confidence"]) == {blocks.NO_CONFIDENCE}
    assert set(columns["correct"]) == {blocks.UNKNOWN}
