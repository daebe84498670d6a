"""English words of the product world: those of the typical titles and of the paths of Shopify's taxonomy."""

from __future__ import annotations

import csv
import functools
import gzip
import lzma
import re
from collections.abc import Iterator

from pipeline.artifacts import CATEGORY_EXAMPLES, SHOPIFY_TAXONOMY

_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMENT = "#"


def words(text: str) -> Iterator[str]:
    """The words of at least three letters, casefolded."""
    return (found.casefold() for found in _WORD.findall(text))


@functools.cache
def english_words() -> frozenset[str]:
    """Some 17,000 words, read once: in a tenth of a second."""
    known: set[str] = set()
    with lzma.open(CATEGORY_EXAMPLES, "rt", encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith(_COMMENT))
        for _, language, title in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if language == "en":
                known.update(words(title))
    with gzip.open(SHOPIFY_TAXONOMY, "rt", encoding="utf-8") as file:
        for line in file:
            known.update(words(line.partition(" : ")[2]))
    return frozenset(known)


def known_share(text: str) -> float:
    """Share in [0, 1] of the words of a text that are among `english_words`; 1 for a text without words."""
    found = list(words(text))
    return sum(word in english_words() for word in found) / len(found) if found else 1.0
