"""What the Space has open: a catalogue at once, and the model with all that is made of it when it is first needed."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from pipeline.catalog.catalog import Catalog
from pipeline.catalog.category_stats import Categories
from pipeline.config.stages import IngestConfig
from pipeline.data.text import listing_text
from pipeline.errors import UserError
from pipeline.prediction.predictor import CategoryPredictor
from pipeline.search.product_search import Hit, ProductSearch
from pipeline.search.query import QueryEncoder
from pipeline.taxonomy.paths import normalize_path
from ui.api import endpoints
from ui.guard.faults import refuse

if TYPE_CHECKING:
    from pipeline.bundle.bundle import Bundle

MAX_TEXT = 5_000
"""Characters that a visitor's title or query may have."""

MAX_DESCRIPTION = 50_000
"""Characters that a description may have as it is pasted: much of it is markup, of which `clean_text` leaves little."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tools:
    """The model, and what is made of it and the catalogue."""

    bundle: Bundle
    encoder: QueryEncoder
    predictor: CategoryPredictor
    search: ProductSearch

    @classmethod
    def of(cls, catalog: Catalog, bundle: Bundle) -> Tools:
        """Make them ready: reads the catalogue's vectors and indexes them."""
        return cls(bundle, QueryEncoder(bundle), CategoryPredictor(bundle), ProductSearch(catalog))


def load_tools(catalog: Catalog, model: Path) -> Tools:
    """Load the bundle in the folder `model`.

    Raises:
        ArtifactError: In one sentence, if it is missing or damaged.
    """
    from pipeline.bundle.bundle import load_bundle  # brings torch, which takes seconds: not before the page is open

    return Tools.of(catalog, load_bundle(model, catalog.meta["bundle"]))


class Workspace:
    """An open catalogue and its tools, loaded once, by the first who asks.

    Attributes:
        catalog: The catalogue.
        name: What a visitor reads as its name; by default, its file with the folder that it lies in.
    """

    def __init__(self, catalog: Catalog, load: Callable[[], Tools], name: str = "") -> None:
        self.catalog = catalog
        self.name = name or str(Path(catalog.path.parent.name, catalog.path.name))
        self._load = load
        self._tools: Tools | None = None
        self._lock = threading.Lock()

    @property
    def tools(self) -> Tools:
        """The tools; whoever asks while they load, waits.

        Raises:
            ArtifactError: If they cannot be loaded.
        """
        with self._lock:
            if self._tools is None:
                self._tools = self._load()
            return self._tools

    @functools.cached_property
    def categories(self) -> Categories:
        """The tree of the catalogue's categories, made when first asked for; needs no model."""
        return Categories(self.catalog)

    def warm_up(self) -> threading.Thread:
        """Load the tools in the background, so that the first visitor does not wait for all of it."""
        thread = threading.Thread(target=self._warm_up, daemon=True)
        thread.start()
        return thread

    def _warm_up(self) -> None:
        try:
            _ = self.tools.search.lexical
        except UserError as error:  # said again to whoever needs them
            _log.error("%s", error)

    def describe(self, hit: Hit) -> dict[str, Any]:
        """A product found, as plain values for programs and for `cards`."""
        return {
            **self.product(hit.row),
            "similarity": hit.score,
            "text_similarity": hit.text,
            "image_similarity": hit.image,
        }

    def row(self, product_id: str) -> int:
        """Where a product stands in the catalogue.

        Raises:
            gr.Error: If there is none of this id.
        """
        try:
            return self.catalog.row(product_id)
        except KeyError as error:
            raise refuse("The catalogue has no product with this id.") from error

    def product_field(self) -> gr.Textbox:
        """The field of an endpoint that takes a product's id; the catalogue's first is the example."""
        first = self.catalog.products["product_id"].iloc[0] if len(self.catalog) else ""
        return gr.Textbox(visible=False, label="product_id", placeholder=str(first))

    def product(self, row: int) -> dict[str, Any]:
        """A product of the catalogue, as plain values."""
        names = ("product_id", "title", "brand", "category_path", "predicted_path")
        values = self.catalog.products.iloc[row]
        return {name: values[name] if isinstance(values[name], str) else None for name in names}


