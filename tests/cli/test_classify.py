"""Classifying one product and whole catalogues: batches, rejects, resuming, the command line."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.__main__ import main
from pipeline.artifacts import ClassifyPaths
from pipeline.cli.classify import classify_product
from pipeline.cli.main import parser
from pipeline.cli.options import reading_of
from pipeline.errors import InputError
from pipeline.prediction.answer import ALTERNATIVES
from pipeline.prediction.batch import classify_catalog
from pipeline.prediction.batch_classifier import PREDICTIONS, BatchClassifier
from pipeline.prediction.output.destination import Destination
from pipeline.prediction.predictor import PredictionRequest
from pipeline.taxonomy.paths import read_taxonomy
from tests.helpers.factories import encode, make_row, write_rows
from tests.helpers.fakes import CATEGORIES, write_catalog, write_small_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_small_model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def source(tmp_path):
    rows = [make_row(number, np.random.default_rng(number)) for number in range(30)]
    rows[4] |= {"product_title": "", "product_description": "", "product_image": None}
    return write_rows(tmp_path / "products.parquet", rows)


def test_a_catalogue_is_classified_and_bad_rows_are_rejected(model, source, tmp_path):
    out = tmp_path / "out.parquet"
    figures = classify_catalog(model, str(source), out, request=PredictionRequest(batch=8))
    table = pq.read_table(out)
    assert table.schema.equals(PREDICTIONS)
    assert (figures["rows"], figures["rejects"]) == (len(table), 1) == (29, 1)
    assert set(table["path"].to_pylist()) <= set(CATEGORIES)
    for row in table.to_pylist():
        assert len(row["confidences"]) == len(row["path"].split(" > "))
        assert row["path"].startswith(row["accepted_path"])
        assert row["needs_review"] == (row["accepted_path"] != row["path"])
        assert 2 <= len(row["alternatives"]) <= ALTERNATIVES
        assert row["alternatives"][0] == row["path"]
        if "A guess" in row["reason"] or row["contradiction"]:
            assert row["probabilities"] == row["alternative_scores"] == [], "the numbers of a guess mean nothing"
        else:
            assert len(row["alternative_scores"]) == len(row["alternatives"])
            assert row["alternative_scores"][0] == row["probabilities"][-1]
    (reject,) = pq.read_table(ClassifyPaths(out).rejects).to_pylist()
    assert (reject["source_row"], "neither text" in reject["reason"]) == (4, True)
    assert not ClassifyPaths(out).parts.exists()
    assert figures["over_towers"] > 1


def test_a_shops_table_is_classified_with_its_own_columns_and_photos(model, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "plain.jpg").write_bytes(encode(Image.new("RGB", (60, 80), (9, 80, 200)), "JPEG"))
    (tmp_path / "shop.csv").write_bytes("Nr;Ware;Foto\n007;Becher, grün;plain.jpg\n8;Lampe;\n".encode("cp1252"))
    words = ["--columns", "product_id=Nr", "product_title=Ware", "--images", str(photos)]
    required = ["--model", "m", "--input", "shop.csv", "--out", "out.parquet"]
    reading = reading_of(parser().parse_args(["classify-file", *required, *words]))
    out = tmp_path / "out.parquet"
    classify_catalog(model, str(tmp_path / "shop.csv"), out, request=PredictionRequest(), reading=reading)
    rows = pq.read_table(out).to_pylist()
    assert [(row["product_id"], row["title"]) for row in rows] == [("007", "Becher, grün"), ("8", "Lampe")]
    assert [row["photo_flaw"] for row in rows] == ["one color", ""]


def test_a_photo_that_shows_nothing_is_no_evidence(model, tmp_path):
    rows = [make_row(number, np.random.default_rng(number), dirt=False) for number in range(3)]
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    noise = {"bytes": encode(Image.fromarray(pixels), "PNG"), "path": None}
    plain = {"bytes": encode(Image.new("RGB", (60, 80), (9, 80, 200)), "PNG"), "path": None}
    rows[0]["product_image"] = noise
    rows[1] |= {"product_image": plain, "product_title": "", "product_description": ""}
    rows += [{**rows[0], "product_image": None}, {**rows[2], "product_image": plain, "product_description": "more"}]
    source, out = write_rows(tmp_path / "products.parquet", rows), tmp_path / "out.parquet"
    classify_catalog(model, str(source), out, request=PredictionRequest())
    with_noise, blind, sound, without, with_plain = pq.read_table(out).to_pylist()
    assert [row["photo_flaw"] for row in (with_noise, blind, sound)] == ["noise", "one color", ""]
    assert with_plain["photo_flaw"] == "one color"
    assert with_noise["confidences"] == without["confidences"]  # the text alone
    assert (blind["accepted_path"], blind["in_distribution"]) == ("", False)


def test_a_catalogue_lends_its_evidence_to_every_row(model, source, tmp_path):
    titles = [("red shirt", "Clothing > Shirts"), ("vase", "Home > Vases"), ("blue vase", "Home > Vases")]
    catalog = write_catalog(tmp_path / "catalog.parquet", titles)
    product_ids = pq.read_table(catalog, columns=["product_id"])["product_id"].to_pylist()
    out = tmp_path / "out.parquet"
    classify_catalog(model, str(source), out, catalog=catalog, request=PredictionRequest(batch=16))
    rows = pq.read_table(out).to_pylist()
    for row in rows:
        assert 1 <= len(row["evidence"]) <= len(product_ids)
        assert set(row["evidence"]) <= set(product_ids)
        assert len(row["agreement"]) == len(row["confidences"])
        assert all(0 <= share <= 1 for share in row["agreement"])
    classify_catalog(model, str(source), out, request=PredictionRequest(batch=16))
    assert all(row["evidence"] == row["agreement"] == [] for row in pq.read_table(out).to_pylist())


def test_a_stopped_run_goes_on_and_gives_the_same(model, source, tmp_path, monkeypatch):
    request, uninterrupted = PredictionRequest(batch=8), tmp_path / "whole.parquet"
    classify_catalog(model, str(source), uninterrupted, request=request)
    broken, batch_sizes = tmp_path / "broken.parquet", []
    real = BatchClassifier.classify

    def dies(self, rows):
        batch_sizes.append(len(rows))
        if len(batch_sizes) == 3:
            raise KeyboardInterrupt
        return real(self, rows)

    monkeypatch.setattr(BatchClassifier, "classify", dies)
    with pytest.raises(KeyboardInterrupt):
        classify_catalog(model, str(source), broken, request=request)
    assert not broken.exists()
    monkeypatch.setattr(BatchClassifier, "classify", lambda *rest: batch_sizes.append(0) or real(*rest))
    classify_catalog(model, str(source), broken, request=request)
    assert batch_sizes[3:] == [0, 0]  # two of four batches were there
    assert pq.read_table(broken).equals(pq.read_table(uninterrupted))


def test_a_file_that_changed_under_the_same_name_starts_over(model, source, tmp_path, monkeypatch):
    request, out, batches = PredictionRequest(batch=8), tmp_path / "out.parquet", []
    real = BatchClassifier.classify

    def dies(*arguments):
        batches.append(0)
        if len(batches) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(BatchClassifier, "classify", dies)
    with pytest.raises(KeyboardInterrupt):
        classify_catalog(model, str(source), out, request=request)
    monkeypatch.setattr(BatchClassifier, "classify", real)
    rows = [make_row(number + 100, np.random.default_rng(number + 100), dirt=False) for number in range(30)]
    write_rows(source, [{**row, "product_title": f"corrected {number}"} for number, row in enumerate(rows)])
    classify_catalog(model, str(source), out, request=request)
    assert pq.read_table(out)["title"].to_pylist() == [f"corrected {number}" for number in range(30)]


def test_another_setting_starts_afresh(model, source, tmp_path):
    paths = ClassifyPaths(tmp_path / "out.parquet")
    paths.parts.mkdir()
    paths.part(0).write_bytes(b"of another model")
    classify_catalog(model, str(source), paths.out, request=PredictionRequest(batch=16))
    assert pq.read_table(paths.out).num_rows == 29


def test_one_product_with_evidence(model, tmp_path, capsys):
    Image.new("RGB", (40, 30), (200, 10, 10)).save(tmp_path / "photo.png")
    catalog = write_catalog(
        tmp_path / "catalog.parquet", [("red shirt", "Clothing > Shirts"), ("vase", "Home > Vases")]
    )
    answer = classify_product(
        model, "red shirt", "<b>cotton</b>", tmp_path / "photo.png", catalog=catalog, request=PredictionRequest()
    )
    printed = capsys.readouterr().out
    assert answer["path"] in CATEGORIES
    assert answer["path"] in printed
    assert "%" in printed
    assert "nearest labeled products" in printed
    assert len(answer["evidence"]["agreement"]) == len(answer["confidences"])
    assert all(0 <= share <= 1 for share in answer["evidence"]["agreement"])


def test_the_command_line(model, source, tmp_path, capsys):
    options = ["classify", "--model", str(model)]
    assert main([*options, "--title", "red shirt", "--branch", "Home"]) == 0
    assert capsys.readouterr().out.startswith("Home")
    assert main([*options, "--title", "red shirt", "--candidates", "Clothing > Shirts"]) == 0
    assert capsys.readouterr().out.startswith("Clothing > Shirts")
    assert main([*options, "--title", "red shirt", "--branch", "Nowhere"]) == 2
    assert "not a category" in capsys.readouterr().err
    assert main(options) == 2
    assert "nothing to classify; give --title, --description or --image" in capsys.readouterr().err
    assert main([*options, "--title", "x", "--image", str(tmp_path / "none.png")]) == 2
    out = tmp_path / "out.parquet"
    assert main(["classify-file", *options[1:], "--input", str(source), "--out", str(out)]) == 0
    assert out.exists()


GID = "gid://shopify/TaxonomyCategory/"
RELEASE = f"{GID}hg : Home\n{GID}hg-3 : Home > Vases\n{GID}aa : Clothing\n{GID}aa-1 : Clothing > Shirts\n"
GOOGLE = {
    "version": "2026-08",
    "mappings": [
        {
            "input_taxonomy": "shopify/2026-08",
            "output_taxonomy": "google/2021-09-21",
            "rules": [
                {
                    "input": {"category": {"id": f"{GID}aa", "full_name": "Clothing"}},
                    "output": {"category": [{"id": "166", "full_name": "Apparel & Accessories"}]},
                },
                {
                    "input": {"category": {"id": f"{GID}hg", "full_name": "Home"}},
                    "output": {"category": [{"id": "536", "full_name": "Home & Garden"}]},
                },
                {
                    "input": {"category": {"id": f"{GID}aa-1", "full_name": "Clothing > Shirts"}},
                    "output": {"category": [{"id": "212", "full_name": "Apparel & Accessories > Clothing > Shirts"}]},
                },
            ],
        }
    ],
}


@pytest.fixture
def release(tmp_path):
    (tmp_path / "release.txt").write_text(RELEASE, encoding="utf-8")
    return tmp_path / "release.txt"


def test_ids_are_given_beside_the_paths_where_the_taxonomy_has_ids(model, release, capsys):
    ids = read_taxonomy(release).ids
    answer = classify_product(model, "red shirt", "", None, taxonomy=release, request=PredictionRequest())
    printed = capsys.readouterr().out
    assert answer["category_id"] == ids[answer["path"]]
    assert answer["accepted_id"] == ids.get(answer["accepted_path"])
    assert printed.splitlines()[1] == ids[answer["path"]]
    assert {score["category_id"] for score in answer["ranking"]} <= set(ids.values())
    bare = classify_product(model, "red shirt", "", None, request=PredictionRequest())
    assert (bare["category_id"], bare["accepted_id"]) == (None, None)
    assert "gid://" not in capsys.readouterr().out


def test_a_file_gets_ids_and_googles_categories_where_a_mapping_gives_them(model, source, release, tmp_path):
    out, mapping, ids = tmp_path / "out.parquet", tmp_path / "google.json", read_taxonomy(release).ids
    mapping.write_text(json.dumps(GOOGLE), encoding="utf-8")
    google = {"Home": "536", "Clothing": "166", "Clothing > Shirts": "212"}
    options = ["--input", str(source), "--out", str(out), "--taxonomy", str(release)]
    assert main(["classify-file", "--model", str(model), *options, "--google-mapping", str(mapping)]) == 0
    rows = pq.read_table(out).to_pylist()
    assert {row["google_id"] for row in rows} & set(google.values()), "some row must be mapped"
    for row in rows:
        assert row["category_id"] == ids[row["path"]]
        assert row["accepted_id"] == ids.get(row["accepted_path"])
        assert row["google_id"] == google.get(row["path"])
        assert row["accepted_google_id"] == google.get(row["accepted_path"])
        assert (row["google_path"] is None) == (row["google_id"] is None)
    classify_catalog(model, str(source), out, request=PredictionRequest())
    for row in pq.read_table(out).to_pylist():
        assert [row[name] for name in ("category_id", "accepted_id", "google_id", "google_path")] == [None] * 4


def test_a_shops_table_comes_back_in_its_own_format_and_another_one_goes_on_from_what_is_done(
    model, tmp_path, monkeypatch
):
    source, out = tmp_path / "shop.csv", tmp_path / "out.csv"
    source.write_bytes("\ufeffTitel;Farbe\r\nBecher;grün\r\n;\r\n=Lampe;rot\r\n".encode())
    command = ["classify-file", "--model", str(model), "--input", str(source), "--out", str(out)]
    assert main(command) == 0
    lines = out.read_bytes().split(b"\r\n")
    assert lines[0] == "\ufeffTitel;Farbe;predicted_category;predicted_category_id;confidence;accepted".encode()
    assert lines[1].startswith("Becher;grün;".encode())
    assert (lines[2], lines[4:]) == (b";", [b""])
    assert lines[3].startswith(b"=Lampe;rot;")
    monkeypatch.setattr(Destination, "write", _no_room)
    assert main(command) == 2
    assert ClassifyPaths(out).finished(), "what is done stays"
    monkeypatch.undo()
    monkeypatch.setattr(BatchClassifier, "classify", None)  # nothing is classified again
    assert main([*command, "--format", "csv"]) == 0
    assert [row["title"] for row in csv.DictReader(out.open(encoding="utf-8"))] == ["Becher", "'=Lampe"]


def _no_room(*_):
    raise InputError("There is no room.")


def test_a_wrong_ending_is_refused_before_any_work(model, tmp_path, capsys):
    source = tmp_path / "shop.csv"
    source.write_text("title\nMug\n")
    assert main(["classify-file", "--model", "none", "--input", str(source), "--out", str(tmp_path / "out.doc")]) == 2
    assert "out.doc ends in .doc, which is no format of results" in capsys.readouterr().err
