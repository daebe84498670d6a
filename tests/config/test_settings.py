"""Settings by name: every kind of field, and a sentence for every mistake."""

from dataclasses import replace

import pytest

from pipeline.config.presets import compact, siglip2_bge, tiny
from pipeline.config.settings import with_settings
from pipeline.config.stages import ConfigError


def test_any_field_can_be_set():
    config = with_settings(
        tiny(),
        [
            "train.stages.heads.batch_size=8",
            "train.stages.0.learning_rate=1e-4",
            "seed=3",
            "publish.demo=true",
            "source.kind=table",
            "source.location=products.csv",
            "source.revision=2024",
            "predictor.classifier_weights=[0, 0.25]",
            'model.text.lora_targets=["query"]',
            "model.vision.image_mean.1=0.4",
        ],
    )
    assert config.train.stages[1] == replace(tiny().train.stages[1], batch_size=8)
    assert config.train.stages[0] == replace(tiny().train.stages[0], learning_rate=1e-4)
    assert (config.seed, config.publish.demo, config.source.kind) == (3, True, "table")
    assert (config.source.location, config.source.revision) == ("products.csv", "2024")
    assert config.predictor.classifier_weights == (0.0, 0.25)
    assert config.model.text.lora_targets == ("query",)
    assert config.model.vision.image_mean == (0.5, 0.4, 0.5)


def test_nested_tuples_stay_tuples():
    config = with_settings(
        compact(),
        [
            'train.stages.heads.view_schedule=[[0.5, "everywhere"], [1, "plain"]]',
            'model.vision.architecture=[["hidden_sizes", [8, 16]], ["layer_type", "basic"]]',
            "train.stages.heads.view_schedule.0.0=0.25",
        ],
    )
    assert config.train.stages[0].view_schedule == ((0.25, "everywhere"), (1.0, "plain"))
    assert config.model.vision.architecture == (("hidden_sizes", (8, 16)), ("layer_type", "basic"))
    assert hash(config.model.vision)


def test_the_last_setting_counts_and_none_changes_nothing():
    assert with_settings(tiny(), []) == tiny()
    assert with_settings(tiny(), ["seed=1", "seed=2"]).seed == 2
    assert with_settings(tiny(), ["source.revision=main", "source.revision=null"]).source.revision is None


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("seed", "--set takes FIELD=VALUE"),
        ("=3", "--set takes FIELD=VALUE"),
        ("layout.n_neighbours=7", "There is no setting 'layout.n_neighbours'; the nearest is 'layout.n_neighbors'."),
        ("train.stages.head.batch_size=8", "the nearest is 'train.stages.heads.batch_size'"),
        ("train.stages.9.batch_size=8", "There is no setting 'train.stages.9.batch_size'"),
        ("predictor.hidden.size=8", "There is no setting 'predictor.hidden.size'"),
        ("train.stages.heads.batch_size=many", "--set train.stages.heads.batch_size=many: it takes int."),
        ("train.stages.heads.batch_size=8.5", "it takes int"),
        ("train.stages.heads.batch_size=true", "it takes int"),
        ("publish.demo=perhaps", "--set publish.demo=perhaps: it takes bool."),
        ("source.kind=magic", "it takes Literal["),
        ('predictor.classifier_weights=[0, "a"]', "it takes tuple[float, ...]"),
        ("predictor.classifier_weights=0.5", "it takes tuple[float, ...]"),
        ("train.sampling_exponent=1.5", "train.sampling_exponent must lie in [0, 1]"),
        ("layout=7", "'layout' is a group of settings"),
        ("source.revision.x=7", "there is nothing at 'source.revision' yet"),
        ("layout.n_neighbors=1", "layout.n_neighbors must be at least 2"),
    ],
)
def test_a_mistake_is_one_sentence(setting, sentence):
    with pytest.raises(ConfigError) as refused:
        with_settings(tiny(), [setting])
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_names_are_given_with_commas_or_as_json():
    for text in ("a, shop_*,c", '["a", "shop_*", "c"]'):
        assert with_settings(tiny(), [f"ingest.heldout_sources={text}"]).ingest.heldout_sources == ("a", "shop_*", "c")
    assert with_settings(tiny(), ["ingest.heldout_sources="]).ingest.heldout_sources == ()


def test_the_presets_have_entries_by_name():
    assert with_settings(siglip2_bge(), ["train.stages.vision-lora.epochs=2"]).train.stages[2].epochs == 2
