"""Opening from the hub: pins, what is downloaded, and the sentence for each failure."""

import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from pipeline.hub.download import HubError, Pin, fetch, pinned
from tests.helpers import ROOT
from tests.helpers.fakes import PRODUCTS, write_catalog, write_fake_model
from tests.helpers.hub.state import Hub, Repo

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def pins(hub: Hub, tmp_path: Path) -> tuple[Pin, Pin]:
    """A catalogue and a bundle on the stand-in, put there without the code under test."""
    folder = write_fake_model(tmp_path / "model")
    (folder / "tokenizer" / "tokenizer.pkl").write_bytes(b"pickle")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    tree = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    file = write_catalog(tmp_path / "catalog.parquet", PRODUCTS)
    model, catalog = Repo(private=False), Repo(private=False)
    oids = catalog.commit({"catalog.parquet": file.read_bytes()}, "catalogue"), model.commit(tree, "bundle")
    hub.put("datasets", "me/catalogue", catalog)
    hub.put("models", "me/model", model)
    return Pin("me/catalogue", oids[0]), Pin("me/model", oids[1])


def test_only_what_serving_reads_is_downloaded(pins: tuple[Pin, Pin]) -> None:
    catalog, model = fetch(*pins)
    assert catalog.name == "catalog.parquet"
    names = {path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file()}
    assert names == {"model.json", "model.safetensors", "categories.parquet", "tokenizer/tokenizer.json"}


def test_a_commit_that_was_downloaded_costs_no_request(hub: Hub, pins: tuple[Pin, Pin]) -> None:
    first = fetch(*pins)
    hub.requests.clear()
    assert fetch(*pins) == first
    assert hub.requests == []


@pytest.mark.parametrize("revision", ["main", "v1", "feature/x"])
def test_tags_and_branches_are_revisions_too(hub: Hub, pins: tuple[Pin, Pin], revision: str) -> None:
    catalog, model = pins
    for repo in hub.repos.values():
        repo.tags |= {"v1": repo.commits[-1][0], "feature/x": repo.commits[-1][0]}
    assert fetch(Pin(catalog.repo, revision), Pin(model.repo, revision)) == fetch(catalog, model)


def test_a_private_repository_opens_with_the_token_of_its_owner(
    hub: Hub, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch
) -> None:
    for repo in hub.repos.values():
        repo.private = True
    with pytest.raises(HubError, match="there is none, or it is private"):
        fetch(*pins)
    hub.tokens["hf_reader"] = "me"
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    assert fetch(*pins)[0].is_file()
    assert all("authorization" not in request.headers for request in hub.requests if request.host == hub.storage_host)


def _say(pins: tuple[Pin, Pin]) -> str:
    with pytest.raises(HubError) as refused:
        fetch(*pins)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_a_repository_that_does_not_exist(hub: Hub, pins: tuple[Pin, Pin]) -> None:
    sentence = _say((Pin("me/nothing", COMMIT), pins[1]))
    assert sentence.startswith(
        f"The dataset repository me/nothing@{COMMIT} cannot be opened: there is none, or it is private"
    )
    assert "HF_TOKEN" in sentence
    assert "The model repository me/nothing" in _say((pins[0], Pin("me/nothing", "main")))


@pytest.mark.parametrize("revision", [COMMIT, "v9"])
def test_a_revision_that_does_not_exist(hub: Hub, pins: tuple[Pin, Pin], revision: str) -> None:
    assert "it has no such revision; take a commit" in _say((Pin("me/catalogue", revision), pins[1]))


def test_a_missing_file_is_named(hub: Hub, pins: tuple[Pin, Pin]) -> None:
    catalog, model = pins
    oid, tree = hub.repos["models", "me/model"].commits[-1]
    bare = hub.repos["models", "me/model"].commit({"model.json": tree["model.json"]}, "lost")
    assert "it lacks model.safetensors, categories.parquet; name one" in _say((catalog, Pin("me/model", bare)))
    empty = hub.repos["datasets", "me/catalogue"].commit({"README.md": b"-"}, "lost")
    assert "it lacks catalog.parquet" in _say((Pin("me/catalogue", empty), model))
    assert oid == model.revision


def test_an_unreachable_hub(hub: Hub, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(*pins)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    sentence = _say((pins[0], Pin("me/model", "v1")))
    assert "http://127.0.0.1:9 cannot be reached (" in sentence
    assert "check the connection" in sentence
    assert fetch(*pins)[0].is_file(), "a commit in the cache needs nobody"


def test_hub_offline_is_respected(hub: Hub, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set, so the hub is not asked" in _say(pins)
    assert hub.requests == []


def test_a_hub_that_answers_with_errors(hub: Hub, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the library tries again for half a minute
    hub.broken = True
    assert "the hub answers 503 (Service Unavailable); try again later" in _say(pins)


def test_an_invalid_token(hub: Hub, pins: tuple[Pin, Pin], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    sentence = _say(pins)
    assert "the hub answers 401" in sentence
    assert "hf auth login" in sentence
    assert "hf_expired" not in sentence


def test_pins_are_read_from_the_environment() -> None:
    environment = {"CATALOG_REPO": f"me/catalogue@{COMMIT}\n", "MODEL_REPO": " me/model@v1"}
    catalog, model = pinned(environment) or (None, None)
    assert (catalog, model) == (Pin("me/catalogue", COMMIT), Pin("me/model", "v1"))
    assert (catalog.short, model.short) == ("me/catalogue@0123456", "me/model@v1")
    assert str(catalog) == f"me/catalogue@{COMMIT}"
    assert pinned({}) is pinned({"CATALOG_REPO": "", "MODEL_REPO": " "}) is None


@pytest.mark.parametrize(
    ("catalog", "model", "sentence"),
    [
        ("me/catalogue@v1", "", "CATALOG_REPO is set and MODEL_REPO is not; set both"),
        ("", "me/model@v1", "MODEL_REPO is set and CATALOG_REPO is not; set both"),
        ("me/catalogue", "me/model@v1", "CATALOG_REPO=me/catalogue names no revision"),
        ("me/catalogue@v1", "me/model@", "MODEL_REPO=me/model@ names no revision"),
        ("me/catalogue@v1 v2", "me/model@v1", "names no revision"),
        ("catalogue@v1", "me/model@v1", "CATALOG_REPO must be USER/NAME, a repository of the hub: 'catalogue'"),
        ("datasets/me/catalogue@v1", "me/model@v1", "CATALOG_REPO must be USER/NAME"),
        ("me/catalogue@v1", "me/../model@v1", "MODEL_REPO must be USER/NAME"),
    ],
)
def test_invalid_pins_are_refused_in_one_sentence(catalog: str, model: str, sentence: str) -> None:
    with pytest.raises(HubError) as refused:
        pinned({"CATALOG_REPO": catalog, "MODEL_REPO": model})
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_start_without_the_hub_does_not_load_its_library() -> None:
    code = "import pipeline.hub.download, sys; print(sorted({'huggingface_hub', 'httpx2', 'torch'} & set(sys.modules)))"
    completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"
