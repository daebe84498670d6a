"""The galaxy of a catalogue in a notebook: the scripts of the Space in a widget, which asks its kernel for the data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import gradio as gr

from pipeline.artifacts import ArtifactError
from pipeline.catalog.catalog import Catalog
from ui.galaxy import blocks, facets
from ui.galaxy.page import template
from ui.galaxy.selection import export_rows, selection, similar_to
from ui.workspace import Tools, Workspace

STATIC = Path(__file__).resolve().parent / "static"
_START = "main.js"
_IMPORT = re.compile(r'(from |import )"(\.{1,2}/[\w./-]+\.js)"')
_LOADER = """
const sources = SOURCES;
const HTML = TEMPLATE;
const urls = {};
const url = (name) => urls[name] ??= URL.createObjectURL(new Blob(
  [sources[name].text.replace(/(from |import )"@([^"]+)"/g, (_, word, other) => `${word}"${url(other)}"`)],
  { type: "text/javascript" },
));
class Kernel {
  constructor(model) {
    Object.assign(this, { model, exports: ["csv", "parquet"], searches: true });
    Object.assign(this, { waiting: new Map(), last: 0, addresses: new Map() });
    model.on("msg:custom", ({ id, answer }, buffers) => {
      this.waiting.get(id)?.({ answer, buffers });
      this.waiting.delete(id);
    });
  }
  #send(what, question) {
    const id = ++this.last;
    return new Promise((done) => { this.waiting.set(id, done); this.model.send({ id, what, question }); });
  }
  async block(name) {
    const { answer, buffers } = await this.#send("block", name);
    if (answer.refused) throw new Error(answer.refused);
    return new Response(new Blob(buffers).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }
  async photo(row) {
    if (!this.addresses.has(row)) {
      const { buffers } = await this.#send("photo", row);
      const address = buffers.length ? URL.createObjectURL(new Blob(buffers, { type: "image/webp" })) : null;
      this.addresses.set(row, address);
    }
    return this.addresses.get(row);
  }
  async title(row) { return (await this.#send("title", row)).answer.title; }
  async ask(name, question) { return (await this.#send(name, question)).answer; }
}
export default { async render({ model, el }) {
  const { Galaxy } = await import(url("main.js"));
  el.classList.add("galaxy-site");
  el.innerHTML = HTML;
  const galaxy = new Galaxy(el.querySelector(".galaxy"), new Kernel(model), null);
  galaxy.start();
} };
"""


def modules(start: str = _START) -> dict[str, dict[str, str]]:
    """The scripts that one needs, itself included, by name: their text, whose imports name others as "@name"."""
    found: dict[str, dict[str, str]] = {}

    def read(name: str) -> None:
        if name in found:
            return
        path = STATIC / name
        found[name] = {}

        def named(match: re.Match[str]) -> str:
            other = (path.parent / match[2]).resolve().relative_to(STATIC).as_posix()
            read(other)
            return f'{match[1]}"@{other}"'

        found[name]["text"] = _IMPORT.sub(named, path.read_text(encoding="utf-8"))

    read(start)
    return found


class GalaxyWidget(anywidget.AnyWidget):
    """The galaxy of a catalogue."""

    _esm = _LOADER.replace("TEMPLATE", json.dumps(template("notebook"))).replace("SOURCES", json.dumps(modules()))
    _css = "".join((STATIC / f"{name}.css").read_text(encoding="utf-8") for name in ("galaxy", "site"))

    def __init__(self, catalog: Catalog) -> None:
        super().__init__()
        self._answers = answers(catalog)
        self.on_msg(self._answer)

    def _answer(self, widget: Any, message: Any, buffers: Any) -> None:
        answer, files = reply(self._answers, message)
        self.send({"id": message.get("id"), "answer": answer}, files)


def answers(catalog: Catalog) -> dict[str, Callable[[Any], Any]]:
    """What the script may ask: blocks and photos as bytes, all else as plain values."""
    from ui.tabs import galaxy

    def no_model() -> Tools:
        raise ArtifactError("A notebook's galaxy has no model.")

    workspace, products = Workspace(catalog, no_model), catalog.products
    made: dict[str, Callable[[], bytes]] = {
        "points": partial(blocks.points, products),
        "brands": partial(blocks.brands, products),
        "facets": partial(facets.facets, products),
        **{name: partial(blocks.layout, products, name) for name in blocks.LAYOUTS},
        **{f"regions-{name}": partial(blocks.regions, products, name) for name in blocks.LAYOUTS},
    }
    handlers = (galaxy.product, galaxy.category, galaxy.find, selection, similar_to, export_rows)
    return {
        "block": lambda name: made[name](),
        "photo": lambda row: catalog.thumbnail(products["product_id"].iloc[row]) or b"",
        "title": lambda row: {"title": products["title"].iloc[row] or ""},
        **{handler.__name__: partial(handler, workspace) for handler in handlers},  # type: ignore[arg-type]
    }


def reply(known: dict[str, Callable[[Any], Any]], message: Any) -> tuple[Any, list[bytes]]:
    """Answer a message of the script: a plain value and bytes.

    Args:
        known: See `answers`.
        message: {"what", "question"}, of a browser, so it may be anything. An error is {"refused": sentence}.
    """
    try:
        answer = known[message["what"]](message["question"])
    except gr.Error as error:
        return {"refused": error.message}, []
    except (KeyError, IndexError, TypeError):
        return {"refused": "The galaxy asked for what its catalogue does not have."}, []
    return ({}, [answer] if answer else []) if isinstance(answer, bytes) else (answer, [])
