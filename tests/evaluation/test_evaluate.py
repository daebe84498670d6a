"""Measuring: every figure equals a slow, obvious loop; what rows do not allow is left out with a reason."""

import json
from itertools import pairwise

import numpy as np
import pytest

from pipeline.cli.evaluate import evaluate_command
from pipeline.config.stages import EvaluationConfig
from pipeline.evaluation.dataset import CategoryTable, EvaluationRows
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.report import render
from pipeline.evaluation.taxonomy_eval import SINGLE
from pipeline.prediction.margins import MARGINS
from tests.helpers.factories import write_dataset
from tests.helpers.measuring import PATHS, RandomEncoder, make_rows, with_photo_vectors

CONFIG = EvaluationConfig(bootstrap=50)

BY_LEVEL = ("level_accuracy", "coverage", "precision", "ece")


def common(first, second):
    parts = list(zip(first.split(" > "), second.split(" > "), strict=False))
    return next((depth for depth, (one, other) in enumerate(parts) if one != other), len(parts))


def hf1(pairs):
    return 2 * sum(common(*pair) for pair in pairs) / sum(len(path.split(" > ")) for pair in pairs for path in pair)


def decode(scores):
    """One path of PATHS by the obvious way, and its probabilities by level.

    The likeliest child, until stopping is likelier, or another whole path: where stopping is as likely as going on.
    """
    weight = {path: np.exp(RandomEncoder.logit_scale * score) for path, score in zip(PATHS, scores, strict=True)}

    def mass(inner):
        below = [value for path, value in weight.items() if path == inner or path.startswith(inner + " > ")]
        return sum(below) / sum(weight.values())

    nodes = {" > ".join(path.split(" > ")[:depth]) for path in PATHS for depth in range(1, 4)}

    def children(outer):
        return [inner for inner in nodes if inner.rpartition(" > ")[0] == outer]

    def stopping(path):
        return weight.get(path, 0) / sum(weight.values())

    whole = [path for path in PATHS if stopping(path) >= max(map(mass, children(path)), default=0)]
    node, confidences = "", []
    while True:
        best = max(children(node), key=mass, default=None)
        rivals = [mass(path) for path in whole if path != node and not path.startswith(node + " > ")]
        if best is None or (node and mass(best) <= stopping(node)):
            return node, confidences
        if node in PATHS and mass(best) < max(rivals, default=0):
            return node, confidences
        node = best
        confidences.append(mass(best))


def vector_of(encoder, rows, kind, row):
    if kind == "zero_shot":
        return encoder.encode_texts_untrained([rows.texts[row]])[0]
    return getattr(rows.vectors, kind)[row]


def eligible(rows, kind):
    """Rows with a truth that have what the kind needs."""
    has = {"text": rows.vectors.has_text, "image": rows.vectors.has_image}
    has |= {"zero_shot": has["text"], "fused": has["text"] | has["image"]}
    return [row for row in range(len(rows.texts)) if rows.truths[row] is not None and has[kind][row]]


@pytest.fixture(scope="module")
def measured():
    encoder = RandomEncoder()
    rows = make_rows(encoder)
    table = CategoryTable.of(encoder, PATHS, rows.candidates)
    return encoder, rows, table, evaluate(encoder, rows, table, config=CONFIG, seed=1)


@pytest.mark.parametrize("group", ["", "seen", "unseen"])
@pytest.mark.parametrize("kind", ["text", "image", "fused", "zero_shot"])
def test_figures_equal_the_obvious_loop(measured, kind, group):
    encoder, rows, table, figures = measured
    seen = {path for path, is_seen in zip(PATHS, encoder.seen, strict=True) if is_seen}
    categories = dict(zip(table.paths, table.untrained if kind == "zero_shot" else table.trained, strict=True))
    ranks, chosen, opened = [], [], []
    for row in eligible(rows, kind):
        truth = rows.truths[row]
        if group and (truth in seen) != (group == "seen"):
            continue
        query = vector_of(encoder, rows, kind, row)
        scores = [query @ categories[path] for path in PATHS]
        opened.append((PATHS[int(np.argmax(scores))] if kind == "zero_shot" else decode(scores)[0], truth))
        if truth in rows.candidates[row] and len(rows.candidates[row]) > 1:
            margin = 0 if kind == "zero_shot" else MARGINS[kind]
            order = sorted(
                rows.candidates[row], key=lambda path: margin * (path in seen) - float(query @ categories[path])
            )
            ranks.append(order.index(truth) + 1)
            chosen.append((order[0], truth))
    rerank = figures["rerank"][group][kind] if group else figures["rerank"][kind]
    for k in (1, 3, 5):
        assert rerank[f"acc{k}"]["value"] == pytest.approx(np.mean([rank <= k for rank in ranks]), abs=1e-6)
    assert rerank["mrr"]["value"] == pytest.approx(np.mean([1 / rank for rank in ranks]), abs=1e-6)
    assert rerank["hf1"]["value"] == pytest.approx(hf1(chosen), abs=1e-6)
    assert rerank["top1"]["value"] == pytest.approx(np.mean([common(*pair) > 0 for pair in chosen]), abs=1e-6)
    measures = figures["open"][group] if group else figures["open"]
    measures = measures["zero_shot"]["text"] if kind == "zero_shot" else measures["default"][kind]
    assert kind == "zero_shot" or measures == (figures["open"][group] if group else figures["open"])["retrieval"][kind]
    assert measures["hf1"]["value"] == pytest.approx(hf1(opened), abs=1e-6)
    assert measures["acc1"]["value"] == pytest.approx(np.mean([one == other for one, other in opened]), abs=1e-6)
    assert measures["top1"]["value"] == pytest.approx(np.mean([common(*pair) > 0 for pair in opened]), abs=1e-6)


