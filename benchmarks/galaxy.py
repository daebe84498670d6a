"""Bytes and time to show the galaxy, over a bare Plotly page with the same points.

    python -m benchmarks.galaxy [--small] [--rounds 3]

Made-up catalogues of 4,000, 48,289 and 200,000 products. Sent: the bytes of the chart over those of Plotly's own
figure, both compressed by gzip, without plotly.min.js, which only the bare page has. Shown: from the address asked for
to the points drawn in headless Chromium, each way with a fresh browser cache; ours is the whole page, Gradio's front
end included. The bare page has titles and colors in its figure as Plotly has them: one scatter3d, no filters, no
thumbnails. Opened: from the call of a product or a category to its panel. Turned: seconds a frame while the camera
turns, over those of the smallest catalogue.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
from playwright.sync_api import Browser, sync_playwright

from benchmarks.timing import interleaved
from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from pipeline.catalog.meta import write_catalog as write_catalog_file
from pipeline.data.schema import catalog_schema
from pipeline.provenance import Provenance
from ui import page
from ui.components import figures
from ui.galaxy import blocks, routes
from ui.workspace import Tools, Workspace

ROOT = Path(__file__).resolve().parents[1]
SIZES = (4_000, 48_289, 200_000)
DIMENSION = 8  # of vectors, which nothing here reads
PATIENCE = 300_000  # ms
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def write_catalog(path: Path, n: int) -> None:
    """A catalogue of n made-up products in 40 clouds: 20 top-level categories, 600 categories, 4,000 brands at most."""
    rng = np.random.default_rng(17)
    cloud = rng.integers(40, size=n)
    points = rng.normal(size=(40, 3))[cloud] + 0.2 * rng.normal(size=(n, 3))
    tops = cloud % 20
    kinds = zip(tops, cloud, rng.integers(15, size=n), strict=True)
    paths = [f"Category {top} > Part {part} > Kind {kind}" for top, part, kind in kinds]
    predicted = np.where(rng.random(n) < 0.9, paths, "Category 0 > Part 0 > Kind 0")
    vector = [np.float16(DIMENSION**-0.5)] * DIMENSION
    words = np.array(["oak", "steel", "linen", "lamp", "chair", "mug", "boot", "kite", "blue", "large"])
    given = {
        "product_id": [f"p{row}" for row in range(n)],
        "split": rng.choice(["train", "test"], n),
        "title": [" ".join(row) for row in words[rng.integers(len(words), size=(n, 6))]],
        "brand": [f"Brand {number}" for number in rng.integers(min(n, 4_000), size=n)],
        "language": rng.choice(["en", "de", "fr"], n),
        "category_path": paths,
        "category_top": [f"Category {top}" for top in tops],
        "category_depth2": [path.rpartition(" > ")[0] for path in paths],
        "predicted_path": predicted,
        "predicted_confidences": [[value] * 3 for value in rng.random(n).astype(np.float32)],
        "fused_embedding": [vector] * n,
        "cluster": cloud.astype(np.int32),
        **{
            name: points[:, axis].astype(np.float32)
            for names in blocks.LAYOUTS.values()
            for axis, name in enumerate(names)
        },
    }
    schema = catalog_schema(DIMENSION)
    columns = [pa.array(given[f.name], f.type) if f.name in given else pa.nulls(n, f.type) for f in schema]
    provenance = Provenance("publish", "made up", "", n, "")
    meta = {
        "provenance": asdict(provenance),
        "model": "0" * 64,
        "bundle": "0" * 64,
        "dimension": DIMENSION,
        "demo": False,
    }
    write_catalog_file(path, pa.table(columns, schema=schema), meta, None, row_group_size=4096)


def bare_figure(products: pd.DataFrame) -> go.Figure:
    """The same points as Plotly has them by itself."""
    palette = figures.colors(sorted(products["category_top"].unique()))
    return go.Figure(
        go.Scatter3d(
            x=products["x"],
            y=products["y"],
            z=products["z"],
            mode="markers",
            hovertext=products["title"],
            marker={"size": 2, "color": products["category_top"].map(palette)},
        )
    )


def payloads(catalog: Catalog) -> tuple[int, int]:
    """Compressed bytes of the chart, with the names of brands, and of the bare figure."""
    products = catalog.products
    ours = len(blocks.points(products)) + len(blocks.brands(products))
    return ours, len(gzip.compress(bare_figure(products).to_json().encode()))


def serve(path: Path) -> None:
    """Serve the Space on a catalogue, without a model: the galaxy needs none."""
    import app

    def no_model() -> Tools:
        raise ArtifactError("The benchmark has no model.")

    catalog = Catalog.open(path)
    app.serve(page.build(Workspace(catalog, no_model)), routes.routes(catalog))


@contextmanager
def space(path: Path) -> Iterator[str]:
    """The address of the Space, served by a process of its own; ended at the end.

    Raises:
        RuntimeError: If it does not serve.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    command = [sys.executable, "-m", "benchmarks.galaxy", "--serve", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        while not _serves(address):
            if process.poll() is not None:
                raise RuntimeError(f"'{' '.join(command)}' does not serve; start it by itself to see why.")
            time.sleep(0.1)
        urllib.request.urlopen(f"{address}galaxy/data/points").read()  # made once, as Plotly's page was
        yield address
    finally:
        process.kill()
        process.wait()


def _serves(address: str) -> bool:
    try:
        with urllib.request.urlopen(address) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def bare_page(folder: Path, products: pd.DataFrame) -> Iterator[str]:
    """The address of the bare figure's page, with plotly.min.js beside it."""
    ready = "document.querySelector('.plotly-graph-div').dataset.drawn = 1"
    bare_figure(products).write_html(folder / "bare.html", include_plotlyjs="directory", post_script=ready)
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/bare.html"
        server.shutdown()


def first_picture(browser: Browser, address: str) -> None:
    """Open a page in a fresh context and wait until its points are drawn."""
    context = browser.new_context(viewport={"width": 900, "height": 700})
    opened = context.new_page()
    opened.goto(address, wait_until="commit", timeout=PATIENCE)
    opened.wait_for_selector("[data-drawn]", timeout=PATIENCE)
    context.close()


@dataclass(frozen=True)
class Actions:
    """Seconds of what a visitor does in the open galaxy, and a frame's."""

    product: float
    category: float
    frame: float


def act(browser: Browser, address: str) -> Actions:
    """Open a product and a category, and turn the camera; each in the page's own time."""
    opened = browser.new_page(viewport={"width": 900, "height": 700})
    opened.goto(f"{address}?tab=galaxy", wait_until="commit", timeout=PATIENCE)
    opened.wait_for_selector("[data-drawn]", timeout=PATIENCE)
    seconds = opened.evaluate(
        """async () => {
            const { galaxy } = document.querySelector(".galaxy");
            const { choices, chart, view } = galaxy;
            const timed = async (work, times = 1) => {
              const started = performance.now();
              for (let i = 0; i < times; i++) await work(i);
              return (performance.now() - started) / times / 1000;
            };
            await choices.product(0, false); // the first reads the vectors
            await choices.category(chart.markers[0].path, false);
            const product = await timed((i) => choices.product(7 * i + 1, false), 5);
            const category = await timed((i) => choices.category(chart.markers[i + 1].path, false), 3);
            await choices.close();
            view.stand(view.home);
            const { eye, center, up } = view.home;
            const frame = await timed(async (i) => {
              view.stand({ eye: [eye[0] * Math.cos(i / 40) - eye[1] * Math.sin(i / 40),
                eye[0] * Math.sin(i / 40) + eye[1] * Math.cos(i / 40), eye[2]], center, up });
              await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
            }, 20);
            return { product, category, frame: frame / 2 };
        }"""
    )
    opened.close()
    return Actions(**seconds)


def compare(browser: Browser, n: int, rounds: int, smallest: Actions | None = None) -> Actions:
    """Print the ratios for n products, and those to the smallest catalogue's frames if there is one."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "made-up.catalogue"
        write_catalog(path, n)
        catalog = Catalog.open(path)
        ours, bare = payloads(catalog)
        print(f"{n:>7,} products: {ours / n:5.1f} bytes a point, {ours / bare:.2f} x the bare figure ({bare / n:.1f})")
        with space(path) as address, bare_page(Path(name), catalog.products) as plain:
            ways = {
                "galaxy": lambda: first_picture(browser, f"{address}?tab=galaxy"),
                "bare": lambda: first_picture(browser, plain),
            }
            times = interleaved(ways, rounds, warmup=0)
            done = act(browser, address)
        first = times["galaxy"] / times["bare"]
        print(
            f"{'':>17} first picture {first:.2f} x the bare page ({times['galaxy']:.1f} s over {times['bare']:.1f} s)"
        )
        for what, seconds in (("a product", done.product), ("a category", done.category)):
            print(f"{'':>17} {what} opens in {seconds / times['bare']:.3f} x the bare page ({1000 * seconds:.0f} ms)")
        frames = "" if smallest is None else f", {done.frame / smallest.frame:.2f} times the smallest catalogue's"
        print(f"{'':>17} a frame while it turns takes {1000 * done.frame:.0f} ms{frames}")
        return done


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="300 products, one round: a smoke test")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is opened; the median counts")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.serve is not None:
        return serve(chosen.serve)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        smallest: Actions | None = None
        for n in (300,) if chosen.small else SIZES:
            done = compare(browser, n, 1 if chosen.small else chosen.rounds, smallest)
            smallest = smallest or done
        browser.close()


if __name__ == "__main__":
    main()
