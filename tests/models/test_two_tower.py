"""Heads, gate and what each stage trains."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from pipeline.config.presets import tiny
from pipeline.config.stages import ConfigError
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


@pytest.fixture
def centered() -> TwoTower:
    torch.manual_seed(0)
    model = TwoTower(dataclasses.replace(tiny().model, centered=True)).eval()
    model.product_center.normal_(std=0.1)
    model.category_center.normal_(std=0.1)
    return model


@torch.no_grad()
def test_products_and_categories_are_centered_each_by_their_own_mean(centered):
    features = 3 * torch.randn(4, 32)
    for vectors, base, center in (
        (centered.text_vectors(features), centered.text_base(features), centered.product_center),
        (centered.category_vectors(features), centered.text_base(features, categories=True), centered.category_center),
    ):
        expected = torch.stack([row / row.norm() - center for row in features])
        expected = torch.stack([row / row.norm() for row in expected])
        assert torch.allclose(base, expected, atol=1e-6)
        assert torch.allclose(vectors, expected, atol=1e-6), "a residual head that learned nothing"
    assert not torch.allclose(centered.text_vectors(features), centered.category_vectors(features), atol=1e-2)


@torch.no_grad()
def test_directions_of_languages_are_taken_out_of_products_and_categories():
    torch.manual_seed(0)
    config = dataclasses.replace(tiny().model, centered=True, language_directions=3)
    model = TwoTower(config).eval()
    assert "language_directions" in model.state_dict()
    features = torch.randn(4, 32)
    before = model.text_base(features), model.text_base(features, categories=True)
    model.language_directions[:2] = torch.linalg.qr(torch.randn(32, 2))[0].T  # the third stays empty
    for one, base in zip((model.text_base(features), model.text_base(features, categories=True)), before, strict=True):
        assert torch.allclose(one @ model.language_directions.T, torch.zeros(4, 3), atol=1e-6)
        expected = base - (base @ model.language_directions.T) @ model.language_directions
        assert torch.allclose(one, expected / expected.norm(dim=1, keepdim=True), atol=1e-6)
    with pytest.raises(ConfigError, match=r"need model\.centered"):
        dataclasses.replace(config, centered=False)


@torch.no_grad()
def test_typical_titles_count_as_much_as_the_path_and_have_the_center_of_products(centered):
    called, titles = torch.randn(4, 32), torch.randn(4, 32)
    titles[2] = 0  # a category without titles
    both = centered.category_vectors(torch.stack([called, titles], dim=1))
    parts = centered.text_base(called, categories=True) + centered.text_base(titles)
    assert torch.allclose(both, parts / parts.norm(dim=1, keepdim=True), atol=1e-6)
    assert torch.allclose(both[2], centered.category_vectors(called)[2], atol=1e-6)


@torch.no_grad()
def test_a_product_without_a_text_stays_at_zero(centered):
    features = torch.randn(3, 32)
    features[1] = 0
    assert torch.equal(centered.text_base(features)[1], torch.zeros(32))
    assert torch.equal(centered.text_vectors(features)[1], torch.zeros(32))
    assert centered.text_base(features)[[0, 2]].norm(dim=1).tolist() == pytest.approx([1, 1])
    torch.nn.init.normal_(centered.text_head.contract.weight)
    out = centered(
        features, torch.randn(3, 1280), torch.tensor([True, False, True]), torch.ones(3, dtype=torch.bool), features
    )
    assert torch.allclose(out["fused"][1], out["image"][1]), "what the head makes of nothing is not used"


@torch.no_grad()
def test_alpha_0_is_the_base(centered):
    torch.nn.init.normal_(centered.text_head.contract.weight)
    features = torch.randn(4, 32)
    bases = centered.text_base(features), centered.text_base(features, categories=True)
    trained = centered.text_vectors(features), centered.category_vectors(features)
    assert not any(torch.allclose(one, base, atol=1e-2) for one, base in zip(trained, bases, strict=True))
    centered.text_head.alpha.fill_(0.0)
    assert torch.allclose(centered.text_vectors(features), bases[0], atol=1e-6)
    assert torch.allclose(centered.category_vectors(features), bases[1], atol=1e-6)


def test_centers_are_kept_with_the_weights_where_vectors_are_centered(centered, model):
    names = {"product_center", "category_center"}
    assert names <= set(centered.state_dict())
    assert not names & set(model.state_dict())


@torch.no_grad()
def test_without_centering_a_base_is_the_towers_own_vector(model):
    features = torch.randn(4, 32)
    assert torch.allclose(model.text_base(features), F.normalize(features, dim=-1))
    assert torch.equal(model.text_vectors(features), model.category_vectors(features))


def test_a_residual_head_adds_to_another_vector_where_it_is_given_one():
    head = ProjectionHead(6, 8, 4, residual=True)
    base = torch.randn(3, 4)
    assert torch.allclose(head(torch.randn(3, 6), base), F.normalize(base, dim=-1))
