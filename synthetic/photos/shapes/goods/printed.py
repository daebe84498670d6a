"""Books, boxes, cards and records."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import rounded
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def book(k: Kit, variant: str) -> None:
    """A novel or cookbook."""
    k.pose = "front"
    w, h, d = k.u(0.62, 0.74), 1.0, k.u(0.12, 0.22)
    k.box("paper", (w - 0.03, d - 0.04, h - 0.04), (0.015, 0, h / 2))
    for y in (-d / 2, d / 2):
        k.box("body", (w, 0.025, h), (0, y, h / 2))
    k.box("body", (0.025, d, h), (-w / 2, 0, h / 2))
    k.quad("img:cover", w, h, (0, -d / 2 - 0.014, h / 2))
    k.turn(0, "z", k.u(15, 40))


@shape
def notebook(k: Kit, variant: str) -> None:
    """A notebook."""
    k.pose = "flat"
    k.box("paper", (0.78, 1.1, 0.08), (0, 0, 0.05))
    k.slab("body", rounded(0.82, 1.14, 0.05), 0.03, (0, 0, 0.09))
    k.slab("body", rounded(0.82, 1.14, 0.05), 0.02)
    if k.rng.random() < 0.5:
        for y in np.linspace(-0.5, 0.5, 17):
            k.torus("steel", 0.07, 0.012, (-0.41, y, 0.06), "y")
    else:
        k.box("second", (0.035, 1.15, 0.13), (0.3, 0, 0.062))
    k.quad("img:logo", 0.3, 0.2, (-0.02, 0.25, 0.122), "z")
    k.turn(0, "z", k.u(-30, 30))


@shape
def binder(k: Kit, variant: str) -> None:
    """A ring binder."""
    k.box("paper", (0.2, 0.72, 1.0), (0.0, 0.02, 0.52))
    for x in (-0.13, 0.13):
        k.box("body", (0.025, 0.85, 1.08), (x, 0, 0.54))
    k.box("body", (0.26, 0.03, 1.08), (0, -0.42, 0.54))
    k.quad("img:spine", 0.17, 0.5, (0, -0.437, 0.66))
    k.disc("dark", 0.055, (0, -0.437, 0.18))
    k.turn(0, "z", k.u(-50, -25))


@shape
def carton(k: Kit, variant: str) -> None:
    """A shipping box."""
    w, d, h = k.u(0.8, 1.1), k.u(0.65, 0.9), k.u(0.5, 0.85)
    k.box("body", (w, d, h), (0, 0, h / 2))
    k.box("tape", (w * 0.99, 0.12, 0.004), (0, 0, h + 0.002))
    k.quad("tape", 0.004, 0.2, (w / 2 + 0.002, 0, h - 0.1))
    k.quad("img:shipping", 0.32, 0.22, (w * 0.2, -d / 2 - 0.003, h * 0.6))
    if k.rng.random() < 0.4:
        for s in (1, -1):
            start = k.mark()
            k.box("body", (w, d * 0.48, 0.012), (0, -d * 0.24, 0))
            k.turn(start, "x", 55)
            k.move(start, (0, -d / 2, h), (1, 1, 1))
            if s < 0:
                k.move(start, (0, 0, 0), (1, -1, 1))
    k.turn(0, "z", k.pick(-1, 1) * k.u(20, 50))


@shape
def game_box(k: Kit, variant: str) -> None:
    """A board game."""
    k.box("body", (1.1, 0.28, 1.1), (0, 0, 0.55))
    k.quad("img:game", 1.1, 1.1, (0, -0.142, 0.55))
    if k.rng.random() < 0.6:
        for x, c in ((-0.5, "red"), (-0.2, "blue"), (0.15, "yellow")):
            k.lathe(
                c,
                [(0, 0), (0.09, 0), (0.07, 0.05), (0.03, 0.14), (0.05, 0.2), (0, 0.26)],
                (x, -0.45 + 0.2 * x, 0),
                smooth=16,
            )
        k.box("white", (0.13, 0.13, 0.13), (0.45, -0.42, 0.065), 0.02)
    k.turn(0, "z", k.u(-30, 30))


@shape
def software_box(k: Kit, variant: str) -> None:
    """An office software."""
    k.box("body", (0.8, 0.2, 1.0), (0, 0, 0.5))
    k.quad("img:software", 0.8, 1.0, (0, -0.102, 0.5))
    start = k.mark()
    k.lathe("steel", [(0.06, 0), (0.4, 0), (0.4, 0.012), (0.06, 0.012)], n=56)
    k.turn(start, "x", 78)
    k.move(start, (0.52, -0.22, 0.4))
    k.turn(0, "z", k.u(5, 30))


@shape
def gift_card(k: Kit, variant: str) -> None:
    """A gift card."""
    k.pose = "flat"
    for i in range(int(k.rng.integers(1, 3))):
        start = k.mark()
        k.slab("body", rounded(1.0, 0.63, 0.05), 0.02)
        k.quad("img:giftcard", 0.96, 0.6, (0, 0, 0.0215), "z")
        k.turn(start, "z", k.u(-22, 22) + i * 25)
        k.move(start, (i * 0.2, i * 0.3, i * 0.024))


@shape
def sticky_notes(k: Kit, variant: str) -> None:
    """Sticky notes."""
    k.pose = "flat"
    k.box("body", (0.8, 0.8, 0.2), (0, 0, 0.1))
    start = k.mark()
    x, y = np.meshgrid(np.linspace(-0.4, 0.4, 14), np.linspace(-0.4, 0.4, 14))
    z = 0.202 + 0.16 * np.clip((x - y) / 0.8, 0, 1) ** 2.5
    i, j = np.meshgrid(np.arange(13), np.arange(13), indexing="ij")
    a = (i * 14 + j).ravel()
    k.add(
        np.stack([x, y, z], -1).reshape(-1, 3),
        np.concatenate([np.stack([a, a + 1, a + 15], -1), np.stack([a, a + 15, a + 14], -1)]),
        "body",
        crease=180,
    )
    k.quad("img:note", 0.5, 0.4, (-0.08, 0.1, 0.206), "z")
    if k.rng.random() < 0.5:
        k.box("second", (0.8, 0.8, 0.16), (0.95, 0.15, 0.08))
    k.turn(start, "z", 0)
    k.turn(0, "z", k.u(-30, 30))


@shape
def cd(k: Kit, variant: str) -> None:
    """A music CD."""
    k.box("dark", (1.0, 0.09, 0.88), (0, 0, 0.44))
    k.quad("img:cover", 0.88, 0.88, (0.06, -0.047, 0.44))
    start = k.mark()
    k.lathe("rainbow-steel", [(0.07, 0), (0.42, 0), (0.42, 0.012), (0.07, 0.012)], n=56)
    k.turn(start, "x", 75)
    k.move(start, (0.5, -0.3, 0.41))
    k.turn(0, "z", k.u(0, 30))


@shape
def vinyl(k: Kit, variant: str) -> None:
    """A vinyl record."""
    k.pose = "flat"
    k.box("white", (1.3, 1.3, 0.02), (0, 0, 0.01))
    k.quad("img:cover", 1.3, 1.3, (0, 0, 0.022), "z")
    start = k.mark()
    profile = [(0.02, 0.0)] + [(0.22 + i * 0.0133, 0.014 + 0.004 * (i % 2)) for i in range(31)] + [(0.64, 0.0)]
    k.lathe("body", profile, n=64)
    k.disc("img:logo", 0.21, (0, 0, 0.02), "z")
    k.cyl("dark", 0.02, 0.01, (0, 0, 0.018))
    k.move(start, (0.62, 0, 0.024))
    k.turn(0, "z", k.u(-15, 15))
