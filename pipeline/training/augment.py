"""Random views of photos, a whole batch at a time, in plain torch.

Photos come in as squares padded with white. Views vary in scale, place, tilt, mirroring, light, colour, sharpness and
occlusion; what lies outside a photo, and the white around a packshot, may be filled with a colour or with a piece of
another photo. What is random about a view is drawn first (`draw_views`) and then applied (`apply_views`), so that one
view can be made again, at any size: for a teacher and for who learns from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.config.stages import SHARP
from pipeline.models.encoding import resized

ASPECT = (0.8, 1.25)
SHADE = 0.35  # the light falls off by up to that much from one side of the view to the other
WHITE_FROM, WHITE_TO = 0.90, 0.97  # darkest channel of a pixel: below the first it is no ground, above the second it is


@dataclass(frozen=True)
class Strength:
    """How far views may go.

    Attributes:
        scale: Side of the crop over the side of the photo, smallest and largest; above 1 shows what lies around it.
        tilt: Standard deviation, in radians.
        brightness: Smallest and largest factor.
        tint: Smallest and largest factor of each channel.
        contrast: Smallest and largest factor.
        grey: Share of views without colour.
        blurred: Share of views out of focus.
        occluded: Share of views with a patch over them.
        grounded: Share of views whose white ground is filled with something else.
        shaded: Share of views lit from one side.
    """

    scale: tuple[float, float] = (0.55, 1.1)
    tilt: float = 0.12
    brightness: tuple[float, float] = (0.7, 1.2)
    tint: tuple[float, float] = (0.85, 1.15)
    contrast: tuple[float, float] = (0.6, 1.3)
    grey: float = 0.1
    blurred: float = 0.2
    occluded: float = 0.4
    grounded: float = 0.0
    shaded: float = 0.0


SHOP = Strength()
"""Packshots as other shops show them."""
EVERYWHERE = Strength(scale=(0.4, 1.5), brightness=(0.5, 1.3), blurred=0.3, occluded=0.25, grounded=0.5, shaded=0.4)
"""Also hand-held, badly lit, and among other things."""
PLAIN = Strength(
    scale=(0.85, 1.1),
    tilt=0.04,
    brightness=(0.9, 1.1),
    tint=(0.95, 1.05),
    contrast=(0.85, 1.15),
    grey=0.02,
    blurred=0.1,
    occluded=0.0,
)
"""Nearly as uploaded: what a tower should have seen last (Touvron et al. 2019, "Fixing the train-test resolution")."""
STRENGTHS = {"everywhere": EVERYWHERE, "shop": SHOP, "plain": PLAIN}


@dataclass(frozen=True)
class Views:
    """What is random about n views; every field has n rows."""

    matrix: Tensor
    """float [n, 2, 3]: place in the view to place in the photo, as `affine_grid` takes it."""
    gain: Tensor
    """float [n, 3]: factor of every channel."""
    contrast: Tensor
    """float [n]: factor about the mean."""
    grey: Tensor
    """bool [n]."""
    blurred: Tensor
    """bool [n]."""
    patch: Tensor
    """float [n, 4]: top, left, height and width of the patch, as shares of the side; height 0 = none."""
    patch_colour: Tensor
    """float [n, 3]."""
    grounded: Tensor
    """bool [n]: whether the white ground is filled."""
    ground_from: Tensor
    """int64 [n]: row of the grounds that fills it; -1 = the colour does."""
    ground_colour: Tensor
    """float [n, 3]."""
    shade: Tensor
    """float [n, 2]: by how much the light grows to the right and downwards."""

    def __len__(self) -> int:
        return len(self.matrix)

    def __getitem__(self, rows: np.ndarray | Tensor) -> Self:
        """The views of these rows."""
        index = torch.as_tensor(rows)
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The views of all parts, one after the other."""
        return cls(**{field.name: torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)})


def draw_views(
    n: int, strength: Strength = SHOP, *, grounds: int = 0, generator: torch.Generator | None = None
) -> Views:
    """Draw what is random about `n` views.

    Args:
        n: Number of views.
        strength: How far they may go.
        grounds: How many photos there are to fill grounds with; without any, colours do.
        generator: Where chance comes from; by default torch's global one, which the training loop seeds at every step.
    """

    def uniform(bounds: tuple[float, float], *more: int) -> Tensor:
        return torch.empty(n, *more).uniform_(*bounds, generator=generator)

    def share(part: float) -> Tensor:
        return torch.rand(n, generator=generator) < part

    scale, aspect = uniform(strength.scale), uniform(ASPECT).sqrt()
    mirror = torch.where(share(0.5), -1.0, 1.0)
    tilt = strength.tilt * torch.randn(n, generator=generator)
    room = (strength.scale[1] - 0.05 - scale).clamp(min=0.05)
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = scale * aspect * mirror, scale / aspect
    matrix[:, 0, 1], matrix[:, 1, 0] = -tilt * scale, tilt * scale
    matrix[:, :, 2] = uniform((-1.0, 1.0), 2) * room.unsqueeze(1)
    side = uniform((1 / 8, 1 / 3), 2) * share(strength.occluded).unsqueeze(1)
    corner = uniform((0.0, 1.0), 2) * (1 - side)
    from_photo = share(0.6) & (grounds > 0)
    ground = (torch.rand(n, generator=generator) * max(1, grounds)).long()
    return Views(
        matrix=matrix,
        gain=uniform(strength.tint, 3) * uniform(strength.brightness, 1),
        contrast=uniform(strength.contrast),
        grey=share(strength.grey),
        blurred=share(strength.blurred),
        patch=torch.cat([corner, side], dim=1),
        patch_colour=uniform((0.0, 1.0), 3),
        grounded=share(strength.grounded),
        ground_from=torch.where(from_photo, ground, -1),
        ground_colour=uniform((0.0, 1.0), 3),
        shade=uniform((-SHADE, SHADE), 2) * share(strength.shaded).unsqueeze(1),
    )


