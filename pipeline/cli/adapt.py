"""`python -m pipeline adapt-text-tower`: the adapters that a preset's text tower is loaded with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from pipeline.artifacts import RunPaths, atomic_path
from pipeline.config.build import Config
from pipeline.config.stages import ConfigError
from pipeline.config.train import TrainStage
from pipeline.models.encoding import make_tokens
from pipeline.models.feature_store import FeatureStore
from pipeline.models.towers import TextTower
from pipeline.taxonomy.category_texts import read_category_texts
from pipeline.taxonomy.paths import read_taxonomy
from pipeline.training.distributed import make_accelerator
from pipeline.training.log import JsonLog
from pipeline.training.loop import run_stage
from pipeline.training.tasks.adaptation import AdaptationTask, Descriptions

STAGE = TrainStage("adaptation", ("text_lora",), epochs=1, batch_size=40, learning_rate=1e-3)
"""A batch of categories: forty titles, what they go with, and twenty names."""


def adapt_command(config: Config, taxonomy: Path, run_dir: Path, out: Path, names: Sequence[str]) -> None:
    """Adapt the text tower of a preset, and print the hash that its configuration pins. A killed run goes on.

    Args:
        config: Names the tower and, by `train.category_texts`, the titles.
        taxonomy: Whose ids the titles name.
        run_dir: For checkpoints and remembered features.
        out: The adapters, safetensors in half precision.
        names: Those of the files of texts that hold names of categories.

    Raises:
        ConfigError: If the preset's tower has no adapters, or no titles.
        ArtifactError: If a file cannot be read.
    """
    tower_config = replace(config.model.text, adapter="", adapter_sha256=None)
    titles = [file for file in config.train.category_texts if file not in names]
    if not tower_config.lora_rank or not titles:
        raise ConfigError(f"Preset {config.preset} has no text tower with adapters and typical titles; take compact.")
    whole = read_taxonomy(taxonomy)
    named = [file for file in config.train.category_texts if file in names]
    descriptions = Descriptions.of(read_category_texts(titles, whole), read_category_texts(named, whole))
    paths = RunPaths(run_dir)
    accelerator = make_accelerator(config.train.mixed_precision)
    tower = TextTower(tower_config).to(accelerator.device)
    features = FeatureStore(paths.features, config.seed, accelerator.main_process_first)
    task = AdaptationTask(tower, make_tokens(tower_config), descriptions, features)
    log = JsonLog(paths.training_log, accelerator.is_main_process)
    run_stage(task, STAGE, config.train, seed=config.seed, accelerator=accelerator, folder=paths.training, log=log)
    if accelerator.is_main_process:
        print(f"{out}: sha256 {write_adapter(out, dict(tower.adapters()))}")


def write_adapter(out: Path, parameters: dict[str, Tensor]) -> str:
    """Write adapters as a tower's configuration names them; their SHA-256."""
    content = save({name: value.detach().cpu().half().contiguous() for name, value in parameters.items()})
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(out) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
