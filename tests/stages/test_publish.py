"""Measure, predict and publish on a small run with an untrained model: joined by id, checked on reading back."""

import dataclasses
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import ArtifactError, BundlePaths, RunPaths, write_json
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.writer import save_bundle
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.config.presets import tiny
from pipeline.config.stages import PublishConfig, SourceConfig
from pipeline.data.schema import CLUSTERS, HEAPS, LAYOUT, catalog_schema, read_products, read_table, write_table
from pipeline.data.vectors import read_vectors, unit
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.encoding import TokenCache
from pipeline.models.two_tower import TwoTower
from pipeline.provenance import Provenance, is_complete, read_provenance, write_provenance
from pipeline.stages import predict, publish
from pipeline.stages.runner import STAGES, build, make_plans
from pipeline.taxonomy.paths import levels, read_taxonomy
from tests.helpers.factories import write_dataset

_AFTER_LAYOUT = ("fit-predictor", "predict", "cluster", "analyze", "measure", "publish")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A run up to and with publish; the bundle is untrained, the layout drawn at random."""
    folder = tmp_path_factory.mktemp("run")
    source = SourceConfig(location=str(write_dataset(folder / "source", 120)))
    config = dataclasses.replace(tiny(), source=source, publish=PublishConfig(row_group_size=16, demo=True))
    run_dir = folder / "run"
    run = RunPaths(run_dir)
    build(config, run_dir, only="ingest")
    ids = read_products(run.products)["product_id"].tolist()
    plans = make_plans(config, run_dir)
    save_untrained(config, run)
    write_provenance(run.trained, Provenance.of(config, "train", plans["train"].fingerprint, ids))
    build(config, run_dir, only="embed")
    shuffled = np.random.default_rng(0).permutation(ids)
    points = {name: np.arange(len(ids), dtype=np.float32) + n for n, name in enumerate(LAYOUT.names[1:])}
    layout = pa.table({"product_id": shuffled, **points}, schema=LAYOUT)
    write_table(run.layout, layout)
    write_provenance(run.layout, Provenance.of(config, "layout", plans["layout"].fingerprint, ids))
    for stage in _AFTER_LAYOUT:
        build(config, run_dir, only=stage)
    return config, run


def save_untrained(config, run):
    model = TwoTower(config.model)
    paths = read_taxonomy(run.taxonomy).paths
    vectors = unit(np.random.default_rng(0).normal(size=(len(paths), config.model.dimension)).astype(np.float32))
    save_bundle(
        run.trained,
        model,
        TokenCache(load_tokenizer(config.model.text), config.model.text.max_tokens),
        categories=paths,
        category_vectors=vectors,
        seen=paths[::2],
        meta={"preset": config.preset},
    )


def test_every_output_is_complete(built):
    config, run = built
    plans = make_plans(config, run.root)
    for stage in STAGES:
        assert is_complete(stage.outputs(run), plans[stage.name].fingerprint)
    assert read_provenance(run.catalog).stage == "publish"


def test_the_evaluation_has_the_splits_that_were_not_trained_on(built):
    _, run = built
    figures = json.loads(run.evaluation.read_text())
    counts = read_products(run.products)["split"].value_counts()
    assert {split: part["n"]["rows"] for split, part in figures.items()} == counts.drop("train").to_dict()
    assert "fused" in figures["test"]["rerank"]


def test_the_catalogue_is_plain_parquet_with_metadata(built):
    config, run = built
    file = pq.ParquetFile(run.catalog)
    assert file.schema_arrow.remove_metadata() == catalog_schema(config.model.dimension)
    assert file.metadata.num_row_groups == -(-file.metadata.num_rows // 16)
    meta = json.loads(file.metadata.metadata[b"product_galaxy"])
    assert meta["demo"] is True
    assert meta["dimension"] == config.model.dimension
    assert meta["provenance"] == dataclasses.asdict(read_provenance(run.catalog))
    check_match(Catalog.open(run.catalog), run.model)


def test_rows_are_joined_by_id(built):
    _, run = built
    catalog = pq.read_table(run.catalog).to_pandas().set_index("product_id")
    products = read_table(run.products).to_pandas().set_index("product_id")
    assert list(catalog.index) == list(products.index)
    for name in ("title", "split", "category_path", "thumbnail"):
        assert catalog[name].equals(products[name])
    layout = read_table(run.layout).to_pandas().set_index("product_id").loc[catalog.index]
    for name in LAYOUT.names[1:]:
        if name in HEAPS:
            assert name not in catalog
        else:
            np.testing.assert_array_equal(catalog[name], layout[name])
    clusters = read_table(run.clusters).to_pandas().set_index("product_id").loc[catalog.index]
    for name in ("cluster", "dbscan"):
        assert catalog[name].equals(clusters[name])
    vectors = read_vectors(run.embeddings, list(catalog.index))
    stored, present = Catalog.open(run.catalog).vectors("image")
    np.testing.assert_array_equal(present, vectors.has_image)
    np.testing.assert_allclose(stored[present], vectors.image[present], atol=1e-6)
    assert set(catalog["category_top"]) == {levels(path)[0] for path in products["category_path"]}


def test_the_analysis_counts_what_the_catalogue_holds(built):
    _, run = built
    catalog = Catalog.open(run.catalog)
    products, analysis = catalog.products, catalog.analysis
    data, space, predictions = analysis["data"], analysis["space"], analysis["predictions"]
    assert data["products"] == len(catalog)
    assert dict(data["tops"]) == products["category_top"].value_counts().to_dict()
    assert dict(data["splits"]) == products["split"].value_counts().to_dict()
    assert (
        data["images"]["with_photo"] == catalog.vectors("image")[1].sum() == sum(data["images"]["brightness"]["counts"])
    )
    assert {products.loc[catalog.row(one), "category_path"] for one in data["typical"]} == set(
        products["category_path"]
    )
    shared = products.groupby(["cluster", "category_top"]).size()
    for cluster_number, counts in enumerate(space["shared"]):
        for top, count in zip(space["tops"], counts, strict=True):
            assert shared.get((cluster_number, top), 0) == count
        for product_id in space["nearest"][cluster_number]:
            assert products.loc[catalog.row(product_id), "cluster"] == cluster_number
    assert space["in_none"] == (products["dbscan"] < 0).sum()
    assert predictions["right"] == (products["category_path"] == products["predicted_path"]).sum()
    assert predictions["rows"] == (products["split"] != "train").sum()
    assert sum(map(sum, predictions["confused"])) == len(catalog)


def test_candidate_scores_are_cosines_in_the_order_of_candidates(built):
    _, run = built
    bundle, catalog = load_bundle(run.trained), pq.read_table(run.catalog).to_pandas()
    fused = read_vectors(run.embeddings, catalog["product_id"].tolist()).fused
    for row in (0, 7, len(catalog) - 1):
        expected = bundle.encode_categories(list(catalog["candidates"][row])) @ fused[row]
        np.testing.assert_allclose(catalog["candidate_scores"][row], expected, atol=1e-5)


def test_products_without_candidates_have_no_scores(built):
    _, run = built
    bundle = load_bundle(run.trained)
    fused = np.eye(4, bundle.dimension, dtype=np.float32)
    path = bundle.categories[0]
    scores = predict.candidate_scores(bundle, fused, [None, [path], [], [path, path]])
    assert [None if row is None else len(row) for row in scores] == [None, 1, 0, 2]
    assert predict.candidate_scores(bundle, fused[:1], [None]) == [None]


def test_predictions_are_paths_of_the_model_with_falling_confidence(built):
    _, run = built
    bundle, catalog = load_bundle(run.trained), pq.read_table(run.catalog).to_pandas()
    for path, confidences in zip(catalog["predicted_path"], catalog["predicted_confidences"], strict=True):
        assert path in bundle.categories
        assert len(confidences) == len(levels(path))
        assert (np.diff(confidences) <= 1e-6).all()
        assert 0 < confidences[-1] <= confidences[0] <= 1


def test_the_published_bundle_is_the_trained_one_with_its_figures(built):
    _, run = built
    meta = json.loads(BundlePaths(run.model).meta.read_text())
    assert meta["metrics"] == json.loads(run.evaluation.read_text())
    assert BundlePaths(run.model).weights.read_bytes() == BundlePaths(run.trained).weights.read_bytes()
    text = ["a red vase"]
    np.testing.assert_array_equal(
        load_bundle(run.model).encode_texts(text), load_bundle(run.trained).encode_texts(text)
    )


def test_publishing_again_gives_the_same_catalogue(built):
    config, run = built
    before = pq.read_table(run.catalog)
    publish.run(config, run.root)
    assert pq.read_table(run.catalog).equals(before)


@pytest.fixture
def copied(built, tmp_path):
    config, run = built
    shutil.copytree(run.root, tmp_path / "copy")
    return config, RunPaths(tmp_path / "copy")


def test_a_lost_cluster_row_is_named(copied):
    config, run = copied
    ids = read_table(run.clusters)["product_id"].to_pylist()
    zeros = [0] * (len(ids) - 1)
    lost = pa.table({"product_id": ids[1:], "cluster": zeros, "dbscan": zeros}, schema=CLUSTERS)
    write_table(run.clusters, lost)
    with pytest.raises(ArtifactError, match=f"lacks 1 products \\(first: {ids[0]}\\)"):
        publish.run(config, run.root)


def test_a_stage_of_another_configuration_is_refused(copied):
    config, run = copied
    for stage in ("publish", "measure"):
        with pytest.raises(ArtifactError, match="run stage 'ingest' again"):
            build(dataclasses.replace(config, seed=99), run.root, only=stage)


def test_a_catalogue_that_is_not_what_was_written_is_refused(copied):
    _, run = copied
    table = pq.read_table(run.catalog)
    publish.check_published(run, table, 16)
    with pytest.raises(ArtifactError, match="row groups are too large"):
        publish.check_published(run, table, 8)
    with pytest.raises(ArtifactError, match="differ from those written"):
        publish.check_published(run, table.slice(1), 16)


def test_a_damaged_evaluation_is_one_sentence(copied):
    config, run = copied
    run.evaluation.write_text("{")
    with pytest.raises(ArtifactError, match="run stage 'measure' again"):
        publish.run(config, run.root)
    write_json(run.evaluation, {})
    publish.run(config, run.root)
    assert not [path for path in run.root.iterdir() if path.name.endswith(".tmp")]
