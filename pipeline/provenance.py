"""Where the artifacts of a build came from: written beside each, checked before it is used.

Written last, so that it also means that the artifact is complete.
"""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.artifacts import ArtifactError, provenance_path, write_json
from pipeline.config.build import Config


@dataclass(frozen=True)
class Provenance:
    """Where an artifact came from.

    Attributes:
        stage: The stage that wrote it.
        preset: Name of the preset.
        fingerprint: `Config.fingerprint(stage)`.
        rows: Number of products.
        product_ids: Hash of the product ids, in any order (`hash_ids`).
        commit: Git commit of the code, empty outside a checkout.
        towers: Model ids with their revisions.
    """

    stage: str
    preset: str
    fingerprint: str
    rows: int
    product_ids: str
    commit: str = ""
    towers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config, stage: str, product_ids: Iterable[str]) -> Provenance:
        """Provenance of what `stage` writes for these products."""
        ids = list(product_ids)
        towers = {
            name: f"{tower.model_id or tower.model_class}@{tower.revision or tower.sha256 or 'local'}"
            for name, tower in (("text", config.model.text), ("vision", config.model.vision))
        }
        return cls(stage, config.preset, config.fingerprint(stage), len(ids), hash_ids(ids), git_commit(), towers)


def hash_ids(product_ids: Iterable[str]) -> str:
    """Hash of a set of product ids; their order does not matter."""
    digest = hashlib.sha256()
    for product_id in sorted(product_ids):
        digest.update(product_id.encode() + b"\n")
    return digest.hexdigest()[:16]


@functools.cache
def git_commit() -> str:
    """Commit of the checkout this code lies in, "" where there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def write_provenance(path: Path, provenance: Provenance) -> None:
    """Say where the artifact at `path` came from; written last, so that it also means "complete"."""
    write_json(provenance_path(path), asdict(provenance))


def read_provenance(path: Path) -> Provenance:
    """Provenance of the artifact at `path`.

    Raises:
        ArtifactError: If the artifact or its provenance is missing or unreadable.
    """
    if not path.exists():
        raise ArtifactError(f"{path} does not exist; run the stage that writes it, or the whole build.")
    try:
        return Provenance(**json.loads(provenance_path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(f"{path} has no readable provenance beside it ({error}); run its stage again.") from error


def is_complete(paths: Iterable[Path], config: Config, stage: str) -> bool:
    """Whether every output of `stage` is there and was made with this very configuration."""
    fingerprint = config.fingerprint(stage)
    for path in paths:
        try:
            found = read_provenance(path)
        except ArtifactError:
            return False
        if found.fingerprint != fingerprint:
            return False
    return True


def require(path: Path, config: Config, stage: str, product_ids: Iterable[str] | None = None) -> Provenance:
    """Check that the artifact at `path` was written by `stage` of this build, for these products.

    Raises:
        ArtifactError: In one sentence, if not.
    """
    found = read_provenance(path)
    if found.stage != stage or found.fingerprint != config.fingerprint(stage):
        raise ArtifactError(
            f"{path} was written with another configuration (preset {found.preset}, {found.fingerprint}); "
            f"run stage '{stage}' again."
        )
    if product_ids is not None and found.product_ids != hash_ids(product_ids):
        raise ArtifactError(f"{path} holds other products than this run; run stage '{stage}' again.")
    return found
