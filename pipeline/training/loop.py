"""The training loop: one stage of any task, resumable at any step.

A task knows its model, its batches and its losses; the loop knows optimiser, schedule, validation and checkpoints. All
randomness of a step comes from (seed, stage, step), so that a run that was killed and resumed ends where an unbroken
one does.
"""

from __future__ import annotations

import contextlib
import json
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
from pipeline.training.checkpoint import Progress, learning, resume, save, snapshot
from pipeline.training.optim import make_optimizer
from pipeline.training.tasks.base import Task

LOG_STEPS = 20


def rate_at(step: int, total: int, warmup: float) -> float:
    """Share of the peak learning rate: linear warm-up, then a cosine down to 0."""
    rising = max(1, round(total * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


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
    """Train one stage; at the end `task.module` holds the best validated state.

    Args:
        task: What to train.
        stage: Its epochs, batch size and learning rate.
        config: Optimiser settings.
        seed: Of the whole build.
        accelerator: From `distributed.make_accelerator`.
        folder: For the checkpoint; a checkpoint found there is resumed.
        log: Called with one flat record for each logged step or validation.

    Raises:
        ArtifactError: If the checkpoint is from the middle of a training in another number of processes.
    """
    checkpoint = folder / f"{stage.name}.safetensors"
    named = task.parameters()
    optimizer = make_optimizer(named, stage.learning_rate, config.weight_decay, stage.muon_rate)
    progress = resume(checkpoint, task, named, optimizer, accelerator.num_processes)
    if progress.step and progress.step == progress.total:
        task.module.load_state_dict(progress.best, strict=False)
        return
    module, prepared = accelerator.prepare(task.module, optimizer)
    global_size = stage.batch_size * accelerator.num_processes
    per_epoch = len(task.batches(global_size, np.random.default_rng(0)))
    total = math.ceil(stage.epochs * per_epoch)
    total = progress.total = min(total, stage.max_steps) if stage.max_steps else total
    validations = {round(total * (turn + 1) / config.evaluations) for turn in range(config.evaluations)}
    batches: list[np.ndarray] = []
    epoch_at = -1
    bar = tqdm(
        total=total, initial=progress.step, desc=stage.name, unit="step", disable=not accelerator.is_main_process
    )
    while progress.step < total:
        epoch, position = divmod(progress.step, per_epoch)
        if epoch != epoch_at:
            batches, epoch_at = (
                task.batches(global_size, np.random.default_rng([seed, epoch, *stage.name.encode()])),
                epoch,
            )
        _seed_step(seed, stage.name, progress.step, accelerator.process_index)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate_at(progress.step, total, config.warmup_fraction)
        module.train()
        rows = batches[position][accelerator.process_index :: accelerator.num_processes]
        terms = task.losses(module, rows, accelerator, progress.step / total)  # in float32: only the model is prepared
        loss = torch.stack(list(terms.values())).sum()
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(named.values(), config.clip_norm)
        prepared.step()
        prepared.zero_grad()
        progress.step += 1
        if stage.average:
            _move_average(progress, learning(task, named), stage.average)
        bar.update()
        if progress.step % LOG_STEPS == 0 or progress.step == total:
            log(
                {
                    "stage": stage.name,
                    "step": progress.step,
                    "loss": loss.item(),
                    **{k: v.item() for k, v in terms.items()},
                }
            )
        if progress.step in validations:
            with _standing_in(task, named, progress.average):
                metrics = task.validate()
                if metrics["score"] > progress.best_score:
                    progress.best_score, progress.best = metrics["score"], snapshot(task, named)
            log({"stage": stage.name, "step": progress.step, **metrics})
        if accelerator.is_main_process and (progress.step % config.checkpoint_steps == 0 or progress.step == total):
            save(checkpoint, task, named, optimizer, progress, accelerator.num_processes)
    bar.close()
    accelerator.wait_for_everyone()
    task.module.load_state_dict(progress.best, strict=False)
    accelerator.free_memory()


def _seed_step(seed: int, stage: str, step: int, process: int) -> None:
    mixed = np.random.SeedSequence([seed, step, process, *stage.encode()]).generate_state(1)[0]
    torch.manual_seed(int(mixed))


def _move_average(progress: Progress, present: dict[str, Tensor], decay: float) -> None:
    """Move the average towards the present state; faster in the first steps, as in TensorFlow's moving averages."""
    if not progress.average:
        progress.average = {name: value.clone() for name, value in present.items()}
        return
    decay = min(decay, (1 + progress.step) / (10 + progress.step))
    for name, value in present.items():
        average = progress.average[name]
        if average.is_floating_point():
            average.lerp_(value, 1 - decay)
        else:
            average.copy_(value)


@contextlib.contextmanager
def _standing_in(task: Task, named: dict[str, nn.Parameter], state: dict[str, Tensor]) -> Iterator[None]:
    """Within, the module has this state, if there is one."""
    if not state:
        yield
        return
    now = snapshot(task, named)
    task.module.load_state_dict(state, strict=False)
    yield
    task.module.load_state_dict(now, strict=False)


class JsonLog:
    """A log of JSON lines, appended to; a resumed stage's repeated steps are dropped when it is read."""

    def __init__(self, path: Path, enabled: bool = True) -> None:
        self.path, self.enabled = path, enabled
        path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, record: dict[str, Any]) -> None:
        """Append one record."""
        if self.enabled:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """All records, the last one of each (stage, step, kind of record)."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        records = [json.loads(line) for line in lines if line.endswith("}")]
        return list({(r.get("stage"), r.get("step"), "score" in r): r for r in records}.values())
