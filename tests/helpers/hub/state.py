"""State of the stand-in for the hub (`server.py`): repositories with commits, who may write, requests so far."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

LFS_SUFFIXES = (".parquet", ".safetensors")
Tree = dict[str, bytes]


@dataclass
class Repo:
    """Commits, oldest first, each with all of its files."""

    private: bool
    commits: list[tuple[str, Tree]] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, tree: Tree, summary: str) -> str:
        content = "".join(f"{path}{hashlib.sha1(data).hexdigest()}" for path, data in sorted(tree.items()))
        oid = hashlib.sha1(f"{len(self.commits)}{summary}{content}".encode()).hexdigest()
        self.commits.append((oid, tree))
        self.summaries.append(summary)
        return oid

    def at(self, revision: str) -> tuple[str, Tree]:
        if revision == "main":
            return self.commits[-1]
        oid = self.tags.get(revision, revision)
        return next(commit for commit in self.commits if commit[0] == oid)


@dataclass
class Request:
    method: str
    host: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


class Refused(Exception):  # noqa: N818
    """Ends a request with a status, the hub's error code and its message."""

    def __init__(self, status: int, message: str, code: str = "", **details: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.details = status, message, code, details


class Hub:
    """The state of the stand-in.

    Attributes:
        tokens: Token -> name of the user who may write.
        repos: By kind ("models", "datasets") and id.
        requests: Everything that was asked.
        broken: Answer everything with 503.
        storage_broken: Answer 503 where large files lie.
    """

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.broken = self.storage_broken = False
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage_host(self) -> str:
        """Where large files lie; not the hub, and not to see a token."""
        return f"localhost:{self.port}"

    @property
    def storage(self) -> str:
        return f"http://{self.storage_host}"

    def put(self, kind: str, repo: str, content: Repo) -> None:
        """Add a repository with the large files of all its commits."""
        self.repos[kind, repo] = content
        for _, tree in content.commits:
            self.objects |= {hashlib.sha256(data).hexdigest(): data for data in tree.values()}

    def head(self, kind: str, repo: str) -> str:
        return self.repos[kind, repo].commits[-1][0]

    def files(self, kind: str, repo: str) -> Tree:
        return self.repos[kind, repo].commits[-1][1]

    def find(self, kind: str, repo: str, user: str | None, revision: str = "main") -> tuple[Repo, str, Tree]:
        repository = self.repos.get((kind, repo))
        if repository is None or (repository.private and repo.split("/")[0] != user):
            raise Refused(401 if user is None else 404, "Repository not found", "RepoNotFound")
        try:
            return repository, *repository.at(revision)
        except StopIteration:
            raise Refused(404, "Invalid rev id", "RevisionNotFound") from None

    def writable(self, kind: str, repo: str, user: str | None) -> Repo:
        repository, _, _ = self.find(kind, repo, user)
        if repo.split("/")[0] != user:
            raise Refused(403, "You don't have the rights to write to this repository")
        return repository
