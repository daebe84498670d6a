"""Failures outside of the program: one sentence, the right exit code, nothing half-written."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models

from pipeline import artifacts, errors
from pipeline.__main__ import main
from pipeline.artifacts import ArtifactError, atomic_path, write_json
from pipeline.config.stages import ConfigError
from pipeline.data.decoding import ImageError
from pipeline.data.sources import SourceError
from pipeline.errors import InputError, UserError
from pipeline.hub.download import HubError
from pipeline.models.towers import TowerError
from pipeline.stages import runner
from tests.helpers.factories import write_dataset
from tests.helpers.space.commands import QUIET, ROOT, interrupted


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("source"), 60)


def _ingest(source, run):
    return main(["stage", "ingest", "--preset", "tiny", "--source", str(source), "--out", str(run)])


def _said(capsys, *parts):
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, lines
    for part in parts:
        assert part in lines[0]


def _unfinished(folder):
    return [path.name for path in folder.rglob("*.tmp")]


@pytest.mark.parametrize("where", ["file", "file/below", "file/far/below"])
def test_a_file_where_the_run_folder_should_be(source, tmp_path, capsys, where):
    (tmp_path / "file").write_text("mine")
    assert _ingest(source, tmp_path / where) == 2
    _said(capsys, str(tmp_path / "file"), "name another place")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_where_an_artifact_should_be(source, tmp_path, capsys):
    (tmp_path / "run" / "products.parquet").mkdir(parents=True)
    assert _ingest(source, tmp_path / "run") == 2
    _said(capsys, str(tmp_path / "run" / "products.parquet"), "name a file")
    assert _unfinished(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_takes_no_more(source, tmp_path, capsys, monkeypatch, number):
    def full(file):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(artifacts.os, "fsync", full)
    assert _ingest(source, tmp_path / "run") == 2
    _said(capsys, os.strerror(number), str(tmp_path / "run" / "images.npy"))
    assert _unfinished(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 100 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_truly_full(source, small_disk, capsys):
    assert _ingest(source, small_disk / "run") == 2
    _said(capsys, "No space left on device", str(small_disk / "run" / "images.npy"), "make room")
    assert _unfinished(small_disk) == []


def _tokenizer(config, run_dir):
    Tokenizer(models.WordLevel({str(word): word for word in range(20_000)}, "0")).save(str(run_dir / "words"))


def _weights(config, run_dir):
    with atomic_path(run_dir / "weights") as temporary:
        save_file({"a": np.zeros(100_000)}, temporary)


def _array(config, run_dir):
    with atomic_path(run_dir / "array") as temporary, temporary.open("wb") as file:
        np.save(file, np.zeros(100_000))


def _only(monkeypatch, stage):
    monkeypatch.setattr(runner, "STAGES", (runner.Stage("ingest", (), (), lambda paths: [], stage),))


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (_tokenizer, "run cannot be used (No space left on device); make room"),
        (_weights, "run cannot be used (No space left on device); make room"),
        (_array, "A file of the run cannot be written whole (100000 requested"),
    ],
)
def test_a_full_disk_as_libraries_report_it(source, small_disk, capsys, monkeypatch, stage, sentence):
    _only(monkeypatch, stage)
    assert _ingest(source, small_disk / "run") == 2
    _said(capsys, sentence)
    assert _unfinished(small_disk) == []


def test_a_file_that_may_not_grow_as_safetensors_reports_it(source, tmp_path, capsys, monkeypatch):
    def stage(config, run_dir):
        raise SafetensorError("Error while serializing: I/O error: File too large (os error 27)")

    _only(monkeypatch, stage)
    assert _ingest(source, tmp_path / "run") == 2
    _said(capsys, f"{tmp_path / 'run'} cannot be used (File too large); allow larger files")


def test_a_numerical_error_keeps_its_traceback(source, tmp_path, monkeypatch):
    """NumPy and others raise ValueErrors, which are nobody's bad input."""

    def stage(config, run_dir):
        return np.zeros(2) + np.zeros(3)

    _only(monkeypatch, stage)
    with pytest.raises(ValueError, match="could not be broadcast"):
        _ingest(source, tmp_path / "run")


@pytest.mark.parametrize(
    "kind", [ArtifactError, SourceError, HubError, TowerError, ImageError, ConfigError, InputError]
)
def test_an_error_that_a_user_can_fix_is_a_sentence(source, tmp_path, capsys, monkeypatch, kind):
    def stage(config, run_dir):
        raise kind("This is wrong; do that.")

    assert issubclass(kind, UserError)
    _only(monkeypatch, stage)
    assert _ingest(source, tmp_path / "run") == 2
    _said(capsys, "error: This is wrong; do that.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "ingest.image_sizes=32"], "the nearest is 'ingest.image_size'"),
        (["--set", "ingest.image_size=large"], "it takes int"),
        (["--columns", "product_title"], "--columns takes OURS=THEIRS pairs"),
    ],
)
def test_an_invalid_command_is_refused_with_a_sentence(source, tmp_path, capsys, words, sentence):
    assert main(["build", "--source", str(source), "--out", str(tmp_path / "run"), *words]) == 2
    _said(capsys, sentence)
    assert not (tmp_path / "run").exists()


