"""Hostile sources: parquet files that unpack to gigabytes, and misbehaving web servers on loopback."""

import contextlib
import gzip
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.helpers import ROOT


def repeated(value: bytes | str, rows: int) -> pa.Array:
    """A column whose rows all refer to the single value of a dictionary."""
    kind = pa.binary() if isinstance(value, bytes) else pa.string()
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value], kind))


def write_bomb(path: Path, columns: dict[str, pa.Array], *, packed: bool = True) -> Path:
    """A parquet file as another program would have written it, without Arrow's own schema."""
    options = {"use_dictionary": packed, "compression": "zstd", "store_schema": False}
    pq.write_table(pa.table(columns), path, **options)
    return path


_MEASURE = """
import json, sys
from dataclasses import replace
from pathlib import Path
from pipeline.data.sources import SourceError
from pipeline.config.presets import PRESETS
from pipeline.stages import ingest

config = PRESETS["tiny"]()
for number, source in enumerate(sys.argv[2:]):
    try:
        ingest.run(replace(config, source=replace(config.source, location=source)), Path(sys.argv[1]) / str(number))
        said = ""
    except SourceError as error:
        said = str(error)
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps([source, said, int(peak.split()[1])]), flush=True)
"""
"""Not `getrusage`: its maximum is that of the parent process, where that was larger before the program was replaced."""


def ingest_measured(run: Path, *sources: Path) -> dict[str, tuple[str, int]]:
    """Message of `ingest` on each source, run in a process of its own, and its peak memory so far in kB."""
    command = [sys.executable, "-c", _MEASURE, str(run), *map(str, sources)]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    lines = [json.loads(line) for line in completed.stdout.splitlines()]
    return {Path(source).stem: (sentence, peak) for source, sentence, peak in lines}


class Shop(ThreadingHTTPServer):
    """A web server; `requests` lists the requested paths, `headers` holds the headers of the last request."""

    daemon_threads = True

    def __init__(self, address: str, photo: bytes = b"photo") -> None:
        super().__init__((address, 0), _Answers)
        self.photo = photo
        self.requests: list[str] = []
        self.headers: dict[str, str] = {}
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.server_address[0]}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: clients are expected to hang up."""


class _Answers(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.server.headers = dict(self.headers)
        what, _, argument = self.path.lstrip("/").partition("/")
        getattr(self, f"_{what}")(argument)

    def log_message(self, *_: object) -> None:
        pass

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _photo(self, _: str) -> None:
        self._head(200, Set_Cookie="seen=1")
        self.wfile.write(self.server.photo)

    def _status(self, status: str) -> None:
        self._head(int(status))

    def _redirect(self, target: str) -> None:
        self._head(302, Location=target)

    def _round(self, number: str) -> None:
        self._head(302, Location=f"/round/{int(number) + 1}")

    def _longway(self, target: str) -> None:
        self._head(302, Location=target)
        self._pour(itertools.repeat(bytes(65_536)))

    def _endless(self, _: str) -> None:
        self._head(200)
        self._pour(itertools.repeat(bytes(65_536)))

    def _drip(self, where: str) -> None:
        if where == "body":
            self._head(200)
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._pour(itertools.repeat(b"a"), pause=0.02)

    def _gzip(self, size: str) -> None:
        self._head(200, Content_Encoding="gzip")
        self.wfile.write(gzip.compress(bytes(int(size)), 9))

    def _twice(self, size: str) -> None:
        self._head(200, Content_Encoding="gzip, gzip")
        self.wfile.write(gzip.compress(gzip.compress(bytes(int(size)))))

    def _pour(self, pieces: "itertools.repeat[bytes]", pause: float = 0.0) -> None:
        with contextlib.suppress(OSError):
            for piece in pieces:
                if self.server.closing.is_set():
                    return
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(pause)


@contextlib.contextmanager
def open_shop(address: str = "127.0.0.1"):
    """A running shop."""
    shop = Shop(address)
    threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield shop
    finally:
        shop.closing.set()
        shop.shutdown()
        shop.server_close()


def resolver(**names: list[str]):
    """A stand-in for `socket.getaddrinfo` that knows these names ("_" for "."), answer by answer, and numbers."""
    hosts: list[str] = []
    answers = {name.replace("_", "."): itertools.cycle(spellings) for name, spellings in names.items()}

    def resolve(host: str, port: int, **options: object):
        hosts.append(host)
        spelling = next(answers[host]) if host in answers else host
        together = [socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0] for address in spelling.split("+")]
        return together

    return resolve, hosts
