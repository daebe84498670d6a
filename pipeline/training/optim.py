"""Optimizer: AdamW, and Muon for the weights of convolutions where a stage has a learning rate for it.

Muon steps by the momentum of a matrix with all singular values set to about 1 (Jordan et al. 2024, "Muon: An optimizer
for hidden layers in neural networks"). torch has it for matrices only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.models.encoding import fast_in_bfloat16

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
RMS_OF_ADAMW = 0.2


def make_optimizer(
    named: dict[str, nn.Parameter], learning_rate: float, weight_decay: float, muon_learning_rate: float = 0.0
) -> MuonAdamW:
    """Optimizer of a stage; norms, biases, scalars and adapters have no weight decay.

    Args:
        named: The trained parameters.
        learning_rate: Peak of AdamW; every parameter group keeps its own peak under "peak".
        weight_decay: Of all other parameters.
        muon_learning_rate: Peak of Muon; 0 leaves the weights of convolutions to AdamW.
    """
    convolutions, undecayed, decayed = [], [], []
    for name, value in named.items():
        if value.ndim <= 1 or "lora_" in name:
            undecayed.append(value)
        elif muon_learning_rate and _is_convolution(value):
            convolutions.append(value)
        else:
            decayed.append(value)
    groups = [
        _group(convolutions, muon_learning_rate, weight_decay, muon=True),
        _group(decayed, learning_rate, weight_decay, muon=False),
        _group(undecayed, learning_rate, 0.0, muon=False),
    ]
    return MuonAdamW([group for group in groups if group["params"]], lr=learning_rate)


def _is_convolution(value: nn.Parameter) -> bool:
    """Whether it is the weight of a convolution other than depthwise."""
    return value.ndim == 4 and value.shape[1] > 1


def _group(parameters: list[nn.Parameter], learning_rate: float, weight_decay: float, *, muon: bool) -> dict[str, Any]:
    return {
        "params": parameters,
        "lr": learning_rate,
        "peak": learning_rate,
        "weight_decay": weight_decay,
        "muon": muon,
    }


class MuonAdamW(torch.optim.AdamW):
    """AdamW for the parameter groups whose "muon" is False, Muon for the others."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of all groups."""
        groups = self.param_groups
        self.param_groups = [group for group in groups if not group["muon"]]
        try:
            loss = super().step(closure)  # type: ignore[arg-type]
        finally:
            self.param_groups = groups
        for group in groups:
            for value in group["params"] if group["muon"] else ():
                if value.grad is not None:
                    self._muon_step(value, value.grad, group["lr"], group["weight_decay"])
        return loss

    def _muon_step(self, value: Tensor, gradient: Tensor, lr: float, decay: float) -> None:
        """Decoupled weight decay, then an orthogonalized step of Nesterov momentum with the RMS of a step of AdamW.

        The RMS after Liu et al. 2025, "Muon is scalable for LLM training".
        """
        state = self.state[value]
        if not state:
            state["step"] = torch.tensor(0.0)  # AdamW.load_state_dict expects it in every state
            state["momentum"] = torch.zeros_like(value)
        state["step"] += 1
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(momentum, MOMENTUM).flatten(1)
        value.mul_(1 - lr * decay)
        length = RMS_OF_ADAMW * math.sqrt(max(ahead.shape))
        value.sub_(orthogonal(ahead).view(value.shape).to(value.dtype), alpha=lr * length)


def orthogonal(matrix: Tensor) -> Tensor:
    """Set the singular values of a matrix [n, m] to about 1 by a Newton-Schulz iteration, in bfloat16 where it is fast.

    After the five iterations they lie between 0.7 and 1.2 unless they were very small.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide.to(torch.bfloat16 if fast_in_bfloat16() else torch.float32)
    x = x / (x.norm() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide is matrix else x.T
