"""Where the artifacts of a build came from: written beside each, checked before it is used.

Written last, so that it also means that the artifact is complete. An artifact is known by a fingerprint of the
settings and of the content of the files that it was made from (`content_of`), so that a file that changed under the
same name makes another artifact.
"""

from __future__ import annotations

import functools
import hashlib
import json
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from pipeline.artifacts import ArtifactError, provenance_path, write_json
from pipeline.config.build import Config

MISSING = "missing"
UNREADABLE = "unreadable"


def content_of(path: Path, leave_out: Path | None = None) -> str:
    """Describe the content of a file, or of a folder's files with their names, by size and SHA-256.

    A file is hashed once in a process unless its size or time of change differ. Links are followed.

    Args:
        path: A file or a folder; others, such as a FIFO, are `UNREADABLE` (and refused by whoever reads them).
        leave_out: A folder whose files do not count, such as the run folder that lies among the sources.

    Returns:
        The same text for the same content, wherever it lies.
    """
    if not path.is_dir():
        return _file_content(path)
    skipped = None if leave_out is None else leave_out.resolve()
    files = sorted(_files(path, skipped, frozenset()))
    with ThreadPoolExecutor() as pool:  # hashing frees the interpreter lock
        contents = list(pool.map(_file_content, files))
    digest = hashlib.sha256()
    for file, content in zip(files, contents, strict=True):
        digest.update(f"{file.relative_to(path).as_posix()}\0{content}\n".encode(errors="surrogateescape"))
    return f"{len(files)} files, sha256 {digest.hexdigest()}"


def _files(folder: Path, skipped: Path | None, above: frozenset[Path]) -> Iterator[Path]:
    """The files below a folder; a link to a folder above itself is not followed."""
    place = folder.resolve()
    if place == skipped or place in above:
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError:  # whoever reads it says so
        return
    for entry in entries:
        if entry.is_dir():
            yield from _files(entry, skipped, above | {place})
        elif entry.is_file():
            yield entry


def _file_content(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return UNREADABLE
        return f"{status.st_size} bytes, sha256 {_sha256(path.resolve(), status.st_size, status.st_mtime_ns)}"
    except FileNotFoundError:
        return MISSING
    except OSError:  # the stage that reads it says what is wrong, in its own sentence
        return UNREADABLE


@functools.cache
def _sha256(path: Path, size: int, changed: int) -> str:
    """SHA-256 of a file; its size in bytes and time of change in nanoseconds tell one state of it from another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(settings: Mapping[str, Any], content: Mapping[str, str], needed: Mapping[str, str]) -> str:
    """Hash of all that an artifact depends on.

    Args:
        settings: Parts of the configuration, as JSON.
        content: What is read from outside of the run folder: a description (`content_of`) by a name.
        needed: Fingerprints of the artifacts that it is made from, by their stage.

    Returns:
        The first 16 hex digits of a SHA-256.
    """
    whole = {"settings": settings, "content": content, "needed": needed}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Provenance:
    """Where an artifact came from.

    Attributes:
        stage: The stage that wrote it.
        preset: Name of the preset.
        fingerprint: Of all that it depends on (`fingerprint`).
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
    def of(cls, config: Config, stage: str, fingerprint: str, product_ids: Iterable[str]) -> Provenance:
        """Provenance of what `stage` writes for these products."""
        ids = list(product_ids)
        towers = {
            name: f"{tower.model_id or tower.model_class}@{tower.revision or tower.sha256 or 'local'}"
            for name, tower in (("text", config.model.text), ("vision", config.model.vision))
        }
        return cls(stage, config.preset, fingerprint, len(ids), hash_ids(ids), git_commit(), towers)


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


def write_provenance(path: Path, provenance: Provenance, content: Mapping[str, str] | None = None) -> None:
    """Say where the artifact at `path` came from; written last, so that it also means "complete".

    Args:
        path: The artifact.
        provenance: Of it.
        content: What its stage read from outside of the run folder, as `fingerprint` takes it; for people to compare.
    """
    write_json(provenance_path(path), {**asdict(provenance), "content": dict(content or {})})


def read_provenance(path: Path) -> Provenance:
    """Provenance of the artifact at `path`.

    Raises:
        ArtifactError: If the artifact or its provenance is missing or unreadable.
    """
    if not path.exists():
        raise ArtifactError(f"{path} does not exist; run the stage that writes it, or the whole build.")
    try:
        recorded = json.loads(provenance_path(path).read_text(encoding="utf-8"))
        return Provenance(**{each.name: recorded[each.name] for each in fields(Provenance)})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ArtifactError(f"{path} has no readable provenance beside it ({error}); run its stage again.") from error


def discard_provenance(paths: Iterable[Path]) -> None:
    """Mark artifacts as incomplete, before they are written again."""
    for path in paths:
        provenance_path(path).unlink(missing_ok=True)


def is_complete(paths: Iterable[Path], fingerprint: str, product_ids: str | None = None) -> bool:
    """Whether all outputs of a stage are there, made from this very content with these very settings.

    Args:
        paths: The outputs.
        fingerprint: That they would be made with now.
        product_ids: `hash_ids` of the products, None for any.
    """
    for path in paths:
        try:
            recorded = read_provenance(path)
        except ArtifactError:
            return False
        if recorded.fingerprint != fingerprint or product_ids not in (None, recorded.product_ids):
            return False
    return True


def require_artifact(path: Path, stage: str, fingerprint: str, product_ids: str | None = None) -> Provenance:
    """Check that the artifact at `path` was written by `stage` from this content, for these products.

    Args:
        path: The artifact.
        stage: Its stage.
        fingerprint: That it would be made with now.
        product_ids: `hash_ids` of the products, None for any.

    Raises:
        ArtifactError: In one sentence that names the stage to run.
    """
    if not path.exists():
        raise ArtifactError(f"{path} does not exist; run stage '{stage}' first, or the whole build.")
    recorded = read_provenance(path)
    if recorded.stage != stage or recorded.fingerprint != fingerprint:
        raise ArtifactError(
            f"{path} was made with other settings or from other files than this command names (its preset was "
            f"{recorded.preset}); run stage '{stage}' again."
        )
    if product_ids is not None and recorded.product_ids != product_ids:
        raise ArtifactError(f"{path} holds other products than this run; run stage '{stage}' again.")
    return recorded
