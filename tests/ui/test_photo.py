import gradio as gr
import pytest

from ui.photo import photo_input, read_photo


def test_a_photo_is_read_as_ingest_reads_it(photo: str) -> None:
    image = read_photo(photo)
    assert image is not None
    assert (image.mode, image.size) == ("RGB", (64, 64))
    assert read_photo(None) is None


def test_a_broken_photo_is_a_sentence(broken_photo: str) -> None:
    with pytest.raises(gr.Error, match=r"JPEG|PNG|WebP|read"):
        read_photo(broken_photo)


def test_the_field_hands_on_the_file_unopened(broken_photo: str) -> None:
    with gr.Blocks():
        field = photo_input()
    assert field.preprocess(gr.data_classes.ImageData(path=broken_photo)) == broken_photo
    assert field.preprocess(None) is None
    with pytest.raises(gr.Error, match="upload"):
        field.preprocess(gr.data_classes.ImageData(url="data:image/png;base64,AAAA"))
