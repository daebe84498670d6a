"""Texts that describe a category: typical titles, names in other languages.

A file has a line for each text: the id of the category (whole, or its part behind the last slash), the language, the
text, with tabs between them. Lines that begin with "#" are skipped. All are training rows beside the products. Those in
the taxonomy's own language can also be a reading of their category, beside its path: a product's title is then compared
with titles of such goods, also in another language, and also for categories that no training product has.
"""

from __future__ import annotations

import logging
import lzma
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.artifacts import ArtifactError
from pipeline.data.vectors import unit
from pipeline.taxonomy.paths import Taxonomy
from pipeline.training.dataset import Examples

_LOG = logging.getLogger(__name__)
_FIELDS = 3
LEAST_OF_A_LANGUAGE = 100
"""Texts from which on the mean of a language says something of it."""
TITLE_LANGUAGE = "en"
"""Language of the typical titles that a category is read by: that of the default taxonomy."""


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


def title_features(
    texts: Sequence[CategoryText], paths: Sequence[str], encode: Callable[[Sequence[str]], np.ndarray]
) -> np.ndarray:
    """Mean unit feature of the typical titles of every path, float32 [p, w]; zeros for a path without any.

    Args:
        texts: Those in other languages are left out.
        paths: p category paths, those of the texts among them.
        encode: Features float32 [n, w] of n texts.
    """
    titles = [text for text in texts if text.language == TITLE_LANGUAGE]
    features = unit(encode([title.text for title in titles]))
    row_of = {path: row for row, path in enumerate(paths)}
    sums = np.zeros((len(paths), features.shape[1]), dtype=np.float32)
    np.add.at(sums, np.array([row_of[title.path] for title in titles], dtype=np.int64), features)
    return unit(sums)


def language_directions(texts: Sequence[CategoryText], features: np.ndarray, count: int) -> np.ndarray:
    """The directions in which the mean features of languages differ most, float32 [count, w], orthonormal.

    What they hold of a text is its language, not its product. With fewer languages there are fewer directions, and the
    last rows are zeros.

    Args:
        texts: t texts, of about the same categories in every language; languages with few of them are left out.
        features: float32 [t, w], their unit features.
        count: How many directions.
    """
    languages = np.array([text.language for text in texts])
    names, counts = np.unique(languages, return_counts=True)
    means = [features[languages == name].mean(axis=0) for name in names[counts >= LEAST_OF_A_LANGUAGE]]
    directions = np.zeros((count, features.shape[1]), dtype=np.float32)
    if len(means) > 1:
        differences = np.stack(means) - np.mean(means, axis=0)
        kept = min(count, len(means) - 1)
        directions[:kept] = np.linalg.svd(differences, full_matrices=False)[2][:kept]
    return directions


def with_category_texts(examples: Examples, texts: Sequence[CategoryText]) -> Examples:
    """Training products, then the texts as products without a photo and without candidates."""
    index = {path: row for row, path in enumerate(examples.paths)}
    truth = np.array([index[text.path] for text in texts], dtype=np.int64)
    candidates = np.full((len(texts), examples.candidates.shape[1]), -1, dtype=np.int64)
    candidates[:, 0] = truth
    return Examples(
        texts=[*examples.texts, *(text.text for text in texts)],
        image_rows=np.concatenate([examples.image_rows, np.full(len(texts), -1, dtype=np.int64)]),
        truth=np.concatenate([examples.truth, truth]),
        candidates=np.concatenate([examples.candidates, candidates]),
        target=np.concatenate([examples.target, np.zeros(len(texts), dtype=np.int64)]),
        paths=examples.paths,
        products=len(examples),
    )
