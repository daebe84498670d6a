"""Presets: each function returns one whole configuration, the same every time."""

import pytest

from pipeline.config.presets import PRESETS, compact, siglip2_bge, siglip2_bge_published, tiny, with_final_fit


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_whole_configuration_of_its_name(name):
    assert PRESETS[name]().preset == name
    assert PRESETS[name]() == PRESETS[name]()


def test_the_published_recipe():
    """The numbers of the recipe, frozen: change them here when they are changed on purpose."""
    config = siglip2_bge()
    text, vision, train = config.model.text, config.model.vision, config.train
    assert (config.model.hidden, config.model.dimension) == (1024, 512)
    assert (text.pooling, text.lora_rank, text.lora_alpha) == ("cls", 8, 16)
    assert (vision.model_class, vision.lora_rank, vision.lora_alpha) == ("SiglipVisionModel", 4, 8)
    assert [stage.train for stage in train.stages] == [
        ("heads",),
        ("heads", "text_lora"),
        ("heads", "text_lora", "vision_lora"),
    ]
    assert {(stage.batch_size, stage.learning_rate) for stage in train.stages} == {(16, 2e-4)}
    assert (train.infonce_weight, train.text_dropout, train.image_dropout) == (0.10, 0.05, 0.02)
    assert (train.weight_decay, train.warmup_fraction, train.clip_norm) == (0.01, 0.05, 1.0)


def test_the_preset_that_is_called_published_learns_every_category_and_is_the_same_recipe():
    published, ours = siglip2_bge_published(), siglip2_bge()
    assert published.ingest.heldout_category_fraction == 0
    assert published.train.alphas == (1.0,), "the trained weights themselves"
    assert (published.model, published.train) == (ours.model, ours.train)


def test_compact_trains_heads_alone_on_packaged_towers_with_pinned_hashes():
    config = compact()
    assert [stage.train for stage in config.train.stages] == [("heads",)]
    for tower in (config.model.text, config.model.vision):
        assert tower.model_id.startswith("package:")
        assert len(tower.sha256) == 64


def test_cached_photos_have_the_size_of_the_vision_tower():
    for preset in PRESETS.values():
        assert preset().ingest.image_size == preset().model.vision.image_size


CHOICES = {"alpha": 0.3, "image_alpha": 0.7, "gate_shift": 1.5}


def test_a_final_fit_takes_over_the_choices():
    config = with_final_fit(compact(), compact().model, CHOICES)
    assert config.train.stages == compact().train.stages
    assert (config.train.alphas, config.train.image_alphas, config.train.gate_shifts) == ((0.3,), (0.7,), (1.5,))
    assert config.ingest.train_on_heldout


def test_a_final_fit_of_another_architecture_is_refused():
    with pytest.raises(ValueError, match="another architecture than preset 'compact'"):
        with_final_fit(compact(), tiny().model, CHOICES)
