import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import RawRow, open_source
from synthetic.__main__ import main
from synthetic.dataset import write_dataset
from synthetic.listings.products import SEED, make_products
from synthetic.photos import folder as module
from synthetic.photos.render import encode


@pytest.fixture
def photos(tmp_path):
    """Photos of the first forty products, plain ones in place of rendered ones."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for product in make_products(count=40):
        if product.photo is not None:
            (folder / product.photo).write_bytes(encode(np.full((16, 16, 3), 200, dtype=np.uint8)))
    return folder


def test_the_pipeline_reads_it_as_any_data_set(photos, tmp_path):
    assert main(["--out", str(tmp_path), "--photos", str(photos), "--count", "40"]) == 0
    opened = open_source(SourceConfig(location=str(tmp_path)))
    rows = list(opened)
    assert all(isinstance(row, RawRow) for row in rows)
    assert opened.splits == ("train", "test")
    assert opened.total == len(rows) == 40
    assert {row.product_id for row in rows} == {
        f"demo-{SEED}-{product.kind.name}-{product.serial:03d}" for product in make_products(count=40)
    }
    for row in rows:
        assert row.category in row.candidates
        if row.image is not None:
            assert Image.open(io.BytesIO(row.image)).size == (16, 16)


def test_the_same_seed_writes_the_same_rows(photos, tmp_path):
    tables = [
        [pq.read_table(path) for path in write_dataset(tmp_path / name, make_products(count=40), SEED, photos)]
        for name in ("a", "b")
    ]
    assert tables[0] == tables[1]
    assert sum(table.num_rows for table in tables[0]) == 40


def test_missing_photos_without_a_renderer_are_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "can_render", lambda: False)
    assert main(["--out", str(tmp_path), "--count", "4"]) == 1
    assert "pip install -e '.[synthetic]'" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("count", ["x", "0", "-4"])
def test_a_wrong_count_is_refused(count, capsys):
    with pytest.raises(SystemExit):
        main(["--count", count])
    assert "--count" in capsys.readouterr().err


def test_existing_photos_are_not_rendered_again(photos, monkeypatch):
    monkeypatch.setattr(module, "can_render", lambda: False)
    assert module.render_photos(make_products(count=40), photos) == 0
    with pytest.raises(ModuleNotFoundError, match=r"\[synthetic\]"):
        module.render_photos(make_products(count=41), photos / "other")
