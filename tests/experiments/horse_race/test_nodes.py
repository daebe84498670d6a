"""Categories of a classifier that knows those of its training rows."""

import numpy as np

from experiments.horse_race.systems.nodes import Nodes

NODES = Nodes(["A > B > C", "A > D", "E"])


def _table(**probabilities):
    return np.array([[probabilities.get(path.replace(" > ", "_"), 0.0) for path in NODES.paths]])


def test_a_category_is_labeled_with_all_above_it():
    assert NODES.paths == ["A", "A > B", "A > B > C", "A > D", "E"]
    labels = NODES.targets(["A > B > C", "A > D", "E > F"])
    assert labels.tolist() == [
        [True, True, True, False, False],
        [True, False, False, True, False],
        [False] * 4 + [True],
    ]


def test_paths_are_decoded_from_the_top_and_stop_where_no_child_is_likely():
    paths, confidences = NODES.descend(_table(A=0.9, A_B=0.6, A_B_C=0.4, A_D=0.5), 0.5)
    assert paths == ["A > B"]
    assert confidences[0].tolist() == [0.9, 0.6]
    paths, confidences = NODES.descend(_table(A=0.2, E=0.3), 0.5)
    assert paths == ["E"], "the top level in any case"
    paths, confidences = NODES.descend(_table(A=0.7, A_B=0.8, A_B_C=0.6), 0.5)
    assert confidences[0].tolist() == [0.7, 0.7, 0.6], "never rising"


def test_candidates_are_ranked_by_the_overlap_that_is_expected():
    sure = _table(A=1.0, A_B=1.0, A_B_C=1.0)
    (scores,) = NODES.expected_overlap(sure, [["A > B > C", "A > B", "A > D", "E", "A > B > X", "X > Y"]])
    assert np.allclose(scores, [1, 4 / 5, 2 / 5, 0, 4 / 6, 0]), "the hF1 of each"