def test_certainty_equals_the_obvious_loop(measured):
    """Thresholds of `uncalibrated` are the precisions themselves: certain down to the last level of at least 0.9."""
    _, rows, table, figures = measured
    categories = dict(zip(table.paths, table.trained, strict=True))
    confidences, passed, right = [], [], []
    for row in eligible(rows, "text"):
        path, levels = decode([rows.vectors.text[row] @ categories[path] for path in PATHS])
        deep = common(path, rows.truths[row])
        certain = 1 if levels[0] >= 0.9 else 0  # it has a threshold at the top level alone
        confidences += levels
        passed += [1] * certain
        right += [deep > level for level in range(certain)]
    measures = figures["open"]["default"]["text"]
    assert measures["coverage"]["value"] == pytest.approx(len(passed) / len(confidences), abs=1e-6)
    if right:
        assert measures["precision"]["value"] == pytest.approx(np.mean(right), abs=1e-6)
    assert 0 <= measures["ece"]["low"] <= measures["ece"]["value"] <= measures["ece"]["high"] <= 1


def test_figures_have_the_documented_keys(measured):
    *_, figures = measured
    kinds = {"text", "image", "fused", "zero_shot"}
    assert set(figures) == {"n", "rerank", "open", "retrieval", "skipped"}
    assert set(figures["rerank"]) == kinds | {"random", "seen", "unseen"}
    predictors = {"default", "retrieval", "zero_shot", "most_frequent"}
    assert set(figures["open"]) == predictors | {"seen", "unseen"}
    for group in (figures["open"], figures["open"]["seen"], figures["open"]["unseen"]):
        for name in predictors:
            assert set(group[name]) == ({"text"} if name == "zero_shot" else kinds - {"zero_shot"})
            for figure in group[name].values():
                names = [*SINGLE, *(BY_LEVEL if name in ("default", "retrieval") else BY_LEVEL[:1])]
                assert [*figure] == [key for key in names if key != "precision" or figure["coverage"]["value"]]
                assert set(figure["level_accuracy"]["levels"]) == {"1", "2", "3"}
                assert figure["hf1_strict"] == figure["hf1"]
                assert figure["hf1_lenient"]["value"] >= figure["hf1"]["value"]
    for group in (figures["rerank"], figures["rerank"]["seen"], figures["rerank"]["unseen"]):
        for kind in (*kinds, "random"):
            assert list(group[kind]) == ["acc1", "acc3", "acc5", "mrr", "hf1", "top1"]
            for figure in group[kind].values():
                assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
            accuracies = [group[kind][name]["value"] for name in ("acc1", "acc3", "acc5")]
            assert all(one <= other for one, other in pairwise(accuracies))
    for kind in ("image", "fused", "random"):
        assert list(figures["retrieval"][kind]) == ["p1", "p3"]
    json.dumps(figures, allow_nan=False)


def test_counts(measured):
    _, rows, _, figures = measured
    n = figures["n"]
    assert n["rows"] == 80
    assert n["truth"] == sum(truth is not None for truth in rows.truths) == n["seen"] + n["unseen"]
    assert n["photo"] == rows.vectors.has_image.sum()
    assert n["text"] == sum(bool(text) for text in rows.texts)
    assert n["candidates"] == sum(t in c and len(c) > 1 for t, c in zip(rows.truths, rows.candidates, strict=True))
    assert n["truth_in_taxonomy"] == n["truth"]


def test_the_same_seed_gives_the_same_figures(measured):
    encoder, rows, table, figures = measured
    assert evaluate(encoder, rows, table, config=CONFIG, seed=1) == figures
    assert evaluate(encoder, rows, table, config=CONFIG, seed=2) != figures


