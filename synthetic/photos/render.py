"""Photos of products: a shape with its surfaces in a studio or a simple scene, rendered by Mitsuba.

Mitsuba and trimesh are needed for this alone (the extra `synthetic`); they are imported when a photo is made.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import median_filter

from synthetic.listings.products import Look
from synthetic.listings.tables import tables

SIZE = 128
SAMPLES = 12
STUDIO_SHARE = 0.7
_FIELD = 28.0  # degrees
_DEGREE = 12  # faces at a vertex that smooth its normals


@dataclass(frozen=True)
class Camera:
    """Where the camera stands and what it looks at."""

    origin: np.ndarray
    target: np.ndarray


def corner_normals(vertices: np.ndarray, faces: np.ndarray, crease: float) -> np.ndarray:
    """Normals [m, 3, 3] of the corners of faces [m, 3]; edges sharper than `crease` degrees stay sharp."""
    cells = np.round(vertices * 2e4).astype(np.int64) @ (1, 1 << 20, 1 << 40)  # one number a place
    _, merged = np.unique(cells, return_inverse=True)
    joined = merged.reshape(-1)[faces]
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    weighted = np.cross(b - a, c - a).astype(np.float32)
    unit = weighted / (np.linalg.norm(weighted, axis=1, keepdims=True) + 1e-12)
    order = np.argsort(joined.ravel(), kind="stable")
    owner = joined.ravel()[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    around = np.full((owner.max() + 1, _DEGREE), -1)
    kept = rank < _DEGREE
    around[owner[kept], rank[kept]] = order[kept] // 3
    near = around[joined]  # [m, 3, degree]
    close = (unit[near] * unit[:, None, None]).sum(-1) > np.cos(np.radians(min(crease, 179)))
    normals = (weighted[near] * (close & (near >= 0))[..., None]).sum(2) + 1e-3 * weighted[:, None]
    return normals / (np.linalg.norm(normals, axis=2, keepdims=True) + 1e-12)


def _projected(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Texture coordinates [m, 3, 2] along each face's main axis."""
    corners = vertices[faces]
    main = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).argmax(1)
    planes = np.array([(1, 2), (0, 2), (0, 1)])[main]
    return np.take_along_axis(corners, np.repeat(planes[:, None], 3, 1), 2)


