import io

import numpy as np
import pytest
from PIL import Image

from pipeline.config.stages import SourceConfig
from pipeline.data.sources import RawRow, SourceError, open_source
from pipeline.demo import photos, source
from pipeline.demo.products import make_products
from pipeline.demo.render import encode


@pytest.fixture
def folder(tmp_path):
    """Photos of the first forty products, plain ones in place of rendered ones."""
    for product in make_products(count=40):
        if product.photo is not None:
            (tmp_path / product.photo).write_bytes(encode(np.full((16, 16, 3), 200, dtype=np.uint8)))
    return tmp_path


def test_the_demo_is_a_source_like_any_other(folder):
    opened = open_source(SourceConfig(location="demo:40", images=str(folder)))
    rows = list(opened)
    assert all(isinstance(row, RawRow) for row in rows)
    assert opened.splits == ("train", "test")
    assert opened.total == len(rows) == 40
    assert len({row.product_id for row in rows}) == 40
    for row in rows:
        assert row.category in row.candidates
        if row.image is not None:
            assert Image.open(io.BytesIO(row.image)).size == (16, 16)
    assert list(opened) == rows


def test_limit_counts_each_split(folder):
    opened = open_source(SourceConfig(location="demo:40", images=str(folder), limit=3))
    assert [row.split for row in opened] == ["train"] * 3 + ["test"] * 3


def test_missing_photos_without_a_renderer_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "can_render", lambda: False)
    with pytest.raises(SourceError, match=r"pip install -r requirements-demo.txt"):
        open_source(SourceConfig(location="demo:4", images=str(tmp_path)))


@pytest.mark.parametrize("location", ["demo:x", "demo:0", "demo:1:2:3", "demo:-4"])
def test_a_wrong_count_is_refused(location):
    with pytest.raises(SourceError, match="demo"):
        open_source(SourceConfig(location=location))


def test_photos_that_are_there_are_not_made_again(folder, monkeypatch):
    monkeypatch.setattr(photos, "can_render", lambda: False)
    assert photos.render_photos(make_products(count=40), folder) == 0
    with pytest.raises(ModuleNotFoundError, match="requirements-demo"):
        photos.render_photos(make_products(count=41), folder / "other")
