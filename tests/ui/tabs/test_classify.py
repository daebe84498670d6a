from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio_client.utils import is_file_obj, traverse
from PIL import Image, ImageFilter

from pipeline.bundle.calibration import Calibration, Familiarity
from pipeline.config.stages import IngestConfig
from pipeline.data.images import photo_flaw
from pipeline.data.rows import clean_row
from pipeline.data.sources import RawRow
from pipeline.data.text import MAX_TITLE_CHARACTERS
from pipeline.errors import InputError
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.types import MODALITIES
from tests.helpers.factories import draw
from tests.helpers.fakes import DIMENSION, FakeBundle, word_vector
from tests.helpers.space.calibrated import calibrated
from tests.helpers.space.hostile_text import HOSTILE
from ui.answer import drawing
from ui.tabs import classify
from ui.workspace import MAX_DESCRIPTION, MAX_TEXT, Tools, Workspace, read_listing


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "picture.png"
    draw("clock", (20, 80, 160), np.random.default_rng(0)).save(path)
    return str(path)


@pytest.fixture
def noise(tmp_path: Path) -> str:
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)).save(path)
    return str(path)


def test_a_title_is_classified_over_the_whole_table(workspace: Workspace) -> None:
    answer = classify.classify(workspace, None, "shirts", "<p>clothing</p><script>x</script>")
    assert [step["level"] for step in answer["predicted"]] == ["Clothing", "Shirts"]
    assert answer["predicted"][0]["confidence"] >= answer["predicted"][1]["confidence"]
    assert answer["category_path"] == answer["categories"][0]["category_path"] == "Clothing > Shirts"
    assert "shirt" in answer["similar"][0]["title"]
    assert answer["similar"][0]["image_similarity"] is None


def test_programs_and_visitors_get_the_same_summary_of_accepted_levels(workspace: Workspace) -> None:
    measured = calibrated(workspace.catalog)
    sure = classify.classify(measured, None, "shirts clothing")
    assert (sure["accepted_path"], sure["needs_review"], sure["low_confidence"]) == ("Clothing > Shirts", False, False)
    assert sure["summary"] == "Certain down to Shirts."
    moved = classify.classify(measured, None, "shirts clothing", precision=0.97)
    assert moved["predicted"][0]["confidence"] == sure["predicted"][0]["confidence"]
    assert (moved["accepted_path"], moved["needs_review"]) == ("Clothing", True)
    assert moved["summary"].startswith("Certain down to Clothing. Shirts is likely: answers like it are right 9")
    assert moved["summary"].endswith("of the time, 97% is asked for.")
    assert [step["verdict"] for step in moved["predicted"]] == ["certain", "likely"]
    for answer in (sure, moved):
        for step in answer["predicted"]:
            assert (step["probability"] >= step["target_precision"]) == step["accepted"]
    assert [(step["accepted"], step["threshold"], step["target_precision"]) for step in moved["predicted"]] == [
        (True, 0.99, 0.97),
        (False, 0.99, 0.97),
    ]
    html = drawing.prediction(moved)
    assert moved["summary"] in html
    assert html.index('<li class="certain">') < html.index('<li class="likely">')


