"""Bottles, jars and tubes with their contents."""

from __future__ import annotations

from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def bottle(k: Kit, variant: str) -> None:
    """A red wine, olive oil, shampoo, hand sanitizer or water bottle, by variant."""
    if variant == "wine":
        k.lathe(
            "body", [(0, 0), (0.2, 0), (0.21, 0.03), (0.21, 0.85), (0.17, 1.0), (0.075, 1.1), (0.07, 1.4), (0, 1.4)]
        )
        k.cyl(k.pick("red", "gold", "black"), 0.08, 0.25, (0, 0, 1.17))
        k.wrap("img:label", 0.214, 0.25, 0.68)
    elif variant == "oil":
        k.box("body", (0.42, 0.42, 0.85), (0, 0, 0.43), 0.06)
        k.lathe("body", [(0.2, 0.84), (0.1, 0.98), (0.075, 1.05), (0.075, 1.2), (0, 1.2)], smooth=20)
        k.cyl("black", 0.085, 0.13, (0, 0, 1.16))
        k.quad("img:label", 0.36, 0.45, (0, -0.213, 0.42))
    elif variant == "sport":
        r = k.u(0.2, 0.26)
        k.lathe("body", [(0, 0), (r, 0), (r, 0.85), (r * 0.7, 1.0), (0, 1.0)], n=48)
        k.cyl("black", r * 0.72, 0.16, (0, 0, 1.0))
        k.torus("black", 0.1, 0.025, (0, 0, 1.24), "y")
        k.wrap("img:logo", r + 0.004, 0.35, 0.65, 120)
    elif variant == "pump":
        k.lathe("body", [(0, 0), (0.28, 0), (0.3, 0.04), (0.3, 0.7), (0.2, 0.8), (0, 0.8)])
        k.cyl("white", 0.12, 0.1, (0, 0, 0.8))
        k.cyl("white", 0.035, 0.2, (0, 0, 0.9))
        k.tube("white", [(0.08, 0, 1.1), (-0.1, 0, 1.1), (-0.3, 0, 1.08), (-0.34, 0, 1.02)], [0.06, 0.05, 0.03, 0.025])
        k.wrap("img:label", 0.304, 0.15, 0.6, 150)
    else:
        start = k.mark()
        k.lathe("body", [(0, 0), (0.3, 0), (0.33, 0.05), (0.33, 0.8), (0.22, 0.95), (0.12, 1.0), (0, 1.0)])
        k.cyl("second", 0.13, 0.2, (0, 0, 0.98))
        k.move(start, (0, 0, 0), (1, 0.6, 1))
        start = k.mark()
        k.wrap("img:label", 0.335, 0.18, 0.7, 130)
        k.move(start, (0, 0, 0), (1, 0.61, 1))


@shape
def baby_bottle(k: Kit, variant: str) -> None:
    """A baby bottle."""
    k.lathe("milk", [(0, 0), (0.24, 0), (0.26, 0.05), (0.23, 0.45), (0.26, 0.85), (0, 0.85)], smooth=30)
    k.wrap("img:scale", 0.262, 0.15, 0.8, 60)
    k.cyl("body", 0.27, 0.16, (0, 0, 0.85))
    k.lathe("teat", [(0.22, 1.01), (0.2, 1.06), (0.08, 1.12), (0.065, 1.22), (0.04, 1.26), (0, 1.27)], smooth=24)


@shape
def jar(k: Kit, variant: str) -> None:
    """A jam, honey or face cream, by variant."""
    if variant == "cream":
        k.cyl("body", 0.5, 0.45)
        k.cyl("white" if k.rng.random() < 0.5 else "gold", 0.51, 0.22, (0, 0, 0.46))
        k.wrap("img:logo", 0.503, 0.08, 0.4, 110)
        return
    k.lathe("body", [(0, 0), (0.36, 0), (0.4, 0.06), (0.4, 0.7), (0.33, 0.8), (0, 0.8)])
    k.cyl("gold" if variant == "honey" else k.pick("red", "white", "black", "gold"), 0.36, 0.14, (0, 0, 0.8))
    k.wrap("img:label", 0.405, 0.15, 0.58, 170)


@shape
def tube(k: Kit, variant: str) -> None:
    """An acrylic paint or toothpaste, by variant."""
    rows = [(0.0, 0.17, 0.17), (0.5, 0.21, 0.12), (1.0, 0.25, 0.02)]
    start = k.mark()
    k.lathe("body", [(0.08, -0.04), (0.17, 0), (0.18, 0.5), (0.2, 1.0)], smooth=20)
    part = k.parts[start]
    z = part.vertices[:, 2:].clip(0, 1)
    squeeze = 1 - 0.92 * z
    part.vertices[:, 1:2] *= squeeze
    part.vertices[:, 0:1] *= 1 + 0.25 * z
    k.box("body", (rows[2][1] * 2 + 0.02, 0.04, 0.08), (0, 0, 1.02))
    k.cyl("white" if variant == "paste" else "black", 0.09, 0.16, (0, 0, -0.2), top=0.12)
    k.quad("img:label", 0.3, 0.66, (0, -0.165, 0.5))
    k.turn(start, "x", -82)
    k.pose = "flat"
    k.turn(start, "z", k.u(-50, 50))
    if variant == "paint":
        k.ball("body", (0.16, 0.12, 0.04), (-0.45, -0.25, -0.1))


@shape
def perfume(k: Kit, variant: str) -> None:
    """A perfume."""
    form = k.pick("box", "round", "tall")
    if form == "box":
        k.box("liquid", (0.66, 0.3, 0.66), (0, 0, 0.33), 0.05)
    elif form == "round":
        k.ball("liquid", (0.42, 0.22, 0.42), (0, 0, 0.4))
    else:
        k.box("liquid", (0.44, 0.34, 0.9), (0, 0, 0.45), 0.04)
    top = {"box": 0.66, "round": 0.8, "tall": 0.9}[form]
    k.cyl("gold", 0.1, 0.1, (0, 0, top - 0.02))
    k.cyl(k.pick("gold", "black", "chrome"), 0.15, 0.28, (0, 0, top + 0.08))
    k.quad("img:logo", 0.36, 0.26, (0, -0.24, top * 0.45))


@shape
def pill_bottle(k: Kit, variant: str) -> None:
    """Vitamin c tablets."""
    k.lathe("body", [(0, 0), (0.36, 0), (0.38, 0.03), (0.38, 0.75), (0.3, 0.85), (0, 0.86)])
    k.cyl("white", 0.34, 0.28, (0, 0, 0.84), n=60)
    k.wrap("img:label", 0.384, 0.08, 0.7, 220)
    for x, y in ((0.5, -0.3), (0.62, -0.15), (0.4, -0.45)):
        k.ball(k.pick("white", "orange"), (0.09, 0.05, 0.04), (x, y, 0.04), 12)


@shape
def nail_polish(k: Kit, variant: str) -> None:
    """A nail polish."""
    k.pick(lambda: k.cyl("body", 0.25, 0.45), lambda: k.box("body", (0.45, 0.4, 0.45), (0, 0, 0.225), 0.06))()
    k.cyl("body", 0.12, 0.08, (0, 0, 0.43))
    k.cyl(k.pick("black", "white", "gold"), 0.13, 0.6, (0, 0, 0.5), top=0.1)
