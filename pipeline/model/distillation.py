"""What a teacher sees in random views of photos, computed once: the targets of distillation.

Every photo gets the same number of views. The learner is later shown the very same views, smaller, so that teacher and
learner look at the same thing (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent").
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from pipeline.artifacts import atomic_path
from pipeline.model.teachers import Teacher
from pipeline.models.encoding import resized, to_pixels
from pipeline.training.augment import Strength, Views, apply_views, draw_views

PHOTOS_AT_A_TIME = 64


@dataclass(frozen=True)
class Photos:
    """Photos of one kind.

    Attributes:
        images: uint8 [n, side, side, 3].
        rows: int64 [p], those of `images` that count, in the order in which they are numbered.
        grounds: uint8 [m, any side, any side, 3], photos that may fill the white ground of a view.
    """

    images: np.ndarray
    rows: np.ndarray
    grounds: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def show(self, numbers: np.ndarray, views: Views, size: int) -> Tensor:
        """A view of each of these photos: float [n, 3, size, size] in [0, 255]."""
        behind = None
        if len(self.grounds):
            behind = to_pixels(self.grounds[np.maximum(views.ground_from.numpy(), 0)])
        return apply_views(to_pixels(self.images[self.rows[numbers]]), views, size, behind)


@dataclass(frozen=True)
class Lessons:
    """Views of photos with the teacher's features of them.

    Attributes:
        photos: What is viewed.
        views: For each turn, one view of every photo; those of the first kind of views come first.
        features: For each turn, float16 [n, width].
        kinds: Number of kinds of views, of as many turns each.
    """

    photos: Photos
    views: Sequence[Views]
    features: Sequence[np.ndarray]
    kinds: int = 1

    @property
    def turns(self) -> int:
        """Views of every photo, of each kind."""
        return len(self.views) // self.kinds

    @classmethod
    def joined(cls, parts: Sequence[Lessons]) -> Lessons:
        """Lessons of the same photos, in views of one kind each."""
        views = [view for part in parts for view in part.views]
        return cls(parts[0].photos, views, [seen for part in parts for seen in part.features], len(parts))

    def of_photos(self, kept: np.ndarray) -> Lessons:
        """The lessons of some photos, int [k]."""
        photos = replace(self.photos, rows=self.photos.rows[kept])
        views = [views[kept] for views in self.views]
        return replace(self, photos=photos, views=views, features=[seen[kept] for seen in self.features])

    def batch(self, numbers: np.ndarray, turns: np.ndarray, size: int, kind: int = 0) -> tuple[Tensor, Tensor]:
        """Views of photos, and what the teacher sees in them.

        Args:
            numbers: int [b], which photos.
            turns: int [b], which of their views.
            size: Side of the views, in pixels.
            kind: Which kind of views.

        Returns:
            float [b, 3, size, size] in [0, 255], and float [b, width].
        """
        turns = turns + kind * self.turns
        features = torch.empty(len(numbers), self.features[0].shape[1])
        order = np.argsort(turns, kind="stable")
        drawn: list[Views] = []
        for turn in np.unique(turns):
            chosen = order[turns[order] == turn]
            drawn.append(self.views[turn][numbers[chosen]])
            features[chosen] = torch.from_numpy(self.features[turn][numbers[chosen]]).float()
        if not drawn:
            return torch.empty(0, 3, size, size), features
        views = Views.joined(drawn)[np.argsort(order)]
        return self.photos.show(numbers, views, size), features


def spread(lessons: Sequence[Lessons]) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the teacher's features over some 10,000 photos of each, float [width].

    Features after a rectifier point all the same way; only about their mean do cosines tell them apart.
    """
    some = [each.features[0][:: max(1, len(each.photos) // 10_000)] for each in lessons if len(each.photos)]
    features = torch.from_numpy(np.concatenate(some).astype(np.float32))
    return features.mean(0), features.std(0, correction=0) + 1e-3


def make_lessons(
    load: Callable[[], Teacher], key: str, photos: Photos, *, turns: int, strength: Strength, seed: int, folder: Path
) -> Lessons:
    """Let a teacher see every photo `turns` times; what is on disk already is not seen again.

    Args:
        load: Gives the teacher; called only if there is something to see.
        key: What the files are named after: whatever the photos and the teacher depend on.
        photos: To be viewed.
        turns: Views of each photo.
        strength: How far views may go.
        seed: Of the views.
        folder: Where the features are kept, one file a turn, so that a killed build resumes at the turn it was in.
    """
    name = hashlib.sha256(repr((key, len(photos), strength, seed)).encode()).hexdigest()[:16]
    teacher: Teacher | None = None
    views, features = [], []
    for turn in range(turns):
        generator = torch.Generator().manual_seed(int(np.random.SeedSequence([seed, turn]).generate_state(1)[0]))
        views.append(draw_views(len(photos), strength, grounds=len(photos.grounds), generator=generator))
        path = folder / f"lessons-{name}-{turn}.npy"
        if not path.exists():
            teacher = teacher or load()
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, _see(teacher, photos, views[turn], f"teacher, view {turn + 1} of {turns}"))
        features.append(np.load(path, mmap_mode="r"))
    return Lessons(photos, views, features)


def _see(teacher: Teacher, photos: Photos, views: Views, label: str) -> np.ndarray:
    """Its features of one view of every photo, made at the photo's own size where the teacher wants more."""
    size = teacher.config.image_size
    seen = np.empty((len(photos), teacher.config.width), dtype=np.float16)
    for start in tqdm(range(0, len(photos), PHOTOS_AT_A_TIME), desc=label, unit="batch"):
        numbers = np.arange(start, min(start + PHOTOS_AT_A_TIME, len(photos)))
        shown = photos.show(numbers, views[numbers], min(size, photos.images.shape[1]))
        seen[numbers] = teacher(resized(shown, size))
    return seen
