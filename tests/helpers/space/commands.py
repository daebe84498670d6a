"""Commands run as an operator runs them, in a process of their own."""

import os
import signal
import subprocess
import time

from tests.helpers import ROOT

QUIET = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "GRADIO_ANALYTICS_ENABLED": "False"}


def interrupted(command, log, marker):
    """Interrupt a command once its output contains `marker`; returns its exit code and output."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=QUIET, stdout=output, stderr=output, preexec_fn=_take_interrupts
        )
    try:
        return _interrupt(process, log, marker)
    finally:
        process.kill()


def _take_interrupts():
    """Restore the default handling of interrupts, which shells disable for background processes."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(process, log, marker):
    deadline = time.monotonic() + 200
    while marker not in log.read_text("utf-8", "replace"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=120), log.read_text("utf-8", "replace")
