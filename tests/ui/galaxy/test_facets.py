import numpy as np
import pandas as pd

from tests.helpers.space.blocks import unpack
from ui.galaxy import facets
from ui.workspace import Workspace


def test_columns_are_found_by_what_they_hold() -> None:
    n = 60
    products = pd.DataFrame(
        {
            "product_id": [f"p{row}" for row in range(n)],
            "title": ["the same"] * n,
            "x": np.linspace(0, 1, n),
            "price": [np.nan, *np.linspace(1, 100, n - 1)],
            "sku": [f"unlike {row}" for row in range(n)],
            "color": ["red", "red", "blue"] * 20,
            "brand": [f"brand {row % 15}" for row in range(n)],
            "is_secondhand": [True, False] * 30,
            "constant": ["one"] * n,
        }
    )
    found = {facet.id: facet for facet in facets.find_facets(products)}
    assert list(found) == ["price", "color", "brand", "is_secondhand"]
    assert found["color"].names == ["red", "blue"]
    assert found["color"].bars.tolist() == [1, 1, 2] * 20
    assert found["brand"].names[-1] == "3 others"
    assert (found["brand"].bars == 13).sum() == 12
    assert found["price"].bars[0] == 0
    edges, bars = np.array(found["price"].edges), found["price"].bars
    for row in range(2, n - 2):
        assert edges[bars[row] - 1] <= products["price"][row] <= edges[bars[row]] + 1e-3


def test_the_block_counts_every_product(workspace: Workspace) -> None:
    header, columns = unpack(facets.facets(workspace.catalog.products))
    by_id = {facet["id"]: facet for facet in header["facets"]}
    assert {"category_top", "category_depth2"} <= set(by_id)
    tops = [None, *by_id["category_top"]["names"]]
    assert [tops[bar] for bar in columns["category_top"]] == workspace.catalog.products["category_top"].tolist()
