import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.stages import IngestConfig
from pipeline.data.duplicates import (
    MAX_SHARED,
    Fingerprints,
    UnionFind,
    _pairs_within,
    foreground_distance,
    group_rows,
    title_key,
    variant_key,
)
from pipeline.data.splits import assign_splits, choose_heldout, cut_split

CONFIG = IngestConfig(heldout_category_fraction=0.2, heldout_max_share=0.5, validation_fraction=0.1)


def _prints(titles, *, images=None, hashes=None, signatures=None):
    n = len(titles)
    rng = np.random.default_rng(0)
    return Fingerprints(
        titles=titles,
        descriptions=[""] * n,
        image_bytes=images or [None] * n,
        hashes=np.array(hashes if hashes is not None else rng.integers(0, 2**63, n), dtype=np.uint64),
        signatures=signatures if signatures is not None else rng.integers(0, 200, (n, 4, 4, 3), dtype=np.uint8),
    )


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_union_find_against_a_slow_search(edges):
    sets = UnionFind(20)
    for one, other in edges:
        sets.union(one, other)
    reach = np.eye(20, dtype=bool)
    for one, other in edges:
        reach[one, other] = reach[other, one] = True
    for _ in range(20):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert sets.roots().tolist() == [int(np.flatnonzero(row)[0]) for row in reach]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 8), st.randoms(use_true_random=False))
def test_close_hashes_are_all_found(base, bits, random):
    near = [value ^ (1 << random.randrange(64)) ^ (1 << random.randrange(64)) for value in base]
    hashes = np.array([*base, *near], dtype=np.uint64)
    found = {tuple(pair) for pair in _pairs_within(hashes, bits).tolist()}
    slow = {
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if (int(hashes[i]) ^ int(hashes[j])).bit_count() <= bits
    }
    assert found == slow


def test_keys_of_titles():
    assert title_key("Red Shirt - XL!", "x") == "red shirt xl"
    assert title_key("", "Of cotton.") == "of cotton"
    assert title_key("", "") is None
    assert variant_key("Norvik Shirt, Red, 38 cm", "") == "norvik shirt"
    assert variant_key("Red XL", "") == "red xl"


def test_the_same_photo_file_or_title_or_look_is_one_group():
    signatures = np.random.default_rng(1).integers(0, 200, (6, 4, 4, 3), dtype=np.uint8)
    signatures[3] = signatures[2] + 2
    hashes = [0, 2**40 - 1, 12345, 12345 ^ 0b101, 12345, 2**63]
    images = ["a", "a", "c", "d", "e", None]
    prints = _prints(["p q", "r s", "t u", "v w", "x y", "P, q"], images=images, hashes=hashes, signatures=signatures)
    groups = group_rows(prints, ["train"] * 6, bits=3)
    assert groups.tolist() == [0, 0, 2, 2, 4, 0]  # row 4 hashes like 2 and 3 but looks different


def test_blank_photos_are_not_the_same_product():
    white = np.full((2, 4, 4, 3), 255, dtype=np.uint8)
    assert np.isinf(foreground_distance(white[:1], white[1:])).all()
    prints = _prints(["one thing", "another matter"], images=["a", "b"], hashes=[7, 7], signatures=white)
    assert group_rows(prints, ["train", "train"], bits=3).tolist() == [0, 1]


def test_a_placeholder_photo_groups_nothing():
    n = MAX_SHARED + 1
    titles = [f"thing {'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]}" for i in range(n)]
    groups = group_rows(_prints(titles, images=["same"] * n), ["train"] * n, bits=3)
    assert len(set(groups.tolist())) == n
    assert len(set(group_rows(_prints(titles[:3], images=["same"] * 3), ["train"] * 3, bits=3).tolist())) == 1


def test_variants_are_grouped_in_train_and_left_alone_across_the_source_s_own_split():
    titles = ["norvik shirt red", "norvik shirt blue", "norvik shirt green"]
    assert group_rows(_prints(titles), ["train"] * 3, bits=3).tolist() == [0, 0, 0]
    assert group_rows(_prints(titles), ["train", "train", "test"], bits=3).tolist() == [0, 0, 2]


