"""The Space as programs meet it: every endpoint through gradio_client, MCP and plain HTTP, against a running app."""

from __future__ import annotations

import base64
import contextlib
import http.client
import inspect
import json
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import CallToolResult

import app
from benchmarks import load
from tests.helpers.factories import draw, encode
from tests.helpers.space.browsing import run_apart
from ui.components import examples
from ui.guard import limits

T = TypeVar("T")

PATIENCE = 60  # seconds for an answer, on however busy a machine

CALLS: dict[str, dict[str, Any]] = {
    "classify": {"title": "tall vase"},
    "search": {"text": "red shirt", "count": 3},
    "neighbors": {"product_id": "p0", "count": 3},
    "galaxy": {},
    "category": {"category": "Clothing"},
    "rerank": {"product_id": "p4", "candidates": "Home > Vases\nClothing > Shirts"},
    "products": {"text": "SHIRT"},
    "classify_file": {"rows": [{"title": "tall vase"}, {"title": "red shirt"}]},
    "review_next": {"count": 2},
    "review_decide": {"product": 0, "version": 0, "category": "Home > Vases"},
    "review_undo": {"name": "robot"},
    "review_progress": {},
    "review_export": {"count": 2},
}
"""Every endpoint, with arguments of a call."""
CHANGES = ("review_decide", "review_undo")
"""Those that change something, so that the second call has another answer."""


@pytest.fixture(scope="module")
def address(small_space: str) -> str:
    return small_space


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False, download_files=False)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.webp"
    path.write_bytes(encode(draw("hourglass", (40, 70, 200), np.random.default_rng(5), size=64), "WEBP"))
    return path


