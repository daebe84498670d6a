"""A file classified step by step comes out as `classify-file` writes it, whatever happens in between."""

import zipfile
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.bundle.bundle import load_bundle
from pipeline.config.stages import SourceConfig
from pipeline.errors import UserError
from pipeline.prediction.batch import classify_catalog
from pipeline.prediction.batch_classifier import PREDICTIONS, BatchClassifier
from pipeline.prediction.bulk.job import FileJob, Progress
from pipeline.prediction.bulk.judge import Judge
from pipeline.prediction.bulk.recognized import recognize
from pipeline.prediction.predictor import PredictionRequest, predictor_of
from tests.helpers.factories import encode

WORDS = ("red shirt", "blue vase", "tall vase", "wool coat", "garden clock")
REQUEST = PredictionRequest(batch=8)


@pytest.fixture
def shop(tmp_path):
    """An export of a shop with 30 products, some without a category, and a row that is nothing."""
    lines = ["Handle,Title,Body (HTML),Product Category,Image Src"]
    lines += [
        f"h{number},{WORDS[number % 5]} {number},<b>good</b>,{'Home > Vases' if number % 3 else ''},{number}.jpg"
        for number in range(30)
    ]
    path = tmp_path / "in" / "products.csv"
    path.parent.mkdir()
    path.write_bytes("\r\n".join([*lines, ",,,,", "h99,,,,", ""]).encode("utf-8-sig"))
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for number in range(0, 30, 4):
            archive.writestr(f"all/{number}.JPG", encode(Image.new("RGB", (40, 40), (9, 8 * number, 99)), "JPEG"))
    return path


@pytest.fixture
def classifier(small_model):
    bundle = load_bundle(small_model)
    return BatchClassifier(bundle, predictor_of(bundle, None, REQUEST), REQUEST, None)


def _reading(shop):
    return SourceConfig(location=str(shop), images=str(shop.parents[1] / "photos.zip"))


def _job(shop, folder, classifier):
    return FileJob(folder, recognize(_reading(shop), 10**6), Judge.of(classifier.predictor))


def test_a_file_is_recognized(shop):
    file = recognize(_reading(shop), 10**6)
    assert (file.system, file.rows) == ("Shopify export", 31)
    assert {field.name: field.headings for field in file.fields}["ground_truth_category"] == ("Product Category",)
    first = file.sample[0]
    assert (first.title, first.description, first.has_photo) == ("red shirt 0", "good", True)
    assert file.sample[1].has_photo is False


@pytest.mark.parametrize("form", ["same", "csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_every_format_is_what_the_command_line_writes(shop, classifier, small_model, tmp_path, form):
    job = _job(shop, tmp_path / "job", classifier)
    assert sum(job.run(classifier)) == 31
    for precision in (0.5, 0.9):
        written = job.write(form, precision)
        expected = tmp_path / "expected" / written.out.name
        request = replace(REQUEST, target_precision=precision)
        classify_catalog(small_model, str(shop), expected, form=form, request=request, reading=_reading(shop))
        if form == "xlsx":  # has the time of its making
            with zipfile.ZipFile(written.out) as ours, zipfile.ZipFile(expected) as theirs:
                parts = [name for name in theirs.namelist() if "worksheets" in name]
                assert [ours.read(name) for name in parts] == [theirs.read(name) for name in parts]
        elif form == "parquet":
            assert pq.read_table(written.out).equals(pq.read_table(expected))
            assert pq.read_schema(written.out).equals(PREDICTIONS)
        else:
            assert written.out.read_bytes() == expected.read_bytes()
        assert written.rejected == 1
        assert written.rejects.exists()


def test_what_was_stopped_goes_on_and_can_be_written_in_between(shop, classifier, tmp_path, monkeypatch):
    job = _job(shop, tmp_path / "job", classifier)
    steps = job.run(classifier)
    assert next(steps) == 8
    steps.close()
    assert (job.done, len(job.results)) == (8, 8)
    part = job.write("same", 0.5).out.read_text("utf-8-sig").splitlines()
    assert len(part) == len(shop.read_text("utf-8-sig").splitlines()), "no row is missing"
    assert list(job.run(classifier)) == [0, 8, 8, 7]
    assert job.done == len(job.results) == 31
    again = _job(shop, tmp_path / "job", classifier)  # another process, or after a crash
    monkeypatch.setattr(BatchClassifier, "classify", None)
    assert sum(again.run(classifier)) == 0
    assert len(again.results) == 31


def test_formats_that_a_file_does_not_allow_say_why(shop, classifier, tmp_path):
    job = _job(shop, tmp_path / "job", classifier)
    reasons = job.formats()
    assert [form for form, reason in reasons.items() if not reason] == [
        "same",
        "csv",
        "tsv",
        "jsonl",
        "parquet",
        "xlsx",
    ]
    assert "Shopify's ids of categories" in reasons["shopify-bulk"]
    assert job.usual_format(reasons) == "same"
    with pytest.raises(UserError, match="Google's categories"):
        job.write("google-feed", 0.9)


@pytest.mark.parametrize(
    ("name", "content", "usual"),
    [
        ("shop.json", b'[{"title": "Mug"}]', "same"),
        (
            "shop.xml",
            b"<?xml version='1.0'?><a><item><title>Mug</title></item><item><title>Cup</title></item></a>",
            "same",
        ),
        ("shop.tsv", b"title\tcolor\nMug\tred\n", "same"),
    ],
)
def test_the_first_format_offered_is_the_nearest_to_the_file(classifier, tmp_path, name, content, usual):
    (tmp_path / name).write_bytes(content)
    recognized = recognize(SourceConfig(location=str(tmp_path / name)), 10**6)
    job = FileJob(tmp_path / "job", recognized, Judge.of(classifier.predictor))
    assert job.usual_format(job.formats()) == usual


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("shop.parquet", b"PAR1", "no table that is read here"),
        ("shop.csv", b"", "is empty"),
        ("shop.csv", b"\x89PNG\r\n", "a photo"),
        ("shop.json", b"[" + b'{"title": "Mug"},' * 100, "JSON, which is read as a whole"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        recognize(SourceConfig(location=str(tmp_path / name)), 1000)


def test_the_rest_is_estimated_by_the_pace_so_far():
    assert Progress(10, 40).remaining is None
    assert Progress(30, 40, fresh=20, seconds=10.0).remaining == 5.0
    assert Progress(40, 40).is_whole


def test_columns_of_options_are_read_and_others_are_named(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("Title,Size,Color,Shelf\nVase,S,Blue,7\n", encoding="utf-8")
    recognized = recognize(SourceConfig(location=str(path)), 1000)
    assert {one.name: one.headings for one in recognized.fields}["options"] == ("Color", "Size")
    assert list(recognized.unread) == ["Shelf"]
