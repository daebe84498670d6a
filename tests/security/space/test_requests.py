"""Requests to the Space: headers of every answer, what is not served, connections that do nothing, rates, hosts."""

import contextlib
import json
import re
import socket

import pytest
from mcp.server.transport_security import DEFAULT_MAX_REQUEST_BODY_SIZE
from playwright.sync_api import Route, expect

import app
from tests.helpers.space.asking import CLIENT, upload
from tests.helpers.space.browsing import frames, run_apart
from ui import page
from ui.guard import limits
from ui.guard.connections import TimedProtocol
from ui.guard.gate import Gate
from ui.guard.rates import Rates, SettingError
from ui.guard.uploads import Uploads


@pytest.fixture(scope="module")
def address(small_space):
    return small_space


def test_every_response_has_the_security_headers(address):
    file = upload(address, b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "a.svg")
    for path in ("/", "/config", "/galaxy/scripts/main.js", "/galaxy/thumbnail/0", "/nothing", "/gradio_api/info"):
        headers = CLIENT.get(f"{address}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "object-src 'none'" in policy
    policy = CLIENT.get(f"{address}/gradio_api/file={file}").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy


def test_a_range_response_does_not_echo_request_headers(address):
    file = upload(address, b"0123456789")
    headers = {"Range": "bytes=2-4", "Cookie": "secret=1", "Authorization": "Bearer secret"}
    answer = CLIENT.get(f"{address}/gradio_api/file={file}", headers=headers)
    assert (answer.status_code, answer.content) == (206, b"234")
    assert "secret" not in str(answer.headers)


@pytest.mark.parametrize(
    "byte_range", ["bytes=", "bytes=a-b", "bytes=5-2", "lines=1-2", "bytes=0-" + "9" * 5000, "x" * 5000]
)
def test_odd_ranges_are_answered(address, byte_range):
    file = upload(address, b"0123456789")
    answer = CLIENT.get(f"{address}/gradio_api/file={file}", headers={"Range": byte_range})
    assert answer.status_code in (200, 206, 400, 416)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "deep_link?session_hash=a"),
        ("POST", "process_recording"),
        ("GET", "proxy=http://127.0.0.1/"),
        ("POST", "stream/a"),
        ("POST", "vibe-edit"),
        ("GET", "vibe-code"),
        ("GET", "runs"),
    ],
)
def test_unused_gradio_routes_are_not_served(address, method, path):
    assert CLIENT.request(method, f"{address}/gradio_api/{path}").status_code == 404


def test_the_limit_of_mcp_is_that_of_its_library_and_holds_a_photo():
    assert limits.MAX_MCP == DEFAULT_MAX_REQUEST_BODY_SIZE
    assert -(-limits.MAX_MCP_PHOTO // 3) * 4 + 10_000 < limits.MAX_MCP


def closes(connection, within=60):
    """Whether the server closes a connection within some seconds; found out by reading from it."""
    connection.settimeout(within)
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return True


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET"]
)
def test_an_idle_connection_is_closed(address, monkeypatch, sent):
    monkeypatch.setattr(TimedProtocol, "seconds_for_headers", 0.3)
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(sent)
        assert closes(connection)


def test_a_request_whose_body_never_arrives_is_ended(address, monkeypatch):
    monkeypatch.setattr("ui.guard.gate.SECONDS_FOR_A_CHUNK", 0.3)
    host, _, port = address.removeprefix("http://").partition(":")
    head = b"POST /gradio_api/call/v2/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head + b'Connection: close\r\nContent-Length: 100\r\n\r\n{"text": ')
        assert closes(connection)
    assert CLIENT.post(f"{address}/gradio_api/call/v2/search", json={"text": "shirt"}).is_success


def from_address(client, forwarded=None, path="/gradio_api/queue/join"):
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    return {"type": "http", "method": "POST", "path": path, "client": (client, 1), "headers": headers}


def test_calls_of_an_address_are_limited_per_minute():
    rates = Rates(3)
    assert [rates.allow(from_address("203.0.113.5")) for _ in range(5)] == [True] * 3 + [False] * 2
    assert rates.allow(from_address("203.0.113.6"))
    assert all(rates.allow(from_address("127.0.0.1")) for _ in range(10))
    assert all(rates.allow(from_address("::1")) for _ in range(10))
    assert all(Rates(0).allow(from_address("203.0.113.5")) for _ in range(10))


