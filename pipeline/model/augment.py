"""Random views of photos, a whole batch at a time, in plain torch.

Photos come in as squares padded with white; views vary in scale, place, tilt, mirroring, light, colour, sharpness and
occlusion. Randomness comes from torch's global generator, which the training loop seeds at every step.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SCALE = (0.55, 1.1)  # side of the crop over the side of the photo
ASPECT = (0.8, 1.25)
TILT = 0.12  # radians, standard deviation
BRIGHTNESS = (0.7, 1.2)
TINT = (0.85, 1.15)  # per channel
CONTRAST = (0.6, 1.3)
GREY_SHARE, BLUR_SHARE, OCCLUDED_SHARE = 0.1, 0.2, 0.4


def augment(pixels: Tensor, size: int) -> Tensor:
    """A random view of every photo.

    Args:
        pixels: uint8 [n, 3, side, side].
        size: Side of the views.

    Returns:
        float [n, 3, size, size] in [0, 255].
    """
    views = _warp(pixels.float() / 255, size)
    views = _recolour(views)
    blurred = _share(len(views), BLUR_SHARE)
    if bool(blurred.any()):
        views = torch.where(
            blurred.view(-1, 1, 1, 1), F.avg_pool2d(F.pad(views, (1, 1, 1, 1), mode="replicate"), 3, 1), views
        )
    return _occlude(views).clamp(0, 1) * 255


def _uniform(n: int, bounds: tuple[float, float], *more: int) -> Tensor:
    return torch.empty(n, *more).uniform_(*bounds)


def _share(n: int, share: float) -> Tensor:
    return torch.rand(n) < share


def _warp(images: Tensor, size: int) -> Tensor:
    n = len(images)
    scale, aspect = _uniform(n, SCALE), _uniform(n, ASPECT).sqrt()
    mirror = torch.where(_share(n, 0.5), -1.0, 1.0)
    tilt = TILT * torch.randn(n)
    room = (SCALE[1] - 0.05 - scale).clamp(min=0.05)
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = scale * aspect * mirror, scale / aspect
    matrix[:, 0, 1], matrix[:, 1, 0] = -tilt * scale, tilt * scale
    matrix[:, :, 2] = _uniform(n, (-1.0, 1.0), 2) * room.unsqueeze(1)
    grid = F.affine_grid(matrix, [n, 3, size, size], align_corners=False)
    return 1 - F.grid_sample(1 - images, grid, align_corners=False)  # zeros outside the photo become white


def _recolour(images: Tensor) -> Tensor:
    n = len(images)
    images = images * _uniform(n, TINT, 3, 1, 1) * _uniform(n, BRIGHTNESS, 1, 1, 1)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * _uniform(n, CONTRAST, 1, 1, 1) + mean
    grey = _share(n, GREY_SHARE).view(-1, 1, 1, 1)
    return torch.where(grey, images.mean(1, keepdim=True).expand_as(images), images)


def _occlude(images: Tensor) -> Tensor:
    n, size = len(images), images.shape[-1]
    side = size * _uniform(n, (1 / 8, 1 / 3), 2) * _share(n, OCCLUDED_SHARE).unsqueeze(1)  # height, width; 0 = none
    corner = torch.rand(n, 2) * (size - side)
    ticks = torch.arange(size)
    inside = (ticks >= corner.unsqueeze(-1)) & (ticks < (corner + side).unsqueeze(-1))  # [n, 2, size]
    covered = (inside[:, 0, :, None] & inside[:, 1, None, :]).unsqueeze(1)
    return torch.where(covered, torch.rand(n, 3, 1, 1).expand_as(images), images)
