"""GET routes of the galaxy's script: itself, the chart, and a product's thumbnail and title.

Own routes serve only these files, compress them once, and let browsers cache them.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from ui.galaxy import blocks, facets

SCRIPTS = Path(__file__).resolve().parent / "static"
_ROW = re.compile(r"[0-9]{1,9}")
_PREFIX = "/galaxy"
_CACHE = "public, max-age=86400"  # seconds; the addresses contain `version`
_REVALIDATE = "no-cache"  # cached, but checked again by its ETag


def version(catalog: Catalog) -> str:
    """Fingerprint of a catalogue, part of the addresses of its data so that caches do not mix catalogues."""
    facts = f"{catalog.path.stat().st_mtime_ns} {len(catalog)} {catalog.meta.get('provenance')}"
    return hashlib.sha256(facts.encode()).hexdigest()[:12]


def routes(catalog: Catalog) -> list[Route]:
    """Build the routes for an opened catalogue, for the application that Gradio launches."""
    cache = _BlockCache(
        {
            "points": lambda: blocks.points(catalog.products),
            "sample": lambda: blocks.sample(catalog.products),
            "brands": lambda: blocks.brands(catalog.products),
            **{name: _layout(catalog, name) for name in blocks.LAYOUTS},
            **{f"regions-{name}": _regions(catalog, name) for name in blocks.LAYOUTS},
            "facets": lambda: facets.facets(catalog.products),
        }
    )

    def script(request: Request) -> Response:
        path = SCRIPTS / request.path_params["name"]  # compared with what is there, so nothing else can be named
        if path not in SCRIPTS.rglob("*.js"):
            raise HTTPException(404)
        return _tagged(request, path.read_bytes(), "text/javascript", {"Cache-Control": _REVALIDATE})

    def block(request: Request) -> Response:
        headers = {"Cache-Control": _CACHE, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return _tagged(request, cache.get(request.path_params["name"]), "application/octet-stream", headers)

    def thumbnail(request: Request) -> Response:
        row = _row(catalog, request)
        try:
            photo = catalog.thumbnail(catalog.products["product_id"].iloc[row])
        except ArtifactError as error:
            raise HTTPException(500, "The catalogue is damaged.") from error
        if photo is None:
            return Response(status_code=204, headers={"Cache-Control": _CACHE})  # 404 would be an error in the console
        return Response(photo, media_type="image/webp", headers={"Cache-Control": _CACHE})

    def title(request: Request) -> Response:
        text = catalog.products["title"].iloc[_row(catalog, request)]
        answer = {"title": text if isinstance(text, str) else ""}
        return JSONResponse(answer, headers={"Cache-Control": _CACHE})

    return [
        Route(f"{_PREFIX}/scripts/{{name:path}}", script),
        Route(f"{_PREFIX}/data/{{name}}", block),
        Route(f"{_PREFIX}/thumbnail/{{row}}", thumbnail),
        Route(f"{_PREFIX}/title/{{row}}", title),
    ]


class _BlockCache:
    """Blocks of bytes, each built at the first request; those who ask for the same one wait."""

    def __init__(self, makers: dict[str, Callable[[], bytes]]) -> None:
        self._makers = makers
        self._made: dict[str, bytes] = {}
        self._locks = {name: threading.Lock() for name in makers}

    def get(self, name: str) -> bytes:
        if name not in self._makers:
            raise HTTPException(404)
        with self._locks[name]:
            if name not in self._made:
                self._made[name] = self._makers[name]()
            return self._made[name]


def _layout(catalog: Catalog, name: str) -> Callable[[], bytes]:
    return lambda: blocks.layout(catalog.products, name)


def _regions(catalog: Catalog, name: str) -> Callable[[], bytes]:
    return lambda: blocks.regions(catalog.products, name)


def _row(catalog: Catalog, request: Request) -> int:
    digits = request.path_params["row"]
    row = int(digits) if _ROW.fullmatch(digits) else len(catalog)
    if row >= len(catalog):
        raise HTTPException(404, "The catalogue has no such product.")
    return row


def _tagged(request: Request, content: bytes, kind: str, headers: dict[str, str]) -> Response:
    """Response with the content, or 304 if the browser has it already."""
    headers = {**headers, "ETag": f'"{hashlib.sha256(content).hexdigest()[:16]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)
