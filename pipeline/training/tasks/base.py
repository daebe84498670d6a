"""What the loop of `loop.py` trains: anything that knows its model, its batches and its losses."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from accelerate import Accelerator
from torch import Tensor, nn


class Task(Protocol):
    """What the loop trains."""

    module: nn.Module
    """Holds every parameter that learns."""

    def parameters(self) -> dict[str, nn.Parameter]:
        """The parameters that learn, by their names in `module`; everything else is frozen."""
        ...

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """The rows of every batch of an epoch; all batches but the last have `size` rows."""
        ...

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """Weighted loss terms of one batch.

        Args:
            module: `self.module`, perhaps wrapped for several processes.
            rows: The batch.
            accelerator: Where the module runs.
            done: Share of the stage's steps that lie behind, in [0, 1).
        """
        ...

    def validate(self) -> dict[str, float]:
        """Metrics of the present state; "score" is the one to maximise."""
        ...

    def state(self) -> dict[str, Tensor]:
        """What else must be in a checkpoint."""
        ...

    def load(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        ...
