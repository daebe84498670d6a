"""Word2Vec + BiLSTM: a product's category and all its ancestors as labels, each of them yes or no.

Words of the text get vectors of Word2Vec, which are trained further under a bidirectional LSTM; weighted binary
cross-entropy over all labels; training and validation are parted so that every label keeps its share (iterative
stratification, Sechidis et al. 2011). It reads no photo and knows no category that training had nothing of.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit
from safetensors.torch import load_file, save_file
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from experiments.horse_race.race import Answers, Opened, Race, System, count_parameters
from experiments.horse_race.systems.curves import plot_curves, plot_tsne
from experiments.horse_race.systems.nodes import Nodes
from experiments.horse_race.systems.words import SPLITS, Words
from pipeline.artifacts import write_json
from pipeline.data.vectors import unit

HIDDEN = 128
LONGEST = 48  # words
BATCH = 64
LEARNING_RATE = 2e-3
LEAST = 0.5  # probability of a label that is given
VALIDATION = 0.1
HEAVIEST = 20.0  # weight of a label's positives
_WORDS, _CATEGORIES, _WEIGHTS = "words.json", "categories.json", "weights.safetensors"
_SHOWN_WORDS = ("shirt", "leather", "coffee", "black", "chair")


class BiLstm(nn.Module):
    """Words to labels: embedding, bidirectional LSTM, a hidden layer, one logit a label."""

    def __init__(self, words: int, width: int, labels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words + 1, width, padding_idx=0)
        self.lstm = nn.LSTM(width, HIDDEN, batch_first=True, bidirectional=True)
        self.hidden = nn.Linear(4 * HIDDEN, 2 * HIDDEN)
        self.labels = nn.Linear(2 * HIDDEN, labels)
        self.dropout = nn.Dropout(0.2)

    def last_hidden(self, texts: list[list[int]]) -> Tensor:
        """The last hidden layer, [n, 256]: of the two last states, and of the largest state of all words."""
        lengths = torch.tensor([len(text) for text in texts])
        numbers = pad_sequence([torch.tensor(text) for text in texts], batch_first=True)
        packed = pack_padded_sequence(
            self.dropout(self.embedding(numbers)), lengths, batch_first=True, enforce_sorted=False
        )
        states, (last, _) = self.lstm(packed)
        padded, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, padding_value=-1.0)
        both = torch.cat([last.transpose(0, 1).flatten(1), padded.max(dim=1).values], dim=1)
        return F.relu(self.hidden(self.dropout(both)))

    def forward(self, texts: list[list[int]]) -> Tensor:
        """Logits [n, labels] of texts as word numbers."""
        return self.labels(self.dropout(self.last_hidden(texts)))  # type: ignore[no-any-return]


def fit(kind: str, race: Race, folder: Path) -> dict[str, Any]:
    """Learn words, then the network; keep both, the curves and a t-SNE of the last hidden layer."""
    rows, split, seed = race.rows("train"), SPLITS[kind], race.budget.seed
    words = Words.learn(race.unlabeled_texts(), split, seed)
    nodes = Nodes(rows["category_path"])
    targets = nodes.targets(rows["category_path"].tolist())
    numbers = words.numbers(rows["text"], split, LONGEST)
    parted = MultilabelStratifiedShuffleSplit(1, test_size=VALIDATION, random_state=seed)
    learned, kept = next(parted.split(np.zeros((len(rows), 1)), targets))
    torch.manual_seed(seed)
    model = BiLstm(len(words.names), words.vectors.shape[1], len(nodes))
    with torch.no_grad():
        model.embedding.weight[1:] = torch.from_numpy(words.vectors)
    positive = targets[learned].sum(axis=0).clip(min=1)
    weights = torch.tensor(((len(learned) - positive) / positive) ** 0.5, dtype=torch.float32).clamp(max=HEAVIEST)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    generator = np.random.default_rng(seed)
    sample = learned[: len(kept)]
    curve = []
    for epoch in range(1, race.budget.epochs + 1):
        model.train()
        losses = []
        for batch in _batches(learned, [len(numbers[row]) for row in learned], generator):
            logits = model([numbers[row] for row in batch])
            truth = torch.from_numpy(targets[batch]).float()
            loss = F.binary_cross_entropy_with_logits(logits, truth, pos_weight=weights)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(float(loss.detach()))
        scores = {
            name: macro_f1(targets[part], probabilities(model, [numbers[row] for row in part])[0])
            for name, part in (("train", sample), ("validation", kept))
        }
        curve.append({"epoch": epoch, "loss": float(np.mean(losses)), **scores})
    _save(folder, words, nodes, model)
    plot_curves(folder / "curves.png", curve, ("loss", "train", "validation"))
    test = race.rows("test")[:1500]
    if len(test):
        _, hidden = probabilities(model, words.numbers(test["text"], split, LONGEST))
        plot_tsne(folder / "tsne.png", hidden, test["category_path"].tolist(), seed)
    nearest = {word: words.nearest(word) for word in (*_SHOWN_WORDS, *words.names[:3])}
    return {
        "words": len(words.names),
        "labels": len(nodes),
        "nearest words": {word: others for word, others in nearest.items() if others},
        "curve": curve,
    }


def _save(folder: Path, words: Words, nodes: Nodes, model: BiLstm) -> None:
    write_json(folder / _WORDS, list(words.names))
    write_json(folder / _CATEGORIES, nodes.paths)
    save_file(model.state_dict(), folder / _WEIGHTS)


def _batches(rows: np.ndarray, lengths: list[int], generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Rows in batches of texts of like length, the batches in random order."""
    order = np.argsort(np.array(lengths) + generator.random(len(rows)), kind="stable")
    starts = np.arange(0, len(rows), BATCH)
    for start in generator.permutation(starts):
        yield rows[order[start : start + BATCH]]


