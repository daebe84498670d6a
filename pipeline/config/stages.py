"""The configuration of the stages before and after training: where rows come from, and what is made of them.

Frozen dataclasses, checked when they are made; `build.py` has the whole, with model and training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.errors import InputError

SourceKind = Literal["auto", "hub", "dataset", "table", "shopify-export"]


class ConfigError(InputError):
    """A setting that cannot be used."""


def require(condition: bool, message: str) -> None:
    """Refuse a setting: ConfigError with this message where the condition does not hold."""
    if not condition:
        raise ConfigError(message)


@dataclass(frozen=True)
class SourceConfig:
    """Where the input rows come from.

    Attributes:
        location: A Hugging Face data-set id, a folder, a parquet file or a table (CSV, JSON, XML, XLSX, packed or not).
        kind: How to read it; "auto" decides by what `location` is.
        revision: Branch, tag or commit of a hub data set.
        columns: Pairs (our column, the source's column) for tables with other headings.
        images: Folder or zip in which a table's image names are looked up.
        fetch_images: Whether image URLs of a table may be downloaded.
        others: More locations, read with the same settings; their rows join those of `location`.
        taxonomy: Text file of category paths, one a line; None takes the paths that the rows name.
        limit: Read only that many rows of each split (0: all of them).
        splits: Read only these splits; all of them, if none is named.
        encoding: Of a text table, a codec of Python; None finds it.
        delimiter: Of a text table, one character or "tab"; None finds it.
    """

    location: str = ""
    kind: SourceKind = "auto"
    revision: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    images: str | None = None
    fetch_images: bool = False
    others: tuple[str, ...] = ()
    taxonomy: str | None = None
    limit: int = 0
    splits: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None

    def __post_init__(self) -> None:
        require(self.limit >= 0, f"source.limit must not be negative, got {self.limit}")
        one = self.delimiter is None or self.delimiter in ("tab", "\\t") or len(self.delimiter) == 1
        require(one, f"source.delimiter must be one character or 'tab', got '{self.delimiter}'")


ANY_SOURCE = SourceConfig()
"""Reads a source as it is, without a word on its columns, photos or format."""


@dataclass(frozen=True)
class IngestConfig:
    """How raw rows become clean ones.

    Attributes:
        image_size: Side of the square cached image, in pixels.
        thumbnail_size: Longest side of a thumbnail, in pixels.
        max_image_bytes: An encoded image above this is rejected.
        max_image_pixels: A decoded image above this is rejected before it is decoded.
        max_text_characters: Longer descriptions are cut at a word boundary.
        validation_fraction: Share of the training groups that become the validation split.
        heldout_category_fraction: Share of the training categories whose rows become the `heldout` split.
        heldout_max_share: A category with more than this share of the training rows is never held out.
        heldout_sources: Sources whose rows become the `heldout-source` split; a name that ends in `*` means all that
            begin so.
        train_on_heldout: Train on the held-out rows after all. Validation rows are the same as without this, so a
            model that starts from one that held them out has not seen any of them.
        near_duplicate_bits: Perceptual hashes this close (Hamming distance of 64 bits) mean the same photo.
    """

    image_size: int = 128
    thumbnail_size: int = 128
    max_image_bytes: int = 20_000_000
    max_image_pixels: int = 40_000_000
    max_text_characters: int = 5_000
    validation_fraction: float = 0.08
    heldout_category_fraction: float = 0.15
    heldout_max_share: float = 0.02
    heldout_sources: tuple[str, ...] = ()
    train_on_heldout: bool = False
    near_duplicate_bits: int = 3

    def __post_init__(self) -> None:
        require(16 <= self.image_size <= 1024, f"ingest.image_size must be 16 to 1024, got {self.image_size}")
        require(0 <= self.validation_fraction < 1, "ingest.validation_fraction must lie in [0, 1)")
        require(0 <= self.heldout_category_fraction < 1, "ingest.heldout_category_fraction must lie in [0, 1)")
        require(0 < self.heldout_max_share <= 1, "ingest.heldout_max_share must lie in (0, 1]")
        require(all(self.heldout_sources), "ingest.heldout_sources must not hold an empty name")
        require(0 <= self.near_duplicate_bits < 64, "ingest.near_duplicate_bits must be 0 to 63")


@dataclass(frozen=True)
class PredictorConfig:
    """The category predictor: its classifier, how it is combined with retrieval, how confidences are made honest.

    Attributes:
        hidden: Width of the classifier's hidden layer at every level.
        dropout: In it.
        epochs: Passes over the training products.
        batch_size: Products in a batch.
        learning_rate: Peak rate of AdamW.
        level_decay: Weight of a level's loss over that of the level above it.
        class_weights: Exponents to choose from: a class with n rows counts n ** -exponent.
        inverse_temperatures: Factors on the logit scale of the retrieval to choose from.
        classifier_weights: Shares of the classifier in the combination to choose from.
        prototype_weights: Weights of a category's mean photo beside its name to choose from, for photos alone.
        unseen_share: Share of products in categories that training did not have, in the mixture of validation and
            held-out rows on which all is chosen.
        target_precision: Share of the accepted levels that are to be right.
    """

    hidden: int = 256
    dropout: float = 0.1
    epochs: int = 24
    batch_size: int = 512
    learning_rate: float = 2e-3
    level_decay: float = 1.0
    class_weights: tuple[float, ...] = (0.0, 0.5)
    inverse_temperatures: tuple[float, ...] = (1.0, 2.0, 4.0)
    classifier_weights: tuple[float, ...] = (0.0, 0.3, 0.5, 0.7, 0.9)
    prototype_weights: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.5)
    unseen_share: float = 0.2
    target_precision: float = 0.9

    def __post_init__(self) -> None:
        require(self.hidden > 0 and self.epochs > 0 and self.batch_size > 0, "predictor.hidden, epochs, batch_size > 0")
        require(0 <= self.dropout < 1, "predictor.dropout must lie in [0, 1)")
        require(
            bool(self.class_weights and self.inverse_temperatures),
            "predictor.class_weights and inverse_temperatures must not be empty",
        )
        require(min(self.inverse_temperatures, default=1.0) > 0, "predictor.inverse_temperatures must be positive")
        require(0.0 in self.classifier_weights, "predictor.classifier_weights must hold 0, the retrieval alone")
        require(
            all(0 <= share <= 1 for share in self.classifier_weights), "predictor.classifier_weights must lie in [0, 1]"
        )
        require(
            min(self.prototype_weights, default=-1) >= 0, "predictor.prototype_weights must not be empty, nor negative"
        )
        require(0 <= self.unseen_share <= 1, "predictor.unseen_share must lie in [0, 1]")
        require(0 < self.target_precision <= 1, "predictor.target_precision must lie in (0, 1]")


@dataclass(frozen=True)
class LayoutConfig:
    """PCA, then UMAP (cosine) to three and to two dimensions, and t-SNE to two.

    Attributes:
        pca_components: Dimensions that UMAP and t-SNE start from.
        n_neighbors: Of UMAP.
        min_dist: Of UMAP.
        umap_rows: Products that UMAP is fitted on, drawn at random; the rest are placed beside them.
        tsne_perplexity: About how many neighbors t-SNE keeps together.
        tsne_rows: Products that t-SNE places, drawn at random; it takes too long for more, and a plot shows no more.
        crowding: Part of the products that the densest tenth of the galaxy's sky may hold: UMAP's places are spread
            until it is so. 1 leaves them.
    """

    pca_components: int = 64
    n_neighbors: int = 30
    min_dist: float = 0.05
    umap_rows: int = 200_000
    tsne_perplexity: float = 30.0
    tsne_rows: int = 10_000
    crowding: float = 0.3

    def __post_init__(self) -> None:
        require(self.pca_components >= 3, "layout.pca_components must be at least 3")
        require(self.n_neighbors >= 2, "layout.n_neighbors must be at least 2")
        require(self.umap_rows >= 100, "layout.umap_rows must be at least 100")
        require(self.tsne_perplexity >= 1, "layout.tsne_perplexity must be at least 1")
        require(self.tsne_rows >= 16, "layout.tsne_rows must be at least 16")
        require(0.2 <= self.crowding <= 1, "layout.crowding must be between 0.2 and 1")


@dataclass(frozen=True)
class ClusterConfig:
    """k-means on the vectors, and DBSCAN on the 3D layout.

    Attributes:
        k_candidates: Numbers of clusters; the one with the best silhouette is taken.
        silhouette_sample: Rows that the silhouette looks at.
        dbscan_min_samples: Products, itself included, within reach of one that makes it the core of a dense region;
            the reach is where their sorted distances bend.
    """

    k_candidates: tuple[int, ...] = (10, 15, 20, 25, 30, 40, 50)
    silhouette_sample: int = 5_000
    dbscan_min_samples: int = 10

    def __post_init__(self) -> None:
        require(self.dbscan_min_samples >= 2, "cluster.dbscan_min_samples must be at least 2")


@dataclass(frozen=True)
class EvaluationConfig:
    """How figures are made.

    Attributes:
        bootstrap: Resamples for a 95 % interval.
        near_duplicate: Cosine above which two products count as the same one.
    """

    bootstrap: int = 1_000
    near_duplicate: float = 0.985


@dataclass(frozen=True)
class PublishConfig:
    """How the catalogue is written.

    Attributes:
        row_group_size: Rows in a row group of catalog.parquet.
        demo: The products are made up, which the Space then says.
        index_from: Products from which on vectors and indexes are written as files beside the catalogue.
    """

    row_group_size: int = 256
    demo: bool = False
    index_from: int = 200_000
