"""Muon for convolutions, AdamW for the rest: each as torch has it."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.training import optim
from pipeline.training.optim import make_optimizer, orthogonal


@pytest.fixture(params=[True, False], ids=["bfloat16", "float32"])
def fast(request, monkeypatch):
    monkeypatch.setattr(optim, "fast_in_bfloat16", lambda: request.param)
    return request.param


@pytest.mark.parametrize("shape", [(8, 27), (27, 8), (16, 16)])
def test_orthogonal_keeps_singular_vectors_and_sets_singular_values_to_1(fast, shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    u, lengths, v = torch.linalg.svd(matrix, full_matrices=False)
    assert lengths[0] > 1.5 * lengths[-1]
    turned = u.T @ orthogonal(matrix).float() @ v.T
    singular_values = turned.diagonal()
    assert singular_values.min() > 0.6
    assert singular_values.max() < 1.3
    assert (turned - torch.diag(singular_values)).abs().max() < (0.05 if fast else 1e-4)


def _net():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.Conv2d(8, 16, 1, bias=False),
        nn.Flatten(),
        nn.Linear(16, 2),
    )
    return net.to(memory_format=torch.channels_last)


def _gradients(net):
    generator = torch.Generator().manual_seed(1)
    for _ in range(4):
        yield [torch.randn(value.shape, generator=generator) for value in net.parameters()]


def test_muon_and_adamw_step_as_those_of_torch(monkeypatch):
    monkeypatch.setattr(optim, "fast_in_bfloat16", lambda: True)  # as torch's Muon always has it
    ours, theirs = _net(), _net()
    named = dict(ours.named_parameters())
    optimizer = make_optimizer(named, 0.01, 0.1, muon_learning_rate=0.02)
    turned, decayed, spared = optimizer.param_groups
    assert [value.shape for value in turned["params"]] == [(8, 3, 3, 3), (16, 8, 1, 1)]
    assert [value.shape for value in decayed["params"]] == [(8, 1, 3, 3), (2, 16)]
    assert all(value.ndim == 1 for value in spared["params"])
    matrices = {
        name: nn.Parameter(value.detach().flatten(1).clone())
        for name, value in theirs.named_parameters()
        if name in ("0.weight", "3.weight")
    }
    plain = {name: value for name, value in theirs.named_parameters() if name not in matrices}
    decays = {name: 0.1 if value.ndim > 1 else 0.0 for name, value in plain.items()}
    muon = torch.optim.Muon(matrices.values(), lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(
        [{"params": [value], "weight_decay": decays[name]} for name, value in plain.items()], lr=0.01
    )
    for gradients in _gradients(ours):
        for (name, value), gradient in zip(ours.named_parameters(), gradients, strict=True):
            value.grad = gradient.clone()
            if name in matrices:
                matrices[name].grad = gradient.flatten(1).clone()
            else:
                plain[name].grad = gradient.clone()
        for each in (optimizer, muon, adamw):
            each.step()
    for name, value in named.items():
        expected = matrices[name] if name in matrices else plain[name]
        difference = value.detach().flatten() - expected.detach().flatten()
        assert difference.abs().max() < 2e-3, name  # after steps of 0.02 in bfloat16


def test_a_weight_without_a_gradient_does_not_change(fast):
    net = _net()
    optimizer = make_optimizer(dict(net.named_parameters()), 0.01, 0.1, muon_learning_rate=0.02)
    before = net[0].weight.detach().clone()
    net[3].weight.grad = torch.zeros_like(net[3].weight)
    optimizer.step()
    assert torch.equal(net[0].weight, before)
    assert np.isfinite(net[3].weight.detach().numpy()).all()  # a gradient of zeros has no direction
