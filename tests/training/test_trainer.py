"""Training on catalogs that lack a modality."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.config.presets import tiny
from pipeline.config.stages import SourceConfig
from pipeline.stages.runner import build
from tests.helpers.factories import make_row, write_rows


@pytest.mark.parametrize(
    "missing", [{"product_image": None}, {"product_title": "", "product_description": ""}], ids=["photos", "texts"]
)
def test_a_catalog_without_one_modality_can_be_trained_on(tmp_path, missing):
    rows = [make_row(number, np.random.default_rng(number), dirt=False) | missing for number in range(60)]
    source = SourceConfig(location=str(write_rows(tmp_path / "rows.parquet", rows)))
    config = replace(tiny(), source=source)
    paths = RunPaths(tmp_path / "run")
    for stage in ("ingest", "train"):
        build(config, paths.root, only=stage)
    bundle = load_bundle(paths.trained)
    assert np.isfinite(bundle.encode_texts(["a red mug"])).all()
    if "product_image" in missing:
        assert "stage vision skipped: no training row has a photo" in paths.log.read_text()
