"""Groups of rows that show the same product: same title, photo file or look of the photo. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from scipy.cluster.hierarchy import DisjointSet

MAX_TITLES_OF_A_PHOTO = 40
"""A photo that more distinct titles share is a placeholder ("no image"), not one product."""
MAX_FOREGROUND_DISTANCE = 8.0
"""Mean difference of coarse colors (of 255), where either photo is not white, above which photos differ.

On 25,000 real shop photos, 99 % of the pairs below it are of one brand; at 20, half of them.
"""
_WHITE = 240  # smallest channel value of a pixel that counts as white
_MIN_FOREGROUND = 0.01  # share of the pixels below which there is nothing to compare
_COMPARED_AT_ONCE = 1024
_SEARCHED_AT_ONCE = 4096
_HASH_BITS = 64
_MAX_BAND_BITS = 16

_WORDS = re.compile(r"[^\W_]+")
_COLORS_SIZES_UNITS = (
    "black white red green blue yellow orange purple violet pink brown grey gray beige navy gold golden "
    "silver teal cream ivory khaki maroon turquoise multi multicolor multicolour small medium large xs s "
    "m l xl xxl xxxl size us uk eu cm mm ml kg g oz inch inches in ft pack pcs piece pieces"
)
_VARIANT_WORDS = frozenset(_COLORS_SIZES_UNITS.split())


def merge_equal(sets: DisjointSet, keys: Sequence[Hashable | None]) -> None:
    """Merge the sets of all positions with the same key; None never equals anything."""
    first: dict[Hashable, int] = {}
    for position, key in enumerate(keys):
        if key is not None:
            sets.merge(first.setdefault(key, position), position)


def smallest_members(sets: DisjointSet) -> np.ndarray:
    """int64 [n]: the smallest member of each position's set, of disjoint sets of the positions 0 to n - 1."""
    roots = np.array([sets[position] for position in sets], dtype=np.int64)
    _, first, labels = np.unique(roots, return_index=True, return_inverse=True)
    return first.astype(np.int64)[labels]


def title_key(title: str, description: str) -> str | None:
    """Key that listings of one product share: the words of the title, else of the description; None without text."""
    words = _WORDS.findall(unicodedata.normalize("NFKC", title or description).casefold())
    return " ".join(words) or None


def variant_key(title: str, description: str) -> str | None:
    """`title_key` without colors, sizes and numbers; unchanged where fewer than two words would remain."""
    key = title_key(title, description)
    if key is None:
        return None
    kept = [word for word in key.split() if word not in _VARIANT_WORDS and not any(c.isdigit() for c in word)]
    return " ".join(kept) if len(kept) >= 2 else key


@dataclass(frozen=True)
class Fingerprints:
    """Features by which n rows are compared.

    Attributes:
        titles: [n] titles, cleaned.
        descriptions: [n] descriptions, cleaned.
        image_bytes: [n] hash of the photo's file, None without photo.
        hashes: uint64 [n], perceptual hashes; any value where there is no photo.
        signatures: uint8 [n, side, side, 3], coarse colors; any value where there is no photo.
    """

    titles: Sequence[str]
    descriptions: Sequence[str]
    image_bytes: Sequence[str | None]
    hashes: np.ndarray
    signatures: np.ndarray


