"""Candidates that training had products of are asked for more: calibrated stacking.

A model prefers the categories that it learned: its cosines with them are higher than with others that fit as well. So a
margin is taken from the cosines of candidates that training had, before candidates are ordered (Chao et al., "An
Empirical Study and Analysis of Generalized Zero-Shot Learning for Object Recognition in the Wild", 2016,
arXiv:1605.04253). Over a whole taxonomy, on sources that training had nothing of, the margin costs more than it brings,
so `CategoryPredictor` has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.bundle.protocol import Encoder
from pipeline.types import Modality

MARGINS: Mapping[Modality, float] = {"text": 0.02, "image": 0.11, "fused": 0.06}
"""The smallest margins at which categories that training had no product of are ranked as well as by the text tower
without its head, or else the largest that cost at most three quarters of a point of Acc@1 where it had the true one.

Printed by `python -m experiments.margins --run RUN`."""


def margins(bundle: Encoder, paths: Sequence[str], modality: Modality) -> np.ndarray:
    """What is taken from the cosines of these candidates, float32 [m]: 0 for those that training had no product of."""
    seen = np.array([bundle.was_seen(path) for path in paths], dtype=np.float32)
    taken: np.ndarray = seen * np.float32(MARGINS[modality])
    return taken
