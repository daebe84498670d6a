"""Differences of two taxonomies: categories added, removed, renamed, moved, by their ids where they have some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.taxonomy.paths import SEPARATOR, Taxonomy, levels

ChangeKind = Literal["added", "removed", "renamed", "moved", "moved and renamed", "follows", "new id"]
"""A category that "follows" is itself as before, and one above it was renamed or moved."""
MatchedBy = Literal["id", "path", "name", ""]


@dataclass(frozen=True)
class Change:
    """What became of a category.

    Attributes:
        kind: Of the change.
        by: How the two were found to be the same category; "" for one that was added or removed.
        old: Its path before, "" for one that was added.
        old_id: Its id before, "" for none.
        new: Its path now, "" for one that was removed.
        new_id: Its id now, "" for none.
    """

    kind: ChangeKind
    by: MatchedBy
    old: str = ""
    old_id: str = ""
    new: str = ""
    new_id: str = ""


def diff(old: Taxonomy, new: Taxonomy) -> list[Change]:
    """All changes from one taxonomy to another, in the order of their paths.

    Categories are the same by their id, else by their path, else by a last name that one removed and one added
    category alone have.
    """
    changes: list[Change] = []
    by_id = {identifier: path for identifier, path in old.by_id.items() if identifier in new.by_id}
    for identifier, path in by_id.items():
        if kind := change_of(path, new.by_id[identifier], old, new):
            changes.append(Change(kind, "id", path, identifier, new.by_id[identifier], identifier))
    arrived = {new.by_id[identifier] for identifier in by_id}
    left = [path for path in old.paths if path not in set(by_id.values())]
    for path in [path for path in left if path in new and path not in arrived]:
        before, after = old.ids.get(path, ""), new.ids.get(path, "")
        if before and after:
            changes.append(Change("new id", "path", path, before, path, after))
        arrived.add(path)
    removed = [path for path in left if path not in arrived]
    added = [path for path in new.paths if path not in arrived]
    pairs = _alone_in_name(removed, added)
    for path in removed:
        target = pairs.get(path, "")
        kind = (change_of(path, target, old, new) or "moved") if target else "removed"
        by: MatchedBy = "name" if target else ""
        changes.append(Change(kind, by, path, old.ids.get(path, ""), target, new.ids.get(target, "")))
    taken = set(pairs.values())
    changes += [Change("added", "", new=path, new_id=new.ids.get(path, "")) for path in added if path not in taken]
    return sorted(changes, key=lambda change: levels(change.old or change.new))


def change_of(path: str, now: str, old: Taxonomy, new: Taxonomy) -> ChangeKind | None:
    """How a category of one taxonomy differs from the same one in another, None where its path is the same."""
    if path == now:
        return None
    above, _, name = path.rpartition(SEPARATOR)
    above_now, _, name_now = now.rpartition(SEPARATOR)
    parent, parent_now = old.ids.get(above), new.ids.get(above_now)
    moved = parent != parent_now if parent and parent_now else above != above_now
    if moved:
        return "moved" if name == name_now else "moved and renamed"
    return "follows" if name == name_now else "renamed"


def _alone_in_name(removed: Iterable[str], added: Iterable[str]) -> Mapping[str, str]:
    """Added path of each removed one, where no other of either has that last name."""
    gone, come = ([(levels(path)[-1], path) for path in paths] for paths in (removed, added))
    once = {name for name, count in Counter(name for name, _ in gone).items() if count == 1}
    once &= {name for name, count in Counter(name for name, _ in come).items() if count == 1}
    targets = {name: path for name, path in come if name in once}
    return {path: targets[name] for name, path in gone if name in once}