def check_text(text: str | None, what: str, limit: int = MAX_TEXT) -> str:
    """The text, "" for none.

    Raises:
        gr.Error: If it is longer than the limit.
    """
    text = text or ""
    if len(text) > limit:
        raise refuse(f"The {what} has {len(text):,} characters; at most {limit:,} are read.")
    return text


def read_listing(title: str | None, description: str | None) -> str:
    """Text of a visitor's own product, cleaned and cut as `ingest` does it; "" for none.

    Raises:
        gr.Error: If one of the two is too long.
    """
    description = check_text(description, "description", MAX_DESCRIPTION)
    return listing_text(check_text(title, "title"), description, IngestConfig()).text


def read_paths(text: str | None, what: str, at_most: int) -> list[str]:
    """Category paths that a visitor wrote, one a line; normalised, without empty lines.

    Raises:
        gr.Error: If there are too many, or one has no level.
    """
    lines = [line for line in check_text(text, f"list of {what}").splitlines() if line.strip()]
    if len(lines) > at_most:
        raise refuse(f"{len(lines)} {what} were given; at most {at_most} are read.")
    try:
        return [normalize_path(line) for line in lines]
    except UserError as error:
        raise refuse(str(error)) from error


def bind(handler: Callable[..., Any], workspace: Workspace) -> Callable[..., Any]:
    """The handler with its first argument given, but its name, documentation and typed parameters kept.

    Gradio makes the documentation of an endpoint from these.
    """

    @functools.wraps(handler)
    def bound(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(workspace, *args, **kwargs)
        except UserError as error:
            raise refuse(str(error)) from error

    signature = inspect.signature(handler)
    first, *rest = signature.parameters.values()
    bound.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
    bound.__annotations__ = {name: hint for name, hint in handler.__annotations__.items() if name != first.name}
    return bound


def endpoint(handler: Callable[..., Any], inputs: list[gr.components.Component]) -> None:
    """Let programs call a bound handler that returns plain values, under its own name.

    Its arguments are checked against its annotations, and its docstring becomes the documentation of the endpoint.
    """
    arguments = endpoints.Arguments(handler)

    @functools.wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            given = arguments.read(*args, **kwargs)
        except UserError as error:
            raise refuse(str(error)) from error
        return handler(**given)

    fields = [_for_programs(field) for field in inputs]
    notes = dict(zip(arguments.signature.parameters, map(_note, fields), strict=True))
    answer.__doc__ = endpoints.documentation(handler, notes)
    answer.__signature__ = arguments.signature  # type: ignore[attr-defined]
    gr.Button(visible=False).click(
        answer, fields, gr.JSON(visible=False, label="answer"), api_name=handler.__name__, show_progress="hidden"
    )


def _for_programs(field: gr.components.Component) -> gr.components.Component:
    """The field through which an endpoint gets what a visitor gives in `field`; its example is in the documentation."""
    if isinstance(field, gr.Slider):  # ends and steps are for a hand: handlers check what they take themselves
        field = gr.Number(field.value, label=field.label, visible=False)
    if isinstance(field, gr.Textbox | gr.Number):
        example = field.placeholder or "" if isinstance(field, gr.Textbox) else field.value
        field.example_payload = lambda: example  # type: ignore[method-assign]
    return field


def _note(field: gr.components.Component) -> str:
    """What the documentation of an argument says beside the handler's own."""
    if isinstance(field, gr.Image):
        return "It is an upload or, over MCP, a data URI; nothing is fetched from other addresses."
    example = field.example_payload() if isinstance(field, gr.Textbox) else ""
    return f'For example "{example}".' if example else ""
