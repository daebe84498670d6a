"""The code that README and docs/api.md show for programs runs, against a running app."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

import app

BLOCKS = [
    block
    for page in ("README.md", "docs/api.md")
    for block in re.findall(r"```(python|sh)\n(.*?)```", (app.ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
]
"""Language and text of every code block that asks the Space."""


@pytest.mark.parametrize(("language", "block"), BLOCKS)
def test_the_code_of_the_docs_runs(small_space: str, language: str, block: str) -> None:
    block = block.replace("http://127.0.0.1:7860", small_space)
    command = ["bash", "-euc", block] if language == "sh" else [sys.executable, "-c", block]
    if language == "sh" and shutil.which("curl") is None:
        pytest.skip("no curl found")
    completed = subprocess.run(command, cwd=app.ROOT, capture_output=True, text=True, timeout=250)
    assert completed.returncode == 0, completed.stderr
    assert "product_id" in completed.stdout or "confidence" in completed.stdout
    assert "event: error" not in completed.stdout
