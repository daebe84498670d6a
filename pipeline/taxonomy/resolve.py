"""From a category cell of a table to a path: ids and numbers are looked up, other spellings of a path are made one."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.taxonomy.paths import SEPARATOR, Taxonomy, levels

_LOG = logging.getLogger(__name__)
_OTHER_SEPARATOR = re.compile(r"\S\s*\|\s*\S|\w/\w|\w\\\w")
_NUMBER = re.compile(r"\d+(?:\.0+)?")  # ".0": as spreadsheets and pandas write numbers of a column with gaps
_LOOKS_LIKE_ID = re.compile(r"gid://\S+|[a-z]{2}(?:-\d+)+|\d+(?:\.0+)?")
_ID_AND_PATH = re.compile(r"(\d+|gid://\S+) (?:-|:) .+")


@dataclass(frozen=True)
class Spelling:
    """One spelling for paths that differ in case alone, level by level.

    Attributes:
        names: By the casefolded path down to a level, the name of that level.
        given: Paths of the taxonomy, which stay as they are even where two differ in case alone.
    """

    names: Mapping[str, str]
    given: Container[str] = ()

    @classmethod
    def of(cls, taxonomy: Taxonomy, used: Iterable[str] = ()) -> Spelling:
        """That of a taxonomy; for names that it lacks the most frequent one, or the first of these.

        Args:
            taxonomy: May be empty.
            used: Normalized paths, each as often as it is used.
        """
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for path, count in Counter(used).items():
            for folded, name in _folded_levels(path):
                counts[folded][name] += count
        names = {folded: counter.most_common(1)[0][0] for folded, counter in counts.items()}
        for path in reversed(taxonomy.paths):  # where two of its paths differ in case alone, the first
            names[path.casefold()] = levels(path)[-1]
        return cls(names, taxonomy)

    def spell(self, path: str) -> str:
        """A normalized path in this spelling; names that it does not know stay."""
        if path in self.given:
            return path
        return SEPARATOR.join(self.names.get(folded, name) for folded, name in _folded_levels(path))


def _folded_levels(path: str) -> Iterable[tuple[str, str]]:
    """Of each level of a path, the casefolded path down to it and its name."""
    folded = ""
    for name in levels(path):
        folded = f"{folded}{SEPARATOR}{name.casefold()}" if folded else name.casefold()
        yield folded, name


def respellings(used: Sequence[str], taxonomy: Taxonomy) -> dict[str, str]:
    """Spelling of each path that differs from another in case alone and is taken for it; says in the log how many.

    Also warns of categories that may be several levels with another separator.

    Args:
        used: Normalized paths of all rows of a source, each as often as it is used.
        taxonomy: The one that is given, whose spelling counts; may be empty.
    """
    spelling, distinct = Spelling.of(taxonomy, used), list(dict.fromkeys(used))
    changed = {path: spelled for path in distinct if (spelled := spelling.spell(path)) != path}
    if changed:
        example = next(iter(changed))
        _LOG.warning(
            "%d category paths differ from another in case alone and are taken for it (for example '%s' for '%s')",
            *(len(changed), example, changed[example]),
        )
    doubtful = [path for path in distinct if SEPARATOR not in path and _OTHER_SEPARATOR.search(path)]
    if doubtful := [path for path in doubtful if path not in taxonomy]:
        _LOG.warning(
            "%d categories hold '|' or '/' and no '>' and are read as one level (for example '%s'); "
            "write ' > ' between levels",
            *(len(doubtful), doubtful[0]),
        )
    return changed


class Resolver:
    """Finds the path that a category cell means; made of the taxonomy that is given, which may be empty."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._spelling = Spelling.of(taxonomy)
        self._handles = {_handle(identifier): path for identifier, path in taxonomy.by_id.items()}

    def resolve(self, cell: str) -> str | None:
        """The path of a cell: looked up where it is an id, in the taxonomy's spelling where it is a path.

        Args:
            cell: Normalized as a path is.

        Returns:
            None where it looks like an id that the taxonomy does not have: that is no category of this name.
        """
        if cell in self._taxonomy:
            return cell
        identified = self._by_id(cell)
        if identified is not None:
            return identified
        if _LOOKS_LIKE_ID.fullmatch(cell):
            return None
        if (both := _ID_AND_PATH.fullmatch(cell)) and (identified := self._by_id(both[1])) is not None:
            return identified
        return self._spelling.spell(cell)

    def knows(self, cell: str) -> bool:
        """Whether the path of a cell is one of the taxonomy."""
        path = self.resolve(cell)
        return path is not None and path in self._taxonomy

    def _by_id(self, text: str) -> str | None:
        if _NUMBER.fullmatch(text):
            text = text.split(".")[0]
        return self._taxonomy.by_id.get(text) or self._handles.get(_handle(text))


def _handle(identifier: str) -> str:
    """The end of a global id, "fr-22-7" of "gid://shopify/TaxonomyCategory/fr-22-7"; another id as it is."""
    return identifier.rsplit("/", 1)[-1] if identifier.startswith("gid://shopify/Taxonomy") else identifier


NO_TAXONOMY = Resolver(Taxonomy.of(()))
"""Where no taxonomy is given: no id has a path."""
