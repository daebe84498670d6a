"""Publishing that does not work: the sentence for each failure, and that nothing was sent."""

import shutil
from pathlib import Path

import pytest
from huggingface_hub import constants

from pipeline.__main__ import main
from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.meta import BUNDLE_VERSION
from pipeline.hub.push import upload
from tests.helpers.fakes import PRODUCTS, write_catalog
from tests.helpers.hub.state import Hub
from tests.helpers.publishing import MODEL, TO_ME, TOKEN, publish_options


def _refusal(capsys: pytest.CaptureFixture[str], options: list[str]) -> str:
    """The one line that the command prints when it fails, with exit code 2."""
    assert main(options) == 2
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (out, len(lines), err.count("Traceback")) == ("", 1, 0)
    assert err.endswith(lines[0] + "\n")
    assert TOKEN not in err
    return lines[0]


def test_no_token(hub: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    sentence = _refusal(capsys, publish_options(pair))
    assert "there is none; log in with 'hf auth login' or set HF_TOKEN" in sentence
    assert hub.requests == []


@pytest.mark.parametrize("repo", ["catalogue", "a/b/c", "me/cat alogue", "me/..", "me/catalogue.git"])
def test_a_bad_repository_id(mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str], repo: str) -> None:
    assert "--catalog-repo must be USER/NAME" in _refusal(capsys, publish_options(pair, catalog_repo=repo))
    assert "--model-repo must be USER/NAME" in _refusal(capsys, publish_options(pair, model_repo=repo))
    assert mine.requests == []


def test_a_bundle_that_does_not_match_the_catalogue(
    mine: Hub, pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog, model = pair
    assert "There is no catalogue" in _refusal(capsys, publish_options((tmp_path / "none", model)))
    assert "There is no model bundle" in _refusal(capsys, publish_options((catalog, tmp_path / "none")))
    other = write_catalog(tmp_path / "other.parquet", PRODUCTS)
    assert "made with another model" in _refusal(capsys, publish_options((other, model)))
    shutil.rmtree(BundlePaths(model).tokenizer)
    assert "/tokenizer/tokenizer.json is missing, and model.json names it" in _refusal(capsys, publish_options(pair))
    assert mine.requests == []


def test_a_bundle_that_does_not_load(mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    meta = BundlePaths(pair[1]).meta
    meta.write_text(meta.read_text().replace(f'"version": {BUNDLE_VERSION}', '"version": 99'))
    assert "bundle version 99" in _refusal(capsys, publish_options(pair))
    assert mine.requests == []


def test_no_rights(mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    sentence = _refusal(capsys, publish_options(pair, catalog_repo="other/catalogue"))
    assert "The dataset repository other/catalogue cannot be created: the hub answers 403" in sentence
    assert "use a token that has the right to do so" in sentence
    assert mine.repos[MODEL].summaries == ["initial commit"], "nothing is sent before both can be"


def test_a_repository_of_someone_else(mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    upload(*pair, **TO_ME)
    mine.tokens[TOKEN] = "other"
    sentence = _refusal(capsys, publish_options(pair))
    assert "Publishing to the model repository me/model failed: the hub answers 403" in sentence


def test_a_revoked_token(mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    mine.tokens.clear()
    assert "the hub answers 401" in _refusal(capsys, publish_options(pair))


def test_an_unreachable_hub(
    mine: Hub, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 cannot be reached (" in _refusal(capsys, publish_options(pair))


def test_an_upload_that_breaks_off(
    mine: Hub, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the library tries again for half a minute
    mine.storage_broken = True
    sentence = _refusal(capsys, publish_options(pair))
    assert "Publishing to the model repository me/model failed: the hub answers 503" in sentence
    assert mine.repos[MODEL].summaries == ["initial commit"]


def test_a_card_whose_front_matter_is_broken(
    mine: Hub, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (pair[1] / "README.md").write_text("---\nlicense: [\n---\n")
    assert "Invalid metadata in README.md" in _refusal(capsys, publish_options(pair))


def test_an_existing_public_repository_is_refused_as_private(mine: Hub, pair: tuple[Path, Path]) -> None:
    upload(*pair, **TO_ME)
    with pytest.raises(ArtifactError, match="The model repository me/model exists and is public; make it private"):
        upload(*pair, **TO_ME, private=True)
