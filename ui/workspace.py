"""The open catalogue with its model, which is loaded when first needed, and the inputs that handlers share."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
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
from pipeline.search.strength import strength
from pipeline.taxonomy.paths import normalize_path
from ui.api import endpoints
from ui.api.answers import Product, SimilarProduct
from ui.guard.faults import refuse
from ui.guard.memory import return_freed_memory

if TYPE_CHECKING:
    from pipeline.bundle.bundle import Bundle

MAX_TEXT = 5_000
"""Largest number of characters of a visitor's title or query."""

MAX_DESCRIPTION = 50_000
"""Largest number of characters of a pasted description: most of it can be markup, which `clean_text` removes."""

NO_CATEGORIES = (
    "This catalogue has no categories, so none can be predicted. Build it again with a taxonomy, or from products that "
    "have categories."
)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fields:
    """Components of a tab: the fields of its form, the outputs of its main handler, and its states."""

    inputs: Sequence[gr.components.Component]
    outputs: Sequence[gr.components.Component]
    states: Sequence[gr.components.Component] = ()


@dataclass(frozen=True)
class Tools:
    """The model with the predictor and the search that use it."""

    bundle: Bundle
    encoder: QueryEncoder
    predictor: CategoryPredictor
    search: ProductSearch

    @classmethod
    def of(cls, catalog: Catalog, bundle: Bundle) -> Tools:
        """Build the tools: reads the catalogue's vectors and indexes them."""
        return cls(bundle, QueryEncoder(bundle), CategoryPredictor(bundle), ProductSearch(catalog, bundle))


def load_tools(catalog: Catalog, model: Path) -> Tools:
    """Load the bundle in the folder `model`.

    Raises:
        ArtifactError: In one sentence, if it is missing or damaged.
    """
    from pipeline.bundle.bundle import load_bundle  # imports torch, which takes seconds: not before the page is open

    return Tools.of(catalog, load_bundle(model, catalog.meta["bundle"]))


