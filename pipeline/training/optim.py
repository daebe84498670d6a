"""The optimiser: AdamW, and Muon for the weights of convolutions where a stage asks for it.

Muon makes every step of a matrix equally long in all directions: its momentum, with all singular values set to about 1
(Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"). torch has it for matrices only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.training.distributed import fast_in_bfloat16

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
RMS_OF_ADAMW = 0.2


def make_optimizer(
    named: dict[str, nn.Parameter], learning_rate: float, weight_decay: float, muon_rate: float = 0.0
) -> MuonAdamW:
    """The optimiser of a stage; no decay on norms, biases, scalars and adapters.

    Args:
        named: What learns.
        learning_rate: Peak rate of AdamW; every group keeps its own peak as "peak".
        weight_decay: Of what is not spared.
        muon_rate: Peak rate of Muon; 0 leaves convolutions to AdamW.
    """
    spared = {name for name, value in named.items() if value.ndim <= 1 or "lora_" in name}
    turned = {name for name, value in named.items() if muon_rate and value.ndim == 4 and value.shape[1] > 1}
    kinds = (
        (turned, muon_rate, weight_decay, True),
        (set(named) - spared - turned, learning_rate, weight_decay, False),
        (spared, learning_rate, 0.0, False),
    )
    groups = [
        {
            "params": [value for name, value in named.items() if name in names],
            "lr": rate,
            "peak": rate,
            "weight_decay": decay,
            "muon": muon,
        }
        for names, rate, decay, muon in kinds
        if names
    ]
    return MuonAdamW(groups, lr=learning_rate)


class MuonAdamW(torch.optim.AdamW):
    """AdamW for the groups that have "muon" False, Muon for the others."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of both."""
        groups = self.param_groups
        self.param_groups = [group for group in groups if not group["muon"]]
        try:
            loss = super().step(closure)  # type: ignore[arg-type]
        finally:
            self.param_groups = groups
        for group in groups:
            for value in group["params"] if group["muon"] else ():
                if value.grad is not None:
                    self._turn(value, value.grad, group["lr"], group["weight_decay"])
        return loss

    def _turn(self, value: Tensor, gradient: Tensor, rate: float, decay: float) -> None:
        """Decoupled decay, then a step of Nesterov's momentum, made orthogonal and as long as one of AdamW.

        The length is that of Liu et al. 2025, "Muon is scalable for LLM training".
        """
        state = self.state[value]
        if not state:
            state["step"] = torch.tensor(0.0)  # AdamW reads it from every state that it takes back
            state["momentum"] = torch.zeros_like(value)
        state["step"] += 1
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM).flatten(1)
        value.mul_(1 - rate * decay)
        length = RMS_OF_ADAMW * math.sqrt(max(ahead.shape))
        value.sub_(orthogonal(ahead).view(value.shape).to(value.dtype), alpha=rate * length)


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with its singular values moved to about 1, by a Newton-Schulz iteration; [n, m] to [n, m].

    After the five steps they lie between 0.7 and 1.2 unless they were very small; in bfloat16 where that is fast.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide.to(torch.bfloat16 if fast_in_bfloat16() else torch.float32)
    x = x / (x.norm() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide is matrix else x.T
