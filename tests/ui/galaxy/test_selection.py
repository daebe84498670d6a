import base64
import csv
import io

import gradio as gr
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ui.galaxy import selection
from ui.workspace import Workspace


def _mask(workspace: Workspace, rows: list[int]) -> str:
    bits = np.isin(np.arange(len(workspace.catalog)), rows)
    return base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def test_an_export_has_the_selected_products_and_no_formula(workspace: Workspace) -> None:
    products = workspace.catalog.products
    products.loc[2, "title"] = '=HYPERLINK("http://evil.example")'
    question = {"mask": _mask(workspace, [0, 2]), "kind": "csv"}
    answer = selection.export_rows(workspace, question)
    assert answer["name"] == "selection.csv"
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(answer["file"]).decode())))
    assert [row["product_id"] for row in rows] == products["product_id"].iloc[[0, 2]].tolist()
    assert rows[1]["title"] == "'" + products["title"][2]
    table = pq.read_table(
        pa.BufferReader(base64.b64decode(selection.export_rows(workspace, {**question, "kind": "parquet"})["file"]))
    )
    assert table["title"].to_pylist() == products["title"].iloc[[0, 2]].tolist()


def test_similar_products_are_not_among_the_selected(workspace: Workspace) -> None:
    found = selection.similar_to(workspace, {"mask": _mask(workspace, [0, 1])})["products"]
    assert {0, 1}.isdisjoint(one["row"] for one in found)
    assert len(found) == len(workspace.catalog) - 2
    scores = [one["similarity"] for one in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("question", [None, {}, {"mask": 3}, {"mask": "%"}, {"mask": ""}, {"mask": "AAAA" * 99}, []])
def test_what_is_no_mask_is_refused(workspace: Workspace, question: object) -> None:
    for handler in (selection.selection, selection.similar_to, selection.export_rows):
        with pytest.raises(gr.Error, match="Nothing is selected"):
            handler(workspace, question)
    with pytest.raises(gr.Error, match="csv, parquet"):
        selection.export_rows(workspace, {"mask": _mask(workspace, [1]), "kind": "exe"})