def test_an_ipv6_network_counts_as_one_visitor():
    rates = Rates(2)
    same = ["2001:db9::1", "2001:db9::2", "2001:db9:0:0:ffff::3"]
    assert [rates.allow(from_address(one)) for one in same] == [True, True, False]
    mapped = ["::ffff:203.0.113.9", "203.0.113.9", "203.0.113.9"]
    assert [rates.allow(from_address(one)) for one in mapped] == [True, True, False]


def test_behind_a_proxy_the_last_public_hop_is_the_visitor():
    rates = Rates(1, behind_proxy=True)
    assert rates.allow(from_address("10.0.0.1", "1.1.1.1, 8.8.8.8, 10.2.3.4"))
    assert not rates.allow(from_address("10.0.0.1", "9.9.9.9, 8.8.8.8, 10.2.3.4"))
    assert rates.allow(from_address("10.0.0.1", "8.8.4.4"))
    alone = Rates(1)
    assert alone.allow(from_address("203.0.113.5", "1.1.1.1"))
    assert not alone.allow(from_address("203.0.113.5", "2.2.2.2"))


@pytest.mark.parametrize("rate", ["", "many", "-1", "1e3", "9" * 5000])
def test_a_rate_that_is_not_a_number_is_an_error_message(monkeypatch, rate):
    monkeypatch.setenv("CALLS_PER_MINUTE", rate)
    with pytest.raises(SettingError, match="CALLS_PER_MINUTE must be a number"):
        Rates.from_environment()
    assert app.main([]) == 2


def test_too_many_calls_are_refused_and_get_requests_are_not_counted(tmp_path):
    sent = []

    async def application(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask(scope):
        sent.clear()
        await gate(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)

    async def asked():
        looked = [await ask({**from_address("203.0.113.5"), "method": "GET", "path": "/config"}) for _ in range(3)]
        return looked, [await ask(from_address("203.0.113.5")) for _ in range(2)]

    gate = Gate(application, Uploads(tmp_path), Rates(1))
    looked, called = run_apart(asked)
    assert [status for status, _ in looked] == [200] * 3
    assert called[0][0] == 200
    assert called[1][0] == 429
    assert b"Too many calls" in called[1][1]


def test_only_allowed_hosts_are_answered(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "127.0.0.1, galaxy.example")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    blocks = page.build_refusal("Nothing to see.")
    app.launch(blocks)
    try:
        for host, status in (("evil.example", 400), ("galaxy.example", 200), ("127.0.0.1:1", 200)):
            answer = CLIENT.get(blocks.local_url, headers={"Host": host})
            assert answer.status_code == status
    finally:
        blocks.close(verbose=False)


TABS = ("Classify", "Search", "Galaxy", "Categories", "Rerank", "Analysis")


@pytest.mark.browser
def test_no_tab_asks_for_what_its_policy_forbids(address, browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    violations = []
    opened.on(
        "console", lambda message: violations.append(message.text) if "Content Security" in message.text else None
    )
    try:
        opened.goto(address)
        for name in TABS:
            tab = opened.get_by_role("tab", name=name, exact=True)
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            frames(opened, 30)
    finally:
        opened.close()
    assert violations == []


def _with_branch(route: Route, path: str) -> None:
    """Ask for a branch that the page would not let anybody pick."""
    body = route.request.post_data_json
    if len(body["data"]) == 6:  # photo, title, description, precision, branches, candidates
        body["data"][4] = [path]
    route.continue_(post_data=json.dumps(body))


@pytest.mark.browser
def test_a_toast_shows_a_visitors_own_words_and_no_markup(address, browser):
    words = "<img src=x onerror=alert(1) & <b"
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        opened.goto(address)
        opened.get_by_role("textbox", name="Title", exact=True).fill("a vase")
        opened.route("**/queue/join*", lambda route: _with_branch(route, words))
        opened.get_by_role("button", name="Classify", exact=True).click()
        toast = opened.get_by_test_id("toast-body")
        expect(toast).to_contain_text(re.compile(re.escape(words)))
        assert toast.locator("img, b").count() == 0
    finally:
        opened.close()
