"""Ablations of the training recipe, on validation rows, held-out categories and held-out sources of a run folder.

Run: python -m experiments.ablations --run runs/real --source SOURCE... [--only NAME ...]

RUN is a folder whose ingest was done with the same flags. The first row is the recipe of the preset, every other one
trains it with one change; a change that is none under these flags is left out. The towers of preset compact are frozen
and their features remembered in RUN, so a row takes as long as its heads. The test split is not touched. Printed as a
Markdown table: MRR among the candidates and open hF1 over all paths, of at most 1,000 rows of each split.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import torch

from pipeline.artifacts import CATEGORY_EXAMPLES, CATEGORY_NAMES, RunPaths
from pipeline.cli.options import parse_config
from pipeline.config.build import Config
from pipeline.data.schema import read_products
from pipeline.training.dataset import VALIDATION_SPLITS
from pipeline.training.interpolation import Setting
from pipeline.training.log import JsonLog
from pipeline.training.trainer import Trainer

FIGURES = {
    "fused_mrr": "MRR",
    "fused_open_hf1": "open hF1",
    "text_open_hf1": "open hF1 text",
    "image_open_hf1": "open hF1 photo",
}
SETTINGS = ("alpha", "image_alpha", "gate_shift")
COLUMNS = (*(f"{label}, {split}" for label in FIGURES.values() for split in VALIDATION_SPLITS), *SETTINGS)


def _train(**changes: object) -> Callable[[Config], Config]:
    return lambda config: replace(config, train=replace(config.train, **changes))  # type: ignore[arg-type]


def _model(**changes: object) -> Callable[[Config], Config]:
    return lambda config: replace(config, model=replace(config.model, **changes))  # type: ignore[arg-type]


RECIPE = "recipe"
EQUAL_WEIGHTS = "equal weights, no gate"
VARIANTS: dict[str, Callable[[Config], Config]] = {
    "no interpolation": _train(alphas=(1.0,), image_alphas=(1.0,), gate_shifts=(0.0,)),
    "no gate shift": _train(gate_shifts=(0.0,)),
    EQUAL_WEIGHTS: _train(gate_shifts=(0.0,)),
    "photos not named by classes": _model(class_names=False),
    "plain heads": _model(residual_text=False, class_names=False),
    "not centered": _model(centered=False, category_titles=False, language_directions=0),
    "languages differ in all directions": _model(language_directions=0),
    "categories read as paths alone": _model(category_names=False),
    "no texts of categories": _train(category_texts=()),
    "no names in other languages": _train(category_texts=(str(CATEGORY_EXAMPLES),)),
    "typical titles as training rows alone": _model(category_titles=False),
    "no typical titles": _train(category_texts=(str(CATEGORY_NAMES),)),
    "every row once": _train(sampling_exponent=0.0),
    "no taxonomy negatives": _train(taxonomy_weight=0.0),
    "no InfoNCE": _train(infonce_weight=0.0),
    "no losses of one modality": _train(text_weight=0.0, image_weight=0.0),
    "no modality dropout": _train(text_dropout=0.0, image_dropout=0.0),
}


def measure(config: Config, run: RunPaths, products: pd.DataFrame, *, gate: bool = True) -> list[float]:
    """Train a variant; its figures in the order of `COLUMNS`, NaN where there is nothing to measure.

    Args:
        config: The variant.
        run: A folder whose ingest is done.
        products: Its products.
        gate: False gives text and photo the same weight.
    """
    log = JsonLog(run.training_log, enabled=False)  # the log of the run itself stays as it is
    trainer = Trainer(config, run, products, log)
    for stage in config.train.stages:
        trainer.train(stage)
    if not gate:
        torch.nn.init.zeros_(trainer.model.fusion.linear.weight)
        torch.nn.init.zeros_(trainer.model.fusion.linear.bias)
    choice, _ = trainer.select()
    setting = asdict(Setting(choice.alpha, choice.image_alpha, choice.gate_shift))
    chosen = next((record for record in choice.tried if setting.items() <= record.items()), {})
    labeled = products.loc[products["category_path"].notna(), "split"]
    present = [split for split in VALIDATION_SPLITS if (labeled == split).any()]
    number = {split: position for position, split in enumerate(present)}
    figures = [
        chosen.get(f"set{number.get(split)}_{name}", float("nan")) for name in FIGURES for split in VALIDATION_SPLITS
    ]
    return [*figures, *(setting[name] for name in SETTINGS)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the variants, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run folder whose ingest is done")
    parser.add_argument("--only", nargs="*", choices=sorted((RECIPE, *VARIANTS)), help="these variants only")
    options, flags = parser.parse_known_args(arguments)  # the others are those of the build
    logging.basicConfig(level=logging.WARNING)
    config, run = parse_config([*flags, "--out", str(options.run)]), RunPaths(options.run)
    products = read_products(run.products)
    print("| variant | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name in options.only or (RECIPE, *VARIANTS):
        variant = config if name == RECIPE else VARIANTS[name](config)
        if variant == config and name not in (RECIPE, EQUAL_WEIGHTS):
            continue
        figures = measure(variant, run, products, gate=name != EQUAL_WEIGHTS)
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |", flush=True)


if __name__ == "__main__":
    main()
