"""What is asked next, what a decision changes, and what is taken back."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.review.database import copy_of
from pipeline.review.groups import worth
from pipeline.review.learning import EVERY, Learner
from pipeline.review.records import ConflictError, Decider
from pipeline.review.review import BACK_UP_EVERY, Review
from pipeline.review.store import Store
from tests.helpers.space.reviews import NOUNS, small_review, truth

ME, YOU = Decider("me"), Decider("you")
ROBOT, OTHER = Decider("robot", "assistant"), Decider("other", "assistant")


@pytest.fixture
def review(tmp_path):
    opened = Review(small_review(tmp_path / "reviews.sqlite", 60, accepted=8))
    yield opened
    opened.close()


def _decide(review, product, decider=ME, path=None, **more):
    return review.decide(product, path or truth(product), decider, version=int(review.state.versions[product]), **more)


def _again(review):
    return Review(Store.open(review.store.path))


def test_worth_is_doubt_times_the_open_doubt_of_the_group():
    confidences, clusters = np.array([0.5, 0.5, 0.9, 0.5, 0.2]), np.array([0, 0, 0, 1, 2])
    is_open = np.array([True, True, True, True, False])
    first = worth(is_open, confidences, clusters)
    assert first[:2] == pytest.approx(0.5 * 1.1, abs=1e-4)
    assert first[3] == pytest.approx(0.25, abs=1e-4)
    assert first[4] == 0
    settled = worth(np.array([False, True, True, True, False]), confidences, clusters)
    assert settled[1] == pytest.approx(0.5 * 0.6 / 2, abs=1e-4), "a group that was asked about is worth less"


def test_every_product_that_needs_review_comes_once(review):
    asked = []
    while (product := review.next()) is not None:
        asked.append(product)
        _decide(review, product)
    assert sorted(asked) == list(range(60)), "those that were accepted are not asked about"
    assert review.progress().decided == review.progress().to_decide == 60


def test_the_first_questions_go_around_the_groups(review):
    first = []
    for _ in range(4):
        first.append(review.next())
        _decide(review, first[-1])
    assert len(set(review.products.clusters[first])) >= 3


def test_a_decision_is_evidence_at_once_and_a_fit_learns_the_rest(review):
    assert review.learner.paths[7] == "Clothing > Shirts"
    _decide(review, 3)
    assert review.learner.paths[7] == "Home > Clocks", "7 is a clock too"
    assert [one.product for one in review.nearest(7)] == [3]
    for product in range(EVERY + 1):
        if product != 3:
            _decide(review, product)
    review.wait()
    assert review.progress().learned_from >= EVERY
    rest = [product for product in range(60) if product not in review.state.decided]
    assert [review.path(product) for product in rest] == [truth(product) for product in rest]
    assert _again(review).learner.paths == review.learner.paths, "it is as well learned when it is opened again"


def test_a_group_is_settled_by_one_decision(review):
    others = review.group(3)
    assert others
    assert all(truth(one) == truth(3) for one in others)
    written = _decide(review, 3, others=dict.fromkeys(others, 0))
    assert {one.action for one in written} == {"group"}
    assert review.group(3) == []
    assert len(review.undo(ME)) == len(written)
    assert review.state.decided == {}


def test_steps_are_undone_one_after_the_other_and_again_after_it_is_opened_anew(review):
    _decide(review, 0)
    _decide(review, 1)
    review.skip(2, ME, version=0)
    _decide(review, 0, path="Home")
    again = _again(review)
    assert [again.undo(ME)[0].product for _ in range(2)] == [0, 2]
    assert again.state.decided[0].after == truth(0)
    assert [again.undo(ME)[0].product for _ in range(2)] == [1, 0]
    with pytest.raises(InputError, match="nothing to undo"):
        again.undo(ME)
    review.refresh()
    assert review.state.decided == again.state.decided == {}
    assert len(review.store.decisions()) == 8, "nothing is deleted"


def test_undo_leaves_what_others_decided(review):
    _decide(review, 0)
    _decide(review, 1)
    _decide(review, 1, YOU, path="Home")
    assert review.undo(ME)[0].product == 0
    assert review.state.decided[1].decider == YOU


def test_two_reviewers_see_each_other(review):
    other = _again(review)
    _decide(review, 0)
    with pytest.raises(ConflictError, match="In the meantime me decided"):
        other.decide(0, "Home", YOU, version=0)
    assert other.state.decided[0].decider == ME
    assert other.next() != 0
    other.close()


def test_what_is_skipped_comes_last(review):
    first = review.next()
    review.skip(first, ME, version=0)
    assert review.progress().skipped == 1
    seen = []
    while (product := review.next()) is not None:
        seen.append(product)
        _decide(review, product)
    assert seen.index(first) == len(seen) - 1


def test_what_an_assistant_decided_is_taken_back_as_a_whole(review):
    _decide(review, 0)
    _decide(review, 0, ROBOT, path="Home")
    _decide(review, 1, ROBOT)
    _decide(review, 2, OTHER)
    assert review.progress().by == {"assistant": 3}
    assert review.clear("assistant", ME, "robot") == 2
    assert {one: made.after for one, made in review.state.decided.items()} == {0: truth(0), 2: truth(2)}
    assert review.state.decided[0].decider == ME
    assert review.clear("assistant", ME) == 1
    assert _again(review).state.decided.keys() == {0}


def test_a_path_is_found_by_its_id_and_in_any_case(review):
    assert review.path_of("id-5") == "Home > Vases"
    assert review.path_of("home > VASES") == "Home > Vases"
    for nothing in ("", "Vases", "id-99"):
        with pytest.raises(InputError, match="is no category"):
            review.path_of(nothing)


def test_a_copy_is_kept_now_and_then(review):
    for number in range(BACK_UP_EVERY):
        _decide(review, number % 60)
    review.wait()
    assert len(Store.open(copy_of(review.store.path)).decisions()) == BACK_UP_EVERY


def test_without_decisions_the_model_counts_and_after_all_are_taken_back_too():
    vectors = np.eye(4, dtype=np.float32)
    runners = [[("A", 0.6), ("B", 0.3)]] * 4
    learner = Learner(vectors, runners, ["A"] * 4, np.full(4, 0.6))
    learned = learner.fit({0: "C", 1: "B"})
    assert learned.paths[:2] == ["C", "B"]
    assert learned.ranked(0, 2)[0][0] == "C"
    assert sum(share for _, share in learned.ranked(0, 9)) == pytest.approx(1, abs=1e-3)
    assert learned.fit({}).paths == ["A"] * 4


def test_the_nouns_of_the_small_review_are_apart():
    assert len(set(NOUNS.values())) == 4
