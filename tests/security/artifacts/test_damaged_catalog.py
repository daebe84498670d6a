"""A catalogue that is damaged or was changed: one sentence, or the very answers of the whole one; never others."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import app
from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.catalog.meta import ANALYSIS_KEY, CatalogFields, Contents, write_catalog
from pipeline.data.schema import catalog_schema
from pipeline.data.sources.base import SourceError
from pipeline.data.sources.parquet import open_file
from pipeline.data.text.listing import FIELD_COLUMNS
from pipeline.provenance import Provenance
from tests.helpers import fakes
from tests.helpers.damage import (
    ABSENT,
    describe,
    edit_metadata,
    flip,
    metadata,
    publish_again,
    put,
    refusal,
    set_metadata,
    with_column,
    write_again,
    wrong_fields,
)
from tests.helpers.fakes import CATEGORIES, DIMENSION, PRODUCTS, write_fake_model
from ui.components import cards
from ui.galaxy import routes

SHIPPED = Path(app.__file__).with_name("catalog.parquet")
OWNERS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (CatalogFields, ()),
    (Provenance, ("provenance",)),
    (Contents, ("contents",)),
)
FIELDS = [case for owner, place in OWNERS for case in wrong_fields(owner, place)]
FLIPS = 200
Answers = tuple[str, list[bytes], list[bytes | None], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small catalogue, of four row groups."""
    return fakes.write_catalog(tmp_path / "catalog.parquet", PRODUCTS)


def answers(catalog: Catalog) -> Answers:
    """All that the Space reads of a catalogue."""
    vectors = [np.asarray(array).tobytes() for kind in ("fused", "text", "image") for array in catalog.vectors(kind)]
    photos = [catalog.thumbnail(product_id) for product_id in catalog.products["product_id"]]
    return catalog.products.to_json(), vectors, photos, catalog.analysis


def chunk(path: Path, column: str, group: int) -> range:
    """The bytes of a column in a row group."""
    row_group = pq.read_metadata(path).row_group(group)
    for at in range(row_group.num_columns):
        one = row_group.column(at)
        if one.path_in_schema.split(".")[0] == column:
            start = one.dictionary_page_offset or one.data_page_offset
            return range(start, start + one.total_compressed_size)
    raise KeyError(column)


@pytest.mark.parametrize(("place", "value"), FIELDS, ids=[describe(*case) for case in FIELDS])
def test_a_field_that_is_missing_or_of_another_type(path: Path, place: tuple[str, ...], value: Any) -> None:
    meta = metadata(path)
    put(meta, place, value)
    set_metadata(path, meta=json.dumps(meta).encode())
    sentence = refusal(Catalog.open, path)
    if place == ("schema_version",):
        assert "schema version" in sentence
    else:
        assert place[-1] in sentence if value is ABSENT else ".".join(place) in sentence


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("demo",), True, "was changed after it was written"),
        (("dimension",), 8, "was changed after it was written"),
        (("bundle",), "0" * 64, "was changed after it was written"),
        (("provenance", "preset"), "compact", "was changed after it was written"),
        (("dimension",), 0, "dimension should be greater than 0"),
        (("model",), "x", "model String should match"),
        (("contents", "thumbnails"), [], "7 rows need 4 hashes of thumbnails"),
        (("contents", "vectors", "text"), ABSENT, "one for each kind of vectors"),
    ],
)
def test_a_changed_value_is_refused(path: Path, place: tuple[str, ...], value: Any, sentence: str) -> None:
    edit_metadata(path, place, value, seal=False)
    assert sentence in refusal(Catalog.open, path)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_metadata_that_are_no_json_object_are_refused(path: Path, text: bytes) -> None:
    set_metadata(path, meta=text)
    assert f"The metadata of {path} is damaged" in refusal(Catalog.open, path)


def test_metadata_of_another_table_are_refused(path: Path) -> None:
    edit_metadata(path, ("contents", "products"), "0" * 64, seal=True)
    assert "its product columns are not those that were published" in refusal(Catalog.open, path)
    edit_metadata(path, ("dimension",), 8, seal=True)
    assert "fused_embedding holds fixed_size_list" in refusal(Catalog.open, path)


