"""The Space as its operator meets it: ports that are taken, and Ctrl-C."""

import socket
import subprocess
import sys

import pytest

import app
from pipeline import errors
from tests.helpers.fakes import PRODUCTS, write_catalog, write_fake_model
from tests.helpers.space.commands import QUIET, ROOT, interrupted


@pytest.fixture
def space(tmp_path, monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    catalog, model = write_catalog(tmp_path / "catalog.parquet", PRODUCTS), write_fake_model(tmp_path / "model")
    return ["--catalog", str(catalog), "--model", str(model)]


@pytest.fixture
def taken(monkeypatch):
    """Port that is in use and requested."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv(app.PORT, str(server.getsockname()[1]))
        yield server.getsockname()[1]


def test_a_taken_port_is_reported_at_once(space, taken, capsys):
    assert app.main(space) == 2
    message = capsys.readouterr().err
    assert f"127.0.0.1:{taken} (Address already in use)" in message
    assert "set GRADIO_SERVER_PORT to a free port" in message


@pytest.mark.parametrize(("port", "host"), [("70000", "127.0.0.1"), ("7860", "192.0.2.1")])
def test_an_impossible_port_or_host_is_reported(space, monkeypatch, capsys, port, host):
    monkeypatch.setenv(app.PORT, port)
    monkeypatch.setenv(app.HOST, host)
    assert app.main(space) == 2
    assert f"Nothing can be served at {host}:{port}" in capsys.readouterr().err


def test_a_port_taken_while_the_page_is_built_is_reported(taken, monkeypatch):
    class Blocks:
        server_port = taken + 1
        closed = False

        def close(self, verbose):
            Blocks.closed = True

    monkeypatch.setattr(app, "launch", lambda blocks, files: None)
    with pytest.raises(app.PortError, match="taken in the meantime"):
        app.serve(Blocks())
    assert Blocks.closed


def test_ctrl_c_of_the_space(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, log = interrupted(
        ["env", f"{app.PORT}={port}", sys.executable, "-u", "app.py"], tmp_path / "log", f"http://127.0.0.1:{port}"
    )
    assert code == 130
    assert errors.CLOSED in log
    assert "Traceback" not in log


def test_a_port_that_is_not_a_number_is_reported(tmp_path):
    command = [sys.executable, "app.py"]
    completed = subprocess.run(
        command, cwd=ROOT, env={**QUIET, app.PORT: "web"}, capture_output=True, text=True, timeout=60
    )
    assert (completed.returncode, completed.stderr.count("\n")) == (2, 1)
    assert "GRADIO_SERVER_PORT is not a number" in completed.stderr
