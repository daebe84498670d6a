"""Candidates drawn from the taxonomy for rows that came without."""

import numpy as np
import pytest
import torch

from pipeline.training.dataset import Examples
from pipeline.training.tasks.negatives import DRAWN, CandidateLists

TOPS = ("Home", "Toys")
PATHS = tuple(
    sorted(
        {
            *TOPS,
            *(f"{top} > Group{g}" for top in TOPS for g in range(4)),
            *(f"{top} > Group{g} > Kind{k}" for top in TOPS for g in range(4) for k in range(6)),
        }
    )
)
LEAF, GROUP = PATHS.index("Home > Group1 > Kind2"), PATHS.index("Toys > Group3")


def _examples():
    """A row with candidates of its own, and two without."""
    return Examples(
        texts=["listed", "leaf", "group"],
        image_rows=np.full(3, -1),
        truth=np.array([5, LEAF, GROUP]),
        candidates=np.array([[3, 5, 7], [LEAF, -1, -1], [GROUP, -1, -1]]),
        target=np.array([1, 0, 0]),
        paths=PATHS,
    )


@pytest.fixture
def lists() -> CandidateLists:
    vectors = np.random.default_rng(0).standard_normal((len(PATHS), 8)).astype(np.float32)
    vectors[PATHS.index("Toys > Group0 > Kind0")] = vectors[LEAF] + 0.01
    return CandidateLists(_examples(), vectors)


def _drawn(lists, row, seeds):
    """The paths drawn for a row, over many draws."""
    found = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        found.append(lists.of(np.array([row])).candidates[0])
    return found


def test_own_candidates_stay_as_they_are(lists):
    torch.manual_seed(0)
    mixed = lists.of(np.array([1, 0]))
    assert mixed.candidates[1][:3].tolist() == [3, 5, 7]
    assert (mixed.candidates[1][3:] == -1).all()
    assert mixed.target.tolist() == [0, 1]
    alone = lists.of(np.array([0]))
    assert alone.candidates.tolist() == [[3, 5, 7]]


@pytest.mark.parametrize("row", [1, 2])
def test_the_truth_comes_first_and_once_among_distinct_paths(lists, row):
    truth = _examples().truth[row]
    for candidates in _drawn(lists, row, 40):
        named = candidates[candidates >= 0].tolist()
        assert named[0] == truth
        assert len(set(named)) == len(named)
        assert 6 <= len(named) - 1 <= DRAWN


def test_negatives_are_siblings_kin_near_ones_and_random_ones(lists):
    drawn = [{PATHS[n] for n in candidates[1:] if n >= 0} for candidates in _drawn(lists, 1, 60)]
    siblings = {f"Home > Group1 > Kind{k}" for k in range(6)} - {PATHS[LEAF]}
    kin = {f"Home > Group{g}" for g in (0, 2, 3)}
    assert all(len(names & siblings) >= 3 for names in drawn)
    assert all(names & kin for names in drawn)
    assert set().union(*drawn) >= siblings | kin | {"Toys > Group0 > Kind0"}
    assert len({frozenset(names) for names in drawn}) > 50, "drawn anew each time"
    of_a_group = set().union(*({PATHS[n] for n in candidates[1:]} for candidates in _drawn(lists, 2, 60)))
    assert of_a_group >= {f"Toys > Group3 > Kind{k}" for k in range(6)} | {"Toys > Group0", "Home"}


def test_the_same_random_state_draws_the_same(lists):
    first, second = _drawn(lists, 1, 5), _drawn(lists, 1, 5)
    assert all((one == other).all() for one, other in zip(first, second, strict=True))


def test_an_ancestor_is_no_near_negative():
    """The parent has the very vector of the truth; only the random draws may name it."""
    vectors = np.random.default_rng(0).standard_normal((len(PATHS), 8)).astype(np.float32)
    parent = PATHS.index("Home > Group1")
    vectors[parent] = vectors[LEAF]
    named = sum(parent in candidates for candidates in _drawn(CandidateLists(_examples(), vectors), 1, 200))
    assert named < 40  # two of 58 paths each time, 7 of 200 on average


def test_a_taxonomy_of_one_path_gives_no_negative():
    examples = Examples(["a"], np.array([-1]), np.array([0]), np.array([[0]]), np.array([0]), ("Only",))
    lists = CandidateLists(examples, np.ones((1, 4), dtype=np.float32)).of(np.array([0]))
    assert lists.candidates[0].tolist() == [0] + [-1] * DRAWN
