"""The stage table: what runs again when a setting or a file changes, and what a stage that runs alone refuses."""

import csv
from dataclasses import replace

import pytest
from PIL import Image

from pipeline.artifacts import ArtifactError, RunPaths, provenance_path
from pipeline.cli.options import with_bundle
from pipeline.config.presets import tiny
from pipeline.config.stages import EvaluationConfig, LayoutConfig, SourceConfig
from pipeline.data.schema import read_products
from pipeline.provenance import read_provenance
from pipeline.stages import runner
from pipeline.stages.runner import STAGES, build, make_plans
from tests.helpers.fakes import write_small_model

EVERY = [stage.name for stage in STAGES]


@pytest.fixture
def ran(monkeypatch):
    """Names of the stages that run; all but `ingest` only touch their outputs."""
    names = []

    def recorded(stage):
        def run(config, run_dir):
            names.append(stage.name)
            if stage.name == "ingest":
                return stage.run(config, run_dir)
            for path in stage.outputs(RunPaths(run_dir)):
                path.write_text(stage.name)

        return replace(stage, run=run)

    monkeypatch.setattr(runner, "STAGES", tuple(map(recorded, STAGES)))
    return names


@pytest.fixture
def shop(tmp_path):
    """A table with a folder of photos and a taxonomy, and the configuration that reads them."""
    write_csv(tmp_path / "products.csv", "Vase")
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (40, 40), (200, 30, 30)).save(tmp_path / "photos" / "one.png")
    (tmp_path / "taxonomy.txt").write_text("Home\nHome > Vases\n")
    source = SourceConfig(
        location=str(tmp_path / "products.csv"),
        images=str(tmp_path / "photos"),
        taxonomy=str(tmp_path / "taxonomy.txt"),
    )
    return replace(tiny(), source=source)


def write_csv(path, title):
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["product_title", "product_image", "ground_truth_category"])
        rows.writerow([title, "one.png", "Home > Vases"])
        rows.writerows([f"Bowl {number}", "", "Home > Bowls"] for number in range(4))


def test_every_stage_comes_after_those_it_needs():
    for number, stage in enumerate(STAGES):
        assert set(stage.needs) <= set(EVERY[:number]), stage.name


def test_every_setting_belongs_to_a_stage():
    named = {name for stage in STAGES for name in stage.config}
    assert named == set(vars(tiny()))


def test_what_is_complete_is_skipped(shop, tmp_path, ran, caplog):
    build(shop, tmp_path / "run")
    assert ran == EVERY
    build(shop, tmp_path / "run")
    assert ran == EVERY
    assert (tmp_path / "run" / "build.log").read_text().count("complete, skipped") == len(EVERY)


def test_a_corrected_table_under_the_same_name_is_read_again(shop, tmp_path, ran):
    build(shop, tmp_path / "run")
    write_csv(tmp_path / "products.csv", "Jug!")
    build(shop, tmp_path / "run")
    assert ran == [*EVERY, *EVERY]
    assert "Jug!" in set(read_products(RunPaths(tmp_path / "run").products)["title"])


def test_a_changed_photo_under_the_same_name_is_read_again(shop, tmp_path, ran):
    build(shop, tmp_path / "run")
    Image.new("RGB", (40, 40), (30, 30, 200)).save(tmp_path / "photos" / "one.png")
    build(shop, tmp_path / "run")
    assert ran == [*EVERY, *EVERY]


def test_a_changed_taxonomy_under_the_same_name_is_read_again(shop, tmp_path, ran):
    build(shop, tmp_path / "run")
    (tmp_path / "taxonomy.txt").write_text("Home\nHome > Vases\nHome > Lamps\n")
    build(shop, tmp_path / "run")
    assert ran == [*EVERY, *EVERY]
    assert "Home > Lamps" in RunPaths(tmp_path / "run").taxonomy.read_text()


