"""The benchmarks run and say what they promise; no time is asserted."""

import itertools
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser

from benchmarks import galaxy, memory, query, real_size, startup, timing, training
from benchmarks.files import bulk, reading, review
from benchmarks.gpu import __main__ as gpu
from benchmarks.gpu.scan import DeviceScan, float32_scan, made_vectors, recall
from benchmarks.isolated import UnfinishedError, peak_resident, stream
from benchmarks.products import make_paths, make_products
from experiments import handheld
from pipeline.artifacts import RunPaths
from pipeline.catalog.catalog import Catalog
from pipeline.data.sources import open_source
from pipeline.models import encoding
from tests.helpers.space import browsing

RATIO = re.compile(r"\d+(?:\.\d+)? x (?:a|the|bare) ")


def test_interleaved_runs_every_way_in_every_round():
    calls = []
    times = timing.interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3, warmup=1)
    assert calls == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert set(times) == {"a", "b"}


def test_a_line_has_the_ratio():
    assert timing.line("this", 1.0, 4.0, "that").endswith("0.25 x that (1000.0 ms over 4000.0 ms)")


def test_made_up_products_are_labeled_correctly():
    examples = make_products(20, image_size=8, paths=50, truths=10).examples
    assert len(set(examples.paths)) == 50
    assert (examples.candidates[np.arange(20), examples.target] == examples.truth).all()
    assert all(len(set(row)) == len(row) for row in examples.candidates.tolist())
    assert make_paths(5, np.random.default_rng(3)) == make_paths(5, np.random.default_rng(3))


