"""Cards of repositories: read by the hub's own libraries, and renewed without losing the owner's words."""

from pathlib import Path

import datasets
import pytest
from huggingface_hub import DatasetCard, ModelCard

from pipeline.bundle.meta import read_meta
from pipeline.catalog.catalog import Catalog
from pipeline.hub.cards import END, START, bundle_card, catalog_card, renewed
from tests.helpers.fakes import PRODUCTS, write_catalog

SHIPPED = Path(__file__).parents[2] / "assets" / "model"


def test_datasets_reads_the_catalogue_by_its_card(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    catalog = Catalog.open(write_catalog(folder / "catalog.parquet", PRODUCTS))
    (folder / "README.md").write_text(catalog_card(catalog, "me/catalogue", "me/model@v1"), encoding="utf-8")
    (folder / "notes.csv").write_text("not,the\ncatalogue,!\n")
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"]["title"][:] == [title for title, _ in PRODUCTS]
    assert len(loaded["train"][0]["fused_embedding"]) == catalog.dimension


def test_the_card_of_a_catalogue(tmp_path: Path) -> None:
    catalog = Catalog.open(write_catalog(tmp_path / "catalog.parquet", PRODUCTS, demo=True))
    card = DatasetCard(catalog_card(catalog, "me/null", "me/model@v1"))
    assert card.data.pretty_name == "null"
    assert "7 products (train 7)" in card.text
    assert "made up" in card.text
    assert "MODEL_REPO=me/model@v1" in card.text
    for column in catalog.products.columns:
        assert f"`{column}`" in card.text, column


def test_the_card_of_a_bundle() -> None:
    meta = read_meta(SHIPPED)
    card = ModelCard(bundle_card(meta))
    assert card.data.base_model is None
    assert f"preset `{meta['preset']}`".lower() in card.text.lower()
    assert "Rerank the candidates: all rows" in card.text
    assert "Measured" not in bundle_card({**meta, "metrics": {}})


def test_towers_of_the_hub_are_the_bases_of_a_bundle() -> None:
    meta = read_meta(SHIPPED)
    text = {**meta["model"]["text"], "model_id": "BAAI/bge-base-en-v1.5"}
    card = ModelCard(bundle_card({**meta, "model": {**meta["model"], "text": text}}))
    assert card.data.base_model == ["BAAI/bge-base-en-v1.5"]


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (f"mine {START}\nold\n{END} too", f"mine {START}\nnew\n{END} too"),
        ("all mine", "all mine"),
        (f"cut off {START} old", f"cut off {START} old"),
    ],
)
def test_renewing_changes_only_the_part_between_the_marks(card: str, expected: str) -> None:
    assert renewed(card, f"---\n---\n{START}\nnew\n{END}\n") == expected


def test_a_card_written_by_the_owner_replaces_the_existing_one() -> None:
    assert renewed(f"{START}\nold\n{END}", "# By hand") == "# By hand"
