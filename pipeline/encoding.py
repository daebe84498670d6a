"""Finds the encoding of a text file: UTF-8 or UTF-16 by its bytes, an older one by what its letters would be."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import BinaryIO

from charset_normalizer import from_bytes

_BLOCK = 2**20
_MAX_SAMPLE = 2**16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKS = "–—‘’‚“”„…€°×²½¼¾·«»£§™®©\u00a0"
_LETTERS = {
    "cp1252": "äöüßéèêëàâçîïôûùœñáíóúåøæãõìò¿¡ºª",
    "mac_roman": "äöüßéèêëàâçîïôûùœñáíóúåøæãõìò¿¡",
    "cp1254": "ğışçöüâîû",
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžäöüőűâîăşľĺ",
    "cp1257": "ąčęėįšųūžāēģīķļņõäöü",
}
"""Letters that texts of the languages written in a Latin encoding are full of; the first one wins a tie."""
_OPENING = {"¿": "?", "¡": "!"}
"""What opens a question or a call in Spanish, and what closes it."""
_MAX_QUESTION = 200
"""Characters of one."""
_WESTERN = ("cp1252", "mac_roman")
_OTHERS = ("cp1251", "cp1253", "cp1255", "cp1256", "cp932", "gb18030", "euc_kr", "big5", "koi8_r", "cp874")
_CONTROLS = bytes((*range(9), *range(14, 26), *range(28, 32)))
_MAX_CONTROLS, _BYTES_PER_CONTROL = 10, 20
"""Control characters of a text, and the bytes from which on there may be one more."""
_ENOUGH = 2
"""UTF-8 sequences for each byte that is none, from which on a file is UTF-8 with some damage: no other text has any."""


_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
}


def encoding_name(codec: str) -> str:
    """What people call a codec of Python."""
    return _NAMES.get(codec, codec)


class NotTextError(ValueError):
    """A file is no text at all."""


def find_encoding(open_file: Callable[[], BinaryIO]) -> str:
    """The codec of a text file; the whole file is looked at, since its first umlaut may be in the last line.

    Args:
        open_file: Opens the file anew.

    Raises:
        NotTextError: If it is no text.
    """
    with open_file() as file:
        head = file.read(_BLOCK)
        for mark, codec in _BOMS:
            if head.startswith(mark):
                return codec
        if wide := _utf16_without_mark(head):
            return wide
        controls = len(head) - len(head.translate(None, _CONTROLS))
        if controls > _MAX_CONTROLS + len(head) // _BYTES_PER_CONTROL:
            raise NotTextError("it is no text")
        decoder, block, sample = codecs.getincrementaldecoder("utf-8")(), head, bytearray()
        good, bad = 0, 0
        while block:
            following = file.read(_BLOCK)
            try:
                decoder.decode(block, not following)
            except UnicodeDecodeError:
                decoder.reset()
                text = block.decode("utf-8", "surrogateescape")
                spoiled = sum("\udc80" <= character <= "\udcff" for character in text)
                good, bad = good + sum(character > "\x7f" for character in text) - spoiled, bad + spoiled
                sample += _unusual_lines(block)[: _MAX_SAMPLE - len(sample)]
            block = following
    if not sample:
        return "utf-8"
    return "utf-8" if good >= _ENOUGH * bad else _older(bytes(sample))


def _utf16_without_mark(head: bytes) -> str:
    """The codec of text whose every other byte is mostly 0."""
    even, odd = head[0::2], head[1::2]
    if len(odd) >= 4 and odd.count(0) > len(odd) * 0.5 and even.count(0) < len(even) * 0.1:
        return "utf-16-le"
    if len(even) >= 4 and even.count(0) > len(even) * 0.5 and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be"
    return ""


def _unusual_lines(block: bytes) -> bytes:
    """The lines that hold other bytes than ASCII."""
    return b"\n".join(line for line in block.splitlines() if not line.isascii())


def _older(sample: bytes) -> str:
    """The one-byte or East Asian codec in which a sample reads best."""
    latin = {codec: _plausible(text, codec) for codec in _LETTERS if (text := _decoded(sample, codec)) is not None}
    best = max(latin, key=lambda codec: latin[codec], default="cp1252")
    unusual = sum(byte > 0x7F for byte in sample)
    if latin.get(best, 0) > 0.5 * unusual:
        return best
    found = from_bytes(sample, cp_isolation=[*_LETTERS, *_OTHERS]).best()
    if found is None:
        return best if best in latin else "latin-1"
    return best if found.encoding in _LETTERS and best in latin else found.encoding


def _decoded(sample: bytes, codec: str) -> str | None:
    try:
        return sample.decode(codec)
    except UnicodeDecodeError:
        return None


def _plausible(text: str, codec: str) -> int:
    """How many characters beyond ASCII are usual ones where they stand, less those that are not."""
    usual, score = _LETTERS[codec] + _LETTERS[codec].upper(), 0
    for place, (before, character, after) in enumerate(zip(" " + text, text, text[1:] + " ", strict=False)):
        if character <= "\x7f":
            continue
        inside = before.isalpha() and after.isalpha()
        if inside and before > "\x7f" and after > "\x7f":
            score -= 1  # three in a row are of another script
        elif character in _OPENING:  # Spanish; else it is the Polish "ż" of Windows-1250
            line = text[place : place + _MAX_QUESTION].partition("\n")[0]
            score += 1 if _OPENING[character] in line and not before.isalpha() else -1
        elif character in "õÕ" and codec in _WESTERN:
            score += 1 if after in "eE" else -1  # Portuguese; else it is the Hungarian "ő" of Windows-1250
        elif character in usual and character.isalpha():
            score += -1 if inside and before.islower() and character.isupper() else 1
        elif character in _MARKS or character in usual:
            score += -1 if inside and character not in "’–·" else 1
        else:
            score -= 1
    return score
