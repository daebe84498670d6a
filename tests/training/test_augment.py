"""Random views: the same at any size, white filled where asked, nothing out of range."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pipeline.models.encoding import to_pixels
from pipeline.training.augment import EVERYWHERE, SHOP, STRENGTHS, Strength, apply_views, augment, draw_views

STILL = Strength(scale=(1.0, 1.0), brightness=(1.0, 1.0), grey=0.0, blurred=0.0, occluded=0.0)


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
    smooth = F.interpolate(_photos(16, 4).float(), size=(64, 64), mode="bicubic").clamp(0, 255).to(torch.uint8)
    views = draw_views(16, EVERYWHERE, generator=torch.Generator().manual_seed(1))
    large, small = apply_views(smooth, views, 128), apply_views(smooth, views, 64)
    shrunk = F.interpolate(large, size=(64, 64), mode="bilinear", antialias=True)
    assert float((shrunk - small).abs().mean()) < 4


def test_views_of_some_rows():
    views = draw_views(8, EVERYWHERE, generator=torch.Generator().manual_seed(1))
    whole = apply_views(_photos(8), views, 32)
    rows = np.array([5, 2])
    assert torch.allclose(apply_views(_photos(8)[rows], views[rows], 32), whole[rows], atol=1e-3)


def test_white_stays_white_where_no_ground_is_filled():
    white = torch.full((3, 3, 24, 24), 255, dtype=torch.uint8)
    views = dataclasses.replace(draw_views(3, STILL), gain=torch.ones(3, 3), contrast=torch.ones(3))
    assert torch.allclose(apply_views(white, views, 16), torch.full((3, 3, 16, 16), 255.0))


def test_the_ground_is_filled_and_the_product_is_not():
    photo = torch.full((1, 3, 32, 32), 255, dtype=torch.uint8)
    photo[:, :, 8:24, 8:24] = 60
    still = draw_views(1, STILL)
    straight = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    plain = {"matrix": straight, "gain": torch.ones(1, 3), "contrast": torch.ones(1), "grounded": torch.ones(1).bool()}
    coloured = dataclasses.replace(
        still, **plain, ground_from=torch.tensor([-1]), ground_colour=torch.tensor([[1.0, 0.0, 0.0]])
    )
    view = apply_views(photo, coloured, 32)
    assert view[0, :, 0, 0].tolist() == pytest.approx([255, 0, 0], abs=0.1)
    assert view[0, :, 16, 16].tolist() == pytest.approx([60, 60, 60], abs=0.1)
    behind = torch.full((1, 3, 8, 8), 100, dtype=torch.uint8)
    pictured = dataclasses.replace(coloured, ground_from=torch.tensor([0]))
    view = apply_views(photo, pictured, 32, behind)
    assert view[0, :, 0, 0].tolist() == pytest.approx([100, 100, 100], abs=0.1)


def test_shop_views_fill_no_ground():
    views = draw_views(200, SHOP, grounds=5)
    assert not views.grounded.any()
    assert not views.shade.any()
    everywhere = draw_views(200, EVERYWHERE, grounds=5)
    assert 60 < int(everywhere.grounded.sum()) < 140
    assert int(everywhere.ground_from.max()) <= 4
    assert set(draw_views(50, EVERYWHERE).ground_from.tolist()) == {-1}