@pytest.mark.parametrize("name", catalog_schema(DIMENSION).names)
def test_a_column_that_is_missing_or_of_another_type(path: Path, name: str) -> None:
    table, kind = pq.read_table(path), catalog_schema(DIMENSION).field(name).type
    other = pa.array([b"x" if kind == pa.string() else "x"] * len(table))
    write_again(path, with_column(name, other))
    assert f"the column {name} holds" in refusal(Catalog.open, path)
    write_again(path, lambda changed: changed.drop_columns([name]))
    said = "its product columns are not those" if name in FIELD_COLUMNS else f"lacks the column {name}"
    assert said in refusal(Catalog.open, path)


def test_a_column_that_is_there_twice(path: Path) -> None:
    write_again(path, lambda table: table.append_column("title", table["title"]))
    assert "two columns title" in refusal(Catalog.open, path)


def test_no_products(path: Path) -> None:
    write_again(path, lambda table: table.slice(0, 0))
    assert "holds no products" in refusal(Catalog.open, path)
    publish_again(path, path, lambda table: table.slice(0, 0))
    assert "holds no products" in refusal(Catalog.open, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.take([1, 0, 2, 3, 4, 5, 6]),
        lambda table: table.slice(1),
        lambda table: pa.concat_tables([table, table.slice(0, 1)]),
        with_column("title", pa.array([title.upper() for title, _ in PRODUCTS])),
        with_column("brand", pa.array([None] * len(PRODUCTS), pa.string())),
        with_column("x", pa.array([np.float32(-0.0), *np.arange(1, 7, dtype=np.float32)])),
        with_column("candidates", pa.array([list(CATEGORIES)[::-1]] * len(PRODUCTS))),
    ],
    ids=["order", "fewer", "more", "texts", "nulls", "sign of zero", "lists"],
)
def test_rows_that_another_program_changed(path: Path, change: Any) -> None:
    write_again(path, change)
    assert "its product columns are not those" in refusal(Catalog.open, path)


def test_another_way_to_store_the_same_is_no_damage(path: Path) -> None:
    before, table = answers(Catalog.open(path)), pq.read_table(path)
    pq.write_table(table, path, row_group_size=2, compression="gzip", use_dictionary=False, data_page_size=64)
    assert answers(Catalog.open(path)) == before


def test_other_row_groups_show_no_other_photos(path: Path) -> None:
    write_again(path, lambda table: table, row_group_size=3)
    with pytest.raises(ArtifactError, match="its thumbnail are not those that were published"):
        Catalog.open(path).thumbnail("p0")


def test_vectors_of_other_products_are_refused(path: Path) -> None:
    table = pq.read_table(path)
    write_again(path, with_column("text_embedding", table["text_embedding"].take(pa.array([1, 0, 2, 3, 4, 5, 6]))))
    catalog = Catalog.open(path)
    with pytest.raises(ArtifactError, match="its text_embedding are not those that were published"):
        catalog.vectors("text")
    with pytest.raises(ArtifactError, match="its text_embedding are not those that were published"):
        catalog.verify()


def test_every_flipped_bit_is_seen_or_changes_nothing(path: Path, tmp_path: Path) -> None:
    content, model = path.read_bytes(), write_fake_model(tmp_path / "model")
    expected, rng, refused = answers(Catalog.open(path)), random.Random(17), list[str]()
    for _ in range(FLIPS):
        damaged = bytearray(content)
        byte, bit = rng.randrange(len(content)), rng.randrange(8)
        damaged[byte] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            catalog = Catalog.open(path)
            check_match(catalog, model)
            answered = answers(catalog)
        except ArtifactError as error:
            refused.append(str(error))
        else:
            assert answered == expected, (byte, bit)
    assert len(refused) > FLIPS / 2
    assert not [sentence for sentence in refused if "\n" in sentence or not sentence.endswith(".")]


def test_a_name_of_a_column_that_lost_its_encoding(path: Path) -> None:
    flip(path, path.read_bytes().index(b"is_secondhand"), 7)
    assert "'utf-8' codec can't decode" in refusal(Catalog.open, path)


