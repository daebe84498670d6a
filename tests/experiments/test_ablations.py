"""Ablations: each trains the recipe with one change, and a change that is none is left out."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from experiments import ablations
from pipeline.artifacts import RunPaths
from pipeline.config.presets import compact, tiny
from pipeline.config.stages import SourceConfig
from pipeline.stages.runner import build
from tests.helpers.factories import write_dataset


def _changed(one, other):
    """Fields of the model and of the training that differ."""
    pairs = ((getattr(one, part), getattr(other, part)) for part in ("model", "train"))
    return {name for a, b in pairs for name, value in asdict(a).items() if asdict(b)[name] != value}


@pytest.mark.parametrize("name", ablations.VARIANTS)
def test_a_variant_changes_the_compact_recipe_by_what_it_is_called(name):
    together = {
        "no interpolation": {"alphas", "image_alphas", "gate_shifts"},
        "not centered": {"centered", "category_titles", "language_directions"},
        "plain heads": {"residual_text", "class_names"},
        "no losses of one modality": {"text_weight", "image_weight"},
        "no modality dropout": {"text_dropout", "image_dropout"},
    }
    recipe = replace(compact(), train=replace(compact().train, category_texts=("some.tsv",)))
    changed = _changed(recipe, ablations.VARIANTS[name](recipe))
    assert changed == together[name] if name in together else len(changed) == 1


def test_the_table_has_the_variants_that_are_asked_for(tmp_path, capsys, another_precision):
    source = write_dataset(tmp_path / "data")
    run = RunPaths(tmp_path / "run")
    build(replace(tiny(), source=SourceConfig(location=str(source))), run.root, only="ingest")
    names = ["recipe", "no InfoNCE", "not centered", "equal weights, no gate"]
    flags = ["--preset", "tiny", "--source", str(source), "--taxonomy", "rows", "--set", "train.stages.heads.epochs=1"]
    ablations.main(["--run", str(run.root), *flags, "--only", *names])
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines if line[0] in names] == ["recipe", "no InfoNCE", "equal weights, no gate"]
    assert lines[0] == ["variant", *ablations.COLUMNS]
    for line in lines[2:]:
        figures = dict(zip(ablations.COLUMNS, map(float, line[1:]), strict=True))
        for split in ("validation", "heldout"):
            assert 0 < figures[f"MRR, {split}"] <= 1
            assert 0 <= figures[f"open hF1 photo, {split}"] <= 1
        assert np.isnan(figures["MRR, heldout-source"]), "no source is held out"
        assert figures["alpha"] in (0.5, 1.0)
    assert not run.training_log.exists()
