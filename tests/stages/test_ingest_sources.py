"""Sources of rows: carried into the products, and held out as a whole."""

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import RunPaths
from pipeline.config import presets
from pipeline.config.stages import ConfigError, IngestConfig, SourceConfig
from pipeline.data.schema import read_products
from pipeline.stages import ingest
from tests.helpers import SHARED
from tests.helpers.factories import make_row

INGEST = IngestConfig(image_size=32, thumbnail_size=48, heldout_max_share=0.2)


def _config(location, **ingesting):
    source = SourceConfig(location=str(location))
    return dataclasses.replace(presets.tiny(), source=source, ingest=dataclasses.replace(INGEST, **ingesting))


def _products(run_dir):
    return read_products(RunPaths(run_dir).products)


def _shops(folder):
    """Three sources of 80 products: two shops in a column, and one that is named by its folder."""
    rng = np.random.default_rng(5)
    for name in ("shop_1", "shop_2", ""):
        rows = [make_row(number, rng, dirt=False) for number in range(80)]
        cells = [{**row, "product_image": None, "source": name, "language": "nl" if name else ""} for row in rows]
        (folder / "cells").mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(cells), folder / "cells" / f"train-{name or 'none'}.parquet")
    return folder / "cells"


def test_a_held_out_source_is_a_split_of_its_own(tmp_path):
    ingest.run(_config(_shops(tmp_path), heldout_sources=("shop_2",)), tmp_path / "run")
    products = _products(tmp_path / "run")
    assert set(products.source) == {"shop_1", "shop_2", "cells"}
    assert set(products[products.source == "shop_2"].split) == {"heldout-source"}
    assert set(products[products.source != "shop_2"].split) == {"train", "validation", "heldout", "test"}
    assert set(products[products.source == "shop_1"].language) == {"nl"}, "the source's language, not the guess"
    assert set(products[products.source == "cells"].language) <= {"en", ""}


def test_a_final_fit_trains_on_held_out_sources_and_moves_no_other_row(tmp_path):
    location = _shops(tmp_path)
    for name, after_all in (("first", False), ("second", True)):
        ingest.run(_config(location, heldout_sources=("shop_2",), train_on_heldout=after_all), tmp_path / name)
    first, second = (_products(tmp_path / name).set_index("product_id").split for name in ("first", "second"))
    assert second.to_dict() == {
        name: "train" if split in ("heldout", "heldout-source") else split for name, split in first.items()
    }


def test_a_source_that_is_not_there_cannot_be_held_out(tmp_path):
    config = _config(_shops(tmp_path), heldout_sources=("shop_9",))
    with pytest.raises(ConfigError, match="'shop_9', which no row is of; the sources are cells, shop_1, shop_2"):
        ingest.run(config, tmp_path / "run")


@pytest.mark.skipif(not (SHARED / "data" / "catalogue2").exists(), reason="needs ../shared/data/catalogue2")
def test_rows_of_the_second_catalogue_keep_source_language_and_path(tmp_path):
    location = SHARED / "data" / "catalogue2"
    names = ["product_title", "ground_truth_category", "language", "source"]
    given = [row for part in sorted(location.glob("data/*.parquet")) for row in _first_rows(part, names, 100)]
    for part in sorted(location.glob("data/*.parquet")):
        (tmp_path / "s" / "data").mkdir(parents=True, exist_ok=True)
        table = next(pq.ParquetFile(part).iter_batches(100))
        pq.write_table(pa.Table.from_batches([table]), tmp_path / "s" / "data" / part.name)
    ingest.run(_config(tmp_path / "s"), tmp_path / "run")
    products = _products(tmp_path / "run")
    rejects = pq.read_table(RunPaths(tmp_path / "run").rejects)
    assert len(products) + len(rejects) == len(given) == 300
    assert set(products.source) == {row["source"] for row in given}
    assert set(products.language) == {row["language"] for row in given}
    assert set(products.category_path) <= {row["ground_truth_category"] for row in given}
    assert (products.candidates.str.len() == 0).all()


def _first_rows(path, columns, count):
    return next(pq.ParquetFile(path).iter_batches(count, columns=columns)).to_pylist()