@pytest.mark.parametrize("length", [0, 3, 4, 11, 1_000, -1, -8, -200])
def test_a_file_that_was_cut(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    assert "is damaged or no parquet file" in refusal(Catalog.open, path)


def test_every_page_has_a_checksum(path: Path, tmp_path: Path) -> None:
    for name in catalog_schema(DIMENSION).names:
        damaged = tmp_path / f"{name}.parquet"
        damaged.write_bytes(path.read_bytes())
        flip(damaged, chunk(path, name, 1)[-1])
        with pytest.raises(OSError, match="CRC"):
            pq.read_table(damaged, columns=[name], page_checksum_verification=True)


def test_a_damaged_photo_is_refused_and_no_other_is_shown(path: Path) -> None:
    thumbnails = answers(Catalog.open(path))[2]
    flip(path, chunk(path, "thumbnail", 1)[-20], 2)
    catalog = Catalog.open(path)
    with TestClient(Starlette(routes=routes.routes(catalog)), raise_server_exceptions=True) as client:
        responses = [client.get(f"/galaxy/thumbnail/{row}") for row in range(len(catalog))]
    assert [one.status_code for one in responses] == [200, 200, 500, 500, 200, 204, 200]
    assert {one.text for one in responses if one.status_code == 500} == {"The catalogue is damaged."}
    assert [one.content for one in responses if one.status_code == 200] == [thumbnails[row] for row in (0, 1, 4, 6)]
    assert "photo damaged" in cards.thumbnail(catalog, "p3")
    assert "img" in cards.thumbnail(catalog, "p4")
    with pytest.raises(ArtifactError):
        catalog.verify()


def test_a_damaged_page_is_no_source_of_rows(path: Path) -> None:
    flip(path, chunk(path, "thumbnail", 0)[-20], 2)
    source = open_file(path, {}, 0, 20_000_000)
    with pytest.raises(SourceError, match="is damaged"):
        list(source)


@pytest.fixture(scope="module")
def analysis() -> dict[str, Any]:
    """That of the shipped catalogue."""
    content: dict[str, Any] = json.loads(pq.read_metadata(SHIPPED).metadata[ANALYSIS_KEY])
    return content


def test_an_analysis_that_was_changed(path: Path, analysis: dict[str, Any]) -> None:
    write_catalog(path, pq.read_table(path), metadata(path), json.dumps(analysis), row_group_size=2)
    Catalog.open(path).verify()
    for text in (b"{", b"\xff", json.dumps({**analysis, "further": 1}).encode()):
        set_metadata(path, analysis=text)
        assert f"The analysis in {path} is damaged" in refusal(Catalog.open, path)


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("data",), ABSENT, "data is missing"),
        (("data",), None, "data should be an object, not null"),
        (("data", "products"), "7", "data.products should be a valid integer"),
        (("data", "tops", 0), ["A", "1"], "data.tops.0.1 should be a valid integer"),
        (("data", "tops", 0), ["A"], "data.tops.0.1 is missing"),
        (("data", "images", "brightness"), [], "data.images.brightness should be an object"),
        (("space", "reach"), "far", "space.reach should be a valid number"),
        (("space", "nearest"), None, "space.nearest should be a valid array, not null"),
        (("predictions", "levels", 0, "coverage"), {}, "predictions.levels.0.coverage should be a valid array"),
        (("predictions", "pairs"), [[1, 2, 3]], "predictions.pairs.0.0 should be a valid string"),
    ],
)
def test_an_analysis_of_other_types(
    path: Path, analysis: dict[str, Any], place: tuple[str | int, ...], value: Any, sentence: str
) -> None:
    wrong = json.loads(json.dumps(analysis))
    put(wrong, place, value)
    write_catalog(path, pq.read_table(path), metadata(path), json.dumps(wrong), row_group_size=2)
    catalog = Catalog.open(path)
    with pytest.raises(ArtifactError, match="is damaged") as refused:
        _ = catalog.analysis
    assert sentence in str(refused.value)


def test_the_space_refuses_damage_with_one_sentence(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_fake_model(tmp_path / "model")
    options = ["--catalog", str(path), "--model", str(model)]
    (model / "tokenizer" / "tokenizer.json").unlink()
    assert app.main(options) == 2
    flip(path, chunk(path, "title", 0)[-1])
    assert app.main(options) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "tokenizer.json is missing, and model.json names it" in first
    assert "CRC checksum verification failed" in second
