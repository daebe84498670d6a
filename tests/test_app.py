"""Starting the Space: what is said when the catalogue or the model is not there or not a pair."""

import subprocess
import sys
from pathlib import Path

import gradio as gr
import httpx
import pytest

import app
from tests.helpers import ROOT
from tests.helpers.fakes import PRODUCTS, write_catalog, write_fake_model
from tests.helpers.hub.state import Hub, Repo
from ui import page


def test_a_missing_catalogue_is_one_sentence_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert app.main(["--catalog", str(tmp_path / "catalog.parquet"), "--model", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "There is no catalogue" in message
    assert "python -m pipeline build" in message
    assert "python app.py --catalog" in message


def test_the_page_does_not_wait_for_torch() -> None:
    opened = "import sys, app; app.choose_workspace(None, None); print({'torch', 'transformers'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", opened], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_model_of_another_build_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalog = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    model = write_fake_model(tmp_path / "model")
    assert len(app.open_workspace(catalog, model).catalog) == len(PRODUCTS)
    (model / "model.safetensors").write_bytes(b"another")
    assert app.main(["--catalog", str(catalog), "--model", str(model)]) == 2
    assert "model.safetensors is damaged or was changed" in capsys.readouterr().err
    other = write_catalog(tmp_path / "other.parquet", PRODUCTS, weights="0" * 64)
    assert app.main(["--catalog", str(other), "--model", str(model)]) == 2
    assert "another model" in capsys.readouterr().err


def test_on_a_space_the_error_is_shown_as_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    monkeypatch.setenv("SPACE_ID", "someone/galaxy")
    monkeypatch.setattr(app, "serve", served.append)
    assert app.main(["--catalog", str(tmp_path / "nothing"), "--model", str(tmp_path)]) == 0
    [blocks] = served
    assert "There is no catalogue" in str(blocks.get_config_file()["components"])


def test_a_slow_first_page_does_not_stop_the_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> httpx.Response:
        raise httpx.ReadTimeout("three seconds are over")

    monkeypatch.setattr(httpx, "head", slow)  # how Gradio looks whether the page is there
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    blocks = page.build_refusal("Nothing to see.")
    app.launch(blocks)
    try:
        assert httpx.get(blocks.local_url, trust_env=False, timeout=60).is_success
    finally:
        blocks.close(verbose=False)


def _published(hub: Hub, catalog: Path, model: Path) -> dict[str, str]:
    """The variables of a Space that opens these files."""
    files = [path for path in model.rglob("*") if path.is_file()]
    bundle = {path.relative_to(model).as_posix(): path.read_bytes() for path in files}
    variables = {}
    for variable, kind, tree in (
        ("CATALOG_REPO", "datasets", {"catalog.parquet": catalog.read_bytes()}),
        ("MODEL_REPO", "models", bundle),
    ):
        repo, name = Repo(private=False), f"me/{kind}"
        variables[variable] = f"{name}@{repo.commit(tree, 'published')}"
        hub.put(kind, name, repo)
    return variables


@pytest.fixture
def space(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A Space whose variables name a catalogue and a model on the stand-in."""
    catalog = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    for name, value in _published(hub, catalog, write_fake_model(tmp_path / "model")).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SPACE_ID", "someone/galaxy")
    return hub


def _shown(monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """The page that a Space shows."""
    served: list[gr.Blocks] = []
    monkeypatch.setattr(app, "serve", served.append)
    assert app.main(list(options)) == 0
    [blocks] = served
    return str(blocks.get_config_file()["components"])


def test_a_space_opens_what_its_variables_name(space: Hub) -> None:
    workspace = app.choose_workspace(None, None)
    assert len(workspace.catalog) == len(PRODUCTS)
    assert workspace.name == f"me/datasets@{space.head('datasets', 'me/datasets')[:7]}"
    assert workspace.name in page.header(workspace)


def test_options_win_over_variables(space: Hub, tmp_path: Path) -> None:
    catalog, model = write_catalog(tmp_path / "own.parquet", PRODUCTS[:2]), tmp_path / "model"
    assert len(app.choose_workspace(catalog, model).catalog) == 2
    assert space.requests == []


def test_without_variables_the_hub_gets_no_request(hub: Hub) -> None:
    assert app.choose_workspace(None, None).catalog.path == app.ROOT / "catalog.parquet"
    assert hub.requests == []


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("MODEL_REPO", "", "CATALOG_REPO is set and MODEL_REPO is not"),
        ("CATALOG_REPO", "me/datasets", "names no revision"),
        ("CATALOG_REPO", "me/nothing@main", "The dataset repository me/nothing@main cannot be opened: there is none"),
        ("MODEL_REPO", "me/models@v9", "it has no such revision"),
    ],
)
def test_a_repository_that_cannot_be_opened_is_shown_as_a_page(
    space: Hub, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert sentence in _shown(monkeypatch)


def test_a_catalogue_of_another_bundle_is_named_by_its_repository(
    space: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = write_catalog(tmp_path / "other.parquet", PRODUCTS, weights="0" * 64)
    variables = _published(space, other, tmp_path / "model")
    monkeypatch.setenv("CATALOG_REPO", variables["CATALOG_REPO"])
    page = _shown(monkeypatch)
    assert f"{variables['CATALOG_REPO']} was made with another model than {variables['MODEL_REPO']}" in page
    assert "set CATALOG_REPO and MODEL_REPO to the two lines" in page
    assert str(tmp_path) not in page