def _mesh(name: str, parts: list[Any], bsdf: dict[str, Any], emitter: dict[str, Any] | None) -> Any:
    import mitsuba as mi

    corners, normals, uvs = [], [], []
    for part in parts:
        corners.append(part.vertices[part.faces].reshape(-1, 3))
        normals.append(corner_normals(part.vertices, part.faces, part.crease).reshape(-1, 3))
        uv = part.uv[part.faces] if part.uv is not None else _projected(part.vertices, part.faces)
        uvs.append(uv.reshape(-1, 2))
    points = np.concatenate(corners).astype(np.float32)
    properties = mi.Properties()
    properties["mesh_bsdf"] = mi.load_dict(bsdf)
    if emitter is not None:
        properties["emitter"] = mi.load_dict(emitter)
    mesh = mi.Mesh(name, len(points), len(points) // 3, properties, has_vertex_normals=True, has_vertex_texcoords=True)
    parameters = mi.traverse(mesh)
    parameters["vertex_positions"] = points.ravel()
    parameters["vertex_normals"] = np.concatenate(normals).astype(np.float32).ravel()
    parameters["vertex_texcoords"] = np.concatenate(uvs).astype(np.float32).ravel()
    parameters["faces"] = np.arange(len(points), dtype=np.uint32)
    parameters.update()
    return mesh


def _camera(points: np.ndarray, pose: str, rng: np.random.Generator) -> Camera:
    low, high = {"stand": (12, 36), "front": (3, 14), "flat": (62, 86)}[pose]
    up, side = np.radians(rng.uniform(low, high)), np.radians(rng.normal(0, 9))
    ray = np.array([np.cos(up) * np.sin(side), -np.cos(up) * np.cos(side), np.sin(up)])
    right = np.cross([0, 0, 1], ray)
    right /= np.linalg.norm(right)
    above = np.cross(ray, right)
    x, y, depth = points @ right, points @ above, points @ ray
    middle = right * (x.min() + x.max()) / 2 + above * (y.min() + y.max()) / 2 + ray * depth.mean()
    spread = np.tan(np.radians(_FIELD / 2)) * rng.uniform(0.74, 0.93)
    offset = points - middle
    reach = np.maximum(np.abs(offset @ right), np.abs(offset @ above)) / spread + offset @ ray
    target = middle + (right * rng.normal(0, 0.012) + above * rng.normal(0, 0.012))
    return Camera(target + ray * float(reach.max()), target)


def _shutter(look: Look, spp: int, camera: Camera, size: int) -> dict[str, Any]:
    import mitsuba as mi

    to_world = mi.ScalarTransform4f().look_at(camera.origin.tolist(), camera.target.tolist(), [0, 0, 1])
    film = {"type": "hdrfilm", "width": size, "height": size, "pixel_format": "rgb", "rfilter": {"type": "gaussian"}}
    sampler = {"type": "multijitter", "sample_count": spp, "seed": look.seed % 65521}
    return {"type": "perspective", "fov": _FIELD, "to_world": to_world, "film": film, "sampler": sampler}


def render(look: Look, *, size: int = SIZE, samples: int = SAMPLES) -> np.ndarray:
    """Photo of a product.

    Args:
        look: Shape, colors and scene; the photo is a pure function of it.
        size: Side in pixels.
        samples: Light paths a pixel.

    Returns:
        uint8 [size, size, 3].

    Raises:
        ModuleNotFoundError: If the packages of the extra `synthetic` are not installed.
    """
    import mitsuba as mi

    mi.set_variant("scalar_rgb")
    from synthetic.photos.scenes import scenery
    from synthetic.photos.shapes import build
    from synthetic.photos.surfaces import surface

    rng = np.random.default_rng(look.seed)
    kit = build(look.shape, np.random.default_rng(look.seed + 1))
    kind = tables().types[look.type_name]
    slots: dict[str, list[Any]] = {}
    for part in kit.parts:
        slots.setdefault(part.slot, []).append(part)
    clear = not {"glass", "water"}.isdisjoint(slots) or tables().materials[look.material].kind == "clear"
    scene: dict[str, Any] = {"type": "scene", "integrator": {"type": "path", "max_depth": 8 if clear else 3}}
    for i, (slot, parts) in enumerate(slots.items()):
        made = surface(slot, look, kind.nouns[0], rng)
        scene[f"part{i}"] = _mesh(slot, parts, made.bsdf, made.emitter)
    points = np.concatenate([part.vertices for part in kit.parts])
    camera = _camera(points, kit.pose, rng)
    studio = rng.random() < STUDIO_SHARE
    scene.update(scenery(studio, kit.pose == "flat", kind.outdoors, rng))
    scene["sensor"] = _shutter(look, samples, camera, size)
    seed: Any = look.seed % 65521  # an integer becomes the one of Mitsuba that its types ask for
    radiance = np.array(mi.render(mi.load_dict(scene), seed=seed), dtype=np.float64)
    return develop(radiance, studio, rng)


def _denoised(image: np.ndarray) -> np.ndarray:
    """Bilateral filter (Tomasi and Manduchi 1998) of an image in [0, 1], guided by its median over 3 x 3 pixels."""
    guide = median_filter(image, size=(3, 3, 1), mode="nearest")
    padded, guides = (np.pad(x, ((2, 2), (2, 2), (0, 0)), mode="edge") for x in (image, guide))
    total, weight = np.zeros_like(image), np.zeros((*image.shape[:2], 1))
    height, width = image.shape[:2]
    for dy in range(5):
        for dx in range(5):
            window = np.s_[dy : dy + height, dx : dx + width]
            near = np.exp(-((dy - 2) ** 2 + (dx - 2) ** 2) / 6.0)
            alike = near * np.exp(-((guides[window] - guide) ** 2).sum(-1, keepdims=True) / (2 * 0.07**2))
            total += alike * padded[window]
            weight += alike
    return total / weight


def develop(radiance: np.ndarray, studio: bool, rng: np.random.Generator) -> np.ndarray:
    """Expose, tone and denoise linear radiance [h, w, 3]; a studio's backdrop becomes white."""
    radiance = np.minimum(radiance, 8 * np.median(radiance) + 1)  # fireflies
    border = np.concatenate(
        [radiance[:6].reshape(-1, 3), radiance[:, :6].reshape(-1, 3), radiance[:, -6:].reshape(-1, 3)]
    )
    if studio:
        level = np.percentile(border, 30, axis=0)
        exposed = (radiance / level * rng.uniform(1.0, 1.1)) ** 1.2
    else:
        exposed = radiance / np.percentile(radiance.mean(-1), 88) * rng.uniform(0.7, 0.95)
        exposed = exposed * (1 + rng.normal(0, 0.025, 3))
    exposed = np.clip(exposed, 0, 1)
    image = np.where(exposed <= 0.0031308, 12.92 * exposed, 1.055 * exposed ** (1 / 2.4) - 0.055)
    return np.clip(np.round(_denoised(image) * 255), 0, 255).astype(np.uint8)


def encode(pixels: np.ndarray) -> bytes:
    """JPEG of uint8 [h, w, 3]."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=90)
    return data.getvalue()
