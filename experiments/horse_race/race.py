"""What every system of the race gets: the same rows and taxonomy, features encoded once; and what it gives back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.artifacts import REPOSITORY, RunPaths
from pipeline.bundle.bundle import Bundle, load_bundle
from pipeline.bundle.files import bundle_hash
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.data.text.dropout import field_dropout, learned_texts
from pipeline.models.encoding import encode_images, encode_texts, make_tokens
from pipeline.models.feature_store import FeatureStore
from pipeline.models.towers import TextTower, VisionTower
from pipeline.taxonomy.paths import read_taxonomy

MEASURED = ("test", "heldout", "heldout-source")
"""Splits that are measured: of sources that training had; of categories that it had not; of sources it had not."""
TARGET_PRECISION = 0.9
MODEL = REPOSITORY / "assets" / "model"
"""The weights that ship."""


@dataclass(frozen=True)
class Budget:
    """How much a system may learn from, and how much is measured; printed in the table.

    Attributes:
        rows: Training rows at most, drawn at random; 0 for all.
        epochs: Passes over them, of what is trained here.
        measured: Rows of each split at most, drawn at random; 0 for all.
        resamples: Of the bootstrap.
        seed: Of the draws and of the training.
    """

    rows: int = 0
    epochs: int = 6
    measured: int = 0
    resamples: int = 500
    seed: int = 17


@dataclass(frozen=True)
class Answers:
    """What a system says of n rows.

    Attributes:
        paths: The category of each over the whole taxonomy, "" for none; None where a system names none.
        candidates: For each row, floats, one for each of its candidates; None where a system ranks none.
        confidences: For each row, one number a level of its path, never rising; None where it has none.
        accepted: int [n], levels of its path that the system itself accepts at `TARGET_PRECISION`; None leaves that to
            thresholds chosen on validation rows.
        vectors: float32 [n, d], unit vectors by which products are alike, zeros for rows that have none; None where
            there are none.
    """

    paths: list[str] | None
    candidates: list[np.ndarray] | None
    confidences: list[np.ndarray] | None = None
    accepted: np.ndarray | None = None
    vectors: np.ndarray | None = None


@dataclass(frozen=True)
class Opened:
    """A system that is ready to answer.

    Attributes:
        answer: Answers about rows of `Race.rows`.
        parameters: Numbers that it holds in memory and computes with, its towers' included.
        splits: What is measured: a model that was trained elsewhere may have learned from rows of the others.
    """

    answer: Callable[[pd.DataFrame], Answers]
    parameters: int
    splits: Sequence[str] = MEASURED


@dataclass(frozen=True)
class System:
    """One system of the race.

    Attributes:
        title: In the table.
        open: Reads what `fit` wrote.
        fit: Trains on `Race.rows("train")`, writes its files into a folder of its own, returns notes as JSON; None
            where nothing is trained.
        needs_hub: Whether its weights come from the hub, so that it runs only when it is asked for.
    """

    title: str
    open: Callable[[Race, Path], Opened]
    fit: Callable[[Race, Path], dict[str, Any]] | None = None
    needs_hub: bool = False


@dataclass
class Race:
    """The rows of a run whose ingest is done, and the towers of a preset.

    Attributes:
        run: The run.
        config: Its preset and settings: the towers, how many training texts lose their fields.
        budget: Of every system.
        unmeasured: Sources that are learned from and not measured.
        store: Where features are remembered; None encodes everything anew, as for one who asks.
        bundle: The model that is "ours"; None: the one that ships.
    """

    run: RunPaths
    config: Config
    budget: Budget
    unmeasured: tuple[str, ...] = ()
    store: FeatureStore | None = None
    bundle: Path | None = None
    _drawn: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def products(self) -> pd.DataFrame:
        """Every labeled product, as `schema.PRODUCTS`; training texts with the fields that the recipe leaves them."""
        products = read_products(self.run.products)
        dropped = field_dropout(products, self.config.train.field_dropout, self.config.seed)
        products = products.assign(text=learned_texts(products, dropped))
        return products[products["category_path"].notna()].reset_index(drop=True)

    @functools.cached_property
    def paths(self) -> tuple[str, ...]:
        """The whole taxonomy."""
        return tuple(read_taxonomy(self.run.taxonomy).paths)

    @functools.cached_property
    def images(self) -> np.ndarray:
        """Image cache, uint8 [photos, side, side, 3], memory-mapped."""
        cache: np.ndarray = np.load(self.run.images, mmap_mode="r")
        return cache

    def rows(self, split: str) -> pd.DataFrame:
        """The rows of a split within the budget, the same for every system."""
        if split not in self._drawn:
            chosen = self.products[self.products["split"] == split]
            most = self.budget.rows if split == "train" else self.budget.measured
            if split in MEASURED:
                chosen = chosen[~chosen["source"].isin(self.unmeasured)]
            if most and len(chosen) > most:
                chosen = chosen.sample(most, random_state=self.budget.seed).sort_index()
            self._drawn[split] = chosen.reset_index(drop=True)
        return self._drawn[split]

    def unlabeled_texts(self) -> list[str]:
        """Every text that is in no split that is measured, labeled or not."""
        products = read_products(self.run.products)
        free = products[~products["split"].isin((*MEASURED, "validation"))]
        return [text for text in free["text"] if text]

    @functools.cached_property
    def text_tower(self) -> TextTower:
        """The preset's text tower, frozen; that of our model, where it is open and has the same."""
        if "ours" in self.__dict__ and self.ours.config.text == self.config.model.text:
            return self.ours.model.text_tower
        return TextTower(self.config.model.text).eval()

    @functools.cached_property
    def vision_tower(self) -> VisionTower:
        """The preset's vision tower, likewise."""
        if "ours" in self.__dict__ and self.ours.config.vision == self.config.model.vision:
            return self.ours.model.vision_tower
        return VisionTower(self.config.model.vision).eval()

    def texts(self, rows: pd.DataFrame) -> np.ndarray:
        """Features of the rows' texts by the text tower, float32 [n, width], not normalized; zeros without text."""
        texts: list[str] = rows["text"].tolist()
        if self.store is not None:
            return self.store.texts(self.text_tower, self._tokens, texts, progress="texts")
        return encode_texts(self.text_tower, self._tokens, texts) * np.array([[bool(text)] for text in texts])

    def photos(self, rows: pd.DataFrame) -> np.ndarray:
        """Features of the rows' first photos by the vision tower, float32 [n, width], likewise."""
        places, tower = rows["image_row"].to_numpy(), self.vision_tower
        if self.store is not None:
            return self.store.photos(tower, self.images, places, progress="photos")
        features = np.zeros((len(rows), tower.config.width), dtype=np.float32)
        present = np.flatnonzero(places >= 0)
        features[present] = encode_images(tower, self.images[places[present]])
        return features

    @functools.cached_property
    def ours(self) -> Bundle:
        """The model that is "ours"."""
        return load_bundle(self.bundle or MODEL)

    @functools.cached_property
    def _tokens(self) -> Any:
        return make_tokens(self.config.model.text)

    def identity(self, *, trained: bool = True) -> dict[str, Any]:
        """Everything that the figures of a system depend on, as JSON; rows and epochs only where it is trained."""
        ids = pd.util.hash_pandas_object(self.products[["product_id", "split"]], index=False)
        budget = asdict(self.budget)
        return {
            **(budget if trained else {name: budget[name] for name in ("measured", "resamples", "seed")}),
            "products": f"{int(ids.sum()) & (2**64 - 1):016x}",
            "unmeasured": list(self.unmeasured),
            "preset": self.config.preset,
            "bundle": bundle_hash(self.bundle or MODEL),
        }


def count_parameters(*modules: Any) -> int:
    """Parameters of torch modules."""
    return sum(value.numel() for module in modules for value in module.parameters())
