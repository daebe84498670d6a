"""Words that several packages share, as types."""

from __future__ import annotations

from typing import Literal, get_args

Modality = Literal["text", "image", "fused"]
"""Vectors of a product: of its text, of its photo, or of what there is (text, photo or both; never of nothing)."""

MODALITIES: tuple[Modality, ...] = get_args(Modality)

Split = Literal["train", "validation", "heldout", "heldout-source", "test"]
"""`heldout` has the rows of whole categories that training never sees, `heldout-source` those of whole sources;
`validation` and `heldout` are cut from `train`."""
