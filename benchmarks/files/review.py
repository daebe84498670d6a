"""Time to open a review and to decide in it, over the bare SQLite file; and from key to next card in Chromium.

    python -m benchmarks.files.review [--products 10000] [--browser] [--small]

Products and their photos are made up; all but a few are decided before it is opened. The browser presses a key on the
review of the shipped catalogue, and waits for the next card.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.startup import running_app
from benchmarks.timing import interleaved, line
from pipeline.data.vectors import unit
from pipeline.review.groups import group
from pipeline.review.records import Choice, Decider, Reviewed
from pipeline.review.review import Review
from pipeline.review.store import Store

DIMENSION, PATHS = 384, 200
BENCH = Decider("benchmark")
CARDS = 60
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def made_review(path: Path, count: int) -> Store:
    """A review of made-up products, all but the last `CARDS` of which are decided."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(PATHS, DIMENSION))
    vectors = unit(centers[np.arange(count) % PATHS] + 0.5 * rng.normal(size=(count, DIMENSION))).astype(np.float32)
    paths = [f"Top {number % 20} > Middle {number % 60} > Leaf {number}" for number in range(PATHS)]
    store = Store.create(path, {"taxonomy": [[one, ""] for one in paths], "precision": 0.9})
    photo = rng.integers(0, 256, 4_000, dtype=np.uint8).tobytes()
    store.add(list(_products(vectors, paths, photo)), group(vectors).tolist())
    store.decide([Choice(one, 0, paths[one % PATHS]) for one in range(count - CARDS)], "accept", BENCH)
    return store


def _products(vectors: np.ndarray, paths: list[str], photo: bytes) -> Iterator[Reviewed]:
    for number, vector in enumerate(vectors):
        predicted, known = paths[(number + number % 3) % PATHS], (str(number), f"product {number}", "text " * 40)
        runners = [(paths[(number + other) % PATHS], 1 / (2 + other)) for other in range(16)]
        yield Reviewed(*known, predicted, 0.6, False, "{}", runners, vector, photo)


def bare_open(path: Path) -> None:
    """Read all products and decisions with nothing but SQLite."""
    connection = sqlite3.connect(path)
    connection.execute("SELECT * FROM products").fetchall()
    connection.execute("SELECT * FROM decisions").fetchall()
    connection.close()


def bare_insert(connection: sqlite3.Connection) -> None:
    """Commit a row, synced."""
    connection.execute("INSERT INTO t VALUES (?)", ("x" * 100,))


def keys_to_cards(address: str, count: int) -> list[float]:
    """Milliseconds from a key to the next card, for some cards of a review in Chromium."""
    import shutil

    from playwright.sync_api import sync_playwright

    executable = next((found for name in NAMES if (found := shutil.which(name))), None)
    if executable is None:
        raise RuntimeError(f"no Chromium found (looked for {', '.join(NAMES)})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(address)
        page.get_by_role("tab", name="Review", exact=True).click()
        page.locator("#review-begin").click()
        page.locator(".desk-card").wait_for()
        seconds = [page.evaluate(_KEY) for _ in range(count + 1)][1:]
        browser.close()
    return seconds


_KEY = """() => new Promise((done) => {
    const start = performance.now(), desk = document.querySelector('#review-desk');
    const turn = desk.querySelector('.desk').dataset.turn;
    const look = () => {
        if (desk.querySelector('.desk')?.dataset.turn === turn) return;
        watch.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    };
    const watch = new MutationObserver(look);
    watch.observe(desk, {childList: true, subtree: true});
    document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', code: 'KeyA', bubbles: true}));
})"""
"""Presses a key, and says when the next card is drawn."""


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--browser", action="store_true", help="also from key to next card, in Chromium")
    parser.add_argument("--small", action="store_true", help="few of everything: a smoke test")
    options = parser.parse_args(arguments)
    count, rounds = (300, 1) if options.small else (options.products, 7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.sqlite"
        made_review(path, count).close()
        ways = {"ours": lambda: Review(Store.open(path)).close(), "bare": lambda: bare_open(path)}
        times = interleaved(ways, rounds)
        print(f"{count:,} products, {count - CARDS:,} decided, {os.cpu_count()} cores, {rounds} rounds, medians")
        print(line("open the review", times["ours"], times["bare"], "a bare read of its rows"))
        review = Review(Store.open(path))
        started = time.perf_counter()
        _ = review.learner
        print(f"learn from {count - CARDS:,} decisions: {time.perf_counter() - started:.1f} s, in the background")
        other = sqlite3.connect(Path(folder) / "other.sqlite", isolation_level=None)
        other.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x TEXT);")

        def step() -> None:
            product = review.next()
            if product is not None:
                version = int(review.state.versions[product])
                review.decide(product, review.path(product), BENCH, version=version)

        times = interleaved(
            {"ours": step, "bare": lambda: bare_insert(other)}, min(CARDS - 2, 2 if options.small else 50)
        )
        print(line("choose the next and decide it", times["ours"], times["bare"], "a bare synced insert"))
        other.close()
        review.close()
    if options.browser:
        with running_app() as (_, address):
            seconds = keys_to_cards(address, 3 if options.small else CARDS)
        print(f"key to next card: median {statistics.median(seconds):.0f} ms, at most {max(seconds):.0f} ms")


if __name__ == "__main__":
    main()
