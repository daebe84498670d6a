from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.data.text.listing import FIELD_COLUMNS
from tests.helpers.damage import edit_metadata, edit_model
from tests.helpers.fakes import DIMENSION, PRODUCTS, webp, write_catalog, write_fake_model


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
    np.testing.assert_allclose(np.linalg.norm(vectors[:], axis=1), 1, atol=1e-6)
    fused, _ = catalog.vectors("fused")
    np.testing.assert_array_equal(vectors[~present], fused[~present])
    np.testing.assert_array_equal(vectors[:], np.stack([vectors[row] for row in range(len(vectors))]))
    np.testing.assert_allclose(vectors.cosines(fused[3]), vectors[:] @ fused[3], atol=1e-6)


def test_a_thumbnail_reads_its_row_group_only(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    groups_read: list[list[int]] = []
    read = pq.ParquetFile.read_row_groups

    def recorded(file: pq.ParquetFile, groups: list[int], **options: Any) -> pa.Table:
        groups_read.append(groups)
        return read(file, groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", recorded)
    catalog.thumbnail("p3")
    catalog.thumbnail("p3")
    assert groups_read == [[1]]


def test_an_unknown_product_is_a_key_error(catalog: Catalog) -> None:
    with pytest.raises(KeyError):
        catalog.thumbnail("nobody")


def test_a_missing_or_unreadable_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
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


def test_a_foreign_file_or_another_version_is_refused(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    edit_metadata(path, ("schema_version",), 99, seal=True)
    with pytest.raises(ArtifactError, match="schema version 99"):
        Catalog.open(path)
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    with pytest.raises(ArtifactError, match="not a catalogue"):
        Catalog.open(path)


def test_a_catalogue_without_the_fields_of_listings_opens(tmp_path: Path) -> None:
    opened = Catalog.open(write_catalog(tmp_path / "catalog.parquet", PRODUCTS, lacking=FIELD_COLUMNS))
    opened.verify()
    assert opened.products[list(FIELD_COLUMNS)].eq("").all(axis=None)


def test_a_field_that_was_added_or_taken_away_is_damage(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["tags"]), path)
    with pytest.raises(ArtifactError, match="is damaged"):
        Catalog.open(path)
    pq.write_table(table.set_column(table.schema.get_field_index("tags"), "tags", [["x"] * len(table)]), path)
    with pytest.raises(ArtifactError, match="is damaged"):
        Catalog.open(path)


def test_an_analysis_of_another_version_is_refused(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "catalog.parquet", PRODUCTS, analysis={"version": 0})
    with pytest.raises(ArtifactError, match="another version"):
        _ = Catalog.open(path).analysis


def test_a_catalogue_without_an_analysis_opens(catalog: Catalog) -> None:
    assert catalog.analysis is None
    catalog.verify()


def test_catalogue_and_model_must_belong_together(catalog: Catalog, tmp_path: Path) -> None:
    model = tmp_path / "model"
    with pytest.raises(ArtifactError, match="no model bundle"):
        check_match(catalog, model)
    check_match(catalog, write_fake_model(model))
    edit_model(model, ("metrics",), {}, seal=True)
    with pytest.raises(ArtifactError, match=r"has the weights that .* was made with, but other categories"):
        check_match(catalog, model)
    edit_model(model, ("files", "model.safetensors"), "0" * 64, seal=True)
    with pytest.raises(ArtifactError, match="another model"):
        check_match(catalog, model)
