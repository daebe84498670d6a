"""Attacks that must keep failing: names of uploads, requests to other servers, secrets, other sites, the queue."""

import contextlib
import http.server
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.space.asking import CLIENT, as_page, as_program, handlers, upload

NAMES = (
    "../../../../tmp/out.jpg",
    "..\\..\\out.jpg",
    "/etc/cron.d/out",
    "a/b/c.jpg",
    "a\r\nX-Evil: 1.jpg",
    "<img src=x onerror=alert(1)>.jpg",
    "%2e%2e%2fout.jpg",
    "x" * 300 + ".jpg",
    ".",
    "con.jpg",
    "bild-äöü-日本.jpg",
    ".env",
)
"""Names that would like to lead out of the folder, or to be more than a name."""


@pytest.fixture(scope="module")
def address(small_space):
    return small_space


@pytest.mark.parametrize("name", NAMES)
def test_an_upload_lies_in_its_folder_whatever_its_name(address, name):
    root = Path(upload(address, b"a")).resolve().parents[1]
    before = set(root.parent.iterdir())
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = CLIENT.post(f"{address}/gradio_api/upload", content=head + b"a\r\n--x--\r\n", headers=headers)
    assert answer.status_code in (200, 400)
    for path in answer.json() if answer.is_success else []:
        assert Path(path).resolve().is_relative_to(root)
    assert set(root.parent.iterdir()) == before


@pytest.fixture
def listener():
    """Address of a local server, and the list of the requests it received."""
    paths = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_error(404)

        def do_POST(self):
            self.do_GET()

        def do_HEAD(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def test_nothing_asks_another_server(address, listener):
    elsewhere, requested = listener
    photo = f"{elsewhere}/photo.png"
    shapes = (
        photo,
        {"path": photo},
        {"path": photo, "meta": {"_type": "gradio.FileData"}},
        {"url": photo, "meta": {"_type": "gradio.FileData"}},
        {"path": None, "url": photo},
        {"path": f"{elsewhere}/gradio_api/file=photo.png"},
        [{"path": photo, "meta": {"_type": "gradio.FileData"}}],
    )
    for shape in shapes:
        for endpoint, field in (("classify", "photo"), ("classify", "title"), ("search", "text"), ("rerank", "photo")):
            as_program(address, endpoint, {field: shape})
    for one in handlers(address):
        if "load" not in (what for _, what in one["targets"]):
            as_page(address, one["id"], [shapes[2]] * len(one["inputs"]), event={"picked": photo})
    for path in (f"file={photo}", f"proxy={photo}", f"file/{photo}", f"stream/{photo}"):
        CLIENT.get(f"{address}/gradio_api/{path}")
    CLIENT.get(f"{address}/", params={"tab": "classify", "title": photo, "photo": photo})
    assert requested == []


def test_the_page_reveals_nothing_about_the_machine(address, tmp_path):
    page = "".join(CLIENT.get(f"{address}/{path}").text for path in ("", "config", "gradio_api/info", "theme.css"))
    for secret in (str(ROOT), os.environ["GRADIO_TEMP_DIR"], str(tmp_path.parent), os.getcwd()):
        assert secret not in page
    for name in ("HF_TOKEN", "PYTHONPATH", "site-packages"):
        assert name not in page


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_other_sites_are_not_let_in(address, origin):
    for path in ("config", "gradio_api/info", "gradio_api/upload"):
        answer = CLIENT.options(
            f"{address}/{path}", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}, timeout=60
        )
        assert answer.headers.get("access-control-allow-origin") not in (origin, "*")


def test_callers_who_never_read_do_not_block_others(address):
    host, _, port = address.removeprefix("http://").partition(":")
    body = b'{"text": "shirt"}'
    head = b"POST /gradio_api/call/v2/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with contextlib.ExitStack() as held:
        for number in range(60):
            connection = held.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            if number % 2:
                connection.close()  # some hang up at once, the others never read
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: as_program(address, "products", {"text": "shirt"})[0], range(20)))
    assert set(answers) <= {"complete", "503"}  # the queue may be full for a moment
    assert as_program(address, "products", {"text": "shirt"})[0] == "complete"


def test_an_uploaded_file_is_never_executed(address):
    for name, data in (("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ("a.html", b"<script>1</script>")):
        answer = CLIENT.get(f"{address}/gradio_api/file={upload(address, data, name)}")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
