"""Category paths "A > B > C": normalization, parents and children, reading and writing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.artifacts import ArtifactError, atomic_path
from pipeline.errors import InputError

SEPARATOR = " > "
_SPLIT = re.compile(r"[>»›→＞]")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")
_SPACE = re.compile(r"\s+")


def normalize_path(raw: str) -> str:
    """The path with one spelling: NFKC, single spaces, " > " between levels, no empty level.

    Args:
        raw: Levels separated by ">" (or one of the arrows that shops use for it), with any spacing.

    Raises:
        ValueError: If no level is left.
    """
    text = unicodedata.normalize("NFKC", raw)
    while "&amp;" in text:
        text = text.replace("&amp;", "&")
    text = _INVISIBLE.sub(" ", text.replace("&gt;", ">"))
    stripped = [_SPACE.sub(" ", level).strip() for level in _SPLIT.split(text)]
    kept = [level for level in stripped if level]
    if not kept:
        raise InputError(f"The category path {raw!r} has no level; write it as 'Top > Middle > Leaf'.")
    return SEPARATOR.join(kept)


def levels(path: str) -> tuple[str, ...]:
    """Names of the levels of a normalized path, the top first."""
    return tuple(path.split(SEPARATOR))


def truncate(path: str, depth: int) -> str:
    """The first `depth` levels of a normalized path; the whole path where it is shorter."""
    if depth < 1:
        raise ValueError(f"A path is cut to at least 1 level, not to {depth}.")
    return SEPARATOR.join(levels(path)[:depth])


def hash_path(path: str) -> str:
    """Twelve hex digits that stand for a normalized path whose text must not be shipped."""
    return hashlib.sha256(path.encode()).hexdigest()[:12]


def _parent(path: str) -> str | None:
    parent, separator, _ = path.rpartition(SEPARATOR)
    return parent if separator else None


class Taxonomy:
    """An immutable set of category paths that holds the parent of each; made by `Taxonomy.of`.

    Attributes:
        paths: All paths, sorted so that a parent precedes its children and a subtree is contiguous.
        names: Names of paths in other languages, as whole paths; only of paths that have some.
        index: Position of each path in `paths`.
    """

    def __init__(self, paths: tuple[str, ...], names: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.paths = paths
        self.names = dict(names or {})
        self.index = {path: position for position, path in enumerate(paths)}

    @classmethod
    def of(cls, paths: Iterable[str], names: Mapping[str, Sequence[str]] | None = None) -> Taxonomy:
        """Build the taxonomy of these paths (normalized here) and all of their parents.

        Args:
            paths: Any number, in any order.
            names: By path, the same path in other languages (normalized here); those equal to it are dropped.

        Raises:
            ValueError: If a path has no level.
        """
        closed: set[str] = set()
        for raw in paths:
            path: str | None = normalize_path(raw)
            while path is not None and path not in closed:
                closed.add(path)
                path = _parent(path)
        aliases: dict[str, tuple[str, ...]] = {}
        for raw, others in (names or {}).items():
            path = normalize_path(raw)
            if distinct := tuple(name for name in dict.fromkeys(map(normalize_path, others)) if name != path):
                aliases[path] = distinct
        return cls(tuple(sorted(closed, key=levels)), aliases)

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, path: object) -> bool:
        return path in self.index

    def _known(self, path: str) -> str:
        if path not in self.index:
            raise KeyError(f"'{path}' is not a category of this taxonomy of {len(self)} paths.")
        return path

    def ancestors(self, path: str) -> tuple[str, ...]:
        """The paths from the top-level category down to `path` itself."""
        names = levels(self._known(path))
        return tuple(SEPARATOR.join(names[:depth]) for depth in range(1, len(names) + 1))

    def depth(self, path: str) -> int:
        """Number of levels; 1 for a top-level category."""
        return len(levels(self._known(path)))

    @cached_property
    def parent_index(self) -> np.ndarray:
        """int32 [len(self)]: position of each path's parent in `paths`, -1 for top-level categories."""
        parents = [_parent(path) for path in self.paths]
        return np.array([-1 if parent is None else self.index[parent] for parent in parents], dtype=np.int32)


def read_taxonomy(path: Path, *, may_be_empty: bool = False) -> Taxonomy:
    """Read category paths, one a line; empty lines and lines that start with "#" are skipped.

    After a tab, a line may give the same path in another language, and so on for any number of languages.

    Args:
        path: Of the file.
        may_be_empty: Whether it may name no category, as that of a run whose products have none.

    Raises:
        ArtifactError: If the file is missing, is not UTF-8 text or names no category where it must.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"The taxonomy {path} cannot be read ({error}); give a UTF-8 file of paths.") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        cells = [[cell for cell in line.split("\t") if cell.strip()] for line in lines]
        taxonomy = Taxonomy.of((path for path, *_ in cells), {path: names for path, *names in cells})
    except ValueError as error:
        raise ArtifactError(f"The taxonomy {path} has a line without a category: {error}") from error
    if not (len(taxonomy) or may_be_empty):
        raise ArtifactError(f"The taxonomy {path} names no category; write one path a line.")
    return taxonomy


def write_taxonomy(path: Path, taxonomy: Taxonomy) -> None:
    """Write the paths with their names, one a line, atomically."""
    lines = ("\t".join((path, *taxonomy.names.get(path, ()))) for path in taxonomy.paths)
    with atomic_path(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
