"""GET routes of the galaxy's script: itself, plotly.min.js, the chart, and a product's thumbnail and title.

Own routes serve only these files, compress them once, and let browsers cache them.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from collections.abc import Callable
from pathlib import Path

import plotly
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from ui.galaxy import blocks

SCRIPTS = Path(__file__).resolve().parent / "static"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
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
            "brands": lambda: blocks.brands(catalog.products),
            **{name: _layout(catalog, name) for name in blocks.LAYOUTS},
            PLOTLY.name: lambda: gzip.compress(PLOTLY.read_bytes(), mtime=0),
        }
    )

    def script(request: Request) -> Response:
        path = SCRIPTS / request.path_params["name"]
        if path not in SCRIPTS.glob("*.js"):
            raise HTTPException(404)
        return _tagged(request, path.read_bytes(), "text/javascript", {"Cache-Control": _REVALIDATE})

    def block(request: Request) -> Response:
        headers = {"Cache-Control": _CACHE, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        name = request.path_params["name"]
        kind = "text/javascript" if name == PLOTLY.name else "application/octet-stream"
        return _tagged(request, cache.get(name), kind, headers)

    def thumbnail(request: Request) -> Response:
        row = _row(catalog, request)
        try:
            photo = catalog.thumbnail(catalog.products["product_id"].iloc[row])
        except ArtifactError as error:
            raise HTTPException(500, "The catalogue is damaged.") from error
        if photo is None:
            raise HTTPException(404, "This product has no photo.")
        return Response(photo, media_type="image/webp", headers={"Cache-Control": _CACHE})

    def title(request: Request) -> Response:
        text = catalog.products["title"].iloc[_row(catalog, request)]
        answer = {"title": text if isinstance(text, str) else ""}
        return JSONResponse(answer, headers={"Cache-Control": _CACHE})

    return [
        Route(f"{_PREFIX}/scripts/{{name}}", script),
        Route(f"{_PREFIX}/data/{{name}}", block),
        Route(f"{_PREFIX}/thumbnail/{{row}}", thumbnail),
        Route(f"{_PREFIX}/title/{{row}}", title),
    ]


class _BlockCache:
    """Blocks of bytes, each built at the first request; concurrent requests wait."""

    def __init__(self, makers: dict[str, Callable[[], bytes]]) -> None:
        self._makers = makers
        self._made: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes:
        if name not in self._makers:
            raise HTTPException(404)
        with self._lock:
            if name not in self._made:
                self._made[name] = self._makers[name]()
            return self._made[name]


def _layout(catalog: Catalog, name: str) -> Callable[[], bytes]:
    return lambda: blocks.layout(catalog.products, name)


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
