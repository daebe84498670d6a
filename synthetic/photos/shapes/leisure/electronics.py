"""Electronics and lamps."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import rounded
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit


@shape
def laptop(k: Kit, variant: str) -> None:
    """A laptop."""
    k.box("body", (1.2, 0.82, 0.05), (0, 0, 0.025), 0.02)
    k.quad("img:keys", 1.06, 0.4, (0, 0.12, 0.0515), "z")
    k.box("dark", (0.36, 0.24, 0.004), (0, -0.24, 0.0505))
    start = k.mark()
    k.box("body", (1.2, 0.035, 0.8), (0, 0, 0.4), 0.015)
    k.quad("img:screen", 1.13, 0.7, (0, -0.0195, 0.42))
    k.turn(start, "x", -k.u(12, 24))
    k.move(start, (0, 0.41, 0.04))
    k.turn(0, "z", k.u(-35, 35))


@shape
def monitor(k: Kit, variant: str) -> None:
    """A monitor."""
    k.box("body", (1.3, 0.06, 0.78), (0, 0, 0.72), 0.02)
    k.quad("img:screen", 1.24, 0.71, (0, -0.032, 0.73))
    k.box("body", (0.12, 0.05, 0.4), (0, 0.06, 0.25))
    k.box("body", (0.5, 0.32, 0.03), (0, 0.05, 0.015), 0.012)
    k.turn(0, "z", k.u(-25, 25))


def _handheld(k: Kit, w: float, h: float, corner: float) -> None:
    k.slab("body", rounded(w, h, corner), 0.06)
    k.slab("black", rounded(w * 0.985, h * 0.99, corner * 0.95), 0.062)
    k.quad("img:apps", w * 0.92, h * 0.95, (0, 0, 0.0635), "z")


@shape
def phone(k: Kit, variant: str) -> None:
    """A smartphone."""
    k.pose = "flat"
    _handheld(k, 0.6, 1.24, 0.09)
    if k.rng.random() < 0.6:
        start = k.mark()
        k.slab("body", rounded(0.6, 1.24, 0.09), 0.06)
        k.slab("body", [(x - 0.15, y + 0.42) for x, y in rounded(0.22, 0.28, 0.06)], 0.08)
        for x, y in ((-0.2, 0.48), (-0.1, 0.42), (-0.2, 0.36)):
            k.cyl("lens", 0.042, 0.09, (x, y, 0))
        k.move(start, (0.5, 0.12, -0.07))
    k.turn(0, "z", k.u(-35, 35))


@shape
def tablet(k: Kit, variant: str) -> None:
    """A tablet."""
    _handheld(k, 1.0, 1.35, 0.06)
    k.turn(0, "x", 70)
    k.box("dark", (0.5, 0.3, 0.03), (0, 0.1, -0.66), 0.01)
    k.turn(0, "z", k.u(-30, 30))


@shape
def keyboard(k: Kit, variant: str) -> None:
    """A keyboard."""
    k.pose = "flat"
    k.box("body", (1.5, 0.55, 0.06), (0, 0, 0.03), 0.025)
    key = k.pick("key", "body")
    for row in range(5):
        count = 14
        for i in range(count):
            if row == 0 and 3 < i < 9:
                continue
            k.box(key, (0.086, 0.082, 0.04), (-0.66 + i * 0.1015, -0.2 + row * 0.1, 0.07), 0.012)
    k.box(key, (0.49, 0.082, 0.04), (-0.052, -0.2, 0.07), 0.012)
    k.turn(0, "z", k.u(-25, 25))


@shape
def mouse(k: Kit, variant: str) -> None:
    """A computer mouse."""
    k.ball("body", (0.36, 0.6, 0.3), (0, 0, 0.0))
    part = k.parts[-1]
    part.vertices[:, 2] = np.maximum(part.vertices[:, 2], 0)
    k.tube("dark", [(0, -0.57, 0.08), (0, -0.45, 0.205), (0, -0.2, 0.287), (0, 0.0, 0.302)], 0.012, n=6)
    k.tube(
        "dark", [(-0.36, 0.0, 0.02), (-0.2, 0.0, 0.254), (0, 0.0, 0.302), (0.2, 0.0, 0.254), (0.36, 0, 0.02)], 0.01, n=6
    )
    k.cyl("black", 0.07, 0.06, (-0.03, -0.33, 0.22), "x")
    k.turn(0, "z", k.u(-60, 60))


@shape
def controller(k: Kit, variant: str) -> None:
    """A game controller."""
    k.pose = "flat"
    half = [
        (0, -0.16),
        (0.25, -0.2),
        (0.5, -0.55),
        (0.68, -0.6),
        (0.78, -0.4),
        (0.66, 0.2),
        (0.5, 0.36),
        (0.2, 0.38),
        (0, 0.36),
    ]
    outline = [*half, *((-x, y) for x, y in reversed(half[1:-1]))]
    k.puff("body", outline, 0.2, 0.22, smooth=90)
    for x, y in ((-0.24, -0.1), (0.24, -0.1)):
        k.cyl("black", 0.11, 0.28, (x, y, 0))
        k.torus("dark", 0.09, 0.02, (x, y, 0.28))
    for x, y, c in ((0.46, 0.22, "yellow"), (0.46, 0.06, "green"), (0.38, 0.14, "blue"), (0.54, 0.14, "red")):
        k.cyl(c, 0.045, 0.23, (x, y, 0))
    k.box("dark", (0.26, 0.08, 0.04), (-0.46, 0.14, 0.2), 0.015)
    k.box("dark", (0.08, 0.26, 0.04), (-0.46, 0.14, 0.2), 0.015)
    k.turn(0, "z", k.u(-20, 20))


@shape
def router(k: Kit, variant: str) -> None:
    """A Wi-Fi router."""
    k.box("body", (1.2, 0.7, 0.14), (0, 0, 0.09), 0.05)
    for i, x in enumerate((-0.5, -0.17, 0.17, 0.5)):
        start = k.mark()
        k.cyl("body", 0.04, 0.75, (0, 0, 0), top=0.032)
        k.turn(start, "y", (-12, -4, 4, 12)[i])
        k.move(start, (x, 0.32, 0.1))
    for i in range(5):
        k.ball("led", 0.02, (-0.2 + i * 0.1, -0.345, 0.11), 8)


@shape
def speaker(k: Kit, variant: str) -> None:
    """A bookshelf speaker."""
    for i in range(int(k.rng.integers(1, 3))):
        start = k.mark()
        k.box("body", (0.6, 0.5, 0.95), (0, 0, 0.475), 0.02)
        k.disc("black", 0.21, (0, -0.252, 0.32))
        k.lathe("dark", [(0.2, 0.0), (0.19, 0.02), (0.08, -0.04), (0.07, 0.0), (0, 0.02)], (0, -0.262, 0.32), "y")
        k.torus("steel", 0.215, 0.015, (0, -0.255, 0.32), "y")
        k.disc("black", 0.11, (0, -0.252, 0.72))
        k.torus("steel", 0.11, 0.012, (0, -0.255, 0.72), "y")
        k.ball("dark", (0.06, 0.03, 0.06), (0, -0.255, 0.72), 12)
        k.move(start, (i * 0.8, i * 0.12, 0))


@shape
def speaker_round(k: Kit, variant: str) -> None:
    """A bluetooth speaker."""
    k.lathe("body", [(0, 0), (0.28, 0), (0.33, 0.06), (0.33, 0.84), (0.28, 0.9), (0, 0.9)])
    k.torus("black", 0.32, 0.025, (0, 0, 0.05))
    k.disc("black", 0.27, (0, 0, 0.902), "z")
    k.quad("img:logo", 0.24, 0.12, (0, -0.337, 0.45))
    k.wrap("black", 0.336, 0.6, 0.78, 18)
    for i, z in enumerate((0.64, 0.69, 0.74)):
        k.ball("led" if i == 0 else "white", 0.014, (0, -0.338, z), 8)


@shape
def calculator(k: Kit, variant: str) -> None:
    """A calculator."""
    k.pose = "flat"
    k.box("body", (0.75, 1.1, 0.1), (0, 0, 0.05), 0.045)
    k.quad("img:digits", 0.6, 0.2, (0, 0.36, 0.102), "z")
    for row in range(5):
        for col in range(4):
            slot = "orange" if col == 3 and row < 2 else "key"
            k.box(slot, (0.12, 0.1, 0.05), (-0.24 + col * 0.16, -0.42 + row * 0.13, 0.11), 0.02)
    k.turn(0, "z", k.u(-30, 30))


@shape
def bulb(k: Kit, variant: str) -> None:
    """A light bulb."""
    k.lathe("frosted", [(0.15, 0.4), (0.17, 0.5), (0.34, 0.85), (0.33, 1.1), (0.2, 1.26), (0, 1.31)], smooth=36)
    k.lathe(
        "steel", [(0, 0), (0.06, 0), (0.14, 0.06)] + [(0.15 + 0.014 * (i % 2), 0.06 + i * 0.034) for i in range(11)]
    )
    k.cyl("dark", 0.06, 0.03, (0, 0, -0.02))
    k.turn(0, "y", k.pick(0, 0, 75, -75))


@shape
def lamp(k: Kit, variant: str) -> None:
    """A table lamp."""
    base = k.pick(
        [(0, 0), (0.25, 0), (0.3, 0.2), (0.2, 0.5), (0.05, 0.62), (0.04, 0.8)],
        [(0, 0), (0.3, 0), (0.3, 0.05), (0.05, 0.08), (0.05, 0.8)],
        [(0, 0), (0.15, 0), (0.32, 0.25), (0.15, 0.55), (0.06, 0.6), (0.04, 0.8)],
    )
    k.lathe("body", base, smooth=0 if len(base) == 5 else 40)
    k.lathe("shade", [(0.48, 0.75), (0.3, 1.3)])
    k.lathe("shade", [(0.46, 0.76), (0.29, 1.29)])
    k.ball("glow", 0.12, (0, 0, 0.95), 12)
