"""LinNét: frozen towers of text and photo, one head a level, decoded from the top inside one exported object.

Each head reads both towers and the output of the level above; a cross-entropy a level, classes weighted by their size,
no tree constraint in training. At inference a child must belong to its parent. The object that `torch.export` writes
takes features of texts and photos and returns paths, confidences and how deep they are accepted, by thresholds a level
and stricter ones in sensitive branches: the same file for whole catalogues and for one product.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.horse_race.measure import thresholds_of
from experiments.horse_race.race import Answers, Opened, Race, System, count_parameters
from experiments.horse_race.systems.nodes import Nodes
from pipeline.artifacts import write_json
from pipeline.config.stages import PredictorConfig
from pipeline.models.classifier import ClassTable, HierarchicalClassifier
from pipeline.taxonomy.paths import levels, truncate
from pipeline.training.classifier import train_classifier

HIDDEN = 256
BATCH = 128
CLASS_WEIGHTS = 0.5  # a class of n rows counts n ** -0.5
LEVELS = 7
SENSITIVE = ("Mature", "Health & Beauty", "Baby & Toddler")
SENSITIVE_PRECISION = 0.97
_OBJECT, _CLASSES = "linnet.pt2", "classes.json"
_ROWS_AT_A_TIME = 1024


class Decoder(nn.Module):
    """Features of texts and photos to paths: the object that is exported.

    Attributes:
        text_center: [text width], mean unit feature of the training texts.
        photo_center: [photo width], of the training photos.
    """

    text_center: Tensor
    photo_center: Tensor

    def __init__(self, heads: HierarchicalClassifier, table: ClassTable, centers: Sequence[np.ndarray]) -> None:
        """Heads over the classes of a table.

        Args:
            heads: Trained on `join`.
            table: Classes of each level.
            centers: Of texts and of photos.
        """
        super().__init__()
        self.heads = heads
        for name, center in zip(("text_center", "photo_center"), centers, strict=True):
            self.register_buffer(name, torch.from_numpy(center))
        for level, mask in enumerate(_allowed(table)):
            self.register_buffer(f"allowed_{level}", torch.from_numpy(mask))
            self.register_buffer(f"least_{level}", torch.full((mask.shape[1],), torch.inf))

    def set_thresholds(self, table: ClassTable, usual: np.ndarray, strict: np.ndarray) -> None:
        """The least confidence of each level that is accepted, float [levels]; `strict` in sensitive branches."""
        for level, paths in enumerate(table.paths):
            least = getattr(self, f"least_{level}")
            for number, path in enumerate(paths):
                chosen = strict if levels(path)[0] in SENSITIVE else usual
                least[number] = float(chosen[level]) if level < len(chosen) else torch.inf

    def join(self, text: Tensor, photo: Tensor) -> Tensor:
        """Unit vectors [n, text width + photo width] of features, zeros for what is missing; each side is centered."""
        sides = []
        for features, center in ((text, self.text_center), (photo, self.photo_center)):
            present = (features.abs().sum(dim=1, keepdim=True) > 0).to(features.dtype)
            sides.append(F.normalize(F.normalize(features, dim=1) - center, dim=1) * present)
        return F.normalize(torch.cat(sides, dim=1), dim=1)

    def forward(self, text: Tensor, photo: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Decode paths from the top, each child among those of its parent.

        Args:
            text: float [n, text width], features of the text tower, zeros without a text.
            photo: float [n, photo width], likewise.

        Returns:
            Classes int64 [n, levels], -1 behind the end of a path; confidences float [n, levels], never rising;
            accepted levels int64 [n]; probabilities of all classes, each level on its own, float [n, classes].
        """
        outputs = self.heads(self.join(text, photo))
        above = torch.zeros(text.shape[0], dtype=torch.int64)
        sure = torch.ones(text.shape[0])
        sound = torch.ones(text.shape[0], dtype=torch.bool)
        classes, confidences, accepted = [], [], torch.zeros(text.shape[0], dtype=torch.int64)
        for level, logits in enumerate(outputs):
            mask = getattr(self, f"allowed_{level}")[above]
            conditional, chosen = logits.masked_fill(~mask, -torch.inf).softmax(dim=1).max(dim=1)
            sure = sure * conditional
            goes_on = chosen < logits.shape[1] - 1
            sound = sound & goes_on & (sure >= getattr(self, f"least_{level}")[chosen])
            accepted = accepted + sound.to(torch.int64)
            classes.append(torch.where(goes_on, chosen, -1))
            confidences.append(sure)
            above = chosen
        every = torch.cat([logits.softmax(dim=1)[:, :-1] for logits in outputs], dim=1)
        return torch.stack(classes, dim=1), torch.stack(confidences, dim=1), accepted, every


