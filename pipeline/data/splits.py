"""Group-wise splits. Pure functions of arrays and lists, the same for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.config.stages import ConfigError, IngestConfig
from pipeline.types import Split

TEST_FRACTION = 0.15
"""Share of the groups that become the test split of a source that has none."""
HELDOUT_SOURCE: Split = "heldout-source"
_KEPT_AS_GIVEN = ("test", HELDOUT_SOURCE, "heldout", "validation")
"""Splits of the source that stay as they are; a group that lies in several stays in the first of these."""


def _draw(seed: int, purpose: str, name: str) -> str:
    return hashlib.sha256(f"{seed}:{purpose}:{name}".encode()).hexdigest()


@dataclass(frozen=True)
class _Group:
    rows: list[int]
    categories: frozenset[str]
    main: str | None  # the commonest category


def _collect(rows: Sequence[int], groups: np.ndarray, categories: Sequence[str | None]) -> dict[int, _Group]:
    members: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        members[int(groups[row])].append(row)
    collected = {}
    for name, inside in members.items():
        counts = Counter(category for row in inside if (category := categories[row]) is not None)
        main = min(counts, key=lambda category: (-counts[category], category)) if counts else None
        collected[name] = _Group(inside, frozenset(counts), main)
    return collected


def hold_out_sources(given: Sequence[str], sources: Sequence[str], chosen: Sequence[str]) -> list[str]:
    """Splits with every row of the chosen sources in `heldout-source`.

    Args:
        given: [n] splits as the source names them.
        sources: [n] source of every row.
        chosen: Names of sources; one that ends in `*` means all that begin so.

    Raises:
        ConfigError: If there is no such source, or no other is left.
    """
    known = sorted(set(sources))
    held = {name for pattern in chosen for name in _matching(pattern, known)}
    if held and held == set(known):
        raise ConfigError(
            f"ingest.heldout_sources holds out every source ({', '.join(known)}); leave one of them for training."
        )
    return [HELDOUT_SOURCE if source in held else split for split, source in zip(given, sources, strict=True)]


def _matching(pattern: str, known: Sequence[str]) -> list[str]:
    prefix = pattern.removesuffix("*")
    names = [name for name in known if (name == pattern if prefix == pattern else name.startswith(prefix))]
    if not names:
        raise ConfigError(
            f"ingest.heldout_sources names '{pattern}', which no row is of; the sources are {', '.join(known)}."
        )
    return names


def release_sources(splits: Sequence[str], given: Sequence[str]) -> list[str]:
    """Undo `hold_out_sources` at the end: rows of a held-out source go where their source has them."""
    return [before if split == HELDOUT_SOURCE else split for split, before in zip(splits, given, strict=True)]


def choose_heldout(
    rows: Sequence[int],
    groups: np.ndarray,
    categories: Sequence[str | None],
    *,
    fraction: float,
    max_share: float,
    seed: int,
) -> frozenset[str]:
    """Draw the categories whose rows training never sees.

    Only categories that no group shares with another category, and with at most `max_share` of the rows, are drawn.

    Args:
        rows: Training rows.
        groups: Group of every row.
        categories: Category of every row, None if unknown.
        fraction: Share of the categories to draw.
        max_share: Largest share of `rows` of a drawn category.
        seed: Of the draw.
    """
    sizes = Counter(category for row in rows if (category := categories[row]) is not None)
    mixed = {
        category
        for group in _collect(rows, groups, categories).values()
        if len(group.categories) > 1
        for category in group.categories
    }
    free = [name for name, size in sizes.items() if name not in mixed and size <= max_share * len(rows)]
    wanted = min(round(fraction * len(sizes)), max(0, len(sizes) - 1))
    return frozenset(sorted(free, key=lambda name: _draw(seed, "heldout", name))[:wanted])


def cut_split(
    rows: Sequence[int],
    groups: np.ndarray,
    categories: Sequence[str | None],
    names: Sequence[str],
    *,
    fraction: float,
    purpose: str,
    seed: int,
) -> list[int]:
    """Rows of a split cut from `rows`: whole groups, category by category, about `fraction` of the rows.

    The order of the groups depends on the seed; the rounding error of a category is carried over to the next. A
    category gives at most half of its rows and never its last group, so that every category of the cut is also in the
    rest. Rows of unknown category are never cut.

    Args:
        rows: Rows to cut from.
        groups: Group of every row.
        categories: Category of every row, None if unknown.
        names: A stable name of every row (its id).
        fraction: Share to cut, at most half.
        purpose: Part of the draw, so that two cuts differ.
        seed: Of the draw.
    """
    by_category: dict[str, list[_Group]] = defaultdict(list)
    for group in _collect(rows, groups, categories).values():
        if group.main is not None:
            by_category[group.main].append(group)
    cut: list[int] = []
    owed = 0.0  # rows still to be cut, carried over from category to category
    for category in sorted(by_category):
        drawn = sorted(by_category[category], key=lambda group: _draw(seed, purpose, min(names[r] for r in group.rows)))
        sizes = [len(group.rows) for group in drawn]
        room = sum(sizes) / 2
        for group, size in zip(drawn[:-1], sizes[:-1], strict=True):
            owed += fraction * size
            if size / 2 <= owed and size <= room:
                cut.extend(group.rows)
                owed -= size
                room -= size
        owed += fraction * sizes[-1]
    return sorted(cut)


@dataclass(frozen=True)
class Assignment:
    """Splits of n rows.

    Attributes:
        splits: [n] split of a kept row, "" for a dropped one.
        reasons: [n] why a row was dropped, "" for a kept one.
    """

    splits: list[str]
    reasons: list[str]


def _drop_leaks(given: Sequence[str], groups: np.ndarray, names: Sequence[str]) -> list[str]:
    """Reasons for dropping rows whose group also lies in a held-out split of the source; "" for kept rows."""
    owner: dict[int, tuple[int, str]] = {}
    for row, split in enumerate(given):
        if split in _KEPT_AS_GIVEN:
            claim = (_KEPT_AS_GIVEN.index(split), names[row])
            owner[int(groups[row])] = min(owner.get(int(groups[row]), claim), claim)
    reasons = []
    for row, split in enumerate(given):
        rank, name = owner.get(int(groups[row]), (len(_KEPT_AS_GIVEN), ""))
        rank_of_row = _KEPT_AS_GIVEN.index(split) if split in _KEPT_AS_GIVEN else len(_KEPT_AS_GIVEN)
        reasons.append(f"duplicate of a {_KEPT_AS_GIVEN[rank]} product ({name})" if rank < rank_of_row else "")
    return reasons


def assign_splits(
    given: Sequence[str],
    groups: np.ndarray,
    categories: Sequence[str | None],
    names: Sequence[str],
    *,
    config: IngestConfig,
    seed: int,
) -> Assignment:
    """Keep the rows that lie elsewhere than in train; cut the splits that are lacking from train, group by group.

    Args:
        given: [n] splits as the source names them, or from `hold_out_sources`.
        groups: int64 [n], from `duplicates.group_rows`.
        categories: [n] category paths, None if unknown.
        names: [n] product ids.
        config: Shares to cut.
        seed: Of the draws.
    """
    reasons = _drop_leaks(given, groups, names)
    splits = ["" if reason else split for split, reason in zip(given, reasons, strict=True)]

    def train() -> list[int]:
        return [row for row, split in enumerate(splits) if split == "train"]

    def cut(split: str, fraction: float) -> None:
        for row in cut_split(train(), groups, categories, names, fraction=fraction, purpose=split, seed=seed):
            splits[row] = split

    if "test" not in given:
        cut("test", TEST_FRACTION)
    if "heldout" not in given:
        chosen = choose_heldout(
            train(),
            groups,
            categories,
            fraction=config.heldout_category_fraction,
            max_share=config.heldout_max_share,
            seed=seed,
        )
        for row in train():
            if categories[row] in chosen:
                splits[row] = "heldout"
    if "validation" not in given:
        cut("validation", config.validation_fraction)
    if config.train_on_heldout and "heldout" not in given:
        splits = ["train" if split == "heldout" else split for split in splits]
    return Assignment(splits, reasons)
