"""Upload of a catalogue and its bundle to the Hugging Face hub: a data-set and a model repository, one commit each.

Reads catalog.parquet and the bundle's folder; nothing is sent before both are known to be intact and to match.
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
from pipeline.hub.download import HubError, Kind, Pin, check_repo_id, hub_errors

if TYPE_CHECKING:
    from huggingface_hub import HfApi

CARD = "README.md"
_LOG = logging.getLogger(__name__)


def upload(catalog: Path, model: Path, *, catalog_repo: str, model_repo: str, private: bool = False) -> tuple[Pin, Pin]:
    """Commit the bundle and the catalogue; files that the hub has already cause no commit.

    Args:
        catalog: A published catalog.parquet.
        model: The bundle that made it.
        catalog_repo: Data-set repository, created if it does not exist.
        model_repo: Model repository, likewise.
        private: Create them as private; an existing public one is refused.

    Returns:
        Catalogue and bundle, each at the commit that holds it.

    Raises:
        ArtifactError: In one sentence, if a file is missing, the two do not match, or the hub refuses them.
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
    _create(api, "model", model_repo, private)
    _create(api, "dataset", catalog_repo, private)
    preset = meta.get("preset", "unknown")
    bundle = _commit(api, "model", model_repo, files, _model_card(model, meta), f"Bundle of preset {preset}")
    card = catalog_card(opened, catalog_repo, str(bundle))
    summary = f"Catalogue of {len(opened):,} products, preset {preset}"
    return _commit(api, "dataset", catalog_repo, {RunPaths(Path()).catalog.name: catalog}, card, summary), bundle


def bundle_files(model: Path) -> dict[str, Path]:
    """Files of a bundle that are uploaded, by their path in its folder: model.json and the files that it names."""
    meta = BundlePaths(model).meta
    return {meta.name: meta, **present_files(model)}


def _model_card(model: Path, meta: dict[str, Any]) -> str:
    """The card in the bundle's folder; without one, a card made from model.json."""
    card = model / CARD
    return card.read_text(encoding="utf-8") if card.is_file() else bundle_card(meta)


def _create(api: HfApi, kind: Kind, repo: str, private: bool) -> None:
    with hub_errors(f"The {kind} repository {repo} cannot be created"):
        api.create_repo(repo, repo_type=kind, private=private or None, exist_ok=True)  # None: its owner's default
        public = not api.repo_info(repo, repo_type=kind).private
    if private and public:
        raise HubError(
            f"The {kind} repository {repo} exists and is public; make it private in its settings, name another one, "
            "or leave out --private."
        )


def _commit(api: HfApi, kind: Kind, repo: str, files: Mapping[str, Path], card: str, summary: str) -> Pin:
    """Send files and card, and delete files of an earlier bundle that this one lacks."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, hf_hub_download

    with hub_errors(f"Publishing to the {kind} repository {repo} failed"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*about to commit a data file")  # the bundle's category table
        existing = api.list_repo_files(repo, repo_type=kind)
        if CARD in existing:
            card = renewed(Path(hf_hub_download(repo, CARD, repo_type=kind)).read_text(encoding="utf-8"), card)
        folder = f"{BundlePaths(Path()).tokenizer.name}/"
        stale = [path for path in existing if (path in PARTS or path.startswith(folder)) and path not in files]
        commit = api.create_commit(
            repo,
            [
                *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in files.items()),
                CommitOperationAdd(path_in_repo=CARD, path_or_fileobj=card.encode()),
                *(CommitOperationDelete(path_in_repo=path) for path in stale),
            ],
            commit_message=summary,
            repo_type=kind,
        )
    _LOG.info("%s: %s", summary, commit.commit_url)
    return Pin(repo, commit.oid)
