"""The folder of uploads: every file is deleted at its age, and the oldest first if there is too much."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from ui.guard import limits, uploads
from ui.guard.uploads import Uploads, use_private_folder


@pytest.fixture
def clock(monkeypatch):
    """Lets a test move the clock, because the change time of a file cannot be set."""
    moved = SimpleNamespace(seconds=0.0)
    now = uploads.time.time
    monkeypatch.setattr(uploads, "time", SimpleNamespace(time=lambda: now() + moved.seconds))
    return moved


def put(folder, name, size=10):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


LEFT = {
    "an upload": "a" * 64 + "/photo.jpg",
    "an aborted upload": "tmpabc123",
    "a copy of a photo over MCP": "b" * 64 + "/image.jpeg",
    "the state of a link": "deep_links/xyz/state.json",
}


@pytest.mark.parametrize("kind", LEFT)
def test_every_kind_of_file_is_deleted_at_its_age(tmp_path, clock, kind):
    path = put(tmp_path, LEFT[kind])
    os.utime(path, (0, 0))  # as a copied file, whose times are those of its original
    uploads = Uploads(tmp_path)
    assert uploads.sweep() == 0
    clock.seconds = limits.SECONDS_UNFINISHED + 5
    assert uploads.sweep() == (kind == "an aborted upload")
    clock.seconds = limits.SECONDS_KEPT + 5
    uploads.sweep()
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_files_are_deleted_if_there_is_too_much(tmp_path):
    paths = [put(tmp_path, f"{number:064x}/photo.jpg", size=100) for number in range(5)]
    uploads = Uploads(tmp_path, max_bytes=350)
    assert uploads.sweep() == 2
    assert [path.exists() for path in paths] == [False, False, True, True, True]
    assert uploads.sweep(room=200) == 2
    assert [path.exists() for path in paths] == [False] * 4 + [True]


def test_a_page_forgets_what_is_deleted(tmp_path, clock):
    path, other = put(tmp_path, "a" * 64 + "/photo.jpg"), tmp_path / "elsewhere.jpg"
    page = SimpleNamespace(temp_file_sets=[{str(path), str(other)}, set()])
    uploads = Uploads(tmp_path)
    uploads.belong_to(page)
    clock.seconds = limits.SECONDS_KEPT + 5
    uploads.sweep()
    assert page.temp_file_sets == [{str(other)}, set()]


def test_symlinks_are_deleted_and_not_followed(tmp_path, clock):
    private = put(tmp_path, "private.jpg")
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "link.jpg").symlink_to(private)
    (folder / "folder").symlink_to(tmp_path)
    clock.seconds = limits.SECONDS_KEPT + 5
    Uploads(folder).sweep()
    assert private.exists()
    assert not (folder / "link.jpg").is_symlink()


def test_uploads_lie_in_a_folder_of_this_process_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(uploads.tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    killed, running = (tmp_path / f"product-galaxy-{number}-x" for number in (ended.pid, os.getppid()))
    put(killed, "photo.jpg")
    put(running, "photo.jpg")
    use_private_folder()
    assert not killed.exists()
    assert running.exists()
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700
    use_private_folder()
    assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
    monkeypatch.delenv("GRADIO_TEMP_DIR")


def broken_upload(address, size, end=b""):
    """Send the beginning of an upload and disconnect."""
    host, _, port = address.removeprefix("http://").partition(":")
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
    lines = f"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {size + 1000}\r\n".encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(lines + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + head + bytes(size) + end)


def test_aborted_uploads_are_deleted(small_space, clock):
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    for _ in range(3):
        broken_upload(small_space, 200_000)
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + bytes(1000)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    httpx.post(f"{small_space}/gradio_api/upload", content=body, headers=headers)  # a body without its end
    uploads = Uploads(folder.resolve())
    clock.seconds = limits.SECONDS_UNFINISHED + 5
    uploads.sweep()
    assert [path for path in folder.glob("*") if path.is_file()] == []
    clock.seconds = limits.SECONDS_KEPT + 5
    uploads.sweep()
    assert list(folder.rglob("*")) == []


def test_a_sweep_runs_only_if_there_is_too_little_room(tmp_path):
    uploads = Uploads(tmp_path, max_bytes=350)
    put(tmp_path, "a" * 64 + "/photo.jpg", size=100)
    uploads.make_room(100)  # nobody has looked before, so it looks
    unseen = put(tmp_path, "b" * 64 + "/photo.jpg", size=1000)
    uploads.make_room(100)
    assert unseen.exists(), "there is room as far as the last sweep knows, so nobody looks"
    unseen.unlink()
    paths = [put(tmp_path, f"{number:064x}/photo.jpg", size=100) for number in range(2)]
    uploads.make_room(100)
    assert not (tmp_path / ("a" * 64)).exists()
    assert [path.exists() for path in paths] == [True, True]


def test_an_upload_makes_room_for_itself(small_space, monkeypatch):
    sizes = []
    monkeypatch.setattr(Uploads, "make_room", lambda _, size: sizes.append(size))
    httpx.post(f"{small_space}/gradio_api/upload", files={"files": ("a.jpg", b"a" * 1000)})
    assert [1000 < size < 2000 for size in sizes] == [True]
