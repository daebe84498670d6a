"""What a review has learned: decided products are evidence for those like them, and a small head predicts the rest.

The head is a softmax over the paths in question. Its logits are the logarithm of the model's own leaf probability plus
a linear function of the product's vector, fitted to the decisions with a ridge that keeps it near zero: without
decisions it is the model. Between two fits each decision moves the products nearest to it at once.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize

from pipeline.review.records import Decision
from pipeline.taxonomy.paths import levels

EVERY = 25
"""Decisions between two fits."""
MOST = 2_000
"""Decisions that a fit looks at, the latest ones: a fit takes seconds."""
RUNNERS = 16
"""Paths of the model's own that a product could be."""
_FLOOR = 1e-3  # leaf probability of paths that the model did not name
_SCALE, _BIAS = 10.0, 3.0  # of vectors and of the constant beside them, where the ridge counts 1
_ITERATIONS = 40
_SHARPNESS, _WEIGHT = 10.0, 2.0  # of the evidence of a decision, by cosine


class Learner:
    """Predicts the products of a review from what was decided so far.

    Args:
        vectors: float32 [n, d], of length 1.
        runners: Of each product, the paths it could be with the model's leaf probabilities.
        paths: Predicted by the model.
        confidences: float [n], of these, in [0, 1].

    Attributes:
        paths: The likeliest of each product by now.
        confidences: float64 [n], of these.
        heard: bool [n], the products about which decisions say something.
        fitted: Number of decisions that the last fit knew.
    """

    def __init__(
        self,
        vectors: np.ndarray,
        runners: Sequence[Sequence[tuple[str, float]]],
        paths: Sequence[str],
        confidences: np.ndarray,
    ) -> None:
        self._names = list(dict.fromkeys([path for row in runners for path, _ in row]))
        self._places = {name: place for place, name in enumerate(self._names)}
        count, width = len(vectors), max([len(row) for row in runners], default=0)
        self._own = np.full((count, width), -1, dtype=np.int64)
        self._masses = np.full((count, width), _FLOOR, dtype=np.float32)
        for number, row in enumerate(runners):
            self._own[number, : len(row)] = [self._places[path] for path, _ in row]
            self._masses[number, : len(row)] = [mass + _FLOOR for _, mass in row]
        self._features = np.hstack([_SCALE * vectors, np.full((count, 1), _BIAS)]).astype(np.float32)
        self._vectors = vectors
        self._of_model = list(paths), np.array(confidences, dtype=np.float64)
        self.forget()

    def forget(self) -> None:
        """Be as the model is."""
        self._columns: list[int] = []
        self._odds = np.zeros((len(self._vectors), 0), dtype=np.float32)
        self._rest = np.where(self._own < 0, 0, self._masses).astype(np.float32)
        self.paths, self.confidences = list(self._of_model[0]), self._of_model[1].copy()
        self.heard = np.zeros(len(self._vectors), dtype=bool)
        self.fitted = 0

    def fit(self, decided: Mapping[int, str]) -> Learner:
        """Learn from all decisions, and predict every product again; takes seconds.

        Args:
            decided: Path of each decided product, in the order of the decisions.

        Returns:
            A new one, so that this one answers until then.
        """
        learned = copy.copy(self)
        learned._names, learned._places = list(self._names), dict(self._places)
        learned.forget()
        if decided:
            learned._fit(decided)
        return learned

    def _fit(self, decided: Mapping[int, str]) -> None:
        rows = np.array(list(decided)[-MOST:], dtype=np.int64)
        truths = [self._place(path) for path in list(decided.values())[-MOST:]]
        self._columns = list(dict.fromkeys([*truths, *(one for one in self._own[rows].ravel().tolist() if one >= 0)]))
        base = self._base()
        column = {place: number for number, place in enumerate(self._columns)}
        wanted = np.array([column[place] for place in truths], dtype=np.int64)
        weights = _fitted(self._features[rows], base[rows], wanted)
        logits = base + self._features @ weights.T
        outside = np.where(self._in_columns() | (self._own < 0), -np.inf, np.log(self._masses))
        largest = np.maximum(logits.max(axis=1), outside.max(axis=1, initial=-np.inf))[:, None]
        self._odds, self._rest = np.exp(logits - largest), np.exp(outside - largest)
        total = self._odds.sum(axis=1, keepdims=True) + self._rest.sum(axis=1, keepdims=True)
        self._odds /= total
        self._rest /= total
        self.fitted = len(decided)
        self._name(np.arange(len(self._vectors)))

    def hear(self, product: int, path: str) -> np.ndarray:
        """Let one decision count for the products like it, at once.

        Returns:
            int [k], the products that it moved.
        """
        place = self._place(path)
        if place not in self._columns:
            there = self._own == place
            self._odds = np.hstack([self._odds, np.where(there, self._rest, 0).sum(axis=1, keepdims=True)])
            self._rest = np.where(there, 0, self._rest)
            self._columns.append(place)
        cosines = self._vectors @ self._vectors[product]
        evidence = _WEIGHT * np.exp(_SHARPNESS * (cosines - 1))
        moved = np.flatnonzero(evidence > 0.01)
        total = 1 + evidence[moved, None]
        self._odds[moved, self._columns.index(place)] += evidence[moved]
        self._odds[moved] /= total
        self._rest[moved] /= total
        self._name(moved)
        return moved

    def hear_all(self, decisions: Sequence[Decision]) -> bool:
        """Let decisions count, in their order; whether some were taken back, which takes a fit."""
        for one in decisions:
            if one.after is not None and one.action not in ("skip", "undo", "clear"):
                self.hear(one.product, one.after)
        return any(one.action in ("undo", "clear") for one in decisions)

    def ranked(self, product: int, count: int) -> list[tuple[str, float]]:
        """The likeliest paths of a product with their probabilities."""
        masses = np.concatenate([self._odds[product], self._rest[product]])
        places = [*self._columns, *self._own[product].tolist()]
        order = np.argsort(-masses, kind="stable")
        total = max(float(masses.sum()), 1e-9)
        ranked = [(places[one], float(masses[one]) / total) for one in order.tolist() if masses[one] > 0]
        return [(self._names[place], share) for place, share in ranked if place >= 0][:count]

    def levels(self, product: int) -> list[float]:
        """Probability of each level of the product's path, from the top: its own and of all below it."""
        ranked = self.ranked(product, len(self._names))
        names = levels(self.paths[product])
        shares = [
            sum(share for path, share in ranked if levels(path)[:depth] == names[:depth])
            for depth in range(1, len(names) + 1)
        ]
        return [min(1.0, share) for share in shares]

    def _place(self, path: str) -> int:
        if path not in self._places:
            self._places[path] = len(self._names)
            self._names.append(path)
        return self._places[path]

    def _base(self) -> np.ndarray:
        """Logarithm of the model's leaf probabilities of the columns, float32 [n, c]."""
        column = np.full(len(self._names), -1, dtype=np.int64)
        column[self._columns] = np.arange(len(self._columns))
        base = np.full((len(self._vectors), len(self._columns)), np.log(_FLOOR), dtype=np.float32)
        rows, places = np.nonzero(self._in_columns())
        base[rows, column[self._own[rows, places]]] = np.log(self._masses[rows, places])
        return base

    def _in_columns(self) -> np.ndarray:
        """Whether each of the products' own paths is a column; bool of their shape, and padding is none."""
        known = np.zeros(len(self._names) + 1, dtype=bool)
        known[self._columns] = True
        return known[self._own]

    def _name(self, rows: np.ndarray) -> None:
        """Say the likeliest path of some products."""
        if not len(rows) or not self._columns:
            return
        self.heard[rows] = True
        best, best_own = self._odds[rows].argmax(axis=1), np.where(self._own[rows] < 0, -1, self._rest[rows])
        own = best_own.argmax(axis=1) if best_own.shape[1] else np.zeros(len(rows), dtype=int)
        totals = self._odds[rows].sum(axis=1) + np.maximum(best_own, 0).sum(axis=1)
        for number, row in enumerate(rows.tolist()):
            learned = self._odds[row, best[number]]
            named = best_own[number, own[number]] if best_own.shape[1] else -1.0
            place = self._columns[best[number]] if learned >= named else int(self._own[row, own[number]])
            self.paths[row] = self._names[place]
            self.confidences[row] = max(learned, named) / max(totals[number], 1e-9)


def _fitted(features: np.ndarray, base: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights float32 [c, d + 1] of a softmax with an offset, with a ridge of 1; by L-BFGS.

    Args:
        features: float32 [m, d + 1].
        base: float32 [m, c], the offset.
        wanted: int [m], columns.
    """
    shape = (base.shape[1], features.shape[1])
    every = np.arange(len(wanted))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape).astype(np.float32)
        logits = base + features @ weights.T
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        shares /= shares.sum(axis=1, keepdims=True)
        value = -float(np.log(shares[every, wanted] + 1e-30).sum()) + 0.5 * float((weights * weights).sum())
        shares[every, wanted] -= 1
        gradient = shares.T @ features + weights
        return value, gradient.ravel().astype(np.float64)

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    weights: np.ndarray = found.x.reshape(shape).astype(np.float32)
    return weights
