"""The tokenizer of XLM-RoBERTa in 40 to 70 MB: SentencePiece's own library over a vocabulary read from elsewhere.

The library `tokenizers` gives the same ids, takes 500 MB for 250,002 pieces and four times as long; of it only the
normalization is used. Where two ways to split a word have the same score to the precision of float32 ("AAA" is AA and
A, or A and AA), the two may choose differently.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import sentencepiece
from tokenizers import Regex, normalizers

_SPACE = "▁"
_UNIGRAM = 1  # TrainerSpec.ModelType
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3  # SentencePiece.Type
_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types of protocol buffers


@dataclass(frozen=True)
class Vocabulary:
    """Pieces of a SentencePiece unigram model.

    Attributes:
        pieces: By token id.
        scores: Log-probability of each.
        replaced: Normalization by single characters: the text that takes the place of each.
        begin: Token id of the start of a text.
        end: Token id of its end.
        pad: Token id of padding.
        unknown: Token id of a piece that is not in the vocabulary.
    """

    pieces: list[str]
    scores: list[float]
    replaced: dict[str, str]
    begin: int
    end: int
    pad: int
    unknown: int


class E5Tokenizer:
    """Token ids of texts, called as a tokenizer of transformers is.

    Attributes:
        pad_token_id: Token id of padding.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Give SentencePiece a vocabulary.

        Normalization is SentencePiece's "nmt_nfkc". The file's table of replaced characters says the same; NFKC also
        composes letters with their accents, as the published tokenizer does.
        """
        self._begin, self._end = vocabulary.begin, vocabulary.end
        self.pad_token_id = vocabulary.pad
        self._normalizer = normalizers.Sequence(
            [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
        )
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model_proto(vocabulary))

    def __call__(
        self, texts: Sequence[str], *, truncation: bool = False, max_length: int = 512
    ) -> dict[str, list[list[int]]]:
        """Token ids of texts, each between the ids of begin and end.

        A control piece that stands in a text, such as "</s>", is text as any other.

        Args:
            texts: Any number.
            truncation: Whether longer texts are cut.
            max_length: To so many ids, with those of begin and end.

        Returns:
            `input_ids`.
        """
        pieces = self._processor.encode(list(map(self.normalized, texts)), num_threads=1)
        longest = max_length - 2 if truncation else None
        return {"input_ids": [[self._begin, *ids[:longest], self._end] for ids in pieces]}

    def normalized(self, text: str) -> str:
        """A text as it is split into pieces: words begin with "▁", and so does the first."""
        words = self._normalizer.normalize_str(text).replace(" ", _SPACE)
        return words if not words or words.startswith(_SPACE) else _SPACE + words


def model_proto(vocabulary: Vocabulary) -> bytes:
    """A vocabulary as SentencePiece reads one: a `ModelProto` of its `sentencepiece_model.proto`.

    It normalizes nothing, and sets no mark of its own before a text.
    """
    special = dict.fromkeys((vocabulary.begin, vocabulary.end, vocabulary.pad), _CONTROL)
    special[vocabulary.unknown] = _UNKNOWN
    pieces = (
        _bytes(1, _bytes(1, piece.encode()) + _float(2, score) + _number(3, special.get(row, _NORMAL)))
        for row, (piece, score) in enumerate(zip(vocabulary.pieces, vocabulary.scores, strict=True))
    )
    trainer = (
        _number(3, _UNIGRAM)
        + _number(40, vocabulary.unknown)
        + _number(41, vocabulary.begin)
        + _number(42, vocabulary.end)
        + _number(43, vocabulary.pad)
        + _bytes(48, vocabulary.pieces[vocabulary.pad].encode())
    )
    normalizer = _bytes(1, b"identity") + b"".join(_number(field, 0) for field in (3, 4, 5))
    return b"".join(pieces) + _bytes(2, trainer) + _bytes(3, normalizer)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | _FLOAT) + struct.pack("<f", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """A whole number, 7 bits a byte, the low ones first."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
