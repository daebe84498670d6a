"""What a handler gets of what was sent: files that were uploaded to this page, texts and lists within limits.

Gradio on its own opens any file of the server that a photo names without "meta", and downloads an address that stands
in place of a file, in any field.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState
from gradio.utils import get_upload_folder

from ui.guard.faults import refuse, report
from ui.guard.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_ITEMS

_SERVED = "/gradio_api/file="
_UPLOAD = re.compile(r"[0-9a-f]{64}")  # the folder of an upload: a hash that nobody can guess
_LONGEST_PATH = 4_096
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_SCALAR = (gr.Textbox, gr.Number, gr.Slider, gr.Radio, gr.Checkbox)
_NO_UPLOAD = "There is no such upload: upload the photo first, then name the path that the upload answered."


class Page(gr.Blocks):
    """A page whose handlers get no file but those that were uploaded to it, and whose errors are sentences."""

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """What a handler gets of what was sent; null for fields at the end that were left out.

        An endpoint that gets a further argument so answers those who knew it without (`endpoints.Arguments`).

        Raises:
            gr.Error: In one sentence, if the inputs do not fit the handler, are more than is taken, or name a file that
                was not uploaded.
        """
        inputs = [*inputs, *[None] * (len(block_fn.inputs) - len(inputs))][: len(block_fn.inputs)]
        check_size(inputs)
        misfit = f"What was sent does not fit '{block_fn.api_name}'; its documentation is under 'Use via API'."
        for field, value in zip(block_fn.inputs, inputs, strict=True):
            if isinstance(field, gr.Image) and isinstance(value, str):
                raise refuse("A photo is given as a file that was uploaded, not as a text or an address.")
            if not _fits(field, value):
                raise refuse(misfit)
        checked = [uploaded_only(value) for value in inputs]
        try:
            return await super().preprocess_data(block_fn, checked, state, explicit_call)
        except gr.Error as error:
            if error.print_exception:  # Gradio's own, such as all choices of a list
                raise refuse(misfit) from error
            raise
        except ValueError as error:  # what Gradio and pydantic raise for a value that a component cannot be given
            raise refuse(misfit) from error

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Answer a call, of a visitor, of a program or by MCP.

        Raises:
            gr.Error: In one sentence, also for an error of ours, which is in the log.
        """
        try:
            return await super().process_api(*args, **kwargs)
        except gr.Error as error:
            if _is_page(kwargs.get("request")):
                error.message = html.escape(error.message, quote=False)  # a toast renders markup
            raise
        except Exception as error:
            raise report(error) from error


def check_size(inputs: list[Any]) -> None:
    """Refuse inputs that hold more than any handler takes, or texts that are none.

    Raises:
        gr.Error: In one sentence.
    """
    characters = items = 0
    waiting: list[tuple[Any, int]] = [(inputs, 0)]
    while waiting:
        value, depth = waiting.pop()
        items += 1
        if isinstance(value, str):
            characters += len(value)
            _check_text(value)
        elif isinstance(value, dict | list):
            inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
            waiting += [(one, depth + 1) for one in inner]
        if characters > MAX_CHARACTERS:
            raise refuse(f"What was sent has more than {MAX_CHARACTERS:,} characters.")
        if items + len(waiting) > MAX_ITEMS or depth > MAX_DEPTH:
            raise refuse("What was sent has more values, or deeper lists, than anything here takes.")


def uploaded_only(value: Any) -> Any:
    """An input as it was sent, with every file in it checked, and nothing of a file kept but where it lies.

    The address of an upload to this page, which tools for programs write in place of its path, becomes that path.

    Raises:
        gr.Error: In one sentence, if a file is an address elsewhere or was not uploaded.
    """
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            return {"path": _uploaded(value["path"]), "meta": {"_type": "gradio.FileData"}}
        return {key: uploaded_only(inner) for key, inner in value.items()}
    return [uploaded_only(inner) for inner in value] if isinstance(value, list) else value


def _uploaded(path: str) -> str:
    """The path of an upload: folder of uploads / hash / name."""
    address = path.startswith(("http://", "https://"))
    if address and _SERVED in path:
        path, address = unquote(path.partition(_SERVED)[2]), False
    if address:
        raise refuse("Addresses are not fetched: upload the photo itself.")
    _check_text(path)
    if len(path) > _LONGEST_PATH:
        raise refuse(_NO_UPLOAD)
    root = Path(get_upload_folder()).resolve()
    try:
        file = Path(path).resolve()
        parts = file.relative_to(root).parts
        if len(parts) == 2 and _UPLOAD.fullmatch(parts[0]) and file.is_file():
            return str(file)
    except (ValueError, OSError):  # outside of the folder; a name that no file can have
        pass
    raise refuse(_NO_UPLOAD)


def _check_text(text: str) -> None:
    if _NO_TEXT.search(text):
        raise refuse(
            "What was sent has characters that are no text (NUL, or half of a surrogate pair); leave them out."
        )


def _fits(field: Any, value: Any) -> bool:
    """Whether a value is of a kind that a component can hold; what it means is for the component and the handler."""
    if isinstance(field, gr.Image):
        return value is None or isinstance(value, dict)
    if isinstance(field, _SCALAR) or (isinstance(field, gr.Dropdown) and not field.multiselect):
        return not isinstance(value, dict | list)
    return True


def _is_page(request: Any) -> bool:
    """Whether a call comes from the page in a browser."""
    headers = getattr(request, "headers", None) or {}
    return headers.get("x-gradio-user") == "app"
