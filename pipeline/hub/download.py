"""Download of a catalogue and its model bundle from the Hugging Face hub, each at one revision.

Token, address and cache are the usual ones of `huggingface_hub` (HF_TOKEN or a login, HF_ENDPOINT, HF_HOME), which is
imported only where the hub is contacted. `push.py` uploads what this module downloads.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.artifacts import ArtifactError, BundlePaths, RunPaths
from pipeline.bundle.files import PARTS, TOKENIZER_SUFFIXES

Kind = Literal["dataset", "model"]

VARIABLES = ("CATALOG_REPO", "MODEL_REPO")
"""Environment variables that name what a Space opens, each as `user/name@revision`."""

PUBLISH = "python -m pipeline push"
_BUNDLE, _CATALOG = BundlePaths(Path()), RunPaths(Path()).catalog.name
_NEEDED = (_BUNDLE.meta.name, _BUNDLE.weights.name, _BUNDLE.categories.name)
_COMMIT = re.compile(r"[0-9a-f]{40}")


class HubError(ArtifactError):
    """The hub cannot be reached or refuses a request. The message says what to do."""


@dataclass(frozen=True)
class Pin:
    """A repository at one revision: a commit, a tag or a branch."""

    repo: str
    revision: str

    @classmethod
    def parse(cls, text: str, given_as: str) -> Pin:
        """Read `user/name@revision`.

        Raises:
            HubError: If it does not have that form; the message names `given_as`.
        """
        repo, _, revision = text.partition("@")
        check_repo_id(repo, given_as)
        if not revision or len(revision.split()) > 1:
            raise HubError(
                f"{given_as}={text} names no revision, so its content could change unnoticed; write "
                f"{repo}@REVISION with a commit, a tag or a branch, as '{PUBLISH}' prints it."
            )
        return cls(repo, revision)

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision}"

    @property
    def short(self) -> str:
        """For display: a commit cut to seven digits."""
        return f"{self.repo}@{self.revision[:7] if _COMMIT.fullmatch(self.revision) else self.revision}"


def check_repo_id(repo: str, given_as: str) -> None:
    """Check that `repo` has the form of a repository of a user or an organization.

    Raises:
        HubError: If not; the message names `given_as`.
    """
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise HubError(f"{given_as} must be USER/NAME, a repository of the hub: {_one_line(error)}") from error
    if "/" not in repo:
        raise HubError(f"{given_as} must be USER/NAME, a repository of the hub: '{repo}' has no owner.")


def pinned(environment: Mapping[str, str]) -> tuple[Pin, Pin] | None:
    """Read the catalogue and the bundle from CATALOG_REPO and MODEL_REPO; None if neither is set.

    Raises:
        HubError: If only one is set, or one cannot be read.
    """
    given = {name: environment.get(name, "").strip() for name in VARIABLES}
    if not any(given.values()):
        return None
    for absent, present in (VARIABLES, VARIABLES[::-1]):
        if not given[absent]:
            raise HubError(
                f"{present} is set and {absent} is not; set both, to the two lines that one '{PUBLISH}' printed, "
                "or neither."
            )
    catalog, model = (Pin.parse(given[name], name) for name in VARIABLES)
    return catalog, model


def fetch(catalog: Pin, model: Pin) -> tuple[Path, Path]:
    """Download the files for serving into the usual cache; a commit that is complete there costs no request.

    Returns:
        catalog.parquet, and the folder of the bundle.

    Raises:
        HubError: In one sentence, if one of them cannot be downloaded.
    """
    tokenizer = _BUNDLE.tokenizer.name
    patterns = [_BUNDLE.meta.name, *PARTS, *(f"{tokenizer}/*{suffix}" for suffix in TOKENIZER_SUFFIXES)]
    bundle = _snapshot("model", model, patterns, _NEEDED)
    return _snapshot("dataset", catalog, [_CATALOG], (_CATALOG,)) / _CATALOG, bundle


def _snapshot(kind: Kind, pin: Pin, patterns: list[str], needed: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download

    failed = f"The {kind} repository {pin} cannot be opened"
    with hub_errors(failed):
        folder = Path(snapshot_download(pin.repo, repo_type=kind, revision=pin.revision, allow_patterns=patterns))
    missing = [name for name in needed if not (folder / name).exists()]
    if missing:
        raise HubError(f"{failed}: it lacks {', '.join(missing)}; name one that '{PUBLISH}' printed.")
    return folder


@contextlib.contextmanager
def hub_errors(failed: str) -> Iterator[None]:
    """Turn errors of the hub and of the connection into one sentence that begins with `failed`.

    Raises:
        HubError: In place of the error.
    """
    import httpx2
    from huggingface_hub.errors import EntryNotFoundError

    try:
        yield
    except (httpx2.HTTPError, EntryNotFoundError, OSError, RuntimeError, ValueError) as error:
        raise HubError(f"{failed}: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    """Explain an error and what to do; by the underlying network error, where the library wraps one."""
    import httpx2
    from huggingface_hub import constants
    from huggingface_hub.errors import (
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, (httpx2.HTTPError, OfflineModeIsEnabled)):
        cause = None if isinstance(cause, ValueError) else cause.__cause__
    if isinstance(cause, RevisionNotFoundError):
        return "it has no such revision; take a commit, a tag or a branch from its page"
    if isinstance(cause, RepositoryNotFoundError):
        return "there is none, or it is private; check the name, and set HF_TOKEN to a token that may read it"
    if isinstance(cause, HfHubHTTPError):
        status, message = cause.response.status_code, cause.server_message or cause.response.reason_phrase
        advice = {
            401: "; log in again with 'hf auth login' or set HF_TOKEN to a valid token",
            403: "; use a token that has the right to do so",
        }
        later = "; try again later" if status >= 500 or status == 429 else ""
        return f"the hub answers {status} ({_one_line(message).rstrip('.')}){advice.get(status, later)}"
    if isinstance(cause, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set, so the hub is not asked; unset it and try again"
    if cause is not None:
        return f"{constants.ENDPOINT} cannot be reached ({_one_line(cause)}); check the connection and try again"
    return _one_line(error).rstrip(".")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
