import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("mitsuba", reason="needs the extra synthetic")
pytest.importorskip("trimesh", reason="needs the extra synthetic")

from synthetic.listings.products import Look, make_products
from synthetic.listings.tables import tables
from synthetic.photos.folder import render_photos
from synthetic.photos.render import corner_normals, develop, encode, render
from synthetic.photos.shapes import build, builders
from synthetic.photos.solids import Kit
from synthetic.photos.surfaces import surface

LOOK = Look("mug", "mug", "ceramic", ("red", "blue"), "", "Hearthwyn", 3)


@pytest.fixture(autouse=True)
def variant():
    import mitsuba as mi

    mi.set_variant("scalar_rgb")


def test_every_type_has_a_shape_and_every_shape_a_type():
    used = {kind.shape.partition(":")[0] for kind in tables().types.values()}
    assert used == set(builders())


@pytest.mark.parametrize("name", sorted({kind.shape for kind in tables().types.values()})[::9])
def test_shapes_are_whole_and_of_unit_size(name):
    kit = build(name, np.random.default_rng(0))
    points = np.concatenate([part.vertices for part in kit.parts])
    assert np.isfinite(points).all()
    assert np.ptp(points, axis=0).max() == pytest.approx(1)
    assert points[:, 2].min() == pytest.approx(0)
    for part in kit.parts:
        assert part.faces.min() >= 0
        assert part.faces.max() < len(part.vertices)
        assert part.uv is None or len(part.uv) == len(part.vertices)
        assert surface(part.slot, LOOK, "Mug", np.random.default_rng(0)).bsdf["type"]


def test_normals_are_smooth_on_balls_and_sharp_on_boxes():
    kit = Kit(np.random.default_rng(0))
    kit.ball("body", 1.0)
    ball = kit.parts[0]
    corners = ball.vertices[ball.faces]
    away = np.linalg.norm(corners, axis=2) > 0.5
    middle = (np.abs(corners[..., 2]) < 0.9).all(1)  # off the poles, where many faces meet
    alike = np.abs((corner_normals(ball.vertices, ball.faces, 60) * corners).sum(-1))
    assert away.all()
    assert alike[middle].min() > 0.99
    kit.box("body", (1, 1, 1))
    box = kit.parts[1]
    normals = corner_normals(box.vertices, box.faces, 40)
    assert np.abs(normals).max(-1) == pytest.approx(np.ones(normals.shape[:2]), abs=1e-4)


def test_a_photo_shows_its_color_and_is_the_same_again():
    first = render(LOOK, size=48, samples=4)
    assert first.shape == (48, 48, 3)
    assert (first == render(LOOK, size=48, samples=4)).all()
    middle = first[16:32, 12:30].reshape(-1, 3).mean(0)
    assert middle[0] > 1.5 * middle[1]
    assert middle[0] > 1.5 * middle[2]


def test_a_studio_backdrop_becomes_white():
    radiance = np.full((40, 40, 3), 0.4)
    radiance[10:30, 10:30] = 0.05
    pixels = develop(radiance, True, np.random.default_rng(0))
    assert (pixels[2:38, :6] == 255).all()
    assert pixels[20, 20].max() < 120
    assert Image.open(io.BytesIO(encode(pixels))).size == (40, 40)


@pytest.mark.slow(10)
def test_rendering_resumes(tmp_path):
    products = make_products(count=2)
    assert render_photos(products[:1], tmp_path) == 1
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert render_photos(products, tmp_path) == 1
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert len(list(tmp_path.iterdir())) == 2
