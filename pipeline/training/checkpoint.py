"""Checkpoints of a training stage as safetensors: a resumed stage gives the same result as an unbroken one."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from pipeline.artifacts import ArtifactError, atomic_path
from pipeline.training.tasks.base import Task

_LOG = logging.getLogger(__name__)


@dataclass
class Progress:
    """Progress of a stage of training.

    Attributes:
        step: Steps done.
        total: Steps of the stage; 0 before it has started.
        best_score: Score of the best validated state.
        best: That state.
        ema: Exponential moving average of the state; empty without one.
    """

    step: int = 0
    total: int = 0
    best_score: float = -math.inf
    best: dict[str, Tensor] = field(default_factory=dict)
    ema: dict[str, Tensor] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether the last step is done."""
        return 0 < self.total == self.step


def trained_state(task: Task, named: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """The trained parameters, and the persistent buffers (running statistics) of the module."""
    stored = task.module.state_dict().keys()
    buffers = {name: value for name, value in task.module.named_buffers() if name in stored}
    return {**{name: value.detach() for name, value in named.items()}, **buffers}


def snapshot(task: Task, named: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copies of `trained_state`, on the CPU."""
    return {name: value.cpu().clone().contiguous() for name, value in trained_state(task, named).items()}


def save(
    path: Path,
    task: Task,
    named: dict[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    processes: int,
) -> None:
    """Write the checkpoint of a stage, whole or not at all."""
    tensors = {f"now/{name}": value for name, value in snapshot(task, named).items()}
    tensors.update({f"best/{name}": value for name, value in progress.best.items()})
    tensors.update({f"ema/{name}": value.cpu().contiguous() for name, value in progress.ema.items()})
    tensors.update({f"task/{name}": value.cpu().contiguous() for name, value in task.state().items()})
    for name, value in named.items():
        for key, moment in optimizer.state.get(value, {}).items():
            tensors[f"moment/{key}/{name}"] = moment.cpu().contiguous()
    metadata = {"step": str(progress.step), "total": str(progress.total), "processes": str(processes)}
    metadata["best_score"] = repr(progress.best_score)
    with atomic_path(path) as temporary:
        save_file({name: value.clone() for name, value in tensors.items()}, temporary, metadata=metadata)


def resume(
    path: Path, task: Task, named: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, processes: int
) -> Progress:
    """Restore task and optimizer from a checkpoint, if there is one.

    Raises:
        ArtifactError: If it is from the middle of a training in another number of processes.
    """
    if not path.exists():
        return Progress()
    groups: dict[str, dict[str, Tensor]] = {"now": {}, "best": {}, "ema": {}, "task": {}, "moment": {}}
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        for key in file.keys():  # noqa: SIM118 - a safetensors file is no mapping
            kind, _, name = key.partition("/")
            groups[kind][name] = file.get_tensor(key)
    step, total = int(metadata["step"]), int(metadata["total"])
    if step < total and int(metadata["processes"]) != processes:  # a step has another batch then
        raise ArtifactError(
            f"{path} was written by a training in {metadata['processes']} processes, this one has {processes}; "
            "resume with as many, or delete the file to train the stage again."
        )
    task.module.load_state_dict(groups["now"], strict=False)
    task.load(groups["task"])
    for key, moment in groups["moment"].items():
        moment_name, _, name = key.partition("/")
        device = "cpu" if moment_name == "step" else named[name].device
        optimizer.state[named[name]][moment_name] = moment.to(device)
    _LOG.info("%s: resumed at step %s", path.stem, metadata["step"])
    ema = {name: value.to(_device(task)) for name, value in groups["ema"].items()}
    return Progress(step, total, float(metadata["best_score"]), groups["best"], ema)


def _device(task: Task) -> torch.device:
    return next(task.module.parameters()).device
