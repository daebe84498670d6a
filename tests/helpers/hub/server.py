"""A stand-in for the Hugging Face hub on this machine: as much of its HTTP as publishing and opening need.

What it holds is in `hubstate.py`. Small files come in the commit itself, large ones by LFS from another host name, as
on the hub, where storage is not the hub and must not see the token. Xet is declined; set HF_HUB_DISABLE_XET.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tests.helpers.hub.state import LFS_SUFFIXES, Hub, Refused, Repo, Request


@contextmanager
def serve() -> Iterator[Hub]:
    """A running stand-in."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    body: bytes
    user: str | None
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _handle(self) -> None:
        url, self.body, self.user = urlsplit(self.path), self._read(), None
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.headers["Host"], self.path, headers, self.body)
        self.hub.requests.append(request)
        try:
            if self.hub.broken or (self.hub.storage_broken and url.path.startswith("/storage/")):
                raise Refused(503, "Service Unavailable")
            self.user = self._authenticate()
            for methods, pattern, answer in ROUTES:
                match = re.fullmatch(pattern, url.path)
                if match and self.command in methods:
                    answer(self, **{name: unquote(part) for name, part in match.groupdict("").items()})
                    return
            raise Refused(404, f"The stand-in knows no {self.command} {url.path}")
        except Refused as refused:
            headers = {"X-Error-Message": refused.message, **({"X-Error-Code": refused.code} if refused.code else {})}
            self.answer({"error": refused.message, **refused.details}, refused.status, headers)

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _authenticate(self) -> str | None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token and token not in self.hub.tokens:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.hub.tokens.get(token)

    def answer(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _create(at: _Handler) -> None:
    fields = json.loads(at.body)
    repo, kind = f"{fields['organization']}/{fields['name']}", f"{fields.get('type') or 'model'}s"
    if at.user is None:
        raise Refused(401, "Invalid username or password.")
    if at.user != fields["organization"]:
        raise Refused(403, f'You don\'t have the rights to create a {kind[:-1]} under the namespace "{repo}"')
    url = f"{at.hub.endpoint}/{'datasets/' if kind == 'datasets' else ''}{repo}"
    if (kind, repo) in at.hub.repos:
        raise Refused(409, "You already created this repo", url=url)
    at.hub.repos[kind, repo] = Repo(private=fields.get("visibility") == "private")
    at.hub.repos[kind, repo].commit({".gitattributes": b"*.parquet filter=lfs\n"}, "initial commit")
    at.answer({"url": url})


def _info(at: _Handler, kind: str, repo: str, rev: str = "main") -> None:
    repository, oid, tree = at.hub.find(kind, repo, at.user, rev)
    siblings = [{"rfilename": path} for path in sorted(tree)]
    at.answer({"id": repo, "sha": oid, "private": repository.private, "siblings": siblings, "tags": []})


def _tree(at: _Handler, kind: str, repo: str, rev: str) -> None:
    _, _, tree = at.hub.find(kind, repo, at.user, rev)
    at.answer([_entry(path, data) for path, data in sorted(tree.items())])


def _entry(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": _git_hash(data)}
    if path.endswith(LFS_SUFFIXES):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _validate_yaml(at: _Handler) -> None:
    _, _, rest = json.loads(at.body)["content"].partition("---\n")
    try:
        assert isinstance(yaml.safe_load(rest.partition("\n---")[0]), dict), "no front matter"
    except (yaml.YAMLError, AssertionError) as error:
        raise Refused(400, "Invalid YAML", errors=[{"message": str(error)}]) from error
    at.answer({"errors": [], "warnings": []})


def _preupload(at: _Handler, kind: str, repo: str, rev: str) -> None:
    at.hub.writable(kind, repo, at.user)
    tree = at.hub.find(kind, repo, at.user, rev)[2]
    files = []
    for file in json.loads(at.body)["files"]:
        path, large = file["path"], file["path"].endswith(LFS_SUFFIXES)
        content = tree.get(path)
        oid = None if content is None else hashlib.sha256(content).hexdigest() if large else _git_hash(content)
        mode = "lfs" if large else "regular"
        files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    at.answer({"files": files})


def _lfs_batch(at: _Handler, kind: str, repo: str) -> None:
    at.hub.writable(kind or "models", repo, at.user)
    objects = []
    for entry in json.loads(at.body)["objects"]:
        oid = entry["oid"]
        upload = {"upload": {"href": f"{at.hub.storage}/storage/{oid}?signature=s"}}
        objects.append({**entry, **({} if oid in at.hub.objects else {"actions": upload})})
    at.answer({"transfer": "basic", "objects": objects})


def _store(at: _Handler, oid: str) -> None:
    if at.command != "PUT":
        at.answer(at.hub.objects[oid])
        return
    if hashlib.sha256(at.body).hexdigest() != oid:
        raise Refused(400, "The object is not what its name says")
    at.hub.objects[oid] = at.body
    at.answer(b"")


def _commit(at: _Handler, kind: str, repo: str, rev: str) -> None:
    repository = at.hub.writable(kind, repo, at.user)
    header, *operations = [json.loads(line) for line in at.body.splitlines()]
    tree = dict(repository.at(rev)[1])
    for operation in operations:
        value = operation["value"]
        match operation["key"]:
            case "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            case "lfsFile":
                tree[value["path"]] = at.hub.objects[value["oid"]]
            case "deletedFile":
                del tree[value["path"]]
            case other:
                raise Refused(400, f"The stand-in knows no operation {other}")
    oid = repository.commit(tree, header["value"]["summary"])
    at.answer({"commitUrl": f"{at.hub.endpoint}/{repo}/commit/{oid}", "commitOid": oid, "success": True})


def _resolve(at: _Handler, repo: str, rev: str, path: str, kind: str = "") -> None:
    _, oid, tree = at.hub.find(kind or "models", repo, at.user, rev)
    commit = {"X-Repo-Commit": oid}
    if path not in tree:
        raise Refused(404, "Entry not found", "EntryNotFound")
    data = tree[path]
    if not path.endswith(LFS_SUFFIXES):
        at.answer(data, headers={**commit, "ETag": f'"{_git_hash(data)}"'})
        return
    digest = hashlib.sha256(data).hexdigest()
    linked = {"X-Linked-ETag": f'"{digest}"', "X-Linked-Size": str(len(data))}
    location = {"Location": f"{at.hub.storage}/storage/{digest}?signature=s"}
    at.answer(b"", 302, {**commit, **linked, **location})


_API = r"/api/(?P<kind>models|datasets)/(?P<repo>[^/]+/[^/]+)"
_PAGE = r"/(?:(?P<kind>datasets)/)?(?P<repo>[^/]+/[^/]+?)"
_REV = r"(?P<rev>[^/]+)"
ROUTES: list[tuple[set[str], str, Callable[..., None]]] = [
    ({"POST"}, r"/api/repos/create", _create),
    ({"POST"}, r"/api/validate-yaml", _validate_yaml),
    ({"GET"}, _API, _info),
    ({"GET"}, rf"{_API}/revision/{_REV}", _info),
    ({"GET"}, rf"{_API}/tree/{_REV}", _tree),
    ({"POST"}, rf"{_API}/preupload/{_REV}", _preupload),
    ({"POST"}, rf"{_API}/commit/{_REV}", _commit),
    ({"POST"}, rf"{_PAGE}\.git/info/lfs/objects/batch", _lfs_batch),
    ({"PUT", "GET", "HEAD"}, r"/storage/(?P<oid>[0-9a-f]{64})", _store),
    ({"GET", "HEAD"}, rf"{_PAGE}/resolve/{_REV}/(?P<path>.+)", _resolve),
]
