"""A tower as it left its teacher: what is read is what was written, to the precision of a byte a weight."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from pipeline.artifacts import ArtifactError
from pipeline.bundle.bundle import load_bundle
from pipeline.config.model import TowerConfig
from pipeline.config.presets import compact
from pipeline.model.startingtower import load_tower, save_tower, tower_hash
from pipeline.models.towers import VisionTower

CONFIG = TowerConfig(
    model_id="",
    model_class="ResNetModel",
    pooling="pooler",
    width=64,
    architecture=(
        ("embedding_size", 16),
        ("hidden_sizes", (32, 64)),
        ("depths", (1, 1)),
        ("layer_type", "basic"),
    ),
    image_size=32,
)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    tower = VisionTower(CONFIG).eval()
    for name, value in tower.named_buffers():
        if name.endswith("running_mean"):
            value.uniform_(-0.1, 0.1)
    save_tower(tmp_path / "tower.safetensors", tower, "teacher.tflite")
    return tmp_path / "tower.safetensors", tower


@pytest.mark.parametrize("side", [32, 48])
def test_a_tower_is_read_as_written(saved, side):
    path, tower = saved
    torch.manual_seed(1)
    other = VisionTower(replace(CONFIG, image_size=side)).eval()
    photos = torch.randint(0, 256, (8, 3, side, side), dtype=torch.uint8)
    with torch.no_grad():
        assert F.cosine_similarity(other(photos), tower(photos)).min() < 0.99
        load_tower(path, other)
        assert F.cosine_similarity(other(photos), tower(photos)).min() > 0.999
    assert path.stat().st_size < 1.2 * sum(value.numel() for value in tower.parameters())


def test_writing_what_was_read_loses_nothing_more(saved, tmp_path):
    path, _ = saved
    once, twice = VisionTower(CONFIG), VisionTower(CONFIG)
    load_tower(path, once)
    save_tower(tmp_path / "again.safetensors", once, "teacher.tflite")
    load_tower(tmp_path / "again.safetensors", twice)
    for name, value in once.state_dict().items():
        assert torch.allclose(value, twice.state_dict()[name], rtol=1e-6), name


def test_builds_of_the_compact_preset_can_start_from_the_shipped_tower():
    shipped = Path(__file__).parents[2] / "assets" / "model"
    tower = VisionTower(compact().model.vision)
    load_tower(shipped, tower)
    for name, value in load_bundle(shipped).model.vision_tower.state_dict().items():
        assert torch.equal(value, tower.state_dict()[name]), name


def test_what_cannot_be_read_is_said(saved, tmp_path):
    path, _ = saved
    wider = replace(
        CONFIG, architecture=(*CONFIG.architecture[:1], ("hidden_sizes", (32, 96)), *CONFIG.architecture[2:])
    )
    with pytest.raises(ArtifactError, match="another architecture than the preset's"):
        load_tower(path, VisionTower(wider))
    (tmp_path / "broken").write_bytes(path.read_bytes()[:100])
    with pytest.raises(ArtifactError, match="broken cannot be read"):
        load_tower(tmp_path / "broken", VisionTower(CONFIG))
    for missing in (tmp_path / "missing", tmp_path):  # no file, and a folder that is no bundle
        with pytest.raises(ArtifactError, match="a build with --teacher writes one"):
            tower_hash(missing)
