"""The training loop: one stage of any task, resumable at any step.

A task knows its model, its batches and its losses; the loop knows optimizer, schedule, validation and checkpoints. The
randomness of a step depends on (seed, stage, step) alone, so that a run that was killed and resumed gives the same
result as an unbroken one.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from pipeline.config.train import TrainConfig, TrainStage
from pipeline.training.checkpoint import Progress, resume, save, snapshot, trained_state
from pipeline.training.optim import make_optimizer
from pipeline.training.tasks.base import Task

LOG_STEPS = 20


def learning_rate_factor(step: int, total: int, warmup_fraction: float) -> float:
    """Fraction of the peak learning rate: linear warm-up, then a cosine down to 0."""
    warmup_steps = max(1, round(total * warmup_fraction))
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, total - warmup_steps)))


def run_stage(
    task: Task,
    stage: TrainStage,
    config: TrainConfig,
    *,
    seed: int,
    accelerator: Accelerator,
    folder: Path,
    log: Callable[[dict[str, Any]], None],
) -> None:
    """Train one stage; at the end `task.module` holds the best validated state, without validation rows the last.

    Args:
        task: The task to train.
        stage: Its epochs, batch size and learning rate.
        config: Settings of the optimizer.
        seed: Of the whole build.
        accelerator: From `distributed.make_accelerator`.
        folder: For the checkpoint; one that is there is resumed.
        log: Called with one flat record for each logged step or validation.

    Raises:
        ArtifactError: If the checkpoint is from the middle of a training in another number of processes.
    """
    run = _StageRun(task, stage, config, seed, accelerator, folder / f"{stage.name}.safetensors", log)
    if not run.progress.finished:
        run.train()
    task.module.load_state_dict(run.progress.best, strict=False)
    accelerator.free_memory()


class _StageRun:
    """One stage between its checkpoint and its last step."""

    def __init__(
        self,
        task: Task,
        stage: TrainStage,
        config: TrainConfig,
        seed: int,
        accelerator: Accelerator,
        checkpoint: Path,
        log: Callable[[dict[str, Any]], None],
    ) -> None:
        self.task, self.stage, self.config, self.seed = task, stage, config, seed
        self.accelerator, self.checkpoint, self.log = accelerator, checkpoint, log
        self.parameters = task.parameters()
        self.optimizer = make_optimizer(
            self.parameters, stage.learning_rate, config.weight_decay, stage.muon_learning_rate
        )
        self.progress = resume(checkpoint, task, self.parameters, self.optimizer, accelerator.num_processes)

    def train(self) -> None:
        """Take the steps that are left."""
        progress = self.progress
        self.module, self.prepared = self.accelerator.prepare(self.task.module, self.optimizer)
        self._epoch, self._batches = 0, self._epoch_batches(0)
        self.steps_per_epoch = len(self._batches)
        total = math.ceil(self.stage.epochs * self.steps_per_epoch)
        progress.total = min(total, self.stage.max_steps) if self.stage.max_steps else total
        evaluations = self.config.evaluations
        validated = {round(progress.total * (number + 1) / evaluations) for number in range(evaluations)}
        with self._bar() as bar:
            while progress.step < progress.total:
                terms = self._step()
                bar.update()
                if progress.step % LOG_STEPS == 0 or progress.step == progress.total:
                    self._log_losses(terms)
                if progress.step in validated:
                    self._validate()
                if progress.step % self.config.checkpoint_steps == 0 or progress.step == progress.total:
                    self._save()
        self.accelerator.wait_for_everyone()

    def _bar(self) -> tqdm:
        return tqdm(
            total=self.progress.total,
            initial=self.progress.step,
            desc=self.stage.name,
            unit="step",
            disable=not self.accelerator.is_main_process,
        )

    def _epoch_batches(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch, of all processes together."""
        generator = np.random.default_rng([self.seed, epoch, *self.stage.name.encode()])
        return self.task.batches(self.stage.batch_size * self.accelerator.num_processes, generator)

    def _rows(self) -> np.ndarray:
        """This process's part of the next batch."""
        epoch, position = divmod(self.progress.step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._epoch_batches(epoch)
        return self._batches[position][self.accelerator.process_index :: self.accelerator.num_processes]

    def _step(self) -> dict[str, Tensor]:
        """One optimizer step.

        Returns:
            The loss terms; they are in float32 under mixed precision too, since only the module is prepared for it.
        """
        progress = self.progress
        rows = self._rows()
        _seed_step(self.seed, self.stage.name, progress.step, self.accelerator.process_index)
        factor = learning_rate_factor(progress.step, progress.total, self.config.warmup_fraction)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        self.module.train()
        terms = self.task.losses(self.module, rows, self.accelerator, progress.step / progress.total)
        self.accelerator.backward(torch.stack(list(terms.values())).sum())
        self.accelerator.clip_grad_norm_(self.parameters.values(), self.config.clip_norm)
        self.prepared.step()
        self.prepared.zero_grad()
        progress.step += 1
        if self.stage.ema_decay:
            _update_ema(progress, trained_state(self.task, self.parameters), self.stage.ema_decay)
        return terms

    def _log_losses(self, terms: dict[str, Tensor]) -> None:
        values = {name: value.item() for name, value in terms.items()}
        loss = torch.stack(list(terms.values())).sum().item()
        self.log({"stage": self.stage.name, "step": self.progress.step, "loss": loss, **values})

    def _validate(self) -> None:
        """Validate the averaged weights, or the weights themselves without an average; keep the best state.

        Without validation rows the latest state is kept.
        """
        with _temporary_state(self.task, self.parameters, self.progress.ema):
            metrics = self.task.validate()
            if not metrics or metrics["score"] > self.progress.best_score:
                self.progress.best_score = metrics.get("score", self.progress.best_score)
                self.progress.best = snapshot(self.task, self.parameters)
        if metrics:
            self.log({"stage": self.stage.name, "step": self.progress.step, **metrics})

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            processes = self.accelerator.num_processes
            save(self.checkpoint, self.task, self.parameters, self.optimizer, self.progress, processes)


def _seed_step(seed: int, stage: str, step: int, process: int) -> None:
    mixed = np.random.SeedSequence([seed, step, process, *stage.encode()]).generate_state(1)[0]
    torch.manual_seed(int(mixed))


def _update_ema(progress: Progress, current: dict[str, Tensor], decay: float) -> None:
    """Move the average towards the current state; faster in the first steps, as in TensorFlow's moving averages."""
    if not progress.ema:
        progress.ema = {name: value.clone() for name, value in current.items()}
        return
    decay = min(decay, (1 + progress.step) / (10 + progress.step))
    for name, value in current.items():
        average = progress.ema[name]
        if average.is_floating_point():
            average.lerp_(value, 1 - decay)
        else:
            average.copy_(value)


@contextlib.contextmanager
def _temporary_state(task: Task, parameters: dict[str, nn.Parameter], state: dict[str, Tensor]) -> Iterator[None]:
    """Give the module this state, if there is one, for the time of the context."""
    if not state:
        yield
        return
    current = snapshot(task, parameters)
    task.module.load_state_dict(state, strict=False)
    yield
    task.module.load_state_dict(current, strict=False)
