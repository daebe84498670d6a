"""A review comes out as its file came in, with who decided what, and what a second look says of the rest."""

import csv
import json
from functools import partial

import pyarrow.parquet as pq
import pytest

from pipeline.catalog.catalog import Catalog
from pipeline.errors import InputError
from pipeline.prediction.batch import classify_catalog
from pipeline.prediction.predictor import CategoryPredictor, PredictionRequest
from pipeline.review.export import check_same, decided_predictions, export, layout_of_review
from pipeline.review.filling import new_review, review_of_catalog, review_of_file
from pipeline.review.gaps import find_gaps
from pipeline.review.records import Decider, ReviewError
from pipeline.review.review import Review
from pipeline.review.second_look import begin, most_wrong, sample_of, sample_size, second_look
from pipeline.review.store import Store
from tests.helpers.fakes import FakeBundle
from tests.helpers.space.reviews import small_review, truth

ME, ROBOT = Decider("me"), Decider("=robot", "assistant")
WORDS = ("red shirt", "blue vase", "tall vase", "wool coat", "garden clock")


@pytest.fixture(scope="module")
def classified(small_model, tmp_path_factory):
    """A classified file with its review: folder, and the paths of the file and of the review."""
    folder = tmp_path_factory.mktemp("classified")
    table, path = folder / "products.csv", folder / "reviews.sqlite"
    lines = [f"{number},{WORDS[number % 5]} {number}" for number in range(20)]
    table.write_bytes("\r\n".join(["sku,product_title", *lines, ""]).encode())
    classify_catalog(
        small_model,
        str(table),
        folder / "out.csv",
        request=PredictionRequest(batch=8),
        write_review=lambda file: review_of_file(path, file).close(),
    )
    return table, path, folder / "out.csv"


@pytest.fixture
def review(classified, tmp_path):
    copy = tmp_path / "reviews.sqlite"
    copy.write_bytes(classified[1].read_bytes())
    opened = Review(Store.open(copy))
    yield opened
    opened.close()


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _other(review, product):
    return next(path for path in review.taxonomy.paths if path in review.taxonomy and path != review.path(product))


def test_a_review_has_what_was_classified(review, classified):
    assert list(review.products.titles) == [f"{WORDS[number % 5]} {number}" for number in range(20)]
    rows = _rows(classified[2])
    assert list(review.products.paths) == [row["predicted_category"] for row in rows]
    assert list(review.products.is_accepted) == [row["accepted"] == "true" for row in rows]
    assert review.store.details(0).text.startswith("red shirt 0")


def test_the_file_comes_back_with_the_decisions_and_who_made_them(review, classified, tmp_path):
    chosen = _other(review, 3)
    review.decide(3, chosen, ME, version=0, why="I know it")
    other = _other(review, 5)
    review.decide(5, other, ROBOT, version=0)
    review.decide(6, _other(review, 6), ME, version=0)
    review.undo(ME)
    written = export(review, tmp_path / "out.csv", "same")
    before, after = _rows(classified[2]), _rows(written.out)
    assert [row["decided_by"] for row in after] == [
        {3: "person", 5: "assistant"}.get(number, "model") for number in range(20)
    ]
    assert (after[3]["predicted_category"], after[3]["accepted"]) == (chosen, "true")
    assert after[5]["predicted_category"] == other
    same = [name for name in before[0] if name in ("sku", "product_title")]
    assert [[row[name] for name in same] for row in after] == [[row[name] for name in same] for row in before]
    decisions = _rows(written.decisions)
    assert [(row["product_id"], row["action"], row["name"]) for row in decisions] == [
        (review.products.ids[3], "choose", "me"),
        (review.products.ids[5], "choose", "'=robot"),
        (review.products.ids[6], "choose", "me"),
        (review.products.ids[6], "undo", "me"),
    ]
    assert decisions[0]["why"] == "I know it"
    assert "1 were decided by people, 1 by assistants" in written.summary.read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_every_plain_format_says_who_decided(review, tmp_path, ending):
    review.decide(0, _other(review, 0), ME, version=0)
    written = export(review, tmp_path / f"out{ending}", {".csv": "csv"}.get(ending))
    if ending == ".parquet":
        assert pq.read_table(written.out)["decided_by"].to_pylist()[:2] == ["person", "model"]
    if ending == ".jsonl":
        assert json.loads(written.out.read_text(encoding="utf-8").splitlines()[0])["decided_by"] == "person"
    assert written.out.stat().st_size


