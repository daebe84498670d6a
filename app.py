"""The Space: opens a catalogue with its model and serves the page.

Run: python app.py [--catalog runs/real/catalog.parquet --model runs/real/model]
Without options it opens the repositories CATALOG_REPO and MODEL_REPO of the Hugging Face hub, or else the demo.
"""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read at the import of gradio: no request leaves the machine
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow's own keeps what was freed: 200 MB of it

import sys

from pipeline import errors

if __name__ == "__main__":
    sys.excepthook = errors.excepthook  # the import of Gradio takes seconds and may be interrupted
    if not os.environ.get("GRADIO_SERVER_PORT", "7860").isdecimal():  # Gradio reads it at its import
        print("GRADIO_SERVER_PORT is not a number; set it to a free port or leave it out.", file=sys.stderr)
        sys.exit(errors.EXIT_CODE)

import argparse
import functools
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route

from pipeline.artifacts import ArtifactError, RunPaths
from pipeline.bundle.files import read_ids
from pipeline.catalog.catalog import Catalog, check_match
from pipeline.errors import UserError
from pipeline.hub import download
from pipeline.review.records import ReviewError
from pipeline.review.store import Store
from ui import page
from ui.api import endpoints
from ui.components import examples
from ui.components.theme import theme
from ui.galaxy import routes
from ui.guard import limits
from ui.guard.connections import limit_connections
from ui.guard.gate import Gate
from ui.guard.memory import forget_callers, keep_heaps_few, keep_returning_memory
from ui.guard.rates import Rates, SettingError
from ui.guard.uploads import Uploads, use_private_folder
from ui.workspace import Workspace, load_tools

ROOT = Path(__file__).parent
HOST, PORT = "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"
BUILD = "python -m pipeline build --preset compact --source YOUR_DATA --out runs/mine"
OPEN = "python app.py --catalog runs/mine/catalog.parquet --model runs/mine/model"


def choose_workspace(catalog: Path | None, model: Path | None) -> Workspace:
    """Open the given files, else the repositories CATALOG_REPO and MODEL_REPO, else the demo.

    Raises:
        ArtifactError: In one sentence that says what to do, if something is missing or wrong.
    """
    pins = None if catalog or model else download.pinned(os.environ)
    if pins is not None:
        return open_published(*pins)
    return open_workspace(catalog or RunPaths(ROOT).catalog, model or RunPaths(ROOT / "assets").model)


def open_workspace(catalog: Path, model: Path) -> Workspace:
    """Open a catalogue and check that it was made with this bundle; the model is loaded later.

    Raises:
        ArtifactError: In one sentence with the command that helps, if something is missing or wrong.
    """
    try:
        return _open(catalog, model)
    except ArtifactError as error:
        raise ArtifactError(
            f"{str(error).rstrip('.')}; build both with '{BUILD}' and open them with '{OPEN}'."
        ) from error


def open_published(catalog: download.Pin, model: download.Pin) -> Workspace:
    """Open a catalogue and its bundle from the hub, downloaded into its cache.

    Raises:
        ArtifactError: In one sentence that names the repositories, if something is missing or wrong.
    """
    file, folder = download.fetch(catalog, model)
    try:
        return _open(file, folder, name=catalog.short)
    except ArtifactError as error:
        reason = str(error).rstrip(".").replace(str(file), str(catalog)).replace(str(folder), str(model))
        raise ArtifactError(
            f"{reason}; set {' and '.join(download.VARIABLES)} to the two lines that one '{download.PUBLISH}' printed."
        ) from error


def _open(catalog: Path, model: Path, name: str = "") -> Workspace:
    opened = Catalog.open(catalog)
    check_match(opened, model)
    return Workspace(opened, functools.partial(load_tools, opened, model), name, functools.partial(read_ids, model))


