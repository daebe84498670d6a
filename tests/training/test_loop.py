"""The loop: schedule, resumption, what the log keeps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from pipeline.artifacts import ArtifactError
from pipeline.config.train import TrainConfig, TrainStage
from pipeline.training.distributed import make_accelerator
from pipeline.training.log import JsonLog
from pipeline.training.loop import learning_rate_factor, run_stage
from pipeline.training.optim import make_optimizer
from pipeline.training.tasks.base import Task


class Regression(Task):
    """A task small enough to compare states exactly; dropout makes it depend on the step's seed."""

    def __init__(self):
        torch.manual_seed(0)
        self.module = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 1))
        self.x = torch.randn(64, 4)
        self.y = self.x.sum(1, keepdim=True)
        self.seen = torch.zeros(1)
        self.done = []

    def parameters(self):
        return dict(self.module.named_parameters())

    def batches(self, size, generator):
        order = generator.permutation(len(self.x))
        return [order[start : start + size] for start in range(0, len(order), size)]

    def losses(self, module, rows, accelerator, fraction):
        self.seen += len(rows)
        self.done.append(fraction)
        return {"square": ((module(self.x[rows]) - self.y[rows]) ** 2).mean()}

    def validate(self):
        self.module.eval()
        with torch.no_grad():
            return {"score": -float(((self.module(self.x) - self.y) ** 2).mean())}

    def state(self):
        return {"seen": self.seen}

    def load(self, state):
        self.seen = state["seen"]


class Unvalidated(Regression):
    """The same without validation rows."""

    def validate(self):
        return {}


class KilledError(Exception):
    pass


STAGE = TrainStage("fit", ("heads",), epochs=6, batch_size=8, learning_rate=0.01)
CONFIG = TrainConfig(stages=(STAGE,), checkpoint_steps=5, evaluations=3, mixed_precision="no")


