"""The answer of tab "Classify" as HTML."""

from dataclasses import replace

from pipeline.artifacts import ArtifactError
from pipeline.bundle.calibration import PRECISIONS, Calibration
from pipeline.types import MODALITIES
from tests.helpers.fakes import FakeBundle
from tests.helpers.space.calibrated import calibrated
from tests.helpers.space.hostile_text import HOSTILE
from ui.answer import drawing
from ui.components import examples
from ui.tabs import classify
from ui.workspace import Tools, Workspace


def test_whole_paths_are_ranked_by_one_probability_with_the_prediction_on_top(workspace: Workspace) -> None:
    answer = classify.classify(calibrated(workspace.catalog), None, "polo shirts home clock")
    first, *others = answer["categories"]
    assert first["category_path"] == answer["category_path"]
    assert first["score"] == answer["predicted"][-1]["probability"]
    assert all(first["score"] >= other["score"] for other in others)
    html = drawing.prediction(answer)
    runners = html[html.index("It could also be") :]
    assert f"<b>{drawing.percent(others[0]['score'])}</b>" in runners
    assert 'data-copy="' in runners


def test_what_is_unlike_anything_measured_shows_no_number(workspace: Workspace) -> None:
    strict = calibrated(workspace.catalog, in_distribution_cosine=0.99)
    answer = classify.classify(strict, None, "xq zzv wwk")
    assert {step["probability"] for step in answer["predicted"]} == {None}
    assert {step["verdict"] for step in answer["predicted"]} == {"check"}
    assert {category["score"] for category in answer["categories"]} == {None}
    html = drawing.prediction(answer)
    assert "%" not in html
    assert "bar-track" not in html
    assert "Other guesses" in html


def test_an_example_is_answered_when_the_page_opens(workspace: Workspace) -> None:
    opened = classify.first_answer(workspace)
    assert "Example" in opened
    assert examples.load_examples()[classify.FIRST].title in opened
    assert f'data-event="galaxy" data-example="{classify.FIRST}"' in opened
    assert classify.first_answer(workspace) is opened, "one answer for all visitors"

    def fail() -> Tools:
        raise ArtifactError("The bundle is <damaged>.")

    assert (
        classify.first_answer(Workspace(workspace.catalog, fail))
        == '<p class="hint">The bundle is &lt;damaged&gt;.</p>'
    )


def test_ids_are_shown_where_the_taxonomy_has_ids_and_nothing_where_it_has_none(workspace: Workspace) -> None:
    bare = classify.classify(workspace, None, "shirts clothing")
    assert (bare["category_id"], bare["accepted_id"]) == (None, None)
    assert 'class="ids"' not in drawing.details(bare, workspace.catalog)
    ids = {"Clothing": "gid://shopify/TaxonomyCategory/aa", "Clothing > Shirts": "gid://shopify/TaxonomyCategory/aa-1"}
    measured = calibrated(workspace.catalog, ids=ids)
    sure = classify.classify(measured, None, "shirts clothing")
    assert (
        sure["category_id"] == sure["accepted_id"] == sure["categories"][0]["category_id"] == ids["Clothing > Shirts"]
    )
    assert drawing.details(sure, workspace.catalog).count("<dt>") == 1
    assert f'data-copy="{ids["Clothing > Shirts"]}"' in drawing.prediction(sure)
    half = classify.classify(measured, None, "shirts clothing", precision=0.97)
    assert (half["category_id"], half["accepted_id"]) == (ids["Clothing > Shirts"], ids["Clothing"])
    html = drawing.details(half, workspace.catalog)
    assert f"<code>{ids['Clothing > Shirts']}</code>" in html
    assert f"<dt>Id of the certain part</dt><dd><code>{ids['Clothing']}</code>" in html


def test_the_rendered_answer_escapes_foreign_texts(workspace: Workspace) -> None:
    shown = classify.show(workspace, None, HOSTILE, "")
    assert "Predicted category" in shown
    assert "data:image/webp;base64," in shown
    assert "<script>" not in shown
    answer = classify.classify(workspace, None, "shirts")
    hostile = [{**step, "level": HOSTILE} for step in answer["predicted"]]
    paths = [{"category_path": f"{HOSTILE} > x", "category_id": HOSTILE, "score": 0.5}] * 3
    forged = {**answer, "predicted": hostile, "summary": HOSTILE, "categories": paths, "measured_on": HOSTILE}
    for html in (drawing.prediction(forged), drawing.details(forged, workspace.catalog)):
        assert "<script>" not in html
        assert "<img src=x" not in html


def test_what_the_confidences_were_measured_on_can_be_read(workspace: Workspace) -> None:
    bundle = FakeBundle()
    measured = Calibration(coverage=((0.5,),) * len(PRECISIONS), rows=500, sources=2)
    bundle.predictor = replace(bundle.predictor, calibrations={"default": dict.fromkeys(MODALITIES, measured)})
    told = Workspace(workspace.catalog, lambda: Tools.of(workspace.catalog, bundle))
    answer = classify.classify(told, None, "shirts clothing")
    assert "500 products of 2 sources" in answer["measured_on"]
    assert "500 products of 2 sources" in drawing.details(answer, workspace.catalog)
    unknown = classify.classify(workspace, None, "shirts clothing")
    assert "measured on" not in drawing.details({**unknown, "similar": []}, workspace.catalog).replace(
        drawing.VERDICTS, ""
    )