def _mcp(address: str, ask: Callable[[ClientSession], Awaitable[T]]) -> T:
    """Ask the MCP server."""

    async def asked() -> T:
        async with (
            streamablehttp_client(f"{address}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await ask(session)

    return run_apart(asked)


def _tool(address: str, name: str, arguments: dict[str, Any]) -> CallToolResult:
    return _mcp(address, lambda session: session.call_tool(name, arguments))


def _post(address: str, name: str, *data: Any) -> tuple[str, Any]:
    """Call an endpoint by plain HTTP: returns "complete" with the value, or "error" with the message."""
    joined = httpx.post(f"{address}/gradio_api/call/{name}", json={"data": list(data)}, timeout=PATIENCE)
    events = httpx.get(f"{address}/gradio_api/call/{name}/{joined.json()['event_id']}", timeout=PATIENCE).text
    event, _, value = events.strip().rpartition("event: ")[2].partition("\ndata: ")
    return event, json.loads(value)


def _upload(address: str, path: Path, name: str = "photo.webp") -> str:
    answer = httpx.post(f"{address}/gradio_api/upload", files={"files": (name, path.read_bytes())})
    return answer.json()[0]


def _file(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("name", [name for name in CALLS if name not in CHANGES])
def test_every_endpoint_answers_both_clients_alike(address: str, client: Client, name: str) -> None:
    answer = client.predict(**CALLS[name], api_name=f"/{name}")
    assert answer
    [text] = _tool(address, name, CALLS[name]).content
    assert json.loads(text.text) == json.loads(json.dumps(answer))


def test_what_one_client_decides_the_other_sees_and_takes_back(address: str, client: Client) -> None:
    card = client.predict(api_name="/review_next")["cards"][0]
    call = {"product": card["product"], "version": card["version"], "category": "Home > Vases", "name": "robot"}
    [text] = _tool(address, "review_decide", call).content
    assert json.loads(text.text)["decisions"][0]["role"] == "assistant"
    assert client.predict(api_name="/review_progress")["by_assistants"] == 1
    with pytest.raises(AppError, match="In the meantime robot decided"):
        client.predict(**call, api_name="/review_decide")
    assert client.predict(name="robot", api_name="/review_undo")["progress"]["by_assistants"] == 0


def test_neighbors_are_near_and_no_duplicates(client: Client) -> None:
    products = client.predict("p0", 6, api_name="/neighbors")
    assert "p6" not in [product["product_id"] for product in products]  # the same red shirt
    assert products[0]["title"] == "blue shirt"
    assert [product["similarity"] for product in products] == sorted((p["similarity"] for p in products), reverse=True)


def test_the_endpoints_are_the_tools_and_both_are_documented(address: str, client: Client) -> None:
    info = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    tools = {tool.name: tool for tool in _mcp(address, ClientSession.list_tools).tools}
    assert set(tools) == {name.lstrip("/") for name in info} == set(CALLS)
    for name, tool in tools.items():
        assert "Returns:" in (tool.description or ""), name
        assert "workspace" not in json.dumps([tool.description, tool.inputSchema, info[f"/{name}"]])
        for parameter, schema in tool.inputSchema["properties"].items():
            assert schema.get("description", "").endswith("."), (name, parameter)
    assert 'For example "p0".' in tools["neighbors"].inputSchema["properties"]["product_id"]["description"]
    assert not any("bus.png" in json.dumps(endpoint) for endpoint in info.values())


def test_a_photo_comes_in_four_ways(address: str, client: Client, photo: Path) -> None:
    expected = client.predict(photo=handle_file(photo), title="vase", api_name="/classify")
    assert expected["similar"][0]["image_similarity"] is not None
    upload = _upload(address, photo)
    assert _post(address, "classify", _file(upload), "vase", "") == ("complete", [expected])
    data = f"data:image/webp;base64,{base64.b64encode(photo.read_bytes()).decode()}"
    for value in (data, f"{address}/gradio_api/file={upload}"):
        [text] = _tool(address, "classify", {"photo": value, "title": "vase"}).content
        assert json.loads(text.text) == expected


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("neighbors", {"product_id": "none"}, "no product with this id"),
        ("rerank", {"product_id": "none"}, "no product with this id"),
        ("neighbors", {"product_id": "p0", "count": 49}, "between 1 and 48"),
        ("search", {"text": " "}, "nothing to search for"),
        ("search", {"text": "vase", "count": 2.5}, "'count' should be a valid integer"),
    ],
)
def test_both_clients_get_the_same_error_message(
    address: str, client: Client, name: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name=f"/{name}")
    answer = _tool(address, name, arguments)
    assert answer.isError
    assert sentence in answer.content[0].text


@pytest.mark.parametrize("count", ["many", {"a": 1}, [3]])
def test_values_of_another_type_are_an_error_message(address: str, count: Any) -> None:
    event, answer = _post(address, "search", "vase", None, 0.5, count)
    assert event == "error"
    assert "count" in answer["error"] or "does not fit 'search'" in answer["error"]


@pytest.fixture
def trap() -> Iterator[tuple[str, list[Any]]]:
    """An address, and who connected to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)  # who connected while something was asked is there, or never came
        connections: list[Any] = []
        yield f"http://127.0.0.1:{server.getsockname()[1]}/photo.png", connections
        with contextlib.suppress(BlockingIOError):
            connections.append(server.accept())
    assert connections == []


def test_no_address_is_fetched(address: str, client: Client, trap: tuple[str, list[Any]]) -> None:
    url, _ = trap
    for photo in (url, {"url": url}, {"url": url, "meta": {"_type": "gradio.FileData"}}, _file(url)):
        event, answer = _post(address, "classify", photo, "vase", "")
        assert event == "error", photo
        assert "upload" in answer["error"] or "does not fit" in answer["error"]
    assert _post(address, "search", _file(url), None, 0.5, 4)[0] == "error"  # a field for text
    with pytest.raises(AppError, match="not fetched"):
        client.predict(photo=handle_file("https://example.com/photo.png"), title="vase", api_name="/classify")
    assert "not fetched" in _tool(address, "classify", {"photo": url}).content[0].text
    for target in (url, "https://example.com/photo.png"):
        assert httpx.get(f"{address}/gradio_api/file={target}", timeout=PATIENCE).status_code == 403
        assert httpx.get(f"{address}/gradio_api/proxy={target}", timeout=PATIENCE).status_code == 404


def test_only_uploads_are_read(address: str, photo: Path) -> None:
    inside = examples.FOLDER / "robot-003.jpg"
    for path in (str(photo), str(inside), "/etc/passwd", str(Path(_upload(address, photo)).parents[2] / "x.png")):
        event, answer = _post(address, "classify", _file(path), "vase", "")
        assert (event, "no such upload" in answer["error"]) == ("error", True)
    for name, arguments in CALLS.items():  # Gradio's own MCP client would upload a file that lies on the server
        for field in arguments:
            assert _tool(address, name, {**arguments, field: _file(str(inside))}).isError


def test_only_the_examples_are_served(address: str, photo: Path) -> None:
    def status(path: Path | str) -> int:
        return httpx.get(f"{address}/gradio_api/file={path}", timeout=PATIENCE).status_code

    assert status(examples.FOLDER / "robot-003.jpg") == 200
    for path in ("app.py", "README.md", "catalog.parquet", "assets/model/model.json", ".gitignore"):
        assert status(app.ROOT / path) == 403
        assert status(examples.FOLDER / ".." / ".." / path) == 403
        assert status(path) in (403, 404)
    drawing = photo.with_suffix(".svg")
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    served = httpx.get(f"{address}/gradio_api/file={_upload(address, drawing, 'photo.svg')}", timeout=PATIENCE)
    assert served.headers["content-disposition"].startswith("attachment")  # and so it never runs here


def test_limits_on_size_hold(address: str, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(limits.MAX_FILE + 1)
    with large.open("rb") as file:
        assert httpx.post(f"{address}/gradio_api/upload", files={"files": file}, timeout=PATIENCE).status_code == 413
    for path, most in (
        ("queue/join", limits.MAX_CALL),
        ("call/v2/classify", limits.MAX_CALL),
        ("upload", limits.MAX_UPLOAD),
        ("mcp/", limits.MAX_MCP),
    ):
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
        connection.putrequest("POST", f"/gradio_api/{path}")
        connection.putheader("Content-Length", str(most + 1))
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, f"At most {most:,} bytes" in answer.read().decode()) == (413, True)


def test_another_site_cannot_call(address: str) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    answer = httpx.post(f"{address}/gradio_api/call/galaxy", json={"data": []}, headers=headers, timeout=PATIENCE)
    assert "access-control-allow-origin" not in answer.headers


def test_calls_cannot_bypass_the_queue(address: str) -> None:
    assert httpx.post(f"{address}/gradio_api/run/galaxy", json={"data": []}, timeout=PATIENCE).status_code == 404


def test_documentation_is_on_one_line_each() -> None:
    from ui.api.endpoints import documentation
    from ui.tabs.search import search
    from ui.workspace import bind

    lines = documentation(bind(search, None), {"text": "Such as this."}).splitlines()
    assert [line.partition(":")[0].strip() for line in lines[1:]] == [
        "Args",
        *list(inspect.signature(search).parameters)[1:],
        "Returns",
        "Products, best first",
    ]
    assert lines[2].endswith("may be empty. Such as this.")


def test_many_clients_are_compared_with_one(address: str, photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = load.compare(address, 2, 0.5, photo)
    assert tally.errors == []
    assert len(tally.seconds) >= 2
    assert re.search(r"95th percentile of 2 clients: \d+\.\d x a client alone", capsys.readouterr().out)
