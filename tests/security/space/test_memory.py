"""Memory of a Space does not grow after hundreds of visitors and six large photos at once."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import pytest
from PIL import Image

from benchmarks.memory import resident
from tests.helpers.space.asking import CLIENT, as_program, upload
from tests.helpers.space.in_process import in_a_process
from ui.guard import limits
from ui.guard.memory import forget_callers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc says how much memory there is")


CALLS = (  # each endpoint has a queue of its own
    ("search", {"text": "shirt", "count": 4}),
    ("neighbors", {"product_id": "p0", "count": 4}),
    ("category", {"category": "Clothing"}),
    ("products", {"text": "shirt"}),
    ("galaxy", {}),
)


def visit(address, number):
    return as_program(address, *CALLS[number % len(CALLS)])[0]


def meet(address, galaxy, number):
    """Create a session by a call of the galaxy, which bypasses the queue."""
    body = {"data": "vase", "component_id": galaxy, "fn_name": "find", "session_hash": f"visitor {number}"}
    return CLIENT.post(f"{address}/gradio_api/component_server", json=body).status_code


def classify(address, bomb):
    return as_program(address, "classify", {"photo": {"path": bomb}})[0]


def test_the_queue_drops_old_sessions():
    with gr.Blocks() as page:
        gr.Button()
    page.queue()
    forget_callers(page)
    for held in (page._queue.pending_messages_per_session, page._queue.pending_event_ids_session):
        for number in range(limits.MAX_CALLERS + 50):
            held[f"session {number}"] = set()
        assert len(held) == limits.MAX_CALLERS
        assert f"session {limits.MAX_CALLERS + 49}" in held


@pytest.mark.slow(25)
def test_visitors_and_large_photos_leave_no_memory_behind(tmp_path):
    buffer = io.BytesIO()
    Image.new("P", (6300, 6300)).save(buffer, "PNG", transparency=0)
    assert len(buffer.getvalue()) < 40_000
    with in_a_process(tmp_path) as (address, pid), ThreadPoolExecutor(12) as pool:
        bomb = upload(address, buffer.getvalue(), "bomb.png")
        config = CLIENT.get(f"{address}/config").json()
        [galaxy] = [one["id"] for one in config["components"] if one["props"].get("elem_id") == "galaxy"]
        met = [pool.submit(meet, address, galaxy, number) for number in range(limits.MAX_SESSIONS + 20)]
        assert {one.result() for one in met} == {200}
        assert {one.result() for one in [pool.submit(visit, address, number) for number in range(30)]} == {"complete"}
        assert classify(address, bomb) == "complete"
        before = resident(pid)
        visits = [pool.submit(visit, address, number) for number in range(300)]
        bombs = [pool.submit(classify, address, bomb) for _ in range(6)]
        assert {one.result() for one in [*visits, *bombs]} == {"complete"}
        assert resident(pid) < 1.1 * before
