// Links that open the galaxy at a place: the state as parameters of the page's own address.

import { make } from "./dom.js";

const PLAIN = ["layout", "scheme", "product", "star"];
const FILTERS = ["text", "category", "brand", "split", "language", "wrong", "unsure", "below"];

/** {layout, scheme, product (an id), star (a path), camera (numbers), filters}; what the address lacks is left out. */
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

/** Copy a link to what the galaxy shows, which also stands in a field of the panel. */
export async function share(galaxy) {
  const { filters, chosen, view, parts } = galaxy;
  const link = writeLink({
    layout: filters.layout, scheme: filters.scheme, filters: filters.active ? filters.wanted : {},
    product: chosen?.details?.product_id, star: chosen?.star, camera: view.camera(),
  });
  const field = make("input", { class: "sky-link", readonly: "", value: link, "aria-label": "Link to this place" });
  parts.panel.querySelector(".sky-link")?.remove();
  parts.panel.querySelector(".sky-actions").after(field);
  field.select();
  try {
    await navigator.clipboard.writeText(link);
    galaxy.say("The link is copied; it opens at this place.");
  } catch {
    galaxy.say("Copy the link from the field; it opens at this place.");
  }
}

/** Bring the galaxy to where a link says: layout, colours, filters, product or star, camera. */
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
  if (link.product) await galaxy.choose(link.product, !link.camera);
  else if (link.star) await galaxy.chooseStar(link.star, !link.camera);
  if (link.camera?.length === view.camera().length) await view.look(link.camera);
}
