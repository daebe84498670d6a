"""Garments lying flat, shoes and hats."""

from __future__ import annotations

import numpy as np

from synthetic.photos.outlines import Point, mirrored
from synthetic.photos.shapes import shape
from synthetic.photos.solids import Kit

_HALVES: dict[str, list[Point]] = {
    "tshirt": [
        (0, -0.8),
        (0.48, -0.8),
        (0.47, 0.22),
        (0.72, 0.05),
        (0.95, 0.3),
        (0.6, 0.68),
        (0.22, 0.8),
        (0.12, 0.72),
        (0, 0.68),
    ],
    "hoodie": [
        (0, -0.8),
        (0.5, -0.8),
        (0.5, 0.2),
        (0.62, -0.62),
        (0.86, -0.6),
        (0.74, 0.5),
        (0.5, 0.72),
        (0.3, 0.8),
        (0.28, 1.1),
        (0, 1.16),
    ],
    "sweater": [
        (0, -0.8),
        (0.5, -0.8),
        (0.5, 0.2),
        (0.66, -0.62),
        (0.88, -0.58),
        (0.74, 0.5),
        (0.5, 0.74),
        (0.2, 0.84),
        (0.1, 0.78),
        (0, 0.76),
    ],
    "jacket": [
        (0, -0.8),
        (0.52, -0.8),
        (0.5, 0.2),
        (0.64, -0.64),
        (0.88, -0.6),
        (0.76, 0.5),
        (0.5, 0.74),
        (0.2, 0.84),
        (0.16, 0.95),
        (0, 0.95),
    ],
    "trousers": [(0, 0.32), (0.13, -1.1), (0.42, -1.1), (0.43, 0.3), (0.34, 0.9), (0, 0.9)],
    "shorts": [(0, 0.05), (0.08, -0.4), (0.58, -0.36), (0.42, 0.6), (0, 0.6)],
    "dress": [(0, -1.1), (0.62, -1.05), (0.28, 0.05), (0.34, 0.5), (0.24, 0.9), (0.15, 0.92), (0.12, 0.68), (0, 0.62)],
    "skirt": [(0, -0.7), (0.72, -0.62), (0.34, 0.6), (0, 0.6)],
    "apron": [(0, -0.9), (0.52, -0.9), (0.52, 0.1), (0.26, 0.35), (0.26, 0.8), (0, 0.8)],
    "bib": [
        (0, -0.72),
        (0.35, -0.68),
        (0.55, -0.4),
        (0.52, 0.0),
        (0.4, 0.3),
        (0.38, 0.6),
        (0.2, 0.72),
        (0.16, 0.5),
        (0.2, 0.25),
        (0.1, 0.08),
        (0, 0.05),
    ],
    "bodysuit": [
        (0, -0.85),
        (0.14, -0.85),
        (0.16, -0.68),
        (0.4, -0.42),
        (0.42, 0.2),
        (0.6, 0.05),
        (0.78, 0.28),
        (0.5, 0.62),
        (0.22, 0.72),
        (0.12, 0.62),
        (0, 0.58),
    ],
    "vest": [(0, -0.75), (0.5, -0.75), (0.48, 0.2), (0.4, 0.4), (0.42, 0.75), (0.2, 0.82), (0.04, 0.35), (0, 0.35)],
}


def _bands(k: Kit, slot: str, rows: list[tuple[float, float, float, float]]) -> None:
    """Flat bands (x, y, width, height) on a garment."""
    for x, y, w, h in rows:
        k.box(slot, (w, h, 0.03), (x, y, 0.075), 0.012)


