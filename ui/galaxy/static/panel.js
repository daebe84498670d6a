// The panel beside the galaxy: one product, one category, or the products that were searched for.

import { address } from "./chart.js";
import { button, make, many, path, percent, picture } from "./dom.js";

const thumbnail = (row) => picture(address(`thumbnail/${row}`));

/** `go` has product(row), category(path), send(name, product_id), link(), close(). */
export function productPanel(found, go) {
  const facts = [found.brand, found.split, found.language].filter(Boolean).join(" · ");
  return panel(
    found.title || "untitled", go,
    make("div", { class: "sky-head" }, thumbnail(found.row), make("div", {},
      make("p", { class: "hint" }, facts),
      make("p", {}, path(found.category_path)),
      found.predicted_path ? predicted(found) : null)),
    found.description ? make("p", { class: "sky-description", dir: "auto" }, found.description) : null,
    make("div", { class: "sky-actions" },
      button("Search similar", () => go.send("similar", found.product_id)),
      found.candidates ? button("Rerank", () => go.send("rerank", found.product_id)) : null,
      button("Copy link", go.link)),
    products("Neighbours", found.neighbours, go, (one) => one.similarity.toFixed(2)),
  );
}

function predicted(found) {
  const right = found.category_path === null ? null : found.predicted_path === found.category_path;
  const line = make("p", {}, "Predicted: ");
  if (right) line.append(make("b", { class: "sky-right" }, "the same"));
  else line.append(path(found.predicted_path), right === false ? make("b", { class: "sky-wrong" }, " ✗") : "");
  if (found.confidence !== null) line.append(` (${percent(found.confidence)} sure)`);
  return line;
}

/** `shown` is how many gravity lines are drawn. */
export function starPanel(found, children, shown, go) {
  const lines = shown < found.members ? `; lines to ${many(shown)} of them` : "";
  const below = make("ul", { class: "sky-children" });
  for (const child of children) {
    below.append(make("li", {}, button(child.path.split(" > ").at(-1), () => go.category(child.path)), make("i", {}, many(child.count))));
  }
  return panel(
    found.category.split(" > ").at(-1), go,
    make("p", {}, path(found.category)),
    make("p", { class: "hint" }, `${many(found.members)} products, on average ${found.dispersion.toFixed(2)} from the centre${lines}.`),
    make("div", { class: "sky-actions" }, button("Only this category", () => go.category(found.category)), button("Copy link", go.link)),
    children.length ? make("section", {}, make("h4", {}, "Below it"), below) : null,
    products("Nearest to the centre", found.nearest, go, (one) => one.distance.toFixed(2)),
    products("Farthest from it", found.farthest, go, (one) => one.distance.toFixed(2)),
  );
}

export function foundPanel(name, found, go) {
  return panel(name, go, products("", found, go, (one) => one.similarity.toFixed(2)));
}

function panel(title, go, ...parts) {
  const close = button("×", go.close, { class: "sky-close", "aria-label": "Close" });
  return make("article", {}, make("header", {}, make("h3", { dir: "auto" }, title), close), ...parts.filter(Boolean));
}

function products(title, list, go, note) {
  const items = list.map((one) => {
    const tile = button("", () => go.product(one.row), { class: "sky-tile", title: one.title ?? "" });
    tile.append(thumbnail(one.row), make("span", { dir: "auto" }, one.title || "untitled"), make("i", {}, note(one)));
    return make("li", {}, tile);
  });
  return make("section", {}, title ? make("h4", {}, title) : null, make("ol", { class: "sky-tiles" }, ...items));
}
