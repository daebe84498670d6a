"""Robustness of bundles to hand-held photos: dark, blurred, tilted, far off, on clutter.

    python -m experiments.handheld --run RUN --model BUNDLE [BUNDLE...] [--rows 1000] [--sheet SHEET.png]

RUN is a folder whose ingest is done, with a validation split that no bundle was trained on. Its photos are spoilt in
one way at a time, and in several at once. Printed is the share of right first candidates by photo alone, with its 95 %
bootstrap interval. Training's views are also tilted, near, far, darker and blurred, but by other code and with photos
for grounds; here grounds are drawn. With `--sheet`, some of the photos are drawn in every way, to look at.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from pipeline.artifacts import RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.config.stages import EvaluationConfig
from pipeline.data.images import square
from pipeline.data.schema import read_products
from pipeline.data.vectors import ProductVectors
from pipeline.evaluation.dataset import CategoryTable, EvaluationRows
from pipeline.evaluation.evaluate import evaluate

Way = Callable[[Image.Image, np.random.Generator], Image.Image]
WHITE = 235  # from here on, in all channels, a pixel is taken for studio ground
SEED = 17
SHOWN = 8  # photos on the sheet


def as_it_is(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The photo itself."""
    return photo


def dark(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A third of the light, that of a bulb, and the noise that comes with it."""
    light = np.asarray(photo, dtype=np.float32) * np.array([0.40, 0.33, 0.22])
    return _image(light + rng.normal(scale=8, size=light.shape))


def glaring(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A window behind one side."""
    pixels = np.asarray(photo, dtype=np.float32)
    slope = np.linspace(0, 1, pixels.shape[1])[:: rng.choice([-1, 1])]
    return _image(pixels + 170 * slope[None, :, None])


def shaken(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The mean of the photo over a straight movement of a twelfth of its side."""
    angle, length = rng.uniform(0, np.pi), photo.width / 12
    steps = np.linspace(-0.5, 0.5, 9)[:, None] * length * np.array([np.cos(angle), np.sin(angle)])
    moved = [photo.rotate(0, translate=(round(x), round(y)), fillcolor=_border(photo)) for x, y in steps.tolist()]
    return _image(np.mean([np.asarray(each) for each in moved], axis=0))


def out_of_focus(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Blurred over an eightieth of its side."""
    return photo.filter(ImageFilter.GaussianBlur(photo.width / 80))


def squeezed(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A JPEG of quality 8, as chats forward it."""
    data = io.BytesIO()
    photo.save(data, "JPEG", quality=8)
    return Image.open(data).convert("RGB")


def tilted(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turned by 15 to 30 degrees."""
    angle = float(rng.choice([-1, 1]) * rng.uniform(15, 30))
    return photo.rotate(angle, Image.Resampling.BICUBIC, fillcolor=_border(photo))


def too_near(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Six tenths of its sides, about the middle."""
    edge = photo.width // 5
    return photo.crop((edge, edge, photo.width - edge, photo.height - edge)).resize(photo.size)


def far_off(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Half as large, somewhere on a ground of its border's color."""
    small = photo.resize((photo.width // 2, photo.height // 2))
    ground = Image.new("RGB", photo.size, _border(photo))
    ground.paste(small, tuple(rng.integers(0, photo.width // 2, 2).tolist()))
    return ground


def on_clutter(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The white ground replaced by a table with grain and things on it, all drawn."""
    side = photo.width
    ground = Image.new("RGB", photo.size, _muted(rng))
    draw = ImageDraw.Draw(ground)
    for _ in range(9):
        left, top = rng.integers(-side // 4, side, 2).tolist()
        width, height = rng.integers(side // 6, side // 2, 2).tolist()
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((left, top, left + width, top + height), fill=_muted(rng))
    grain = Image.fromarray(rng.integers(60, 196, (side // 2, 6), np.uint8)).resize(photo.size).convert("RGB")
    ground = Image.blend(ground, grain, 0.25).filter(ImageFilter.GaussianBlur(side / 160))
    white = np.asarray(photo).min(axis=2) >= WHITE
    mask = Image.fromarray(np.where(white, 0, 255).astype(np.uint8)).filter(ImageFilter.MedianFilter(3))
    return Image.composite(photo, ground, mask)


def by_hand(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """On clutter, tilted, out of focus, in two thirds of the light."""
    for way in (on_clutter, tilted, out_of_focus):
        photo = way(photo, rng)
    return ImageEnhance.Brightness(photo).enhance(0.65)


WAYS: dict[str, Way] = {
    "as it is": as_it_is,
    "dark": dark,
    "against the light": glaring,
    "shaken": shaken,
    "out of focus": out_of_focus,
    "JPEG of quality 8": squeezed,
    "tilted": tilted,
    "too near": too_near,
    "far off": far_off,
    "on clutter": on_clutter,
    "by hand: several at once": by_hand,
}


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


def _muted(rng: np.random.Generator) -> tuple[int, ...]:
    """A color of wood, cloth or paper: any lightness, low saturation."""
    return tuple((rng.integers(50, 200) + rng.integers(-30, 31, 3)).tolist())


def _border(photo: Image.Image) -> tuple[int, ...]:
    """The median color of the outermost pixels."""
    pixels = np.asarray(photo)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(int(value) for value in np.median(edge, axis=0))


def spoilt(photos: np.ndarray, way: Way) -> list[Image.Image]:
    """Photos, uint8 [n, side, side, 3], each in its own draw of a way, the same one every time."""
    return [way(Image.fromarray(photo), np.random.default_rng((SEED, row))) for row, photo in enumerate(photos)]


def first_right(bundle: Bundle, photos: list[Image.Image], products: pd.DataFrame, table: CategoryTable) -> str:
    """Share of right first candidates by photo alone, with its interval, in %.

    Args:
        bundle: The model.
        photos: One of every product.
        products: With their categories and candidates.
        table: The candidates' vectors.
    """
    image = bundle.encode_images(np.stack([square(photo, bundle.image_size) for photo in photos]))
    without, every = np.zeros(len(image), dtype=bool), np.ones(len(image), dtype=bool)
    rows = EvaluationRows(
        texts=[""] * len(image),
        truths=products["category_path"].tolist(),
        candidates=[tuple(row) for row in products["candidates"]],
        vectors=ProductVectors(image, np.zeros_like(image), image, without, every),
    )
    figure = evaluate(bundle, rows, table, config=EvaluationConfig(), seed=SEED)["rerank"]["image"]["acc1"]
    return "{value:.1f} [{low:.1f} to {high:.1f}]".format(**{name: 100 * share for name, share in figure.items()})


def sheet(photos: np.ndarray) -> Image.Image:
    """Some photos, a column each, in every way, a row each."""
    side = photos.shape[1]
    drawn = Image.new("RGB", (side * min(SHOWN, len(photos)), side * len(WAYS)))
    for line, way in enumerate(WAYS.values()):
        for column, photo in enumerate(spoilt(photos[:SHOWN], way)):
            drawn.paste(photo, (side * column, side * line))
    return drawn


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--model", type=Path, nargs="+", required=True)
    parser.add_argument("--rows", type=int, default=1_000, help="at most")
    parser.add_argument("--sheet", type=Path, help="draw some of the photos there")
    arguments = parser.parse_args(argv)
    paths = RunPaths(arguments.run)
    products = read_products(paths.products)
    usable = (products["split"] == "validation") & (products["image_row"] >= 0) & products["category_path"].notna()
    chosen = products[usable].sample(min(arguments.rows, usable.sum()), random_state=SEED)
    photos = np.load(paths.images, mmap_mode="r")[chosen["image_row"].to_numpy()]
    if arguments.sheet is not None:
        sheet(photos).save(arguments.sheet)
    bundles = [load_bundle(folder) for folder in arguments.model]
    tables = [CategoryTable.of(bundle, bundle.categories, chosen["candidates"]) for bundle in bundles]
    print(f"| first right of {len(chosen):,}, in % | " + " | ".join(map(str, arguments.model)) + " |")
    print("|---" * (1 + len(bundles)) + "|")
    for name, way in WAYS.items():
        taken = spoilt(photos, way)
        figures = [first_right(bundle, taken, chosen, table) for bundle, table in zip(bundles, tables, strict=True)]
        print(f"| {name} | " + " | ".join(figures) + " |", flush=True)


if __name__ == "__main__":
    main()
