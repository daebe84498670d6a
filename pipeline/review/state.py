"""What stands by now, folded from the decisions in their order: the same for everybody who reads the same file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from pipeline.review.records import Decider, Decision, Role

_TAKEN_BACK = ("undo", "clear")


class State:
    """The decisions that stand.

    Args:
        count: Number of products n.

    Attributes:
        decided: By product, the decision that stands.
        versions: int64 [n], how many decisions there are of each product.
        skipped: bool [n], those that were put off.
        last: Number of the last decision.
    """

    def __init__(self, count: int) -> None:
        self.decided: dict[int, Decision] = {}
        self.versions = np.zeros(count, dtype=np.int64)
        self.skipped = np.zeros(count, dtype=bool)
        self.last = 0
        self._steps: defaultdict[Decider, list[list[Decision]]] = defaultdict(list)
        self._of: defaultdict[int, list[Decision]] = defaultdict(list)

    def grow(self, count: int) -> None:
        """Make room for products that were added."""
        more = count - len(self.versions)
        self.versions = np.concatenate([self.versions, np.zeros(more, dtype=np.int64)])
        self.skipped = np.concatenate([self.skipped, np.zeros(more, dtype=bool)])

    def take(self, decisions: Iterable[Decision]) -> None:
        """Take in the decisions behind the last one."""
        for one in decisions:
            self.last = one.number
            self.versions[one.product] = one.version
            self.skipped[one.product] = one.action == "skip"
            self._of[one.product].append(one)
            if one.after is None:
                self.decided.pop(one.product, None)
            elif one.action in _TAKEN_BACK:
                self.decided[one.product] = self._made(one.product, one.after) or one
            elif one.action != "skip":
                self.decided[one.product] = one
            self._note_step(one)

    def last_step(self, decider: Decider) -> list[Decision]:
        """The last step of somebody that they did not take back, without what others decided over it; [] for none."""
        steps = self._steps[decider]
        return [one for one in steps[-1] if self._stands(one)] if steps else []

    def drop_step(self, decider: Decider) -> bool:
        """Forget the last step of somebody, of which nothing stands; whether there was one."""
        return bool(self._steps[decider]) and bool(self._steps[decider].pop())

    def of_role(self, role: Role, name: str | None = None) -> list[tuple[Decision, str | None]]:
        """The decisions of a role, or of one of it, that stand, each with what would stand without that role."""
        found = []
        for product, now in self.decided.items():
            if now.decider.role == role and name in (None, now.decider.name):
                kept = [
                    one
                    for one in self._of[product]
                    if one.decider.role != role and one.action not in (*_TAKEN_BACK, "skip")
                ]
                found.append((now, kept[-1].after if kept else None))
        return found

    def _made(self, product: int, path: str) -> Decision | None:
        """The last decision that made a product this path."""
        made = [one for one in self._of[product] if one.after == path and one.action not in (*_TAKEN_BACK, "skip")]
        return made[-1] if made else None

    def _stands(self, one: Decision) -> bool:
        if one.action == "skip":
            return bool(self.skipped[one.product]) and self.versions[one.product] == one.version
        now = self.decided.get(one.product)
        return now is not None and now.number == one.number

    def _note_step(self, one: Decision) -> None:
        steps = self._steps[one.decider]
        if one.action == "undo":
            if one.number == one.step and steps:
                steps.pop()
        elif one.action != "clear":
            if steps and steps[-1][0].step == one.step:
                steps[-1].append(one)
            else:
                steps.append([one])
