// Links that open the galaxy in a given state: parameters of the page's own address.

import { make } from "../side/dom.js";

const PLAIN = ["layout", "scheme", "product", "marker"];
const FILTERS = ["text", "category", "brand", "split", "language", "wrong", "unsure", "below"];

/** Read {layout, scheme, product (an id), marker (a category path), camera (numbers), filters}; each may be missing. */
export function readLink(search) {
  const given = new URLSearchParams(search);
  const link = { filters: {} };
  if (given.get("tab") !== "galaxy") return link;
  for (const name of PLAIN) if (given.get(name)) link[name] = given.get(name);
  if (link.product) link.product = { product_id: link.product };
  for (const name of FILTERS) if (given.get(name)) link.filters[name] = given.get(name);
  const camera = (given.get("camera") ?? "").split(",").map(Number);
  if (camera.length > 1 && camera.every(Number.isFinite)) link.camera = camera;
  return link;
}

function writeLink({ filters, camera, ...plain }) {
  const given = new URLSearchParams({ tab: "galaxy" });
  for (const name of PLAIN) if (plain[name]) given.set(name, plain[name]);
  for (const name of FILTERS) if (filters[name]) given.set(name, filters[name] === true ? "yes" : filters[name]);
  given.set("camera", camera.join(","));
  return `${window.location.origin}${window.location.pathname}?${given}`;
}

/** Copy a link to the current state, and show it in a field of the panel. */
export async function share(galaxy) {
  const { filters, view, parts } = galaxy;
  const { chosen } = galaxy.choices;
  const link = writeLink({
    layout: filters.layout, scheme: filters.scheme, filters: filters.active ? filters.wanted : {},
    product: chosen?.details?.product_id, marker: chosen?.category, camera: view.camera(),
  });
  const field = make("input", { class: "galaxy-link", readonly: "", value: link, "aria-label": "Link to this view" });
  parts.panel.querySelector(".galaxy-link")?.remove();
  parts.panel.querySelector(".galaxy-actions").after(field);
  try {
    await navigator.clipboard.writeText(link);
    galaxy.say("The link is copied. It opens this view.");
  } catch {
    field.select();
    galaxy.say("Copy the link from the field. It opens this view.");
  }
}

/** Apply a link: layout, colors, filters, product or category, camera. */
export async function follow(galaxy, link) {
  const { filters, view } = galaxy;
  const offers = (field, value) => value && [...field.options].some((one) => one.value === value);
  if (offers(filters.fields.layout, link.layout) && link.layout !== filters.layout) {
    filters.fields.layout.value = filters.layout = link.layout;
    await galaxy.lay(link.layout);
  }
  if (offers(filters.fields.scheme, link.scheme)) {
    filters.fields.scheme.value = filters.scheme = link.scheme;
    await galaxy.repaint(true);
  }
  if (Object.keys(link.filters).length) await filters.set(link.filters);
  if (link.product) await galaxy.choices.product(link.product, !link.camera);
  else if (link.marker) await galaxy.choices.category(link.marker, !link.camera);
  if (link.camera) view.look(link.camera);
}
