// The galaxy: keeps the selection, the search results and the filters, and updates the view, the panel and the legend.

import { Chart } from "./chart.js";
import { colorBy, DIMMED, markerLooks, shade, visibleMarkers } from "./colors.js";
import { make, many } from "./dom.js";
import { Filters } from "./filters.js";
import { listen } from "./keys.js";
import { follow, readLink, share } from "./link.js";
import { Names } from "./names.js";
import { categoryPanel, foundPanel, productPanel } from "./panel.js";
import { Tip } from "./tip.js";
import { View2D } from "./view2d.js";
import { hasWebGL, View3D } from "./view3d.js";

const MAX_LINES = 2000;
const NARROW = window.matchMedia("(max-width: 760px)"); // as in galaxy.css: the panel is below the view
const NO_WEBGL = "This browser cannot show 3D (WebGL is off or missing), so the galaxy is drawn flat.";

/**
 * Open the galaxy in `element`, the root of the Gradio component.
 *
 * `server` has product, category and find (`ui/tabs/galaxy.py`), which answer {refused: sentence} if they cannot; `send`
 * triggers a Gradio event; `props.value` holds the products to highlight, and `watch` reports when it changes.
 */
export async function start({ element, server, props, watch, send }) {
  const root = element.querySelector(".galaxy");
  const galaxy = new Galaxy(root, server, send);
  let opened = false;
  watch("value", () => opened && props.value && galaxy.highlight(props.value));
  try {
    await galaxy.open();
    opened = true;
    await (props.value ? galaxy.highlight(props.value) : follow(galaxy, readLink(window.location.search)));
  } catch (error) {
    galaxy.say(error.message, true);
    throw error;
  }
}

class Galaxy {
  constructor(root, server, send) {
    Object.assign(this, { root, server, send, chosen: null, found: null, trail: [] });
    this.parts = Object.fromEntries(["controls", "stage", "holder", "view", "names", "tip", "home", "panel", "legend", "status", "alert"].map((name) => [name, root.querySelector(`.galaxy-${name}`)]));
    const close = () => this.close();
    this.go = {
      product: (row) => this.choose(row), category: (path) => this.only({ category: path }), link: () => share(this),
      send: (name, product_id) => send(name, { product_id }), close,
    };
  }

  async open() {
    this.say("Opening the galaxy …");
    const solid = hasWebGL();
    const callbacks = { hover: (hit, x, y) => this.hover(hit, x, y), click: (hit) => this.click(hit), moved: () => this.names?.update() };
    const opened = [Chart.open(this.root.dataset.version), (solid ? View3D : View2D).open(this.parts.view, callbacks)];
    [this.chart, this.view] = await Promise.all(opened);
    this.tip = new Tip(this.parts.tip, this.parts.holder, this.chart);
    this.filters = new Filters(this.chart, {
      callbacks: {
        started: () => this.say("", true), changed: () => this.repaint(), layout: (name) => this.lay(name), color: () => this.repaint(true),
        marker: (path) => (path ? this.chooseCategory(path) : this.close()), refused: (sentence) => this.say(sentence, true),
      },
      find: (text) => this.server.find(text),
    });
    this.parts.controls.replaceChildren(this.filters.element);
    if (!solid) {
      this.filters.layout = this.filters.fields.layout.value = "umap2";
      this.parts.controls.append(make("p", { class: "hint galaxy-note", role: "note" }, NO_WEBGL));
    }
    this.place = await this.chart.layout(this.filters.layout);
    this.coloring = colorBy(this.chart, this.filters.scheme);
    this.markerPlaces = this.chart.markerPlaces(this.place);
    const { paint, sizes } = this.shade();
    await this.view.draw({ place: this.place, sizes, paint, markers: this.markers() });
    this.names = new Names(this.parts.names, this.view, this.chart.markers);
    this.name();
    performance.mark("galaxy-drawn");
    this.root.dataset.drawn = String(this.chart.rows);
    this.legend();
    this.parts.holder.addEventListener("pointerleave", () => this.hover(null));
    this.parts.home.addEventListener("click", () => this.view.fly(null));
    listen(this);
  }