def test_a_contradiction_of_text_and_photo_is_said_and_nothing_is_accepted(
    workspace: Workspace, picture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = calibrated(workspace.catalog)
    monkeypatch.setattr(CategoryPredictor, "contradictions", lambda *_, **__: [("Clothing", "Home")])
    answer = classify.classify(measured, picture, "shirts clothing")
    assert (answer["contradiction"], answer["accepted_depth"]) == (["Clothing", "Home"], 0)
    assert "the text says Clothing, the photo Home" in answer["summary"]


def test_a_text_in_another_language_is_named(workspace: Workspace) -> None:
    answer = classify.classify(workspace, None, "Der Becher mit dem Henkel und das Hemd")
    assert answer["language_note"].startswith("This text looks German; ")
    assert answer["summary"].endswith(answer["language_note"])
    assert classify.classify(workspace, None, "The shirt with a collar and the vase")["language_note"] == ""


def test_the_evidence_shows_the_levels_on_which_it_agrees(workspace: Workspace) -> None:
    answer = classify.classify(workspace, None, "red shirt clothing")
    shares = [step["agreement"] for step in answer["predicted"]]
    assert 1 >= shares[0] >= shares[1] > 0
    assert answer["similar"][0]["agreeing_levels"] == 2
    similar = classify.show(workspace, None, "red shirt clothing", "")
    assert "agrees with the whole path" in similar
    assert "elsewhere in the taxonomy" in similar


def test_a_product_of_the_catalogue_is_left_out_of_its_own_evidence(workspace: Workspace) -> None:
    answer = classify.classify(workspace, None, "tall vase")
    assert [product["product_id"] for product in answer["same_product"]] == ["p4"]
    assert "p4" not in {product["product_id"] for product in answer["similar"]}
    assert answer["predicted"][-1]["agreement"] == 0  # the only vase of the catalogue
    assert "this very product: &quot;tall vase&quot;" in classify.show(workspace, None, "tall vase", "")
    twice = classify.classify(workspace, None, "red shirt")
    assert "red shirt" not in {product["title"] for product in twice["similar"]}
    assert "<script" not in classify.show(workspace, None, HOSTILE, "")
    assert "this very product" not in classify.show(workspace, None, "tall vase for flowers", "")


def test_branches_and_candidates_restrict_the_prediction(workspace: Workspace) -> None:
    assert classify.classify(workspace, None, "shirts", branches="Home\n\n")["category_path"].startswith("Home")
    answer = classify.classify(workspace, None, "shirts", candidates="Home>Vases\nHome > Clocks")
    assert {category["category_path"] for category in answer["categories"]} == {"Home > Vases", "Home > Clocks"}
    with pytest.raises(gr.Error, match="'Nowhere' is not a category"):
        classify.classify(workspace, None, "shirts", branches="Nowhere")
    with pytest.raises(gr.Error, match="has no level"):
        classify.classify(workspace, None, "shirts", candidates=" > ")
    with pytest.raises(gr.Error, match="precision"):
        classify.classify(workspace, None, "shirts", precision=0)


@pytest.mark.parametrize(
    ("raised", "expected"), [(InputError("Give a path."), gr.Error), (ValueError("shapes"), ValueError)]
)
def test_an_internal_error_is_not_shown_to_visitors(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type[Exception]
) -> None:
    """Other errors go on to `guard.inputs`, which logs them and shows the id of the log."""

    def ask(*arguments: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr(classify, "ask", ask)
    with pytest.raises(expected) as stopped:
        classify.classify(workspace, None, "shirts")
    assert type(stopped.value) is expected


def test_an_unknown_kind_of_product_gets_low_confidence(workspace: Workspace) -> None:
    strict = calibrated(workspace.catalog, in_distribution_cosine=0.6)
    assert classify.classify(strict, None, "shirts clothing")["in_distribution"] is True
    answer = classify.classify(strict, None, "xq zzv wwk")
    assert (answer["in_distribution"], answer["low_confidence"], answer["accepted_depth"]) == (False, True, 0)
    assert answer["summary"].startswith("A guess: this is unlike")
    assert '<p class="verdict low" role="status">A guess' in drawing.prediction(answer)


def test_evidence_unlike_the_product_moves_no_confidence_and_says_so(workspace: Workspace) -> None:
    bundle = FakeBundle()
    telling = dict.fromkeys(MODALITIES, Calibration(agreement_coefficients=(9.0,)))
    direction = (0.0,) * DIMENSION
    answers = {}
    for least in (-1.0, 0.99):
        familiarity = dict.fromkeys(MODALITIES, Familiarity(direction, -1.0, least))
        bundle.predictor = replace(bundle.predictor, evidence_calibrations=telling, familiarity=familiarity)
        tools = Tools.of(workspace.catalog, bundle)
        answers[least] = classify.classify(
            Workspace(workspace.catalog, lambda tools=tools: tools), None, "red shirt clothing"
        )
    alike, unlike = answers[-1.0], answers[0.99]
    assert (alike["has_similar"], unlike["has_similar"]) == (True, False)
    assert alike["predicted"][0]["confidence"] > unlike["predicted"][0]["confidence"]
    assert unlike["predicted"][0]["agreement"] is None
    assert unlike["similar"], "they are still shown"
    assert "holds nothing like this product" in unlike["summary"]
    assert "holds nothing like this product" in drawing.unlike(unlike)
    assert drawing.unlike(alike) == ""


def test_what_does_not_look_like_a_product_is_never_accepted(workspace: Workspace) -> None:
    bundle = FakeBundle()
    direction = tuple(word_vector("shirts clothing").tolist())
    familiarity = dict.fromkeys(MODALITIES, Familiarity(direction, 0.5))
    bundle.predictor = replace(bundle.predictor, familiarity=familiarity)
    told = Workspace(workspace.catalog, lambda: Tools.of(workspace.catalog, bundle))
    assert classify.classify(told, None, "shirts clothing")["in_distribution"] is True
    answer = classify.classify(told, None, "winter verdict")
    assert (answer["in_distribution"], answer["accepted_path"], answer["has_similar"]) == (False, "", None)


def test_a_photo_of_noise_gets_low_confidence_and_is_ignored_with_a_text(workspace: Workspace, noise: str) -> None:
    alone = classify.classify(workspace, noise)
    assert (alone["low_confidence"], alone["accepted_path"], alone["read"]) == (True, "", "photo")
    assert alone["summary"].startswith("A guess: the photo shows nothing but noise.")
    both = classify.classify(workspace, noise, "shirts clothing")
    assert both["read"] == "text"
    assert both["summary"].startswith("The photo shows nothing but noise, so only the text was read.")
    assert both["predicted"] == classify.classify(workspace, None, "shirts clothing")["predicted"]


def test_noise_plain_color_and_blur_are_photo_flaws() -> None:
    rng = np.random.default_rng(1)
    for size in (40, 200, 1000):
        assert photo_flaw(Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8))) == "noise"
        assert photo_flaw(Image.new("RGB", (size, 2 * size), (210, 30, 90))) == "one color"
    assert photo_flaw(Image.new("RGB", (1, 1))) == "one color"
    assert photo_flaw(Image.linear_gradient("L").convert("RGB")) == "blur"
    ring = draw("ring", (200, 40, 40), rng)
    assert photo_flaw(ring) == ""
    assert photo_flaw(ring.filter(ImageFilter.GaussianBlur(ring.width / 100))) == ""
    assert photo_flaw(ring.filter(ImageFilter.GaussianBlur(ring.width / 5))) == "blur"


