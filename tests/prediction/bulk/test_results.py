"""Results judged anew at any target precision, counted, sorted and filtered."""

import itertools

import pyarrow as pa
import pytest

from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.data.schema import REJECTS
from pipeline.prediction.batch_classifier import PREDICTIONS
from pipeline.prediction.bulk.judge import Judge
from pipeline.prediction.bulk.results import Results
from pipeline.prediction.bulk.table import Choice, relation_of
from pipeline.types import MODALITIES

CALIBRATION = Calibration(thresholds=tuple((precision, precision) for precision in PRECISIONS), coverage=((1.0,),))
JUDGE = Judge(dict.fromkeys(MODALITIES, CALIBRATION), "this", {"A > B": "id-ab", "A": "id-a"}, 0.9)


def _record(row, path, confidences, given=None, title="", known=True, flaw="", language="", contradiction=None):
    return {
        **{
            "product_id": str(row),
            "split": "train",
            "source_row": row,
            "line": row + 2,
            "title": title or f"title {row}",
        },
        **{"given_category": given, "path": path, "confidences": confidences, "in_distribution": known},
        **{"modality": "text", "photo_flaw": flaw, "probabilities": confidences if known and not contradiction else []},
        **{"language": language, "contradiction": contradiction},
    }


RECORDS = [
    _record(0, "A > B", [0.95, 0.92], given="A > B", title="Zebra"),
    _record(1, "A > B", [0.95, 0.6], given="A"),
    _record(2, "C > D", [0.6, 0.3], given="A > B", title="apple"),
    _record(4, "A", [0.99], known=False, title="<b>bold</b>"),
]


@pytest.fixture
def results():
    found = Results(JUDGE)
    reject = {"source_row": 3, "split": "train", "reason": "no title", "raw": '{"product_title": "half", "line": 5}'}
    found.add(pa.Table.from_pylist(RECORDS[:2], schema=PREDICTIONS), pa.Table.from_pylist([], schema=REJECTS))
    found.add(pa.Table.from_pylist(RECORDS[2:], schema=PREDICTIONS), pa.Table.from_pylist([reject], schema=REJECTS))
    return found


def _numbers(page):
    return [row.number for row in page.rows]


def test_counts_follow_the_precision(results):
    counts = results.counts(0.9)
    assert (counts.accepted, counts.part, counts.review, counts.rejected, counts.changed) == (1, 1, 2, 1, 1)
    assert counts.rows == len(results) == 5
    low = results.counts(0.5)
    assert (low.accepted, low.part, low.review) == (2, 1, 1), "one out of distribution is never accepted"
    assert results.counts(0.99).accepted == 0


def test_a_row_says_why(results):
    rows = {row.number: row for row in results.page(Choice(), 0.9).rows}
    assert (rows[2].status, rows[2].relation, rows[2].reason) == ("accepted", "same", "Certain down to B.")
    assert (rows[3].status, rows[3].accepted_depth, rows[3].relation) == ("part", 1, "finer")
    assert "90%" in rows[3].reason
    assert (rows[4].status, rows[4].title, rows[4].reason) == ("review", "apple", rows[4].reason)
    assert "unlike the products" in rows[6].reason
    assert [rows[number].confidence for number in (2, 3, 4, 6)] == [0.92, 0.6, 0.3, None], "a guess has no number"
    reject = next(row for row in rows.values() if row.status == "rejected")
    assert (reject.title, reject.reason, reject.confidence, reject.path) == ("half", "no title", None, "")


def test_rows_are_sorted_and_filtered(results):
    def page(**choice):
        return _numbers(results.page(Choice(**choice), 0.9))

    assert [row.title for row in results.page(Choice(), 0.9).rows] == [
        "Zebra",
        "title 1",
        "apple",
        "half",
        "<b>bold</b>",
    ]
    titles = [row.title for row in results.page(Choice(order="title"), 0.9).rows]
    assert titles == ["<b>bold</b>", "apple", "half", "title 1", "Zebra"]
    assert page(order="confidence", descending=True) == [2, 3, 4, 6, 5]
    assert page(status="accepted") == [2]
    assert page(status="rejected") == [5]
    assert page(top="C") == [4]
    assert page(top="no such") == []
    assert page(relation="other") == [4]
    assert page(relation="none") == [6]
    assert (page(band=0), page(band=4)) == ([2], [6])
    assert page(words="ZEB") == [2]
    assert page(words=".*") == []
    assert results.tops() == [("A", 3), ("C", 1)]


def test_pages_end_where_the_rows_do():
    many = Results(JUDGE)
    records = [_record(row, "A > B", [0.9, 0.9]) for row in range(60)]
    many.add(pa.Table.from_pylist(records, schema=PREDICTIONS), pa.Table.from_pylist([], schema=REJECTS))
    pages = [many.page(Choice(page=number), 0.9) for number in (1, 2, 3, 99, 0)]
    assert [len(page.rows) for page in pages] == [25, 25, 10, 10, 25]
    assert [page.number for page in pages] == [1, 2, 3, 3, 1]
    assert pages[0].pages == 3


def test_nothing_yet_is_an_empty_page():
    page = Results(JUDGE).page(Choice(), 0.9)
    assert (list(page.rows), page.total, page.pages) == ([], 0, 1)
    assert Results(JUDGE).counts(0.9).rows == 0


@pytest.mark.parametrize(("path", "given"), itertools.product(("A", "A > B", "A > B > C", "AB"), repeat=2))
def test_the_relation_of_two_paths(path, given):
    up, down = path.split(" > "), given.split(" > ")
    expected = (
        "same"
        if up == down
        else "finer"
        if up[: len(down)] == down
        else "broader"
        if down[: len(up)] == up
        else "other"
    )
    assert relation_of(path, given) == expected
    assert relation_of(path, None) == "none"


def test_another_language_and_a_contradiction_count_as_in_a_single_answer():
    found = Results(JUDGE)
    records = [
        _record(0, "A", [0.92]),
        _record(1, "A", [0.92], language="de"),
        _record(2, "A", [0.96], language="de"),
        _record(3, "A", [0.99], contradiction=["A", "C"]),
    ]
    table = pa.Table.from_pylist(records, schema=PREDICTIONS)
    found.add(table, pa.Table.from_pylist([], schema=REJECTS))
    counts = found.counts(0.9)
    assert (counts.accepted, counts.review) == (2, 2)
    judged = JUDGE.judged(table, 0.9).to_pylist()
    assert [row["accepted_path"] for row in judged] == ["A", "", "A", ""]
    assert "looks German" in judged[1]["reason"]
    assert "the text says A, the photo C" in judged[3]["reason"]
