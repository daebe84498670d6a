"""The folder beside a large catalogue: its vectors as files that are mapped, and the index of them.

A catalogue that has none is read as ever. The folder names the catalogue that it belongs to; another one's is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.artifacts import ArtifactError, write_json
from pipeline.types import Modality

_ADVICE = "publish the catalogue again, or delete the folder"


@dataclass(frozen=True)
class IndexFiles:
    """The files of such a folder."""

    root: Path

    @classmethod
    def beside(cls, catalog: Path) -> IndexFiles:
        """Those of the catalogue at a path."""
        return cls(catalog.with_suffix(".index"))

    @property
    def meta(self) -> Path:
        """Catalogue, sizes and hashes of the other files; written last."""
        return self.root / "index.json"

    def vectors(self, modality: Modality) -> Path:
        """Vectors in half precision, as FAISS scans them."""
        return self.root / f"{modality}.vectors"

    def lengths(self, modality: Modality) -> Path:
        """Their lengths."""
        return self.root / f"{modality}.lengths.npy"

    def present(self, modality: Modality) -> Path:
        """Which products have one of their own."""
        return self.root / f"{modality}.present.npy"

    def index(self, modality: Modality) -> Path:
        """The index of the vectors."""
        return self.root / f"{modality}.ivf"

    def words(self, name: str) -> Path:
        """One of the arrays by which products are found by their words."""
        return self.root / f"words.{name}.npy"

    def seal(self, catalog: str) -> None:
        """Write `meta`, for the catalogue with this hash of its metadata."""
        files = {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in self._others()}
        write_json(self.meta, {"catalog": catalog, "files": files})

    def belongs_to(self, catalog: str) -> bool:
        """Whether there is such a folder, of the catalogue with this hash, whose files have the right sizes.

        Raises:
            ArtifactError: If a file of this catalogue is missing or of another size.
        """
        if not self.meta.is_file():
            return False
        meta = self._read()
        if meta["catalog"] != catalog:
            return False
        for name, file in meta["files"].items():
            path = self.root / name
            if not path.is_file() or path.stat().st_size != file["bytes"]:
                raise ArtifactError(f"{path} is missing or not whole; {_ADVICE}.")
        return True

    def verify(self) -> None:
        """Read all files and compare their hashes.

        Raises:
            ArtifactError: If one is damaged.
        """
        for name, file in self._read()["files"].items():
            if _sha256(self.root / name) != file["sha256"]:
                raise ArtifactError(f"{self.root / name} is damaged; {_ADVICE}.")

    def _read(self) -> dict[str, Any]:
        try:
            meta: dict[str, Any] = json.loads(self.meta.read_text(encoding="utf-8"))
            files = {
                str(name): {"bytes": int(one["bytes"]), "sha256": str(one["sha256"])}
                for name, one in meta["files"].items()
            }
            return {"catalog": str(meta["catalog"]), "files": files}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(f"{self.meta} cannot be read ({error}); {_ADVICE}.") from error

    def _others(self) -> Iterator[Path]:
        return (path for path in sorted(self.root.iterdir()) if path != self.meta)


def read_mask(path: Path) -> np.ndarray:
    """A mask of `IndexFiles.present`, bool [n]."""
    mask: np.ndarray = np.load(path, allow_pickle=False)
    return mask


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
