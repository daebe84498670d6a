// The panel beside the galaxy: one product, one category, or the results of a search.

import { button, make, many, path, percent, picture } from "./dom.js";

/** `go` has product(row), category(path), photo(row), send(name, product_id) or null, link(), close(). */
export function productPanel(details, go) {
  const facts = [details.brand, details.language && tongue(details.language)].filter(Boolean).join(" · ");
  return panel(
    details.title || "untitled", go,
    make("div", { class: "galaxy-head" }, picture(go.photo(details.row)), make("div", {},
      make("p", { class: "hint" }, facts),
      make("p", {}, path(details.category_path)),
      details.predicted_path ? predicted(details) : null)),
    details.description ? make("p", { class: "galaxy-description", dir: "auto" }, details.description) : null,
    make("div", { class: "galaxy-actions" },
      go.send ? button("Search similar", () => go.send("similar", details.product_id)) : null,
      go.send && details.candidates ? button("Rerank", () => go.send("rerank", details.product_id)) : null,
      button("Copy link", go.link)),
    products("Neighbors", details.neighbors, go, (one) => one.similarity.toFixed(2)),
  );
}

/** Name of a language in English; its code where the browser knows none. */
function tongue(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function predicted(details) {
  const right = details.category_path === null ? null : details.predicted_path === details.category_path;
  const line = make("p", {}, "Predicted: ");
  if (right) line.append(make("b", { class: "galaxy-right" }, "the same"));
  else line.append(path(details.predicted_path), right === false ? make("b", { class: "galaxy-wrong" }, " ✗") : "");
  if (details.confidence !== null) line.append(` (${percent(details.confidence)} sure)`);
  return line;
}

/** `shown` is the number of lines drawn from the center to members. */
export function categoryPanel(details, children, shown, go) {
  const lines = shown < details.members ? `; lines lead to ${many(shown)} of them` : "";
  const below = make("ul", { class: "galaxy-children" });
  for (const child of children) {
    below.append(make("li", {}, button(child.path.split(" > ").at(-1), () => go.category(child.path)), make("i", {}, many(child.count))));
  }
  return panel(
    details.category.split(" > ").at(-1), go,
    make("p", {}, path(details.category)),
    make("p", { class: "hint" }, `${many(details.members)} products${lines}.`),
    make("div", { class: "galaxy-actions" }, button("Only this category", () => go.category(details.category)), button("Copy link", go.link)),
    children.length ? make("section", {}, make("h4", {}, "Below it"), below) : null,
    products("Nearest to the center", details.nearest, go, (one) => one.distance.toFixed(2)),
    products("Farthest from the center", details.farthest, go, (one) => one.distance.toFixed(2)),
  );
}

/** `list` are the products that were found; `note` writes what stands below each. */
export function foundPanel(name, list, go) {
  return panel(name, go, products("", list, go, (one) => one.similarity.toFixed(2)));
}

export function panel(title, go, ...parts) {
  const close = button("×", go.close, { class: "galaxy-close", "aria-label": "Close" });
  return make("article", {}, make("header", {}, make("h3", { dir: "auto" }, title), close), ...parts.filter(Boolean));
}

function products(title, list, go, note) {
  const items = list.map((one) => {
    const tile = button("", () => go.product(one.row), { class: "galaxy-tile", title: one.title ?? "" });
    tile.append(picture(go.photo(one.row)), make("span", { dir: "auto" }, one.title || "untitled"), make("i", {}, note(one)));
    return make("li", {}, tile);
  });
  return make("section", {}, title ? make("h4", {}, title) : null, make("ol", { class: "galaxy-tiles" }, ...items));
}
