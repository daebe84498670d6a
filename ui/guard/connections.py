"""Closes connections that stay idle, which uvicorn alone does not do."""

from __future__ import annotations

import asyncio

import gradio as gr
from uvicorn.protocols.http.h11_impl import H11Protocol

from ui.guard.limits import MAX_CONNECTIONS, SECONDS_FOR_HEADERS


class TimedProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection if the headers of a request do not arrive in time."""

    seconds_for_headers = SECONDS_FOR_HEADERS
    _headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Stop the timer once a request has begun, and start it for the next."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        waiting = self.cycle is None or self.cycle.response_complete
        if not waiting or self.transport.is_closing():
            self._stop()
        elif self._headers_due is None:
            self._headers_due = self.loop.call_later(self.seconds_for_headers, self._hang_up)

    def _stop(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def limit_connections(page: gr.Blocks) -> None:
    """Let the server of a launched page close idle connections and accept at most `MAX_CONNECTIONS`."""
    config = page.server.config  # read again for each connection
    config.http_protocol_class = TimedProtocol
    config.limit_concurrency = MAX_CONNECTIONS
