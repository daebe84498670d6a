"""Calls a Space as its page does (every handler, by number), as programs do, and with raw bytes."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx

CLIENT = httpx.Client(
    timeout=60, trust_env=False, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
)
"""For all requests, of all threads: a client of its own for each would load certificates anew, for tens of ms."""


def as_page(address: str, number: int, data: list[Any], event: Any = None, target: int | None = None) -> Any:
    """Call a handler as the page does: returns the message that ends the call, or an error if it does not start."""
    session = uuid.uuid4().hex
    body = {"data": data, "fn_index": number, "session_hash": session, "event_data": event, "trigger_id": target}
    headers = {"x-gradio-user": "app", "Content-Type": "application/json"}
    content = json.dumps(body)  # ASCII, so also what is no text
    joined = CLIENT.post(f"{address}/gradio_api/queue/join", content=content, headers=headers)
    if not joined.is_success:
        return {"success": False, "output": {"error": joined.text}}
    with CLIENT.stream("GET", f"{address}/gradio_api/queue/data?session_hash={session}") as events:
        for line in events.iter_lines():
            if line.startswith("data: "):
                message = json.loads(line.removeprefix("data: "))
                if message["msg"] == "process_completed":
                    return message
    raise AssertionError("the call never ended")


def as_program(address: str, name: str, arguments: dict[str, Any]) -> tuple[str, Any]:
    """Call an endpoint: returns "complete" with the value, "error" with the message, or a status."""
    content = json.dumps(arguments)
    headers = {"Content-Type": "application/json"}
    joined = CLIENT.post(f"{address}/gradio_api/call/v2/{name}", content=content, headers=headers)
    if not joined.is_success:
        return str(joined.status_code), joined.json()
    address = f"{address}/gradio_api/call/v2/{name}/{joined.json()['event_id']}"
    event, _, value = CLIENT.get(address).text.strip().rpartition("event: ")[2].partition("\ndata: ")
    return event, json.loads(value)


def handlers(address: str) -> list[dict[str, Any]]:
    """List all handlers of the page that run on the server, private ones too: id, api_name, inputs, targets."""
    config = CLIENT.get(f"{address}/config").json()
    return [one for one in config["dependencies"] if one["backend_fn"]]


def upload(address: str, data: bytes, name: str = "photo.jpg") -> str:
    """Upload a file and return its path."""
    answer = CLIENT.post(f"{address}/gradio_api/upload", files={"files": (name, data)})
    return str(answer.raise_for_status().json()[0])