def test_twenty_kilobytes_of_pasted_html_are_read(workspace: Workspace) -> None:
    row = '<div style="margin:0;padding:4px"><p>shirts <b>clothing</b></p><script>track("vase")</script></div>'
    pasted = "<style>.vase { color: red }</style>" + row * (24_000 // len(row))
    assert len(pasted) > 20_000
    answer = classify.classify(workspace, None, "", pasted)
    assert answer["category_path"] == "Clothing > Shirts"


def test_gradio_client_finds_no_file_to_download_in_the_answer(workspace: Workspace) -> None:
    taken: list[dict] = []
    traverse(classify.classify(workspace, None, "shirts"), taken.append, is_file_obj)
    assert taken == []


def test_a_photo_alone_and_with_a_text(workspace: Workspace, picture: str) -> None:
    assert classify.classify(workspace, picture)["similar"][0]["text_similarity"] is None
    both = classify.classify(workspace, picture, "shirt")
    assert both["read"] == "photo and text"
    assert both["similar"][0]["text_similarity"] is not None
    assert both["similar"][0]["image_similarity"] is not None


def test_a_changed_setting_runs_again_only_with_a_product(workspace: Workspace) -> None:
    assert "Shirts" in classify.show_again(workspace, None, "shirts clothing", "", 0.8)
    assert classify.show_again(workspace, None, " ", "", 0.8) == gr.skip()


def test_an_unusable_input_is_an_error_message(workspace: Workspace, broken_photo: str) -> None:
    with pytest.raises(gr.Error, match="nothing to classify"):
        classify.classify(workspace, None, " ", "<p></p>")
    with pytest.raises(gr.Error, match=r"The title has 5,001 characters; at most 5,000"):
        classify.classify(workspace, None, "x" * (MAX_TEXT + 1))
    with pytest.raises(gr.Error, match=r"The description has 50,001 characters; at most 50,000"):
        classify.classify(workspace, None, "", "x" * (MAX_DESCRIPTION + 1))
    with pytest.raises(gr.Error) as caught:
        classify.classify(workspace, broken_photo, "shirt")
    assert caught.value.message.strip()
    assert "Traceback" not in caught.value.message


def test_a_long_title_is_cut_as_ingest_cuts_it():
    raw = RawRow("train", 0, "<i>red</i> " * 300, "warm " * 2_000, None, [], None, "", None)
    row = clean_row(raw, IngestConfig())
    assert read_listing(raw.title, raw.description) == row.text
    assert len(row.title) <= MAX_TITLE_CHARACTERS
