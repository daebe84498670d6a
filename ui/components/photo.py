"""A visitor's photo: the input field and the reading of the file."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData

from pipeline.config.stages import IngestConfig
from pipeline.data import images
from pipeline.data.decoding import DecoderBusyError, ImageError, read_photo_file
from pipeline.data.images import Photo
from ui.guard.faults import refuse
from ui.guard.limits import SECONDS_FOR_A_DECODER


def photo_input(label: str = "Photo") -> gr.Image:
    """Create a photo field whose handler gets the path of the uploaded file.

    Gradio itself would open the file with Pillow, which fails on a broken file with a stack trace and spends much work
    on a decompression bomb; `read_photo` reads it with limits instead.
    """
    image = gr.Image(
        label=label,
        type="filepath",
        sources=["upload", "clipboard"],
        height=150,
        buttons=[],
        placeholder="Drop, paste or choose a photo",
    )
    image.preprocess = _uploaded  # type: ignore[method-assign]
    # example in the documentation for programs; Gradio's would be a web address, which is refused
    image.example_payload = lambda: {"path": "the path that the upload returned", "meta": {"_type": "gradio.FileData"}}  # type: ignore[method-assign]
    return image


def _uploaded(payload: ImageData | None) -> str | None:
    if payload is not None and payload.path is None:
        raise refuse("The photo did not arrive as a file; please upload it.")
    return None if payload is None else payload.path


def read_photo(path: str | None, side: int) -> Photo | None:
    """Read an uploaded photo as `ingest` reads a product's; None for none.

    Args:
        path: Of the upload.
        side: Of the square that the vision tower takes, in pixels.

    Raises:
        gr.Error: In one sentence, if it cannot be used.
    """
    if not path:
        return None
    limits = IngestConfig(image_size=side)
    try:
        data = read_photo_file(Path(path), limits.max_image_bytes)
        return images.read_photo(data, limits, wait=SECONDS_FOR_A_DECODER)
    except (ImageError, DecoderBusyError) as error:
        raise refuse(str(error)) from error
    except OSError as error:
        raise refuse("The photo is no longer available; please upload it again.") from error
