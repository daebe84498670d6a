"""Texts of categories: read from files, and as training rows behind the products."""

import logging
import lzma

import numpy as np
import pandas as pd
import pytest

from pipeline.artifacts import ArtifactError
from pipeline.data.vectors import unit
from pipeline.taxonomy.category_texts import CategoryText, read_category_texts
from pipeline.taxonomy.paths import Taxonomy
from pipeline.training.category_texts import (
    LEAST_OF_A_LANGUAGE,
    language_directions,
    title_features,
    with_category_texts,
)
from pipeline.training.dataset import make_examples

PREFIX = "gid://shopify/TaxonomyCategory/"
TAXONOMY = Taxonomy.of(
    ["Toys"], by_id={f"{PREFIX}hg": "Home", f"{PREFIX}hg-1": "Home > Mugs", f"{PREFIX}hg-2": "Home > Vases"}
)
MUG = CategoryText("Home > Mugs", "en", "Stoneware mug, 350 ml")
LINES = [
    "# id, language, text",
    "hg-1\ten\tStoneware mug, 350 ml",
    "",
    f"{PREFIX}hg-2\tde\t Vase aus Glas ",
    "hg-1\ten\tStoneware mug, 350 ml",
]


def _write(path, lines, encode=lambda content: content):
    path.write_bytes(encode("\n".join(lines).encode()))
    return str(path)


def test_ids_are_whole_or_their_last_part_and_repeats_count_once(tmp_path):
    file = _write(tmp_path / "examples.tsv", LINES)
    expected = [MUG, CategoryText("Home > Vases", "de", "Vase aus Glas")]
    assert read_category_texts([file], TAXONOMY) == expected
    assert read_category_texts([file, file], TAXONOMY) == expected
    assert read_category_texts([], TAXONOMY) == []


def test_a_compressed_file_reads_as_the_plain_one_and_files_keep_their_order(tmp_path):
    packed = _write(tmp_path / "names.tsv.xz", LINES, lzma.compress)
    plain = _write(tmp_path / "titles.tsv", ["\ufeffhg\ten\tthings for the home", LINES[1]])
    texts = read_category_texts([packed, plain], TAXONOMY)
    assert [text.path for text in texts] == ["Home > Mugs", "Home > Vases", "Home"]


@pytest.mark.parametrize(
    "line", ["hg-1\ten", "hg-1\ten\ta\tb", "hg-1 en a mug", "\ten\ta mug", "hg-1\t \ta mug", "hg-1\ten\t  "]
)
def test_a_line_without_its_three_fields_is_named_by_file_and_number(tmp_path, line):
    file = _write(tmp_path / "examples.tsv", [*LINES, line])
    with pytest.raises(ArtifactError) as refused:
        read_category_texts([file], TAXONOMY)
    assert str(refused.value) == f"{file}, line 6: write id, language and text with tabs between them."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin.tsv", "hg-1\tfr\ttasse émaillée".encode("latin-1")),
        ("plain.tsv.xz", b"hg-1\ten\ta mug"),
        ("cut.tsv.xz", lzma.compress(b"hg-1\ten\ta mug" * 100)[:-20]),
        ("broken.tsv.xz", lzma.compress(b"hg-1\ten\ta mug")[:10] + b"\xff" * 30),
        ("missing.tsv", None),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtifactError) as refused:
        read_category_texts([str(path)], TAXONOMY)
    assert str(refused.value).startswith(f"{path} cannot be read (")
    assert "\n" not in str(refused.value)


def test_texts_of_categories_that_the_taxonomy_lacks_are_counted(tmp_path, caplog):
    file = _write(tmp_path / "examples.tsv", [*LINES, "zz-1\ten\ta yacht", "zz-2\ten\ta plane"])
    with caplog.at_level(logging.INFO):
        assert len(read_category_texts([file], TAXONOMY)) == 2
    assert f"2 of 5 texts in {file} are of categories that the taxonomy lacks" in caplog.text


def test_texts_stand_behind_the_products_without_photo_and_candidates():
    products = pd.DataFrame(
        {
            "text": ["red mug", ""],
            "image_row": [4, 5],
            "category_path": ["Home > Mugs", "Toys"],
            "candidates": [["Toys", "Home > Mugs", "Home"], None],
        }
    )
    paths = TAXONOMY.paths
    examples = make_examples(products, paths)
    assert examples.product_count == len(examples) == 2
    together = with_category_texts(examples, [MUG, CategoryText("Home > Vases", "de", "Vase aus Glas")])
    assert (len(together), together.product_count) == (4, 2)
    assert together.texts == ["red mug", "", "Stoneware mug, 350 ml", "Vase aus Glas"]
    assert [paths[row] for row in together.truth] == ["Home > Mugs", "Toys", "Home > Mugs", "Home > Vases"]
    assert together.image_rows.tolist() == [4, 5, -1, -1]
    assert together.has_image.tolist() == [True, True, False, False]
    assert together.listed.tolist() == [True, False, False, False]
    assert (together.candidates[np.arange(4), together.target] == together.truth).all()
    assert np.array_equal(together.candidates[:2], examples.candidates)
    assert (together.candidates[2:, 1:] == -1).all()
    assert together.paths == examples.paths


def test_no_texts_change_nothing_but_the_count():
    products = pd.DataFrame({"text": ["mug"], "image_row": [0], "category_path": ["Home > Mugs"], "candidates": [None]})
    together = with_category_texts(make_examples(products, TAXONOMY.paths), [])
    assert together.texts == ["mug"]
    assert together.product_count == 1


def test_titles_in_the_taxonomys_language_are_averaged_by_category_as_unit_vectors():
    features = {"a mug": [2.0, 0.0], "a cup": [0.0, 5.0], "a vase": [0.0, 3.0]}
    texts = [
        CategoryText("Home > Mugs", "en", "a mug"),
        CategoryText("Home > Mugs", "en", "a cup"),
        CategoryText("Home > Vases", "en", "a vase"),
        CategoryText("Home > Vases", "de", "eine Vase"),
    ]
    means = title_features(
        texts, ["Home", "Home > Mugs", "Home > Vases"], lambda each: np.array([features[t] for t in each])
    )
    assert means == pytest.approx(np.array([[0, 0], [0.5**0.5, 0.5**0.5], [0, 1]]))
    assert means.dtype == np.float32


def test_directions_of_languages_are_those_in_which_their_means_differ():
    rng = np.random.default_rng(0)
    shift = {"de": 1, "ja": 2, "pl": 0}  # of the axis that a language is moved along
    texts, rows = [], []
    for language, axis in shift.items():
        for _ in range(LEAST_OF_A_LANGUAGE):
            texts.append(CategoryText("Home", language, "x"))
            rows.append(rng.normal(scale=0.01, size=6) + 5 * np.eye(6)[axis])
    texts += [CategoryText("Home", "he", "x")] * 3  # too few to say anything
    rows += [5 * np.eye(6)[5]] * 3
    directions = language_directions(texts, unit(np.array(rows, dtype=np.float32)), 4)
    assert directions[:2] @ directions[:2].T == pytest.approx(np.eye(2), abs=1e-5)
    assert not directions[2:].any(), "three languages differ in two directions"
    assert np.abs(directions[:, 3:]).max() < 0.01
    assert not language_directions(texts[:5], np.ones((5, 6), dtype=np.float32), 4).any()