@shape
def garment(k: Kit, variant: str) -> None:
    """A T-Shirt, hoodie, sweater, jeans, joggers, shorts, dress, skirt, jacket and others, by variant."""
    k.pose = "flat"
    if variant == "sock":
        foot = [
            (-0.18, 0.75),
            (0.16, 0.75),
            (0.15, 0.05),
            (0.3, -0.3),
            (0.68, -0.45),
            (0.72, -0.62),
            (0.55, -0.72),
            (0.1, -0.68),
            (-0.14, -0.5),
            (-0.2, -0.1),
        ]
        for i in range(2):
            start = k.mark()
            k.puff("body", foot, 0.07, 0.1, 0.008, smooth=80)
            k.box("second", (0.38, 0.14, 0.05), (-0.01, 0.74, 0.06), 0.02)
            k.ball("second", (0.16, 0.14, 0.02), (0.56, -0.58, 0.06), 12)
            k.ball("second", (0.14, 0.14, 0.02), (-0.06, -0.42, 0.06), 12)
            k.turn(start, "z", 6 - i * 10)
            k.move(start, (i * 0.55, i * 0.16, i * 0.06))
        return
    half = [(x * (1 + k.u(-0.05, 0.05)), y) for x, y in _HALVES[variant]]
    k.puff("body", mirrored(half), 0.075, 0.12, 0.012, smooth=0)
    _DETAILS.get(variant, lambda kit: None)(k)
    k.turn(0, "z", k.u(-10, 10))


def _tshirt(k: Kit) -> None:
    ring = [(0.2 * np.cos(t), 0.8 + 0.11 * np.sin(t), 0.06) for t in np.linspace(np.pi, 2 * np.pi, 12)]
    k.tube("second" if k.rng.random() < 0.4 else "body", ring, 0.022, smooth=0, n=8)
    if k.rng.random() < 0.5:
        k.disc(k.pick("img:logo", "img:star"), 0.2, (0, 0.2, 0.105), "z")


def _hoodie(k: Kit) -> None:
    k.puff(
        "body",
        [(-0.26, 0.78), (0.26, 0.78), (0.3, 1.0), (0.16, 1.16), (-0.16, 1.16), (-0.3, 1.0)],
        0.1,
        0.1,
        0.01,
        (0, 0, 0.05),
        60,
    )
    k.puff(
        "dark", [(-0.15, 0.86), (0, 0.76), (0.15, 0.86), (0.14, 1.02), (-0.14, 1.02)], 0.02, 0.05, 0, (0, 0, 0.15), 40
    )
    k.puff(
        "body",
        [(-0.34, -0.62), (0.34, -0.62), (0.34, -0.35), (0.22, -0.12), (-0.22, -0.12), (-0.34, -0.35)],
        0.05,
        0.04,
        0.004,
        (0, 0, 0.06),
    )
    for x in (-0.07, 0.07):
        k.tube("white", [(x, 0.8, 0.15), (x * 1.3, 0.6, 0.12), (x * 1.2, 0.42, 0.11)], 0.014, n=6)
    _bands(k, "body", [(0, -0.78, 1.0, 0.08), (0.74, -0.6, 0.26, 0.08), (-0.74, -0.6, 0.26, 0.08)])


def _sweater(k: Kit) -> None:
    _bands(k, "body", [(0, -0.77, 1.02, 0.1), (0.77, -0.58, 0.26, 0.1), (-0.77, -0.58, 0.26, 0.1)])
    ring = [(0.17 * np.cos(t), 0.83 + 0.1 * np.sin(t), 0.06) for t in np.linspace(np.pi, 2 * np.pi, 12)]
    k.tube("body", ring, 0.04, smooth=0, n=8)


def _jacket(k: Kit) -> None:
    k.box("steel", (0.03, 1.6, 0.03), (0, 0.02, 0.085))
    _bands(
        k,
        "body",
        [(0.27, -0.3, 0.3, 0.24), (-0.27, -0.3, 0.3, 0.24), (0.27, 0.25, 0.28, 0.05), (-0.27, 0.25, 0.28, 0.05)],
    )
    for s in (1, -1):
        k.puff(
            "body", [(0.02 * s, 0.62), (0.3 * s, 0.66), (0.22 * s, 0.95), (0.02 * s, 0.95)], 0.05, 0.05, 0, (0, 0, 0.06)
        )