def pairs_within(hashes: np.ndarray, bits: int) -> np.ndarray:
    """Pairs of positions whose hashes differ in at most `bits` bits.

    `bits` + 1 bands of the hash are indexed: two hashes that are that close agree on at least one band (pigeonhole).

    Args:
        hashes: uint64 [n].
        bits: Hamming distance, 0 to 63.

    Returns:
        int64 [m, 2], the smaller position first, unique, in order.
    """
    codes = np.ascontiguousarray(hashes, dtype="<u8").view(np.uint8).reshape(len(hashes), _HASH_BITS // 8)
    index = faiss.IndexBinaryMultiHash(_HASH_BITS, bits + 1, min(_MAX_BAND_BITS, _HASH_BITS // (bits + 1)))
    index.add(codes)
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(codes), _SEARCHED_AT_ONCE):
        block = codes[start : start + _SEARCHED_AT_ONCE]
        limits, _, others = index.range_search(block, bits + 1)  # the radius is exclusive
        ends = limits.astype(np.int64)
        ones = start + np.repeat(np.arange(len(block)), ends[1:] - ends[:-1])
        rising = ones < others  # every pair comes twice, and every hash is close to itself
        pairs.append(np.stack([ones[rising], others[rising]], axis=1))
    return np.unique(np.concatenate(pairs), axis=0)


def foreground_distance(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mean color difference of pairs of photos where at least one of the two is not white.

    Args:
        ones: uint8 [m, side, side, 3], `images.signature`.
        others: The same shape.

    Returns:
        float32 [m], 0 to 255; infinite where both photos are almost all white.
    """
    shown = np.minimum(ones.min(axis=3), others.min(axis=3)) < _WHITE
    apart = np.abs(ones.astype(np.float32) - others).mean(axis=3)
    share = shown.mean(axis=(1, 2), dtype=np.float32)
    distance = (apart * shown).mean(axis=(1, 2)) / np.maximum(share, _MIN_FOREGROUND)
    return np.where(share >= _MIN_FOREGROUND, distance, np.float32(np.inf))


def _photo_keys(prints: Fingerprints, bits: int) -> list[int | None]:
    """Number of the picture that each row shows; None without a photo and for placeholders."""
    sets = DisjointSet(range(len(prints.titles)))
    merge_equal(sets, prints.image_bytes)
    has_photo = np.array([value is not None for value in prints.image_bytes], dtype=bool)
    files = np.flatnonzero(has_photo & (smallest_members(sets) == np.arange(len(has_photo))))
    pairs = files[pairs_within(prints.hashes[files], bits)]
    for start in range(0, len(pairs), _COMPARED_AT_ONCE):
        block = pairs[start : start + _COMPARED_AT_ONCE]
        distances = foreground_distance(prints.signatures[block[:, 0]], prints.signatures[block[:, 1]])
        for one, other in block[distances <= MAX_FOREGROUND_DISTANCE].tolist():
            sets.merge(one, other)
    roots = smallest_members(sets)
    titles: dict[int, set[str | None]] = defaultdict(set)
    for row in np.flatnonzero(has_photo).tolist():
        titles[int(roots[row])].add(title_key(prints.titles[row], prints.descriptions[row]))
    placeholders = {root for root, shared in titles.items() if len(shared) > MAX_TITLES_OF_A_PHOTO}
    return [
        int(root) if present and int(root) not in placeholders else None
        for root, present in zip(roots, has_photo, strict=True)
    ]


def group_rows(prints: Fingerprints, given: Sequence[str], *, bits: int) -> np.ndarray:
    """Groups of rows that must stay in one split: duplicates everywhere, variants among the rows of "train".

    Duplicates have the same title words, the same photo file, or photos that look the same (perceptual hashes within
    `bits` and nearly the same colors). Variants differ in color, size or number only. Variants on the two sides of
    the source's own split are left as they are.

    Args:
        prints: Of n rows.
        given: [n] splits as the source names them.
        bits: Hamming distance of perceptual hashes, of 64.

    Returns:
        int64 [n]: the smallest row of each row's group.
    """
    sets = DisjointSet(range(len(given)))
    rows = list(zip(prints.titles, prints.descriptions, strict=True))
    merge_equal(sets, [title_key(*row) for row in rows])
    merge_equal(sets, _photo_keys(prints, bits))
    duplicates = smallest_members(sets).tolist()
    evaluated = {group for group, split in zip(duplicates, given, strict=True) if split != "train"}
    merge_equal(
        sets,
        [None if group in evaluated else variant_key(*row) for group, row in zip(duplicates, rows, strict=True)],
    )
    return smallest_members(sets)
