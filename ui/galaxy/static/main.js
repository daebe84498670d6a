// The galaxy: opens the chart and the view, and keeps colors, filters, names and messages in step with what is chosen.

import { Choices } from "./choices.js";
import { Chart } from "./data/chart.js";
import { colorBy, DIMMED, markerLooks, shade, visibleMarkers } from "./data/colors.js";
import { follow, readLink } from "./data/link.js";
import { Served } from "./data/source.js";
import { make, many } from "./side/dom.js";
import { Filters } from "./side/filters.js";
import { listen } from "./side/keys.js";
import { Selection } from "./side/selection.js";
import { Tip } from "./side/tip.js";
import { Tools } from "./side/tools.js";
import { Names } from "./view/names.js";
import { Photos } from "./view/photos.js";
import { View } from "./view/view.js";

const NARROW = window.matchMedia("(max-width: 760px)"); // as in galaxy.css: the panel is below the view
const NO_WEBGL = "This browser has no WebGL (it is off or missing), so the galaxy is drawn flat and without glow.";
const HINT = 2500; // ms that a hint stays
const PARTS = ["controls", "stage", "holder", "view", "photos", "names", "tip", "tools", "panel", "legend", "status", "alert", "hint"];

/** Open the galaxy of the Space in `element`, the root of the Gradio component; `props.value` holds products to highlight. */
export async function start({ element, server, props, watch, send }) {
  const root = element.querySelector(".galaxy");
  const galaxy = new Galaxy(root, new Served(root.dataset.version, server), send);
  let opened = false;
  watch("value", () => opened && props.value && galaxy.choices.highlight(props.value));
  await galaxy.start(async () => {
    opened = true;
    await (props.value ? galaxy.choices.highlight(props.value) : follow(galaxy, readLink(window.location.search)));
  });
}

export class Galaxy {
  /** `source` is where the data come from (source.js); `send(name, data)` leads to other tabs, null where there are none. */
  constructor(root, source, send) {
    Object.assign(this, { root, source, send });
    this.parts = Object.fromEntries(PARTS.map((name) => [name, root.querySelector(`.galaxy-${name}`)]));
    root.galaxy = this; // for those who embed it
  }

  async start(then) {
    try {
      await this.open();
      await then?.();
    } catch (error) {
      this.say(error.message, true);
      throw error;
    }
  }

  async open() {
    const { parts } = this;
    this.say("Opening the galaxy …");
    const callbacks = {
      hover: (hit, x, y) => this.hover(hit, x, y), click: (hit) => this.click(hit), moved: () => this.moved(), hint: (sentence) => this.hint(sentence),
      drawn: (outline, event) => this.selection.take(this.view.within(outline, this.selectable()), this.tools.action(event)),
    };
    this.view = new View(parts.view, callbacks);
    this.chart = await Chart.open(this.source);
    this.selection = new Selection(this);
    this.tip = new Tip(parts.tip, parts.holder, this.chart);
    this.filters = new Filters(this.chart, {
      callbacks: {
        started: () => this.say("", true), changed: () => this.filtered(), cleared: () => this.selection.facets?.clear(), layout: (name) => this.lay(name),
        color: () => this.repaint(true), marker: (path) => (path ? this.choices.category(path) : this.choices.close()), refused: (sentence) => this.say(sentence, true),
      },
      find: (text) => this.source.ask("find", text),
    });
    this.choices = new Choices(this);
    this.tools = new Tools(this);
    parts.tools.replaceChildren(this.tools.element);
    parts.controls.replaceChildren(this.filters.element);
    if (!this.view.solid) {
      this.filters.layout = this.filters.fields.layout.value = "umap2";
      parts.controls.append(make("p", { class: "hint galaxy-note", role: "note" }, NO_WEBGL));
    }
    this.place = await this.chart.layout(this.filters.layout);
    this.coloring = colorBy(this.chart, this.filters.scheme);
    this.markerPlaces = this.chart.markerPlaces(this.place);
    const { paint, sizes } = this.shade();
    this.view.draw({ place: this.place, sizes, paint, markers: this.markers() });
    performance.mark("galaxy-drawn");
    this.root.dataset.drawn = String(this.chart.rows);
    this.photos = new Photos(parts.photos, this.view, (row) => this.source.photo(row));
    this.names = new Names(parts.names, this.view, this.chart.markers);
    this.name();
    this.legend();
    this.region();
    parts.holder.addEventListener("pointerleave", () => this.hover(null));
    listen(this);
  }

  /** Show a status sentence, or an error, which stays until the next request. */
  say(sentence, wrong = false) {
    this.parts[wrong ? "alert" : "status"].textContent = sentence;
  }

