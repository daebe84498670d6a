"""Rules of the house that no linter knows: sizes of files and folders, one place for the names of files."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers import ROOT

FOLDERS = ("pipeline", "ui", "synthetic", "benchmarks", "experiments", "tests")
CODE = sorted(path for folder in FOLDERS for kind in ("py", "js") for path in (ROOT / folder).rglob(f"*.{kind}"))
MOST_LINES, MOST_FILES = 300, 12
HUB_FILES = {"config.json", "model.safetensors", "tokenizer.json"}
"""Names of the hub's formats, not of ours."""
FILE_NAME = re.compile(r"[\w.-]*\.(parquet|npy|npz|jsonl?|txt|png|log|safetensors)")


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_is_code_to_read():
    assert len(CODE) > 200


@pytest.mark.parametrize("path", CODE, ids=_id)
def test_a_file_is_at_most_300_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_a_package_is_at_most_12_files():
    counts = Counter(_id(path.parent) for path in CODE if path.suffix == ".py")
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def _strings(path: Path) -> list[str]:
    """String literals of a file, parts of f-strings included, docstrings and bare strings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    ]


def test_only_artifacts_names_the_files_of_a_build():
    artifacts = ROOT / "pipeline" / "artifacts.py"
    names = {text for text in _strings(artifacts) if FILE_NAME.fullmatch(text)} - HUB_FILES
    assert "products.parquet" in names
    readers = [path for path in CODE if path.suffix == ".py" and _id(path).startswith(("pipeline/", "ui/"))]
    for path in [ROOT / "app.py", *readers]:
        if path != artifacts:
            used = {text for text in _strings(path) if re.split(r"[/\\]", text)[-1] in names}
            assert used == set(), f"{_id(path)} names {sorted(used)}; artifacts.py has the paths"


@pytest.mark.parametrize("path", [path for path in CODE if _id(path).startswith("tests/")], ids=_id)
def test_no_test_module_imports_another(path):
    imported = re.findall(r"^\s*(?:from|import) (tests\.[\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in imported if not name.startswith("tests.helpers")] == []
