"""Augmentation: the same view at any size, backgrounds replaced, values in range."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipeline.models.encoding import to_pixels
from pipeline.training.tasks.augment import EVERYWHERE, SHOP, STRENGTHS, Strength, apply_views, augment, draw_views

STILL = Strength(scale=(1.0, 1.0), brightness=(1.0, 1.0), grayscale=0.0, blur=0.0, occlusion=0.0)


def _photos(n=4, side=48):
    return to_pixels(np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8))


@pytest.mark.parametrize("strength", STRENGTHS.values(), ids=STRENGTHS)
def test_views_differ_and_stay_in_range(strength):
    torch.manual_seed(0)
    first, second = augment(_photos(), 32, strength), augment(_photos(), 32, strength)
    assert first.shape == (4, 3, 32, 32)
    assert float(first.min()) >= 0
    assert float(first.max()) <= 255
    assert not torch.equal(first, second)
    torch.manual_seed(0)
    assert torch.equal(first, augment(_photos(), 32, strength))


def test_a_view_is_the_same_at_another_size():
    torch.manual_seed(1)
    smooth = F.interpolate(_photos(16, 4).float(), size=(64, 64), mode="bicubic").clamp(0, 255).to(torch.uint8)
    views = draw_views(16, EVERYWHERE)
    large, small = apply_views(smooth, views, 128), apply_views(smooth, views, 64)
    reduced = F.interpolate(large, size=(64, 64), mode="bilinear", antialias=True)
    assert float((reduced - small).abs().mean()) < 4


def test_white_stays_white_where_no_background_is_replaced():
    white = torch.full((3, 3, 24, 24), 255, dtype=torch.uint8)
    views = dataclasses.replace(draw_views(3, STILL), gain=torch.ones(3, 3), contrast=torch.ones(3))
    assert torch.allclose(apply_views(white, views, 16), torch.full((3, 3, 16, 16), 255.0))


def test_the_background_is_replaced_and_the_product_is_not():
    photo = torch.full((1, 3, 32, 32), 255, dtype=torch.uint8)
    photo[:, :, 8:24, 8:24] = 60
    red = dataclasses.replace(
        draw_views(1, STILL),
        matrix=torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]),
        gain=torch.ones(1, 3),
        contrast=torch.ones(1),
        replaced=torch.tensor([True]),
        background_row=torch.tensor([-1]),
        background_color=torch.tensor([[1.0, 0.0, 0.0]]),
    )
    view = apply_views(photo, red, 32)
    assert view[0, :, 0, 0].tolist() == pytest.approx([255, 0, 0], abs=0.1)
    assert view[0, :, 16, 16].tolist() == pytest.approx([60, 60, 60], abs=0.1)
    gray = torch.full((1, 3, 8, 8), 100, dtype=torch.uint8)
    view = apply_views(photo, dataclasses.replace(red, background_row=torch.tensor([0])), 32, gray)
    assert view[0, :, 0, 0].tolist() == pytest.approx([100, 100, 100], abs=0.1)


def test_only_strong_views_replace_backgrounds():
    torch.manual_seed(0)
    views = draw_views(200, SHOP, backgrounds=5)
    assert not views.replaced.any()
    assert not views.shade.any()
    strong = draw_views(200, EVERYWHERE, backgrounds=5)
    assert 60 < int(strong.replaced.sum()) < 140
    assert int(strong.background_row.max()) <= 4
    assert set(draw_views(50, EVERYWHERE).background_row.tolist()) == {-1}
