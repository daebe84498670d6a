"""Random views of photos, a whole batch at a time, in plain torch.

Photos come in as squares padded with white. Views vary in scale, position, tilt, mirroring, light, color, sharpness
and occlusion; the area outside a photo, and the white background of a packshot, may be filled with a color or with
another photo. The random parameters of a view are drawn first (`draw_views`) and then applied (`apply_views`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.models.encoding import resized

ASPECT = (0.8, 1.25)
SHARP = 10 / 7  # side of the sampled photo over that of the view: a crop of a part of it stays sharp
SHADE = 0.35  # largest relative change of brightness from the center of a view to its edge
WHITE_FROM, WHITE_TO = 0.90, 0.97  # darkest channel of a pixel: product below the first, background above the second
BACKGROUND_PHOTO_SHARE = 0.6  # of the replaced backgrounds; a plain color replaces the others


@dataclass(frozen=True)
class Strength:
    """Ranges and probabilities of the random changes.

    Attributes:
        scale: Side of the crop over the side of the photo, smallest and largest; above 1 shows a margin around it.
        tilt: Standard deviation of the rotation, in radians.
        brightness: Smallest and largest factor.
        tint: Smallest and largest factor of each channel.
        contrast: Smallest and largest factor.
        grayscale: Probability that a view has no color.
        blur: Probability that a view is out of focus.
        occlusion: Probability that a patch covers a part of the view.
        background: Probability that the white background is replaced.
        shading: Probability that the view is lit from one side.
    """

    scale: tuple[float, float] = (0.55, 1.1)
    tilt: float = 0.12
    brightness: tuple[float, float] = (0.7, 1.2)
    tint: tuple[float, float] = (0.85, 1.15)
    contrast: tuple[float, float] = (0.6, 1.3)
    grayscale: float = 0.1
    blur: float = 0.2
    occlusion: float = 0.4
    background: float = 0.0
    shading: float = 0.0


SHOP = Strength()
"""Packshots in the style of other shops."""
EVERYWHERE = Strength(scale=(0.4, 1.5), brightness=(0.5, 1.3), blur=0.3, occlusion=0.25, background=0.5, shading=0.4)
"""Also hand-held, badly lit and on cluttered backgrounds."""
PLAIN = Strength(
    scale=(0.85, 1.1),
    tilt=0.04,
    brightness=(0.9, 1.1),
    tint=(0.95, 1.05),
    contrast=(0.85, 1.15),
    grayscale=0.02,
    blur=0.1,
    occlusion=0.0,
)
"""Nearly as uploaded, for the last steps of a training (Touvron et al. 2019, "Fixing the train-test resolution")."""
STRENGTHS = {"everywhere": EVERYWHERE, "shop": SHOP, "plain": PLAIN}


@dataclass(frozen=True)
class Views:
    """Random parameters of n views; every field has n rows."""

    matrix: Tensor
    """float [n, 2, 3]: position in the view to position in the photo, as `affine_grid` takes it."""
    gain: Tensor
    """float [n, 3]: factor of every channel."""
    contrast: Tensor
    """float [n]: factor about the mean."""
    grayscale: Tensor
    """bool [n]."""
    blurred: Tensor
    """bool [n]."""
    patch: Tensor
    """float [n, 4]: top, left, height and width of the patch, as fractions of the side; height 0 = none."""
    patch_color: Tensor
    """float [n, 3]."""
    replaced: Tensor
    """bool [n]: whether the white background is replaced."""
    background_row: Tensor
    """int64 [n]: row of the background photo; -1 = a plain color."""
    background_color: Tensor
    """float [n, 3]."""
    shade: Tensor
    """float [n, 2]: relative growth of the brightness to the right and downwards."""

    def __len__(self) -> int:
        return len(self.matrix)

    def to(self, device: torch.device | str) -> Views:
        """The same views on another device."""
        return Views(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def draw_views(n: int, strength: Strength = SHOP, *, backgrounds: int = 0) -> Views:
    """Draw the random parameters of `n` views by torch's global generator, which the loop seeds at every step.

    Args:
        n: Number of views.
        strength: Ranges and probabilities.
        backgrounds: Number of photos that may replace backgrounds; with 0, plain colors do.
    """

    def uniform(bounds: tuple[float, float], *more: int) -> Tensor:
        return torch.empty(n, *more).uniform_(*bounds)

    def chosen(probability: float) -> Tensor:
        return torch.rand(n) < probability

    scale, aspect = uniform(strength.scale), uniform(ASPECT).sqrt()
    mirror = torch.where(chosen(0.5), -1.0, 1.0)
    tilt = strength.tilt * torch.randn(n)
    room = (strength.scale[1] - 0.05 - scale).clamp(min=0.05)
    matrix = torch.zeros(n, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1] = scale * aspect * mirror, scale / aspect
    matrix[:, 0, 1], matrix[:, 1, 0] = -tilt * scale, tilt * scale
    matrix[:, :, 2] = uniform((-1.0, 1.0), 2) * room.unsqueeze(1)
    side = uniform((1 / 8, 1 / 3), 2) * chosen(strength.occlusion).unsqueeze(1)
    corner = uniform((0.0, 1.0), 2) * (1 - side)
    from_photo = chosen(BACKGROUND_PHOTO_SHARE) & (backgrounds > 0)
    background = (torch.rand(n) * max(1, backgrounds)).long()
    return Views(
        matrix=matrix,
        gain=uniform(strength.tint, 3) * uniform(strength.brightness, 1),
        contrast=uniform(strength.contrast),
        grayscale=chosen(strength.grayscale),
        blurred=chosen(strength.blur),
        patch=torch.cat([corner, side], dim=1),
        patch_color=uniform((0.0, 1.0), 3),
        replaced=chosen(strength.background),
        background_row=torch.where(from_photo, background, -1),
        background_color=uniform((0.0, 1.0), 3),
        shade=uniform((-SHADE, SHADE), 2) * chosen(strength.shading).unsqueeze(1),
    )


def apply_views(pixels: Tensor, views: Views, size: int, backgrounds: Tensor | None = None) -> Tensor:
    """Render views of photos.

    Args:
        pixels: uint8 [n, 3, side, side].
        views: One per photo.
        size: Side of the views, in pixels.
        backgrounds: uint8 [n, 3, any, any], the photo behind each view whose `background_row` is not -1.

    Returns:
        float [n, 3, size, size] in [0, 255].
    """
    images = _warp(_reduced(pixels, round(SHARP * size)) / 255, views.matrix, size)
    images = _replace_background(images, views, backgrounds)
    images = _relight(images, views)
    if bool(views.blurred.any()):
        width = max(3, round(size * 3 / 112) // 2 * 2 + 1)  # odd
        padded = F.pad(images[views.blurred], (width // 2,) * 4, mode="replicate")
        images[views.blurred] = F.avg_pool2d(F.avg_pool2d(padded, (width, 1), 1), (1, width), 1)
    return _occlude(images, views).clamp(0, 1) * 255


def augment(pixels: Tensor, size: int, strength: Strength = SHOP) -> Tensor:
    """Render a random view of every photo; backgrounds come from the other photos of the batch.

    Args:
        pixels: uint8 [n, 3, side, side], on any device.
        size: Side of the views, in pixels.
        strength: Ranges and probabilities.

    Returns:
        float [n, 3, size, size] in [0, 255].
    """
    views = draw_views(len(pixels), strength, backgrounds=len(pixels)).to(pixels.device)
    backgrounds = pixels[views.background_row.clamp(min=0)] if bool(views.replaced.any()) else None
    return apply_views(pixels, views, size, backgrounds)


def _per_image(values: Tensor) -> Tensor:
    return values.view(len(values), -1, 1, 1)


def _reduced(pixels: Tensor, side: int) -> Tensor:
    """Larger photos reduced to `side`: sampling a far smaller view of them would skip most of their pixels."""
    return resized(pixels, side) if pixels.shape[-1] > side else pixels.float()


def _warp(images: Tensor, matrix: Tensor, size: int) -> Tensor:
    grid = F.affine_grid(matrix, [len(images), 3, size, size], align_corners=False)
    return 1 - F.grid_sample(1 - images, grid, align_corners=False)  # zeros outside the photo become white


def _replace_background(images: Tensor, views: Views, backgrounds: Tensor | None) -> Tensor:
    """White becomes a color or another photo, without an edge: the whiter a pixel, the more of the background."""
    if not bool(views.replaced.any()):
        return images
    behind = _per_image(views.background_color).expand_as(images)
    if backgrounds is not None:
        photos = F.interpolate(backgrounds.float() / 255, size=images.shape[-2:], mode="bilinear", align_corners=False)
        behind = torch.where(_per_image(views.background_row >= 0), photos, behind)
    whiteness = ((images.amin(1, keepdim=True) - WHITE_FROM) / (WHITE_TO - WHITE_FROM)).clamp(0, 1)
    return torch.where(_per_image(views.replaced), images + whiteness * (behind - 1), images)


def _relight(images: Tensor, views: Views) -> Tensor:
    ticks = torch.linspace(-1, 1, images.shape[-1], device=images.device)
    light = 1 + views.shade[:, :1, None] * ticks[None, None, :] + views.shade[:, 1:, None] * ticks[None, :, None]
    images = images * _per_image(views.gain) * light.unsqueeze(1)
    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * _per_image(views.contrast) + mean
    return torch.where(_per_image(views.grayscale), images.mean(1, keepdim=True).expand_as(images), images)


def _occlude(images: Tensor, views: Views) -> Tensor:
    corner, side = views.patch[:, :2, None], views.patch[:, 2:, None]
    ticks = (torch.arange(images.shape[-1], device=images.device) + 0.5) / images.shape[-1]
    inside = (ticks >= corner) & (ticks < corner + side)  # [n, 2, size]
    covered = (inside[:, 0, :, None] & inside[:, 1, None, :]).unsqueeze(1)
    return torch.where(covered, _per_image(views.patch_color).expand_as(images), images)