def test_a_file_that_changed_is_not_written_into(review, classified):
    layout = layout_of_review(review)
    assert layout.file.path == classified[0]
    source = dict(review.about["source"], content="another")
    review.about["source"] = source
    assert layout_of_review(review) is None
    with pytest.raises(InputError, match="is not there any more, or has changed"):
        check_same(review, "same")


def test_open_products_are_written_as_they_were_learned(tmp_path):
    review = Review(small_review(tmp_path / "reviews.sqlite", 40))
    record = {"path": "Clothing > Shirts", "needs_review": True, "google_id": None, "google_path": None}
    review.store.records = partial(list, [json.dumps(record)] * 40)
    for product in range(8):
        review.decide(product, truth(product), ME, version=0)
    rows = decided_predictions(review).to_pylist()
    assert [row["path"] for row in rows] == [truth(product) for product in range(40)]
    assert [row["needs_review"] for row in rows] == [product >= 8 for product in range(40)]
    assert {row["decided_by"] for row in rows[8:]} == {"model"}
    assert "8 decisions about other products" in rows[9]["reason"]
    review.close()


def test_a_review_is_not_written_over_another(classified):
    with pytest.raises(ReviewError, match="is there already; name a new file"):
        new_review(classified[1])


def test_the_wrong_and_unsure_products_of_a_catalogue_are_reviewed(catalog: Catalog, tmp_path):
    bundle = FakeBundle()
    review = Review(review_of_catalog(tmp_path / "reviews.sqlite", catalog, CategoryPredictor(bundle)))
    assert set(review.products.ids) <= set(catalog.products["product_id"])
    assert not review.products.is_accepted.any()
    assert review.store.details(0).record["given_category"] is not None
    review.close()


def test_the_bound_is_that_of_clopper_and_pearson():
    assert most_wrong(0, 59) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert most_wrong(3, 3) == 1
    # R: binom.test(2, 100, alternative = "less")$conf.int[2]
    assert most_wrong(2, 100) == pytest.approx(0.0616, abs=1e-4)
    assert sample_size(0.04) == 74, "0.96 ** 73 > 0.05 >= 0.96 ** 74"
    assert most_wrong(int(0.01 * sample_size(0.04, 0.01)), sample_size(0.04, 0.01)) <= 0.04
    with pytest.raises(InputError, match="must lie above"):
        sample_size(0.01, 0.02)


def test_a_second_look_is_asked_and_printed(tmp_path):
    review = Review(small_review(tmp_path / "reviews.sqlite", 4, accepted=200))
    assert second_look(review).bound.said.startswith("None of the 200")
    look = begin(review, 0.04)
    assert len(look.left) == 74
    assert set(look.left) <= set(range(4, 204))
    for product in look.left:
        review.decide(product, review.products.paths[product], ME, version=0)
    assert "74 drawn at random were looked at a second time and 0 were wrong: with 95% confidence at most 4.0 %" in (
        second_look(review).bound.said
    )
    wrong = look.left[0]
    review.decide(wrong, "Home", ME, version=1)
    assert second_look(review).bound.wrong == 1
    assert second_look(Review(Store.open(review.store.path))).bound == second_look(review).bound
    review.close()


def test_an_assistants_decisions_are_sampled(tmp_path):
    review = Review(small_review(tmp_path / "reviews.sqlite"))
    for product in range(10):
        review.decide(product, truth(product), ROBOT if product % 2 else ME, version=0)
    sample = sample_of(review, "assistant", 3, seed=1)
    assert len(set(sample)) == 3
    assert all(product % 2 for product in sample)
    review.close()


def test_gaps_are_named_by_their_words_and_their_parent(tmp_path):
    review = Review(small_review(tmp_path / "reviews.sqlite", 16))
    review.products.is_strange[[3, 7, 11, 15]] = True
    review.products.confidences[:] = 0.9
    gaps = find_gaps(review)
    assert [(gap.words, gap.parent) for gap in gaps] == [(("clock",), "Clothing > Shirts")]
    assert sorted(gaps[0].products) == [3, 7, 11, 15]
    review.close()