def launch(blocks: gr.Blocks, files: Sequence[Route] = ()) -> None:
    """Start serving a page, at GRADIO_SERVER_NAME and GRADIO_SERVER_PORT.

    Args:
        blocks: The page.
        files: Further routes that its scripts fetch from.
    """
    uploads = Uploads(Path(get_upload_folder()).resolve())
    uploads.belong_to(blocks)
    middleware = [Middleware(Gate, uploads=uploads, rates=Rates.from_environment())]
    if hosts := os.environ.get("ALLOWED_HOSTS"):
        allowed = [host.strip() for host in hosts.split(",")]
        middleware.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False))
    blocks.queue(default_concurrency_limit=2, max_size=64, api_open=False)
    forget_callers(blocks)
    blocks.launch(
        theme=theme(),
        css_paths=[*(ROOT / "assets" / name for name in ("space.css", "review.css")), routes.SCRIPTS / "galaxy.css"],
        app_kwargs={"routes": list(files), "middleware": middleware, "lifespan": uploads.lifespan},
        allowed_paths=[str(examples.FOLDER)],
        max_file_size=limits.MAX_FILE,
        state_session_capacity=limits.MAX_SESSIONS,
        strict_cors=True,
        enable_monitoring=False,
        run_history=False,
        mcp_server=True,
        ssr_mode=False,
        share=False,
        footer_links=["api"],
        prevent_thread_lock=True,
        _frontend=False,  # else Gradio gives up if the first page takes more than three seconds
    )
    limit_connections(blocks)
    if blocks.mcp_server_obj is None:  # Gradio goes on without it and keeps the reason
        raise RuntimeError(blocks.mcp_error)
    blocks.mcp_server_obj.postprocess_output_data = endpoints.as_json  # type: ignore[method-assign,assignment]


class PortError(UserError):
    """The requested port cannot be used; the message says why and what to do."""


def check_port() -> None:
    """Check that GRADIO_SERVER_PORT is free: Gradio would take the next port, where nobody looks for the page.

    Raises:
        PortError: If it is not.
    """
    port = os.environ.get(PORT)
    if not port:
        return
    host = os.environ.get(HOST) or "127.0.0.1"
    try:
        with socket.create_server((host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except (OSError, OverflowError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number is not None and number > 0 else str(error)
        raise PortError(_no_port(f"{host}:{port}", reason)) from error


def _no_port(address: str, reason: str) -> str:
    return f"Nothing can be served at {address} ({reason}); set {PORT} to a free port, or leave it out."


def serve(blocks: gr.Blocks, files: Sequence[Route] = ()) -> None:
    """Serve a page until interrupted.

    Raises:
        PortError: If another process took the port in the meantime.
        KeyboardInterrupt: When it is interrupted.
    """
    launch(blocks, files)
    port = os.environ.get(PORT)
    if port and blocks.server_port != int(port):
        blocks.close(verbose=False)
        raise PortError(_no_port(f"port {port}", "it was taken in the meantime"))
    blocks.block_thread()
    if blocks.is_running:  # Gradio swallows the interrupt
        raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Open and serve; returns the exit code: 2 for an error that the operator can fix, 130 if interrupted."""
    parser = argparse.ArgumentParser(description="Open the Space on a catalogue.")
    parser.add_argument("--catalog", type=Path, help="a published catalog.parquet (default: the demo's)")
    parser.add_argument("--model", type=Path, help="the model bundle that made it (default: the demo's)")
    parser.add_argument(
        "--review",
        type=Path,
        metavar="REVIEWS.sqlite",
        help="a review that everybody works on: of classify-file --review, or a new one of the catalogue",
    )
    options = parser.parse_args(arguments)
    keep_heaps_few()
    use_private_folder()
    try:
        check_port()
        Rates.from_environment()
        return _open_and_serve(options.catalog, options.model, options.review)
    except (PortError, SettingError) as error:
        print(error, file=sys.stderr)
        return errors.EXIT_CODE
    except KeyboardInterrupt:
        threading.excepthook = lambda failed: None  # the model may be loading, and what it needs is being taken down
        print(errors.CLOSED, file=sys.stderr)
        return errors.INTERRUPTED_CODE


def _open_and_serve(catalog: Path | None, model: Path | None, review: Path | None) -> int:
    try:
        workspace = choose_workspace(catalog, model)
        if review is not None and review.exists():
            Store.open(review).close()  # a damaged one is said now
    except (ArtifactError, ReviewError) as error:
        print(error, file=sys.stderr)
        if "SPACE_ID" not in os.environ:
            return errors.EXIT_CODE
        serve(page.build_refusal(str(error)))
        return 0
    workspace.warm_up()
    keep_returning_memory()
    serve(page.build(workspace, review), routes.routes(workspace.catalog))
    return 0


if __name__ == "__main__":
    sys.exit(main())
