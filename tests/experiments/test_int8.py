"""The text tower in 8 bits."""

import pytest
import torch
from torch import nn

from experiments import int8
from pipeline.config.presets import tiny
from pipeline.models.towers import TextTower


@pytest.mark.parametrize("kept", int8.QUANTIZED.values(), ids=int8.QUANTIZED)
def test_the_chosen_layers_have_8_bits_and_the_tower_itself_stays(kept):
    torch.manual_seed(0)
    tower = TextTower(tiny().model.text).eval()
    tower.merge_adapters()
    linear = {name for name, module in tower.named_modules() if isinstance(module, nn.Linear)}
    copied = int8.quantized(tower, kept)
    assert {name for name, module in tower.named_modules() if isinstance(module, nn.Linear)} == linear
    assert {name for name, module in copied.named_modules() if isinstance(module, nn.Linear)} == {
        name for name in linear if not kept(name)
    }
    ids, mask = torch.randint(0, 1000, (3, 7)), torch.ones(3, 7, dtype=torch.int64)
    with torch.inference_mode():
        cosines = torch.cosine_similarity(tower(ids, mask), copied(ids, mask))
    assert cosines.min() > 0.98


def test_the_wide_layers_of_bert_are_those_behind_the_feed_forward_part():
    names = [
        "encoder.layer.0.output.dense",
        "encoder.layer.0.attention.output.dense",
        "encoder.layer.0.intermediate.dense",
    ]
    assert [int8.all_but_wide(name) for name in names] == [False, True, True]
