"""Time of reading a table as products, over the bare csv module and over pyarrow; prints ratios and rows per second.

    python -m benchmarks.files.reading [--small]

The table is a made-up Shopify export with quoted descriptions, a line for each variant; photos are not read. Opening
counts: encoding, delimiter and headings are found, and rows are counted, before the first product comes.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv as pa_csv

from benchmarks.timing import interleaved, line
from pipeline.config.stages import SourceConfig
from pipeline.data.sources import open_source

ROWS, SMALL_ROWS, ROUNDS = 100_000, 2_000, 3
_HEADINGS = ("Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Option1 Value")
_PLAIN = ("product_id", "title", "description", "brand", "category", "type", "tags", "size")


def write_table(path: Path, headings: tuple[str, ...], rows: int, *, variants: int) -> None:
    """Write a table of that many rows, so many of them a product."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        for number in range(rows):
            product, variant = divmod(number, variants)
            first = (
                f"Stoneware mug {product}, blue",
                f'<p>Holds {product % 700} ml, "dishwasher safe".</p><p>Hand made, glazed inside.</p>',
                *("Nörd & Co", "Home & Garden > Kitchen & Dining > Mugs", "Mugs", "stoneware, blue, gift"),
            )
            writer.writerow((f"mug-{product}", *(first if not variant else [""] * len(first)), f"size {variant}"))


def _read_all(path: Path) -> int:
    return sum(1 for _ in open_source(SourceConfig(location=str(path))))


def _read_bare(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def _read_arrow(path: Path) -> int:
    options = pa_csv.ParseOptions(newlines_in_values=True)
    return int(pa_csv.read_csv(path, parse_options=options).num_rows)


def main(words: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="2,000 rows, for a try")
    rows = SMALL_ROWS if parser.parse_args(words).small else ROWS
    with tempfile.TemporaryDirectory() as folder:
        for name, headings, variants in (("plain", _PLAIN, 1), ("shopify", _HEADINGS, 3)):
            path = Path(folder) / f"{name}.csv"
            write_table(path, headings, rows, variants=variants)
            ways: dict[str, Callable[[], object]] = {
                "ours": lambda path=path: _read_all(path),  # type: ignore[misc]
                "csv": lambda path=path: _read_bare(path),  # type: ignore[misc]
                "pyarrow": lambda path=path: _read_arrow(path),  # type: ignore[misc]
            }
            times = interleaved(ways, ROUNDS)
            print(line(f"{name}: products", times["ours"], times["csv"], "the bare csv module"))
            print(line(f"{name}: products", times["ours"], times["pyarrow"], "bare pyarrow"))
            print(f"{name}: {rows / times['ours']:,.0f} rows/s of {rows:,}")


if __name__ == "__main__":
    main()
