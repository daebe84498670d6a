"""Losses as pure functions of vectors and labels."""

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


def taxonomy_softmax(products: Tensor, paths: Tensor, target: Tensor, scale: Tensor | float) -> Tensor:
    """Cross-entropy of the truth among paths drawn from the whole taxonomy.

    Args:
        products: [b, d] unit vectors.
        paths: [m, d] unit vectors of distinct paths, the truths among them.
        target: int64 [b], row of each product's truth in `paths`.
        scale: Logit scale.

    Returns:
        Scalar mean. Zero vectors over m paths give log m.
    """
    return F.cross_entropy(scale * products @ paths.T, target)


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
    """Queue of the last (product, category, category id) triples of earlier batches, without gradient."""

    def __init__(self, size: int, dimension: int, device: torch.device | str = "cpu") -> None:
        self.size = size
        self.products = torch.zeros(0, dimension, device=device)
        self.categories = torch.zeros(0, dimension, device=device)
        self.ids = torch.zeros(0, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self.ids)

    def push(self, products: Tensor, categories: Tensor, ids: Tensor) -> None:
        """Append triples ([b, d], [b, d], [b]) and drop the oldest above `size`."""
        start = max(0, len(self) + len(ids) - self.size)
        self.products = torch.cat([self.products, products.detach().float()])[start:]
        self.categories = torch.cat([self.categories, categories.detach().float()])[start:]
        self.ids = torch.cat([self.ids, ids])[start:]

    def state(self) -> dict[str, Tensor]:
        """Tensors to checkpoint."""
        return {"products": self.products, "categories": self.categories, "ids": self.ids}

    def load(self, state: dict[str, Tensor]) -> None:
        """Restore the tensors that `state` returned."""
        self.products, self.categories, self.ids = state["products"], state["categories"], state["ids"]
