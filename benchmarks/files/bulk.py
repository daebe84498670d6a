"""Time of classifying a file with photos over that of the bare towers, and its peak of memory by the number of rows.

    python -m benchmarks.files.bulk [--rows 2000 20000] [--chunks 4] [--side 128] [--model assets/model] [--small]

The products are the demo catalogue's, repeated with other titles and pixels so that no cache answers: a CSV and a
zip of JPEG files, read, classified and written back as `classify-file` does. The bare towers get the same rows as
tokens and pixels that were made before, chunk by chunk in turn with the whole work, so that a busy machine slows both
alike. Each peak is of a process of its own (Linux: resident, its decoders apart).
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from benchmarks.isolated import peak_resident, stream
from benchmarks.timing import line
from pipeline.artifacts import ClassifyPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.config.stages import SourceConfig
from pipeline.data.rows import CleanRow
from pipeline.data.sources import layout_of, open_source
from pipeline.models.encoding import IMAGES_PER_BATCH, bulk_precision, length_batches, to_pixels
from pipeline.prediction.batch import classify_batches, classify_catalog, clean_rows, finished_batches
from pipeline.prediction.batch_classifier import BatchClassifier
from pipeline.prediction.output.destination import Destination
from pipeline.prediction.predictor import PredictionRequest, predictor_of

CATALOG, MODEL = Path("catalog.parquet"), Path("assets/model")
SIZES, CHUNKS, CHUNK_ROWS, SIDE = (2_000, 20_000), 4, 1_024, 128
SMALL_SIZES, SMALL_CHUNK_ROWS = (8, 16), 8
_HOUR = 3_600.0
_COLUMNS = ("title", "description", "brand", "product_type", "tags", "thumbnail")


@dataclass(frozen=True)
class Files:
    """A table and the zip of its photos."""

    table: Path
    photos: Path

    @property
    def config(self) -> SourceConfig:
        """How they are read."""
        return SourceConfig(location=str(self.table), images=str(self.photos))


def write_files(folder: Path, rows: int, side: int, first: int = 0) -> Files:
    """Write that many products with photos of `side` pixels; `first` is the number of the first one."""
    products = [product for product in pq.read_table(CATALOG, columns=[*_COLUMNS]).to_pylist() if product["thumbnail"]]
    folder.mkdir(parents=True)
    files = Files(folder / "products.csv", folder / "photos.zip")
    with files.table.open("w", encoding="utf-8", newline="") as table, zipfile.ZipFile(files.photos, "w") as photos:
        writer = csv.writer(table)
        writer.writerow(("product_id", "title", "description", "brand", "product_type", "tags", "image"))
        for number in range(first, first + rows):
            product = products[number % len(products)]
            texts = (product[name] for name in _COLUMNS[1:-1])
            writer.writerow((f"id-{number}", f"{product['title']} no. {number}", *texts, f"{number}.jpg"))
            photos.writestr(f"{number}.jpg", _photo(product["thumbnail"], number, side))
    return files


def _photo(thumbnail: bytes, number: int, side: int) -> bytes:
    """A JPEG with the pixels of a thumbnail, moved by a few and a little darker, each number in its own way."""
    with Image.open(io.BytesIO(thumbnail)) as small:
        pixels = np.roll(np.asarray(small.convert("RGB")), (number % 11 - 5, number % 13 - 6), (0, 1))
    darker = Image.fromarray((pixels * (0.8 + 0.2 * (number % 97) / 97)).astype(np.uint8))
    file = io.BytesIO()
    darker.resize((side, side), Image.Resampling.BICUBIC).save(file, format="JPEG", quality=85)
    return file.getvalue()


def classify(files: Files, out: Path, classifier: BatchClassifier) -> None:
    """Read, classify and write a file, with a model that is loaded."""
    config = files.config
    destination = Destination.of(out, None, config.location, layout_of(config))
    paths = ClassifyPaths(out)
    for _ in classify_batches(open_source(config), paths, classifier, ahead=True):
        pass
    destination.write(*finished_batches(paths))


Prepared = list[tuple[list[list[int]], np.ndarray]]
"""Tokens and pixels of each batch."""


def prepare(files: Files, classifier: BatchClassifier) -> Prepared:
    """What the towers read of a file."""
    rows = clean_rows(open_source(files.config), classifier)
    batches = []
    while batch := list(itertools.islice(rows, classifier.request.batch)):
        clean = [row for row in batch if isinstance(row, CleanRow)]
        photos = [row.photo.square for row in clean if row.photo is not None]
        assert len(clean) == len(batch) == len(photos), "every row can be read"
        batches.append((classifier.bundle.tokens([row.text for row in clean]), np.stack(photos)))
    return batches


@torch.inference_mode()
def run_towers(batches: Prepared, bundle: Bundle) -> None:
    """Run the bare towers, in the batches and the precision of the whole work."""
    for tokens, squares in batches:
        with bulk_precision(torch.device("cpu"), len(tokens)):
            for rows in length_batches([len(row) for row in tokens]):
                bundle.model.text_tower(*bundle.tokens.pad([tokens[row] for row in rows]))
            for start in range(0, len(squares), IMAGES_PER_BATCH):
                bundle.model.vision_tower(to_pixels(squares[start : start + IMAGES_PER_BATCH]))


def ratios(folder: Path, model: Path, chunks: int, rows: int, side: int) -> Iterator[str]:
    """The whole work over the bare towers, chunk by chunk."""
    request = PredictionRequest()
    bundle = load_bundle(model)
    classifier = BatchClassifier(bundle, predictor_of(bundle, None, request), request, None)
    seconds = []
    for chunk in range(chunks + 1):  # the first one warms up
        files = write_files(folder / str(chunk), rows, side, first=chunk * rows)
        prepared = prepare(files, classifier)
        bundle.tokens.forget()
        works = [lambda: classify(files, folder / str(chunk) / "out.csv", classifier)]  # noqa: B023
        works.append(lambda: run_towers(prepared, bundle))  # noqa: B023
        order = (0, 1) if chunk % 2 else (1, 0)
        taken = {}
        for turn in order:
            started = time.perf_counter()
            works[turn]()
            taken[turn] = time.perf_counter() - started
        if chunk:
            seconds.append((taken[0], taken[1]))
    whole, towers = (statistics.median(times) for times in zip(*seconds, strict=True))
    yield line(f"{rows:,} rows with photos of {side} px", whole, towers, "the bare towers")
    yield f"{rows / whole:.1f} rows/s; chunk by chunk {', '.join(f'{ours / bare:.2f} x' for ours, bare in seconds)}"


def peak(model: Path, files: Files, out: Path) -> Iterator[int]:
    """Classify a file and give the peak of resident memory, in bytes."""
    classify_catalog(model, str(files.table), out, request=PredictionRequest(), reading=files.config)
    yield peak_resident()


def peaks(folder: Path, model: Path, sizes: Sequence[int], side: int) -> Iterator[str]:
    """The peak of memory for each number of rows."""
    first = None
    for rows in sizes:
        files = write_files(folder / f"{rows} rows", rows, side)
        [taken] = stream(peak, (model, files, folder / f"{rows}.csv"), _HOUR)
        first = first or taken
        yield f"peak at {rows:,} rows: {taken / 1e6:,.0f} MB, {taken / first:.3f} x that at {sizes[0]:,}"


def main(words: list[str] | None = None) -> None:
    """Print the ratio and the peaks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="*", help="sizes whose peak of memory is measured")
    parser.add_argument("--chunks", type=int, default=CHUNKS, help="of 1,024 rows, whose time is measured")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels of a photo")
    parser.add_argument("--model", type=Path, default=MODEL, help="a bundle")
    parser.add_argument("--small", action="store_true", help="a few rows, for a try")
    options = parser.parse_args(words)
    sizes, chunks, rows = SIZES, options.chunks, CHUNK_ROWS
    if options.small:
        sizes, chunks, rows = SMALL_SIZES, 1, SMALL_CHUNK_ROWS
    if options.rows is not None:
        sizes = tuple(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        if chunks:
            for text in ratios(Path(folder), options.model, chunks, rows, options.side):
                print(text, flush=True)
        for text in peaks(Path(folder), options.model, sizes, options.side):
            print(text, flush=True)


if __name__ == "__main__":
    main()