def test_a_changed_bundle_under_the_same_name_is_taken_again(shop, tmp_path, ran):
    model = write_small_model(tmp_path / "model")
    config = with_bundle(shop, model)
    build(config, tmp_path / "run")
    with (model / "model.json").open("a") as file:
        file.write("\n")  # the weights stay
    assert with_bundle(shop, model) == config
    build(config, tmp_path / "run")
    assert ran == [*EVERY, *EVERY[EVERY.index("train") :]]


def test_a_changed_layout_is_not_measured_again(shop, tmp_path, ran):
    build(shop, tmp_path / "run")
    build(replace(shop, layout=LayoutConfig(n_neighbors=7)), tmp_path / "run")
    assert ran[len(EVERY) :] == ["layout", "cluster", "analyze", "publish"]


def test_a_changed_figure_is_not_laid_out_again(shop, tmp_path, ran):
    build(shop, tmp_path / "run")
    build(replace(shop, evaluation=EvaluationConfig(bootstrap=7)), tmp_path / "run")
    assert ran[len(EVERY) :] == ["measure", "publish"]


def test_new_products_are_not_joined_with_old_predictions(shop, tmp_path, ran):
    build(shop, tmp_path / "run")
    write_csv(tmp_path / "products.csv", "Jug!")
    with pytest.raises(ArtifactError, match="run stage 'ingest' again"):
        build(shop, tmp_path / "run", only="publish")
    build(shop, tmp_path / "run", only="ingest")
    with pytest.raises(ArtifactError, match=r"made with other settings or from other files.*run stage 'embed' again"):
        build(shop, tmp_path / "run", only="publish")
    build(shop, tmp_path / "run")
    assert ran == [*EVERY, *EVERY]


def test_a_stage_alone_asks_for_nothing_that_it_does_not_need(shop, tmp_path, ran):
    for stage in ("ingest", "train", "embed", "layout"):
        build(shop, tmp_path / "run", only=stage)
    with pytest.raises(ArtifactError, match=r"clusters\.parquet does not exist; run stage 'cluster' first"):
        build(shop, tmp_path / "run", only="analyze")
    assert ran == ["ingest", "train", "embed", "layout"]


def test_the_content_that_was_read_is_written_beside_it(shop, tmp_path, ran):
    build(shop, tmp_path / "run", only="ingest")
    written = provenance_path(RunPaths(tmp_path / "run").products).read_text()
    for part in ("source 1", "images", "taxonomy"):
        assert f'"{part}": ' in written
    assert make_plans(shop, tmp_path / "run", ["ingest"]).keys() == {"ingest"}


def test_what_is_half_written_is_not_taken_for_complete(shop, tmp_path, ran, monkeypatch):
    build(shop, tmp_path / "run")
    paths = RunPaths(tmp_path / "run")

    def dies(config, run_dir):
        paths.layout.write_text("half")
        raise KeyboardInterrupt

    changed = replace(shop, layout=LayoutConfig(n_neighbors=7))
    whole = runner.STAGES
    broken = tuple(replace(stage, run=dies) if stage.name == "layout" else stage for stage in whole)
    monkeypatch.setattr(runner, "STAGES", broken)
    with pytest.raises(KeyboardInterrupt):
        build(changed, paths.root)
    monkeypatch.setattr(runner, "STAGES", whole)
    build(shop, paths.root)
    assert ran[len(EVERY) :] == ["layout"]
    assert paths.layout.read_text() == "layout"


def test_only_the_first_process_says_that_a_stage_is_complete(shop, tmp_path, ran, monkeypatch):
    build(shop, tmp_path / "run", only="ingest")
    monkeypatch.setenv("RANK", "1")
    build(shop, tmp_path / "run", only="train")
    assert not provenance_path(RunPaths(tmp_path / "run").trained).exists()
    monkeypatch.setenv("RANK", "0")
    build(shop, tmp_path / "run", only="train")
    assert read_provenance(RunPaths(tmp_path / "run").trained).stage == "train"
