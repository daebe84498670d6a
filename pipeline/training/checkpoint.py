"""Checkpoints of a stage of training: all that it takes to go on as if it had never stopped, as safetensors."""

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

logger = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where a stage of `total` steps stands; `average` is the running average of the state, empty without one."""

    step: int = 0
    total: int = 0
    best_score: float = -math.inf
    best: dict[str, Tensor] = field(default_factory=dict)
    average: dict[str, Tensor] = field(default_factory=dict)


def learning(task: Task, named: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """What learns, and the buffers (running statistics) that go with it."""
    found = {name: value.detach() for name, value in named.items()}
    buffers = dict(task.module.named_buffers())
    stored = task.module.state_dict().keys()
    found.update({name: value for name, value in buffers.items() if name in stored})
    return found


def snapshot(task: Task, named: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copies of what `learning` gives, on the CPU."""
    return {name: value.cpu().clone().contiguous() for name, value in learning(task, named).items()}


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
    tensors.update({f"average/{name}": value.cpu().contiguous() for name, value in progress.average.items()})
    tensors.update({f"task/{name}": value.cpu().contiguous() for name, value in task.state().items()})
    for name, value in named.items():
        for key, moment in optimizer.state.get(value, {}).items():
            tensors[f"moment/{key}/{name}"] = moment.cpu().contiguous()
    marks = {"step": str(progress.step), "total": str(progress.total), "processes": str(processes)}
    marks["best_score"] = repr(progress.best_score)
    with atomic_path(path) as temporary:
        save_file({name: value.clone() for name, value in tensors.items()}, temporary, metadata=marks)


def resume(
    path: Path, task: Task, named: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, processes: int
) -> Progress:
    """Take a checkpoint back, if there is one, into the task and the optimiser.

    Raises:
        ArtifactError: If it is from the middle of a training in another number of processes.
    """
    if not path.exists():
        return Progress()
    groups: dict[str, dict[str, Tensor]] = {"now": {}, "best": {}, "average": {}, "task": {}, "moment": {}}
    with safe_open(path, framework="pt") as file:
        marks = file.metadata()
        for key in file.keys():  # noqa: SIM118 - a safetensors file is no mapping
            kind, _, name = key.partition("/")
            groups[kind][name] = file.get_tensor(key)
    step, total = int(marks["step"]), int(marks["total"])
    if step < total and int(marks["processes"]) != processes:  # a step is another one then, and so is their number
        raise ArtifactError(
            f"{path} was written by a training in {marks['processes']} processes, this one has {processes}; "
            "go on with as many, or delete the file to train the stage anew."
        )
    task.module.load_state_dict(groups["now"], strict=False)
    task.load(groups["task"])
    for key, moment in groups["moment"].items():
        what, _, name = key.partition("/")
        optimizer.state[named[name]][what] = moment if what == "step" else moment.to(named[name].device)
    logger.info("%s: resumed at step %s", path.stem, marks["step"])
    average = {name: value.to(_device(task)) for name, value in groups["average"].items()}
    return Progress(step, total, float(marks["best_score"]), groups["best"], average)


def _device(task: Task) -> torch.device:
    return next(task.module.parameters()).device
