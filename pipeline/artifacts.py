"""Every file a build writes or reads: where it lies, how it is written.

No other module holds a path string. A file is written under a temporary name and renamed, so that a killed build leaves
the whole file or none, and has `<name>.provenance.json` beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError

REPOSITORY = Path(__file__).resolve().parents[1]  # what paths in a configuration are relative to
SHOPIFY_TAXONOMY = REPOSITORY / "assets" / "taxonomy" / "shopify.txt.gz"
"""Shopify's product taxonomy with its ids, as it comes with this repository."""
CATEGORY_EXAMPLES, CATEGORY_NAMES = map(SHOPIFY_TAXONOMY.with_name, ("examples.tsv.xz", "names.tsv.xz"))
"""Typical titles of its categories, and their names in other languages, which training learns beside the products."""
DEFAULT_TAXONOMY: Path | None = SHOPIFY_TAXONOMY
"""Categories of a build that is given no --taxonomy; None: those that its rows name."""
CACHE_VARIABLE = "PRODUCT_GALAXY_CACHE"
"""Environment variable that names another cache folder; empty: nothing is cached."""


class ArtifactError(UserError):
    """An artifact is missing, damaged, or belongs to another build. The message says what to do."""


@dataclass(frozen=True)
class RunPaths:
    """The files of one run folder."""

    root: Path

    @property
    def products(self) -> Path:
        """Clean rows, one a product (`schema.PRODUCTS`)."""
        return self.root / "products.parquet"

    @property
    def rejects(self) -> Path:
        """Rows that could not be used, with the reason and the raw row."""
        return self.root / "rejects.parquet"

    @property
    def images(self) -> Path:
        """Image cache: uint8 array [number of photos, size, size, 3]; `products.image_row` points into it."""
        return self.root / "images.npy"

    @property
    def taxonomy(self) -> Path:
        """Category paths, one a line."""
        return self.root / "taxonomy.txt"

    @property
    def features(self) -> Path:
        """Folder of the frozen towers' cached features."""
        return self.root / "features"

    @property
    def training(self) -> Path:
        """Folder of checkpoints and the training log."""
        return self.root / "training"

    @property
    def training_log(self) -> Path:
        """JSON lines, one a logged step or validation."""
        return self.training / "log.jsonl"

    @property
    def training_plot(self) -> Path:
        """Losses and validation metrics over the steps."""
        return self.training / "curves.png"

    @property
    def trained(self) -> Path:
        """Model bundle as training left it, without a category predictor."""
        return self.root / "trained"

    @property
    def calibrated(self) -> Path:
        """That bundle with its category predictor."""
        return self.root / "calibrated"

    @property
    def reliability_plot(self) -> Path:
        """How often predictions of a confidence are right, before and after calibration."""
        return self.root / "reliability.png"

    @property
    def coverage_plot(self) -> Path:
        """How much is predicted at which precision, level by level."""
        return self.root / "coverage.png"

    @property
    def embeddings(self) -> Path:
        """Vectors of every product (`schema.EMBEDDINGS`)."""
        return self.root / "embeddings.parquet"

    @property
    def predictions(self) -> Path:
        """Predicted category of every product, and the scores of its candidates (`schema.PREDICTED`)."""
        return self.root / "predictions.parquet"

    @property
    def layout(self) -> Path:
        """Coordinates of every product (`schema.LAYOUT`)."""
        return self.root / "layout.parquet"

    @property
    def clusters(self) -> Path:
        """Cluster of every product (`schema.CLUSTERS`)."""
        return self.root / "clusters.parquet"

    @property
    def silhouette(self) -> Path:
        """Silhouette and inertia of every number of clusters that was tried."""
        return self.root / "silhouette.parquet"

    @property
    def k_distances(self) -> Path:
        """Distances to the k-th neighbor, sorted, and where the curve bends: the reach of DBSCAN."""
        return self.root / "k_distances.parquet"

    @property
    def analysis(self) -> Path:
        """Facts about the products and their space, as JSON (`pipeline.catalog.analysis`)."""
        return self.root / "analysis.json"

    @property
    def evaluation(self) -> Path:
        """Every figure of stage `measure`, as JSON."""
        return self.root / "evaluation.json"

    @property
    def catalog(self) -> Path:
        """The published catalogue."""
        return self.root / "catalog.parquet"

    @property
    def model(self) -> Path:
        """The published model bundle."""
        return self.root / "model"

    @property
    def log(self) -> Path:
        """The build's log."""
        return self.root / "build.log"