def _world(seed, n=400, categories=20):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, n // 3, n))
    first = {int(g): int(np.flatnonzero(group == g)[0]) for g in np.unique(group)}
    groups = np.array([first[int(g)] for g in group])
    labels = [f"C{int(groups[i]) * 7919 % categories}" for i in range(n)]
    return groups, labels, [f"id{i:04d}" for i in range(n)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([("train",), ("train", "test"), ("train", "validation", "test")]))
def test_no_group_spans_splits_and_test_stays(seed, names):
    groups, labels, ids = _world(seed)
    rng = np.random.default_rng(seed)
    given_splits = [
        names[i]
        for i in rng.choice(len(names), len(groups), p=np.array([8, 1, 1][: len(names)]) / sum([8, 1, 1][: len(names)]))
    ]
    done = assign_splits(given_splits, groups, labels, ids, config=CONFIG, seed=seed)
    spans = {}
    for row, split in enumerate(done.splits):
        assert bool(split) != bool(done.reasons[row])
        if split:
            spans.setdefault(int(groups[row]), set()).add(split)
        if given_splits[row] == "test":
            assert split == "test"
    assert all(len(found) == 1 for found in spans.values())
    train = {labels[row] for row, split in enumerate(done.splits) if split == "train"}
    heldout = {labels[row] for row, split in enumerate(done.splits) if split == "heldout"}
    assert not train & heldout
    assert {
        labels[row] for row, split in enumerate(done.splits) if split == "validation" and given_splits[row] == "train"
    } <= train
    assert done == assign_splits(given_splits, groups, labels, ids, config=CONFIG, seed=seed)


def test_a_leak_is_dropped_with_the_product_it_repeats():
    groups = np.array([0, 0, 2, 2, 4])
    given_splits = ["train", "test", "train", "validation", "train"]
    done = assign_splits(given_splits, groups, ["A"] * 5, list("abcde"), config=CONFIG, seed=1)
    assert done.splits == ["", "test", "", "validation", "train"]
    assert done.reasons[0] == "duplicate of a test product (b)"
    assert done.reasons[2] == "duplicate of a validation product (d)"


def test_cut_is_about_the_share_and_stratified():
    groups, labels, ids = _world(5, n=3000, categories=10)
    cut = cut_split(range(3000), groups, labels, ids, fraction=0.1, purpose="validation", seed=3)
    assert len(cut) == pytest.approx(300, rel=0.1)
    whole, part = Counter(labels), Counter(labels[row] for row in cut)
    assert all(part[name] == pytest.approx(0.1 * size, abs=0.06 * size + 4) for name, size in whole.items())
    other = cut_split(range(3000), groups, labels, ids, fraction=0.1, purpose="validation", seed=4)
    assert set(cut) != set(other)


def test_a_category_of_one_group_and_unknown_rows_are_never_cut():
    groups = np.array([0, 0, 0, 3, 4, 5, 6])
    labels = ["A", "A", "A", None, None, "B", "B"]
    cut = cut_split(range(7), groups, labels, list("abcdefg"), fraction=0.5, purpose="test", seed=0)
    assert set(cut) <= {5, 6}
    assert len(cut) < 2


def test_heldout_categories_are_small_and_unmixed():
    groups = np.array([0, 0, 2, 3, 4, 5, 6, 7, 8, 9])
    labels = ["A", "B", "C", "D", "E", "E", "E", "E", "E", "E"]
    config = {"fraction": 0.9, "max_share": 0.3, "seed": 0}
    assert choose_heldout(range(10), groups, labels, **config) == {"C", "D"}
    assert choose_heldout(range(10), groups, labels, fraction=0.0, max_share=1.0, seed=0) == frozenset()


@pytest.mark.parametrize("seed", range(3))
def test_learning_the_held_out_rows_changes_no_other_row(seed):
    groups, labels, ids = _world(seed)
    parts = ["train"] * len(groups), groups, labels, ids
    before = assign_splits(*parts, config=CONFIG, seed=seed).splits
    after = assign_splits(*parts, config=dataclasses.replace(CONFIG, train_on_heldout=True), seed=seed).splits
    assert "heldout" in before
    assert after == ["train" if split == "heldout" else split for split in before]


def test_without_labels_everything_stays_in_train():
    done = assign_splits(["train"] * 3, np.arange(3), [None] * 3, list("abc"), config=CONFIG, seed=0)
    assert done.splits == ["train"] * 3
