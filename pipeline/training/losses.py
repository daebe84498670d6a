"""The losses, as pure functions of vectors and labels. They know neither model nor loop."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def listwise_softmax(scores: Tensor, mask: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of the truth among each product's candidates.

    Args:
        scores: [b, c] logits.
        mask: bool [b, c], True where there is a candidate.
        target: int64 [b], position of the truth.

    Returns:
        Scalar mean. Equal scores over c candidates give log c.
    """
    return F.cross_entropy(scores.masked_fill(~mask, float("-inf")), target)


def multi_positive_infonce(
    products: Tensor,
    categories: Tensor,
    ids: Tensor,
    all_products: Tensor,
    all_categories: Tensor,
    all_ids: Tensor,
    scale: Tensor | float,
) -> Tensor:
    """Symmetric InfoNCE in which every pair of the same category is a positive (Khosla et al. 2020, L_out).

    Args:
        products: [b, d] unit vectors of this process.
        categories: [b, d] unit vectors of their categories.
        ids: int64 [b], category ids.
        all_products: [n, d], the columns: batches of all processes and the queue.
        all_categories: [n, d].
        all_ids: int64 [n].
        scale: Logit scale.

    Returns:
        Scalar: mean of both directions; in each, the log-likelihood of a row's positives is divided by their number.
        Zero vectors, all ids different, give log n.
    """
    positive = (ids[:, None] == all_ids[None, :]).to(products.dtype)
    positive = positive / positive.sum(1, keepdim=True)
    forward = F.log_softmax(scale * products @ all_categories.T, dim=1)
    backward = F.log_softmax(scale * categories @ all_products.T, dim=1)
    return -0.5 * ((positive * forward).sum(1).mean() + (positive * backward).sum(1).mean())


def taxonomy_softmax(
    products: Tensor,
    paths: Tensor,
    target: Tensor,
    scale: Tensor | float,
    parent: Tensor | None = None,
    smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of the truth among paths drawn from the whole taxonomy.

    Args:
        products: [b, d] unit vectors.
        paths: [m, d] unit vectors of distinct paths, the truths among them.
        target: int64 [b], row of each product's truth in `paths`.
        scale: Logit scale.
        parent: int64 [b], row of the truth's parent; the truth's own where it has none.
        smoothing: Share of the target that goes to the parent.
    """
    logits = scale * products @ paths.T
    loss = F.cross_entropy(logits, target)
    return loss if parent is None else (1 - smoothing) * loss + smoothing * F.cross_entropy(logits, parent)


def anchor_divergence(
    products: Tensor, paths: Tensor, untrained_products: Tensor, untrained_paths: Tensor, scale: float
) -> Tensor:
    """KL(untrained || trained) of the distributions over random paths: what the tower knew, it shall not forget.

    In the manner of learning without forgetting (Li and Hoiem 2016).

    Args:
        products: [b, d] unit vectors of product texts.
        paths: [m, d] unit vectors of random category paths.
        untrained_products: [b, w] unit vectors of the untrained tower.
        untrained_paths: [m, w].
        scale: Logit scale of both sides.

    Returns:
        Scalar mean, 0 where both agree.
    """
    with torch.no_grad():
        kept = F.log_softmax(scale * untrained_products @ untrained_paths.T, dim=1)
    now = F.log_softmax(scale * products @ paths.T, dim=1)
    return F.kl_div(now, kept, reduction="batchmean", log_target=True)


def level_cross_entropy(
    outputs: Sequence[Tensor], labels: Tensor, class_weights: Sequence[Tensor], level_weights: Sequence[float]
) -> Tensor:
    """Weighted sum over the levels of a tree of their cross-entropies.

    Args:
        outputs: For each level logits [b, c].
        labels: int64 [b, levels].
        class_weights: For each level float [c]; the mean over the batch is weighted by them.
        level_weights: One a level.

    Returns:
        Scalar. Equal logits over c classes give the sum of weight times log c.
    """
    terms = [
        weight * F.cross_entropy(output, labels[:, level], weight=classes)
        for level, (output, classes, weight) in enumerate(zip(outputs, class_weights, level_weights, strict=True))
    ]
    return torch.stack(terms).sum()


class PairQueue:
    """The last (product, category, category id) triples of earlier batches, without gradient."""

    def __init__(self, size: int, dimension: int, device: torch.device | str = "cpu") -> None:
        self.size = size
        self.products = torch.zeros(0, dimension, device=device)
        self.categories = torch.zeros(0, dimension, device=device)
        self.ids = torch.zeros(0, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self.ids)

    def push(self, products: Tensor, categories: Tensor, ids: Tensor) -> None:
        """Append triples ([b, d], [b, d], [b]) and forget the oldest above `size`."""
        start = max(0, len(self) + len(ids) - self.size)
        self.products = torch.cat([self.products, products.detach().float()])[start:]
        self.categories = torch.cat([self.categories, categories.detach().float()])[start:]
        self.ids = torch.cat([self.ids, ids])[start:]

    def state(self) -> dict[str, Tensor]:
        """Tensors to checkpoint."""
        return {"products": self.products, "categories": self.categories, "ids": self.ids}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave."""
        self.products, self.categories, self.ids = state["products"], state["categories"], state["ids"]
