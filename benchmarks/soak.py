"""Many visitors and attackers at once, for minutes: whether memory, files and connections of the Space stay flat.

    python -m benchmarks.soak [--minutes 10] [--clients 20]

Each client is on a thread of its own and asks again as soon as it is answered, each time as a new session: a search,
a classification with an uploaded photo, a rerank, and what attacks send: photos with too many scans, large photos,
files of the server, texts that are too long, an upload that is broken off. Printed for each minute: answers, refusals,
errors that are neither; resident memory of the app and of its decoders, open files, bytes of uploads. Last: memory at
the end over memory after the first minute. Linux only: /proc says it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from PIL import Image

from benchmarks.load import TEXTS
from benchmarks.memory import ask_everything, resident, wait_until_idle
from benchmarks.startup import ROOT, running_app
from pipeline.data.decoding.structure import MAX_SCANS

API = "gradio_api"
PHOTO = ROOT / "assets" / "examples" / "robot-003.jpg"
_REFUSED = (413, 503)  # too large, too many at once
FLAT = 1.10  # memory at the end over memory after the first minute


@dataclass(frozen=True)
class Sample:
    """Resources of the app at a moment: bytes, files, bytes."""

    app: int
    decoders: int
    files: int
    uploads: int


def large_photo() -> bytes:
    """A small file of 6300 x 6300 pixels: a palette with a transparent color."""
    buffer = io.BytesIO()
    Image.new("P", (6300, 6300)).save(buffer, "PNG", transparency=0)
    return buffer.getvalue()


def many_scans() -> bytes:
    """A progressive JPEG that repeats its last scan."""
    buffer = io.BytesIO()
    Image.new("RGB", (3000, 3000), (9, 99, 9)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * (10 * MAX_SCANS) + b"\xff\xd9"


class _RefusedError(Exception):
    """A request was refused, as it should be."""


class Visitor:
    """Asks one thing after the other.

    Args:
        address: Of the app, with a slash at its end.
        product: Id of a product of its catalogue.
        seed: Where it begins.
    """

    def __init__(self, address: str, product: str, seed: int) -> None:
        self._address = f"{address}{API}/"
        self._client = httpx.Client(timeout=120, trust_env=False)
        self._rng = random.Random(seed)
        self._product = product
        self._bombs = (large_photo(), many_scans())

    def ask(self) -> str:
        """Ask anything; "answer", "refusal", or what went wrong."""
        ways: tuple[Callable[[], str], ...] = (
            lambda: self._call("search", {"text": self._rng.choice(TEXTS)}),
            lambda: self._call(
                "classify", {"title": self._rng.choice(TEXTS), "photo": self._upload(PHOTO.read_bytes())}
            ),
            lambda: self._call("rerank", {"product_id": self._product}),
            lambda: self._call("classify", {"photo": self._upload(self._rng.choice(self._bombs))}),
            lambda: self._call("classify", {"photo": {"path": "/dev/zero"}}),
            lambda: self._call("search", {"text": "x" * self._rng.randrange(6_000, 2_000_000)}),
            self._break_off,
        )
        try:
            return self._rng.choice(ways)()
        except _RefusedError:
            return "refusal"
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"

    def _call(self, name: str, given: dict[str, Any]) -> str:
        joined = self._client.post(f"{self._address}call/v2/{name}", json=given)
        if joined.status_code in _REFUSED:
            return "refusal"
        event = joined.raise_for_status().json()["event_id"]
        text = self._client.get(f"{self._address}call/v2/{name}/{event}").text.strip()
        kind, _, value = text.rpartition("event: ")[2].partition("\ndata: ")
        if kind == "complete":
            return "answer"
        said = json.loads(value)["error"]
        return "refusal" if said and "on our side" not in said else f"fault: {said}"

    def _upload(self, data: bytes) -> dict[str, str]:
        # a name of its own, so that it is another upload
        files = {"files": (f"{self._rng.getrandbits(64):x}.jpg", data + self._rng.randbytes(8))}
        answer = self._client.post(f"{self._address}upload", files=files)
        if answer.status_code in _REFUSED:
            raise _RefusedError
        return {"path": answer.raise_for_status().json()[0]}

    def _break_off(self) -> str:
        def body() -> Any:
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + bytes(100_000)
            raise ConnectionAbortedError

        headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "1000000"}
        with contextlib.suppress(ConnectionAbortedError, httpx.HTTPError):
            self._client.post(f"{self._address}upload", content=body(), headers=headers)
        return "refusal"


def sample(pid: int, uploads: Path) -> Sample:
    """Resources that the app of this process id holds now."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    decoders = {int(child) for file in children for child in file.read_text(encoding="ascii").split()}
    sizes = 0
    for path in uploads.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            sizes += path.stat().st_size if path.is_file() else 0
    held = 0
    for child in decoders:
        with contextlib.suppress(FileNotFoundError):
            held += resident(child)
    return Sample(resident(pid), held, len(os.listdir(f"/proc/{pid}/fd")), sizes)


def soak(minutes: float, clients: int) -> float:
    """Print what happens in each minute; returns memory at the end over memory after the first."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, {"GRADIO_TEMP_DIR": folder}),
        running_app() as (pid, address),
    ):
        wait_until_idle(pid)
        ask_everything(address)
        product = _product(address)
        said: Counter[str] = Counter()
        ended = threading.Event()

        def visit(seed: int) -> None:
            visitor = Visitor(address, product, seed)
            while not ended.is_set():
                said[visitor.ask()] += 1

        samples = [sample(pid, Path(folder))]
        print(_row("start", samples[0], said))
        with ThreadPoolExecutor(clients) as pool:
            running = [pool.submit(visit, seed) for seed in range(clients)]
            for minute in itertools.count(1):
                time.sleep(min(60.0, max(0.0, 60 * (minutes - minute + 1))))
                samples.append(sample(pid, Path(folder)))
                print(_row(f"{minute} min", samples[-1], said), flush=True)
                if minute >= minutes:
                    break
            ended.set()
            for one in running:
                one.result()
        wait_until_idle(pid)
        samples.append(sample(pid, Path(folder)))
        print(_row("idle", samples[-1], said))
        for kind in sorted(set(said) - {"answer", "refusal"})[:5]:
            print(f"  {said[kind]} x {kind[:160]}")
        return samples[-2].app / samples[1].app


def _product(address: str) -> str:
    joined = httpx.post(f"{address}{API}/call/v2/products", json={"text": ""}, trust_env=False).json()
    text = httpx.get(f"{address}{API}/call/v2/products/{joined['event_id']}", timeout=60, trust_env=False).text
    return str(json.loads(text.rpartition("\ndata: ")[2])[0][0]["product_id"])


def _row(when: str, held: Sample, said: Counter[str]) -> str:
    faults = sum(said.values()) - said["answer"] - said["refusal"]
    return (
        f"{when:>7}  app {held.app / 1e6:6,.0f} MB  decoders {held.decoders / 1e6:5,.0f} MB  {held.files:4} files  "
        f"uploads {held.uploads / 1e6:6,.1f} MB  "
        f"{said['answer']:6} answers {said['refusal']:6} refusals {faults:3} faults"
    )


def main() -> int:
    """Soak and print; returns 1 if memory grew."""
    parser = argparse.ArgumentParser(description="Many visitors and attackers at once, for minutes.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=20)
    chosen = parser.parse_args()
    ratio = soak(chosen.minutes, chosen.clients)
    print(f"memory of the app at the end over after the first minute: {ratio:.2f} x")
    return int(ratio > FLAT)


if __name__ == "__main__":
    sys.exit(main())
