"""Exact search on the device: every inner product in float16, the best scored again in float32."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SPARE = 32  # float16 moves a cosine by up to 5e-4: that many more are scored again


class DeviceScan:
    """Row vectors held in float16 on a device."""

    def __init__(self, vectors: Tensor) -> None:
        """Hold `vectors`, float [n, d], where they are."""
        self.vectors = vectors.half()

    @torch.inference_mode()
    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k rows with the greatest inner product.

        Args:
            queries: float32 [q, d].
            k: Results a query.

        Returns:
            Scores float32 [q, min(k, n)], falling, and rows int64 of the same shape.
        """
        on_device = torch.from_numpy(queries).to(self.vectors.device)
        scores = on_device.half() @ self.vectors.T
        rows = scores.topk(min(k + SPARE, len(self.vectors)), dim=1, sorted=False).indices
        again = torch.einsum("qd,qkd->qk", on_device, self.vectors[rows].float())
        best = again.topk(min(k, again.shape[1]), dim=1)
        return best.values.cpu().numpy(), rows.gather(1, best.indices).cpu().numpy()


@torch.inference_mode()
def float32_scan(vectors: Tensor, queries: Tensor, k: int) -> np.ndarray:
    """Rows int64 [q, k] of the greatest inner products, all in float32, vectors [n, d], queries [q, d]."""
    return (queries @ vectors.T).topk(k, dim=1).indices.cpu().numpy()


def made_vectors(count: int, dimension: int, device: str, seed: int = 0) -> Tensor:
    """Unit vectors float32 [count, dimension] in clusters of about a thousand, whose cosines within are about 0.6."""
    generator = torch.Generator(device).manual_seed(seed)

    def normal(rows: int) -> Tensor:
        return torch.randn((rows, dimension), generator=generator, device=device)

    centers = torch.nn.functional.normalize(normal(max(1, count // 1000)), dim=1)
    place = torch.randint(len(centers), (count,), generator=generator, device=device)
    vectors = normal(count).mul_(0.8 / dimension**0.5).add_(centers[place])
    return torch.nn.functional.normalize(vectors, dim=1, out=vectors)


def recall(rows: np.ndarray, true: np.ndarray) -> float:
    """Share of the true rows [q, k] among the retrieved rows [q, k]."""
    shared = [len(np.intersect1d(a, b)) for a, b in zip(rows, true, strict=True)]
    return sum(shared) / true.size
