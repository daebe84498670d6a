import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import ArtifactError
from pipeline.data.schema import LATER_COLUMNS
from pipeline.serving.catalog import ANALYSIS_KEY, METADATA_KEY, Catalog, check_match
from tests.serving.conftest import PRODUCTS
from tests.serving.fakes import DIMENSION, webp, write_catalog, write_fake_model


def test_rows_vectors_and_thumbnails_belong_together(catalog: Catalog) -> None:
    assert len(catalog) == len(PRODUCTS)
    assert not {"thumbnail", "fused_embedding"} & set(catalog.products.columns)
    for row, (title, path) in enumerate(PRODUCTS):
        assert catalog.row(f"p{row}") == row
        assert catalog.products.loc[row, ["title", "category_path"]].tolist() == [title, path]
        assert catalog.thumbnail(f"p{row}") == (None if row % 3 == 2 else webp((row, 0, 0)))
    vectors, present = catalog.vectors("image")
    assert vectors.shape == (len(PRODUCTS), DIMENSION)
    assert present.tolist() == [row % 3 != 2 for row in range(len(PRODUCTS))]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), present.astype(float), atol=1e-6)


def test_a_thumbnail_reads_its_row_group_only(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []
    read = catalog._read
    monkeypatch.setattr(catalog, "_read", lambda column, groups: asked.append(groups) or read(column, groups))
    catalog.thumbnail("p3")
    catalog.thumbnail("p3")
    assert asked == [[1]]


def test_an_unknown_product_is_a_key_error(catalog: Catalog) -> None:
    with pytest.raises(KeyError):
        catalog.thumbnail("nobody")


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "catalog.parquet"
    with pytest.raises(ArtifactError, match="no catalogue at"):
        Catalog.open(path)
    path.write_bytes(b"not parquet")
    with pytest.raises(ArtifactError, match="damaged or no parquet"):
        Catalog.open(path)
    write_catalog(path, PRODUCTS)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ArtifactError, match="damaged or no parquet"):
        Catalog.open(path)


def _rewrite(path: Path, meta: dict | None, drop: str | None = None) -> Path:
    table = pq.read_table(write_catalog(path, PRODUCTS))
    if drop is not None:
        table = table.drop_columns([drop])
    old = json.loads(table.schema.metadata[METADATA_KEY])
    new = None if meta is None else {METADATA_KEY: json.dumps({**old, **meta}).encode()}
    pq.write_table(table.replace_schema_metadata(new), path)
    return path


def test_a_foreign_or_other_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.parquet"
    with pytest.raises(ArtifactError, match="not a catalogue"):
        Catalog.open(_rewrite(path, None))
    with pytest.raises(ArtifactError, match="schema version 99"):
        Catalog.open(_rewrite(path, {"schema_version": 99}))
    with pytest.raises(ArtifactError, match="lacks the column title"):
        Catalog.open(_rewrite(path, {}, drop="title"))
    with pytest.raises(ArtifactError, match="dimensions"):
        Catalog.open(_rewrite(path, {"dimension": 8}))


def test_a_catalogue_from_before_the_analysis_opens(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    pq.write_table(pq.read_table(path).drop_columns(LATER_COLUMNS), path)
    catalog = Catalog.open(path)
    assert not set(LATER_COLUMNS) & set(catalog.products.columns)
    assert catalog.analysis is None


def test_an_analysis_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "catalog.parquet", PRODUCTS, analysis={"version": 0})
    with pytest.raises(ArtifactError, match="another version"):
        _ = Catalog.open(path).analysis
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, ANALYSIS_KEY: b"{"}), path)
    with pytest.raises(ArtifactError, match="unreadable analysis"):
        _ = Catalog.open(path).analysis


def test_catalogue_and_model_must_belong_together(catalog: Catalog, tmp_path: Path) -> None:
    model = tmp_path / "model"
    with pytest.raises(ArtifactError, match="no model bundle"):
        check_match(catalog, model)
    check_match(catalog, write_fake_model(model))
    (model / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ArtifactError, match="another model"):
        check_match(catalog, model)