class Convolution(Regression):
    """The same by a convolution, which Muon may have."""

    def __init__(self):
        super().__init__()
        self.module = nn.Sequential(
            nn.Unflatten(1, (4, 1, 1)), nn.Conv2d(4, 8, 1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(8, 1)
        )


def _train(folder, die_at=None, stage=STAGE, kind=Regression):
    task = kind()

    def log(record):
        if die_at is not None and record["step"] >= die_at:
            raise KilledError

    run_stage(task, stage, CONFIG, seed=3, accelerator=make_accelerator("no"), folder=folder, log=log)
    return task


@pytest.mark.parametrize(("kind", "average"), [(Regression, 0.0), (Regression, 0.9), (Convolution, 0.0)])
def test_a_killed_stage_resumes_to_the_same_state(tmp_path, kind, average):
    stage = replace(STAGE, ema_decay=average, muon_learning_rate=0.02)
    unbroken = _train(tmp_path / "a", stage=stage, kind=kind)
    with pytest.raises(KilledError):
        _train(tmp_path / "b", die_at=20, stage=stage, kind=kind)
    assert (tmp_path / "b" / "fit.safetensors").exists()
    resumed = _train(tmp_path / "b", stage=stage, kind=kind)
    for name, value in unbroken.module.state_dict().items():
        assert torch.equal(value, resumed.module.state_dict()[name]), name
    assert torch.equal(unbroken.seen, resumed.seen)
    assert resumed.done == unbroken.done[-len(resumed.done) :]
    assert unbroken.done == [step / len(unbroken.done) for step in range(len(unbroken.done))]


def test_without_validation_rows_the_last_state_is_kept(tmp_path):
    kept = _train(tmp_path, kind=Unvalidated).module.state_dict()
    last = load_file(tmp_path / "fit.safetensors")
    trained = {name: last[f"now/{name}"] for name in kept if f"now/{name}" in last}
    assert len(trained) >= 6
    for name, value in trained.items():
        assert torch.equal(kept[name], value), name


def _as_if_by_two_processes(checkpoint):
    with safe_open(checkpoint, framework="pt") as file:
        marks = file.metadata()
    save_file(load_file(checkpoint), checkpoint, metadata={**marks, "processes": "2"})


def test_a_checkpoint_of_more_processes_is_refused(tmp_path):
    with pytest.raises(KilledError):
        _train(tmp_path, die_at=20)
    _as_if_by_two_processes(tmp_path / "fit.safetensors")
    with pytest.raises(ArtifactError, match="2 processes, this one has 1; resume with as many"):
        _train(tmp_path)


def test_a_finished_stage_is_not_trained_again(tmp_path):
    first = _train(tmp_path)
    again = _train(tmp_path, die_at=0)
    assert torch.equal(first.module[0].weight, again.module[0].weight)


def test_a_finished_stage_is_taken_over_from_more_processes(tmp_path):
    first = _train(tmp_path)
    _as_if_by_two_processes(tmp_path / "fit.safetensors")
    assert torch.equal(first.module[0].weight, _train(tmp_path, die_at=0).module[0].weight)


def test_the_best_validated_state_is_kept(tmp_path):
    task = Regression()
    scores = iter([1.0, 3.0, 2.0])
    states = []

    def validate():
        states.append(task.module[0].weight.detach().clone())
        return {"score": next(scores)}

    task.validate = validate
    run_stage(task, STAGE, CONFIG, seed=3, accelerator=make_accelerator("no"), folder=tmp_path, log=lambda record: None)
    assert torch.equal(task.module[0].weight, states[1])


def test_the_average_is_what_is_validated_and_kept(tmp_path):
    """Against the average worked out beside it; the steps themselves go on from the weights, not from the average."""
    stage = replace(STAGE, ema_decay=0.8)
    task, averages, validated = Regression(), [], []
    module_losses, module_validate = task.losses, task.validate

    def losses(module, rows, accelerator, fraction):
        weight = module[0].weight.detach()
        step = len(averages)  # the weights now are those after `step` steps
        if step:
            decay = min(0.8, (1 + step) / (10 + step))
            averages.append(weight.clone() if step == 1 else averages[-1].lerp(weight, 1 - decay))
        else:
            averages.append(weight.clone())
        return module_losses(module, rows, accelerator, fraction)

    def validate():
        validated.append(task.module[0].weight.detach().clone())
        return module_validate()

    task.losses, task.validate = losses, validate
    run_stage(task, stage, CONFIG, seed=3, accelerator=make_accelerator("no"), folder=tmp_path, log=lambda record: None)
    after_16 = averages[16]
    assert torch.allclose(validated[0], after_16, atol=1e-6)
    assert any(torch.allclose(task.module[0].weight, weight) for weight in validated)


def test_learning_rate_rises_then_falls():
    rates = [learning_rate_factor(step, 100, 0.05) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert rates[4] == pytest.approx(1.0)
    assert np.all(np.diff(rates[5:]) < 0)
    assert rates[-1] < 0.01


def test_no_decay_on_norms_biases_and_adapters():
    named = {
        "a.weight": nn.Parameter(torch.ones(2, 2)),
        "a.bias": nn.Parameter(torch.ones(2)),
        "lora_A.x": nn.Parameter(torch.ones(2, 2)),
    }
    decayed, spared = make_optimizer(named, 0.1, 0.01).param_groups
    assert decayed["weight_decay"] == 0.01
    assert [p is named["a.weight"] for p in decayed["params"]] == [True]
    assert spared["weight_decay"] == 0.0
    assert len(spared["params"]) == 2


def test_log_keeps_the_last_of_repeated_steps(tmp_path):
    log = JsonLog(tmp_path / "log.jsonl")
    for loss in (3.0, 2.0):
        log({"stage": "fit", "step": 20, "loss": loss})
    with log.path.open("a") as file:
        file.write('{"stage": "fit", "st')
    assert log.read() == [{"stage": "fit", "step": 20, "loss": 2.0}]


@pytest.mark.parametrize(("fast", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_that_is_fast_in_bfloat16_trains_in_it(tmp_path, monkeypatch, another_precision, fast, dtype):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": fast})
    task, inside, losses = Regression(), set(), set()
    task.module[0].register_forward_hook(lambda module, taken, output: inside.add(output.dtype))
    plain = task.losses

    def recorded(module, rows, accelerator, fraction):
        terms = plain(module, rows, accelerator, fraction)
        losses.update(term.dtype for term in terms.values())
        return terms

    task.losses = recorded
    run_stage(
        task,
        STAGE,
        CONFIG,
        seed=3,
        accelerator=make_accelerator("auto"),
        folder=tmp_path,
        log=lambda record: None,
    )
    assert dtype in inside
    assert losses == {torch.float32}
