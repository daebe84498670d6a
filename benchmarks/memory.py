"""The memory of the running Space, over bare imports, with the shipped catalogue and with one of 48,289 products.

    python -m benchmarks.memory [--products 4144 48289]

The larger catalogue is the shipped one repeated, with ids, vectors and places of its own. Resident memory of `python
app.py` is read after its first page, when the model is loaded, and after everything a visitor can ask for was asked
once (a classification, searches, neighbors, a rerank, a category, all data of the galaxy), then and when the app has
returned what it freed. Linux only: /proc says it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gradio_client import Client, handle_file

from benchmarks.startup import IMPORTS, ROOT, running_app
from pipeline.catalog.meta import ANALYSIS_KEY, METADATA_KEY, write_catalog
from pipeline.data.schema import arrow_to_vectors, vectors_to_arrow
from ui.components.examples import load_examples
from ui.galaxy import blocks

MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"  # KiB
SHIPPED, MODEL = ROOT / "catalog.parquet", ROOT / "assets" / "model"
SIZES = (4_144, 48_289)
GROUP_ROWS = 256
IDLE = 0.2  # seconds of processor time in a second
JITTER = 0.02  # standard deviation of each number of a repeated vector, of every axis of its place
RETURNED = 35  # seconds after which the app has returned what it freed
GALAXY = ("points", "brands", *blocks.LAYOUTS)


def grow(source: Path, target: Path, n: int) -> None:
    """Write the catalogue at `source` repeated until it has n products.

    Args:
        source: A catalogue.
        target: Where to.
        n: Products to have; fewer than there are cut it.
    """
    table = pq.read_table(source)
    rows = np.arange(n) % table.num_rows
    grown, rng = table.take(pa.array(rows)).combine_chunks(), np.random.default_rng(17)
    for at, field in enumerate(grown.schema):
        column = grown.column(at)
        if field.name == "product_id":
            turns = np.arange(n) // table.num_rows
            ids = [f"{name}-{turn}" for name, turn in zip(column.to_pylist(), turns, strict=True)]
            column = pa.array(ids, pa.string())
        elif field.name.endswith("_embedding"):
            vectors, present = arrow_to_vectors(column)
            vectors += JITTER * rng.standard_normal(vectors.shape, dtype=np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            column = vectors_to_arrow(vectors, present)
        elif pa.types.is_float32(field.type):
            numbers = column.to_numpy()
            column = pa.array(
                numbers + JITTER * rng.standard_normal(n, dtype=np.float32), pa.float32(), from_pandas=True
            )
        grown = grown.set_column(at, field, column)
    meta, analysis = (table.schema.metadata[key].decode() for key in (METADATA_KEY, ANALYSIS_KEY))
    write_catalog(target, grown, json.loads(meta), analysis, row_group_size=GROUP_ROWS)


def bare_imports() -> int:
    """Peak resident bytes of a fresh process that imports what the app cannot do without."""
    done = subprocess.run([sys.executable, "-c", f"{IMPORTS}; {MEMORY}"], check=True, capture_output=True, text=True)
    return 1024 * int(done.stdout)


def resident(pid: int) -> int:
    """Resident bytes of a process."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def wait_until_idle(pid: int) -> None:
    """Wait until a process takes hardly any time for two seconds: here, until the model is loaded in the background.

    Not whether a thread runs: Gradio's queue wakes a thousand times a second, and on a busy machine always waits.
    """
    quiet = 0
    while quiet < 2:
        before = _cpu_seconds(pid)
        time.sleep(1)
        quiet = quiet + 1 if _cpu_seconds(pid) - before < IDLE else 0


def _cpu_seconds(pid: int) -> float:
    """Processor time that a process has taken, with all of its threads."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def ask_everything(address: str) -> None:
    """Ask the app at `address` once for all that a visitor can ask for."""
    client, example = Client(address, verbose=False, analytics_enabled=False), load_examples()[0]
    product = client.predict(text=example.title, api_name="/products")[0]
    client.predict(handle_file(example.path), example.title, example.description, api_name="/classify")
    client.predict(text=example.title, photo=handle_file(example.path), api_name="/search")
    near = client.predict(product_id=product["product_id"], api_name="/neighbors")[0]
    client.predict(product_id=product["product_id"], api_name="/rerank")
    client.predict(category=near["category_path"], api_name="/category")
    for name in GALAXY:
        urllib.request.urlopen(f"{address}galaxy/data/{name}").read()
    client.close()


def follow(n: int) -> dict[str, int]:
    """Resident bytes of the app with n products: when -> bytes."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder) / "grown.parquet"
        grow(SHIPPED, catalog, n)
        with running_app(["--catalog", str(catalog), "--model", str(MODEL)]) as (pid, address):
            measured = {"with the first page": resident(pid)}
            wait_until_idle(pid)
            measured["with the model loaded"] = resident(pid)
            ask_everything(address)
            measured["after one of every question"] = resident(pid)
            time.sleep(RETURNED)
            measured["half a minute later"] = resident(pid)
    return measured


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, nargs="+", default=SIZES, help="sizes of the catalogue")
    bare = bare_imports()
    print(f"bare: {bare / 1e6:.0f} MB, python -c '{IMPORTS}'")
    for n in parser.parse_args(arguments).products:
        for when, value in follow(n).items():
            print(f"{n:>7,} products, {when:<28} {value / 1e6:6.0f} MB {value / bare:6.2f} x bare")


if __name__ == "__main__":
    main()
