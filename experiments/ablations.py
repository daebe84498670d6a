"""Ablations of the training recipe, on validation rows and held-out categories of a run folder.

Run: python -m experiments.ablations --run runs/real --source SOURCE... [--vision-from BUNDLE] [--only NAME ...]

RUN is a folder whose ingest was done with the same flags. The vision tower is trained once and shared, or taken from a
bundle that had the same rows held out. The first row is the whole recipe; every other row trains only the heads, on
the run's cached features, with one change. The test split is not touched. Printed as a Markdown table:
MRR among the candidates and open hF1 over all paths, of at most 1,000 rows of each split.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from pipeline.artifacts import RunPaths
from pipeline.bundle.files import bundle_hash
from pipeline.cli.options import parse_config
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.training.log import JsonLog
from pipeline.training.trainer import Trainer

SETS = ("validation", "held out")
FIGURES = {"fused_mrr": "MRR", "text_mrr": "MRR text", "image_mrr": "MRR photo", "open_hf1": "open hF1"}
COLUMNS = (*(f"{label}, {name}" for label in FIGURES.values() for name in SETS), "alpha", "gate shift")


def _train(**changes: object) -> Callable[[Config], Config]:
    return lambda config: replace(config, train=replace(config.train, **changes))  # type: ignore[arg-type]


def _model(**changes: object) -> Callable[[Config], Config]:
    return lambda config: replace(config, model=replace(config.model, **changes))  # type: ignore[arg-type]


RECIPE = "recipe"
HEADS_ONLY = "heads only, no LoRA"
EQUAL_WEIGHTS = "equal weights, no gate"
VARIANTS: dict[str, Callable[[Config], Config]] = {
    HEADS_ONLY: lambda config: config,
    "no interpolation": _train(alphas=(1.0,), gate_shifts=(0.0,)),
    "no gate shift": _train(gate_shifts=(0.0,)),
    "no taxonomy negatives": _train(taxonomy_weight=0.0),
    "no InfoNCE": _train(infonce_weight=0.0),
    "InfoNCE without queue": _train(queue_size=0),
    "InfoNCE weight 1": _train(infonce_weight=1.0),
    "no losses of one modality": _train(text_weight=0.0, image_weight=0.0),
    "no modality dropout": _train(text_dropout=0.0, image_dropout=0.0),
    "text dropout 30 %": _train(text_dropout=0.3),
    "plain head": _model(residual_text=False),
    EQUAL_WEIGHTS: _train(gate_shifts=(0.0,)),
}


def with_vision_tower_of(config: Config, bundle: Path) -> Config:
    """The configuration with the vision tower of a bundle instead of a training of it."""
    stages = tuple(stage for stage in config.train.stages if stage.train != ("vision",))
    train = replace(config.train, stages=stages, final_fit=str(bundle), final_fit_weights=bundle_hash(bundle))
    return replace(config, train=train)


def heads_only(config: Config) -> Config:
    """The configuration without adapters and without the stages that train them."""
    plain = replace(config.model, text=replace(config.model.text, lora_targets=(), lora_rank=0, lora_alpha=0))
    stages = tuple(stage for stage in config.train.stages if not {"text_lora", "vision_lora"} & set(stage.train))
    return replace(config, model=plain, train=replace(config.train, stages=stages))


def measure(config: Config, paths: RunPaths, *, gate: bool = True) -> list[float]:
    """Train a variant; its figures in the order of `COLUMNS`. Without the gate, text and photo weigh the same."""
    log = JsonLog(paths.training_log, enabled=False)  # the log of the run itself stays as it is
    trainer = Trainer(config, paths, read_products(paths.products), log)
    for stage in config.train.stages:
        trainer.train(stage)
    if not gate:
        torch.nn.init.zeros_(trainer.model.fusion.linear.weight)
        torch.nn.init.zeros_(trainer.model.fusion.linear.bias)
    choice, _ = trainer.select()
    chosen = next(r for r in choice.tried if (r["alpha"], r["gate_shift"]) == (choice.alpha, choice.gate_shift))
    figures = [chosen.get(f"set{number}_{name}", float("nan")) for name in FIGURES for number in range(len(SETS))]
    return [*figures, choice.alpha, choice.gate_shift]


def main() -> None:
    """Train the variants, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run folder whose ingest is done")
    parser.add_argument("--vision-from", type=Path, help="bundle whose vision tower is taken as it is")
    parser.add_argument("--only", nargs="*", choices=sorted((RECIPE, *VARIANTS)), help="these variants only")
    arguments, flags = parser.parse_known_args()  # the others are those of the build
    logging.basicConfig(level=logging.WARNING)
    config = parse_config([*flags, "--out", str(arguments.run)])
    if arguments.vision_from is not None:
        config = with_vision_tower_of(config, arguments.vision_from)
    print("| variant | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name in arguments.only or (RECIPE, *VARIANTS):
        variant = config if name == RECIPE else VARIANTS[name](heads_only(config))
        figures = measure(variant, RunPaths(arguments.run), gate=name != EQUAL_WEIGHTS)
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |", flush=True)


if __name__ == "__main__":
    main()
