"""The benchmarks run and say what they promise; no time is asserted."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser

from benchmarks import galaxy, query, real_size, startup, timing, training
from benchmarks.products import make_paths, make_products
from tests import browsing

RATIO = re.compile(r"\d+(?:\.\d+)? x (?:a|the|bare) ")


def test_interleaved_runs_every_way_in_every_round():
    calls = []
    times = timing.interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3, warmup=1)
    assert calls == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert set(times) == {"a", "b"}


def test_a_line_has_the_ratio():
    assert timing.line("this", 1.0, 4.0, "that").endswith("0.25 x that (1000.0 ms over 4000.0 ms)")


def test_made_up_products_are_labelled_right():
    examples = make_products(20, image_size=8, paths=50, truths=10).examples
    assert len(set(examples.paths)) == 50
    assert (examples.candidates[np.arange(20), examples.target] == examples.truth).all()
    assert all(len(set(row)) == len(row) for row in examples.candidates.tolist())
    assert make_paths(5, np.random.default_rng(3)) == make_paths(5, np.random.default_rng(3))


def test_query(capsys):
    query.main(["--small"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 6
    assert "100.00% same row" in out


def test_training_compares_ways_of_the_same_work(capsys):
    training.main(["--small"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 4
    differences = [float(value) for value in re.findall(r"within (\S+) of", out)]
    assert len(differences) == 3
    assert max(differences) < 1e-4


@pytest.mark.parametrize("stage", [0, 2])
def test_real_size_loads_the_preset_from_checkpoints(stage, tmp_path):
    config = real_size.write_checkpoints(tmp_path, real_size.SMALL_TEXT, real_size.SMALL_VISION)
    assert config.model.vision.model_class == "SiglipVisionModel"
    found = real_size.measure_stage(config, stage, steps=1)
    assert 0 < found.trainable < found.parameters
    text = real_size.describe("name", 16, found)
    assert "steps/s" in text
    assert ("products/s cached" in text) == (stage == 0)


def test_startup_serves_the_page_and_predicts(capsys):
    startup.main(["--small"])
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 4
    page, warm, predicted = (int(value) for value in re.findall(r"^memory .*\((\d+) MB over", out, re.MULTILINE))
    assert 0 < page < warm <= predicted


@pytest.mark.browser
@pytest.mark.skipif(browsing.CHROMIUM is None, reason="no Chromium found")
def test_galaxy_draws_both_pages(browser: Browser, capsys):
    galaxy.compare(browser, 300, 1)
    out = capsys.readouterr().out
    assert len(RATIO.findall(out)) == 2
    assert 0 < float(re.search(r"([\d.]+) bytes a point", out)[1]) < 100
