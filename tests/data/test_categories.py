"""Categories of whole files, as the cases have them: ids, numbers, case, other separators."""

import dataclasses
import logging

import pytest

from pipeline.artifacts import RunPaths
from pipeline.config import presets
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import read_products
from pipeline.stages import ingest
from pipeline.taxonomy.paths import read_taxonomy
from tests.helpers import SHARED

SHOPIFY = """Handle,Title,Body (HTML),Product Category
sofa-bed,Sofa bed with storage,Folds out,fr-22-7
strap,Yoga strap,Cotton,gid://shopify/TaxonomyCategory/sg-4-17-2-17
mug,Stoneware mug,350 ml,Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""
RELEASE = """gid://shopify/TaxonomyCategory/fr-22-7 : Furniture > Sofas > Sofa Beds
gid://shopify/TaxonomyCategory/hg-11-10-2-4 : Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""
GOOGLE = """# Google_Product_Taxonomy_Version: 2021-09-21
166 - Apparel & Accessories
2169 - Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""


def _ingested(tmp_path, source, taxonomy=None, **options):
    """Category by title, and the paths of the run's taxonomy."""
    if taxonomy is not None:
        (tmp_path / "given.txt").write_text(taxonomy, encoding="utf-8")
        options["taxonomy"] = str(tmp_path / "given.txt")
    config = dataclasses.replace(presets.tiny(), source=SourceConfig(location=str(source), **options))
    ingest.run(config, tmp_path / "run")
    run = RunPaths(tmp_path / "run")
    products = read_products(run.products)
    categories = [path if isinstance(path, str) else None for path in products["category_path"]]
    return dict(zip(products["title"], categories, strict=True)), read_taxonomy(run.taxonomy, may_be_empty=True)


def test_an_id_in_a_shops_export_is_looked_up_in_the_taxonomy_and_else_unknown(tmp_path, caplog):
    (tmp_path / "export.csv").write_text(SHOPIFY, encoding="utf-8")
    with caplog.at_level(logging.INFO):
        categories, taxonomy = _ingested(tmp_path, tmp_path / "export.csv", RELEASE)
    assert categories["Sofa bed with storage"] == "Furniture > Sofas > Sofa Beds"
    assert categories["Yoga strap"] is None
    assert "category is an id that no given taxonomy has: unknown: 1 rows" in caplog.text
    assert taxonomy.ids["Furniture > Sofas > Sofa Beds"] == "gid://shopify/TaxonomyCategory/fr-22-7"
    assert not any("gid" in path for path in taxonomy.paths)


def test_without_a_taxonomy_an_id_is_unknown_and_never_a_category(tmp_path, caplog):
    (tmp_path / "export.csv").write_text(SHOPIFY, encoding="utf-8")
    with caplog.at_level(logging.INFO):
        categories, taxonomy = _ingested(tmp_path, tmp_path / "export.csv")
    assert (categories["Sofa bed with storage"], categories["Yoga strap"]) == (None, None)
    assert "category is an id that no given taxonomy has: unknown: 2 rows" in caplog.text
    assert taxonomy.paths[0] == "Home & Garden"


def _folder(number):
    if not (SHARED / "cases").exists():
        pytest.skip("needs the cases beside the repository")
    [folder] = (SHARED / "cases").glob(f"{number}-*")
    return folder


def test_the_number_of_a_google_feed_is_looked_up(tmp_path, caplog):
    columns = (("product_id", "id"), ("product_title", "title"), ("ground_truth_category", "google_product_category"))
    with caplog.at_level(logging.INFO):
        categories, _ = _ingested(tmp_path, _folder("08") / "feed.tsv", GOOGLE, columns=columns)
    assert categories["Coffee mug 350 ml"] == "Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs"
    assert (categories["Summer dress, linen"], categories["Baseball cap"]) == (None, None)
    assert categories["Tea pot 1 l"] == "Home & Garden > Kitchen & Dining > Tableware > Coffee Servers & Tea Pots"
    assert "category is an id that no given taxonomy has: unknown: 2 rows" in caplog.text


def test_the_ids_of_a_shops_export_of_the_cases(tmp_path):
    taxonomy = (_folder("06") / "categories.txt").read_text(encoding="utf-8")
    [export] = _folder("05").glob("*.csv")
    categories, _ = _ingested(tmp_path, export, taxonomy)
    assert categories["Sofa bed with storage"] == "Furniture > Sofas > Sofa Beds"
    assert categories["Linen dress"] is None
    assert categories["Stoneware mug"].endswith("Drinkware > Mugs")


def test_other_case_and_arrows_are_one_category_and_other_separators_are_warned_of(tmp_path, caplog):
    categories, _ = _ingested(tmp_path, _folder("30") / "products.csv")
    shirts = {categories[title] for title in ("T-shirt navy", "Band T-shirt", "Plain tee", "Striped tee")}
    assert len(shirts) == 1
    assert {categories["Mug"], categories["Mug blue"]} == {"Home & Garden > Mugs"}
    assert categories["Mug red"] == "Home > Mugs"
    assert "category paths differ from another in case alone" in caplog.text
    assert "2 categories hold '|' or '/' and no '>'" in caplog.text