def test_reading_prints_ratios_and_rows_per_second(capsys):
    reading.main(["--small"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 4
    assert len(re.findall(r"[\d,]+ rows/s of 2,000", out)) == 2


def test_bulk_classification_is_compared_with_the_bare_towers(capsys):
    bulk.main(["--small", "--rows"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 1
    assert "8 rows with photos" in out


def test_the_products_of_the_bulk_benchmark_are_all_different(tmp_path):
    files = bulk.write_files(tmp_path / "files", 40, side=16, first=4_100)  # more than the demo has, so they repeat
    rows = list(open_source(files.config))
    assert len({row.title for row in rows}) == len({row.image for row in rows}) == 40


def test_a_review_is_opened_and_decided_over_bare_sqlite(capsys):
    review.main(["--small"])
    assert len(RATIO.findall(capsys.readouterr().out)) == 2


def test_query(capsys):
    query.main(["--small"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 6
    same = re.search(r"([\d.]+)% same row at the same rank; scores within ([\d.e-]+)", out)
    assert same is not None
    assert float(same[1]) > 98  # vectors in half precision: neighbors as near as a ten-thousandth change places
    assert float(same[2]) < 1e-3


def test_training_compares_ways_of_the_same_work(capsys):
    training.main(["--small"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 4
    differences = [float(value) for value in re.findall(r"within (\S+) of", out)]
    assert len(differences) == 3
    assert max(differences) < 1e-4


@pytest.mark.parametrize("stage", [0, 2])
def test_real_size_loads_the_preset_from_checkpoints(stage, tmp_path, another_precision):
    config = real_size.write_checkpoints(tmp_path, real_size.SMALL_TEXT, real_size.SMALL_VISION)
    assert config.model.vision.model_class == "SiglipVisionModel"
    measured = real_size.measure_stage(config, stage, steps=1)
    assert 0 < measured.trainable < measured.parameters
    text = real_size.describe("name", 16, measured)
    assert "steps/s" in text
    assert ("products/s cached" in text) == (stage == 0)


def test_work_of_another_process_comes_in_order():
    assert list(stream(map, (int, ["3", "1", "2"]), 60)) == [3, 1, 2]


def test_results_before_an_error_are_kept(capfd):
    numbers = []
    with pytest.raises(UnfinishedError, match="exit code 1"):
        numbers.extend(stream(map, (int, ["3", "no number"]), 60))
    assert "invalid literal" in capfd.readouterr().err
    numbers.extend(itertools.islice(stream(map, (int, ["3", "no number"]), 60), 1))
    assert numbers == [3, 3]


def test_work_without_an_end_is_ended():
    with pytest.raises(UnfinishedError, match="past its 2 s"):
        for _ in stream(itertools.repeat, (1,), 2):
            pass


def test_the_peak_is_of_the_process_alone():
    mine = np.ones(300_000_000, dtype=np.uint8)
    assert peak_resident() > mine.nbytes
    assert next(iter(stream(itertools.starmap, (peak_resident, [()]), 60))) < mine.nbytes


def test_the_scan_finds_what_a_scan_in_float32_finds():
    vectors = made_vectors(3_000, 64, "cpu")
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3_000))
    queries = torch.nn.functional.normalize(vectors[:40] + 0.02, dim=1)
    scores, rows = DeviceScan(vectors).search(queries.numpy(), 10)
    assert recall(rows, float32_scan(vectors, queries, 10)) > 0.99
    assert (rows[:, 0] == np.arange(40)).all()
    assert (np.diff(scores) <= 0).all()
    assert np.allclose(scores, np.einsum("qd,qkd->qk", queries.numpy(), vectors.numpy()[rows]), atol=1e-3)
    assert recall(np.array([[1, 2]]), np.array([[2, 3]])) == 0.5


@pytest.mark.parametrize("part", ["vision-lora", "texts", "photos", "search"])
def test_gpu_measures_every_part(part, tmp_path, another_precision):
    config = real_size.write_checkpoints(tmp_path, real_size.SMALL_TEXT, real_size.SMALL_VISION)
    parts = gpu.parts(config, gpu.SMALL)
    assert sum(seconds for _, _, seconds in parts.values()) <= gpu.LIMIT < 8 * 60
    work, arguments, _ = parts[part]
    figures = list(work(*arguments))
    assert len(figures) == {"vision-lora": 1, "search": 2}.get(part, len(gpu.PRECISIONS))
    assert all(figure.rate > 0 and figure.resident > 0 for figure in figures)
    assert torch.get_float32_matmul_precision() == "highest"
    assert all(value == "1.0000" for value in re.findall(r"recall@10 (\S+)", figures[0].remark))
    for value in re.findall(r"at least (\S+)", " ".join(figure.remark for figure in figures)):
        assert 0.99 < float(value) <= 1


def test_gpu_measures_in_the_precision_it_names_whatever_is_fast_here(monkeypatch):
    monkeypatch.setattr(encoding, "fast_in_bfloat16", lambda: True)
    one = torch.eye(2)
    for precision in gpu.PRECISIONS:
        with gpu._in_precision(precision), encoding.bulk_precision(torch.device("cpu"), 10_000):
            assert (one @ one).dtype == (torch.bfloat16 if "bf16" in precision else torch.float32)
    assert encoding.fast_in_bfloat16()
    torch.set_float32_matmul_precision("highest")


def test_gpu_prints_a_table_and_says_what_is_missing(tmp_path, capfd):
    file = tmp_path / "figures.json"
    gpu.main(["--small", "--only", "search", "--json", str(file)])
    rows = [line for line in capfd.readouterr().out.splitlines() if line.startswith("|")]
    figures = json.loads(file.read_text())["figures"]
    assert [row.count("|") for row in rows] == [7] * 4
    assert [row.split(" | ")[0] for row in rows[2:]] == [f"| {figure['what']}" for figure in figures]
    with pytest.raises(SystemExit, match="1"):
        gpu.main(["--small", "--only", "search", "--limit", "0"])
    assert "Not all of 'search' was measured: it ran past its" in capfd.readouterr().out


@pytest.mark.slow(12)
def test_startup_serves_the_page(capsys):
    startup.main(["--small"])
    assert len(RATIO.findall(capsys.readouterr().out)) == 1


@pytest.mark.slow(15)
def test_memory_follows_an_app_with_a_grown_catalogue(capsys, monkeypatch):
    monkeypatch.setattr(memory, "RETURNED", 1)
    memory.main(["--products", "5000"])
    out = capsys.readouterr().out
    page, warm, answered, later = map(int, re.findall(r"^  5,000 products, .* (\d+) MB", out, re.MULTILINE))
    assert 0 < page < warm <= answered
    assert later > page


def test_a_grown_catalogue_has_products_of_its_own(tmp_path):
    memory.grow(memory.SHIPPED, tmp_path / "grown.parquet", 5_000)
    shipped, grown = Catalog.open(memory.SHIPPED), Catalog.open(tmp_path / "grown.parquet")
    assert len(grown) == 5_000
    assert grown.products["title"][len(shipped)] == shipped.products["title"][0]
    vectors, present = grown.vectors("fused")
    assert present[0]
    assert 0.5 < vectors[0] @ vectors[len(shipped)] < 1


@pytest.mark.browser
@pytest.mark.skipif(browsing.CHROMIUM is None, reason="no Chromium found")
def test_galaxy_draws_both_pages(browser: Browser, capsys):
    galaxy.compare(browser, 300, 1)
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 4
    assert "a frame while it turns" in out
    assert 0 < float(re.search(r"([\d.]+) bytes a point", out)[1]) < 100


def test_handheld_spoils_photos_the_same_way_every_time(tiny_run, tmp_path, capsys):
    run = RunPaths(tiny_run)
    options = ["--run", str(run.root), "--model", str(run.model), "--rows", "4", "--sheet", str(tmp_path / "sheet.png")]
    handheld.main(options)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == list(handheld.WAYS)
    with Image.open(tmp_path / "sheet.png") as sheet:
        side = sheet.height // len(handheld.WAYS)
        assert sheet.size == (4 * side, side * len(handheld.WAYS))
    photos = np.full((2, 40, 40, 3), 255, np.uint8)  # a thing on white ground
    photos[:, 12:28, 8:30] = np.random.default_rng(0).integers(0, 200, (2, 16, 22, 3), np.uint8)
    for way in handheld.WAYS.values():
        first, again = (np.stack(handheld.spoilt(photos, way)) for _ in range(2))
        assert first.shape == photos.shape
        assert np.array_equal(first, again)
        assert np.array_equal(first, photos) == (way is handheld.as_it_is)
