"""Texts that describe a category: typical titles, names in other languages.

A file has a line for each text: the id of the category (whole, or its part behind the last slash), the language, the
text, with tabs between them. Lines that begin with "#" are skipped.
"""

from __future__ import annotations

import logging
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.artifacts import ArtifactError
from pipeline.taxonomy.paths import Taxonomy

_LOG = logging.getLogger(__name__)
_FIELDS = 3


@dataclass(frozen=True)
class CategoryText:
    """One text of a category.

    Attributes:
        path: Of the category.
        language: Code of the language.
        text: As a merchant or a buyer would write it.
    """

    path: str
    language: str
    text: str


def read_category_texts(files: Sequence[str], taxonomy: Taxonomy) -> list[CategoryText]:
    """Texts of the categories that a taxonomy has; how many are of others is logged.

    Args:
        files: Text files, compressed by xz or not.
        taxonomy: Whose ids the files name.

    Raises:
        ArtifactError: If a file cannot be read or a line lacks a field; names file and line.
    """
    texts: list[CategoryText] = []
    by_id = {identifier.rpartition("/")[2]: path for identifier, path in taxonomy.by_id.items()}
    for file in files:
        known = list(_known(Path(file), by_id))
        texts += [text for text in known if text is not None]
        if strange := sum(text is None for text in known):
            _LOG.info(
                "train: %d of %d texts in %s are of categories that the taxonomy lacks", strange, len(known), file
            )
    return list(dict.fromkeys(texts))


def _known(file: Path, by_id: Mapping[str, str]) -> Iterator[CategoryText | None]:
    """The texts of a file, None for a category without a path."""
    for number, line in enumerate(_lines(file), start=1):
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != _FIELDS or not all(field.strip() for field in fields):
            raise ArtifactError(f"{file}, line {number}: write id, language and text with tabs between them.")
        identifier, language, text = (field.strip() for field in fields)
        path = by_id.get(identifier.rpartition("/")[2])
        yield None if path is None else CategoryText(path, language, text)


def _lines(file: Path) -> list[str]:
    try:
        content = file.read_bytes()
        return (lzma.decompress(content) if file.suffix == ".xz" else content).decode("utf-8-sig").splitlines()
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{file} cannot be read ({error}); give a UTF-8 file of texts of categories.") from error