def test_an_internal_error_keeps_its_traceback(source, tmp_path, monkeypatch):
    def broken(file):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(artifacts.os, "fsync", broken)
    with pytest.raises(OSError, match="Bad file descriptor"):
        _ingest(source, tmp_path / "run")
    assert errors.sentence(OSError("no number")) is None
    assert errors.sentence(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None


_LIMITED = """
import os, resource, sys
from pipeline.__main__ import main

source, run, user = sys.argv[1], sys.argv[2], int(sys.argv[3])
words = ["stage", "ingest", "--preset", "tiny", "--source", source, "--out"]
for number, limit in enumerate((200, 20_000)):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    print(main([*words, f"{run}/{number}"]), flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(main([*words, f"{run}/1"]), flush=True)
os.mkdir(f"{run}/closed", 0o555)
if user:
    os.seteuid(user)
print(main([*words, f"{run}/closed"]), flush=True)
print(main([*words, f"{run}/closed/below"]), flush=True)
"""


def test_files_that_may_not_grow_and_folders_that_may_not_be_written(source, tmp_path):
    """With true limits: the log first, then the photos; with room it goes on; then a folder without permission."""
    os.chmod(tmp_path, 0o755)
    user = "65534" if os.geteuid() == 0 else "0"
    command = [sys.executable, "-c", _LIMITED, str(source), str(tmp_path), user]
    completed = subprocess.run(command, cwd=ROOT, env=QUIET, capture_output=True, text=True, timeout=240)
    assert completed.stdout.split() == ["2", "2", "0", "2", "2"], completed.stderr
    assert "Traceback" not in completed.stderr
    sentences = [line for line in completed.stderr.splitlines() if line.startswith("error: ")]
    assert [str(tmp_path / "0") in sentences[0], "File too large" in sentences[0], "ulimit -f" in sentences[0]] == [
        True
    ] * 3
    assert [str(tmp_path / "1") in sentences[1], "File too large" in sentences[1]] == [True] * 2
    assert all("Permission denied" in line and "closed" in line for line in sentences[2:])
    assert _unfinished(tmp_path) == []


@pytest.mark.parametrize("where", ["folder", "file/below.json"])
@pytest.mark.parametrize(
    "words",
    [
        ["classify-file", "--model", "none", "--input", "none", "--out"],
        ["evaluate", "--model", "none", "--products", "none", "--json"],
    ],
)
def test_an_unwritable_output_is_refused_before_any_work(tmp_path, capsys, words, where):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    assert main([*words, str(tmp_path / where)]) == 2
    _said(capsys, str(tmp_path), "cannot be used")


def test_trying_an_output_folder_leaves_nothing_behind(tmp_path):
    errors.check_writable(tmp_path / "new" / "result.json")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_source_that_may_not_be_read(tmp_path, capsys, monkeypatch):
    table = tmp_path / "table.csv"
    table.write_text("product_title\na\n", "utf-8")
    opened = Path.open

    def refused(self, *arguments, **options):
        if self == table:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    assert _ingest(table, tmp_path / "run") == 2
    _said(capsys, f"{table} cannot be read (Permission denied); check its permissions.")


def test_an_interrupt_within_a_write_leaves_nothing(tmp_path):
    write_json(tmp_path / "a.json", 1)

    def write():
        with atomic_path(tmp_path / "a.json") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "1\n"


def test_an_interrupted_command_is_130_and_leaves_no_unfinished_folder(source, tmp_path, capsys, monkeypatch):
    from pipeline.stages import ingest

    def interrupted(row, config, resolver):
        (tmp_path / "run" / ".trained.tmp").mkdir(exist_ok=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(ingest, "clean_row", interrupted)
    assert _ingest(source, tmp_path / "run") == 130
    assert errors.INTERRUPTED in capsys.readouterr().err
    assert _unfinished(tmp_path) == []


def test_ctrl_c_of_a_build(source, tmp_path):
    command = [sys.executable, "-m", "pipeline", "build", "--preset", "tiny", "--source", str(source)]
    code, log = interrupted([*command, "--out", str(tmp_path / "run")], tmp_path / "log", "ingest: started")
    assert code == 130
    assert errors.INTERRUPTED in log
    assert "Traceback" not in log
    assert _unfinished(tmp_path) == []
