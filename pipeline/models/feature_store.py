"""Features by towers as they are, remembered by content: what is encoded once is not encoded again.

A store is a folder with one group of files for each tower and state of its weights. A file holds the features of some
thousand inputs and their keys, hashes of the text or of the pixels; it is written as soon as these are encoded, so that
a killed run goes on behind it. Keys depend on nothing else, so a folder can be copied from run to run.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pipeline.artifacts import atomic_path
from pipeline.config.model import TowerConfig
from pipeline.data.vectors import unit
from pipeline.models.encoding import TokenCache, encode_images, encode_texts
from pipeline.models.towers import TextTower, VisionTower
from pipeline.taxonomy.paths import levels

AT_A_TIME = 8192
"""Inputs in a file."""

_KEY_BYTES = 16
_LOG = logging.getLogger(__name__)


class RecentFeatures:
    """Features of the last texts, in memory; may be asked from several threads."""

    def __init__(self, most: int) -> None:
        """Remember `most` texts, the last ones."""
        self._most, self._features, self._lock = most, dict[str, np.ndarray](), threading.Lock()

    def of(self, texts: Sequence[str], encode: Callable[[Sequence[str]], np.ndarray]) -> np.ndarray:
        """Features [n, width] of n texts, at least one; `encode` makes those that are not remembered."""
        with self._lock:
            known = {text: self._features[text] for text in dict.fromkeys(texts) if text in self._features}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known |= dict(zip(new, encode(new), strict=True))
            with self._lock:
                self._features |= {text: known[text] for text in new[-self._most :]}
                for oldest in list(self._features)[: len(self._features) - self._most]:
                    del self._features[oldest]
        return np.stack([known[text] for text in texts])


@dataclass
class _Group:
    """What the files of one tower hold: place of each key (file, row), and the features of each file."""

    place: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    parts: list[np.ndarray] = field(default_factory=list)

    def add(self, keys: Sequence[bytes], features: np.ndarray) -> None:
        self.place |= {key: (len(self.parts), row) for row, key in enumerate(keys)}
        self.parts.append(features)

    def of(self, keys: Sequence[bytes]) -> np.ndarray:
        features = np.empty((len(keys), self.parts[0].shape[1]), dtype=np.float32)
        numbers, inside = np.array([self.place[key] for key in keys]).T
        for number, part in enumerate(self.parts):
            mine = numbers == number
            features[mine] = part[inside[mine]]
        return features


@dataclass(frozen=True)
class FeatureStore:
    """A folder of remembered features.

    Attributes:
        folder: Where the files are.
        seed: Of the build, which random towers depend on.
        first: Context in which only the first of several processes encodes, and the others wait.
    """

    folder: Path
    seed: int
    first: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    _open: dict[str, _Group] = field(default_factory=dict, repr=False)

    def texts(
        self, tower: TextTower, tokens: TokenCache, texts: Sequence[str], *, state: str = "", progress: str = ""
    ) -> np.ndarray:
        """Features float32 [n, width] of texts; zeros for empty ones.

        Args:
            tower: In the state that `state` names.
            tokens: Its tokenizer.
            texts: n texts.
            state: Identifies the tower's weights; "" are those that it was loaded with.
            progress: Label of a progress bar; "" shows none.
        """
        present = [row for row, text in enumerate(texts) if text]
        features = np.zeros((len(texts), tower.config.width), dtype=np.float32)
        if not present:
            return features

        def encode(rows: np.ndarray) -> np.ndarray:
            return encode_texts(tower, tokens, [texts[present[row]] for row in rows.tolist()], progress=progress)

        keys = [hashlib.sha256(texts[row].encode()).digest()[:_KEY_BYTES] for row in present]
        features[present] = self._remembered(f"texts-{self._name(tower.config, state)}", keys, encode)
        return features

    def categories(self, tower: TextTower, tokens: TokenCache, paths: Sequence[str], *, names: bool) -> np.ndarray:
        """Features of category paths as `encoding.encode_categories` makes them, float32 [n, width]."""
        whole = self.texts(tower, tokens, paths, progress="paths")
        if not names:
            return whole
        return unit(
            unit(whole) + unit(self.texts(tower, tokens, [levels(path)[-1] for path in paths], progress="names"))
        )

    def photos(
        self, tower: VisionTower, images: np.ndarray, rows: np.ndarray, *, state: str = "", progress: str = ""
    ) -> np.ndarray:
        """Features float32 [n, width] of photos; zeros where there is none.

        Args:
            tower: In the state that `state` names.
            images: Image cache, uint8 [photos, side, side, 3].
            rows: int [n], rows of it, -1 = no photo.
            state: Identifies the tower's weights; "" are those that it was loaded with.
            progress: Label of a progress bar; "" shows none.
        """
        present = np.flatnonzero(rows >= 0)
        features = np.zeros((len(rows), tower.config.width), dtype=np.float32)
        if not len(present):
            return features
        used = rows[present]

        def encode(chosen: np.ndarray) -> np.ndarray:
            return encode_images(tower, images[used[chosen]], progress=progress)

        keys = [hashlib.sha256(images[row].tobytes()).digest()[:_KEY_BYTES] for row in used]
        features[present] = self._remembered(f"photos-{self._name(tower.config, state)}", keys, encode)
        return features

    def _name(self, tower: TowerConfig, state: str) -> str:
        """Hash of the tower and its weights; adapters that are trained are not part of the pretrained tower."""
        pretrained = tower if tower.is_frozen else replace(tower, lora_targets=(), lora_rank=0, lora_alpha=0)
        seed = "" if tower.model_id else str(self.seed)
        return hashlib.sha256(f"{pretrained!r} {seed} {state}".encode()).hexdigest()[:16]

    def _remembered(self, name: str, keys: Sequence[bytes], encode: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Features in the order of the keys; `encode` makes those of some positions."""
        with self.first():
            if name not in self._open:
                self._open[name] = self._read(name)
            group = self._open[name]
            first_of = {key: position for position, key in reversed(list(enumerate(keys))) if key not in group.place}
            new = sorted(first_of.values())
            for start in range(0, len(new), AT_A_TIME):
                rows = np.array(new[start : start + AT_A_TIME])
                made = encode(rows).astype(np.float16)
                fresh = [keys[row] for row in rows]
                self._write(name, fresh, made)
                group.add(fresh, made)
        return group.of(keys)

    def _read(self, name: str) -> _Group:
        """What the files hold; one that cannot be read is deleted."""
        group = _Group()
        for path in sorted(self.folder.glob(f"{name}-*.npz")):
            try:
                with np.load(path) as file:
                    keys, features = file["keys"], file["features"]
            except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
                _LOG.warning("the remembered features in %s cannot be used (%s); they are made again", path, error)
                path.unlink()
                continue
            group.add([key.tobytes() for key in keys], features)
        return group

    def _write(self, name: str, keys: Sequence[bytes], features: np.ndarray) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        packed = b"".join(keys)
        path = self.folder / f"{name}-{hashlib.sha256(packed).hexdigest()[:12]}.npz"
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(file, keys=np.frombuffer(packed, dtype=np.uint8).reshape(-1, _KEY_BYTES), features=features)
