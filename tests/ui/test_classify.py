import gradio as gr
import pytest
from gradio_client.utils import is_file_obj, traverse

from ui import classify
from ui.workspace import MAX_TEXT, Workspace


def test_a_title_is_classified_over_the_whole_table(workspace: Workspace) -> None:
    answer = classify.classify(workspace, None, "shirts", "<p>clothing</p><script>x</script>")
    assert [step["level"] for step in answer["predicted"]] == ["Clothing", "Shirts"]
    assert answer["predicted"][0]["confidence"] >= answer["predicted"][1]["confidence"]
    assert answer["categories"][0]["category_path"] == "Clothing > Shirts"
    assert "shirt" in answer["similar"][0]["title"]
    assert answer["similar"][0]["image_similarity"] is None


def test_gradio_client_finds_no_file_to_download_in_the_answer(workspace: Workspace) -> None:
    taken: list[dict] = []
    traverse(classify.classify(workspace, None, "shirts"), taken.append, is_file_obj)
    assert taken == []


def test_a_photo_alone_and_with_a_text(workspace: Workspace, photo: str) -> None:
    assert classify.classify(workspace, photo)["similar"][0]["text_similarity"] is None
    both = classify.classify(workspace, photo, "shirt")["similar"][0]
    assert both["text_similarity"] is not None
    assert both["image_similarity"] is not None


def test_the_answer_as_html(workspace: Workspace) -> None:
    predicted, similar = classify.show(workspace, None, "shirts clothing", "")
    assert "Predicted category" in predicted
    assert "<b>Shirts</b>" in predicted
    assert "data:image/webp;base64," in similar


def test_what_cannot_be_classified_is_said_in_a_sentence(workspace: Workspace, broken_photo: str) -> None:
    with pytest.raises(gr.Error, match="nothing to classify"):
        classify.classify(workspace, None, " ", "<p></p>")
    with pytest.raises(gr.Error, match=r"The title has 5,001 characters; at most 5,000"):
        classify.classify(workspace, None, "x" * (MAX_TEXT + 1))
    with pytest.raises(gr.Error) as caught:
        classify.classify(workspace, broken_photo, "shirt")
    assert caught.value.message.strip()
    assert "Traceback" not in caught.value.message
