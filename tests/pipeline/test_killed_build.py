"""A build that is killed with -9 in any stage and started again."""

import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.artifacts import RunPaths
from pipeline.config.presets import tiny
from pipeline.data.schema import read_table
from tests.helpers import ROOT

PATIENCE = 240  # seconds for a build to write a file, on however busy a machine


def _build_command(data: Path, run: Path) -> list[str]:
    options = ["--preset", "tiny", "--source", str(data), "--taxonomy", "rows", "--out", str(run)]  # as in `tiny_run`
    return [sys.executable, "-m", "pipeline", "build", *options]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build_apart(command: list[str], error: Path) -> None:
    """Run the command line in a process and a session of its own, with stderr in a file."""
    os.setsid()
    with error.open("w") as stderr:
        os.dup2(stderr.fileno(), sys.stderr.fileno())
    sys.exit(main(command[3:]))


def _kill_when(marker: str, data: Path, run: Path) -> None:
    """Build, and kill -9 as soon as a file matches `marker`.

    The processes are forked from one that has imported the pipeline: ten imports are half a minute.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["pipeline.__main__"])
    error = run.parent / "stderr"
    process = processes.Process(target=_build_apart, args=(_build_command(data, run), error))
    process.start()
    deadline = time.monotonic() + PATIENCE
    while not list(run.glob(marker)):
        assert process.is_alive(), f"the build ended before {marker} appeared: {error.read_text()}"
        assert time.monotonic() < deadline, f"{marker} never appeared"
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.slow(40)
@pytest.mark.timeout(900)  # room for a busy machine: it is a build and a half
def test_a_build_killed_in_every_stage_ends_as_an_unbroken_one(tiny_run, tmp_path):
    """kill -9 while photos are read, inside each training stage, and in the stages after it: the same in the end."""
    data, run = tiny_run.parent / "data", tmp_path / "run"
    paths, unbroken = RunPaths(run), RunPaths(tiny_run)
    inside_training = [f"{paths.training.name}/*/{stage.name}.safetensors" for stage in tiny().train.stages]
    after = [
        path.name
        for path in (paths.trained, paths.embeddings, paths.calibrated, paths.layout, paths.clusters, paths.evaluation)
    ]
    for marker in (f".{paths.images.name}.*.tmp", *inside_training, *after):
        _kill_when(marker, data, run)
        assert not paths.catalog.exists(), marker
    subprocess.run(_build_command(data, run), cwd=ROOT, check=True, capture_output=True)
    for path in (paths.products, paths.rejects, paths.layout, paths.clusters, paths.catalog):
        assert read_table(path).equals(read_table(unbroken.root / path.name)), path.name
    assert _hash(paths.model / "model.safetensors") == _hash(unbroken.model / "model.safetensors")
    assert paths.evaluation.read_bytes() == unbroken.evaluation.read_bytes()
