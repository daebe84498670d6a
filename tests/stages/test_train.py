"""The stage that trains: what it does beside training."""

from types import SimpleNamespace

import pytest

from pipeline.artifacts import RunPaths
from pipeline.bundle.files import read_ids
from pipeline.config.presets import tiny
from pipeline.data.schema import PRODUCTS, write_table
from pipeline.stages import train
from pipeline.taxonomy.paths import Taxonomy
from tests.helpers.fakes import write_small_model


@pytest.mark.parametrize("by_id", [{}, {"2169": "Home > Vases"}])
def test_a_trained_bundle_has_the_ids_of_the_runs_taxonomy(tmp_path, monkeypatch, by_id):
    run = RunPaths(tmp_path)
    write_table(run.products, PRODUCTS.empty_table())

    def trainer(config, paths, products):
        data = SimpleNamespace(taxonomy=Taxonomy.of(["Home > Clocks"], by_id=by_id))
        finish = lambda: write_small_model(paths.trained)  # noqa: E731
        return SimpleNamespace(data=data, train=lambda stage: None, finish=finish)

    monkeypatch.setattr(train, "Trainer", trainer)
    train.run(tiny(), tmp_path)
    assert read_ids(run.trained) == {path: identifier for identifier, path in by_id.items()}
