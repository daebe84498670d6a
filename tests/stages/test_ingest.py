import dataclasses
import json
import logging

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.config import presets
from pipeline.config.stages import IngestConfig, SourceConfig
from pipeline.data.schema import PRODUCTS, REJECTS, read_products
from pipeline.data.sources import SourceError
from pipeline.provenance import is_complete, read_provenance
from pipeline.stages import ingest
from pipeline.stages.runner import build, make_plans
from pipeline.taxonomy.paths import read_taxonomy
from tests.helpers import SHARED
from tests.helpers.factories import CATEGORIES, COLORS, draw, encode, make_row, write_dataset, write_rows

INGEST = IngestConfig(image_size=32, thumbnail_size=48, heldout_max_share=0.2)


def _config(location, **source):
    return dataclasses.replace(presets.tiny(), source=SourceConfig(location=str(location), **source), ingest=INGEST)


def _read(run):
    return read_products(run.products), pq.read_table(run.rejects).to_pandas()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ingest")
    config = _config(write_dataset(folder / "source", 240))
    build(config, folder / "run", only="ingest")
    return config, RunPaths(folder / "run")


def test_every_output_is_complete_and_in_its_schema(built):
    config, run = built
    plan = make_plans(config, run.root, ["ingest"])["ingest"]
    assert is_complete(ingest.outputs(run), plan.fingerprint)
    assert pq.read_schema(run.products).equals(PRODUCTS)
    assert pq.read_schema(run.rejects).equals(REJECTS)
    products, _ = _read(run)
    assert products.product_id.is_unique
    assert read_provenance(run.products).rows == len(products)
    assert not list(run.root.glob(".*"))


def test_every_row_of_the_source_is_a_product_or_a_reject(built):
    _, run = built
    products, rejects = _read(run)
    assert len(products) + len(rejects) == 240
    assert (products[products.split == "test"].source_row.sort_values().to_numpy() == np.arange(48)).all()
    assert set(products.split) == {"train", "validation", "heldout", "test"}


def test_no_group_spans_splits_and_held_out_categories_are_not_trained(built):
    products, _ = _read(built[1])
    assert products.groupby("group").split.nunique().max() == 1
    train = set(products[products.split == "train"].category_path)
    heldout = set(products[products.split == "heldout"].category_path)
    assert heldout
    assert not train & heldout
    assert set(products[products.split == "validation"].category_path) <= train


def test_texts_are_clean(built):
    products, _ = _read(built[1])
    assert not products.text.str.contains("<|&amp;|track|color: red").any()
    assert (products.language == "en").any()
    assert (products.description == "").any()


def test_photos_lie_where_the_products_say(built):
    _, run = built
    products, _ = _read(run)
    cache = np.load(run.images, mmap_mode="r", allow_pickle=False)
    with_photo = products[products.image_row >= 0]
    assert cache.shape == (len(with_photo), 32, 32, 3)
    assert sorted(with_photo.image_row) == list(range(len(cache)))
    assert (with_photo.image_width == 96).all()
    assert len(with_photo) < len(products), "missing and broken photos make text-only products"
    assert (products[products.image_row < 0].image_width == 0).all()
    thumbnails = pq.read_table(run.products, columns=["image_row", "thumbnail"]).to_pandas()
    assert (thumbnails.thumbnail.isna() == (thumbnails.image_row < 0)).all()
    assert all(data[8:12] == b"WEBP" for data in thumbnails.thumbnail.dropna())
    reds = with_photo[with_photo.title.str.contains("Red Shirt")]
    for row in reds.image_row:
        red, green, blue = cache[row][14:18, 14:18].reshape(-1, 3).mean(axis=0)
        assert red > max(green, blue) + 50
    assert len(reds)


def test_a_photo_that_shows_nothing_is_kept_with_its_flaw_and_brightness(tmp_path):
    rows = _rows(3)
    plain = Image.new("RGB", (64, 64), (51, 51, 51))
    rows[0]["product_image"] = {"bytes": encode(plain, "PNG"), "path": "plain.png"}
    rows[1]["product_image"] = None
    write_rows(tmp_path / "s" / "train.parquet", rows)
    ingest.run(_config(tmp_path / "s"), tmp_path / "run")
    products, _ = _read(RunPaths(tmp_path / "run"))
    assert products.photo_flaw.tolist() == ["one color", "", ""]
    assert products.image_row.tolist() == [0, -1, 1]
    assert products.brightness[0] == pytest.approx(0.2)
    assert np.isnan(products.brightness[1])
    assert 0 < products.brightness[2] < 1


