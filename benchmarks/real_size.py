"""The preset siglip2-bge at its real size, with random weights: memory and steps per second of every training stage.

    python -m benchmarks.real_size [--small] [--steps N] [--warm N]

Checkpoints of both towers' true shapes are written in the hub's format and loaded through the preset's own code path.
Each stage runs in a process of its own, so that its peak memory is its own. Uses a GPU where there is one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import BertConfig, BertModel, SiglipVisionConfig, SiglipVisionModel

from benchmarks.isolated import peak_resident, stream
from benchmarks.products import Products, make_products
from benchmarks.training import encode_once, make_pass
from pipeline.config.build import Config
from pipeline.config.presets import siglip2_bge, tiny
from pipeline.models.checkpoints import load_hub_tokenizer
from pipeline.models.encoding import make_tokens
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import FeatureSet
from pipeline.training.distributed import make_accelerator
from pipeline.training.tasks.matching import MatchingData, MatchingTask

ROWS = 38_600  # training rows of Shopify/product-catalogue
REAL_TEXT = BertConfig()  # its defaults are BERT-base, the shape of BAAI/bge-base-en-v1.5
REAL_VISION = SiglipVisionConfig(
    hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, image_size=256, patch_size=16
)
SMALL_TEXT = BertConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)
SMALL_VISION = SiglipVisionConfig(
    hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=64, patch_size=16
)


@dataclass(frozen=True)
class Measured:
    """Time and memory of one stage.

    Attributes:
        trainable: Number of trained parameters.
        parameters: Number of all parameters.
        precision: Mixed precision of the towers: "no" (float32), "fp16" or "bf16".
        seconds: Of a step.
        resident: Peak resident memory of the process, bytes.
        device: Peak bytes of tensors on the GPU during the steps; 0 without one.
        caching: Seconds to encode a product's frozen features; 0 where that was not measured.
    """

    trainable: int
    parameters: int
    precision: str
    seconds: float
    resident: int
    device: int
    caching: float


def write_checkpoints(folder: Path, text: BertConfig, vision: SiglipVisionConfig) -> Config:
    """Save random towers in the hub's format; returns the preset that loads them."""
    torch.manual_seed(0)
    BertModel(text).save_pretrained(folder / "text")
    load_hub_tokenizer(tiny().model.text).save_pretrained(folder / "text")
    SiglipVisionModel(vision).save_pretrained(folder / "vision")
    config = siglip2_bge()
    size = vision.image_size
    assert isinstance(size, int), "square photos"
    model = replace(
        config.model,
        text=replace(config.model.text, model_id=str(folder / "text"), width=text.hidden_size),
        vision=replace(config.model.vision, model_id=str(folder / "vision"), width=vision.hidden_size, image_size=size),
    )
    return replace(config, model=model, ingest=replace(config.ingest, image_size=size))


def measure_stage(config: Config, number: int, steps: int, warm: int = 0) -> Measured:
    """Train a few steps of one stage; call it in a fresh process.

    Args:
        config: As `write_checkpoints` gives it.
        number: Of the stage.
        steps: Measured steps.
        warm: Unmeasured steps before them, for the one-time work of a GPU; at most `steps`.
    """
    stage = config.train.stages[number]
    accelerator = make_accelerator(config.train.mixed_precision)
    device = accelerator.device
    model = TwoTower(config.model).to(device)
    tokens = make_tokens(config.model.text)
    products = make_products(
        stage.batch_size * steps, image_size=config.model.vision.image_size, paths=10_281, truths=600
    )
    start = time.perf_counter()
    features, paths = encode_once(model, tokens, products) if number == 0 else made_up_features(config, products)
    caching = (time.perf_counter() - start) / len(products.examples) if number == 0 else 0.0
    task = MatchingTask(
        model, stage, config.train, MatchingData(features, [], paths, products.images, tokens), device=device
    )
    named = task.parameters()
    module = accelerator.prepare(task.module)

    def losses(rows: np.ndarray) -> dict[str, Tensor]:
        return task.losses(module, rows, accelerator)

    batches = task.batches(stage.batch_size, np.random.default_rng(0))
    make_pass(task.module, named, losses, lambda: batches[:warm])()
    one_pass = make_pass(task.module, named, losses, lambda: batches)
    reset_device_peak()
    start = time.perf_counter()
    one_pass()
    synchronize()
    seconds = (time.perf_counter() - start) / steps
    return Measured(
        trainable=sum(value.numel() for value in named.values()),
        parameters=sum(value.numel() for value in model.parameters()),
        precision=accelerator.mixed_precision,
        seconds=seconds,
        resident=peak_resident(),
        device=device_peak(),
        caching=caching,
    )


def stage_figures(config: Config, number: int, steps: int, warm: int = 0) -> Iterator[Measured]:
    """`measure_stage` as a generator, for `isolated.stream`."""
    yield measure_stage(config, number, steps, warm)


def synchronize() -> None:
    """Wait until the GPU is idle."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def reset_device_peak() -> None:
    """Reset `device_peak`, once the GPU is idle."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()


def device_peak() -> int:
    """Peak bytes of tensors on the GPU since `reset_device_peak`; 0 without one."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0


def machine() -> str:
    """GPU or CPU of the measurement, and the version of torch."""
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    return f"{where}, torch {torch.__version__}"


def made_up_features(config: Config, products: Products) -> tuple[FeatureSet, np.ndarray]:
    """Random features in place of cached ones: the time of a step does not depend on their values."""
    rng = np.random.default_rng(1)
    n, paths = len(products.examples), len(products.examples.paths)
    text, vision = config.model.text.width, config.model.vision.width
    features = FeatureSet(
        products.examples,
        rng.normal(size=(n, text)).astype(np.float32),
        rng.normal(size=(n, vision)).astype(np.float32),
    )
    return features, rng.normal(size=(paths, text)).astype(np.float32)


def describe(name: str, batch: int, measured: Measured) -> str:
    """One stage in a line."""
    epoch = measured.seconds * ROWS / batch / 3600
    memory = f"{measured.resident / 1e9:.1f} GB resident"
    if measured.device:
        memory += f", {measured.device / 1e9:.1f} GB on the GPU"
    text = (
        f"{name:<12} {1 / measured.seconds:8.3f} steps/s of {batch}   {memory}   "
        f"{measured.trainable / 1e6:.2f} of {measured.parameters / 1e6:.0f} M parameters trained   "
        f"{epoch:.2f} h an epoch"
    )
    if measured.caching:
        hours = measured.caching * ROWS / 3600
        text += f"\n{'':<12} {1 / measured.caching:8.3f} products/s cached before it, {hours:.2f} h for {ROWS:,}"
    return text


def main(arguments: list[str] | None = None) -> None:
    """Print a line a stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="small towers: a smoke test")
    parser.add_argument("--steps", type=int, default=2, help="steps of each stage")
    parser.add_argument("--warm", type=int, default=0, help="steps before these, not measured")
    parser.add_argument("--limit", type=float, default=3600, help="seconds of each stage, after which it is ended")
    options = parser.parse_args(arguments)
    shapes = (SMALL_TEXT, SMALL_VISION) if options.small else (REAL_TEXT, REAL_VISION)
    print(
        f"siglip2-bge, {'small' if options.small else 'real size'}, random weights, {options.steps} steps; {machine()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        config = write_checkpoints(Path(folder), *shapes)
        for number, stage in enumerate(config.train.stages):
            for measured in stream(stage_figures, (config, number, options.steps, options.warm), options.limit):
                print(describe(stage.name, stage.batch_size, measured), flush=True)


if __name__ == "__main__":
    main()
