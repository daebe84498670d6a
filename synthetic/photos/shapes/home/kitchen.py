"""Kitchen: plates, pans, knives, flatware, small appliances."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import ellipse, rounded
from synthetic.photos.shapes import shape
from synthetic.photos.shapes.home.vessels import hollow
from synthetic.photos.solids import Kit


@shape
def plate(k: Kit, variant: str) -> None:
    """A dinner plate."""
    rim = k.u(0.1, 0.16)
    k.lathe(
        "body",
        [
            (0, 0),
            (0.55, 0),
            (0.7, 0.05),
            (0.95, rim),
            (1, rim),
            (0.98, rim + 0.03),
            (0.7, 0.09),
            (0.55, 0.045),
            (0, 0.045),
        ],
        n=64,
    )
    k.torus("groove", 0.62, 0.012, (0, 0, 0.07))
    if k.rng.random() < 0.4:
        k.torus("second", 0.96, 0.022, (0, 0, rim + 0.02))
    if k.rng.random() < 0.65:
        k.pose = "flat"


@shape
def bowl(k: Kit, variant: str) -> None:
    """A bowl."""
    d = k.u(0.42, 0.62)
    k.lathe("body", hollow([(0.28, 0), (0.3, 0.05), (0.5, 0.12), (0.82, d * 0.7), (0.9, d)], 0.045, 30), n=56)


@shape
def dog_bowl(k: Kit, variant: str) -> None:
    """A dog bowl."""
    k.lathe("body", [(0, 0), (0.75, 0), (0.62, 0.38), (0.58, 0.42), (0.52, 0.4), (0.45, 0.12), (0, 0.1)], n=56)
    k.lathe("black", [(0.74, 0), (0.77, 0.02), (0.75, 0.05), (0.7, 0.05)])
    k.wrap("img:paw", 0.757, 0.02, 0.37, 60, top=0.632)
    for _ in range(70):
        a, r = k.u(0, 6.28), k.u(0, 0.42)
        k.ball("kibble", (0.07, 0.06, 0.05), (r * np.cos(a), r * np.sin(a), 0.24 - 0.2 * r), 6)


@shape
def pan(k: Kit, variant: str) -> None:
    """A frying pan."""
    k.lathe("body", [(0, 0), (0.5, 0), (0.62, 0.16), (0.65, 0.16), (0.62, 0.18), (0.49, 0.035), (0, 0.03)], n=56)
    k.lathe("black", [(0.6, 0.16), (0.48, 0.036), (0, 0.034)], n=56)
    k.tube("black", [(0.62, 0, 0.14), (0.95, 0, 0.22), (1.4, 0, 0.26)], [0.045, 0.045, 0.06])


@shape
def pot(k: Kit, variant: str) -> None:
    """A cooking pot."""
    h = k.u(0.45, 0.7)
    k.lathe("body", [(0, 0), (0.55, 0), (0.6, 0.05), (0.6, h), (0.63, h + 0.02)], n=56)
    k.lathe("body", [(0.63, h + 0.02), (0.58, h + 0.06), (0.3, h + 0.14), (0, h + 0.16)], n=56)
    k.lathe("black", [(0.04, h + 0.14), (0.04, h + 0.2), (0.12, h + 0.24), (0.08, h + 0.28), (0, h + 0.28)])
    for s in (1, -1):
        k.tube(
            "black",
            [
                (0.58 * s, -0.15, h * 0.75),
                (0.78 * s, -0.12, h * 0.78),
                (0.78 * s, 0.12, h * 0.78),
                (0.58 * s, 0.15, h * 0.75),
            ],
            0.035,
        )


@shape
def knife(k: Kit, variant: str) -> None:
    """A chef's knife."""
    k.pose = "flat"
    length = k.u(1.0, 1.3)
    k.slab("chrome", [(0, 0.1), (0, -0.12), (length * 0.55, -0.12), (length * 0.85, -0.05), (length, 0.1)], 0.02)
    start = k.mark()
    k.box("body", (0.62, 0.14, 0.08), (-0.31, 0.03, 0.02), 0.035)
    for x in (-0.12, -0.3, -0.48):
        k.cyl("chrome", 0.022, 0.09, (x, 0.03, -0.02))
    k.turn(start, "z", -3)
    k.turn(0, "z", k.u(15, 55))


@shape
def fork(k: Kit, variant: str) -> None:
    """A fork."""
    k.pose = "flat"
    head = [
        (-0.035, 0),
        (-0.1, 0.2),
        (-0.11, 0.25),
        (-0.11, 0.55),
        (-0.08, 0.56),
        (-0.075, 0.28),
        (-0.045, 0.28),
        (-0.04, 0.56),
        (-0.015, 0.56),
        (-0.012, 0.28),
    ]
    k.slab("body", [*head, *((-x, y) for x, y in reversed(head))], 0.03)
    k.slab(
        "body",
        [
            (-0.03, 0.02),
            (-0.025, -0.4),
            (-0.06, -0.75),
            (-0.05, -0.85),
            (0.05, -0.85),
            (0.06, -0.75),
            (0.025, -0.4),
            (0.03, 0.02),
        ],
        0.03,
    )
    k.turn(0, "z", k.u(-35, 35))


@shape
def spoon(k: Kit, variant: str) -> None:
    """A spoon."""
    k.pose = "flat"
    start = k.mark()
    k.lathe(
        "body",
        [(0, 0), (0.5, 0.1), (0.9, 0.42), (1, 0.6), (0.95, 0.6), (0.85, 0.46), (0.45, 0.16), (0, 0.07)],
        smooth=30,
    )
    k.move(start, (0, 0.32, 0), (0.17, 0.27, 0.14))
    k.tube("body", [(0, 0.08, 0.07), (0, -0.1, 0.1), (0, -0.5, 0.07), (0, -0.85, 0.03)], [0.028, 0.026, 0.03, 0.05])
    k.turn(0, "z", k.u(-35, 35))


