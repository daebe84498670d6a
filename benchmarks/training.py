"""Speed of training over the obvious way: no cache, every candidate text encoded, all padded to the maximum.

    python -m benchmarks.training [--small]

Both ways train the same model on the same products with the same losses, in turns; `ObviousWay` describes the
difference. The text tower is the compact preset's with LoRA, the vision tower a small ViT of SigLIP's class, so that
all three stages of the published recipe (heads; text LoRA; vision LoRA) can run on a small machine.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from benchmarks.products import Products, make_products
from benchmarks.timing import interleaved, line
from pipeline.config.model import ModelConfig, TowerConfig
from pipeline.config.presets import compact, siglip2_bge, tiny
from pipeline.config.train import TrainConfig, TrainStage
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.encoding import TokenCache, encode_images, encode_texts, make_tokens, to_pixels
from pipeline.models.two_tower import TwoTower
from pipeline.training.dataset import FeatureSet
from pipeline.training.distributed import make_accelerator
from pipeline.training.losses import PairQueue, listwise_softmax, multi_positive_infonce
from pipeline.training.optim import make_optimizer
from pipeline.training.tasks.matching import MatchingData, MatchingTask

OBVIOUS = "the obvious way"


@dataclass(frozen=True)
class Size:
    """Towers, products and rounds of a measurement."""

    text: TowerConfig
    vision_width: int
    vision_layers: int
    image_size: int
    products: int
    paths: int
    rounds: int


TEXT = replace(compact().model.text, lora_targets=("query", "key", "value", "dense"), lora_rank=8, lora_alpha=16)

FULL = Size(TEXT, 192, 6, image_size=128, products=48, paths=10_281, rounds=2)
SMALL = Size(tiny().model.text, 32, 1, image_size=32, products=32, paths=200, rounds=1)

TRAIN = replace(siglip2_bge().train, text_dropout=0.0, image_dropout=0.0)
"""The published losses. Without modality dropout both ways do the very same work, and their losses can be compared."""


def model_config(size: Size) -> ModelConfig:
    """Two towers that can go through all three stages."""
    vision = TowerConfig(
        model_id="",
        model_class="SiglipVisionModel",
        pooling="pooler",
        width=size.vision_width,
        architecture=(
            ("hidden_size", size.vision_width),
            ("num_hidden_layers", size.vision_layers),
            ("num_attention_heads", 2),
            ("intermediate_size", 4 * size.vision_width),
            ("image_size", size.image_size),
            ("patch_size", 16),
        ),
        image_size=size.image_size,
        lora_targets=("q_proj", "k_proj", "v_proj", "out_proj"),
        lora_rank=4,
        lora_alpha=8,
    )
    return ModelConfig(text=size.text, vision=vision, dimension=512, hidden=1024)


class ObviousWay:
    """Every text and photo of a batch goes through its tower; one row per candidate; padded to `max_tokens`."""

    def __init__(self, model: TwoTower, products: Products, config: TrainConfig) -> None:
        self.model, self.products, self.config = model, products, config
        self.tokenizer = load_tokenizer(model.config.text)
        self.queue = PairQueue(config.queue_size, model.config.dimension)

    def losses(self, rows: np.ndarray) -> dict[str, Tensor]:
        """The same weighted terms as `MatchingTask.losses`."""
        examples, model = self.products.examples, self.model
        text = self._encode([examples.texts[row] for row in rows])
        image = model.vision_tower(to_pixels(self.products.images[examples.image_rows[rows]]))
        named = self._encode([examples.paths[path] for path in examples.candidates[rows].ravel()])
        present = torch.ones(len(rows), dtype=torch.bool)
        out = model(text, image, present, present, named)
        scale, target = model.logit_scale, torch.from_numpy(examples.target[rows])
        candidates = out["categories"].view(len(rows), -1, model.config.dimension)
        scores = scale * torch.einsum("bd,bcd->bc", out["fused"], candidates)
        truth = candidates[torch.arange(len(rows)), target]
        ids = torch.from_numpy(examples.truth[rows])
        pairs = ((out["fused"], self.queue.products), (truth, self.queue.categories), (ids, self.queue.ids))
        all_products, all_truths, all_ids = (torch.cat([own, queued]) for own, queued in pairs)
        infonce = multi_positive_infonce(out["fused"], truth, ids, all_products, all_truths, all_ids, scale)
        self.queue.push(out["fused"], truth, ids)
        listwise = listwise_softmax(scores, torch.ones_like(scores, dtype=torch.bool), target)
        return {"listwise": listwise, "infonce": self.config.infonce_weight * infonce}

    def _encode(self, texts: list[str]) -> Tensor:
        text = self.model.config.text
        tokens = TokenCache(self.tokenizer, text.max_tokens, text.prefix)  # a new one: nothing is remembered
        ids, mask = (F.pad(rows, (0, text.max_tokens - rows.shape[1])) for rows in tokens.pad(tokens(texts)))
        features: Tensor = self.model.text_tower(ids, mask)
        return features


def encode_once(model: TwoTower, tokens: TokenCache, products: Products) -> tuple[FeatureSet, np.ndarray]:
    """The features that training caches: of the products, and of the paths that they name (zeros for others)."""
    examples = products.examples
    text = encode_texts(model.text_tower, tokens, examples.texts)
    image = encode_images(model.vision_tower, products.images)
    named = np.unique(examples.candidates)
    paths = np.zeros((len(examples.paths), model.config.text.width), dtype=np.float32)
    paths[named] = encode_texts(model.text_tower, tokens, [examples.paths[path] for path in named])
    return FeatureSet(examples, text, image), paths


def make_pass(
    module: nn.Module,
    named: dict[str, nn.Parameter],
    losses: Callable[[np.ndarray], dict[str, Tensor]],
    batches: Callable[[], Iterable[np.ndarray]],
) -> Callable[[], None]:
    """A function for one pass over the products: forward, backward, clip and step for every batch."""
    optimizer = make_optimizer(named, 2e-4, TRAIN.weight_decay)

    def run() -> None:
        module.train()
        for rows in batches():
            torch.stack(list(losses(rows).values())).sum().backward()
            nn.utils.clip_grad_norm_(named.values(), TRAIN.clip_norm)
            optimizer.step()
            optimizer.zero_grad()

    return run


@dataclass(frozen=True)
class Comparison:
    """Seconds of a pass over the products either way, and the largest difference of their losses on one batch."""

    ours: float
    obvious: float
    difference: float


def compare(
    stage: TrainStage,
    size: Size,
    model: TwoTower,
    products: Products,
    cached: tuple[FeatureSet, np.ndarray],
    tokens: TokenCache,
) -> Comparison:
    """One stage both ways, from the same weights."""
    accelerator: Accelerator = make_accelerator("no")
    features, paths = cached
    ours, obvious = copy.deepcopy(model), ObviousWay(copy.deepcopy(model), products, TRAIN)
    task = MatchingTask(ours, stage, TRAIN, MatchingData(features, [], paths, products.images, tokens))
    named = task.parameters()
    named_obvious = obvious.model.trainable(stage.train)
    rng = np.random.default_rng(0)

    def ours_losses(rows: np.ndarray) -> dict[str, Tensor]:
        return task.losses(task.module, rows, accelerator)

    task.module.eval()
    obvious.model.eval()
    first = np.arange(stage.batch_size)
    with torch.no_grad():
        a, b = ours_losses(first), obvious.losses(first)
    difference = max(abs(float(a[name] - b[name])) for name in b)
    ways = {
        "ours": make_pass(task.module, named, ours_losses, lambda: task.batches(stage.batch_size, rng)),
        "obvious": make_pass(
            obvious.model,
            named_obvious,
            obvious.losses,
            lambda: rng.permutation(size.products).reshape(-1, stage.batch_size),
        ),
    }
    times = interleaved(ways, size.rounds, warmup=0)
    return Comparison(times["ours"], times["obvious"], difference)


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", action="store_true", help="tiny towers and few products: a smoke test")
    size = SMALL if parser.parse_args(arguments).small else FULL
    torch.manual_seed(0)
    model = TwoTower(model_config(size))
    products = make_products(size.products, image_size=size.image_size, paths=size.paths, truths=size.paths // 17)
    tokens = make_tokens(size.text)
    start = time.perf_counter()
    cached = encode_once(model, tokens, products)
    caching = time.perf_counter() - start
    print(f"{size.products} products, {torch.get_num_threads()} threads, {size.rounds} rounds, medians")
    for number, stage in enumerate(siglip2_bge().train.stages):
        comparison = compare(stage, size, model, products, cached, tokens)
        if number == 0:
            print(line("stage 0, an epoch", comparison.ours, comparison.obvious, OBVIOUS))
            print(line("stage 0, an epoch and the caching", comparison.ours + caching, comparison.obvious, OBVIOUS))
        else:
            steps = size.products // stage.batch_size
            print(line(f"stage {number}, a step", comparison.ours / steps, comparison.obvious / steps, OBVIOUS))
        print(f"{'':<34} losses of a batch within {comparison.difference:.1e} of each other")


if __name__ == "__main__":
    main()