class Workspace:
    """An open catalogue with its tools, which are loaded once, at their first use.

    Attributes:
        catalog: The catalogue.
        name: Name shown to visitors; by default the catalogue's file with its folder.
    """

    def __init__(
        self,
        catalog: Catalog,
        load: Callable[[], Tools],
        name: str = "",
        read_ids: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.catalog = catalog
        self.name = name or str(Path(catalog.path.parent.name, catalog.path.name))
        self._load = load
        self._read_ids = read_ids
        self._tools: Tools | None = None
        self._lock = threading.Lock()

    @property
    def tools(self) -> Tools:
        """The tools; a call during loading waits for them.

        Raises:
            ArtifactError: If they cannot be loaded.
        """
        with self._lock:
            if self._tools is None:
                self._tools = self._load()
                return_freed_memory()
            return self._tools

    @functools.cached_property
    def categories(self) -> Categories:
        """Tree of the catalogue's categories, built at the first use; needs no model."""
        return Categories(self.catalog)

    @functools.cached_property
    def category_ids(self) -> Mapping[str, str]:
        """Id of each path of the model's category table that has one; needs no model.

        Raises:
            ArtifactError: If the table cannot be read.
        """
        return self._read_ids()

    @functools.cached_property
    def predicts_categories(self) -> bool:
        """Whether the catalogue's model has categories to choose from; needs no model."""
        return bool(self.catalog.products["predicted_path"].notna().any())

    def warm_up(self) -> threading.Thread:
        """Load the tools in the background, so that the first visitor waits less."""
        thread = threading.Thread(target=self._warm_up, daemon=True)
        thread.start()
        return thread

    def _warm_up(self) -> None:
        try:
            search = self.tools.search
            _ = search.lexical, search.names, search.senses
        except UserError as error:  # raised again wherever the tools are needed
            _LOG.error("%s", error)

    def describe(self, hit: Hit) -> SimilarProduct:
        """Return a hit of a search as plain values, for endpoints and for `cards`."""
        return {
            **self.product(hit.row),
            "strength": strength(hit.match),
            "similarity": hit.score,
            "text_similarity": hit.text,
            "image_similarity": hit.image,
        }

    def row(self, product_id: str) -> int:
        """Return the row of a product in the catalogue.

        Raises:
            gr.Error: If no product has this id.
        """
        try:
            return self.catalog.row(product_id)
        except KeyError as error:
            raise refuse("The catalogue has no product with this id.") from error

    def product_field(self) -> gr.Textbox:
        """Input of an endpoint for a product's id; the catalogue's first product is the example."""
        first = self.catalog.products["product_id"].iloc[0] if len(self.catalog) else ""
        return gr.Textbox(visible=False, label="product_id", placeholder=str(first))

    def product(self, row: int) -> Product:
        """Return a product of the catalogue as plain values."""
        values = self.catalog.products.iloc[row]
        return {
            "product_id": str(values["product_id"]),
            "title": text_or_none(values["title"]),
            "brand": text_or_none(values["brand"]),
            "category_path": text_or_none(values["category_path"]),
            "predicted_path": text_or_none(values["predicted_path"]),
        }


def text_or_none(value: object) -> str | None:
    """Return a cell of the catalogue if it holds a text, else None (also for NaN)."""
    return value if isinstance(value, str) else None


def check_text(text: str | None, what: str, limit: int = MAX_TEXT) -> str:
    """Return the text, "" for None.

    Args:
        text: Text of a visitor or a program.
        what: Name of the field, for the error.
        limit: Largest number of characters.

    Raises:
        gr.Error: If the text is longer than the limit.
    """
    text = text or ""
    if len(text) > limit:
        raise refuse(f"The {what} has {len(text):,} characters; at most {limit:,} are allowed.")
    return text


def read_listing(title: str | None, description: str | None) -> str:
    """Join title and description of a visitor's own product, cleaned and cut as in `ingest`; "" for nothing.

    Raises:
        gr.Error: If one of the two is too long.
    """
    description = check_text(description, "description", MAX_DESCRIPTION)
    return listing_text(check_text(title, "title"), description, IngestConfig()).text


def read_paths(text: str | None, what: str, at_most: int) -> list[str]:
    """Parse category paths that a visitor wrote, one a line; normalized, without empty lines.

    Raises:
        gr.Error: If there are too many, or one has no level.
    """
    lines = [line for line in check_text(text, f"list of {what}").splitlines() if line.strip()]
    if len(lines) > at_most:
        raise refuse(f"The list has {len(lines)} {what}; at most {at_most} are allowed.")
    try:
        return [normalize_path(line) for line in lines]
    except UserError as error:
        raise refuse(str(error)) from error


def bind(handler: Callable[..., Any], first_argument: Any) -> Callable[..., Any]:
    """Bind the first argument of a handler, mostly the workspace; its name, docstring and typed parameters stay.

    Gradio builds the documentation of an endpoint from these.
    """

    @functools.wraps(handler)
    def bound(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(first_argument, *args, **kwargs)
        except UserError as error:
            raise refuse(str(error)) from error

    signature = inspect.signature(handler)
    first, *rest = signature.parameters.values()
    bound.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
    bound.__annotations__ = {name: hint for name, hint in handler.__annotations__.items() if name != first.name}
    return bound


def endpoint(handler: Callable[..., Any], inputs: list[gr.components.Component]) -> None:
    """Expose a bound handler that returns plain values as an endpoint and MCP tool of the same name.

    Arguments are checked against the annotations; the docstring becomes the documentation of the endpoint.
    """
    arguments = endpoints.Arguments(handler)

    @functools.wraps(handler)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            values = arguments.read(*args, **kwargs)
        except UserError as error:
            raise refuse(str(error)) from error
        return handler(**values)

    fields = [_for_programs(field) for field in inputs]
    notes = dict(zip(arguments.signature.parameters, map(_note, fields), strict=True))
    answer.__doc__ = endpoints.documentation(handler, notes)
    answer.__signature__ = arguments.signature  # type: ignore[attr-defined]
    gr.Button(visible=False).click(
        answer, fields, gr.JSON(visible=False, label="answer"), api_name=handler.__name__, show_progress="hidden"
    )


def _for_programs(field: gr.components.Component) -> gr.components.Component:
    """Input of an endpoint for a field of the page; its example goes into the documentation."""
    if isinstance(field, gr.Slider):  # range and step are for the mouse: handlers check the value themselves
        field = gr.Number(field.value, label=field.label, visible=False)
    if isinstance(field, gr.Textbox | gr.Number):
        example = field.placeholder or "" if isinstance(field, gr.Textbox) else field.value
        field.example_payload = lambda: example  # type: ignore[method-assign]
    return field


def _note(field: gr.components.Component) -> str:
    """Sentence that is appended to the documentation of an argument."""
    if isinstance(field, gr.Image | gr.File):
        return "It is an upload or, over MCP, a data URI; nothing is fetched from other addresses."
    example = field.example_payload() if isinstance(field, gr.Textbox) else ""
    return f'For example "{example}".' if example else ""