@shape
def wine_glass(k: Kit, variant: str) -> None:
    """A wine glass."""
    k.lathe(
        "glass",
        [
            (0.36, 0),
            (0.35, 0.02),
            (0.05, 0.05),
            (0.03, 0.1),
            (0.03, 0.65),
            (0.08, 0.72),
            (0.36, 0.95),
            (0.4, 1.15),
            (0.3, 1.5),
        ],
        smooth=60,
    )
    if k.rng.random() < 0.6:
        k.lathe(k.pick("wine", "wine", "honeyed"), [(0, 0.75), (0.1, 0.76), (0.33, 0.95), (0.37, 1.08), (0, 1.08)])


@shape
def cutting_board(k: Kit, variant: str) -> None:
    """A cutting board."""
    k.pose = k.pick("flat", "front")
    w, h = k.u(0.8, 1.0), k.u(1.1, 1.4)
    k.slab("body", rounded(w, h, 0.1), 0.06, holes=[ellipse(0.08, 0.04, (0, h / 2 - 0.12), 20)])
    k.slab(
        "groove",
        rounded(w * 0.86, h * 0.74, 0.06),
        0.062,
        (0, -0.08, 0),
        holes=[[(x * 0.96, y * 0.97) for x, y in rounded(w * 0.86, h * 0.74, 0.06)]],
    )
    if k.pose == "front":
        k.turn(0, "x", 82)
    else:
        k.turn(0, "z", k.u(-25, 25))


@shape
def rolling_pin(k: Kit, variant: str) -> None:
    """A rolling pin."""
    k.pose = "flat"
    k.lathe("body", [(0, 0), (0.13, 0), (0.14, 0.02), (0.14, 0.98), (0.13, 1.0), (0, 1.0)], axis="x")
    for s, x in ((1, 1.0), (-1, 0.0)):
        k.lathe("wood", [(0.03, 0), (0.04, 0.05), (0.06, 0.15), (0.045, 0.3), (0, 0.33)], axis="x", smooth=20)
        part = k.parts[-1]
        part.vertices[:, 0] = x + s * part.vertices[:, 0]
    k.turn(0, "z", k.u(15, 55))


@shape
def toaster(k: Kit, variant: str) -> None:
    """A toaster."""
    k.box("body", (1.1, 0.62, 0.72), (0, 0, 0.42), 0.14)
    k.box("black", (1.0, 0.56, 0.1), (0, 0, 0.06), 0.03)
    for y in (-0.13, 0.13):
        k.box("black", (0.8, 0.1, 0.04), (0, y, 0.775))
        if k.rng.random() < 0.7:
            k.box("toast", (0.66, 0.07, 0.3), (0, y, 0.8), 0.03)
    k.box("black", (0.08, 0.12, 0.07), (0.58, 0, 0.55), 0.02)
    k.cyl("chrome", 0.06, 0.06, (0.53, -0.0, 0.25), "x")


@shape
def basket(k: Kit, variant: str) -> None:
    """A storage basket."""
    k.lathe("body", hollow([(0.42, 0), (0.5, 0.3), (0.52, 0.62)], 0.03))
    for i in range(9):
        k.torus("body", 0.44 + 0.012 * i, 0.036, (0, 0, 0.04 + i * 0.071))
    for s in (1, -1):
        k.tube("body", [(0.5 * s, -0.16, 0.6), (0.54 * s, -0.1, 0.8), (0.54 * s, 0.1, 0.8), (0.5 * s, 0.16, 0.6)], 0.03)


@shape
def comb(k: Kit, variant: str) -> None:
    """A comb."""
    k.pose = "flat"
    k.slab("body", [(-0.7, 0.1), (-0.68, 0.22), (0, 0.26), (0.68, 0.22), (0.7, 0.1)], 0.05)
    for i in range(20):
        k.box("body", (0.03, 0.34, 0.04), (-0.62 + i * 0.0655, -0.04, 0.025))
    for x in (-0.685, 0.685):
        k.box("body", (0.035, 0.36, 0.05), (x, -0.05, 0.025))
    k.turn(0, "z", k.u(-40, 40))


@shape
def barbecue(k: Kit, variant: str) -> None:
    """A charcoal grill."""
    k.lathe("body", [(0, 0.75), (0.3, 0.78), (0.52, 0.98), (0.55, 1.12)], smooth=20)
    k.lathe("body", [(0.56, 1.13), (0.52, 1.32), (0.3, 1.5), (0, 1.55)], smooth=20)
    k.torus("black", 0.555, 0.02, (0, 0, 1.125))
    k.tube("wood", [(-0.12, -0.3, 1.5), (-0.1, -0.38, 1.58), (0.1, -0.38, 1.58), (0.12, -0.3, 1.5)], 0.025)
    for x, y in ((0, -0.5), (-0.45, 0.3), (0.45, 0.3)):
        k.tube("steel", [(x * 0.5, y * 0.5, 0.85), (x, y, 0.0)], 0.025, smooth=0)
    for x in (-0.46, 0.46):
        k.cyl("black", 0.13, 0.06, (x - 0.03, 0.3, 0.13), "x")
    k.lathe("steel", [(0, 0.35), (0.3, 0.38), (0.32, 0.42)])
