"""Starting the Space: what is said when the catalogue or the model is not there or not a pair."""

from pathlib import Path

import pytest

import app
from tests.serving.conftest import PRODUCTS
from tests.serving.fakes import write_catalog, write_fake_model


def test_nothing_there_is_one_sentence_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert app.main(["--catalog", str(tmp_path / "catalog.parquet"), "--model", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "There is no catalogue" in said
    assert "python -m pipeline build" in said
    assert "python app.py --catalog" in said


def test_a_model_of_another_build_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalog = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    model = write_fake_model(tmp_path / "model")
    assert len(app.open_workspace(catalog, model).catalog) == len(PRODUCTS)
    (model / "model.safetensors").write_bytes(b"another")
    assert app.main(["--catalog", str(catalog), "--model", str(model)]) == 2
    assert "another model" in capsys.readouterr().err


def test_on_a_space_the_sentence_is_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setenv("SPACE_ID", "someone/galaxy")
    monkeypatch.setattr(app, "serve", shown.append)
    assert app.main(["--catalog", str(tmp_path / "nothing"), "--model", str(tmp_path)]) == 0
    [blocks] = shown
    assert "There is no catalogue" in str(blocks.get_config_file()["components"])
