"""What the page takes from a visitor and from a program: files that were uploaded to it, and nothing it would fetch.

Gradio on its own downloads an address that stands in place of a file (in any field, not only in a photo's) and passes
on what `/gradio_api/file=https://…` names, so that a public Space would be everybody's proxy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState
from gradio.utils import get_upload_folder
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.stageconfig import IngestConfig
from ui.workspace import refuse

MAX_FILE = IngestConfig().max_image_bytes
"""Bytes that an uploaded file may have."""

MAX_BODY = MAX_FILE * 3 // 2
"""Bytes that a request may have: room for the largest photo, also where it comes as base64 (4/3 of its size)."""

_SERVED = "/gradio_api/file="
_SECONDS_KEPT = 3600


class Page(gr.Blocks):
    """A page whose handlers get no file but those that were uploaded to it, which are deleted after an hour."""

    def __init__(self, title: str) -> None:
        super().__init__(title=title, delete_cache=(_SECONDS_KEPT, _SECONDS_KEPT))

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """What a handler gets of what was sent; null for fields at the end that were left out.

        An endpoint that gets a further argument so answers those who knew it without (`programs.Arguments`).

        Raises:
            gr.Error: In one sentence, if the inputs do not fit the handler or name a file that was not uploaded.
        """
        inputs = [*inputs, *[None] * (len(block_fn.inputs) - len(inputs))]
        for field, value in zip(block_fn.inputs, inputs, strict=False):  # Gradio ignores what is too many
            if isinstance(field, gr.Image) and isinstance(value, str):
                raise refuse("A photo is given as a file that was uploaded, not as a text or an address.")
        checked = [uploaded_only(value) for value in inputs]
        try:
            return await super().preprocess_data(block_fn, checked, state, explicit_call)
        except gr.Error:
            raise
        except ValueError as error:  # what Gradio and pydantic raise for a value that a component cannot be given
            raise refuse(
                f"What was sent does not fit '{block_fn.api_name}'; its documentation is under 'Use via API'."
            ) from error


def uploaded_only(value: Any) -> Any:
    """An input as it was sent, with every file in it checked.

    The address of an upload to this page, which tools for programs write in place of its path, becomes that path.

    Raises:
        gr.Error: In one sentence, if a file is an address elsewhere or was not uploaded.
    """
    if isinstance(value, dict):
        if isinstance(value.get("path"), str) and "meta" in value:
            return {**value, "path": _uploaded(value["path"]), "url": None}
        return {key: uploaded_only(inner) for key, inner in value.items()}
    return [uploaded_only(inner) for inner in value] if isinstance(value, list) else value


def _uploaded(path: str) -> str:
    address = path.startswith(("http://", "https://"))
    if address and _SERVED in path:
        path, address = unquote(path.partition(_SERVED)[2]), False
    if address:
        raise refuse("Addresses are not fetched: upload the photo itself.")
    file = Path(path).resolve()
    if not file.is_relative_to(Path(get_upload_folder()).resolve()) or not file.is_file():
        raise refuse("There is no such upload: upload the photo first, then name the path that the upload answered.")
    return path


class Gate:
    """ASGI middleware that lets through neither a request to fetch an address nor one that is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused, and hand on the rest."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].partition("file=")[2].startswith(("http://", "https://")):
            await PlainTextResponse("Addresses are not fetched.", 403)(scope, receive, send)
        elif _length(scope["headers"]) > MAX_BODY:
            await PlainTextResponse(f"At most {MAX_BODY:,} bytes are taken.", 413)(scope, receive, send)
        else:
            await self._app(scope, _Metered(receive), send)


class _Metered:
    """`receive` that hangs up on a body which has no stated length and does not end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = MAX_BODY

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}


def _length(headers: Sequence[tuple[bytes, bytes]]) -> int:
    return max((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), default=0)
