"""Category paths "A > B > C" and their ids: normalization, parents and children, reading and writing."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from pipeline.artifacts import ArtifactError, atomic_path
from pipeline.errors import InputError
from pipeline.taxonomy.formats import FORMAT_LINE, Entry, parse

SEPARATOR = " > "
_SPLIT = re.compile(r"[-=]*>|[»›→＞⇒]")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")
_SPACE = re.compile(r"\s+")
_MAX_REMEMBERED = 1000
"""Characters: longer than any path of a taxonomy."""
_LOG = logging.getLogger(__name__)


def normalize_path(raw: str) -> str:
    """The path with one spelling: NFKC, single spaces, " > " between levels, no empty level.

    Args:
        raw: Levels separated by ">" (or one of the arrows that shops use for it, such as "->"), with any spacing.

    Raises:
        ValueError: If no level is left.
    """
    return _normalize(raw) if len(raw) <= _MAX_REMEMBERED else _normalize.__wrapped__(raw)


@lru_cache(maxsize=2**15)
def _normalize(raw: str) -> str:
    """Path of `normalize_path`; a source names few paths again and again, and a taxonomy each of its own thrice."""
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
        by_id: The path of each id, in the order given; two ids may have one path, as in translations where two
            categories have the same name. Empty for a taxonomy without ids.
        ids: The id of each path, the first one where it has several; only of paths that have one.
        index: Position of each path in `paths`.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        names: Mapping[str, tuple[str, ...]] | None = None,
        by_id: Mapping[str, str] | None = None,
    ) -> None:
        self.paths = paths
        self.names = dict(names or {})
        self.by_id = dict(by_id or {})
        self.ids: dict[str, str] = {}
        for identifier, path in self.by_id.items():
            self.ids.setdefault(path, identifier)
        self.index = {path: position for position, path in enumerate(paths)}

    @classmethod
    def of(
        cls,
        paths: Iterable[str],
        names: Mapping[str, Sequence[str]] | None = None,
        by_id: Mapping[str, str] | None = None,
    ) -> Taxonomy:
        """Build the taxonomy of these paths (normalized here) and all of their parents.

        Args:
            paths: Any number, in any order.
            names: By path, the same path in other languages (normalized here); those equal to it are dropped.
            by_id: By id, its path (normalized here), which is one of the taxonomy then.

        Raises:
            ValueError: If a path has no level.
        """
        identified = {identifier: normalize_path(path) for identifier, path in (by_id or {}).items()}
        closed: set[str] = set()
        for raw in (*paths, *identified.values()):
            path: str | None = normalize_path(raw)
            while path is not None and path not in closed:
                closed.add(path)
                path = _parent(path)
        aliases: dict[str, tuple[str, ...]] = {}
        for raw, others in (names or {}).items():
            path = normalize_path(raw)
            if distinct := tuple(name for name in dict.fromkeys(map(normalize_path, others)) if name != path):
                aliases[path] = distinct
        return cls(tuple(sorted(closed, key=levels)), aliases, identified)

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


@dataclass(frozen=True)
class Release:
    """A taxonomy file that was read.

    Attributes:
        kind: Of the file, in words.
        version: Of the taxonomy, "" where the file does not say.
        taxonomy: Its categories.
    """

    kind: str
    version: str
    taxonomy: Taxonomy


def read_release(path: Path, *, may_be_empty: bool = False) -> Release:
    """Read a taxonomy file of any kind that `formats` knows.

    Args:
        path: Of the file.
        may_be_empty: Whether it may name no category, as that of a run whose products have none.

    Raises:
        ArtifactError: If the file cannot be read; names the line, the reason and what to do.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"The taxonomy {path} cannot be read ({error}); give a text file of paths.") from error
    try:
        parsed = parse(content)
        taxonomy = _taxonomy_of(parsed.entries)
        if parsed.encoding != "UTF-8":
            _LOG.info("taxonomy %s: read as %s; where its letters are wrong, save it as UTF-8", path, parsed.encoding)
    except InputError as error:
        raise ArtifactError(f"The taxonomy {path} cannot be read: {str(error).rstrip('.')}.") from error
    if not (len(taxonomy) or may_be_empty):
        raise ArtifactError(f"The taxonomy {path} names no category; write one path a line.")
    if shared := len(taxonomy.by_id) - len(taxonomy.ids):
        _LOG.warning("taxonomy %s: %d ids have the path of another id; of these, the first is shown", path, shared)
    return Release(parsed.kind, parsed.version, taxonomy)


def _taxonomy_of(entries: Sequence[Entry]) -> Taxonomy:
    """The taxonomy of the entries of a file.

    Raises:
        InputError: Begins with the place of an entry without a level, or whose id cannot be used.
    """
    by_id: dict[str, str] = {}
    places: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    for entry in entries:
        try:
            path = normalize_path(entry.path)
            names.setdefault(path, []).extend(map(normalize_path, entry.names))
        except InputError as error:
            raise InputError(f"{entry.place}: {error}") from error
        if not entry.id:
            continue
        if _SPACE.search(entry.id):
            raise InputError(f"{entry.place}: the id '{entry.id}' has a space in it; write it without")
        if by_id.setdefault(entry.id, path) != path:
            raise InputError(f"{entry.place}: the id '{entry.id}' has another path on {places[entry.id]}; delete one")
        places.setdefault(entry.id, entry.place)
    return Taxonomy.of(names, names, by_id)


def read_taxonomy(path: Path, *, may_be_empty: bool = False) -> Taxonomy:
    """Read a taxonomy file of any kind that `formats` knows; arguments and errors as those of `read_release`."""
    return read_release(path, may_be_empty=may_be_empty).taxonomy


def write_taxonomy(path: Path, taxonomy: Taxonomy, notes: Sequence[str] = ()) -> None:
    """Write the paths with their ids and names, one a line, atomically.

    Args:
        path: Of the file.
        taxonomy: Read again, it is the same.
        notes: Lines that are written as comments above it.
    """
    lines = [f"# {note}" for note in notes]
    if taxonomy.by_id:
        lines.append(FORMAT_LINE)
    by_path: dict[str, list[str]] = {}
    for identifier, owner in taxonomy.by_id.items():
        by_path.setdefault(owner, []).append(identifier)
    for one in taxonomy.paths:
        cells = "\t".join((one, *taxonomy.names.get(one, ())))
        if taxonomy.by_id:
            lines += [f"{identifier} : {cells}".lstrip() for identifier in by_path.get(one, [""])]
        else:
            lines.append(cells)
    with atomic_path(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