  /** Show a status sentence, or an error, which stays until the next request. */
  say(sentence, wrong = false) {
    this.parts[wrong ? "alert" : "status"].textContent = sentence;
  }

  /** Colors and sizes of all products, by the filters, the chosen category and the found products. */
  shade() {
    const members = this.chosen?.category && this.chosen.members;
    const found = this.found && new Set(this.found.rows);
    const { codes, sizes, shown } = shade(this.coloring.codes, this.filters.mask(), members, found);
    const visible = visibleMarkers(this.chart, codes);
    if (members) visible[this.markerNumber(this.chosen.category)] = 1;
    Object.assign(this, { codes, shown, visible });
    return { paint: { codes, palette: this.coloring.palette }, sizes };
  }

  markers() {
    return { places: this.markerPlaces, visible: this.visible, ...markerLooks(this.chart, this.filters.scheme, this.visible) };
  }

  /** Update the names beside the markers, and the chosen one in the list of markers. */
  name() {
    this.names.show(this.markers(), this.chosen?.category ? this.markerNumber(this.chosen.category) : -1);
    this.filters.showMarker(this.chosen?.category);
  }

  async repaint(recolor = false) {
    if (recolor) {
      if (this.filters.scheme === "brand") await this.chart.brandNames();
      this.coloring = colorBy(this.chart, this.filters.scheme);
    }
    const { paint, sizes } = this.shade();
    this.legend();
    this.name();
    await this.view.paint(paint, sizes, this.markers());
    this.root.dataset.shown = String(this.shown);
  }

  async lay(name) {
    this.place = await this.chart.layout(name);
    this.markerPlaces = this.chart.markerPlaces(this.place);
    await this.view.move(this.place, this.markers());
    this.name();
    await this.connect();
  }

  at(row) {
    return { x: this.place.x[row], y: this.place.y[row], z: this.place.z[row] };
  }

  click(hit) {
    if (!hit) return;
    if (hit.marker !== undefined) this.chooseCategory(this.chart.markers[hit.marker].path);
    else if (this.isShown(hit.product)) this.choose(hit.product);
  }

  isShown(row) {
    return this.codes[row] !== DIMMED;
  }

  /** Choose a product: its photo and facts, its neighbors, and a line to each of them. */
  async choose(which, flight = true) {
    const turn = (this.turn = {});
    const details = await this.ask("product", typeof which === "number" ? { row: which } : which);
    if (!details || this.turn !== turn) return;
    this.chosen = { product: details.row, details };
    if (!this.trail.includes(details.row)) this.trail.push(details.row);
    this.show(productPanel(details, this.go));
    await this.connect();
    await this.repaint();
    if (flight) await this.view.fly(this.at(details.row), details.neighbors.map((one) => this.at(one.row)));
  }

  /** Choose a category: lines to its products, and the products nearest to its center and farthest from it. */
  async chooseCategory(path, flight = true) {
    const turn = (this.turn = {});
    const details = await this.ask("category", path);
    if (!details || this.turn !== turn) return;
    const rows = this.chart.members(path);
    const step = Math.max(1, rows.length / MAX_LINES);
    const ends = Array.from({ length: Math.ceil(rows.length / step) }, (_, i) => rows[Math.floor(i * step)]);
    this.chosen = { category: path, members: new Set(rows), ends };
    this.found = null;
    this.show(categoryPanel(details, this.chart.children(path), ends.length, this.go));
    await this.repaint(); // the marker gets its color before the lines take it over
    await this.connect();
    if (flight) await this.view.fly(this.markerPlaces[this.markerNumber(path)], ends.map((row) => this.at(row)));
  }

  markerNumber(path) {
    return this.chart.markers.findIndex((node) => node.path === path);
  }

