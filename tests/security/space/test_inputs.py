"""Hostile fields, arguments and events: no file of the server is opened, and every call is answered."""

import functools
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from tests.helpers.factories import encode
from tests.helpers.space.asking import CLIENT, as_page, as_program, handlers, upload
from ui.guard import limits
from ui.guard.inputs import check_size

RED = Image.new("RGB", (64, 48), (200, 30, 30))
SURROGATE = "\ud800"


@pytest.fixture(scope="module")
def address(small_space):
    return small_space


@pytest.fixture(scope="module")
def photo_handlers(address):
    """Every handler with a photo among its inputs: id and place of the photo; the number of its inputs."""
    config = CLIENT.get(f"{address}/config").json()
    photos = {one["id"] for one in config["components"] if one["type"] == "image"}
    places = [
        (one["id"], place, len(one["inputs"]))
        for one in handlers(address)
        for place, field in enumerate(one["inputs"])
        if field in photos
    ]
    assert len(places) >= 11
    return places


def outside(tmp_path):
    """Paths on the server that nobody uploaded: a photo, a link, a pipe, folders and system files."""
    private = tmp_path / "private.jpg"
    private.write_bytes(encode(RED))
    link = tmp_path / "link.jpg"
    link.symlink_to(private)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    return [
        str(private),
        str(link),
        str(pipe),
        str(tmp_path),
        "/dev/zero",
        "/proc/self/environ",
        "/etc/passwd",
        "/nope",
    ]


SHAPES = [
    lambda path: {"path": path},
    lambda path: {"path": path, "meta": None},
    lambda path: {"path": path, "meta": {"_type": "gradio.FileData"}},
    lambda path: {"path": path, "url": f"file://{path}", "orig_name": "photo.jpg"},
    lambda path: {"path": path, "is_stream": True, "meta": {"_type": "gradio.FileData"}},
    lambda path: {"path": f"/gradio_api/file={path}"},
    lambda path: {"path": f"http://127.0.0.1/gradio_api/file={path}"},
    lambda path: [{"path": path}],
    lambda path: path,
]
"""Every shape in which a file was named in the attacks."""


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_no_file_of_the_server_is_opened_whatever_names_it(address, tmp_path, shape):
    for path in outside(tmp_path):
        for endpoint in ("classify", "search", "rerank"):
            event, answer = as_program(address, endpoint, {"photo": SHAPES[shape](path)})
            assert event == "error", (endpoint, path)
            assert "upload" in answer["error"] or "does not fit" in answer["error"]
            assert path not in answer["error"]


def test_no_private_handler_opens_a_file_of_the_server(address, tmp_path, photo_handlers):
    private = outside(tmp_path)[0]
    for number, place, count in photo_handlers:
        data = [None] * count
        data[place] = {"path": private}
        answer = as_page(address, number, data)
        assert answer["success"] is False
        assert "no such upload" in answer["output"]["error"]


def test_a_file_beside_the_uploads_is_refused(address):
    path = Path(upload(address, encode(RED)))
    beside = path.parents[1] / "deep_links" / "x"
    beside.mkdir(parents=True)
    (beside / "state.json").write_bytes(encode(RED))
    (path.parents[1] / "loose.jpg").write_bytes(encode(RED))
    (path.parent / "link.jpg").symlink_to("/etc/hostname")
    for other in (beside / "state.json", path.parents[1] / "loose.jpg", path.parent / "link.jpg", path.parent):
        event, answer = as_program(address, "classify", {"photo": {"path": str(other)}})
        assert (event, "no such upload" in answer["error"]) == ("error", True)
    for way in (str(path), f"{path.parent}/../{path.parent.name}/{path.name}"):
        assert as_program(address, "classify", {"photo": {"path": way}})[0] == "complete"


@pytest.mark.parametrize("name", ["a\0b.jpg", f"{SURROGATE}.jpg", "x" * 300, "x/" * 3000, "~", "", ".", "\n"])
def test_odd_names_of_uploads_are_an_error_message(address, name):
    root = Path(upload(address, encode(RED))).parents[1]
    event, answer = as_program(address, "classify", {"photo": {"path": f"{root}/{'a' * 64}/{name}"}})
    assert event == "error"
    assert "upload" in answer["error"] or "not text" in answer["error"]


ODD = [None, True, -1, 1.5e300, "x", ["Clothing"], {"path": 5}]
"""Values of every JSON type."""


@pytest.mark.parametrize(
    "value",
    [
        SURROGATE,
        "\0",
        "x" * (limits.MAX_CHARACTERS + 1),
        ["x" * 1000] * (limits.MAX_CHARACTERS // 1000 + 1),
        [0] * (limits.MAX_ITEMS + 1),
        functools.reduce(lambda inner, _: [inner], range(limits.MAX_DEPTH + 1), 0),
        {"a": {"\udfff": 0}},
    ],
    ids=["surrogate", "NUL", "long", "long together", "many", "deep", "surrogate in a key"],
)
def test_oversized_or_invalid_input_is_refused_before_it_is_stored(address, value):
    with pytest.raises(gr.Error, match="The input has"):
        check_size([value])
    event, answer = as_program(address, "classify", {"title": "vase", "description": value})
    assert event in ("error", "413")
    assert "The input has" in answer["error"]


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_every_handler_answers_whatever_it_is_given(address, value):
    called = [one for one in handlers(address) if "load" not in (what for _, what in one["targets"])]
    event = {"picked": value, "product_id": value}
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda one: as_page(address, one["id"], [value] * len(one["inputs"]), event), called)
        for one, answer in zip(called, answers, strict=True):
            assert answer["success"] or answer["output"]["error"], (one["api_name"], answer)


