"""Heads, gate and what each stage trains."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from pipeline.config.presets import tiny
from pipeline.models.two_tower import GatedFusion, ProjectionHead, TwoTower


def test_residual_head_is_the_identity_at_the_start_and_with_alpha_0():
    head = ProjectionHead(6, 8, 6, residual=True)
    features = torch.randn(4, 6)
    assert torch.allclose(head(features), F.normalize(features, dim=-1))
    torch.nn.init.normal_(head.contract.weight)
    assert not torch.allclose(head(features), F.normalize(features, dim=-1), atol=1e-3)
    head.alpha.fill_(0.0)
    assert torch.allclose(head(features), F.normalize(features, dim=-1))


def test_head_gives_unit_vectors():
    assert torch.allclose(ProjectionHead(6, 8, 5)(torch.randn(4, 6)).norm(dim=-1), torch.ones(4))


def test_fusion_of_a_missing_modality_is_the_other_alone():
    fusion = GatedFusion(4, bias=0.3)
    text, image = F.normalize(torch.randn(4, 4), dim=-1), F.normalize(torch.randn(4, 4), dim=-1)
    has_text, has_image = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    fused = fusion(text, image, has_text, has_image)
    gate = torch.sigmoid(torch.tensor(0.3))
    assert torch.allclose(fused[0], F.normalize(gate * text[0] + (1 - gate) * image[0], dim=-1))
    assert torch.allclose(fused[1], text[1])
    assert torch.allclose(fused[2], image[2])
    assert torch.equal(fused[3], torch.zeros(4))


@pytest.fixture(scope="module")
def model() -> TwoTower:
    config = tiny().model
    vision = dataclasses.replace(
        config.vision,
        model_class="SiglipVisionModel",
        width=16,
        architecture=(
            ("hidden_size", 16),
            ("intermediate_size", 16),
            ("num_hidden_layers", 1),
            ("num_attention_heads", 2),
            ("image_size", 32),
            ("patch_size", 16),
        ),
        lora_targets=("q_proj", "k_proj", "v_proj", "out_proj"),
        lora_rank=2,
        lora_alpha=4,
    )
    return TwoTower(dataclasses.replace(config, vision=vision))


@pytest.mark.parametrize(
    ("parts", "prefixes"),
    [
        (("heads",), ("text_head", "image_head", "fusion", "log_logit_scale")),
        (("text_lora",), ("text_tower",)),
        (("vision_lora",), ("vision_tower",)),
    ],
)
def test_each_part_trains_its_own_parameters(model, parts, prefixes):
    chosen = model.trainable(parts)
    learning = {name for name, value in model.named_parameters() if value.requires_grad}
    assert learning == set(chosen)
    assert {name.split(".")[0] for name in chosen} == set(prefixes)
    if parts[0].endswith("lora"):
        assert all("lora_" in name for name in chosen)


def test_training_a_missing_part_is_refused():
    with pytest.raises(ValueError, match="vision_lora"):
        TwoTower(tiny().model).trainable(("vision_lora",))


def test_logit_scale_is_clamped(model):
    with torch.no_grad():
        model.log_logit_scale.fill_(9.0)
    assert model.logit_scale.item() == pytest.approx(100.0)
