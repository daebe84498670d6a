"""LinNét's exported object: what it says is what a loop over the heads' outputs says."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from experiments.horse_race.systems.linnet import Decoder, export
from pipeline.models.classifier import ClassTable, HierarchicalClassifier
from pipeline.taxonomy.paths import levels

PATHS = ["A > B > C", "A > B > D", "A > E", "F > G", "Mature > H", "F"]
TABLE = ClassTable.of(PATHS)
THRESHOLDS = np.array([0.3, 0.2, 0.1])
STRICT = np.array([0.9, 0.8, 0.7])


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(3)
    heads = HierarchicalClassifier(8, 16, TABLE.sizes).eval().requires_grad_(False)
    for value in heads.state_dict().values():
        value.mul_(2)  # surer than random weights are
    made = Decoder(heads, TABLE, [np.full(5, 0.1, np.float32), np.zeros(3, np.float32)]).eval()
    made.set_thresholds(TABLE, THRESHOLDS, STRICT)
    return made


@pytest.fixture(scope="module")
def exported(decoder, tmp_path_factory):
    path = tmp_path_factory.mktemp("linnet") / "object.pt2"
    text, photo = _features(2, seed=9)
    export(decoder, text, photo, path)
    return torch.export.load(path).module()


def _features(n, seed=0):
    rng = np.random.default_rng(seed)
    text, photo = rng.normal(size=(n, 5)).astype(np.float32), rng.normal(size=(n, 3)).astype(np.float32)
    text[n // 3 : n // 2] = 0  # a photo alone
    photo[n // 2 :: 3] = 0  # a text alone
    return text, photo


def _decode(decoder, text, photo):
    """Paths, confidences and accepted levels by the obvious loop."""
    vectors = decoder.join(torch.from_numpy(text), torch.from_numpy(photo)).numpy()
    levelwise = decoder.heads.probabilities(vectors)
    for row in range(len(text)):
        path, sure, confidences, accepted, sound = "", 1.0, [], 0, True
        for level, paths in enumerate(TABLE.paths):
            children = [number for number, one in enumerate(paths) if level == 0 or one.startswith(f"{path} > ")]
            options = children if level == 0 else [*children, len(paths)]
            shares = {option: float(levelwise[level][row, option]) for option in options}
            best = max(shares, key=shares.__getitem__)
            if best == len(paths):
                break
            sure *= shares[best] / sum(shares.values())
            path = paths[best]
            confidences.append(sure)
            least = (STRICT if levels(path)[0] == "Mature" else THRESHOLDS)[level]
            sound = sound and sure >= least
            accepted += sound
        yield path, confidences, accepted


@pytest.mark.parametrize("rows", [1, 2, 90], ids=["one product", "as many as it was exported with", "a batch"])
def test_the_exported_object_says_what_the_python_path_says(decoder, exported, rows):
    text, photo = _features(rows)
    classes, sure, accepted, every = exported(torch.from_numpy(text), torch.from_numpy(photo))
    for row, (path, confidences, depth) in enumerate(_decode(decoder, text, photo)):
        numbers = [number for number in classes[row].tolist() if number >= 0]
        assert TABLE.paths[len(numbers) - 1][numbers[-1]] == path
        assert np.allclose(sure[row, : len(numbers)], confidences, atol=1e-5)
        assert int(accepted[row]) == depth
    assert every.shape == (rows, sum(TABLE.sizes))


def test_the_batch_has_paths_of_every_kind(exported):
    classes, _, accepted, _ = exported(*map(torch.from_numpy, _features(90)))
    depths = (classes >= 0).sum(dim=1)
    assert set(depths.tolist()) == {1, 2, 3}, "else the comparison says little"
    assert len(set(accepted.tolist())) > 1


def test_every_child_belongs_to_its_parent(exported):
    classes, *_ = exported(*map(torch.from_numpy, _features(90, seed=4)))
    for row in classes.tolist():
        named = [TABLE.paths[level][number] for level, number in enumerate(row) if number >= 0]
        assert all(child.startswith(f"{parent} > ") for parent, child in pairwise(named))


def test_sensitive_branches_have_thresholds_of_their_own(decoder):
    tops = list(TABLE.paths[0])
    least = decoder.least_0.tolist()
    assert least[tops.index("Mature")] == pytest.approx(0.9)
    assert least[tops.index("A")] == pytest.approx(0.3)
    assert decoder.least_1[-1] == torch.inf, "the end of a path is no level"
