"""Base class of training tasks: everything about a training that the loop in `loop.py` does not know."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from accelerate import Accelerator
from torch import Tensor, nn


class Task(ABC):
    """A model to train, with its batches, losses and validation.

    Attributes:
        module: Holds every parameter that is trained.
    """

    module: nn.Module

    @abstractmethod
    def parameters(self) -> dict[str, nn.Parameter]:
        """The trained parameters, by their names in `module`; all others are frozen."""

    @abstractmethod
    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """The rows of every batch of an epoch; all batches but the last have `size` rows."""

    @abstractmethod
    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of one batch.

        Args:
            module: `self.module`, possibly wrapped for several processes.
            rows: The batch.
            accelerator: Where the module runs.
            done: Fraction of the stage's steps that are done, in [0, 1).
        """

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Metrics of the current state; "score" is the one to maximize. None at all without validation rows."""

    def state(self) -> dict[str, Tensor]:
        """Tensors outside of `module` that a checkpoint must hold; none by default."""
        return {}

    def load(self, state: dict[str, Tensor]) -> None:  # noqa: B027 - a task without a state has nothing to restore
        """Restore the tensors that `state` returned."""