  /** Highlight products and fly to them: the results of a search, or the neighbors of a visitor's own product. */
  async highlight({ name, products, own_product: ownProduct }) {
    this.turn = {};
    this.chosen = null;
    this.found = { rows: products.map((one) => one.row), products, ownProduct };
    this.show(foundPanel(name, products, this.go));
    await this.connect();
    await this.repaint();
    if (products.length) await this.view.fly(this.middle(), this.found.rows.map((row) => this.at(row)));
  }

  /** Mean position of the found products, weighted by similarity; a visitor's own product is placed there. */
  middle() {
    const sum = { x: 0, y: 0, z: 0 };
    let total = 0;
    for (const { row, similarity } of this.found.products) {
      const weight = Math.max(similarity, 0.01) ** 4;
      total += weight;
      for (const axis of ["x", "y", "z"]) sum[axis] += weight * this.place[axis][row];
    }
    return { x: sum.x / total, y: sum.y / total, z: sum.z / total };
  }

  async connect() {
    const { chosen, found, view } = this;
    this.root.dataset.lines = String(chosen?.category ? chosen.ends.length : 0);
    if (chosen?.category) {
      const number = this.markerNumber(chosen.category);
      await view.ring(null);
      return view.lines(this.markerPlaces[number], chosen.ends.map((row) => this.at(row)), this.markers().colors[number]);
    }
    if (chosen) {
      const here = this.at(chosen.product);
      await view.ring(here);
      return view.lines(here, chosen.details.neighbors.map((one) => this.at(one.row)), "#8fb0ff");
    }
    const ownPlace = found?.ownProduct && found.products.length ? this.middle() : null;
    await view.ring(ownPlace);
    return view.lines(ownPlace, ownPlace ? found.rows.map((row) => this.at(row)) : [], "#8fb0ff");
  }

  async close() {
    this.turn = {};
    if (this.chosen) this.chosen = null;
    else this.found = null;
    this.trail = [];
    if (this.found) this.show(foundPanel("Found", this.found.products, this.go));
    else this.hide();
    await this.connect();
    await this.repaint();
  }

  only(filters) {
    this.chosen = this.found = null;
    this.hide();
    this.connect();
    return this.filters.set(filters);
  }

  show(content) {
    this.parts.panel.replaceChildren(content);
    this.parts.panel.hidden = false;
    this.parts.stage.classList.add("galaxy-with-panel"); // the view makes room for the panel
    this.name();
    this.parts.panel.scrollTop = 0;
    if (NARROW.matches) this.parts.stage.scrollIntoView(); // shows the view with its lines and the top of the panel
  }

  hide() {
    this.parts.panel.hidden = true;
    this.parts.stage.classList.remove("galaxy-with-panel");
    this.name();
  }

  async ask(name, question) {
    this.say("", true);
    try {
      const answer = await this.server[name](question);
      if (!answer.refused) return answer;
      this.say(answer.refused, true);
    } catch {
      this.say("The server did not answer; try again.", true);
    }
    return null;
  }

  hover(hit, x, y) {
    this.parts.holder.classList.toggle("galaxy-hover", Boolean(hit));
    if (hit?.marker !== undefined) this.tip.marker(this.chart.markers[hit.marker], x, y);
    else if (hit && this.isShown(hit.product)) this.tip.product(hit.product, x, y);
    else this.tip.hide();
  }

  legend() {
    const { codes, legend, palette } = this.coloring;
    const counts = new Uint32Array(palette.length);
    codes.forEach((code, row) => { if (this.isShown(row)) counts[code]++; });
    const chips = legend.map(({ name, color, code, choice }) => {
      const dot = make("span", {});
      dot.style.background = color;
      const chip = make(choice ? "button" : "div", choice ? { type: "button" } : {}, dot, name, " ", make("i", {}, many(counts[code])));
      if (choice) chip.addEventListener("click", () => this.only(choice));
      return make("li", counts[code] ? {} : { class: "galaxy-empty" }, chip);
    });
    this.parts.legend.replaceChildren(...chips);
    this.say(`${many(this.shown)} of ${many(this.chart.rows)} products shown, ${many(this.chart.markers.length)} categories.`);
  }
}