def test_the_taxonomy_holds_every_path_and_its_parents(built):
    products, _ = _read(built[1])
    taxonomy = read_taxonomy(built[1].taxonomy)
    assert set(products.category_path) <= set(taxonomy.paths)
    assert {"Apparel & Accessories", "Toys & Games > Toys"} <= set(taxonomy.paths)


def test_the_same_input_and_seed_give_the_same_bytes(built, tmp_path):
    config, run = built
    ingest.run(config, tmp_path)
    again = RunPaths(tmp_path)
    for before, after in zip(ingest.outputs(run), ingest.outputs(again), strict=True):
        assert before.read_bytes() == after.read_bytes(), before.name
    ingest.run(dataclasses.replace(config, seed=18), tmp_path)
    other = read_products(again.products)
    assert not other.split.equals(read_products(run.products).split)
    assert other.product_id.equals(read_products(run.products).product_id)


def _rows(n, **changes):
    rng = np.random.default_rng(1)
    return [{**make_row(number, rng, dirt=False), **changes} for number in range(n)]


def test_a_duplicate_of_a_test_product_leaves_training_with_its_raw_row(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    rows = _rows(48)
    rng = np.random.default_rng(9)
    photo = draw("disc", COLORS[2][1], rng, size=160)
    test = [{**row, "product_title": f"Other {n} words"} for n, row in enumerate(_rows(5))]
    test[0]["product_title"] = rows[7]["product_title"].upper() + "!"
    test[1]["product_image"] = rows[11]["product_image"]
    rows[20]["product_image"] = {"bytes": encode(photo, quality=90), "path": "a.jpg"}
    test[2]["product_image"] = {"bytes": encode(photo.resize((120, 120)), "PNG"), "path": "b.png"}
    for row in test[3:]:
        row["product_image"] = None
    test[0]["product_image"] = None
    write_rows(tmp_path / "s" / "train.parquet", rows)
    write_rows(tmp_path / "s" / "test.parquet", test)
    ingest.run(_config(tmp_path / "s"), tmp_path / "run")
    products, rejects = _read(RunPaths(tmp_path / "run"))
    assert sorted(rejects.source_row) == [7, 11, 20]
    assert rejects.reason.str.startswith("duplicate of a test product (").all()
    raw = json.loads(rejects[rejects.source_row == 7].raw.item())
    assert raw["title"] == rows[7]["product_title"]
    assert raw["image"] == {"bytes": len(rows[7]["product_image"]["bytes"])}
    assert (products.split == "test").sum() == 5
    assert "rejected 3 rows: duplicate of a test product" in caplog.text


def test_what_is_rejected_and_what_is_only_counted(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    rows = _rows(30)
    empty = {"product_title": " ", "product_description": "<style>a{b:c}</style>"}
    rows[3] |= {**empty, "product_image": None}
    rows[4] |= {**empty, "product_image": {"bytes": b"<svg/>", "path": "photo.jpg"}}
    rows[5] |= empty
    rows[6]["potential_product_categories"] = [path for path, _, _ in CATEGORIES if path != CATEGORIES[6][0]]
    rows[7] |= {"ground_truth_category": None, "product_image": {"bytes": b"broken", "path": "photo.jpg"}}
    rows[8]["ground_truth_category"] = "Apparel &amp; Accessories>Shoes >  New"
    rows[8]["potential_product_categories"] = ["Apparel & Accessories > Shoes > New", "A", "", "A"]
    write_rows(tmp_path / "s" / "train.parquet", rows)
    ingest.run(_config(tmp_path / "s"), tmp_path / "run")
    products, rejects = _read(RunPaths(tmp_path / "run"))
    products = products.set_index("source_row")
    assert rejects.source_row.tolist() == [3, 4]
    assert rejects.reason.str.startswith("neither text nor a usable photo").all()
    assert json.loads(rejects.raw[1])["image"] == {"bytes": 6}
    assert products.text[5] == ""
    assert products.image_row[5] >= 0
    assert list(products.candidates[6]) == []
    assert products.category_path[6] == CATEGORIES[6][0]
    assert products.image_row[7] == -1
    assert products.split[7] == "train", "a row of unknown category is never cut from train"
    assert products.category_path.isna()[7]
    assert products.category_path[8] == "Apparel & Accessories > Shoes > New"
    assert list(products.candidates[8]) == ["Apparel & Accessories > Shoes > New", "A"]
    for counted in ("photo unusable: 1 rows", "truth not among the candidates, which were emptied: 1 rows"):
        assert counted in caplog.text


def test_a_repeated_id_is_rejected_and_test_is_cut_where_there_is_none(tmp_path):
    lines = ["product_id,product_title,ground_truth_category"]
    names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lamda"]
    lines += [f"{a}-{b},{a} {b} thing,Top > {a[0]}" for a in names for b in names]
    lines.append(f"{names[0]}-{names[0]},another,Top > a")
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    ingest.run(_config(tmp_path / "t.csv"), tmp_path / "run")
    products, rejects = _read(RunPaths(tmp_path / "run"))
    assert rejects.reason.tolist() == ["the product id 'alpha-alpha' was used before"]
    assert {"train", "test", "validation"} <= set(products.split)
    assert 0.1 < (products.split == "test").mean() < 0.2
    assert np.load(tmp_path / "run" / "images.npy").shape == (0, 32, 32, 3)


def test_a_configured_taxonomy_is_taken_and_completed(tmp_path, caplog):
    (tmp_path / "taxonomy.txt").write_text(
        "Apparel & Accessories > Clothing > Shirts\nOther > Leaf\n", encoding="utf-8"
    )
    ingest.run(_config(write_dataset(tmp_path / "s", 24), taxonomy=str(tmp_path / "taxonomy.txt")), tmp_path / "run")
    assert "Other > Leaf" in read_taxonomy(RunPaths(tmp_path / "run").taxonomy)
    assert "not in the configured taxonomy" in caplog.text
    with pytest.raises(ArtifactError, match="cannot be read"):
        ingest.run(_config(tmp_path / "s", taxonomy=str(tmp_path / "none.txt")), tmp_path / "run")


def test_a_failed_run_leaves_nothing_half_written(tmp_path):
    write_rows(tmp_path / "s" / "train.parquet", [{"product_title": "", "product_image": None}])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".images.npy.123.tmp").write_bytes(b"left by a killed run")
    with pytest.raises(SourceError, match="gives no product"):
        ingest.run(_config(tmp_path / "s"), tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []


def test_a_catalogue_of_ours_keeps_its_ids_and_splits(built, tmp_path):
    _, run = built
    products, _ = _read(run)
    table = pq.read_table(run.products).drop_columns(["image_row", "group", "text"])
    pq.write_table(pa.table(table), tmp_path / "catalog.parquet")
    ingest.run(_config(tmp_path / "catalog.parquet"), tmp_path / "run")
    again, rejects = _read(RunPaths(tmp_path / "run"))
    assert len(rejects) == 0
    assert again.set_index("product_id").split.to_dict() == products.set_index("product_id").split.to_dict()


def _without_text(row):
    return {**row, "product_title": "", "product_description": None}


@pytest.mark.parametrize("lacking", ["photo", "text"])
@pytest.mark.parametrize("count", [1, 6, 40])
def test_a_catalogue_without_any_photo_or_without_any_text(tmp_path, lacking, count):
    rows = _rows(count, product_image=None) if lacking == "photo" else [_without_text(row) for row in _rows(count)]
    write_rows(tmp_path / "s" / "train.parquet", rows)
    config = _config(tmp_path / "s")
    build(config, tmp_path / "run", only="ingest")
    run = RunPaths(tmp_path / "run")
    products, rejects = _read(run)
    assert (len(products), len(rejects)) == (count, 0)
    photos = np.load(run.images, mmap_mode="r", allow_pickle=False)
    assert photos.shape == (0 if lacking == "photo" else count, 32, 32, 3)
    assert (products.text == "").all() == (lacking == "text")
    assert (products.image_row == -1).all() == (lacking == "photo")
    assert products.brightness.isna().all() == (lacking == "photo")
    assert is_complete(ingest.outputs(run), make_plans(config, run.root, ["ingest"])["ingest"].fingerprint)


def test_a_catalogue_without_any_category(tmp_path):
    rows = _rows(6, ground_truth_category=None, potential_product_categories=None)
    write_rows(tmp_path / "s" / "train.parquet", rows)
    ingest.run(_config(tmp_path / "s"), tmp_path / "run")
    products, rejects = _read(RunPaths(tmp_path / "run"))
    assert (len(products), len(rejects)) == (6, 0)
    assert products.category_path.isna().all()


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("33-six-products/first-try.csv", 6),
        ("33-six-products/no-categories.csv", 10),
        ("35-text-only-build/products_export.csv", 90),
    ],
)
def test_small_and_photoless_catalogues_as_users_have_them(tmp_path, file, count):
    path = SHARED / "cases" / file
    if not path.exists():
        pytest.skip("the shared cases are not here")
    ingest.run(_config(path), tmp_path / "run")
    products, rejects = _read(RunPaths(tmp_path / "run"))
    assert (len(products), len(rejects)) == (count, 0)
    assert (products.image_row == -1).all()