def _trousers(k: Kit) -> None:
    _bands(k, "body", [(0, 0.86, 0.7, 0.09)])
    k.tube("dark", [(0, 0.8, 0.08), (0, 0.45, 0.085), (0, 0.12, 0.07)], 0.009, n=6)
    k.ball("brass", (0.03, 0.03, 0.02), (0, 0.86, 0.1), 10)
    for s in (1, -1):
        k.tube("dark", [(0.12 * s, 0.8, 0.085), (0.2 * s, 0.64, 0.085), (0.36 * s, 0.58, 0.075)], 0.008, n=6)


def _shorts(k: Kit) -> None:
    _bands(k, "body", [(0, 0.56, 0.86, 0.1)])
    for s in (1, -1):
        k.tube("white", [(0.04 * s, 0.55, 0.1), (0.09 * s, 0.4, 0.09), (0.07 * s, 0.28, 0.085)], 0.014, n=6)


def _dress(k: Kit) -> None:
    _bands(k, "second" if k.rng.random() < 0.5 else "body", [(0, 0.05, 0.55, 0.06)])


def _skirt(k: Kit) -> None:
    _bands(k, "body", [(0, 0.56, 0.68, 0.1)])
    for x in (-0.4, -0.2, 0.0, 0.2, 0.4):
        k.tube("body", [(x * 0.6, 0.45, 0.06), (x * 1.05, -0.1, 0.075), (x * 1.4, -0.62, 0.06)], 0.018, n=6)


def _apron(k: Kit) -> None:
    k.puff("body", [(-0.26, -0.45), (0.26, -0.45), (0.26, -0.1), (-0.26, -0.1)], 0.04, 0.03, 0.003, (0, 0, 0.065))
    k.tube(
        "second",
        [(-0.24, 0.78, 0.04), (-0.2, 1.05, 0.03), (0, 1.18, 0.03), (0.2, 1.05, 0.03), (0.24, 0.78, 0.04)],
        0.022,
        n=8,
    )
    for s in (1, -1):
        k.tube("second", [(0.5 * s, 0.08, 0.03), (0.72 * s, 0.02, 0.03), (0.85 * s, -0.25, 0.03)], 0.02, n=8)


def _bib(k: Kit) -> None:
    k.disc("img:star", 0.22, (0, -0.36, 0.085), "z")
    ring = [(0.3 * np.cos(t), 0.28 + 0.34 * np.sin(t), 0.04) for t in np.linspace(-0.6, np.pi + 0.6, 30)]
    k.tube("second", ring, 0.07, smooth=0)
    k.ball("steel", (0.03, 0.03, 0.02), (0, 0.62, 0.11), 10)


def _bodysuit(k: Kit) -> None:
    for x in (-0.08, 0, 0.08):
        k.ball("steel", (0.022, 0.022, 0.015), (x, -0.79, 0.075), 10)
    k.disc("img:star", 0.17, (0, 0.05, 0.095), "z")


def _vest(k: Kit) -> None:
    _bands(
        k, "reflective", [(0, -0.45, 0.98, 0.12), (0, -0.1, 0.96, 0.12), (0.3, 0.4, 0.1, 0.75), (-0.3, 0.4, 0.1, 0.75)]
    )
    k.box("dark", (0.025, 1.05, 0.03), (0, -0.2, 0.095))


_DETAILS = {
    "tshirt": _tshirt,
    "hoodie": _hoodie,
    "sweater": _sweater,
    "jacket": _jacket,
    "trousers": _trousers,
    "shorts": _shorts,
    "dress": _dress,
    "skirt": _skirt,
    "apron": _apron,
    "bib": _bib,
    "bodysuit": _bodysuit,
    "vest": _vest,
}
