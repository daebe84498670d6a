"""Migration of a catalogue to another taxonomy: what becomes of each category that its products have.

A category is looked up by its id, then in Shopify's own mapping, then by its path, and at last by what is nearest in
meaning, with a confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.taxonomy.diff import ChangeKind, change_of
from pipeline.taxonomy.mappings import CategoryMapping
from pipeline.taxonomy.paths import Taxonomy, levels, normalize_path
from pipeline.taxonomy.resolve import Resolver

MoveKind = Literal["unchanged", "split", "deleted", "unknown"] | ChangeKind
FoundBy = Literal["id", "mapping", "path", "vectors", ""]
Nearest = Callable[[Sequence[str]], Sequence[tuple[str, float]]]
"""For each of some paths, the nearest category of the new taxonomy and a confidence in [0, 1]."""


@dataclass(frozen=True)
class Target:
    """A category of the new taxonomy; `confidence` is 1 unless it was found by vectors."""

    path: str
    id: str = ""
    confidence: float = 1.0


@dataclass(frozen=True)
class Move:
    """What becomes of a category.

    Attributes:
        kind: "deleted" of one that the new taxonomy lacks, "unknown" of one that neither has.
        by: How the targets were found; those "by vectors" are proposals.
        cell: As the catalogue has it.
        old: Its path, in the old taxonomy where that has it; "" for an id that neither has.
        old_id: Its id there, "" for none.
        targets: Several where it was split.
        products: Number of products that have it.
    """

    kind: MoveKind
    by: FoundBy
    cell: str
    old: str
    old_id: str
    targets: tuple[Target, ...]
    products: int


def migrate(
    cells: Mapping[str, int],
    old: Taxonomy,
    new: Taxonomy,
    *,
    mapping: CategoryMapping | None = None,
    nearest: Nearest | None = None,
) -> list[Move]:
    """What becomes of the categories of a catalogue, in the order of their paths.

    Args:
        cells: Paths or ids, each with the number of products that have it.
        old: The taxonomy that they are of.
        new: The one that they are to be of.
        mapping: From the old to the new one.
        nearest: Proposes categories for those that are found in no other way; None proposes none.
    """
    resolver = Resolver(old)
    moves = [_move(cell, products, resolver, old, new, mapping) for cell, products in cells.items()]
    open_moves = [number for number, move in enumerate(moves) if move.old and not move.targets]
    if nearest is not None and open_moves:
        texts = [moves[number].old for number in open_moves]
        for number, (path, confidence) in zip(open_moves, nearest(texts), strict=True):
            move = moves[number]
            target = Target(path, new.ids.get(path, ""), confidence)
            moves[number] = Move(move.kind, "vectors", move.cell, move.old, move.old_id, (target,), move.products)
    return sorted(moves, key=lambda move: levels(move.old or move.cell))


def _move(
    cell: str, products: int, resolver: Resolver, old: Taxonomy, new: Taxonomy, mapping: CategoryMapping | None
) -> Move:
    """What becomes of one category, by all but vectors."""
    path = resolver.resolve(normalize_path(cell))
    if path is None or path not in old:
        known = Resolver(new).resolve(normalize_path(cell))  # it may be of the new taxonomy already
        if known is not None and known in new:
            return Move("unchanged", "path", cell, "", "", (Target(known, new.ids.get(known, "")),), products)
        return Move("unknown", "", cell, path or "", "", (), products)
    identifier = _id_of(cell, path, old)
    kind, by, targets = _targets(path, identifier, old, new, mapping)
    return Move(kind, by, cell, path, identifier, targets, products)


def _id_of(cell: str, path: str, old: Taxonomy) -> str:
    """The id that a cell gives, else that of its path."""
    if cell == path:
        return old.ids.get(path, "")
    given = cell.strip().rsplit("/", 1)[-1]
    same = (one for one, owner in old.by_id.items() if owner == path and one.rsplit("/", 1)[-1] == given)
    return next(same, old.ids.get(path, ""))


def _targets(
    path: str, identifier: str, old: Taxonomy, new: Taxonomy, mapping: CategoryMapping | None
) -> tuple[MoveKind, FoundBy, tuple[Target, ...]]:
    """Kind, way of finding and targets of a category of the old taxonomy."""
    if identifier in new.by_id:
        now = new.by_id[identifier]
        return change_of(path, now, old, new) or "unchanged", "id", (Target(now, identifier),)
    mapped = () if mapping is None else mapping.find(path, identifier)
    targets = tuple(
        Target(known, one.id if one.id in new.by_id else new.ids.get(known, ""))
        for one in mapped
        if (known := new.by_id.get(one.id, one.path)) in new
    )
    if len(targets) > 1:
        return "split", "mapping", targets
    if targets:
        return change_of(path, targets[0].path, old, new) or "new id", "mapping", targets
    if path in new:
        renumbered = identifier and path in new.ids
        return "new id" if renumbered else "unchanged", "path", (Target(path, new.ids.get(path, "")),)
    return "deleted", "", ()
