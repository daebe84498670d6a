"""Checks the inputs of handlers: only files that were uploaded to this page, texts and lists within limits.

Gradio itself opens any file of the server that a photo names without "meta", and downloads a web address given in place
of a file in any field.
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
_UPLOAD = re.compile(r"[0-9a-f]{64}")  # folder of an upload: a hash that nobody can guess
_LONGEST_PATH = 4_096
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_SCALAR = (gr.Textbox, gr.Number, gr.Slider, gr.Radio, gr.Checkbox)
_NO_UPLOAD = "There is no such upload: upload the file first, then give the path that the upload returned."


class Page(gr.Blocks):
    """A page whose handlers only get files that were uploaded to it, and whose errors are sentences."""

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """Check and convert the inputs of a handler; omitted fields at the end become null.

        So an endpoint with a new argument still answers older programs (`endpoints.Arguments`).

        Raises:
            gr.Error: In one sentence, if the inputs do not fit the handler, exceed a limit, or name a file that was not
                uploaded.
        """
        inputs = [*inputs, *[None] * (len(block_fn.inputs) - len(inputs))][: len(block_fn.inputs)]
        check_size(inputs)
        misfit = f"The input does not fit '{block_fn.api_name}'; see its documentation under 'Use via API'."
        for field, value in zip(block_fn.inputs, inputs, strict=True):
            if isinstance(field, gr.Image) and isinstance(value, str):
                raise refuse("A photo must be an uploaded file, not a text or a web address.")
            if not _fits(field, value):
                raise refuse(misfit)
        checked = [uploaded_only(value) for value in inputs]
        try:
            return await super().preprocess_data(block_fn, checked, state, explicit_call)
        except gr.Error as error:
            if error.print_exception:  # Gradio's own error, such as a list of all choices
                raise refuse(misfit) from error
            raise
        except ValueError as error:  # raised by Gradio and pydantic for a value that a component cannot take
            raise refuse(misfit) from error

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Answer a call of a visitor, a program or an MCP client.

        Raises:
            gr.Error: In one sentence, also for an error of ours, whose traceback is in the log.
        """
        try:
            return await super().process_api(*args, **kwargs)
        except gr.Error as error:
            if _is_page(kwargs.get("request")):
                error.message = html.escape(error.message, quote=False)  # toasts render markup
            raise
        except Exception as error:
            raise report(error) from error


def check_size(inputs: list[Any]) -> None:
    """Refuse inputs that are larger than any handler needs, or texts with invalid characters.

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
            raise refuse(f"The input has more than {MAX_CHARACTERS:,} characters.")
        if items + len(waiting) > MAX_ITEMS or depth > MAX_DEPTH:
            raise refuse("The input has more values or deeper lists than any handler takes.")


def uploaded_only(value: Any) -> Any:
    """Check every file in an input, and keep only the path of each.

    The address of an upload to this page, which programs give in place of its path, becomes that path.

    Raises:
        gr.Error: In one sentence, if a file is a web address elsewhere or was not uploaded.
    """
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            return {"path": _uploaded(value["path"]), "meta": {"_type": "gradio.FileData"}}
        return {key: uploaded_only(inner) for key, inner in value.items()}
    return [uploaded_only(inner) for inner in value] if isinstance(value, list) else value


def _uploaded(path: str) -> str:
    """Resolve the path of an upload: folder of uploads / hash / name."""
    address = path.startswith(("http://", "https://"))
    if address and _SERVED in path:
        path, address = unquote(path.partition(_SERVED)[2]), False
    if address:
        raise refuse("Web addresses are not fetched: upload the file itself.")
    _check_text(path)
    if len(path) > _LONGEST_PATH:
        raise refuse(_NO_UPLOAD)
    root = Path(get_upload_folder()).resolve()
    try:
        file = Path(path).resolve()
        parts = file.relative_to(root).parts
        if len(parts) == 2 and _UPLOAD.fullmatch(parts[0]) and file.is_file():
            return str(file)
    except (ValueError, OSError):  # outside the folder, or an impossible name
        pass
    raise refuse(_NO_UPLOAD)


def _check_text(text: str) -> None:
    if _NO_TEXT.search(text):
        raise refuse("The input has characters that are not text (NUL or half of a surrogate pair); remove them.")


def _fits(field: Any, value: Any) -> bool:
    """Whether a component can hold a value of this type; the component and the handler check its meaning."""
    if isinstance(field, gr.Image):
        return value is None or isinstance(value, dict)
    if isinstance(field, _SCALAR) or (isinstance(field, gr.Dropdown) and not field.multiselect):
        return not isinstance(value, dict | list)
    return True


def _is_page(request: Any) -> bool:
    """Whether a call comes from the page in a browser."""
    headers = getattr(request, "headers", None) or {}
    return headers.get("x-gradio-user") == "app"