@torch.inference_mode()
def probabilities(model: BiLstm, numbers: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Probability of every label float32 [n, labels], and the last hidden layer float32 [n, 256]."""
    model.eval()
    labels: list[np.ndarray] = []
    hidden: list[np.ndarray] = []
    for start in range(0, len(numbers), 256):
        states = model.last_hidden(numbers[start : start + 256])
        hidden.append(states.numpy())
        labels.append(model.labels(states).sigmoid().numpy())
    return np.concatenate(labels), np.concatenate(hidden)


def macro_f1(targets: np.ndarray, labels: np.ndarray) -> float:
    """Mean F1 of the labels that some row has, labels given where their probability reaches `LEAST`."""
    present = targets.any(axis=0)
    given = labels[:, present] >= LEAST
    return float(f1_score(targets[:, present], given, average="macro", zero_division=0))


def opened(kind: str, race: Race, folder: Path) -> Opened:
    """Answers by text alone; products are alike by the last hidden layer."""
    names = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
    nodes = Nodes(json.loads((folder / _CATEGORIES).read_text(encoding="utf-8")))
    weights = load_file(folder / _WEIGHTS)
    model = BiLstm(len(names), weights["embedding.weight"].shape[1], len(nodes))
    model.load_state_dict(weights)
    words = Words(names, np.empty((0, 0), dtype=np.float32))

    def answer(rows: pd.DataFrame) -> Answers:
        labels, hidden = probabilities(model, words.numbers(rows["text"], SPLITS[kind], LONGEST))
        paths, confidences = nodes.descend(labels, LEAST)
        return Answers(
            paths, nodes.expected_overlap(labels, rows["candidates"].tolist()), confidences, None, unit(hidden)
        )

    return Opened(answer, count_parameters(model))


BILSTM = {
    "word2vec-bilstm": System(
        "Word2Vec + BiLSTM", functools.partial(opened, "folded"), functools.partial(fit, "folded")
    ),
    "word2vec-bilstm-any-script": System(
        "Word2Vec + BiLSTM, any script", functools.partial(opened, "any script"), functools.partial(fit, "any script")
    ),
}