def _allowed(table: ClassTable) -> list[np.ndarray]:
    """For each level bool [classes above + 1, classes + 1]: what may follow; the last class of a level is the end."""
    masks = []
    above: tuple[str, ...] = ()
    for level, paths in enumerate(table.paths):
        mask = np.zeros((len(above) + 1, len(paths) + 1), dtype=bool)
        if level == 0:
            mask[0, :-1] = True  # a path has at least one level
        else:
            number = {path: row for row, path in enumerate(above)}
            for column, path in enumerate(paths):
                mask[number[truncate(path, level)], column] = True
            mask[:, -1] = True
        masks.append(mask)
        above = paths
    return masks


def fit(race: Race, folder: Path) -> dict[str, Any]:
    """Train the heads on frozen features, choose thresholds on validation rows, export."""
    rows = race.rows("train")
    truths = [truncate(path, min(LEVELS, len(levels(path)))) for path in rows["category_path"]]
    text, photo = race.texts(rows), race.photos(rows)
    table = ClassTable.of(truths)
    centers = [_center(text), _center(photo)]
    empty = HierarchicalClassifier(text.shape[1] + photo.shape[1], HIDDEN, table.sizes)
    join = Decoder(empty, table, centers).join
    has_text, has_photo = np.asarray(text.any(axis=1)), np.asarray(photo.any(axis=1))
    views = [
        join(torch.from_numpy(a), torch.from_numpy(b)).numpy()
        for a, b in ((text, photo), (text, np.zeros_like(photo)), (np.zeros_like(text), photo))
    ]
    heads = train_classifier(
        views,
        [has_text | has_photo, has_text, has_photo],
        table.labels(truths),
        table.sizes,
        exponent=CLASS_WEIGHTS,
        config=PredictorConfig(hidden=HIDDEN, epochs=race.budget.epochs, batch_size=BATCH, learning_rate=1e-3),
        seed=race.budget.seed,
    )
    decoder = Decoder(heads, table, centers).eval()
    validation = race.rows("validation")
    if len(validation):
        answers = _answers(decoder, table, race, validation)
        true = validation["category_path"].tolist()
        decoder.set_thresholds(table, thresholds_of(answers, true), thresholds_of(answers, true, SENSITIVE_PRECISION))
    export(decoder, text[:2], photo[:2], folder / _OBJECT)
    write_json(folder / _CLASSES, [list(paths) for paths in table.paths])
    return {"classes": list(table.sizes)}


def export(decoder: Decoder, text: np.ndarray, photo: np.ndarray, path: Path) -> None:
    """Write the object that takes features of any number of products; those given are two examples."""
    rows = torch.export.Dim("rows", min=1)
    examples = (torch.from_numpy(text), torch.from_numpy(photo))
    program = torch.export.export(decoder, examples, dynamic_shapes=({0: rows}, {0: rows}))
    torch.export.save(program, path)


def _center(features: np.ndarray) -> np.ndarray:
    """Mean unit feature of the rows that have any, float32 [width]."""
    lengths = np.linalg.norm(features, axis=1)
    present = lengths > 0
    if not present.any():
        return np.zeros(features.shape[1], dtype=np.float32)
    mean: np.ndarray = (features[present] / lengths[present, None]).mean(axis=0)
    return mean.astype(np.float32)


@torch.inference_mode()
def _answers(decoder: Any, table: ClassTable, race: Race, rows: pd.DataFrame) -> Answers:
    """Answers of a decoder, exported or not."""
    text, photo = race.texts(rows), race.photos(rows)
    paths: list[str] = []
    confidences: list[np.ndarray] = []
    candidates: list[np.ndarray] = []
    accepted = []
    flat = [path for level in table.paths for path in level]
    nodes = Nodes(flat)
    place = {path: column for column, path in enumerate(flat)}
    columns = [place[path] for path in nodes.paths]
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        part = slice(start, start + _ROWS_AT_A_TIME)
        chosen, sure, depth, every = decoder(torch.from_numpy(text[part]), torch.from_numpy(photo[part]))
        for line, numbers in zip(chosen.tolist(), sure.double().numpy(), strict=True):
            deepest = sum(number >= 0 for number in line)
            paths.append(table.paths[deepest - 1][line[deepest - 1]])
            confidences.append(numbers[:deepest])
        candidates += nodes.expected_overlap(every.numpy()[:, columns], rows["candidates"].tolist()[part])
        accepted += depth.tolist()
    return Answers(paths, candidates, confidences, np.array(accepted, dtype=np.int64))


def opened(race: Race, folder: Path) -> Opened:
    """Answers by the exported object alone."""
    program = torch.export.load(folder / _OBJECT)
    decoder = program.module()
    table = ClassTable(tuple(map(tuple, json.loads((folder / _CLASSES).read_text(encoding="utf-8")))))
    own = sum(value.numel() for value in program.state_dict.values())
    towers = count_parameters(race.text_tower, race.vision_tower)
    return Opened(lambda rows: _answers(decoder, table, race, rows), own + towers)


LINNET = {"linnet": System("LinNét: heads a level on frozen towers", opened, fit)}
