"""ASGI middleware in front of the app: refuses requests, limits their size, adds headers to responses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import anyio
from gradio.route_utils import FnIndexInferError
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.guard.faults import reported
from ui.guard.limits import (
    LARGE_UPLOADS_AT_ONCE,
    MAX_CALL,
    MAX_FILE,
    MAX_MCP,
    MAX_MCP_PHOTO,
    MAX_PHOTO,
    MAX_UPLOAD,
    SECONDS_FOR_A_CHUNK,
    UPLOADS_AT_ONCE,
)
from ui.guard.rates import Rates
from ui.guard.uploads import Uploads

API = "/gradio_api"
_UPLOAD, _MCP = f"{API}/upload", f"{API}/mcp"
_CALLS = (f"{API}/call/", f"{API}/run/", f"{API}/api/", f"{API}/queue/join", f"{API}/component_server", _UPLOAD, _MCP)
_UNUSED = (
    f"{API}/deep_link",
    f"{API}/process_recording",
    f"{API}/proxy=",
    f"{API}/stream",
    f"{API}/vibe-",
    f"{API}/undo-vibe",
    f"{API}/run-history",
    f"{API}/runs",
    "/monitoring",
)
"""Routes of Gradio that this page does not use; some of them write files."""
_UPLOAD_OF_A_PHOTO = MAX_PHOTO + MAX_UPLOAD - MAX_FILE
"""Bytes of the request that uploads the largest photo."""
_MISFIT = "The request does not match any endpoint; see 'Use via API' at the bottom of the page."
_BUSY = "There are too many uploads at the moment; try again in a few seconds."
_MANY = "Too many calls from your address; try again in a minute."
_TOO_MUCH = {
    MAX_UPLOAD: f"At most {MAX_UPLOAD:,} bytes are allowed.",
    MAX_CALL: f"At most {MAX_CALL:,} bytes are allowed; upload a photo first and give its path.",
    MAX_MCP: f"At most {MAX_MCP:,} bytes are allowed, enough for the data URI of a photo of {MAX_MCP_PHOTO:,} bytes; "
    "upload a larger one and give the address of the upload.",
}

_FRAMES = "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
_PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's page is inline, its HTML component evaluates
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        _FRAMES,
    )
)
_FILE_POLICY = f"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox; {_FRAMES}"
"""Policy of uploaded files: opened directly, they run nothing."""
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"strict-origin-when-cross-origin"))
_REQUEST_HEADERS = frozenset(
    (b"accept", b"accept-encoding", b"accept-language", b"authorization", b"cookie", b"host", b"range", b"user-agent")
)
"""Request headers that Gradio copies into its responses to range requests."""

_MISFITS = (FnIndexInferError, KeyError, TypeError, ValueError)
"""Errors that Gradio raises for bodies and arguments that it does not check."""

_LOG = logging.getLogger(__name__)


class Gate:
    """Passes on requests that the page and programs need, within limits; answers all others with a sentence.

    Args:
        app: The application behind it.
        uploads: The folder of uploads.
        rates: Limits of calls per address.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads, rates: Rates) -> None:
        self._app = app
        self._uploads = uploads
        self._rates = rates
        self._running = 0  # uploads that are being received
        self._large = 0  # those of them that are larger than a photo, or may be

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, answer = scope["path"], _Answer(send, scope["path"])
        call = scope["method"] == "POST" and path.startswith(_CALLS)
        refusal = self._refusal(scope, path, call)
        if refusal is not None:
            await refusal(scope, receive, answer)
        elif path == _UPLOAD and scope["method"] == "POST":
            await self._receive_upload(scope, receive, answer)
        else:
            await self._hand_on(scope, receive, answer, MAX_MCP if path.startswith(_MCP) else MAX_CALL)

    def _refusal(self, scope: Scope, path: str, call: bool) -> PlainTextResponse | JSONResponse | None:
        if path.startswith(_UNUSED):
            return PlainTextResponse("Not Found", 404)
        if path.partition("file=")[2].startswith(("http://", "https://")):
            return PlainTextResponse("Web addresses are not fetched.", 403)
        limit = MAX_UPLOAD if path == _UPLOAD else MAX_MCP if path.startswith(_MCP) else MAX_CALL
        if _length(scope["headers"]) > limit:
            return PlainTextResponse(_TOO_MUCH[limit], 413)
        if call and not self._rates.allow(scope):
            return JSONResponse({"detail": _MANY}, 429, {"Retry-After": "60"})
        return None

    async def _receive_upload(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        length = _length(scope["headers"]) or MAX_UPLOAD
        large = length > _UPLOAD_OF_A_PHOTO
        if self._running >= UPLOADS_AT_ONCE or (large and self._large >= LARGE_UPLOADS_AT_ONCE):
            await JSONResponse({"detail": _BUSY}, 503, {"Retry-After": "5"})(scope, receive, answer)
            return
        self._running += 1
        self._large += large
        try:
            await anyio.to_thread.run_sync(self._uploads.make_room, length)
            await self._hand_on(scope, receive, answer, MAX_UPLOAD)
        finally:
            self._running -= 1
            self._large -= large

    async def _hand_on(self, scope: Scope, receive: Receive, answer: _Answer, limit: int) -> None:
        """Let the app answer; an unexpected error becomes a sentence, with its traceback in the log."""
        try:
            await self._app(scope, _Metered(receive, limit), answer)
        except ClientDisconnect:
            _LOG.info("a request to %s ended before it was complete", scope["path"])
        except Exception as error:
            if answer.started:
                raise
            if isinstance(error, _MISFITS) and scope["path"].startswith(API):
                _LOG.warning("a request to %s did not match", scope["path"], exc_info=error)
                refusal = JSONResponse({"detail": _MISFIT}, 400)
            else:
                refusal = JSONResponse({"detail": reported(error)}, 500)
            await refusal(scope, receive, answer)


class _Answer:
    """`send` that adds the headers of every response and removes those that belong to requests."""

    def __init__(self, send: Send, path: str) -> None:
        self._send = send
        policy = _FILE_POLICY if path.startswith((f"{API}/file=", f"{API}/file/")) else _PAGE_POLICY
        self._headers = (*_HEADERS, (b"content-security-policy", policy.encode()))
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() not in _REQUEST_HEADERS]
            message = {**message, "headers": [*headers, *self._headers]}
        await self._send(message)


class _Metered:
    """`receive` that disconnects if a body is too long or does not arrive."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:  # the rest is waiting for the client to disconnect, without a limit
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), SECONDS_FOR_A_CHUNK)
        except TimeoutError:
            return {"type": "http.disconnect"}
        self._whole = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}


def _length(headers: Sequence[tuple[bytes, bytes]]) -> int:
    """Content-Length of a request; with too many digits, a number above every limit."""
    lengths = [value for name, value in headers if name == b"content-length" and value.isdigit()]
    return max((int(value) if len(value) < 19 else 10**18 for value in lengths), default=0)