@pytest.mark.parametrize("event", [None, 5, "x", [], {}, {"picked": None}, {"picked": "page:9" + "9" * 5000}])
def test_every_event_is_answered(address, event):
    for one in handlers(address):
        if {what for _, what in one["targets"]} & {"select", "similar", "rerank", "click"} and len(one["inputs"]) < 3:
            answer = as_page(address, one["id"], [None] * len(one["inputs"]), event)
            assert answer["success"] or answer["output"]["error"], (one["api_name"], answer)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/v2/galaxy", {"unknown": 1}),
        ("call/v2/nothing", {}),
        ("call/nothing", {"data": []}),
        ("queue/join", {"data": [], "fn_index": 10**6, "session_hash": "a"}),
        ("queue/join", {"data": [], "fn_index": -1, "session_hash": "a"}),
        ("component_server", {"data": 1, "component_id": 10**6, "fn_name": "product", "session_hash": "a"}),
        ("component_server", {"data": 1, "component_id": 1, "fn_name": "__class__", "session_hash": "a"}),
    ],
)
def test_an_unknown_endpoint_is_a_client_error(address, path, body):
    answer = CLIENT.post(f"{address}/gradio_api/{path}", json=body)
    assert answer.status_code in (400, 404, 422)
    assert "Traceback" not in answer.text
    assert answer.json()["detail"]


def test_very_long_numbers_are_refused(address):
    digits = "9" * 5000
    for path in (f"galaxy/title/{digits}", f"galaxy/thumbnail/{digits}", "galaxy/title/-1", "galaxy/title/x"):
        assert CLIENT.get(f"{address}/{path}").status_code == 404
    headers = {"Content-Type": "application/json"}
    for body in (f'{{"page": {digits}}}', f'{{"count": {digits}}}'):
        answer = CLIENT.post(f"{address}/gradio_api/call/v2/search", content=body, headers=headers)
        assert answer.status_code in (400, 422)
        assert answer.json()["detail"]


def test_the_galaxy_answers_the_script_in_sentences(address):
    config = CLIENT.get(f"{address}/config").json()
    [galaxy] = [one["id"] for one in config["components"] if one["props"].get("elem_id") == "galaxy"]
    for function in ("product", "category", "find", "selection", "similar_to", "export_rows"):
        for value in (None, True, {"row": True}, {"row": -1}, {"product_id": SURROGATE}, [], 10**30, "x" * 6000):
            body = {"data": value, "component_id": galaxy, "fn_name": function, "session_hash": "a"}
            headers = {"Content-Type": "application/json"}
            answer = CLIENT.post(
                f"{address}/gradio_api/component_server", content=json.dumps(body), headers=headers, timeout=60
            )
            assert answer.status_code == 200
            assert "mask" in answer.json() or answer.json()["refused"]


def test_an_internal_error_is_a_message_with_the_id_of_the_log(address, monkeypatch, caplog):
    from ui.workspace import Workspace

    monkeypatch.setattr(Workspace, "describe", lambda *_: 1 // 0)
    event, answer = as_program(address, "search", {"text": "shirt"})
    assert event == "error"
    assert answer["error"].startswith("Something went wrong on our side.")
    name = answer["error"].rstrip(".").rsplit(" ", 1)[1]
    assert f"reported to a visitor as {name}" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "Traceback" not in json.dumps(answer)


def test_errors_are_escaped_for_the_page_and_raw_for_programs(address):
    branch = "<img src=x onerror=alert(1) & <b"
    event, answer = as_program(address, "classify", {"title": "vase", "branches": branch})
    assert (event, branch in answer["error"]) == ("error", True)
    [classify] = [one for one in handlers(address) if one["api_name"] == "classify"]
    answer = as_page(address, classify["id"], [None, "vase", "", 0.9, branch, ""])
    assert "&lt;img src=x onerror=alert(1) &amp; &lt;b" in answer["output"]["error"]


def test_a_photo_of_many_scans_lets_other_visitors_through(address):
    data = encode(Image.new("RGB", (3000, 3000), (9, 99, 9)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    bomb = upload(address, data[:-2] + data[last:-2] * 400 + b"\xff\xd9")
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(as_program, address, "classify", {"photo": {"path": bomb}}) for _ in range(6)]
        assert as_program(address, "search", {"text": "shirt"})[0] == "complete"
        answers = [one.result() for one in calls]
    assert [(event, "scans" in answer["error"]) for event, answer in answers] == [("error", True)] * 6
