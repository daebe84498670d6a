"""Puts a catalogue and its bundle on the Hugging Face hub: a data-set repository and a model repository, a commit each.

Reads catalog.parquet and the bundle's folder; nothing is sent before both are found whole and made for each other.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.artifacts import BundlePaths, RunPaths
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.files import PARTS, present_files
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.hub.cards import bundle_card, catalog_card, renewed
from pipeline.hub.download import HubError, Kind, Pin, check_repo_id, in_a_sentence

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD = "README.md"
_LOG = logging.getLogger(__name__)


def upload(catalog: Path, model: Path, *, catalog_repo: str, model_repo: str, private: bool = False) -> tuple[Pin, Pin]:
    """One commit with the bundle, one with the catalogue; what the hub has already makes none.

    Args:
        catalog: A published catalog.parquet.
        model: The bundle that made it.
        catalog_repo: Data-set repository, made if there is none.
        model_repo: Model repository, likewise.
        private: Make them private; one that is there and public is refused.

    Returns:
        Catalogue and bundle, each at the commit that holds it.

    Raises:
        ArtifactError: In one sentence, if something is missing, does not belong together, or is refused by the hub.
    """
    from huggingface_hub import HfApi, get_token

    check_repo_id(catalog_repo, "--catalog-repo")
    check_repo_id(model_repo, "--model-repo")
    opened = Catalog.open(catalog)
    opened.verify()
    check_match(opened, model)
    files = bundle_files(model)
    if not get_token():
        raise HubError(
            "Publishing needs a token of the hub, and there is none; log in with 'hf auth login' or set HF_TOKEN to a "
            f"token that may write to {catalog_repo} and {model_repo}."
        )
    meta = load_bundle(model).meta
    api = HfApi()
    _make(api, "model", model_repo, private)
    _make(api, "dataset", catalog_repo, private)
    preset = meta.get("preset", "unknown")
    bundle = _commit(api, "model", model_repo, files, _model_card(model, meta), f"Bundle of preset {preset}")
    card = catalog_card(opened, catalog_repo, str(bundle))
    summary = f"Catalogue of {len(opened):,} products, preset {preset}"
    return _commit(api, "dataset", catalog_repo, {RunPaths(Path()).catalog.name: catalog}, card, summary), bundle


def bundle_files(model: Path) -> dict[str, Path]:
    """What of a bundle's folder is sent, by its path there: model.json and what it names, whatever else it holds."""
    meta = BundlePaths(model).meta
    return {meta.name: meta, **present_files(model)}


def _model_card(model: Path, meta: dict[str, Any]) -> str:
    """The card that lies in the bundle's folder; without one, a card made from model.json."""
    own = model / CARD
    return own.read_text(encoding="utf-8") if own.is_file() else bundle_card(meta)


def _make(api: HfApi, kind: Kind, repo: str, private: bool) -> None:
    with in_a_sentence(f"The {kind} repository {repo} cannot be made"):
        api.create_repo(repo, repo_type=kind, private=private or None, exist_ok=True)  # None: its owner's default
        public = not api.repo_info(repo, repo_type=kind).private
    if private and public:
        raise HubError(
            f"The {kind} repository {repo} is there and public; make it private in its settings, name another one, "
            "or leave out --private."
        )


def _commit(api: HfApi, kind: Kind, repo: str, files: Mapping[str, Path], card: str, summary: str) -> Pin:
    """Send files and card, and take away what a bundle published before has more."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, hf_hub_download

    with in_a_sentence(f"Publishing to the {kind} repository {repo} failed"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*about to commit a data file")  # the bundle's category table
        there = api.list_repo_files(repo, repo_type=kind)
        if CARD in there:
            card = renewed(Path(hf_hub_download(repo, CARD, repo_type=kind)).read_text(encoding="utf-8"), card)
        folder = f"{BundlePaths(Path()).tokenizer.name}/"
        stale = [path for path in there if (path in PARTS or path.startswith(folder)) and path not in files]
        done = api.create_commit(
            repo,
            [
                *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in files.items()),
                CommitOperationAdd(path_in_repo=CARD, path_or_fileobj=card.encode()),
                *(CommitOperationDelete(path_in_repo=path) for path in stale),
            ],
            commit_message=summary,
            repo_type=kind,
        )
    _LOG.info("%s: %s", summary, done.commit_url)
    return Pin(repo, done.oid)
