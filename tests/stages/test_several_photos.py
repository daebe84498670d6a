"""Products with several photos, in the image cache of a run."""

import dataclasses

import numpy as np

from pipeline.artifacts import RunPaths
from pipeline.config import presets
from pipeline.config.stages import SourceConfig
from pipeline.data.schema import read_products
from pipeline.stages.runner import build
from tests.helpers.factories import COLORS, draw, encode


def test_further_photos_lie_behind_the_first_in_the_cache(tmp_path):
    for number, shape in enumerate(("disc", "cross", "square")):
        photo = encode(draw(shape, COLORS[number][1], np.random.default_rng(number)))
        (tmp_path / f"{shape}.jpg").write_bytes(photo)
    (tmp_path / "t.csv").write_text("title,image\nA b c d,cross.jpg|disc.jpg\nLamp,\nE f g h,square.jpg\n", "utf-8")
    config = dataclasses.replace(presets.tiny(), source=SourceConfig(location=str(tmp_path / "t.csv")))
    build(config, tmp_path / "run", only="ingest")
    run = RunPaths(tmp_path / "run")
    products, images = read_products(run.products), np.load(run.images)
    assert len(images) == 3
    assert dict(zip(products["title"], products["more_photos"], strict=True)) == {"A b c d": 1, "Lamp": 0, "E f g h": 0}
    rows = products.set_index("title")["image_row"]
    assert sorted((rows["A b c d"], rows["A b c d"] + 1, rows["E f g h"])) == [0, 1, 2]
    assert rows["Lamp"] == -1
    colors = [images[rows["A b c d"] + more].astype(int).min(axis=(0, 1)).argmax() for more in (0, 1)]
    assert colors == [int(np.argmax(COLORS[number][1])) for number in (1, 0)]