  /** Show a sentence for a moment. */
  hint(sentence) {
    this.parts.hint.textContent = sentence;
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => { this.parts.hint.textContent = ""; }, HINT);
  }

  /** Name the regions of the layout, once they are there. */
  async region() {
    const { layout } = this.filters;
    const regions = await this.chart.regions(layout);
    if (layout === this.filters.layout) this.names.name(regions);
  }

  moved() {
    this.names?.update();
    this.photos?.update();
    this.root.dataset.camera = this.view.camera().join();
  }

  /** Whether a product passes all filters, as a function, or null; `columns` false leaves the histograms' out. */
  filterTest(columns = true) {
    const tests = [this.filters.mask(), columns ? this.selection.facets?.mask() : null].filter(Boolean);
    return tests.length ? (row) => tests.every((passes) => passes(row)) : null;
  }

  /** What an outline can take: what is lit, and beside a selection also what that alone has dimmed. */
  selectable() {
    return this.selection.rows ? this.filterTest() : (row) => this.codes[row] > 0;
  }

  /** Colors and sizes of all products, by the filters, the chosen category, the selection and the found products. */
  shade() {
    const { chosen, found } = this.choices;
    const members = chosen?.category && ((row) => chosen.members.has(row));
    const { codes, sizes, shown } = shade(this.coloring.codes, [this.filterTest(), members, this.selection.mask()], found && new Set(found.rows));
    const visible = visibleMarkers(this.chart, codes);
    if (members && this.markerNumber(chosen.category) >= 0) {
      visible.fill(0);
      visible[this.markerNumber(chosen.category)] = 1;
    }
    Object.assign(this, { codes, shown, visible });
    return { paint: { codes, palette: this.coloring.palette }, sizes };
  }

  markers() {
    return { places: this.markerPlaces, visible: this.visible, ...markerLooks(this.chart, this.filters.scheme) };
  }

  /** Update the names in the sky, and the chosen category in the list of markers. */
  name() {
    const { chosen } = this.choices;
    this.names.show(this.markers(), chosen?.category ? this.markerNumber(chosen.category) : -1);
    this.filters.showMarker(chosen?.category);
  }

  async repaint(recolor = false) {
    if (recolor) {
      if (this.filters.scheme === "brand") await this.chart.brandNames();
      this.coloring = colorBy(this.chart, this.filters.scheme);
    }
    const { paint, sizes } = this.shade();
    this.view.paint(paint, sizes, this.markers());
    this.legend();
    this.name();
    this.root.dataset.shown = String(this.shown);
    this.root.classList.toggle("galaxy-filtered", this.shown < this.chart.rows);
  }

  async filtered() {
    await this.repaint();
    if (!this.choices.chosen && !this.choices.found) this.selection.open(); // its histograms count what passes
  }

  async lay(name) {
    this.place = await this.chart.layout(name);
    this.markerPlaces = this.chart.markerPlaces(this.place);
    this.tip.hide();
    this.view.move(this.place, this.markers());
    this.names.name([]);
    this.name();
    this.choices.connect();
    await this.region();
  }

  at(row) {
    return { x: this.place.x[row], y: this.place.y[row], z: this.place.z[row] };
  }

  markerNumber(path) {
    return this.chart.markers.findIndex((node) => node.path === path);
  }

  click(hit) {
    this.tip.hide();
    if (!hit) return;
    if (hit.marker !== undefined) this.choices.category(this.chart.markers[hit.marker].path);
    else this.choices.product(hit.product);
  }

  /** Show a panel; `aside` lets the sky make room for it, which a selection must not: it would leave its outline. */
  show(content, aside = true) {
    this.tip.hide();
    this.parts.panel.replaceChildren(content);
    this.parts.panel.hidden = false;
    this.parts.stage.classList.add("galaxy-with-panel");
    this.parts.stage.classList.toggle("galaxy-aside", aside);
    this.name();
    this.parts.panel.scrollTop = 0;
    if (NARROW.matches) this.parts.stage.scrollIntoView(); // shows the view with its lines and the top of the panel
  }

  hide() {
    this.parts.panel.hidden = true;
    this.parts.stage.classList.remove("galaxy-with-panel", "galaxy-aside");
    this.name();
  }

  /** Ask the source; null if it refuses, which is then said. */
  async ask(name, question) {
    this.say("", true);
    this.root.setAttribute("aria-busy", "true");
    try {
      const answer = await this.source.ask(name, question);
      if (!answer.refused) return answer;
      this.say(answer.refused, true);
    } catch {
      this.say("The server did not answer; try again.", true);
    } finally {
      this.root.removeAttribute("aria-busy");
    }
    return null;
  }

  hover(hit, x, y) {
    this.parts.holder.classList.toggle("galaxy-hover", Boolean(hit));
    const [left, top] = [this.parts.view.offsetLeft, this.parts.view.offsetTop];
    if (hit?.marker !== undefined) this.tip.marker(this.chart.markers[hit.marker], x + left, y + top);
    else if (hit) this.tip.product(hit.product, x + left, y + top);
    else this.tip.hide();
  }

  legend() {
    const { codes, legend, palette } = this.coloring;
    const counts = new Uint32Array(palette.length);
    codes.forEach((code, row) => { if (this.codes[row] !== DIMMED) counts[code]++; });
    const chips = legend.map(({ name, color, code, choice }) => {
      const dot = make("span", {});
      dot.style.background = color;
      const chip = make(choice ? "button" : "div", choice ? { type: "button" } : {}, dot, name, " ", make("i", {}, many(counts[code])));
      if (choice) chip.addEventListener("click", () => this.choices.only(choice));
      return make("li", counts[code] ? {} : { class: "galaxy-empty" }, chip);
    });
    this.parts.legend.replaceChildren(...chips);
    this.say(`${many(this.shown)} of ${many(this.chart.rows)} products shown, ${many(this.chart.markers.length)} categories.`);
  }
}