def apply_views(pixels: Tensor, views: Views, size: int, grounds: Tensor | None = None) -> Tensor:
    """Views of photos.

    Args:
        pixels: uint8 [n, 3, side, side].
        views: One a photo.
        size: Side of the views.
        grounds: uint8 [n, 3, any, any], the photo that fills each view's ground where it has one.

    Returns:
        float [n, 3, size, size] in [0, 255].
    """
    images = _warp(_shrunk(pixels, round(SHARP * size)) / 255, views.matrix, size)
    images = _fill_ground(images, views, grounds)
    images = _relight(images, views)
    if bool(views.blurred.any()):
        width = max(3, round(size * 3 / 112) // 2 * 2 + 1)
        soft = F.pad(images[views.blurred], (width // 2,) * 4, mode="replicate")
        images[views.blurred] = F.avg_pool2d(F.avg_pool2d(soft, (width, 1), 1), (1, width), 1)
    return _occlude(images, views).clamp(0, 1) * 255


def augment(pixels: Tensor, size: int, strength: Strength = SHOP) -> Tensor:
    """A random view of every photo, grounds filled with others of them.

    Args:
        pixels: uint8 [n, 3, side, side].
        size: Side of the views.
        strength: How far they may go.

    Returns:
        float [n, 3, size, size] in [0, 255].
    """
    views = draw_views(len(pixels), strength, grounds=len(pixels))
    grounds = pixels[views.ground_from.clamp(min=0)] if bool(views.grounded.any()) else None
    return apply_views(pixels, views, size, grounds)


def _per_image(values: Tensor) -> Tensor:
    return values.view(len(values), -1, 1, 1)


def _shrunk(pixels: Tensor, side: int) -> Tensor:
    """Larger photos at this side, since sampling a far smaller view of them would see only some of their pixels."""
    return resized(pixels, side) if pixels.shape[-1] > side else pixels.float()


def _warp(images: Tensor, matrix: Tensor, size: int) -> Tensor:
    grid = F.affine_grid(matrix, [len(images), 3, size, size], align_corners=False)
    return 1 - F.grid_sample(1 - images, grid, align_corners=False)  # zeros outside the photo become white


def _fill_ground(images: Tensor, views: Views, grounds: Tensor | None) -> Tensor:
    """White becomes a colour or another photo, seamlessly: the whiter a pixel, the more of it is ground."""
    if not bool(views.grounded.any()):
        return images
    ground = _per_image(views.ground_colour).expand_as(images)
    if grounds is not None:
        pictures = F.interpolate(grounds.float() / 255, size=images.shape[-2:], mode="bilinear", align_corners=False)
        ground = torch.where(_per_image(views.ground_from >= 0), pictures, ground)
    white = ((images.amin(1, keepdim=True) - WHITE_FROM) / (WHITE_TO - WHITE_FROM)).clamp(0, 1)
    return torch.where(_per_image(views.grounded), images + white * (ground - 1), images)


def _relight(images: Tensor, views: Views) -> Tensor:
    ticks = torch.linspace(-1, 1, images.shape[-1])
    light = 1 + views.shade[:, :1, None] * ticks[None, None, :] + views.shade[:, 1:, None] * ticks[None, :, None]
    images = images * _per_image(views.gain) * light.unsqueeze(1)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * _per_image(views.contrast) + mean
    return torch.where(_per_image(views.grey), images.mean(1, keepdim=True).expand_as(images), images)


def _occlude(images: Tensor, views: Views) -> Tensor:
    corner, side = views.patch[:, :2, None], views.patch[:, 2:, None]
    ticks = (torch.arange(images.shape[-1]) + 0.5) / images.shape[-1]
    inside = (ticks >= corner) & (ticks < corner + side)  # [n, 2, size]
    covered = (inside[:, 0, :, None] & inside[:, 1, None, :]).unsqueeze(1)
    return torch.where(covered, _per_image(views.patch_colour).expand_as(images), images)
