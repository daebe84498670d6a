import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import DisjointSet

from pipeline.data.duplicates import (
    MAX_TITLES_OF_A_PHOTO,
    Fingerprints,
    foreground_distance,
    group_rows,
    merge_equal,
    pairs_within,
    smallest_members,
    title_key,
    variant_key,
)


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


@given(st.lists(st.sampled_from([None, *"abcdef"]), min_size=20, max_size=20), st.lists(st.integers(0, 9), max_size=20))
def test_sets_are_named_by_their_smallest_member_as_in_a_slow_search(names, numbers):
    keys = [names, [*numbers, *[None] * (20 - len(numbers))]]
    sets = DisjointSet(range(20))
    for column in keys:
        merge_equal(sets, column)
    reach = np.eye(20, dtype=bool)
    for column in keys:
        reach |= np.array([[one is not None and one == other for other in column] for one in column])
    for _ in range(20):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert smallest_members(sets).tolist() == [int(np.flatnonzero(row)[0]) for row in reach]


def test_no_rows_make_no_groups():
    assert group_rows(_prints([]), [], bits=3).shape == (0,)


def _slow_pairs(hashes, bits):
    values = hashes.tolist()
    return [
        [one, other]
        for one in range(len(values))
        for other in range(one + 1, len(values))
        if (values[one] ^ values[other]).bit_count() <= bits
    ]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 20), st.randoms(use_true_random=False))
def test_close_hashes_are_all_found(base, bits, random):
    near = [value ^ (1 << random.randrange(64)) ^ (1 << random.randrange(64)) for value in base]
    hashes = np.array([*base, *near], dtype=np.uint64)
    assert pairs_within(hashes, bits).tolist() == _slow_pairs(hashes, bits)


@pytest.mark.parametrize("bits", [0, 3, 8, 63])
@pytest.mark.parametrize("clusters", [5, 40, None])
def test_pairs_of_random_and_of_clustered_hashes(bits, clusters):
    rng = np.random.default_rng(bits)
    hashes = rng.integers(0, 2**64, clusters or 300, dtype=np.uint64)
    if clusters:
        hashes = hashes[rng.integers(0, clusters, 300)]
        for _ in range(3):
            changed = rng.random(300) < 0.5
            hashes[changed] ^= np.uint64(1) << rng.integers(0, 64, changed.sum(), dtype=np.uint64)
    slow = _slow_pairs(hashes, bits)
    assert bool(slow) == (clusters is not None or bits == 63)
    assert pairs_within(hashes, bits).tolist() == slow


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
    n = MAX_TITLES_OF_A_PHOTO + 1
    titles = [f"thing {'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]}" for i in range(n)]
    groups = group_rows(_prints(titles, images=["same"] * n), ["train"] * n, bits=3)
    assert len(set(groups.tolist())) == n
    assert len(set(group_rows(_prints(titles[:3], images=["same"] * 3), ["train"] * 3, bits=3).tolist())) == 1


def test_variants_are_grouped_in_train_and_left_alone_across_the_source_s_own_split():
    titles = ["norvik shirt red", "norvik shirt blue", "norvik shirt green"]
    assert group_rows(_prints(titles), ["train"] * 3, bits=3).tolist() == [0, 0, 0]
    assert group_rows(_prints(titles), ["train", "train", "test"], bits=3).tolist() == [0, 0, 2]