@dataclass(frozen=True)
class BundlePaths:
    """The files of one model bundle."""

    root: Path

    @property
    def meta(self) -> Path:
        """Architecture, preset, towers and revisions, metrics."""
        return self.root / "model.json"

    @property
    def weights(self) -> Path:
        """Everything that was trained here."""
        return self.root / "model.safetensors"

    @property
    def classifier(self) -> Path:
        """Weights of the hierarchical classifier."""
        return self.root / "classifier.safetensors"

    @property
    def prototypes(self) -> Path:
        """Mean photo vectors of its categories; a bundle may lack them."""
        return self.root / "prototypes.parquet"

    @property
    def tokenizer(self) -> Path:
        """Tokenizer of the text tower."""
        return self.root / "tokenizer"

    @property
    def categories(self) -> Path:
        """Category paths and their vectors."""
        return self.root / "categories.parquet"

    @property
    def aliases(self) -> Path:
        """Vectors of their names in other languages; a bundle may lack them."""
        return self.root / "aliases.parquet"


@dataclass(frozen=True)
class SearchPaths:
    """The files of one folder of judged queries."""

    root: Path

    @property
    def products(self) -> Path:
        """Products: asin, title, description, bullet_points, brand."""
        return self.root / "products.parquet"

    @property
    def judgements(self) -> Path:
        """Judgements: query, asin, rating (100 exact, 10 substitute, 1 complement, 0 irrelevant)."""
        return self.root / "judgements.csv"


@dataclass(frozen=True)
class ClassifyPaths:
    """The files of a catalogue that is classified; all but `out` and `rejects` are gone when it is done."""

    out: Path

    @property
    def rejects(self) -> Path:
        """Rows that could not be used, with the reason, in the format of the result or the nearest to it."""
        return self.out.with_name(f"{self.out.stem}.rejects{self.out.suffix}")

    @property
    def parts(self) -> Path:
        """Folder of the finished batches."""
        return self.out.with_name(f"{self.out.name}.parts")

    @property
    def state(self) -> Path:
        """Bundle, input and request that the batches were made with."""
        return self.parts / "state.json"

    def part(self, number: int, kind: str = "part") -> Path:
        """A file of a batch: predictions, "rejects", or "seen", what a review keeps."""
        return self.parts / f"{kind}-{number:05d}"

    def finished(self) -> list[tuple[Path, Path, Path]]:
        """Predictions, rejects and what a review keeps of each finished batch, in order."""
        count = len(list(self.parts.glob("part-*")))
        return [(self.part(one), self.part(one, "rejects"), self.part(one, "seen")) for one in range(count)]


def cache_folder() -> Path | None:
    """Folder of what can be made again at any time, None where nothing is to be cached or there is no home."""
    if (named := os.environ.get(CACHE_VARIABLE)) is not None:
        return Path(named) if named else None
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "product-galaxy" / "categories"
    except RuntimeError:  # the user has no home
        return None


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; renamed to it when the block ends well, deleted when it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, str(temporary)):
            error.filename = str(path)  # nobody knows the temporary one
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`; it takes its place when the block ends well, and is deleted when it fails."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # of a build that was killed
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def provenance_path(path: Path) -> Path:
    """The provenance file beside an artifact."""
    return path.with_name(f"{path.name}.provenance.json")