def test_the_order_of_candidates_does_not_matter(measured):
    encoder, rows, table, figures = measured
    turned = EvaluationRows(rows.texts, rows.truths, [row[::-1] for row in rows.candidates], rows.vectors)
    again = evaluate(encoder, turned, table, config=CONFIG, seed=1)
    assert again["rerank"]["fused"] == figures["rerank"]["fused"]


def one_kind(texts, truths, candidates, has_image):
    encoder = RandomEncoder()
    image = encoder.encode_texts([f"photo {number}" for number in range(len(texts))]) * np.array(has_image)[:, None]
    rows = EvaluationRows(texts, truths, candidates, with_photo_vectors(encoder, texts, image, np.array(has_image)))
    table = CategoryTable.of(encoder, PATHS, candidates)
    return evaluate(encoder, rows, table, config=CONFIG, seed=0)


def test_rows_without_photos_have_no_image_figures():
    figures = one_kind(["a", "b"], [PATHS[0], PATHS[1]], [PATHS[:2]] * 2, [False, False])
    assert "image" not in figures["rerank"]
    assert "image" not in figures["retrieval"]
    assert any(sentence.startswith("image:") for sentence in figures["skipped"])


def test_photos_alone_have_no_text_figures():
    figures = one_kind(["", ""], [PATHS[0], PATHS[1]], [PATHS[:2]] * 2, [True, True])
    assert set(figures["rerank"]) == {"image", "fused", "random", "seen", "unseen"}
    assert figures["rerank"]["image"] == figures["rerank"]["fused"]
    assert any("zero_shot" in sentence for sentence in figures["skipped"])


def test_rows_without_candidates_still_have_open_figures():
    figures = one_kind(["a", "b"], [PATHS[0], PATHS[0]], [(), ()], [True, True])
    assert "rerank" not in figures
    assert set(figures["open"]) == {"default", "retrieval", "most_frequent", "zero_shot", "seen"}
    assert any("candidates" in sentence for sentence in figures["skipped"])
    assert any(sentence.startswith("unseen:") for sentence in figures["skipped"])


def test_rows_without_truth_or_no_rows_at_all():
    figures = one_kind(["a"], [None], [PATHS[:2]], [True])
    assert set(figures) == {"n", "skipped"}
    assert "No row has a true category" in render(figures)
    assert one_kind([], [], [], np.zeros(0, dtype=bool))["n"] == {"rows": 0}


def test_one_row_gives_the_figures_that_it_allows():
    figures = one_kind(["a"], [PATHS[2]], [PATHS[:3]], [True])
    assert figures["rerank"]["random"]["acc1"]["value"] == pytest.approx(1 / 3, abs=1e-6)
    assert "retrieval" not in figures


def test_a_truth_outside_the_taxonomy_is_never_right_but_shares_levels():
    encoder = RandomEncoder()
    rows = EvaluationRows(
        ["a"] * 3, ["Home > Decor > Lamps"] * 3, [("Home > Decor > Lamps", "Toys")] * 3, make_rows(encoder, 3).vectors
    )
    figures = evaluate(
        encoder, rows, CategoryTable.of(encoder, ["Home > Decor"], rows.candidates), config=CONFIG, seed=0
    )
    assert figures["open"]["default"]["fused"]["acc1"]["value"] == 0
    assert figures["open"]["default"]["fused"]["hf1"]["value"] == pytest.approx(2 * 2 / (2 + 3), abs=1e-6)
    assert figures["n"]["truth_in_taxonomy"] == 0


def test_texts_are_encoded_by_the_untrained_tower_once():
    encoder, asked = RandomEncoder(), []
    rows = make_rows(encoder)
    table = CategoryTable.of(encoder, PATHS, rows.candidates)
    untrained = encoder.encode_texts_untrained
    encoder.encode_texts_untrained = lambda texts: asked.append(texts) or untrained(texts)
    evaluate(encoder, rows, table, config=CONFIG, seed=1)
    assert asked == [[rows.texts[row] for row in eligible(rows, "text")]]


def test_the_command_prints_a_table_and_writes_the_json(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pipeline.cli.evaluate.load_bundle", lambda folder: RandomEncoder())
    folder, out = write_dataset(tmp_path / "data", 60), tmp_path / "figures.json"
    taxonomy = tmp_path / "taxonomy.txt"
    taxonomy.write_text("\n".join(PATHS))
    figures = evaluate_command(tmp_path, str(folder), taxonomy, out, None)
    assert json.loads(out.read_text()) == figures
    printed = capsys.readouterr().out
    for words in (
        "Rerank the candidates: all rows",
        "Choose from the whole taxonomy",
        "zero_shot",
        "level by level",
        "random",
        "left out",
    ):
        assert words in printed
    assert figures["n"]["rows"] == 12
