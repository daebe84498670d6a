"""Adapts a pretrained text tower to titles of products in many languages, before anything else is learned on it.

Multilingual towers put a text's language beside its meaning, and the meaning of a short title is what they know least.
Low-rank adapters (LoRA) learn from texts of categories alone, no product is read:

- a title, mostly in another language, lies nearest to another title, the path or the name of its category, among those
  of some ten other branches and of its siblings (InfoNCE in both directions, on centered vectors);
- the name of a category in another language lies where its English name lay before, and English texts stay where they
  were (cross-lingual distillation, Reimers & Gurevych 2020).

The result is a file that `TowerConfig.adapter` names: to all that follows, the tower is as frozen as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from pipeline.artifacts import ArtifactError
from pipeline.data.vectors import unit
from pipeline.models.encoding import TokenCache, evaluating
from pipeline.models.feature_store import FeatureStore
from pipeline.models.towers import TextTower
from pipeline.taxonomy.category_texts import CategoryText
from pipeline.taxonomy.paths import SEPARATOR, levels
from pipeline.training.category_texts import TITLE_LANGUAGE
from pipeline.training.tasks.base import Task

SIBLINGS = 6
"""Categories of one branch that stand together in a batch: what is hard to tell apart."""
BRANCH_LEVELS = 2
TEMPERATURE = 0.06
FOREIGN, TITLE, PATH = 0.7, 0.6, 0.2
"""Share of titles in another language; of their partners that are titles and that are paths; the rest are names."""
KEPT = 4.0
"""Weight of what stays where it was, beside InfoNCE: squared distances of unit vectors."""
_LENGTH_GROUPS = 3


@dataclass(frozen=True)
class Descriptions:
    """The texts of n categories that have at least two English titles.

    Attributes:
        paths: Of the categories.
        english: Their English titles.
        foreign: Their titles in other languages; some have none.
        names: Names of categories in other languages, each with its English name.
        branches: Row numbers of the categories, by branch.
    """

    paths: Sequence[str]
    english: Sequence[Sequence[str]]
    foreign: Sequence[Sequence[str]]
    names: Sequence[tuple[str, str]]
    branches: Sequence[np.ndarray]

    @classmethod
    def of(cls, titles: Sequence[CategoryText], names: Sequence[CategoryText]) -> Descriptions:
        """Sort texts by their categories.

        Raises:
            ArtifactError: If no category has two English titles.
        """
        english, foreign = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for title in titles:
            (english if title.language == TITLE_LANGUAGE else foreign)[title.path].append(title.text)
        paths = sorted(path for path, texts in english.items() if len(set(texts)) > 1)
        if not paths:
            raise ArtifactError("No category has two English titles; adapting a text tower needs typical titles.")
        branches = defaultdict[str, list[int]](list)
        for row, path in enumerate(paths):
            branches[SEPARATOR.join(levels(path)[:BRANCH_LEVELS])].append(row)
        return cls(
            paths,
            [list(dict.fromkeys(english[path])) for path in paths],
            [foreign[path] for path in paths],
            [(name.text, levels(name.path)[-1]) for name in names if name.language != TITLE_LANGUAGE],
            [np.array(rows) for rows in branches.values()],
        )

    @property
    def targets(self) -> list[str]:
        """Every text that stays where it is."""
        names = [levels(path)[-1] for path in self.paths] + [english for _, english in self.names]
        return list(dict.fromkeys([*(text for texts in self.english for text in texts), *self.paths, *names]))


class AdaptationTask(Task):
    """Trains the adapters of a text tower on descriptions of categories."""

    def __init__(
        self, tower: TextTower, tokens: TokenCache, descriptions: Descriptions, features: FeatureStore
    ) -> None:
        """Encode the texts that stay where they are, unless they are remembered.

        Args:
            tower: With adapters that start as the identity.
            tokens: Its tokenizer.
            descriptions: What it learns from.
            features: Remembers the features of the tower as it was loaded.
        """
        self.module: TextTower = tower
        self.tokens, self.descriptions = tokens, descriptions
        self._tower_parameters = dict(tower.adapters())
        for parameter in self._tower_parameters.values():
            parameter.requires_grad_(True)
        texts = descriptions.targets
        self._row = {text: row for row, text in enumerate(texts)}
        self._before = torch.from_numpy(unit(features.texts(tower, tokens, texts, progress="texts as they are")))
        titles = [self._row[text] for each in descriptions.english for text in each]
        self._title_center = self._before[titles].mean(dim=0)
        self._path_center = self._before[[self._row[path] for path in descriptions.paths]].mean(dim=0)

    def parameters(self) -> dict[str, nn.Parameter]:
        """The adapters."""
        return self._tower_parameters

    def batches(self, size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Every category once, some siblings always together."""
        pieces = []
        for rows in self.descriptions.branches:
            shuffled = generator.permutation(rows)
            pieces += [shuffled[start : start + SIBLINGS] for start in range(0, len(rows), SIBLINGS)]
        order = np.concatenate([pieces[number] for number in generator.permutation(len(pieces))])
        return [order[start : start + size] for start in range(0, len(order), size)]

    def losses(
        self, module: nn.Module, rows: np.ndarray, accelerator: Accelerator, done: float = 0.0
    ) -> dict[str, Tensor]:
        """InfoNCE of titles and what they go with, and squared distances of what stays; see the module's docstring."""
        generator = np.random.default_rng(int(torch.randint(2**31, ())))
        titles, keys, is_path = self._pairs(rows, generator)
        picked = generator.integers(len(self.descriptions.names), size=len(rows) // 2 if self.descriptions.names else 0)
        named = [self.descriptions.names[number] for number in picked.tolist()]
        vectors = self._encode(module, [*titles, *keys, *(name for name, _ in named)])
        device = vectors.device
        title, key, name = vectors.split([len(titles), len(keys), len(named)])
        center = torch.where(torch.tensor(is_path)[:, None], self._path_center, self._title_center).to(device)
        logits = _centered(title, self._title_center.to(device)) @ _centered(key, center).T / TEMPERATURE
        own = torch.arange(len(rows), device=device)
        stays = [(vector, text) for vector, text in zip(title, titles, strict=True) if text in self._row]
        kept = _distance(key, self._at(keys)) + _distance(
            torch.stack([vector for vector, _ in stays]) if stays else key[:0], self._at([text for _, text in stays])
        )
        return {
            "match": (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2,
            "kept": KEPT * kept,
            "names": KEPT * _distance(name, self._at([english for _, english in named])),
        }

    def validate(self) -> dict[str, float]:
        """Nothing: the last state is kept."""
        return {}

    def _pairs(self, rows: np.ndarray, generator: np.random.Generator) -> tuple[list[str], list[str], list[bool]]:
        """A title of each category, what it goes with, and whether that is a path or a name."""
        titles, keys, is_path = [], [], []
        for row in rows.tolist():
            english, foreign = self.descriptions.english[row], self.descriptions.foreign[row]
            first, second = generator.permutation(len(english))[:2].tolist()
            is_foreign = bool(foreign) and generator.random() < FOREIGN
            titles.append(foreign[int(generator.integers(len(foreign)))] if is_foreign else english[first])
            kind, path = generator.random(), self.descriptions.paths[row]
            keys.append(english[second] if kind < TITLE else path if kind < TITLE + PATH else levels(path)[-1])
            is_path.append(kind >= TITLE)
        return titles, keys, is_path

    def _encode(self, module: nn.Module, texts: Sequence[str]) -> Tensor:
        """Unit vectors [n, width]; texts of about the same length go through the tower together."""
        ids = self.tokens(texts)
        order = np.argsort([len(row) for row in ids], kind="stable")
        device = next(module.parameters()).device
        with evaluating(self.module):  # dropout would move what is to stay
            parts = [
                module(*self.tokens.pad([ids[row] for row in part.tolist()], device)).float()
                for part in np.array_split(order, _LENGTH_GROUPS)
                if len(part)
            ]
        return F.normalize(torch.cat(parts)[np.argsort(order)], dim=-1)

    def _at(self, texts: Sequence[str]) -> Tensor:
        """Where texts were before, [n, width]."""
        return self._before[[self._row[text] for text in texts]]


def _centered(vectors: Tensor, center: Tensor) -> Tensor:
    return F.normalize(vectors - center, dim=-1)


def _distance(vectors: Tensor, targets: Tensor) -> Tensor:
    """Mean squared distance of n pairs, 0 without any."""
    return ((vectors - targets.to(vectors.device)) ** 2).sum(dim=1).sum() / max(1, len(targets))
