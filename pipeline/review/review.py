"""A review that is open: what is asked next, decided, undone, and learned; several at once may have its file open."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property

import numpy as np

from pipeline.errors import InputError
from pipeline.review.groups import worth
from pipeline.review.learning import EVERY, Learner
from pipeline.review.records import Action, Choice, Decider, Decision, Neighbor, Progress, Reviewed, Role
from pipeline.review.state import State
from pipeline.review.store import Store
from pipeline.taxonomy.paths import Taxonomy, normalize_path
from pipeline.taxonomy.resolve import Resolver

BACK_UP_EVERY = 100
"""Decisions between two copies of the file."""
FITTED_AT_ONCE = 200
"""Decisions of a review that is opened which are learned before the first card; more are learned behind it."""
_NEAREST = 3
_LEAST_NEAR = 0.5


class Review:
    """An open review; its methods may be called by several threads.

    Args:
        store: Its file.

    Attributes:
        products: Of it.
        state: What stands by now.
        about: What it is of, by name: "taxonomy" has pairs of a path and its id, "" for none.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.about = store.about()
        self.products = store.products()
        self.state = State(len(self.products))
        self.state.take(store.decisions())
        self._lock = threading.RLock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="review")
        self._fitting: Future[None] | None = None
        self._learner: Learner | None = None
        self._not_copied = 0

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The paths that may be chosen, with their ids."""
        pairs = self.about["taxonomy"]
        assert isinstance(pairs, list)
        return Taxonomy.of([path for path, _ in pairs], by_id={one: path for path, one in pairs if one})

    @cached_property
    def ids(self) -> dict[str, str]:
        """Id of each path that has one."""
        return {path: identifier for identifier, path in self.taxonomy.by_id.items()}

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self.taxonomy)

    def path_of(self, text: str) -> str:
        """The path that a text names: a path in any case, or an id.

        Raises:
            InputError: If the taxonomy has none.
        """
        path = self._resolver.resolve(normalize_path(text)) if text.strip() else None
        if path is None or path not in self.taxonomy:
            raise InputError(f"'{text[:200]}' is no category of this taxonomy; search for one.")
        return path

    @property
    def learner(self) -> Learner:
        """What was learned so far; made when it is first asked for."""
        with self._lock:
            if self._learner is None:
                known = self.products
                new = Learner(known.vectors, self.store.runners(), known.paths, known.confidences)
                small = len(self.state.decided) <= FITTED_AT_ONCE
                self._learner = new.fit(self.labels()) if small else new
                self._learn(at_once=not small)
            return self._learner

    def labels(self) -> dict[int, str]:
        """The decided paths by product, in the order of the decisions."""
        with self._lock:
            ordered = sorted(self.state.decided.values(), key=lambda one: one.number)
            return {one.product: one.after for one in ordered if one.after is not None}

    def is_open(self) -> np.ndarray:
        """Bool [n], the products that need review and are not decided; those put off too."""
        with self._lock:
            is_open = ~self.products.is_accepted
            is_open[list(self.state.decided)] = False
            return is_open

    def next(self, besides: Sequence[int] = ()) -> int | None:
        """The product that is most worth a decision, None where all are decided; those put off come last.

        Args:
            besides: Not these.
        """
        with self._lock:
            is_open = self.is_open()
            is_open[list(besides)] = False
            if (fresh := is_open & ~self.state.skipped).any():
                is_open = fresh
            if not is_open.any():
                return None
            return int(np.argmax(worth(is_open, self.learner.confidences, self.products.clusters)))

    def group(self, product: int) -> list[int]:
        """The other open products alike to one."""
        with self._lock:
            alike = self.is_open() & (self.products.clusters == self.products.clusters[product])
            alike[product] = False
            return np.flatnonzero(alike).tolist()

    def nearest(self, product: int) -> list[Neighbor]:
        """The decided products most like one."""
        with self._lock:
            rows = np.array([one for one in self.state.decided if one != product], dtype=np.int64)
        cosines = self.products.vectors[rows] @ self.products.vectors[product]
        best = np.argsort(-cosines, kind="stable")[:_NEAREST]
        return [Neighbor(int(rows[one]), float(cosines[one])) for one in best if cosines[one] >= _LEAST_NEAR]

    def path(self, product: int) -> str:
        """The path of a product by now: decided, else by what was learned, else the model's."""
        with self._lock:
            decided = self.state.decided.get(product)
            return self.learner.paths[product] if decided is None or decided.after is None else decided.after

    def decide(
        self,
        product: int,
        path: str,
        decider: Decider,
        *,
        version: int,
        others: Mapping[int, int] | None = None,
        why: str = "",
    ) -> list[Decision]:
        """Decide a product, and others that are the same with it.

        Args:
            product: Its number.
            path: A path or an id of the taxonomy.
            decider: Who.
            version: Number of decisions about it that the decider saw.
            others: Such versions of the others, by number.
            why: In their words.

        Raises:
            ConflictError: If somebody decided one of them in the meantime; nothing is written.
            InputError: If there is no such product or path.
            ReviewError: If it cannot be written.
        """
        path, wanted = self.path_of(path), {product: version, **(others or {})}
        self._check(*wanted)
        action: Action = "group" if others else "accept" if path == self.path(product) else "choose"
        return self._write([Choice(one, known, path) for one, known in wanted.items()], action, decider, why)

    def skip(self, product: int, decider: Decider, *, version: int) -> list[Decision]:
        """Put a product off: it comes again behind all others. Errors as of `decide`."""
        self._check(product)
        before = self.state.decided.get(product)
        return self._write([Choice(product, version, None if before is None else before.after)], "skip", decider, "")

    def undo(self, decider: Decider) -> list[Decision]:
        """Take the last step of somebody back, whatever it was; again, the one before. What others decided stays.

        Raises:
            InputError: If there is nothing left.
            ReviewError: If it cannot be written.
        """
        with self._lock:
            self.refresh()
            while not (step := self.state.last_step(decider)):
                if not self.state.drop_step(decider):
                    raise InputError("There is nothing to undo.")
            versions = self.state.versions
            choices = [Choice(one.product, int(versions[one.product]), one.before) for one in step]
            return self._write(choices, "undo", decider, "")

    def clear(self, role: Role, decider: Decider, name: str | None = None) -> int:
        """Take back all that a role decided, or one of it; what others had decided before counts again.

        Returns:
            The number of products.
        """
        with self._lock:
            self.refresh()
            found = self.state.of_role(role, name)
            choices = [Choice(one.product, int(self.state.versions[one.product]), kept) for one, kept in found]
            if choices:
                self._write(choices, "clear", decider, "")
            return len(choices)

    def add(self, product: Reviewed) -> int:
        """Add a product that is like none of a group, to be decided; its number."""
        with self._lock:
            self.refresh()
            self.store.add([product], [int(self.products.clusters.max(initial=-1)) + 1])
            self.refresh()
            return len(self.products) - 1

    def take_over(self, other: Review) -> None:
        """Decide what stands in another review of the same file, when that had fewer of its products."""
        numbers = {identifier: number for number, identifier in enumerate(self.products.ids)}
        for one in sorted(other.state.decided.values(), key=lambda one: one.number):
            product = numbers.get(other.products.ids[one.product])
            if product is not None:
                self.store.decide([Choice(product, 0, one.after)], one.action, one.decider, one.why, one.at)
        self.refresh()

    def progress(self) -> Progress:
        """How far it is."""
        with self._lock:
            known, is_open, learned = self.products, self.is_open(), self.learner
            decided = self.state.decided.values()
            return Progress(
                len(known),
                int(known.is_accepted.sum()),
                int((~known.is_accepted).sum()),
                sum(not known.is_accepted[one.product] for one in decided),
                Counter(one.decider.role for one in decided),
                int((is_open & self.state.skipped).sum()),
                sum(one.after != known.paths[one.product] for one in decided),
                learned.fitted,
                sum(learned.paths[one] != known.paths[one] for one in np.flatnonzero(is_open).tolist()),
            )

    def refresh(self) -> None:
        """Hear what others wrote since, and learn from it."""
        with self._lock:
            if len(fresh := self.store.products(len(self.products))):
                self.products = self.products.and_more(fresh)
                self.state.grow(len(self.products))
                self._learner = None
            decisions = self.store.decisions(after=self.state.last)
            self.state.take(decisions)
            if self._learner is not None:
                taken_back = self._learner.hear_all(decisions)
                self._learn(at_once=taken_back)

    def wait(self) -> None:
        """Wait until what is being learned and copied is."""
        self._worker.submit(lambda: None).result()

    def close(self) -> None:
        """Close the file, after what is being learned and copied."""
        self._worker.shutdown()
        self.store.close()

    def _check(self, *products: int) -> None:
        for product in products:
            if not 0 <= product < len(self.products):
                raise InputError(f"This review has no product {product}.")

    def _write(self, choices: list[Choice], action: Action, decider: Decider, why: str) -> list[Decision]:
        try:
            written = self.store.decide(choices, action, decider, why)
        finally:
            self.refresh()  # after a conflict too: the next card shows what the other one decided
        self._not_copied += len(written)
        if self._not_copied >= BACK_UP_EVERY:
            self._not_copied = 0
            self._worker.submit(self.store.back_up)
        return written

    def _learn(self, *, at_once: bool) -> None:
        """Fit anew in the background, if enough was decided since the last time."""
        learner, decided = self._learner, len(self.state.decided)
        if learner is None or not (at_once or abs(decided - learner.fitted) >= EVERY):
            return
        if self._fitting is None or self._fitting.done():
            self._fitting = self._worker.submit(self._fit, learner)

    def _fit(self, learner: Learner) -> None:
        with self._lock:
            labels, last = self.labels(), self.state.last
        learned = learner.fit(labels)
        with self._lock:
            if len(learned.paths) == len(self.products):  # else products were added, and it is made anew
                learned.hear_all(self.store.decisions(after=last))
                self._learner = learned
